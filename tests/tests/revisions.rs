//! Revisions that are there are changed: removed, undone to be edited, and recorded again from what their SQL does.

use std::fs;

use schema_tests::notes::Notes;
use serde_json::Value;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

fn json(notes: &Notes, words: &[&str], code: i32) -> Value {
    serde_json::from_str(&notes.json(words, code)).expect("one object")
}

/// A revision of hand-written SQL.
fn written(notes: &Notes, message: &str, up: &str, down: &str) -> String {
    let made = json(notes, &["generate", "--empty", "-m", message], 0);
    let id = made["result"]["id"].as_str().unwrap().to_owned();
    let folder = notes.root.join("migrations").join(&id);
    fs::write(folder.join("up.sql"), up).unwrap();
    fs::write(folder.join("down.sql"), down).unwrap();
    id
}

fn record(notes: &Notes, id: &str) -> String {
    fs::read_to_string(notes.root.join("migrations").join(id).join("revision.toml")).unwrap()
}

#[test]
fn only_what_is_applied_nowhere_and_the_last_is_removed() {
    let notes = Notes::applied(SUBCOMMAND);
    let second = written(&notes, "second", "SELECT 1;\n", "SELECT 1;\n");
    let third = written(&notes, "third", "SELECT 1;\n", "SELECT 1;\n");
    let refused = notes.run(&["remove", "second"]).ends_with(5);
    assert!(refused.contains(&format!("`{third}` comes after `{second}`")), "{refused}");
    let refused = notes.run(&["remove", "first"]).ends_with(5);
    assert!(refused.contains(&format!("cargo schema remove {third}")), "{refused}");
    assert!(notes.run(&["remove", "head", "--dry-run"]).ends_with(0).contains("would be removed"));
    notes.run(&["remove", "head"]).ends_with(0);
    assert!(!notes.root.join("migrations").join(&third).exists());
    notes.run(&["upgrade"]).ends_with(0);
    let refused = notes.run(&["remove", "second"]).ends_with(5);
    assert!(refused.contains(&format!("cargo schema edit {second} && cargo schema remove {second}")), "{refused}");
    notes.run(&["edit", "second"]).ends_with(0);
    notes.run(&["remove", "second"]).ends_with(0);
    let left: Vec<_> =
        fs::read_dir(notes.root.join("migrations")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["20261122131500_first"]);
    assert_eq!(json(&notes, &["status"], 0)["result"]["current"], true);
}

#[test]
fn an_edited_revision_is_undone_with_what_is_built_on_it_and_done_again() {
    let notes = Notes::applied(SUBCOMMAND);
    let second = written(&notes, "second", "CREATE TABLE a (x integer);\n", "DROP TABLE a;\n");
    written(&notes, "third", "CREATE TABLE b (x integer);\n", "DROP TABLE b;\n");
    // A parallel line, which stays.
    let beside = written(&notes, "beside", "CREATE TABLE c (x integer);\n", "DROP TABLE c;\n");
    let third = json(&notes, &["show", "third"], 0)["result"]["id"].as_str().unwrap().to_owned();
    notes.edit(&format!("migrations/{beside}/revision.toml"), &third, "20261122131500_first");
    notes.run(&["upgrade"]).ends_with(0);
    notes.sql("INSERT INTO c VALUES (1)");

    let preview = json(&notes, &["edit", "second", "--dry-run"], 0);
    let ids: Vec<&str> =
        preview["result"]["revisions"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [third.as_str(), second.as_str()]);
    assert_eq!(notes.database.value("SELECT to_regclass('a')"), "a", "a dry run undoes nothing");
    let said = notes.run(&["edit", "second"]).ends_with(0);
    assert!(said.contains(&format!("migrations/{second}/up.sql")) && said.contains("cargo schema upgrade"), "{said}");
    assert_eq!(notes.database.value("SELECT to_regclass('a')"), "");
    assert_eq!(notes.database.value("SELECT x FROM c"), "1", "a parallel line keeps its rows");
    let file = format!("migrations/{second}/up.sql");
    notes.edit(&file, "x integer", "y bigint");
    notes.run(&["upgrade"]).ends_with(0);
    assert_eq!(notes.database.value("SELECT count(y) FROM a"), "0");
    assert!(json(&notes, &["status"], 0)["result"]["edited"].as_array().unwrap().is_empty());
}

#[test]
fn nothing_is_undone_unless_all_of_it_can_be() {
    let notes = Notes::applied(SUBCOMMAND);
    let second = written(&notes, "second", "CREATE TABLE a (x integer);\n", "DROP TABLE a;\n");
    fs::remove_file(notes.root.join("migrations").join(&second).join("down.sql")).unwrap();
    written(&notes, "third", "CREATE TABLE b (x integer);\n", "DROP TABLE b;\n");
    notes.run(&["upgrade"]).ends_with(0);
    let refused = notes.run(&["edit", "second"]).ends_with(5);
    assert!(refused.contains("no down text") || refused.contains("down.sql"), "{refused}");
    assert_eq!(notes.database.value("SELECT to_regclass('b')"), "b");
    notes.run(&["environment", "production"]).ends_with(0);
    let refused = notes.run(&["edit", "third"]).ends_with(5);
    assert!(refused.contains("is marked as production"), "{refused}");
    assert_eq!(notes.database.value("SELECT to_regclass('b')"), "b");
}

