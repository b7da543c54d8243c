//! `cargo schema diff`: what it prints leads from one schema to the other and back, by PostgreSQL's own judgement.

use std::fs;
use std::process::Command;

use schema_tests::app::{App, Ran};
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use serde_json::Value;

const FEATURES: &str = include_str!("catalog/features.sql");

fn app(name: &str, database: &Database) -> App {
    App::copy(name, env!("CARGO_BIN_EXE_cargo_schema"), database)
}

fn run(database: &Database, sql: &str) {
    database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
}

/// What a person reads of two files.
#[track_caller]
fn report(app: &App, from: &str, to: &str) -> String {
    for (name, sql) in [("from.sql", from), ("to.sql", to)] {
        fs::write(app.folder().join(name), sql).expect("the file can be written");
    }
    app.schema(&["diff", "from.sql", "to.sql"]).ends_with(0)
}

/// The result for programs; findings may follow on the other output.
#[track_caller]
fn result(ran: Ran, code: i32) -> Value {
    let text = ran.ends_with(code);
    let object: Value =
        serde_json::from_str(text.lines().next().unwrap_or_default()).unwrap_or_else(|_| panic!("{text}"));
    object["result"].clone()
}

fn sql(result: &Value, direction: &str) -> String {
    result[direction].as_str().expect("SQL is a text").to_owned()
}

#[test]
fn structs_history_a_database_and_a_file_are_compared_with_each_other() {
    let database = database();
    let app = app("zksync_structs", &database);
    let start = dump(&database);
    let text = app.schema(&["diff", "migrations", "structs", "--exit-code"]).ends_with(1);
    assert!(text.contains("+  table  ") && text.contains("add --sql"), "{text}");
    let same = app.schema(&["diff", "structs", "original.sql", "--exit-code"]).ends_with(0);
    assert!(same.contains("nothing differs"), "{same}");

    let found = result(app.schema(&["diff", "database", "structs", "--format", "json"]), 0);
    assert_eq!(found["equal"], false);
    run(&database, &sql(&found, "up"));
    app.schema(&["diff", "database", "original.sql", "--exit-code"]).ends_with(0);
    run(&database, "ALTER TABLE base_token_ratios ALTER COLUMN numerator_l1 TYPE text, ADD COLUMN note text");
    let text = app.schema(&["diff", "structs", "database"]).ends_with(0);
    assert!(text.contains("table base_token_ratios\n"), "{text}");
    assert!(text.contains("+  column  base_token_ratios.note"), "{text}");
    assert!(text.contains("type: numeric(20,0) -> text"), "{text}");
    run(
        &database,
        "ALTER TABLE base_token_ratios DROP COLUMN note, ALTER COLUMN numerator_l1 TYPE numeric(20,0) USING numerator_l1::numeric",
    );
    run(&database, &sql(&found, "down"));
    assert_eq!(diff(&start, &dump(&database)), Vec::<String>::new());
}

#[test]
fn a_database_without_history_is_brought_to_the_structs() {
    let database = database();
    let app = app("zksync_structs", &database);
    run(&database, &fs::read_to_string(app.folder().join("original.sql")).expect("it is part of the fixture"));
    run(&database, "SET search_path = public; ALTER TABLE base_token_ratios DROP COLUMN numerator_sl");
    run(&database, "CREATE VIEW public.seen AS SELECT id, ratio_timestamp FROM public.base_token_ratios");
    run(&database, "CREATE TYPE public.own");
    let text = app.schema(&["generate", "--from", "database", "-m", "mend"]).ends_with(1);
    assert!(text.contains("error[object-dropped]: view `seen` is in the database"), "{text}");
    fs::create_dir(app.folder().join("schema")).expect("it is the test's own folder");
    let view = "CREATE VIEW seen AS SELECT id, ratio_timestamp FROM base_token_ratios";
    fs::write(app.folder().join("schema/views.sql"), view).expect("so is this");
    let text = app.schema(&["generate", "--from", "database", "-m", "mend"]).ends_with(0);
    assert!(text.contains("ADD COLUMN numerator_sl") && !text.contains("CREATE TABLE"), "{text}");
    assert!(!text.contains("VIEW"), "the view is as it is declared: {text}");
    assert!(text.contains("warning[not-managed]") && text.contains("shell type public.own"), "{text}");
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    assert_eq!(database.value("SELECT count(*) FROM public.seen"), "0");
}

#[test]
fn the_sql_between_two_databases_leads_there_and_back() {
    let (here, there) = (database(), database());
    run(&here, FEATURES);
    let app = app("shop", &here);
    let original = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/apps/zksync_structs/original.sql");
    run(&there, &fs::read_to_string(original).expect("the original is part of the fixture"));
    let start = dump(&here);
    let found = result(app.schema(&["diff", &here.url, &there.url, "--format", "json"]), 0);
    run(&here, &sql(&found, "up"));
    assert_eq!(diff(&dump(&there), &dump(&here)), Vec::<String>::new());
    app.schema(&["diff", &here.url, original, "--exit-code"]).ends_with(0);
    run(&here, &sql(&found, "down"));
    assert_eq!(diff(&start, &dump(&here)), Vec::<String>::new());
}

