//! The engine on a real server: what is applied, refused, recorded and given back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postgres::{Client, NoTls};
use schema_runtime::apply::{Direction, Holder};
use schema_runtime::switch::as_recorded;
use schema_runtime::{ApplyError, Event, Migration, Migrator, Options, Resolution, Target};
use schema_tests::cluster::database;
use schema_tests::revisions::{id, revision};

fn three() -> Vec<Migration> {
    vec![
        revision("1_users", "", "CREATE TABLE users (id integer);", "DROP TABLE users;"),
        revision("2_name", "1_users", "ALTER TABLE users ADD name text;", "ALTER TABLE users DROP name;"),
        revision("3_rows", "2_name", "INSERT INTO users VALUES (1, 'a''b\\');", "DELETE FROM users;"),
    ]
}

fn ids(report: &schema_runtime::Report) -> Vec<&str> {
    report.revisions.iter().map(|run| run.id.as_str()).collect()
}

#[test]
fn up_down_and_up_again() {
    let database = database();
    let (mut client, migrator) = (database.client(), Migrator::new(three()));
    assert_eq!(migrator.status(&mut client).unwrap().pending.len(), 3);
    assert_eq!(ids(&migrator.upgrade(&mut client).unwrap()), ["1_users", "2_name", "3_rows"]);
    assert!(migrator.status(&mut client).unwrap().is_current());
    assert!(migrator.upgrade(&mut client).unwrap().revisions.is_empty());
    assert_eq!(database.value("SELECT name FROM users"), "a'b\\");
    assert_eq!(
        database.value("SELECT up FROM cargo_schema.revision WHERE id = '3_rows'"),
        "INSERT INTO users VALUES (1, 'a''b\\');"
    );
    let report = migrator.downgrade_to(&mut client, &"1_users".parse().unwrap()).unwrap();
    assert_eq!(ids(&report), ["3_rows", "2_name"]);
    assert_eq!(report.revisions[0].direction, Direction::Down);
    assert_eq!(ids(&migrator.upgrade_to(&mut client, &"+1".parse().unwrap()).unwrap()), ["2_name"]);
    migrator.downgrade_to(&mut client, &"base".parse().unwrap()).unwrap();
    assert_eq!(database.value("SELECT count(*) FROM cargo_schema.revision"), "0");
    assert!(!database.dump().contains("CREATE TABLE"));
}

#[test]
fn a_late_revision_of_another_branch_is_pending() {
    let database = database();
    let mut client = database.client();
    Migrator::new(three()).upgrade(&mut client).unwrap();
    let mut more = three();
    more.push(revision("2_beside", "1_users", "CREATE TABLE beside ();", "DROP TABLE beside;"));
    assert_eq!(ids(&Migrator::new(more).upgrade(&mut client).unwrap()), ["2_beside"]);
}

#[test]
fn a_failing_statement_leaves_nothing_of_its_revision() {
    let database = database();
    let mut migrations = three();
    migrations[2].up = "-- é\nINSERT INTO users VALUES (7);\nSELECT 'é', nix\n  FROM users;".into();
    let error = Migrator::new(migrations).upgrade(&mut database.client()).unwrap_err();
    let ApplyError::Statement(failure) = &error else { panic!("{error}") };
    let place = failure.place.as_ref().unwrap();
    assert_eq!((place.index, place.of, place.line, place.column), (1, 2, 3, 13));
    assert_eq!((failure.failure.sqlstate.as_str(), failure.kept), ("42703", 0));
    assert_eq!(failure.finished, [id("1_users"), id("2_name")]);
    assert_eq!(database.value("SELECT count(*) FROM users"), "0");
    assert_eq!(
        error.to_string(),
        "3_rows/up.sql:3:13: statement 2 of 2 failed: column \"nix\" does not exist (SQLSTATE 42703)\n\
         revision `3_rows` was rolled back; 2 revisions were finished before and stay, the last one is `2_name`"
    );
}

#[test]
fn a_deferred_constraint_fails_the_commit() {
    let database = database();
    let up = "CREATE TABLE a (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO a VALUES (1), (1);";
    let migrations = vec![revision("1_a", "", up, "")];
    let error = Migrator::new(migrations).upgrade(&mut database.client()).unwrap_err();
    let ApplyError::Statement(failure) = &error else { panic!("{error}") };
    assert_eq!((&failure.place, failure.failure.sqlstate.as_str()), (&None, "23505"));
    assert!(failure.failure.detail.is_some());
    assert_eq!(database.value("SELECT count(*) FROM cargo_schema.revision"), "0");
}

