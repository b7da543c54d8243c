//! What a database is for: the mark goes with it, and a production database is not undone by habit.

use std::process::Command;

use schema_tests::cluster::cluster;
use schema_tests::notes::Notes;
use serde_json::Value;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

fn json(notes: &Notes, words: &[&str], code: i32) -> Value {
    serde_json::from_str(&notes.json(words, code)).expect("one object")
}

fn environment(notes: &Notes, words: &[&str]) -> (Value, Value) {
    let found = json(notes, &[&["environment"], words].concat(), 0)["result"]["environment"].clone();
    (found["name"].clone(), found["marked"].clone())
}

/// The database by a URL that also names another machine, so that it is not known to be on this one.
fn elsewhere(notes: &Notes) -> String {
    let folder = cluster().folder().display();
    format!("host={folder},db.invalid port=5432 user=postgres dbname={}", notes.database.name)
}

#[test]
fn a_database_on_this_machine_is_for_development_until_it_is_marked() {
    let notes = Notes::new(SUBCOMMAND);
    assert_eq!(environment(&notes, &[]), ("development".into(), false.into()));
    assert_eq!(notes.database.value("SELECT to_regnamespace('cargo_schema')"), "", "looking writes nothing");
    assert_eq!(environment(&notes, &["production"]), ("production".into(), true.into()));
    assert_eq!(notes.database.value("SELECT value FROM cargo_schema.meta WHERE name = 'environment'"), "production");
    assert_eq!(environment(&notes, &[]), ("production".into(), true.into()));
    assert_eq!(json(&notes, &["status"], 0)["result"]["environment"]["name"], "production");
    let status = notes.run(&["status"]).ends_with(0);
    assert!(status.contains("environment  production"), "{status}");

    let asked = notes.run(&["environment", "development"]).ends_with(5);
    assert!(asked.contains("cargo schema environment development --yes"), "{asked}");
    assert_eq!(environment(&notes, &[]), ("production".into(), true.into()));
    assert_eq!(environment(&notes, &["development", "--yes"]), ("development".into(), true.into()));
    assert!(notes.run(&["environment", "development"]).ends_with(0).contains("nothing to do"));
}

#[test]
fn the_ledger_made_for_the_mark_takes_revisions_like_any_other() {
    let notes = Notes::new(SUBCOMMAND);
    notes.run(&["environment", "production"]).ends_with(0);
    notes.run(&["generate", "-m", "first"]).ends_with(0);
    notes.run(&["upgrade"]).ends_with(0);
    assert_eq!(json(&notes, &["status"], 0)["result"]["current"], true);
    assert_eq!(environment(&notes, &[]), ("production".into(), true.into()), "an upgrade keeps the mark");
}

#[test]
fn undoing_in_production_takes_the_name_of_the_database() {
    let notes = Notes::applied(SUBCOMMAND);
    notes.run(&["environment", "production"]).ends_with(0);
    notes.sql("INSERT INTO authors (email) VALUES ('kept')");
    let name = notes.database.name.as_str();
    for words in [&["downgrade", "-1"][..], &["downgrade", "base"], &["downgrade", "-1", "--yes"]] {
        let refused = notes.run(words).ends_with(5);
        assert!(refused.contains(&format!("--confirm {name}")), "{refused}");
    }
    let refused = notes.run(&["downgrade", "base", "--confirm", "shop"]).ends_with(5);
    assert!(refused.contains(&format!("its name is `{name}`")), "{refused}");
    assert_eq!(notes.database.value("SELECT email FROM authors"), "kept", "it is unchanged");
    notes.run(&["downgrade", "base", "--dry-run"]).ends_with(0);
    notes.run(&["downgrade", "base", "--confirm", name]).ends_with(0);
    assert_eq!(notes.database.value("SELECT to_regclass('authors')"), "");
}

#[test]
fn a_database_on_another_machine_is_production_until_it_is_said() {
    let notes = Notes::applied(SUBCOMMAND);
    let url = elsewhere(&notes);
    let ask = |words: &[&str], code: i32| json(&notes, &[words, &["--database-url", &url]].concat(), code);
    let found = ask(&["environment"], 0)["result"]["environment"].clone();
    assert_eq!((&found["name"], &found["marked"]), (&"production".into(), &false.into()));
    let refused = ask(&["downgrade", "-1", "--yes"], 5);
    assert!(refused["failure"]["help"].to_string().contains("cargo schema environment development"), "{refused}");
    ask(&["environment", "development"], 0);
    ask(&["downgrade", "-1"], 0);
}

#[test]
fn a_mark_of_a_newer_version_counts_as_production() {
    let notes = Notes::applied(SUBCOMMAND);
    notes.sql("INSERT INTO cargo_schema.meta VALUES ('environment', 'staging')");
    assert_eq!(environment(&notes, &[]), ("production".into(), true.into()));
}

#[test]
fn a_role_without_rights_can_look_and_is_told_why_it_cannot_mark() {
    let notes = Notes::applied(SUBCOMMAND);
    notes.run(&["environment", "production"]).ends_with(0);
    let role = format!("reader_{}", notes.database.name);
    notes.sql(&format!("CREATE ROLE {role} LOGIN"));
    let url = notes.database.url.replace("user=postgres", &format!("user={role}"));
    let run = |words: &[&str]| {
        let mut command: Command = notes.command(words);
        command.env("DATABASE_URL", &url).output().expect("it starts")
    };
    assert_eq!(String::from_utf8_lossy(&run(&["environment"]).stdout), "production (marked so)\n");
    let refused = run(&["environment", "development", "--yes"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("privilege"), "{said}");
    notes.sql(&format!("DROP ROLE {role}"));
}

#[test]
fn an_embedded_production_database_is_not_reset() {
    let notes = Notes::new(SUBCOMMAND);
    let run = |words: &[&str]| {
        let mut command = notes.command(words);
        let output = command.env_remove("DATABASE_URL").env_remove("SCHEMA_DEV_URL").output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run(&["environment", "production"]).0, Some(0));
    let (code, said) = run(&["dev", "reset", "--yes"]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("is marked as production: all its rows would be lost"), "{said}");
    assert_eq!(run(&["environment", "development", "--yes"]).0, Some(0));
    assert_eq!(run(&["dev", "reset", "--yes"]).0, Some(0));
    assert_eq!(run(&["dev", "stop"]).0, Some(0));
}
