//! A database that somebody has changed by hand: `check` and `status` say what differs, and the SQL they show mends it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use schema_tests::cluster::{Database, cluster, database};
use schema_tests::dump::{diff, dump};
use serde_json::Value;

struct Project {
    root: PathBuf,
    database: Database,
}

impl Project {
    /// The notes, generated and applied.
    fn applied(name: &str) -> Project {
        let root = std::env::temp_dir().join(format!("schema-drift-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/projects/notes");
        fs::create_dir_all(root.join("src")).unwrap();
        for file in ["Cargo.toml", "src/lib.rs", "src/author.rs", "src/note.rs"] {
            fs::copy(fixture.join(file), root.join(file)).unwrap();
        }
        let project = Project { root, database: database() };
        project.json(&["generate", "-m", "first"], 0);
        project.json(&["upgrade"], 0);
        project
    }

    #[track_caller]
    fn json(&self, words: &[&str], code: i32) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo_schema"));
        command.arg("schema").args(words).args(["--format", "json", "--database", &self.database.url]);
        command.current_dir(&self.root).env_remove("DATABASE_URL").env("SCHEMA_NOW", "20261122131500");
        command.env("SCHEMA_DEV_URL", cluster().url("postgres")).env("SCHEMA_CACHE_DIR", self.root.join("cache"));
        let output = command.output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn sql(&self, sql: &str) {
        self.database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

const BY_HAND: &str = "ALTER TABLE authors ADD COLUMN nick text; ALTER TABLE notes ALTER COLUMN title TYPE varchar(50); \
    CREATE TABLE by_hand (a integer); CREATE FUNCTION by_hand() RETURNS integer LANGUAGE sql AS 'SELECT 1'";

#[test]
fn what_was_done_by_hand_is_named_and_mended() {
    let project = Project::applied("mended");
    let before = dump(&project.database);
    let clean = project.json(&["check"], 0);
    assert_eq!(clean["result"]["drift"]["drifted"], false, "{clean}");

    project.sql(BY_HAND);
    let found = project.json(&["check"], 1);
    assert_eq!(found["findings"][0]["code"], "database-drifted", "{found}");
    let drift = &found["result"]["drift"];
    let differences = drift["differences"].as_array().unwrap();
    let of =
        |name: &str| differences.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}: {drift}"));
    let title = of("notes.title");
    assert_eq!((&title["attribute"], &title["recorded"]), (&"type".into(), &"\"text\"".into()), "{title}");
    assert_eq!(title["database"], "\"varchar(50)\"");
    assert!(of("authors.nick")["recorded"].is_null() && of("by_hand")["recorded"].is_null());
    let added = drift["not_managed"]["added"].to_string() + &drift["differences"].to_string();
    assert!(added.contains("public.by_hand()") || added.contains("\"by_hand()\""), "the function is named: {added}");
    assert_eq!(project.json(&["status"], 0)["result"]["drift"], *drift, "status says the same");

    project.sql(drift["mend"].as_str().unwrap());
    // What is not managed is left as it is.
    project.sql("DROP FUNCTION IF EXISTS by_hand()");
    assert_eq!(diff(&before, &dump(&project.database)), Vec::<String>::new());
    assert_eq!(project.json(&["check"], 0)["result"]["drift"]["drifted"], false);
}

#[test]
fn what_was_alike_and_is_as_it_was_needs_no_server() {
    let project = Project::applied("alike");
    let status =
        || project.json(&["status", "--dev-url", "postgresql://127.0.0.1:1/none"], 0)["result"]["drift"].clone();
    assert_eq!(status(), Value::Null, "there is no server to compare with");
    project.json(&["check"], 0);
    assert_eq!(status()["drifted"], false);
    project.sql("ALTER TABLE notes ADD COLUMN by_hand integer");
    assert_eq!(status(), Value::Null, "it is not what it was");
    project.sql("ALTER TABLE notes DROP COLUMN by_hand");
    assert_eq!(status()["drifted"], false);
}

#[test]
fn the_ledger_knows_what_the_files_have_lost() {
    let project = Project::applied("ledger");
    project.json(&["generate", "--empty", "-m", "extra"], 0);
    let folder = project.root.join("migrations/20261122131501_extra");
    fs::write(folder.join("up.sql"), "CREATE TABLE extra (a integer);\n").unwrap();
    project.json(&["upgrade"], 0);
    fs::remove_dir_all(folder).unwrap();
    let status = project.json(&["status"], 0);
    assert_eq!(status["result"]["foreign"][0], "20261122131501_extra");
    assert_eq!(status["result"]["drift"]["drifted"], false, "it is what its ledger says: {status}");
}

#[test]
fn a_stamp_believes_only_what_it_sees() {
    let project = Project::applied("stamp");
    project.sql("DROP SCHEMA cargo_schema CASCADE");
    let stamped = project.json(&["stamp", "--dry-run"], 0);
    assert_eq!(stamped["result"]["recorded"][0], "20261122131500_first");
    assert_eq!(
        project.json(&["status"], 0)["result"]["applied"].as_array().unwrap().len(),
        0,
        "a dry run writes nothing"
    );
    project.json(&["stamp"], 0);
    let status = project.json(&["status"], 0);
    assert_eq!((&status["result"]["current"], &status["result"]["drift"]["drifted"]), (&true.into(), &false.into()));

    let refused = project.json(&["stamp", "base"], 5);
    assert_eq!(refused["findings"][0]["code"], "stamp-differs", "{refused}");
    let forced = project.json(&["stamp", "base", "--unchecked"], 0);
    assert_eq!(forced["result"]["removed"][0], "20261122131500_first");
    project.json(&["upgrade"], 4);
    project.json(&["stamp", "head"], 0);
    project.json(&["downgrade", "base", "--yes"], 0);
    assert_eq!(project.database.value("SELECT to_regclass('notes')"), "", "what was stamped can be undone");
}