#[test]
fn texts_that_cannot_work_are_refused_before_anything_runs() {
    let database = database();
    let mut migrations = three();
    migrations[1].up = "SELECT 1;\nCOMMIT;\nVACUUM users;".into();
    migrations[2].up = "SELECT 'never ends".into();
    let error = Migrator::new(migrations).upgrade(&mut database.client()).unwrap_err();
    let ApplyError::Refused(findings) = &error else { panic!("{error}") };
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["sql-transaction-control", "sql-needs-no-transaction", "sql-open"]);
    assert!(error.to_string().contains("\n  2_name/up.sql (line 2): `COMMIT` interferes"), "{error}");
    assert!(!database.dump().contains("users"));
}

#[test]
fn edited_revisions_stop_an_upgrade_and_reformatted_ones_do_not() {
    let database = database();
    let mut client = database.client();
    Migrator::new(three()).upgrade(&mut client).unwrap();
    let mut migrations = three();
    migrations[0].up = "create table users (\r\n  id integer -- the key\r\n);\r\n".into();
    migrations[1].down = Some("ALTER TABLE users DROP COLUMN IF EXISTS name;".into());
    let status = Migrator::new(migrations.clone()).status(&mut client).unwrap();
    assert_eq!((status.edited.len(), &status.reformatted), (0, &vec![id("1_users"), id("2_name")]));
    let migrator = Migrator::new(migrations.clone());
    let applied = migrator.upgrade(&mut client).unwrap();
    migrations.push(revision("4_last", "3_rows", "SELECT 1;", "SELECT 1;"));
    let switched = Migrator::new(migrations.clone()).switch(&mut client, &Target::Heads, &mut as_recorded).unwrap();
    assert_eq!((applied.revisions.len(), switched.revisions.len(), switched.reformatted.len()), (0, 1, 2));
    migrations[1].up = "ALTER TABLE users ADD name varchar;".into();
    let migrator = Migrator::new(migrations);
    assert_eq!(migrator.status(&mut client).unwrap().edited, [id("2_name")]);
    let error = migrator.upgrade(&mut client).unwrap_err();
    assert!(matches!(&error, ApplyError::Edited(ids) if ids == &[id("2_name")]), "{error}");
}

#[test]
fn an_edited_revision_is_undone_by_the_text_it_was_applied_with() {
    let database = database();
    let mut client = database.client();
    Migrator::new(three()).upgrade(&mut client).unwrap();
    let mut migrations = three();
    migrations[1].up = "ALTER TABLE users ADD full_name text;".into();
    migrations[1].down = Some("ALTER TABLE users DROP full_name;".into());
    let migrator = Migrator::new(migrations);
    migrator.downgrade_to(&mut client, &"1_users".parse().unwrap()).unwrap();
    migrator.upgrade(&mut client).unwrap();
    assert!(database.dump().contains("full_name"));
}

#[test]
fn foreign_revisions_stop_a_run_unless_allowed() {
    let database = database();
    let mut client = database.client();
    Migrator::new(three()).upgrade(&mut client).unwrap();
    let fewer = vec![three().remove(0), revision("9_new", "1_users", "CREATE TABLE n ();", "DROP TABLE n;")];
    let migrator = Migrator::new(fewer);
    assert_eq!(migrator.status(&mut client).unwrap().foreign, [id("2_name"), id("3_rows")]);
    let error = migrator.upgrade(&mut client).unwrap_err();
    assert!(matches!(&error, ApplyError::Foreign(ids) if ids.len() == 2), "{error}");
    let allowed = migrator.options(Options { allow_foreign: true, ..Options::default() });
    assert_eq!(ids(&allowed.upgrade(&mut client).unwrap()), ["9_new"]);
}

#[test]
fn what_has_no_down_cannot_be_undone() {
    let database = database();
    let mut client = database.client();
    let mut migrations = three();
    migrations[1].down = None;
    let migrator = Migrator::new(migrations);
    migrator.upgrade(&mut client).unwrap();
    let error = migrator.downgrade_to(&mut client, &"base".parse().unwrap()).unwrap_err();
    assert!(matches!(&error, ApplyError::Irreversible(ids) if ids == &[id("2_name")]), "{error}");
    assert_eq!(database.value("SELECT count(*) FROM users"), "1");
}

