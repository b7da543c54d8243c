//! Which files of a folder are a tool's migrations, what the tool calls each, and their order.
//!
//! Pure: names in, names out. Rules are those of the tools themselves; what a tool passes over is passed over here.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::history::{RevisionId, Tool};

/// A file of the folder cannot be adopted.
pub const ADOPTED_FILE: Code = Code::new("adopted-file");

/// One migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id in our history.
    pub id: RevisionId,
    /// What the tool calls it in its history table.
    pub key: String,
    /// The file that applies it; `None` when it is a program.
    pub up: Option<String>,
    /// The file that undoes it.
    pub down: Option<String>,
}

/// The migrations of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    /// Whose they are.
    pub tool: Tool,
    /// In the order in which the tool applies them.
    pub migrations: Vec<Found>,
    /// Files that are passed over, and why.
    pub warnings: Vec<Diagnostic>,
}

/// The migrations among `files`, which are paths with `/` from the folder. `shown` is the folder as the user would type it.
///
/// ```
/// use cargo_schema::adopt::layout;
/// use schema_core::history::Tool;
/// let files = ["2_b.up.sql", "10_c.up.sql", "10_c.down.sql"].map(str::to_owned);
/// let laid = layout(Tool::Sqlx, &files, "migrations").unwrap();
/// assert_eq!(laid.migrations.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["2", "10"]);
/// ```
pub fn layout(tool: Tool, files: &[String], shown: &str) -> Result<Laid, Vec<Diagnostic>> {
    let tool = if tool == Tool::Sql { recognised(files) } else { tool };
    let mut by_key: BTreeMap<String, Draft> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in files {
        match named(tool, file) {
            Some(Named { stem, key, part }) => {
                let draft = by_key.entry(key).or_insert_with(|| Draft { stem: stem.to_owned(), ..Draft::default() });
                let place = match part {
                    Part::Up => &mut draft.up,
                    Part::Down => &mut draft.down,
                };
                if let Some(other) = place.replace(file.clone()) {
                    findings.push(same_key(shown, file, &other));
                }
            }
            None if is_overlooked(tool, file) => findings.push(unreadable(tool, shown, file)),
            None => {}
        }
    }
    let mut drafts: Vec<(String, Draft)> = by_key.into_iter().collect();
    let order = order(tool, drafts.iter().map(|(key, _)| key.as_str()));
    drafts.sort_by(|(a, _), (b, _)| order(a, b));
    let mut warnings = Vec::new();
    let mut migrations = Vec::with_capacity(drafts.len());
    for (key, draft) in drafts {
        match (draft.found(tool, key), draft.down) {
            (Some(found), _) => migrations.push(found),
            (None, Some(down)) => warnings.push(only_down(shown, &down)),
            (None, None) => {}
        }
    }
    findings.extend(migrations.is_empty().then(|| nothing(tool, shown)).filter(|_| findings.is_empty()));
    if findings.is_empty() { Ok(Laid { tool, migrations, warnings }) } else { Err(findings) }
}

#[derive(Default)]
struct Draft {
    stem: String,
    up: Option<String>,
    down: Option<String>,
}

impl Draft {
    fn found(&self, tool: Tool, key: String) -> Option<Found> {
        let up = self.up.clone()?;
        let id = RevisionId::new(spelled(&self.stem)).ok()?;
        Some(Found { id, key, up: (tool != Tool::SeaOrm).then_some(up), down: self.down.clone() })
    }
}

/// An id allows fewer characters than a file name.
fn spelled(stem: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    let text: String = stem.chars().map(allowed).collect();
    if text.starts_with(['.', '-']) || matches!(text.as_str(), "head" | "heads" | "base") {
        format!("_{text}")
    } else {
        text
    }
}

enum Part {
    Up,
    Down,
}

struct Named<'f> {
    stem: &'f str,
    key: String,
    part: Part,
}

