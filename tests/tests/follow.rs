//! `upgrade`, `switch`, `downgrade` and `stash` on branches of a real git repository.

use std::process::Command;

use schema_tests::notes::Notes;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

fn git(notes: &Notes, words: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]);
    let output = command.args(words).current_dir(&notes.root).output().expect("git is there");
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(notes: &Notes) {
    git(notes, &["add", "-A"]);
    git(notes, &["commit", "-qm", "a commit"]);
}

/// A repository whose branch `main` has one revision, and whose branch `mood` has a column more, with rows on both.
fn branched() -> Notes {
    let notes = Notes::applied(SUBCOMMAND);
    std::fs::write(notes.root.join(".gitignore"), "/cache\n").expect("the copy is the test's own");
    git(&notes, &["init", "-q"]);
    commit(&notes);
    git(&notes, &["switch", "-qc", "mood"]);
    notes.edit("src/note.rs", "    pub title: String,\n", "    pub title: String,\n    pub mood: Option<String>,\n");
    notes.run(&["generate", "-m", "mood"]).ends_with(0);
    notes.run(&["upgrade"]).ends_with(0);
    commit(&notes);
    notes
}

#[test]
fn the_database_follows_the_branch_and_back() {
    let notes = branched();
    notes.sql("INSERT INTO authors (email) VALUES ('a'); INSERT INTO notes (title, author_id, mood) SELECT 'x', id, 'good' FROM authors");
    git(&notes, &["switch", "-q", "main"]);
    let shown = notes.run(&["switch", "--dry-run"]).ends_with(0);
    assert!(shown.contains("would be undone, in this order:\n  20261122131501_mood"), "{shown}");
    let text = notes.run(&["switch"]).ends_with(0);
    assert!(text.contains("1 revision undone"), "{text}");
    assert!(text.contains("kept until its revision is applied again: column notes.mood (1 row)"), "{text}");
    assert!(notes.run(&["check"]).ends_with(0).contains("is what they make"));
    let list = notes.run(&["stash", "list"]).ends_with(0);
    assert!(
        list.contains("column notes.mood (1 row)  from undoing 20261122131501_mood")
            && list.contains("from branch mood"),
        "{list}"
    );
    let show = notes.run(&["stash", "show", "1"]).ends_with(0);
    assert!(show.contains("good"), "{show}");
    assert_eq!(notes.run(&["switch"]).ends_with(0).lines().next(), Some("nothing to do"));
    git(&notes, &["switch", "-q", "mood"]);
    let text = notes.run(&["upgrade"]).ends_with(0);
    assert!(text.contains("given back: column notes.mood (1 row)"), "{text}");
    assert_eq!(notes.database.value("SELECT mood FROM notes"), "good");
    assert!(notes.run(&["stash", "list"]).ends_with(0).contains("the stash is empty"));
}

#[test]
fn production_refuses_and_is_unchanged() {
    let notes = branched();
    notes.run(&["environment", "production"]).ends_with(0);
    git(&notes, &["switch", "-q", "main"]);
    let before = notes.database.dump();
    for words in [["switch"].as_slice(), &["upgrade"], &["stash", "drop", "--all", "--yes"]] {
        let text = notes.run(words).ends_with(5);
        assert!(text.contains("cargo schema environment development"), "{text}");
    }
    assert_eq!(notes.database.dump(), before);
}

#[test]
fn a_down_that_is_missing_or_fails_is_planned_shown_and_asked_about() {
    let notes = branched();
    notes.sql("INSERT INTO authors (email) VALUES ('a'); INSERT INTO notes (title, author_id, mood) SELECT 'x', id, 'good' FROM authors");
    for broken in ["down = NULL", "down = 'ALTER TABLE notes DROP COLUMN nix'"] {
        notes.sql(&format!("UPDATE cargo_schema.revision SET {broken} WHERE id LIKE '%mood'"));
        git(&notes, &["switch", "-q", "main"]);
        let text = notes.run(&["switch"]).ends_with(5);
        assert!(text.contains("ALTER TABLE notes DROP COLUMN mood;") && text.contains("add --yes"), "{text}");
        assert_eq!(notes.database.value("SELECT mood FROM notes"), "good");
        notes.run(&["switch", "--yes"]).ends_with(0);
        notes.run(&["check"]).ends_with(0);
        git(&notes, &["switch", "-q", "mood"]);
        notes.run(&["switch"]).ends_with(0);
        assert_eq!(notes.database.value("SELECT mood FROM notes"), "good");
    }
}

