//! Case files: one change of a schema each, with the SQL there and back, as a text that somebody who knows only SQL can read.
//!
//! This file reads and writes them and lowers their structs; `tests/cases.rs` judges them without a database, and
//! `tests/single_changes.rs` with one. The format is in `docs/guide/testing.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use schema_core::plan::{Plan, plan};
use schema_core::{DEFAULT_SCHEMA, Ident, KindName, ObjectId, rename::Rename, split_name};
use schema_syntax::conditions::Conditions;
use schema_syntax::decl::Reading;
use schema_syntax::lower::{LowerOptions, Lowered, lower};
use schema_syntax::scan::{Role, parse_source, parse_sql};
use schema_syntax::types::TypeContext;

/// The sections in the order in which they stand in a file.
const SECTIONS: [&str; 12] = [
    "since",
    "before.rs",
    "before.sql",
    "after.rs",
    "after.sql",
    "renames",
    "rows.sql",
    "up.sql",
    "down.sql",
    "hazards",
    "rows.after",
    "rows.back",
];

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Where it was read from.
    pub path: PathBuf,
    /// The change it is about, in the words of its list.
    pub name: String,
    sections: BTreeMap<String, String>,
}

/// Both sides of a case, and the plan between them.
pub struct Planned {
    /// The declared start.
    pub before: Lowered,
    /// The declared end.
    pub after: Lowered,
    /// The renames told by attribute and by the case.
    pub renames: Vec<Rename>,
    /// The plan.
    pub plan: Plan,
}

/// Which way round the declarations come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As written.
    Written,
    /// The last one first.
    Reversed,
}

/// All cases, by path.
pub fn all() -> Vec<Case> {
    let mut files = Vec::new();
    collect(&folder(), &mut files);
    files.sort();
    files.iter().map(|path| Case::read(path)).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/kinds")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("`{}` cannot be read: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "case") {
            files.push(path);
        }
    }
}

/// Whether expectations are to be rewritten instead of compared: `UPDATE_CASES=1`.
pub fn updates() -> bool {
    std::env::var_os("UPDATE_CASES").is_some_and(|value| value == "1")
}

impl Case {
    fn read(path: &Path) -> Case {
        let text =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("`{}` cannot be read: {error}", path.display()));
        let mut case = Case { path: path.to_owned(), name: String::new(), sections: BTreeMap::new() };
        let mut current = None;
        for line in text.lines() {
            match header(line) {
                Some(header) if header.starts_with("case: ") => case.name = header["case: ".len()..].to_owned(),
                Some(header) => {
                    assert!(SECTIONS.contains(&header), "`{}` has an unknown section `{header}`", path.display());
                    let twice = case.sections.insert(header.to_owned(), String::new());
                    assert!(twice.is_none(), "`{}` has section `{header}` twice", path.display());
                    current = Some(header.to_owned());
                }
                None => {
                    let section = current.as_ref().and_then(|name| case.sections.get_mut(name));
                    let section =
                        section.unwrap_or_else(|| panic!("`{}` has text before its first section", path.display()));
                    section.push_str(line);
                    section.push('\n');
                }
            }
        }
        case
    }

    /// A section's text; empty when it is not there.
    pub fn section(&self, name: &str) -> &str {
        self.sections.get(name).map_or("", String::as_str)
    }

    /// The first major version of PostgreSQL that knows what the case is about.
    pub fn since(&self) -> u32 {
        match self.section("since").trim() {
            "" => 0,
            major => major.parse().unwrap_or_else(|_| panic!("`{}`: {major} is no version", self.path.display())),
        }
    }

    /// Replaces what is expected; an empty text takes the section out, except the two ways.
    pub fn set(&mut self, name: &str, text: String) {
        if text.is_empty() && !matches!(name, "up.sql" | "down.sql") {
            self.sections.remove(name);
        } else {
            self.sections.insert(name.to_owned(), text);
        }
    }

    /// Writes the file.
    pub fn write(&self) {
        let sections = SECTIONS.iter().filter_map(|name| self.sections.get_key_value(*name));
        let body: String = sections.map(|(name, text)| format!("-- {name} --\n{text}")).collect();
        fs::write(&self.path, format!("-- case: {} --\n{body}", self.name)).expect("a case can be written");
    }

    /// Lowers both sides and plans the way between them.
    ///
    /// # Panics
    /// When a side has an error: then the case is wrong.
    pub fn planned(&self, order: Order) -> Planned {
        let before = self.lowered("before", order);
        let after = self.lowered("after", order);
        let told = self.section("renames").lines().map(told_rename);
        let renames: Vec<Rename> = after.renames.iter().cloned().chain(told).collect();
        let plan = plan(&before.schema, &after.schema, &renames, &after.hints);
        Planned { before, after, renames, plan }
    }

    fn lowered(&self, side: &str, order: Order) -> Lowered {
        let (structs, statements) = (format!("{side}.rs"), format!("{side}.sql"));
        let (conditions, types) = (Conditions::default(), TypeContext::default());
        let reading = Reading { conditions: &conditions, types: &types };
        let mut file = parse_source(&structs, self.section(&structs), Role::Folder, &reading);
        if order == Order::Reversed {
            file.declarations.reverse();
        }
        let files = [file, parse_sql(&statements, self.section(&statements))];
        let lowered = lower(&files, &LowerOptions::default());
        let messages: Vec<&str> = lowered.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert!(messages.is_empty(), "`{}`, {side}: {messages:#?}", self.path.display());
        lowered
    }

    /// The query of `rows.after` or `rows.back`, and the rows it must give: columns are set apart by ` | `.
    pub fn expected_rows(&self, section: &str) -> Option<(String, Vec<String>)> {
        let mut lines = self.section(section).lines();
        let query = lines.next()?.to_owned();
        Some((query, lines.map(str::to_owned).collect()))
    }
}

fn header(line: &str) -> Option<&str> {
    line.strip_prefix("-- ")?.strip_suffix(" --")
}

/// `column users.mail -> users.email`, as `--rename` takes it.
fn told_rename(line: &str) -> Rename {
    parse_rename(line).unwrap_or_else(|| panic!("`{line}` is no `kind old -> new`"))
}

fn parse_rename(line: &str) -> Option<Rename> {
    let (kind, names) = line.split_once(' ')?;
    let (before, after) = names.split_once(" -> ")?;
    let (kind, parts) = match kind {
        "table" => (KindName::Table, 2),
        "column" => (KindName::Column, 3),
        "enum" => (KindName::Enum, 2),
        _ => return None,
    };
    let id = |text: &str| {
        let mut path = split_name(text).ok()?;
        if path.len() < parts {
            path.insert(0, Ident::of(DEFAULT_SCHEMA));
        }
        Some(ObjectId { kind, path })
    };
    Some(Rename { before: id(before)?, after: id(after)? })
}