/// What a path is to a tool; `None` when it is no migration.
fn named(tool: Tool, file: &str) -> Option<Named<'_>> {
    match tool {
        Tool::Diesel => {
            let (stem, name) = file.split_once('/')?;
            let part = if name == "up.sql" { Part::Up } else { Part::Down };
            let key = stem.split('_').next().unwrap_or_default().replace('-', "");
            (matches!(name, "up.sql" | "down.sql") && !key.is_empty()).then_some(Named { stem, key, part })
        }
        Tool::Prisma => {
            let stem = file.strip_suffix("/migration.sql").filter(|stem| !stem.contains('/'))?;
            Some(Named { stem, key: stem.to_owned(), part: Part::Up })
        }
        Tool::Sqlx => {
            let (stem, part) = sql_stem(file)?;
            Some(Named { stem, key: number(stem.split_once('_')?.0)?, part })
        }
        Tool::GolangMigrate => {
            let (stem, part) = sql_stem(file).filter(|(stem, _)| file.len() != stem.len() + ".sql".len())?;
            Some(Named { stem, key: number(stem.split_once('_')?.0)?, part })
        }
        Tool::Refinery => {
            let (stem, _) = sql_stem(file)?;
            let (version, _) = stem.strip_prefix(['V', 'U'])?.split_once("__")?;
            Some(Named { stem, key: number(version)?, part: Part::Up })
        }
        Tool::Flyway => {
            let (stem, _) = sql_stem(file)?;
            let (version, _) = stem.strip_prefix(['V', 'U'])?.split_once("__")?;
            let part = if stem.starts_with('U') { Part::Down } else { Part::Up };
            Some(Named { stem, key: version.replace('_', "."), part })
        }
        Tool::SeaOrm => {
            let stem = file.rsplit('/').next()?.strip_suffix(".rs")?;
            let is_dated = stem.strip_prefix('m').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            is_dated.then(|| Named { stem, key: stem.to_owned(), part: Part::Up })
        }
        Tool::Sql => {
            let (stem, part) = sql_stem(file)?;
            Some(Named { stem, key: stem.to_owned(), part })
        }
    }
}

/// A `.sql` file that lies directly in the folder, without `.up.sql`, `.down.sql` or `.sql`.
fn sql_stem(file: &str) -> Option<(&str, Part)> {
    if file.contains('/') || file.starts_with('.') {
        return None;
    }
    let stem = file.strip_suffix(".sql")?;
    Some(match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
        (Some(stem), _) => (stem, Part::Up),
        (_, Some(stem)) => (stem, Part::Down),
        _ => (stem, Part::Up),
    })
}

/// A number as its tool writes it into a table: without zeros in front.
fn number(text: &str) -> Option<String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    digits.then(|| match text.trim_start_matches('0') {
        "" => "0".to_owned(),
        rest => rest.to_owned(),
    })
}

/// Which tool's files they are when only SQL was said: each has its name, and none the name of another.
fn recognised(files: &[String]) -> Tool {
    let all = |tool: Tool| {
        let mut keys = BTreeSet::new();
        let mut of_sql = files.iter().filter(|file| file.ends_with(".sql")).peekable();
        let mut own = |file: &String| {
            named(tool, file).is_some_and(|named| keys.insert((matches!(named.part, Part::Up), named.key)))
        };
        of_sql.peek().is_some() && of_sql.all(&mut own)
    };
    [Tool::GolangMigrate, Tool::Prisma, Tool::Flyway].into_iter().find(|tool| all(*tool)).unwrap_or(Tool::Sql)
}

/// How the tool orders its migrations.
fn order<'k>(tool: Tool, mut keys: impl Iterator<Item = &'k str>) -> fn(&str, &str) -> Ordering {
    // A date of 8 digits stands beside times of 14, which says nothing about their numbers.
    let mut dated = || keys.any(|key| 8 <= key.bytes().take_while(u8::is_ascii_digit).count());
    match tool {
        Tool::Diesel | Tool::Prisma | Tool::SeaOrm => |a, b| a.cmp(b),
        Tool::Sql if dated() => |a, b| a.cmp(b),
        Tool::Sqlx | Tool::Refinery | Tool::Flyway | Tool::GolangMigrate | Tool::Sql => natural,
    }
}

