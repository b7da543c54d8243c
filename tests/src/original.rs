//! What other migration tools do to a database, done by hand: their files run in their order, and their history tables filled.
//!
//! Written apart from the adoption that is tested with it: order and names are worked out anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use postgres::Client;

/// The histories of the corpus: the name, the tool that is named for an adoption, and the tool that has migrated.
pub const HISTORIES: [(&str, &str, &str); 12] = [
    ("claircore_indexer", "sql", "sql"),
    ("claircore_matcher", "sql", "sql"),
    ("concourse", "sql", "sql"),
    ("crates_io", "diesel", "diesel"),
    ("docs_rs", "sqlx", "sqlx"),
    ("lakekeeper", "sqlx", "sqlx"),
    ("langfuse", "prisma", "prisma"),
    ("quickwit", "sqlx", "sqlx"),
    ("rauthy", "refinery", "refinery"),
    ("svix", "sqlx", "sqlx"),
    ("umami", "sql", "prisma"),
    ("zksync", "sqlx", "sqlx"),
];

/// A migration as its tool sees it.
#[derive(Clone, Debug)]
pub struct Original {
    /// What the history table calls it.
    pub version: String,
    /// The file that applies it.
    pub up: PathBuf,
}

/// The migrations in a folder, in the order of the tool.
pub fn migrations(tool: &str, folder: &Path) -> Vec<Original> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten();
    // The number that orders them, for tools that compare names as text nothing.
    let mut found: Vec<(u128, String, Original)> = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        let digits: String = name.trim_start_matches('V').chars().take_while(char::is_ascii_digit).collect();
        let number: u128 = digits.parse().unwrap_or_default();
        let (up, number, version) = match tool {
            "diesel" => (path.join("up.sql"), 0, name.split('_').next().unwrap_or_default().replace('-', "")),
            "prisma" => (path.join("migration.sql"), 0, name.clone()),
            "sql" => (path.clone(), number, name.clone()),
            _ => (path.clone(), number, number.to_string()),
        };
        let is_up =
            up.is_file() && !name.ends_with(".down.sql") && up.extension().is_some_and(|ending| ending == "sql");
        if is_up {
            found.push((number, name, Original { version, up }));
        }
    }
    found.sort_by(|a, b| (a.0, &a.2.version, &a.1).cmp(&(b.0, &b.2.version, &b.1)));
    found.into_iter().map(|(.., original)| original).collect()
}

/// Runs some migrations as the tool does, and fills its history table.
pub fn migrate(client: &mut Client, tool: &str, migrations: &[Original]) {
    client.batch_execute(history_table(tool)).unwrap_or_else(|error| panic!("{tool}: {error}"));
    for (at, one) in migrations.iter().enumerate() {
        let text = run(client, one);
        let applied = applied(tool, one, at, &text);
        client.batch_execute(&applied).unwrap_or_else(|error| panic!("{applied}: {error}"));
    }
}

/// Runs one migration, of which no history table is told, and gives back its text.
pub fn run(client: &mut Client, one: &Original) -> String {
    let text = fs::read_to_string(&one.up).unwrap_or_else(|error| panic!("{}: {error}", one.up.display()));
    // One message, as all of these tools send it: its statements are one transaction unless they say otherwise.
    client.batch_execute(&text).unwrap_or_else(|error| panic!("{}: {error:?}", one.up.display()));
    client.batch_execute("RESET ALL").expect("settings can be reset");
    text
}

/// A dump without the history table of the tool, which only databases have that it has seen.
pub fn without_history(mut dump: BTreeMap<String, String>, tool: &str) -> BTreeMap<String, String> {
    let table = schema_core::history::Tool::named(tool).and_then(schema_core::history::Tool::table);
    dump.retain(|key, _| table.is_none_or(|table| !key.contains(table)));
    dump
}

/// Copies the migrations as they are.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let (source, place) = (entry.path(), to.join(entry.file_name()));
        match source.is_dir() {
            true => copy(&source, &place),
            false => drop(fs::copy(source, place).expect("it is copied")),
        }
    }
}

fn history_table(tool: &str) -> &'static str {
    match tool {
        "diesel" => {
            "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY NOT NULL, \
             run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        }
        "sqlx" => {
            "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, \
             installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, \
             execution_time bigint NOT NULL)"
        }
        "refinery" => {
            "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name varchar(255), applied_on varchar(255), \
             checksum varchar(255))"
        }
        "prisma" => {
            "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, \
             finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, \
             started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)"
        }
        "golang-migrate" => {
            "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)"
        }
        _ => "",
    }
}

fn applied(tool: &str, one: &Original, at: usize, text: &str) -> String {
    let version = &one.version;
    match tool {
        "diesel" => format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"),
        // The same function as sqlx's own: SHA-384 over the bytes of the file.
        "sqlx" => format!(
            "INSERT INTO _sqlx_migrations VALUES ({version}, '', now(), true, sha384(convert_to($sum${text}$sum$, 'UTF8')), 0)"
        ),
        "refinery" => {
            format!("INSERT INTO refinery_schema_history VALUES ({version}, '', '2024-01-01T10:00:00.5+00:00', '17')")
        }
        "prisma" => format!(
            "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('{at}', '', now(), '{version}')"
        ),
        "golang-migrate" => {
            format!("DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES ({version}, false)")
        }
        _ => String::new(),
    }
}
