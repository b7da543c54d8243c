//! What a switch tells while it runs, and before it does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use schema_runtime::switch::as_recorded;
use schema_runtime::{Event, Migrator, Options, Target};
use schema_tests::cluster::database;
use schema_tests::revisions::revision;
use schema_tests::switching::{main, run, to, tried, with};

const BIO: (&str, &str, &str) = ("2_bio", "ALTER TABLE users ADD bio text;", "ALTER TABLE users DROP bio;");

#[test]
fn what_was_undone_and_is_there_again_is_told() {
    let database = database();
    let mut client = database.client();
    to(&mut client, &with(&[BIO]));
    let mut other = main();
    other.push(revision("2_other", "1_users", "CREATE TABLE other (); SELECT nix;", ""));
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = told.clone();
    let migrator = Migrator::new(other).observer(move |event: &Event<'_>| {
        let mut seen = seen.lock().unwrap();
        match event {
            Event::RevisionFinished { id, .. } => seen.push(format!("finished {id}")),
            Event::RolledBack { ids } => seen.extend(ids.iter().map(|id| format!("back {id}"))),
            _ => {}
        }
    });
    migrator.switch(&mut client, &Target::Heads, &mut as_recorded).unwrap_err();
    assert_eq!(*told.lock().unwrap(), ["finished 2_bio", "back 2_bio"]);
}

#[test]
fn a_lock_that_a_switch_cannot_have_is_asked_for_again_and_told() {
    let database = database();
    let mut client = database.client();
    to(&mut client, &with(&[BIO]));
    let mut reader = database.client();
    reader.batch_execute("SET application_name = 'a long report'; BEGIN; SELECT * FROM users").unwrap();
    let reader = Mutex::new(Some(reader));
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = told.clone();
    let options = Options {
        lock_timeout: Duration::from_millis(100),
        first_pause: Duration::from_millis(1),
        ..Options::default()
    };
    let migrator = Migrator::new(main()).options(options).observer(move |event: &Event<'_>| {
        if let Event::Retrying { id, oldest, failure, .. } = event {
            seen.lock().unwrap().push((id.to_string(), failure.sqlstate.clone(), oldest[0].application.clone()));
            drop(reader.lock().unwrap().take());
        }
    });
    let report = migrator.switch(&mut client, &Target::Heads, &mut as_recorded).unwrap();
    assert_eq!(report.revisions.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["2_bio"]);
    let expected = ("2_bio".to_owned(), "55P03".to_owned(), "a long report".to_owned());
    assert_eq!(*told.lock().unwrap(), [expected]);
}

#[test]
fn a_dry_run_shows_what_was_interrupted() {
    let database = database();
    let mut client = database.client();
    let steps = "-- schema: no-transaction\nCREATE TABLE a (n integer);\nCREATE TABLE b (n integer REFERENCES nix);";
    let half = with(&[("2_steps", steps, ""), ("3_c", "CREATE TABLE c ();", "")]);
    tried(&mut client, &half).unwrap_err();
    run(&database, "CREATE TABLE nix (n integer PRIMARY KEY)");
    let migrator = Migrator::new(half).options(Options { dry_run: true, ..Options::default() });
    let report = migrator.switch(&mut client, &Target::Heads, &mut as_recorded).unwrap();
    let shown: Vec<_> = report.revisions.iter().map(|run| (run.id.as_str(), run.resumed, run.statements)).collect();
    assert_eq!(shown, [("2_steps", 1, 2), ("3_c", 0, 1)]);
}
