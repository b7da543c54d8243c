//! Adoptions that cannot be, or not yet: each is refused with the file and the line, or with what to type, and writes nothing.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use schema_tests::cluster::{Database, cluster, database};
use serde_json::Value;

struct Folder {
    root: PathBuf,
}

impl Folder {
    fn with(name: &str, files: &[(&str, &str)]) -> Folder {
        let root = std::env::temp_dir().join(format!("schema-refused-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let folder = Folder { root };
        files.iter().for_each(|(file, text)| folder.write(file, text));
        folder
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root.join("migrations").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    fn json(&self, words: &[&str], database: Option<&Database>, code: i32) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo_schema"));
        command.arg("schema").args(words).args(["--format", "json", "--migrations", "migrations"]);
        command.args(database.iter().flat_map(|database| ["--database-url", &database.url]));
        command.current_dir(&self.root).env_remove("DATABASE_URL").env("SCHEMA_DEV_URL", cluster().url("postgres"));
        let output = command.output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn check(name: &str, tool: &str, files: &[(&str, &str)], code: &str, place: &str) {
    let folder = Folder::with(name, files);
    let found = folder.json(&["init", "--from", tool], None, 1);
    let finding = &found["findings"][0];
    assert_eq!(finding["code"], code, "{finding}");
    let primary = &finding["primary"];
    let shown = match primary.is_null() {
        true => finding["message"].to_string(),
        false => format!("{}:{}", primary["file"].as_str().unwrap(), primary["label"].as_str().unwrap_or_default()),
    };
    assert!(format!("{shown} {finding}").contains(place), "{finding}");
    let written = fs::read_dir(folder.root.join("migrations")).unwrap().count();
    assert_eq!(written, files.len(), "nothing is written");
}

#[test]
fn what_cannot_be_run_is_named_with_its_file() {
    let copy = "CREATE TABLE a (b integer);\nCOPY a FROM stdin;\n1\n\\.\n";
    check("copy", "sqlx", &[("1_a.sql", copy)], "sql-copy-from-stdin", "migrations/1_a.sql");
    check("psql", "sql", &[("1_a.sql", "\\set x 1\nSELECT 1;\n")], "sql-psql-command", "migrations/1_a.sql");
    check("rollback", "sql", &[("1.sql", "BEGIN;\nROLLBACK;\n")], "sql-transaction-control", "migrations/1.sql");
    let broken = [("1_a.sql", "SELECT 1;\n"), ("2_b.sql", "SELECT 1;\n\nSELECT nothing;\n")];
    check("broken", "sqlx", &broken, "statement-refused", "PostgreSQL refuses migrations/2_b.sql at line 3");
    check("program", "refinery", &[("V1__a.rs", "fn main() {}")], "adopted-file", "migrations/V1__a.rs");
}

#[test]
fn a_file_that_changes_later_stops_everything() {
    let folder = Folder::with("edited", &[("1_a.sql", "CREATE TABLE a (b integer);\n"), ("2_b.sql", "SELECT 1;\n")]);
    let database = database();
    folder.json(&["init", "--from", "sqlx"], None, 0);
    folder.write("2_b.sql", "SELECT 2;\n");
    let found = folder.json(&["upgrade"], Some(&database), 1);
    assert_eq!(found["findings"][0]["code"], "adopted-edited", "{found}");
    fs::remove_file(folder.root.join("migrations/2_b.sql")).unwrap();
    let found = folder.json(&["upgrade"], Some(&database), 1);
    assert_eq!(found["findings"][0]["code"], "adopted-missing", "{found}");
    folder.write("2_b.sql", "SELECT 1;\r\n");
    folder.json(&["upgrade"], Some(&database), 0);
}

const SQLX: &str = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, \
    installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL)";

#[test]
fn a_history_table_that_says_something_else_is_not_believed() {
    let folder = Folder::with("table", &[("1_a.sql", "CREATE TABLE a (b integer);\n")]);
    folder.json(&["init", "--from", "sqlx"], None, 0);
    let row = |version: u8, success: bool, text: &str| {
        format!("{SQLX}; INSERT INTO _sqlx_migrations VALUES ({version}, '', now(), {success}, sha384('{text}'), 0)")
    };
    for (sql, code) in [
        (row(1, false, "CREATE TABLE a (b integer);\\012"), "adopted-unfinished"),
        (row(1, true, "CREATE TABLE a (b bigint);\\012"), "adopted-edited"),
        (row(2, true, ""), "adopted-unknown"),
    ] {
        let database = database();
        database.client().batch_execute(&sql).unwrap();
        let found = folder.json(&["upgrade"], Some(&database), 1);
        assert_eq!(found["findings"][0]["code"], code, "{found}");
        assert_eq!(database.value("SELECT to_regnamespace('cargo_schema')"), "", "not even a ledger is made");
    }
}

#[test]
fn what_was_undone_does_not_come_back_from_the_other_table() {
    let text = "CREATE TABLE a (b integer);\n";
    let folder = Folder::with("undone", &[("1_a.up.sql", text), ("1_a.down.sql", "DROP TABLE a;\n")]);
    folder.json(&["init", "--from", "sqlx"], None, 0);
    let database = database();
    let sum = text.replace('\n', "\\012");
    let sql = format!("{text} {SQLX}; INSERT INTO _sqlx_migrations VALUES (1, '', now(), true, sha384('{sum}'), 0)");
    database.client().batch_execute(&sql).unwrap();
    folder.json(&["upgrade"], Some(&database), 0);
    folder.json(&["downgrade", "base", "--yes"], Some(&database), 0);
    assert_eq!(database.value("SELECT to_regclass('a')"), "");
    folder.json(&["upgrade"], Some(&database), 0);
    assert_eq!(database.value("SELECT to_regclass('a')"), "a", "it was run again");
}

#[test]
fn programs_are_adopted_as_one_from_the_database_they_were_run_on() {
    let files = [("src/m20220101_000001_a.rs", "// a"), ("src/m20220102_000001_b.rs", "// b"), ("src/lib.rs", "")];
    let folder = Folder::with("sea-orm", &files);
    let table = "CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at bigint NOT NULL)";
    let first = format!(
        "CREATE TABLE a (b integer DEFAULT 1); {table}; INSERT INTO seaql_migrations VALUES ('m20220101_000001_a', 1)"
    );
    let second = "CREATE INDEX a_b ON a (b); INSERT INTO seaql_migrations VALUES ('m20220102_000001_b', 2)";
    let (whole, part, empty) = (database(), database(), database());
    whole.client().batch_execute(&format!("{first}; {second}")).unwrap();
    part.client().batch_execute(&first).unwrap();

    let needs = folder.json(&["init", "--from", "sea-orm"], None, 2);
    assert!(needs["failure"]["help"][0].as_str().unwrap().contains("--database-url"), "{needs}");
    folder.json(&["init", "--from", "sea-orm"], Some(&whole), 0);
    folder.json(&["upgrade"], Some(&whole), 0);
    assert_eq!(whole.value("SELECT tool_version FROM cargo_schema.revision"), "sea-orm", "it was not run");
    let refused = folder.json(&["upgrade"], Some(&part), 1);
    assert_eq!(refused["findings"][0]["code"], "adopted-unfinished", "{refused}");
    folder.json(&["upgrade"], Some(&empty), 0);
    assert_eq!(empty.value("SELECT to_regclass('a_b')"), "a_b");
    assert_eq!(empty.value("SELECT to_regclass('seaql_migrations')"), "", "the other tool's table is none of ours");
}