#[test]
fn a_dry_run_changes_nothing() {
    let database = database();
    let migrator = Migrator::new(three()).options(Options { dry_run: true, ..Options::default() });
    let report = migrator.upgrade(&mut database.client()).unwrap();
    assert_eq!((report.revisions.len(), report.dry_run), (3, true));
    assert_eq!(database.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'cargo_schema'"), "0");
}

#[test]
fn a_role_without_rights_can_read_the_status_and_not_the_texts() {
    let database = database();
    Migrator::new(three()).upgrade(&mut database.client()).unwrap();
    let mut client = database.client();
    client.batch_execute(&format!("CREATE ROLE reader_{}; SET ROLE reader_{0}", database.name)).unwrap();
    assert!(Migrator::new(three()).status(&mut client).unwrap().is_current());
    assert!(client.simple_query("SELECT up FROM cargo_schema.revision").is_err());
    let error = Migrator::new(vec![revision("x", "", "SELECT 1", "")])
        .options(Options { namespace: "other".into(), ..Options::default() })
        .upgrade(&mut client)
        .unwrap_err();
    assert!(matches!(&error, ApplyError::Ledger { failure, .. } if failure.sqlstate == "42501"), "{error}");
    client.batch_execute(&format!("RESET ROLE; DROP ROLE reader_{}", database.name)).unwrap();
}

#[test]
fn namespaces_keep_their_histories_apart() {
    let database = database();
    let mut client = database.client();
    Migrator::new(three()).upgrade(&mut client).unwrap();
    let other = Migrator::new(vec![revision("1_users", "", "CREATE TABLE other ();", "")])
        .options(Options { namespace: "it's another".into(), ..Options::default() });
    assert_eq!(ids(&other.upgrade(&mut client).unwrap()), ["1_users"]);
    assert!(Migrator::new(three()).status(&mut client).unwrap().is_current());
}

#[test]
fn the_session_is_pinned_and_given_back() {
    let database = database();
    let mut client = database.client();
    client
        .batch_execute("SET search_path = pg_catalog; SET standard_conforming_strings = off; SET lock_timeout = '7s'; SET application_name = mine; SET timezone = 'Asia/Tokyo'")
        .unwrap();
    let up = "CREATE TABLE seen AS SELECT current_setting('search_path') p, current_setting('timezone') z, current_setting('application_name') a, 'a\\' s;
        SET search_path = nowhere; RESET ALL; SELECT set_config('search_path', '', false);";
    let migrations = vec![revision("1_a", "", up, ""), revision("2_b", "1_a", "ALTER TABLE seen ADD b integer;", "")];
    Migrator::new(migrations).upgrade(&mut client).unwrap();
    assert_eq!(database.value("SELECT p || z || a || s FROM public.seen"), "public, pg_tempUTCcargo schemaa\\");
    let row = client
        .query_one("SELECT current_setting('search_path') || current_setting('standard_conforming_strings') || current_setting('lock_timeout') || current_setting('application_name') || current_setting('timezone'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())", &[])
        .unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, i64>(1)), ("pg_catalogoff7smineAsia/Tokyo".to_owned(), 0));
}

#[test]
fn a_connection_inside_a_transaction_is_refused() {
    let database = database();
    let mut client = database.client();
    client.batch_execute("BEGIN").unwrap();
    let error = Migrator::new(three()).upgrade(&mut client).unwrap_err();
    assert!(matches!(error, ApplyError::InTransaction), "{error}");
    let _ = client.batch_execute("SELECT nix");
    let error = Migrator::new(three()).upgrade(&mut client).unwrap_err();
    assert!(matches!(error, ApplyError::InTransaction), "{error}");
}

#[test]
fn a_read_only_role_is_told_so() {
    let database = database();
    let mut client = database.client();
    client.batch_execute("SET default_transaction_read_only = on").unwrap();
    let error = Migrator::new(three()).upgrade(&mut client).unwrap_err();
    assert!(matches!(error, ApplyError::ReadOnly { standby: false }), "{error}");
}

