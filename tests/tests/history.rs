//! What `history`, `show` and `status` say of each revision: where it stands in the history and in the database.

use std::fs;
use std::process::Command;

use schema_tests::notes::Notes;
use serde_json::Value;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

fn json(notes: &Notes, words: &[&str], code: i32) -> Value {
    serde_json::from_str(&notes.json(words, code)).expect("one object")
}

/// A revision of hand-written SQL with these parents.
fn revision(notes: &Notes, id: &str, parents: &[&str], up: &str) {
    let folder = notes.root.join("migrations").join(id);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("up.sql"), up).unwrap();
    fs::write(folder.join("down.sql"), "SELECT 1;\n").unwrap();
    let message = id.split_once('_').unwrap().1.replace('_', " ");
    let record = format!("format = 1\nmessage = \"{message}\"\nparents = {parents:?}\nchanges = []\n");
    fs::write(folder.join("revision.toml"), record).unwrap();
}

fn git(notes: &Notes, words: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(words).current_dir(&notes.root);
    let done = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_graph_shows_lines_and_where_each_revision_stands() {
    let notes = Notes::new(SUBCOMMAND);
    revision(&notes, "1_base", &[], "SELECT 1;\n");
    revision(&notes, "2_users", &["1_base"], "SELECT 2;\n");
    revision(&notes, "3_orders", &["1_base"], "SELECT 3;\n");
    revision(&notes, "4_theirs", &["2_users"], "SELECT 4;\n");
    notes.run(&["upgrade"]).ends_with(0);
    fs::remove_dir_all(notes.root.join("migrations/4_theirs")).unwrap();
    revision(&notes, "5_merge", &["2_users", "3_orders"], "SELECT 5;\n");
    notes.edit("migrations/3_orders/up.sql", "3", "33");
    let drawn = notes.run(&["history", "--graph"]).ends_with(0);
    let expected = r"
  *      1_base          applied  base
  |\
  * |    2_users         applied  users
  |-|\
  | * |  3_orders        edited   orders
  * | |  4_theirs        foreign  theirs
    |/
    *    5_merge   head  pending  merge
";
    assert_eq!(drawn, expected.trim_start_matches('\n'));
    let found = json(&notes, &["history"], 0)["result"].clone();
    let states: Vec<&str> =
        found["revisions"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["applied", "applied", "edited", "pending"]);
    assert_eq!(found["foreign"][0]["id"], "4_theirs");
}

#[test]
fn files_alone_are_shown_where_no_database_answers() {
    let notes = Notes::new(SUBCOMMAND);
    revision(&notes, "1_base", &[], "SELECT 1;\n");
    for url in ["", "postgres://127.0.0.1:1/nowhere"] {
        let mut command = notes.command(&["history", "--format", "json"]);
        let output = command.env("DATABASE_URL", url).output().unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{found}");
        assert!(found["result"]["revisions"][0]["state"].is_null() && found["result"]["database"].is_null(), "{found}");
    }
    assert!(!notes.root.join("cache").join("data").exists(), "no server is made for it");
}

#[test]
fn a_revision_says_who_applied_it_and_from_where() {
    let notes = Notes::new(SUBCOMMAND);
    git(&notes, &["init", "-q", "-b", "feature/users"]);
    revision(&notes, "1_base", &[], "SELECT 1;\n");
    revision(&notes, "2_users", &["1_base"], "SELECT 2;\n");
    git(&notes, &["add", "migrations"]);
    git(&notes, &["commit", "-q", "-m", "users"]);
    assert_eq!(json(&notes, &["show", "users"], 0)["result"]["state"], "pending");
    notes.run(&["upgrade"]).ends_with(0);
    let shown = json(&notes, &["show", "users"], 0)["result"].clone();
    let (state, applied) = (&shown["state"], &shown["applied"]);
    assert_eq!((state, &applied["applied_by"]), (&"applied".into(), &"postgres".into()), "{shown}");
    assert_eq!((&applied["git_branch"], applied["git_commit"].as_str().unwrap().len()), (&"feature/users".into(), 40));
    let text = notes.run(&["show", "users"]).ends_with(0);
    assert!(text.contains("  state     applied\n") && text.contains("from branch feature/users, commit "), "{text}");

    // Another branch has taken the files away; the ledger still knows.
    fs::remove_dir_all(notes.root.join("migrations/2_users")).unwrap();
    let text = notes.run(&["show", "users"]).ends_with(0);
    assert!(text.contains("  state     foreign\n") && text.contains("SELECT 2;"), "{text}");
    assert!(json(&notes, &["show", "users"], 0)["result"]["folder"].is_null());
    notes.run(&["show", "orders"]).ends_with(2);
}

#[test]
fn what_has_drifted_is_told_by_revision() {
    let notes = Notes::applied(SUBCOMMAND);
    notes.edit("src/note.rs", "pub title: String,", "pub title: String,\n    pub stars: Option<i32>,");
    notes.run(&["generate", "-m", "stars"]).ends_with(0);
    notes.run(&["upgrade"]).ends_with(0);
    assert_eq!(json(&notes, &["status"], 0)["result"]["drifted"], Value::Array(Vec::new()));
    notes.sql("ALTER TABLE notes ALTER COLUMN stars SET DEFAULT 5; ALTER TABLE authors ADD COLUMN by_hand text");
    let drifted = json(&notes, &["status"], 0)["result"]["drifted"].clone();
    let told = |at: usize| (drifted[at]["id"].as_str().unwrap(), drifted[at]["objects"][0]["name"].as_str().unwrap());
    assert_eq!(told(0), ("20261122131500_first", "authors.by_hand"), "{drifted}");
    assert_eq!(told(1), ("20261122131501_stars", "notes.stars"), "{drifted}");
    let status = notes.run(&["status"]).ends_with(0);
    assert!(status.contains("  drifted  20261122131501_stars  column notes.stars\n"), "{status}");
    let shown = notes.run(&["show", "stars"]).ends_with(0);
    assert!(shown.contains("  drifted   column notes.stars\n"), "{shown}");
}
