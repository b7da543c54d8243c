//! Which PostgreSQL schemas are looked at: all, or those that the setting `schemas` names, by every command alike.

use std::fs;

use schema_tests::app::App;
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};

fn app(database: &Database) -> App {
    App::copy("pulled", env!("CARGO_BIN_EXE_cargo_schema"), database)
}

fn run(database: &Database, sql: &str) {
    database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
}

fn edit(app: &App, file: &str, change: impl Fn(&str) -> String) {
    let path = app.folder().join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    fs::write(path, change(&text)).unwrap();
}

/// With the setting `schemas`.
fn look_at(app: &App, schemas: &str) {
    edit(app, "Cargo.toml", |text| format!("{text}\n[workspace.metadata.schema]\nschemas = {schemas}\n"));
}

const BILLING: &str = "
    CREATE SCHEMA billing;
    CREATE SCHEMA \"Audit Log\";
    CREATE DOMAIN billing.amount AS numeric(12, 2) CHECK (VALUE >= 0);
    CREATE TABLE accounts (id bigint PRIMARY KEY, owed billing.amount);
    CREATE TABLE billing.invoices (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, sum billing.amount NOT NULL);
    CREATE TABLE \"Audit Log\".events (at timestamptz NOT NULL, account_id bigint REFERENCES accounts);
    CREATE VIEW billing.open AS SELECT account_id, sum(sum) AS sum FROM billing.invoices GROUP BY account_id";

#[test]
fn without_the_setting_all_are_pulled() {
    let (original, empty) = (database(), database());
    run(&original, BILLING);
    let app = app(&empty);
    let text = app.schema(&["pull", &original.url]).ends_with(0);
    assert!(!text.contains("pull-unsaid"), "{text}");
    edit(&app, "src/lib.rs", |text| format!("{text}\npub mod schema;\n"));
    app.schema(&["check"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(diff(&dump(&original), &dump(&empty)), Vec::<String>::new());
}

/// What a provider keeps beside the tables is not pulled, not drift, not missing and not dropped.
#[test]
fn with_the_setting_the_others_are_left_alone() {
    let database = database();
    run(&database, "CREATE TABLE accounts (id bigint PRIMARY KEY)");
    run(
        &database,
        "CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY); CREATE TYPE auth.level AS ENUM ('a')",
    );
    let app = app(&database);
    look_at(&app, "[\"public\"]");
    let text = app.schema(&["pull"]).ends_with(0);
    assert!(!text.contains("auth"), "{text}");
    edit(&app, "src/lib.rs", |text| format!("{text}\npub mod schema;\n"));
    app.schema(&["stamp"]).ends_with(0);
    app.schema(&["status"]).ends_with(0);
    app.schema(&["check", "--database", &database.url]).ends_with(0);
    for side in ["structs", "migrations"] {
        app.schema(&["diff", side, "database", "--exit-code"]).ends_with(0);
    }
    run(&database, "ALTER TABLE auth.users ADD COLUMN mail text; ALTER TABLE accounts ADD COLUMN note text");
    let text = app.schema(&["check", "--database", &database.url]).ends_with(1);
    assert!(text.contains("database-drifted") && text.contains("accounts.note") && !text.contains("auth"), "{text}");
    let text = app.schema(&["diff", "structs", "database", "--sql"]).ends_with(0);
    assert!(text.contains("ADD COLUMN note") && !text.contains("auth"), "{text}");
}

/// Hand-written SQL of a revision may make something elsewhere: that is not compared on either side.
#[test]
fn what_a_revision_makes_elsewhere_is_not_missing() {
    let database = database();
    let app = app(&database);
    look_at(&app, "[\"public\"]");
    edit(&app, "src/lib.rs", |text| {
        format!(
            "{text}\n#[derive(schema_runtime::Table)]\npub struct Account {{\n    #[column(primary_key)]\n    pub id: i64,\n}}\n"
        )
    });
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    let by_hand = fs::read_dir(app.folder().join("migrations")).unwrap().next().unwrap().unwrap().path();
    let up = fs::read_to_string(by_hand.join("up.sql")).unwrap();
    fs::write(
        by_hand.join("up.sql"),
        format!("{up}\nCREATE SCHEMA elsewhere;\nCREATE TABLE elsewhere.notes (id int);\n"),
    )
    .unwrap();
    app.schema(&["upgrade"]).ends_with(0);
    run(&database, "DROP TABLE elsewhere.notes");
    let text = app.schema(&["status"]).ends_with(0);
    assert!(!text.contains("drifted") && !text.contains("elsewhere"), "{text}");
    run(&database, "ALTER TABLE account ADD COLUMN note text");
    let text = app.schema(&["status"]).ends_with(0);
    assert!(text.contains("account.note") && !text.contains("elsewhere"), "{text}");
}

#[test]
fn a_declaration_elsewhere_is_an_error_at_its_place() {
    let database = database();
    let app = app(&database);
    look_at(&app, "[\"app\", \"public\"]");
    edit(&app, "src/lib.rs", |text| {
        let table = |name: &str, schema: &str| {
            format!(
                "\n#[derive(schema_runtime::Table)]\n#[table({schema})]\npub struct {name} {{\n    pub id: i64,\n}}\n"
            )
        };
        [text, &table("Account", ""), &table("Invoice", "schema = \"billing\""), &table("Line", "schema = \"billing\"")]
            .concat()
    });
    let text = app.schema(&["generate", "-m", "first"]).ends_with(1);
    assert_eq!(text.matches("error[schema-unlisted]").count(), 1, "{text}");
    assert!(text.contains("table `billing.invoice` is in the PostgreSQL schema `billing`"), "{text}");
    assert!(text.contains("pub struct Invoice") && text.contains("add \"billing\" to `schemas`"), "{text}");
    assert!(!app.folder().join("migrations").exists());
}

/// A type that is left out is told with the setting that would bring it.
#[test]
fn what_the_setting_leaves_out_and_a_table_needs_is_told() {
    let database = database();
    run(&database, BILLING);
    let app = app(&database);
    look_at(&app, "[\"public\"]");
    let text = app.schema(&["pull"]).ends_with(1);
    assert!(
        text.contains("error[statement-refused]") && text.contains("`schemas` in Cargo.toml does not name"),
        "{text}"
    );
    assert!(!app.folder().join("migrations").exists());
}