fn deployers(count: usize) {
    let database = database();
    let reports: Vec<_> = std::thread::scope(|scope| {
        let deploys: Vec<_> = (0..count)
            .map(|_| scope.spawn(|| Migrator::new(three()).upgrade(&mut database.client()).unwrap().revisions.len()))
            .collect();
        deploys.into_iter().map(|deploy| deploy.join().unwrap()).collect()
    });
    assert_eq!((reports.iter().sum::<usize>(), reports.iter().max()), (3, Some(&3)));
    assert_eq!(database.value("SELECT count(*) FROM users"), "1");
}

#[test]
fn two_deployers_on_an_empty_database() {
    deployers(2);
}

#[test]
fn ten_deployers_on_an_empty_database() {
    deployers(10);
}

#[test]
fn a_waiting_deployer_names_the_holder_and_gives_up_in_time() {
    let database = database();
    let mut other = database.client();
    other.batch_execute("SET application_name = 'the other one'").unwrap();
    let entered = Arc::new(Mutex::new(Vec::<Holder>::new()));
    let seen = entered.clone();
    // The other deployer is held up inside its own run, where it holds the lock.
    let error = Mutex::new(None);
    let (url, error_seen) = (database.url.clone(), Arc::new(error));
    let report = error_seen.clone();
    let nested = move |event: &Event<'_>| {
        let Event::StatementStarted { index: 0, .. } = event else { return };
        let seen = seen.clone();
        let waiting = Migrator::new(three())
            .options(Options { lock_wait: Duration::from_millis(300), ..Options::default() })
            .observer(move |event: &Event<'_>| {
                if let Event::WaitingForLock { holder: Some(holder), .. } = event {
                    seen.lock().unwrap().push((*holder).clone());
                }
            });
        let mut client = Client::connect(&url, NoTls).unwrap();
        *report.lock().unwrap() = waiting.upgrade(&mut client).err();
    };
    Migrator::new(three()[..1].to_vec()).observer(nested).upgrade(&mut other).unwrap();
    let error = error_seen.lock().unwrap().take().unwrap();
    let ApplyError::LockHeld { holder: Some(holder), .. } = &error else { panic!("{error}") };
    assert_eq!((holder.application.as_str(), holder.user.as_str()), ("cargo schema", "postgres"));
    assert_eq!(entered.lock().unwrap()[0].pid, holder.pid);
}

#[test]
fn a_lock_that_is_not_to_be_had_is_asked_for_again() {
    let database = database();
    let mut client = database.client();
    Migrator::new(three()[..1].to_vec()).upgrade(&mut client).unwrap();
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
    let migrator = Migrator::new(three()).options(options).observer(move |event: &Event<'_>| {
        if let Event::Retrying { attempt, oldest, failure, .. } = event {
            seen.lock().unwrap().push((failure.sqlstate.clone(), oldest[0].application.clone()));
            if *attempt == 2 {
                drop(reader.lock().unwrap().take());
            }
        }
    });
    migrator.upgrade(&mut client).unwrap();
    let told = told.lock().unwrap();
    assert!(1 < told.len(), "{told:?}");
    assert_eq!(told[0], ("55P03".to_owned(), "a long report".to_owned()));
}

#[test]
fn a_corrected_statement_lets_an_interrupted_revision_go_on() {
    let database = database();
    let mut client = database.client();
    let text = |third: &str| {
        format!("-- schema: no-transaction\nCREATE TABLE a (n integer);\nINSERT INTO a VALUES (1);\n{third};")
    };
    let deploy = |up: String, client: &mut Client| Migrator::new(vec![revision("1_a", "", &up, "")]).upgrade(client);
    let error = deploy(text("INSERT INTO nix VALUES (2)"), &mut client).unwrap_err();
    let ApplyError::Statement(failure) = &error else { panic!("{error}") };
    assert_eq!(failure.kept, 2);
    let changed = text("INSERT INTO a VALUES (2)").replace("VALUES (1)", "VALUES (9)");
    let error = deploy(changed, &mut client).unwrap_err();
    assert!(matches!(error, ApplyError::ChangedHalfDone { done: 2, .. }), "{error}");
    let report = deploy(text("INSERT INTO a VALUES (2)"), &mut client).unwrap();
    assert_eq!((report.revisions[0].resumed, report.revisions[0].statements), (2, 3));
    assert_eq!(database.value("SELECT string_agg(n::text, ',' ORDER BY n) FROM a"), "1,2");
    assert!(deploy(text("INSERT INTO a VALUES (2)"), &mut client).unwrap().revisions.is_empty());
}