/// Numbers inside are compared as numbers, so that 10 comes after 9.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (parts(a).into_iter(), parts(b).into_iter());
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (None, _) => Ordering::Less,
            (_, None) => Ordering::Greater,
            (Some(left), Some(right)) => match (number(left), number(right)) {
                (Some(left), Some(right)) => (left.len(), left).cmp(&(right.len(), right)),
                _ => left.cmp(right),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn parts(text: &str) -> Vec<&str> {
    let is_digit = |at: usize| text.as_bytes()[at].is_ascii_digit();
    let mut cuts = vec![0];
    cuts.extend((1..text.len()).filter(|at| text.is_char_boundary(*at) && is_digit(*at) != is_digit(*at - 1)));
    cuts.push(text.len());
    cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

/// Files that the tool runs and that cannot be taken over.
fn is_overlooked(tool: Tool, file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let versioned = name.starts_with(['V', 'U']) && name.contains("__");
    match tool {
        Tool::Refinery => versioned && name.ends_with(".rs"),
        Tool::Flyway => (name.starts_with("R__") && name.ends_with(".sql")) || (versioned && !name.ends_with(".conf")),
        _ => false,
    }
}

fn unreadable(tool: Tool, shown: &str, file: &str) -> Diagnostic {
    let message = format!("`{shown}/{file}` is a migration of {tool} whose SQL cannot be taken over");
    Diagnostic::error(ADOPTED_FILE, message)
        .help("write what it does as SQL of the same version, for a new database, and move the file out of the folder")
}

fn only_down(shown: &str, file: &str) -> Diagnostic {
    Diagnostic::warning(
        ADOPTED_FILE,
        format!("`{shown}/{file}` undoes a migration that is not there, so it is passed over"),
    )
    .help("if it had an up file, give it back and adopt again: new databases would lack what it made")
}

fn same_key(shown: &str, file: &str, other: &str) -> Diagnostic {
    let message = format!("`{shown}/{file}` and `{shown}/{other}` are one migration to their tool, so one never ran");
    Diagnostic::error(ADOPTED_FILE, message).help("move the one that is not in the history table out of the folder")
}

fn nothing(tool: Tool, shown: &str) -> Diagnostic {
    Diagnostic::error(ADOPTED_FILE, format!("there are no migrations of {tool} in `{shown}`"))
        .help("name the folder: cargo schema init --from TOOL --folder PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tool: Tool, files: &[&str], expected: &str) {
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        let text = match layout(tool, &files, "m") {
            Ok(laid) => {
                let one = |one: &Found| {
                    format!(" {}={}{}", one.key, one.id, if one.down.is_some() { " and back" } else { "" })
                };
                format!("{}:{}", laid.tool, laid.migrations.iter().map(one).collect::<String>())
            }
            Err(found) => found[0].message.clone(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn every_tool_names_its_migrations_in_its_own_way() {
        check(
            Tool::Diesel,
            &[
                "2024-10-25-112826_make-unique/up.sql",
                "2024-10-25-112826_make-unique/down.sql",
                "00000000000000_x/up.sql",
            ],
            "diesel: 00000000000000=00000000000000_x 20241025112826=2024-10-25-112826_make-unique and back",
        );
        check(Tool::Sqlx, &["10_b.sql", "02_a.up.sql", "02_a.down.sql", "README.md"], "sqlx: 2=02_a and back 10=10_b");
        check(Tool::Refinery, &["V2__b.sql", "V10__c.sql"], "refinery: 2=V2__b 10=V10__c");
        check(
            Tool::SeaOrm,
            &["src/lib.rs", "src/m20220101_000001_a.rs"],
            "sea-orm: m20220101_000001_a=m20220101_000001_a",
        );
    }

    #[test]
    fn plain_files_may_be_those_of_a_tool() {
        check(Tool::Sql, &["000001_a.up.sql", "000001_a.down.sql"], "golang-migrate: 1=000001_a and back");
        check(Tool::Sql, &["01_init/migration.sql", "migration_lock.toml"], "prisma: 01_init=01_init");
        check(Tool::Sql, &["V1.2__a.sql", "U1.2__a.sql"], "flyway: 1.2=V1.2__a and back");
        check(Tool::Sql, &["9-b.sql", "10-c.sql"], "sql: 9-b=9-b 10-c=10-c");
    }

    #[test]
    fn what_cannot_be_taken_over_is_said() {
        check(Tool::Sqlx, &[], "there are no migrations of sqlx in `m`");
        check(
            Tool::Sqlx,
            &["1_a.sql", "01_b.sql"],
            "`m/01_b.sql` and `m/1_a.sql` are one migration to their tool, so one never ran",
        );
        check(Tool::Refinery, &["V1__a.rs"], "`m/V1__a.rs` is a migration of refinery whose SQL cannot be taken over");
        check(Tool::Sqlx, &["1_a.down.sql"], "there are no migrations of sqlx in `m`");
        let found = layout(Tool::Sqlx, &["1_a.down.sql".to_owned(), "2_b.sql".to_owned()], "m").unwrap();
        assert_eq!(found.warnings[0].code, ADOPTED_FILE);
    }

    #[test]
    fn dates_and_times_are_ordered_as_text_where_they_are_names() {
        let expected = "prisma: 20230518191501_a=20230518191501_a 20250625_b=20250625_b";
        check(Tool::Prisma, &["20250625_b/migration.sql", "20230518191501_a/migration.sql"], expected);
    }
}
