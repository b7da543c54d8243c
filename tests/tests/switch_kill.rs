//! A switch killed with SIGKILL at every event: whatever it had done, the next one ends it, and no row is lost.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use schema_tests::cluster::{Database, database};

const ROWS: &str = "SELECT string_agg(u::text, ' ' ORDER BY id) || (SELECT string_agg(p::text, ' ' ORDER BY id) FROM posts p) FROM users u";

fn switch(database: &Database, branch: &str, kill_at: usize) -> ExitStatus {
    Command::new(env!("CARGO_BIN_EXE_switch_runner"))
        .args([&database.url, branch, &kill_at.to_string()])
        .status()
        .unwrap()
}

fn on_mood() -> Database {
    let database = database();
    assert!(switch(&database, "mood", 0).success());
    let rows = "INSERT INTO users VALUES (1, 'happy', 'a', 'x'), (2, 'sad', 'b', NULL), (3, NULL, NULL, 'y');
                INSERT INTO posts (author) VALUES (1), (2)";
    database.client().batch_execute(rows).unwrap();
    database
}

/// Kills at the first event, the second and so on, until a run is over before it would be killed.
fn killed_everywhere(from: impl Fn() -> Database, to: &str, check: impl Fn(&Database, usize)) -> usize {
    for event in 1.. {
        let database = from();
        let ended = switch(&database, to, event);
        assert!(ended.success() || ended.signal() == Some(9), "event {event}: {ended}");
        if !ended.success() {
            assert!(switch(&database, to, 0).success(), "event {event}: the next run was to end it");
        }
        check(&database, event);
        if ended.success() {
            return event;
        }
    }
    unreachable!("a run ends")
}

#[test]
fn no_moment_loses_a_row() {
    let database = on_mood();
    let before = database.value(ROWS);
    drop(database);
    let away = killed_everywhere(on_mood, "main", |database, event| {
        assert_eq!(
            database.value("SELECT string_agg(u::text, ' ' ORDER BY id) FROM users u"),
            "(2,sad) (3,)",
            "event {event}"
        );
        assert!(switch(database, "mood", 0).success());
        assert_eq!(database.value(ROWS), before, "event {event}");
    });
    let on_main = || {
        let database = on_mood();
        assert!(switch(&database, "main", 0).success());
        database
    };
    let back = killed_everywhere(on_main, "mood", |database, event| {
        assert_eq!(database.value(ROWS), before, "event {event}");
        assert_eq!(database.value("SELECT count(*) FROM cargo_schema_stash.entry"), "0", "event {event}");
    });
    // Both ways have the begin and end of every revision, and of every statement.
    assert!(20 < away && 15 < back, "{away} {back}");
}