/// Renames, defaults, types, checks and an enum, in SQL that a person writes.
const BY_HAND: &str = "\
CREATE TYPE mood AS ENUM ('sad', 'ok');
ALTER TABLE notes RENAME COLUMN title TO headline;
ALTER TABLE authors RENAME TO writers;
ALTER TABLE writers ADD COLUMN mood mood NOT NULL DEFAULT 'ok', ADD CHECK (email <> '');
CREATE TABLE tags (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
UPDATE notes SET headline = trim(headline);
";
const BACK: &str = "\
DROP TABLE tags;
ALTER TABLE writers DROP COLUMN mood, DROP CONSTRAINT writers_email_check;
ALTER TABLE writers RENAME TO authors;
ALTER TABLE notes RENAME COLUMN headline TO title;
DROP TYPE mood;
";

#[test]
fn what_the_sql_does_becomes_what_the_revision_records() {
    let notes = Notes::applied(SUBCOMMAND);
    let id = written(&notes, "by hand", BY_HAND, BACK);
    let unrecorded = json(&notes, &["check"], 1);
    assert_eq!(unrecorded["findings"][0]["code"], "up-differs", "{unrecorded}");
    assert!(json(&notes, &["record", "--dry-run"], 0)["result"]["written"] == false);
    assert!(!record(&notes, &id).contains("mood"));

    let recorded = json(&notes, &["record", "head"], 0);
    let changes = recorded["result"]["changes"].as_array().unwrap();
    let of = |change: &str, kind: &str, name: &str| {
        changes.iter().any(|one| one["change"] == change && one["kind"] == kind && one["name"] == name)
    };
    assert!(of("rename", "column", "notes.headline") && of("rename", "table", "writers"), "{changes:?}");
    assert!(of("create", "enum", "mood") && of("create", "table", "tags"), "{changes:?}");
    assert!(of("create", "check", "writers.writers_email_check"), "{changes:?}");
    let again = notes.run(&["record", "head"]).ends_with(0);
    assert!(again.contains("says so already"), "{again}");

    // The SQL is proven to do what is recorded; the structs are still the old ones.
    let check = json(&notes, &["check"], 1);
    let codes: Vec<&str> =
        check["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(codes.iter().all(|code| *code == "change-unrecorded"), "{codes:?}");
    // The structs of the database are what is recorded.
    notes.run(&["upgrade"]).ends_with(0);
    let diff = json(&notes, &["diff", "migrations", "database"], 0);
    assert_eq!(diff["result"]["equal"], true, "{diff}");
    notes.run(&["pull", "--yes"]).ends_with(0);
    assert_eq!(json(&notes, &["generate", "--check"], 0)["result"]["changes"], Value::Array(Vec::new()));
}

#[test]
fn a_change_that_the_structs_have_is_recorded_in_their_words() {
    let notes = Notes::applied(SUBCOMMAND);
    notes.edit("src/note.rs", "pub title: String,", "#[column(default = \"'none'\")]\n    pub title: String,");
    written(
        &notes,
        "default",
        "ALTER TABLE notes ALTER COLUMN title SET DEFAULT 'none'::text;\n",
        "ALTER TABLE notes ALTER COLUMN title DROP DEFAULT;\n",
    );
    json(&notes, &["record"], 0);
    assert_eq!(json(&notes, &["generate", "--check"], 0)["result"]["changes"], Value::Array(Vec::new()));
    assert_eq!(notes.run(&["check"]).code, Some(0));
}

#[test]
fn what_cannot_be_recorded_is_refused_and_nothing_is_written() {
    let notes = Notes::applied(SUBCOMMAND);
    let audit = written(&notes, "audit", "CREATE TABLE audit (note text);\n", "DROP TABLE audit;\n");
    let wider = written(
        &notes,
        "wider",
        "ALTER TABLE audit ALTER COLUMN note SET NOT NULL;\n",
        "ALTER TABLE audit ALTER COLUMN note DROP NOT NULL;\n",
    );
    let before = record(&notes, &wider);
    let refused = json(&notes, &["record", "wider"], 1);
    assert_eq!(refused["findings"][0]["code"], "record-before-missing", "{refused}");
    assert!(refused["findings"][0]["help"][0].as_str().unwrap().ends_with(&format!("cargo schema record {audit}")));
    assert_eq!(record(&notes, &wider), before);
    json(&notes, &["record", "audit"], 0);
    json(&notes, &["record", "wider"], 0);

    // What a later revision builds on is missed, and said.
    let folder = notes.root.join("migrations").join(&audit);
    for (name, code) in [("audits", Some("revision-misfit")), ("audit", None)] {
        fs::write(folder.join("up.sql"), format!("CREATE TABLE {name} (note text);\n")).unwrap();
        fs::write(folder.join("down.sql"), format!("DROP TABLE {name};\n")).unwrap();
        let done = json(&notes, &["record", "audit"], 0);
        assert_eq!(done["findings"][0]["code"].as_str(), code, "{done}");
    }

    // A down that does not lead back is no proof.
    let folder = notes.root.join("migrations").join(&wider);
    fs::write(folder.join("up.sql"), "ALTER TABLE audit ADD COLUMN who text;\n").unwrap();
    let before = record(&notes, &wider);
    let refused = json(&notes, &["record", "wider"], 1);
    assert_eq!(record(&notes, &wider), before, "{refused}");
    fs::write(folder.join("down.sql"), "ALTER TABLE audit DROP COLUMN who;\n").unwrap();
    let recorded = json(&notes, &["record", "wider"], 0);
    assert_eq!(recorded["result"]["changes"][0]["name"], "audit.who");
}
