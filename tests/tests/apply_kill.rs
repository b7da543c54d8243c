//! A deploy killed with SIGKILL at every moment: the next one finishes, nothing is done twice, nothing is half-recorded.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::Mutex;

use schema_runtime::{Migrator, Status};
use schema_tests::cluster::{Database, database};
use schema_tests::revisions::{counted_of_thirty, thirty_in_a_transaction, thirty_outside};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Transaction,
    Outside,
}

/// Kills the deploy `way` at every moment of its thirty statements, and looks at what the next one makes of it.
fn killed_everywhere(mode: Mode, way: &str) {
    let moments: Vec<(&str, usize)> = (1..=30).flat_map(|n| [("started", n), ("finished", n)]).collect();
    let queue = Mutex::new(moments.into_iter().chain([("revision-finished", 30)]));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((moment, number)) = next else { break };
                    killed_at(mode, way, moment, number);
                }
            });
        }
    });
}

fn killed_at(mode: Mode, way: &str, moment: &str, number: usize) {
    let (database, case) = (database(), format!("{way} {moment} {number}"));
    if way == "down" {
        assert!(deploy(&database, mode, "up", "", 0).success(), "{case}");
    }
    let status = deploy(&database, mode, way, moment, number);
    assert_eq!(status.signal(), Some(9), "{case}: the deploy was to be killed");
    let kept = if moment == "revision-finished" { 30 } else { number - 1 };
    recorded_as(&status_of(&database, mode), mode, way, kept, &case);
    assert!(deploy(&database, mode, way, "", 0).success(), "{case}: the next deploy was to finish");
    done_once(&database, mode, way, &case);
}

/// What the ledger says right after the kill: all or nothing in a transaction, the finished statements outside.
fn recorded_as(status: &Status, mode: Mode, way: &str, kept: usize, case: &str) {
    let row = status.applied.iter().find(|row| row.id.as_str() == "2_thirty");
    let interrupted = row.and_then(|row| row.interrupted.as_ref());
    let whole = row.is_some() && interrupted.is_none();
    match (mode, kept) {
        (_, 30) => assert_eq!(whole, way == "up", "{case}"),
        (Mode::Transaction, _) => assert_eq!((whole, interrupted), (way == "down", None), "{case}"),
        (Mode::Outside, _) => {
            assert_eq!(interrupted.map(|found| found.done), Some(kept), "{case}");
            assert_eq!(status.half_done.len(), 1, "{case}");
        }
    }
}

fn done_once(database: &Database, mode: Mode, way: &str, case: &str) {
    let counted = counted_of_thirty(mode == Mode::Outside);
    let mut expected: Vec<i64> = counted.iter().map(|n| i64::from(*n)).collect();
    if way == "down" {
        expected.extend(counted.iter().map(|n| -i64::from(*n)));
    }
    expected.sort_unstable();
    let expected = expected.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    assert_eq!(database.value("SELECT string_agg(n::text, ',' ORDER BY n) FROM done"), expected, "{case}");
    assert_eq!(database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0", "{case}");
    // The 3rd, 12th and 21st statements make an index that the 6th, 15th and 24th drop; the 30th makes the last one.
    let left = if mode == Mode::Outside && way == "up" { "done_30" } else { "" };
    let indexes = database.value("SELECT string_agg(relname, ',') FROM pg_class WHERE relname LIKE 'done\\_%'");
    assert_eq!(indexes, left, "{case}");
    let status = status_of(database, mode);
    assert_eq!((status.half_done.len(), status.pending.len()), (0, usize::from(way == "down")), "{case}");
    assert_eq!(status.applied.len(), if way == "down" { 1 } else { 2 }, "{case}");
}

fn status_of(database: &Database, mode: Mode) -> Status {
    let migrations = if mode == Mode::Outside { thirty_outside() } else { thirty_in_a_transaction() };
    Migrator::new(migrations).status(&mut database.client()).unwrap()
}

fn deploy(database: &Database, mode: Mode, way: &str, moment: &str, number: usize) -> std::process::ExitStatus {
    let mode = if mode == Mode::Outside { "outside" } else { "transaction" };
    Command::new(env!("CARGO_BIN_EXE_apply_runner"))
        .args([&database.url, mode, way, moment, &number.to_string()])
        .status()
        .unwrap()
}

#[test]
fn upgrade_in_a_transaction() {
    killed_everywhere(Mode::Transaction, "up");
}

#[test]
fn upgrade_outside_a_transaction() {
    killed_everywhere(Mode::Outside, "up");
}

#[test]
fn downgrade_in_a_transaction() {
    killed_everywhere(Mode::Transaction, "down");
}

#[test]
fn downgrade_outside_a_transaction() {
    killed_everywhere(Mode::Outside, "down");
}