#[test]
fn a_failed_concurrent_index_is_cleared_away() {
    let database = database();
    let mut client = database.client();
    let up = "-- schema: no-transaction\nCREATE TABLE a (n integer);\nINSERT INTO a VALUES (1), (1);\nCREATE UNIQUE INDEX CONCURRENTLY a_n ON a (n);";
    let migrator = Migrator::new(vec![revision("1_a", "", up, "")]);
    let error = migrator.upgrade(&mut client).unwrap_err();
    let ApplyError::Statement(failure) = &error else { panic!("{error}") };
    assert_eq!((failure.kept, failure.failure.sqlstate.as_str()), (2, "23505"));
    assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'a_n'"), "0");
    client.batch_execute("DELETE FROM a").unwrap();
    migrator.upgrade(&mut client).unwrap();
    assert_eq!(database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_n'::regclass"), "t");
}

#[test]
fn an_index_of_somebody_else_is_not_taken_for_ones_own() {
    let database = database();
    let mut client = database.client();
    client.batch_execute("CREATE TABLE a (n integer); CREATE INDEX a_n ON a (n)").unwrap();
    let up = "-- schema: no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n);";
    let migrator = Migrator::new(vec![revision("1_a", "", up, "")]);
    let dying = migrator.clone().observer(|event: &Event<'_>| {
        assert!(!matches!(event, Event::StatementStarted { .. }), "the deploy dies here");
    });
    let deploy = AssertUnwindSafe(|| dying.upgrade(&mut database.client()));
    assert!(catch_unwind(deploy).is_err());
    for _ in 0..2 {
        let error = migrator.upgrade(&mut client).unwrap_err();
        assert!(matches!(&error, ApplyError::Statement(failure) if failure.failure.sqlstate == "42P07"), "{error}");
    }
    assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'a_n'"), "1");
}

#[test]
fn a_procedure_that_commits_is_in_doubt_after_a_crash() {
    let database = database();
    let mut client = database.client();
    let up = "-- schema: no-transaction
        CREATE TABLE a (n integer);
        CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (2);
            PERFORM pg_terminate_backend(pg_backend_pid()) WHERE (SELECT count(*) FROM a) = 2; END $$;
        CALL p();
        INSERT INTO a VALUES (3);";
    let migrator = Migrator::new(vec![revision("1_a", "", up, "")]);
    let error = migrator.upgrade(&mut client).unwrap_err();
    assert!(matches!(&error, ApplyError::Statement(failure) if failure.failure.disconnected), "{error}");
    let mut client = database.client();
    for _ in 0..2 {
        let error = migrator.upgrade(&mut client).unwrap_err();
        assert!(matches!(&error, ApplyError::InDoubt { place, .. } if place.line == 5), "{error}");
    }
    migrator.resolve(&mut client, &id("1_a"), Resolution::StatementDone).unwrap();
    migrator.upgrade(&mut client).unwrap();
    assert_eq!(database.value("SELECT string_agg(n::text, ',' ORDER BY n) FROM a"), "1,3");
    let error = migrator.resolve(&mut client, &id("1_a"), Resolution::Removed).unwrap_err();
    assert!(matches!(error, ApplyError::NothingToResolve(_)), "{error}");
}

#[test]
fn a_lost_connection_leaves_nothing_in_a_transaction() {
    let database = database();
    let up = "CREATE TABLE a (n integer); SELECT pg_terminate_backend(pg_backend_pid()); CREATE TABLE b ();";
    let error = Migrator::new(vec![revision("1_a", "", up, "")]).upgrade(&mut database.client()).unwrap_err();
    assert!(matches!(&error, ApplyError::Statement(failure) if failure.failure.disconnected), "{error}");
    assert!(!database.dump().contains("CREATE TABLE"));
    assert_eq!(database.value("SELECT count(*) FROM cargo_schema.revision"), "0");
}

#[test]
fn a_newer_ledger_is_left_alone() {
    let database = database();
    let mut client = database.client();
    Migrator::new(three()).upgrade(&mut client).unwrap();
    client.batch_execute("UPDATE cargo_schema.meta SET value = '99' WHERE name = 'ledger_version'").unwrap();
    let error = Migrator::new(three()).upgrade(&mut client).unwrap_err();
    assert!(matches!(error, ApplyError::LedgerTooNew { version: 99, known: 1 }), "{error}");
}
