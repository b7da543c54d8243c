//! The offline script, run by psql, leaves the database and the ledger that a direct run leaves.

use std::fs;
use std::process::Output;

use schema_runtime::{Migration, Migrator, Options, Target};
use schema_tests::cluster::{Database, database};
use schema_tests::revisions::{revision, thirty_outside};

/// A settings-changing revision in front of the thirty statements outside a transaction, and odd texts.
fn migrations() -> Vec<Migration> {
    let mut all = thirty_outside();
    let odd = "CREATE TABLE odd (a text DEFAULT 'it''s $$ \\ :x');\nINSERT INTO odd VALUES ('one;two'); -- the end";
    all.push(revision("3_odd", "2_thirty", odd, "DROP TABLE odd"));
    let settings = "SET search_path = ''; SET TimeZone = 'Asia/Tokyo'; CREATE TABLE public.zone (z text);";
    all.push(revision("4_settings", "3_odd", settings, "DROP TABLE zone"));
    all.push(revision(
        "5_zone",
        "4_settings",
        "INSERT INTO zone VALUES (current_setting('TimeZone'))",
        "DELETE FROM zone",
    ));
    all
}

fn psql(database: &Database, script: &str) -> Output {
    let file = std::env::temp_dir().join(format!("schema-script-{}.sql", database.name));
    fs::write(&file, script).unwrap();
    let output = database.program("psql").arg("-X").arg("-f").arg(&file).output().unwrap();
    fs::remove_file(&file).unwrap();
    output
}

/// Everything in the ledger but times.
fn ledger(database: &Database) -> String {
    database.value(
        "SELECT string_agg(concat_ws('|', namespace, id, parents, message, up, down, checksum, statements_checksum, up_checksum, \
         applied_by, tool_version, git_branch, git_commit, state, statements_done, in_flight), E'\\n' ORDER BY ordinal) \
         FROM cargo_schema.revision",
    )
}

#[test]
fn a_script_leaves_what_a_direct_run_leaves() {
    let (direct, scripted) = (database(), database());
    let options = Options { git_branch: Some("it's main".into()), ..Options::default() };
    let migrator = Migrator::new(migrations()).options(options);
    migrator.upgrade(&mut direct.client()).unwrap();
    let output = psql(&scripted, &migrator.plan_sql(&Target::Heads).unwrap());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    assert_eq!(ledger(&scripted), ledger(&direct));
    assert_eq!(scripted.dump(), direct.dump());
    assert_eq!(scripted.value("SELECT z FROM zone"), "UTC");
    assert!(migrator.status(&mut scripted.client()).unwrap().is_current());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1_base\n2_thirty\n3_odd\n4_settings\n5_zone\n");
}

#[test]
fn a_script_skips_what_is_there_and_stops_at_what_differs() {
    let database = database();
    let migrator = Migrator::new(migrations());
    migrator.upgrade_to(&mut database.client(), &"3_odd".parse().unwrap()).unwrap();
    let script = migrator.plan_sql(&Target::Heads).unwrap();
    for expected in ["4_settings\n5_zone\n", ""] {
        let output = psql(&database, &script);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
    let mut other = migrations();
    other[2].up = "CREATE TABLE other ()".into();
    let output = psql(&database, &Migrator::new(other).plan_sql(&Target::Heads).unwrap());
    assert_eq!(output.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("revision 3_odd is half-done, or was applied with another text")
    );
}

#[test]
fn a_failing_script_stops_and_a_direct_run_goes_on() {
    let database = database();
    let text = |last: &str| {
        format!("-- schema: no-transaction\nCREATE TABLE a (n integer);\nVACUUM a;\nINSERT INTO {last} VALUES (1);")
    };
    let with = |last: &str| {
        Migrator::new(vec![revision("1_a", "", &text(last), ""), revision("2_b", "1_a", "CREATE TABLE b ()", "")])
    };
    let output = psql(&database, &with("nix").plan_sql(&Target::Heads).unwrap());
    assert_eq!(output.status.code(), Some(3));
    let report = with("a").upgrade(&mut database.client()).unwrap();
    assert_eq!((report.revisions.len(), report.revisions[0].resumed), (2, 2));
    assert_eq!(database.value("SELECT count(*) FROM a"), "1");
}

#[test]
fn a_script_waits_for_nobody() {
    let database = database();
    let script = Migrator::new(migrations()).plan_sql(&Target::Heads).unwrap();
    let key = script.split("pg_try_advisory_lock(").nth(1).unwrap().split(')').next().unwrap();
    let mut other = database.client();
    other.batch_execute(&format!("SELECT pg_advisory_lock({key})")).unwrap();
    let output = psql(&database, &script);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another deployer is at work"));
    assert!(!database.dump().contains("TABLE"));
}
