//! Checkpoints: an empty database runs one revision for many, and databases that hold all or some of the originals lose nothing.

use std::fs;
use std::path::PathBuf;

use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use schema_tests::notes::Notes;
use serde_json::Value;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");
const FIRST: &str = "20261122131500_first";

fn json(notes: &Notes, words: &[&str], code: i32) -> Value {
    serde_json::from_str(&notes.json(words, code)).expect("one object")
}

fn on(notes: &Notes, database: &Database, words: &[&str], code: i32) -> Value {
    json(notes, &[words, &["--database-url", &database.url]].concat(), code)
}

/// The revisions that a run has applied.
fn ran(report: &Value) -> Vec<String> {
    let runs = report["result"]["revisions"].as_array().unwrap().iter();
    runs.map(|run| run["id"].as_str().unwrap().split_once('_').unwrap().1.to_owned()).collect()
}

/// Four revisions: the first is of the fixture, then a column, its rename, and its rows filled.
fn history() -> Notes {
    let notes = Notes::applied(SUBCOMMAND);
    notes.edit("src/note.rs", "pub title: String,", "pub title: String,\n    pub stars: Option<i32>,");
    notes.run(&["generate", "-m", "stars"]).ends_with(0);
    notes.edit("src/note.rs", "pub stars:", "pub rating:");
    notes.run(&["generate", "-m", "rating", "--rename", "notes.stars=notes.rating"]).ends_with(0);
    notes.run(&["generate", "--empty", "-m", "fill"]).ends_with(0);
    let fill = notes.root.join("migrations/20261122131503_fill/up.sql");
    fs::write(fill, "UPDATE notes SET rating = 3 WHERE rating IS NULL;\n").unwrap();
    notes
}

#[test]
fn every_database_gets_to_the_same_place_and_keeps_its_rows() {
    let notes = history();
    let (all, between, base, empty) = (&notes.database, database(), database(), database());
    on(&notes, all, &["upgrade"], 0);
    on(&notes, &between, &["upgrade", "+2"], 0);
    on(&notes, &base, &["upgrade", "+1"], 0);
    const ROWS: &str = "INSERT INTO authors (email) VALUES ('a'); INSERT INTO notes (author_id, title) VALUES (1, 't')";
    [all, &between, &base].iter().for_each(|database| database.client().batch_execute(ROWS).unwrap());

    let preview = json(&notes, &["squash", "first..", "--dry-run"], 0);
    assert_eq!(fs::read_dir(notes.root.join("migrations")).unwrap().count(), 4, "{preview}");
    let squashed = json(&notes, &["squash", "first..", "-m", "squashed"], 0)["result"].clone();
    assert_eq!(squashed["replaces"].as_array().unwrap().len(), 3, "{squashed}");
    assert_eq!(json(&notes, &["show", "squashed"], 0)["result"]["replaces"], squashed["replaces"]);
    let up = squashed["up"].as_str().unwrap();
    assert!(up.contains("ADD COLUMN rating integer") && !up.contains("stars") && !up.contains("UPDATE"), "{up}");
    assert_eq!(json(&notes, &["generate", "--check"], 0)["result"]["changes"], Value::Array(Vec::new()));
    assert_eq!(on(&notes, &empty, &["check"], 0)["outcome"], "done");

    assert_eq!(ran(&on(&notes, &empty, &["upgrade"], 0)), ["first", "squashed"]);
    assert_eq!(ran(&on(&notes, all, &["upgrade"], 0)), Vec::<String>::new(), "it is told, and nothing runs");
    assert_eq!(ran(&on(&notes, &between, &["upgrade"], 0)), ["rating", "fill"]);
    assert_eq!(
        ran(&on(&notes, &base, &["upgrade"], 0)),
        ["stars", "rating", "fill"],
        "it has rows, so it is not empty"
    );
    assert_eq!(on(&notes, &between, &["status"], 0)["result"]["current"], true);
    on(&notes, &between, &["upgrade"], 0);
    for database in [all, &between] {
        assert_eq!(database.value("SELECT count(*) FROM cargo_schema.revision"), "5", "rows of the originals are kept");
    }
    assert_eq!(between.value("SELECT rating FROM notes"), "3");
    assert_eq!(base.value("SELECT rating FROM notes"), "3");
    for database in [&between, &base, &empty] {
        assert_eq!(diff(&dump(all), &dump(database)), Vec::<String>::new());
        let status = on(&notes, database, &["status"], 0)["result"].clone();
        assert_eq!((&status["current"], &status["drift"]["drifted"]), (&true.into(), &false.into()), "{status}");
    }

    // What comes later names the checkpoint, and fits all of them.
    notes.edit("src/note.rs", "pub rating: Option<i32>,", "pub rating: Option<i32>,\n    pub color: Option<String>,");
    let later = json(&notes, &["generate", "-m", "color"], 0);
    assert_eq!(later["result"]["parents"][0], squashed["id"]);
    let fresh = database();
    on(&notes, &fresh, &["upgrade", "+1"], 0);
    assert_eq!(ran(&on(&notes, &fresh, &["upgrade"], 0)), ["stars", "rating", "fill", "color"]);
    [all, &between, &base, &empty]
        .iter()
        .for_each(|database| assert_eq!(ran(&on(&notes, database, &["upgrade"], 0)), ["color"]));
    assert_eq!(diff(&dump(all), &dump(&fresh)), Vec::<String>::new());
}