/// As psql runs a script: nothing holds from one statement to the next but what is set for the session. A rename comes before the setting,
/// and each routine calls one that is made later.
#[test]
fn the_sql_needs_no_transaction() {
    let (here, there) = (database(), database());
    run(&here, "CREATE TABLE old (id int)");
    run(
        &there,
        "CREATE TABLE new (id int); CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2';
         CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT two() - 1'",
    );
    let app = app("shop", &here);
    let found = result(app.schema(&["diff", &here.url, &there.url, "--rename", "old=new", "--format", "json"]), 0);
    let script = sql(&found, "up");
    let mut client = here.client();
    for statement in schema_core::sql::split(&script).expect("it is SQL") {
        client.batch_execute(statement.text).unwrap_or_else(|error| panic!("{error:?}\n{script}"));
    }
    assert_eq!(diff(&dump(&there), &dump(&here)), Vec::<String>::new());
}

/// No JSON, no statement on one line.
#[test]
fn a_person_reads_sql_and_only_the_lines_that_differ() {
    let app = app("shop", &database());
    let text = report(
        &app,
        "CREATE TABLE t (a int NOT NULL, b int DEFAULT 5, c serial, d text);
         CREATE VIEW v AS SELECT a, b FROM t WHERE a > 1;
         CREATE TABLE u (x text) PARTITION BY LIST (x);",
        "CREATE TABLE t (a int DEFAULT 1, b int, c int GENERATED ALWAYS AS IDENTITY (START 10), d text);
         ALTER TABLE t ALTER d SET STORAGE EXTERNAL;
         CREATE VIEW v AS SELECT a, b FROM t WHERE a > 2;
         CREATE TABLE u (x text) PARTITION BY LIST (x); CREATE TABLE u_a PARTITION OF u FOR VALUES IN ('a');",
    );
    for line in [
        "  +  table  u_a  partition of u\n",
        "  ~  view   v\n       -   WHERE (t.a > 1)\n       +   WHERE (t.a > 2)\n",
        "t.a    NOT NULL -> NULL, nothing -> DEFAULT 1\n",
        "t.b    DEFAULT 5 -> nothing\n",
        "t.c    serial with t_c_seq -> GENERATED ALWAYS AS IDENTITY (start 10) with t_c_seq\n",
        "t.d    settings: nothing -> storage external\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn what_cannot_be_compared_is_told() {
    let database = database();
    let app = app("shop", &database);
    run(&database, "CREATE TABLE a (b int); CREATE TYPE own");
    fs::write(app.folder().join("empty.sql"), "").unwrap();
    fs::write(app.folder().join("refused.sql"), "CREATE TABLE c (d int);\nCREATE TABLE c (e int);\n").unwrap();
    fs::write(app.folder().join("psql.sql"), "\\restrict k3y\nSELECT 1;\n\\i more.sql\n").unwrap();
    fs::write(app.folder().join("dumped.sql"), "\\restrict k3y\nCREATE TABLE a (b int);\n\\unrestrict k3y\n").unwrap();
    let text = app.schema(&["diff", "database", "empty.sql"]).ends_with(0);
    assert!(text.contains("warning[not-managed]") && text.contains("shell type public.own"), "{text}");
    app.schema(&["diff", "database", "dumped.sql", "--exit-code"]).ends_with(0);
    let text = app.schema(&["diff", "database", "dumped.sql", "--strict"]).ends_with(1);
    assert!(text.contains("error[not-managed]"), "{text}");
    let text = app.schema(&["diff", "git:nowhere", "structs"]).ends_with(2);
    assert!(text.contains("`git:nowhere` names no schema"), "{text}");
    let text = app.schema(&["diff", "refused.sql", "empty.sql"]).ends_with(1);
    assert!(text.contains("refused.sql at line 2") && text.contains("42P07"), "{text}");
    let text = app.schema(&["diff", "psql.sql", "empty.sql"]).ends_with(1);
    assert!(text.contains("error[sql-psql-command]") && text.contains("psql.sql:3"), "{text}");
    let text = app.schema(&["diff", "structs", "production"]).ends_with(2);
    assert!(text.contains("`production` names no schema") && text.contains("for example"), "{text}");
    app.schema(&["diff", "structs", "missing.sql"]).ends_with(3);
}

/// Runs git in the application's folder.
fn git(app: &App, words: &[&str]) {
    let named = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let done =
        Command::new("git").arg("-C").arg(app.folder()).args(named).args(words).output().expect("git can be started");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_commit_has_the_history_it_had() {
    let database = database();
    let app = app("shop", &database);
    git(&app, &["init", "-q", "-b", "main"]);
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    git(&app, &["add", "-A", "-f"]);
    git(&app, &["commit", "-q", "-m", "first"]);
    app.schema(&["diff", "git:main", "structs", "--exit-code"]).ends_with(0);
    app.lay_over("v2");
    app.schema(&["generate", "-m", "second", "--allow-data-loss"]).ends_with(0);
    app.schema(&["diff", "git:HEAD", "migrations", "--exit-code"]).ends_with(1);
    git(&app, &["add", "-A", "-f"]);
    git(&app, &["commit", "-q", "-m", "second"]);
    app.schema(&["diff", "git:HEAD", "migrations", "--exit-code"]).ends_with(0);
    app.schema(&["diff", "git:HEAD~1", "structs", "--exit-code"]).ends_with(1);
}
