//! `cargo schema pull`: a real database becomes a crate that compiles and passes `check`, and its role needs to read catalogs only.

use std::fs;
use std::path::Path;

use schema_tests::app::App;
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use schema_tests::originals::{files, load};
use serde_json::Value;

fn app(database: &Database) -> App {
    App::copy("pulled", env!("CARGO_BIN_EXE_cargo_schema"), database)
}

fn run(database: &Database, sql: &str) {
    database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
}

fn read(app: &App, file: &str) -> String {
    fs::read_to_string(app.folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Makes the crate know its structs.
fn declare(app: &App) {
    let lib = app.folder().join("src/lib.rs");
    let text = fs::read_to_string(&lib).unwrap();
    fs::write(lib, format!("{text}\npub mod schema;\n")).unwrap();
}

fn original(name: &str) -> Option<Database> {
    let file = files()?.into_iter().find(|file| file.file_stem().is_some_and(|stem| stem == name));
    Some(load(&fs::read_to_string(file.expect("the schema is in the folder")).unwrap()))
}

/// Pulled, compiled, checked, and an empty database that the baseline builds is the original.
fn becomes_a_crate(name: &str) {
    let Some(original) = original(name) else {
        println!("no folder of real schemas; see `schema_tests::corpus`");
        return;
    };
    let empty = database();
    let app = app(&empty);
    let text = app.schema(&["pull", &original.url]).ends_with(0);
    assert!(text.contains("add to src/lib.rs: pub mod schema;") && text.contains("cargo schema stamp"), "{text}");
    declare(&app);
    app.schema(&["check"]).ends_with(0);
    app.schema(&["generate", "--check"]).ends_with(0);
    app.cargo(&["check"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(diff(&dump(&original), &dump(&empty)), Vec::<String>::new());
    let again = app.schema(&["pull"]).ends_with(0);
    assert!(again.contains("nothing to do"), "{again}");
}

#[test]
fn a_middle_sized_database_becomes_a_crate() {
    becomes_a_crate("zksync_prover");
}

#[test]
fn a_database_in_camel_case_becomes_a_crate() {
    becomes_a_crate("umami");
}

#[test]
fn a_role_that_may_only_connect_is_enough() {
    let database = database();
    run(&database, "CREATE TABLE users (id bigint PRIMARY KEY, \"createdAt\" timestamptz NOT NULL)");
    let _ = database.client().batch_execute("CREATE ROLE pull_reader LOGIN");
    run(&database, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, pull_reader");
    let app = app(&database);
    let url = database.url.replace("postgres@", "pull_reader@").replace("user=postgres", "user=pull_reader");
    assert_ne!(url, database.url, "another role is asked for");
    app.schema(&["pull", &url, "--dry-run"]).ends_with(0);
    assert!(!Path::new(&app.folder().join("src/schema")).exists() && !app.folder().join("migrations").exists());
    app.schema(&["pull", &url, "--single-file", "src/schema.rs"]).ends_with(0);
    let text = read(&app, "src/schema.rs");
    assert!(
        text.contains("    #[column(name = \"createdAt\")]\n    pub created_at: chrono::DateTime<chrono::Utc>,\n"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_in_the_way_is_never_replaced() {
    let database = database();
    run(&database, "CREATE TABLE users (id bigint PRIMARY KEY); CREATE VIEW seen AS SELECT id FROM users");
    let app = app(&database);
    fs::create_dir_all(app.folder().join("src/schema")).unwrap();
    fs::write(app.folder().join("src/schema/user.rs"), "// mine\n").unwrap();
    let refused = app.schema(&["pull"]).ends_with(1);
    assert!(refused.contains("error[pull-file-exists]") && refused.contains("src/schema/user.rs"), "{refused}");
    assert_eq!(read(&app, "src/schema/user.rs"), "// mine\n");
    assert!(!app.folder().join("src/schema/mod.rs").exists() && !app.folder().join("migrations").exists());
    let other = app.schema(&["pull", "--out", "src/tables", "--format", "json"]).ends_with(0);
    let object: Value = serde_json::from_str(other.lines().next().unwrap()).unwrap();
    assert_eq!((&object["result"]["tables"], &object["result"]["written"]), (&1.into(), &true.into()));
    assert_eq!(object["findings"][0]["code"], "not-managed");
    assert!(object["result"]["baseline"].as_str().unwrap().ends_with("_baseline"));
}

#[test]
fn what_the_package_lacks_is_told() {
    let database = database();
    run(&database, "CREATE TABLE jobs (id uuid PRIMARY KEY, at inet, many cidr, every interval NOT NULL, mask bit(3))");
    let app = app(&database);
    let text = app.schema(&["pull"]).ends_with(0);
    assert!(text.contains("cargo add schema-runtime --features with-bit-vec-0_8,with-cidr-0_3"), "{text}");
    assert!(text.contains("cargo add bit-vec@0.8 cidr@0.3"), "{text}");
    let text = read(&app, "src/schema/job.rs");
    assert!(text.contains("    #[column(sql = \"interval\")]\n    pub every: schema_runtime::Raw,\n"), "{text}");
}