#[test]
fn without_the_files_of_the_originals_a_database_between_them_is_refused() {
    let notes = history();
    let between = database();
    on(&notes, &notes.database, &["upgrade"], 0);
    on(&notes, &between, &["upgrade", "+2"], 0);
    json(&notes, &["squash", "first..", "-m", "squashed"], 0);
    for original in ["20261122131501_stars", "20261122131502_rating", "20261122131503_fill"] {
        fs::remove_dir_all(notes.root.join("migrations").join(original)).unwrap();
    }
    let refused = on(&notes, &between, &["upgrade"], 1);
    assert_eq!(refused["findings"][0]["code"], "checkpoint-partial", "{refused}");
    assert!(refused["findings"][0]["notes"].to_string().contains("20261122131502_rating"), "{refused}");
    assert_eq!(between.value("SELECT count(stars) FROM notes"), "0", "it is unchanged");
    let status = json(&notes, &["status"], 0)["result"].clone();
    assert_eq!((&status["current"], &status["foreign"]), (&true.into(), &Value::Array(Vec::new())), "{status}");
    assert_eq!(ran(&json(&notes, &["upgrade"], 0)), Vec::<String>::new());
    let empty = database();
    assert_eq!(ran(&on(&notes, &empty, &["upgrade"], 0)), ["first", "squashed"]);
    assert_eq!(diff(&dump(&notes.database), &dump(&empty)), Vec::<String>::new());
}

#[test]
fn a_checkpoint_that_is_undone_takes_the_rows_of_its_originals_along() {
    let notes = history();
    notes.run(&["upgrade"]).ends_with(0);
    json(&notes, &["squash", "first..", "-m", "squashed"], 0);
    notes.run(&["upgrade"]).ends_with(0);
    notes.database.client().batch_execute(RATED).unwrap();
    assert_eq!(ran(&json(&notes, &["downgrade", "first"], 0)), ["squashed"]);
    assert_eq!(notes.database.value("SELECT string_agg(id, ' ') FROM cargo_schema.revision"), FIRST);
    assert_eq!(ran(&json(&notes, &["upgrade"], 0)), ["stars", "rating", "fill"], "it is not empty");
    assert_eq!(notes.database.value("SELECT rating FROM notes"), "5", "the last of the originals gives it back");
}

const RATED: &str =
    "INSERT INTO authors (email) VALUES ('a'); INSERT INTO notes (author_id, title, rating) VALUES (1, 't', 5)";

#[test]
fn originals_that_were_undone_come_back_with_their_checkpoint() {
    let notes = history();
    notes.run(&["upgrade"]).ends_with(0);
    notes.database.client().batch_execute(RATED).unwrap();
    assert_eq!(ran(&json(&notes, &["downgrade", "base", "--yes"], 0)), ["fill", "rating", "stars", "first"]);
    json(&notes, &["squash", "..", "-m", "all"], 0);
    let back = json(&notes, &["upgrade"], 0);
    assert_eq!(ran(&back), ["all"]);
    assert_eq!(notes.database.value("SELECT title FROM notes"), "t");
    // The column had another name where it was taken; the checkpoint has no place for that.
    let left = back["result"]["restored"].as_array().unwrap().iter().find(|one| one["state"] == "no-place").unwrap();
    assert_eq!((&left["table"], &left["columns"][0], &left["left"]), (&"notes".into(), &"stars".into(), &1.into()));
}

/// The revision folders of a checkout, taken away, and put back.
struct Aside {
    from: PathBuf,
    to: PathBuf,
}

impl Aside {
    fn of(notes: &Notes, name: &str) -> Aside {
        let found = fs::read_dir(notes.root.join("migrations")).unwrap().map(|entry| entry.unwrap().path());
        let from = found.into_iter().find(|path| path.to_string_lossy().ends_with(name)).unwrap();
        let to = notes.root.join(from.file_name().unwrap());
        fs::rename(&from, &to).unwrap();
        Aside { from, to }
    }