#[test]
fn a_label_goes_from_under_a_column_of_another_branch() {
    let notes = Notes::applied(SUBCOMMAND);
    std::fs::write(notes.root.join(".gitignore"), "/cache\n").expect("the copy is the test's own");
    git(&notes, &["init", "-q"]);
    commit(&notes);
    for (branch, file, from, to) in [
        ("label", "src/note.rs", "    Published,\n", "    Published,\n    Gone,\n"),
        (
            "column",
            "src/author.rs",
            "    pub email: String,\n",
            "    pub email: String,\n    pub last: Option<crate::note::State>,\n",
        ),
    ] {
        git(&notes, &["switch", "-qc", branch, "main"]);
        notes.edit(file, from, to);
        notes.run(&["generate", "-m", branch]).ends_with(0);
        commit(&notes);
    }
    git(&notes, &["merge", "-q", "--no-edit", "label"]);
    notes.run(&["check"]).ends_with(0);
    notes.run(&["upgrade"]).ends_with(0);
    notes.sql("INSERT INTO authors (email, last) VALUES ('a', 'gone'), ('b', 'draft')");
    let both = notes.database.dump();
    // Without the label, the type is made anew under a column that its author never saw.
    git(&notes, &["reset", "-q", "--hard", "HEAD^"]);
    let text = notes.run(&["switch"]).ends_with(5);
    assert!(text.contains("ALTER TABLE authors") && text.contains("add --yes"), "{text}");
    assert_eq!(notes.database.dump(), both, "nothing is done unasked");
    notes.run(&["switch", "--yes"]).ends_with(0);
    assert!(notes.run(&["check"]).ends_with(0).contains("is what they make"));
    assert_eq!(notes.database.value("SELECT string_agg(email, ' ') FROM authors"), "b");
    git(&notes, &["merge", "-q", "--no-edit", "label"]);
    notes.run(&["switch"]).ends_with(0);
    let last = "SELECT string_agg(email || ' ' || last, ', ' ORDER BY email) FROM authors";
    assert_eq!(notes.database.value(last), "a gone, b draft");
}

#[test]
fn downgrade_keeps_what_it_undoes() {
    let notes = branched();
    notes.sql("INSERT INTO authors (email) VALUES ('a'); INSERT INTO notes (title, author_id, mood) SELECT 'x', id, 'good' FROM authors");
    let rows = "SELECT string_agg(n::text, ' ') FROM notes n";
    let before = notes.database.value(rows);
    notes.run(&["downgrade", "base", "--yes"]).ends_with(0);
    assert_eq!(notes.database.value("SELECT to_regclass('notes')"), "");
    notes.run(&["upgrade"]).ends_with(0);
    assert_eq!(notes.database.value(rows), before);
    notes.run(&["downgrade", "-1"]).ends_with(0);
    let text = notes.run(&["stash", "drop", "--all"]).ends_with(5);
    assert!(text.contains("column notes.mood (1 row) would be lost for good"), "{text}");
    notes.run(&["stash", "drop", "--all", "--yes"]).ends_with(0);
    notes.run(&["upgrade"]).ends_with(0);
    assert_eq!(notes.database.value("SELECT mood IS NULL FROM notes"), "t");
    let text = notes.run(&["stash", "show", "7"]).ends_with(2);
    assert!(text.contains("the stash has no entry 7"), "{text}");
}

#[test]
fn two_worktrees_share_one_database() {
    let notes = branched();
    let insert = "INSERT INTO authors (email) VALUES ('a'); INSERT INTO notes (title, author_id, mood) SELECT 'x', id, 'good' FROM authors";
    notes.sql(insert);
    let beside = notes.root.with_extension("main");
    let _ = std::fs::remove_dir_all(&beside);
    git(&notes, &["worktree", "add", "-q", beside.to_str().expect("a plain path"), "main"]);
    for _ in 0..2 {
        let output = notes.command(&["switch"]).current_dir(&beside).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let columns =
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'notes' AND column_name = 'mood'";
        assert_eq!(notes.database.value(columns), "0");
        notes.run(&["switch"]).ends_with(0);
        assert_eq!(notes.database.value("SELECT mood FROM notes"), "good");
    }
    let _ = std::fs::remove_dir_all(&beside);
}