    fn back(self) {
        fs::rename(self.to, self.from).unwrap();
    }
}

#[test]
fn a_development_database_goes_to_a_branch_from_before_the_squash_and_back() {
    let notes = history();
    notes.run(&["upgrade"]).ends_with(0);
    notes.database.client().batch_execute(RATED).unwrap();
    let rows = || {
        notes.database.value("SELECT string_agg(split_part(id, '_', 2), ' ' ORDER BY id) FROM cargo_schema.revision")
    };
    json(&notes, &["squash", "first..", "-m", "squashed"], 0);
    let originals: Vec<Aside> = ["_stars", "_rating", "_fill"].map(|name| Aside::of(&notes, name)).into();
    notes.edit("src/note.rs", "pub rating: Option<i32>,", "pub rating: Option<i32>,\n    pub color: Option<String>,");
    notes.run(&["generate", "-m", "color"]).ends_with(0);
    assert_eq!(ran(&json(&notes, &["upgrade"], 0)), ["color"]);
    notes.database.client().batch_execute("UPDATE notes SET color = 'red'").unwrap();
    // A database that was made after the squash knows the originals by the checkpoint alone.
    let young = database();
    assert_eq!(ran(&on(&notes, &young, &["upgrade"], 0)), ["first", "squashed", "color"]);
    young.client().batch_execute(RATED).unwrap();
    let there = dump(&notes.database);

    // The other branch: the originals, no checkpoint, and a revision of its own.
    originals.into_iter().for_each(Aside::back);
    let main: Vec<Aside> = ["_color", "_squashed"].map(|name| Aside::of(&notes, name)).into();
    notes.edit("src/note.rs", "pub color: Option<String>,", "pub size: Option<i32>,");
    notes.run(&["generate", "-m", "size"]).ends_with(0);
    for database in [&notes.database, &young] {
        let preview = on(&notes, database, &["upgrade", "--dry-run"], 0);
        assert_eq!(ran(&preview), ["color", "size"], "the checkpoint is no revision to undo: {preview}");
        assert_eq!(ran(&on(&notes, database, &["upgrade"], 0)), ["color", "size"]);
        assert_eq!(database.value("SELECT rating FROM notes"), "5");
        let status = on(&notes, database, &["status"], 0)["result"].clone();
        assert_eq!((&status["current"], &status["drift"]["drifted"]), (&true.into(), &false.into()), "{status}");
    }
    assert_eq!(rows(), "first stars rating fill size");

    // And back.
    main.into_iter().for_each(Aside::back);
    let _gone: Vec<Aside> = ["_size", "_stars", "_rating", "_fill"].map(|name| Aside::of(&notes, name)).into();
    notes.edit("src/note.rs", "pub size: Option<i32>,", "pub color: Option<String>,");
    for database in [&notes.database, &young] {
        assert_eq!(ran(&on(&notes, database, &["upgrade"], 0)), ["size", "color"]);
        assert_eq!(database.value("SELECT rating FROM notes"), "5");
        assert_eq!(diff(&there, &dump(database)), Vec::<String>::new());
    }
    assert_eq!(notes.database.value("SELECT color FROM notes"), "red");
    // All of it undone again goes from the last to the first.
    assert_eq!(ran(&json(&notes, &["downgrade", "base", "--yes"], 0)), ["color", "squashed", "first"]);
}

#[test]
fn revisions_that_fill_rows_are_refused_by_name_or_kept() {
    let notes = history();
    notes.run(&["generate", "--empty", "-m", "seed"]).ends_with(0);
    let seed = notes.root.join("migrations/20261122131504_seed/up.sql");
    fs::write(seed, "INSERT INTO authors (email) VALUES ('admin');\n").unwrap();
    let down = notes.root.join("migrations/20261122131504_seed/down.sql");
    fs::write(down, "DELETE FROM authors WHERE email = 'admin';\n").unwrap();
    let refused = notes.run(&["squash", ".."]).ends_with(5);
    assert!(refused.contains("`20261122131504_seed`") && !refused.contains("_fill`"), "{refused}");
    assert_eq!(fs::read_dir(notes.root.join("migrations")).unwrap().count(), 5);
    let empty = database();
    notes.run(&["upgrade"]).ends_with(0);
    let kept = json(&notes, &["squash", "..", "-m", "all", "--keep-data-steps"], 0);
    assert!(kept["result"]["up"].as_str().unwrap().contains("INSERT INTO authors"), "{kept}");
    assert_eq!(ran(&on(&notes, &empty, &["upgrade"], 0)), ["all"]);
    assert_eq!(empty.value("SELECT email FROM authors"), "admin");
    assert_eq!(diff(&dump(&notes.database), &dump(&empty)), Vec::<String>::new());
}

#[test]
fn rows_that_a_checkpoint_would_leave_otherwise_are_found() {
    let notes = history();
    notes.run(&["generate", "--empty", "-m", "seed"]).ends_with(0);
    let up = "INSERT INTO notes (author_id, title) SELECT 1, 'x' WHERE false;\nINSERT INTO authors (email) VALUES ('admin');\n";
    fs::write(notes.root.join("migrations/20261122131504_seed/up.sql"), up).unwrap();
    fs::write(notes.root.join("migrations/20261122131504_seed/down.sql"), "DELETE FROM authors;\n").unwrap();
    // A column whose default came after the row: at the end, the row would get it.
    notes.edit("src/author.rs", "pub email: String,", "pub email: String,\n    pub nick: Option<String>,");
    notes.run(&["generate", "-m", "nick"]).ends_with(0);
    notes.edit("src/author.rs", "pub nick:", "#[column(default = \"'none'\")]\n    pub nick:");
    notes.run(&["generate", "-m", "default"]).ends_with(0);
    let found = json(&notes, &["squash", "..", "--keep-data-steps"], 1);
    assert_eq!(found["findings"][0]["code"], "checkpoint-differs", "{found}");
    assert!(found["findings"][0]["notes"].to_string().contains("authors"), "{found}");
}

#[test]
fn a_script_refuses_what_only_the_engine_can_decide() {
    let notes = history();
    notes.run(&["upgrade"]).ends_with(0);
    json(&notes, &["squash", "first..", "-m", "squashed"], 0);
    let sql = json(&notes, &["upgrade", "--sql"], 0)["result"]["sql"].as_str().unwrap().to_owned();
    let file = notes.root.join("all.sql");
    fs::write(&file, sql).unwrap();
    let run = |database: &Database| {
        let output = database.program("psql").args(["-X", "-f"]).arg(&file).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (done, said) = run(&notes.database);
    assert!(!done && said.contains("run cargo schema upgrade on it"), "{said}");
    let empty = database();
    assert!(run(&empty).0);
    assert_eq!(diff(&dump(&notes.database), &dump(&empty)), Vec::<String>::new());
    assert_eq!(on(&notes, &empty, &["status"], 0)["result"]["current"], true);
}

#[test]
fn what_was_built_on_the_originals_was_built_before_the_checkpoint_was_told() {
    let notes = history();
    notes.edit("src/note.rs", "pub rating: Option<i32>,", "pub rating: Option<i32>,\n    pub color: Option<String>,");
    notes.run(&["generate", "-m", "color"]).ends_with(0);
    notes.run(&["upgrade"]).ends_with(0);
    json(&notes, &["squash", "first..fill", "-m", "squashed"], 0);
    assert_eq!(ran(&json(&notes, &["upgrade"], 0)), Vec::<String>::new());
    let status = json(&notes, &["status"], 0)["result"].clone();
    assert_eq!((&status["current"], &status["drift"]["drifted"]), (&true.into(), &false.into()), "{status}");
    assert_eq!(ran(&json(&notes, &["downgrade", "first"], 0)), ["color", "squashed"]);
    assert_eq!(ran(&json(&notes, &["upgrade"], 0)), ["stars", "rating", "fill", "color"]);
}

#[test]
fn a_checkpoint_stays_what_it_is() {
    let notes = history();
    json(&notes, &["squash", "first..", "-m", "squashed"], 0);
    assert_eq!(json(&notes, &["record", "squashed"], 0)["result"]["written"], false);
    let originals: Vec<Aside> = ["_stars", "_rating", "_fill", "_squashed"].map(|name| Aside::of(&notes, name)).into();
    notes.edit("src/note.rs", "    pub rating: Option<i32>,\n", "    pub size: Option<i32>,\n");
    notes.run(&["generate", "-m", "size"]).ends_with(0);
    originals.into_iter().for_each(Aside::back);
    let refused = notes.run(&["rebase", "squashed"]).ends_with(2);
    assert!(refused.contains("_squashed` is a checkpoint"), "{refused}");
}

#[test]
fn a_range_has_two_ends_and_no_checkpoint() {
    let notes = history();
    assert!(notes.run(&["squash", "first"]).ends_with(2).contains("BASE..REV"));
    assert!(notes.run(&["squash", "rating..stars"]).ends_with(2).contains("does not come before"));
    notes.run(&["squash", "fill.."]).ends_with(2);
    json(&notes, &["squash", "first..rating", "-m", "squashed"], 0);
    let refused = notes.run(&["squash", ".."]).ends_with(5);
    assert!(refused.contains("is a checkpoint itself"), "{refused}");
}
