//! Histories of real projects, adopted and gone on from as a user does: the structs are pulled from a database that the original tool has
//! migrated, one of them gets a field, and the revision for it is generated. It is right on that database and on an empty one.

use std::fs;
use std::path::Path;

use schema_tests::app::App;
use schema_tests::cluster::database;
use schema_tests::corpus::corpus;
use schema_tests::dump::{diff, dump};
use schema_tests::original::{HISTORIES, copy, migrate, migrations, without_history};

/// Migrations of plain SQL, with no table that says what was applied.
#[test]
fn of_plain_sql() {
    goes_on("claircore_indexer", "src/schema/scanner.rs", "    pub version: String,\n");
}

/// Migrations of sqlx, with triggers and functions beside the tables.
#[test]
fn of_sqlx() {
    goes_on("quickwit", "src/schema/split.rs", "    pub split_id: String,\n");
}

/// Migrations of prisma, with names in its own style.
#[test]
fn of_prisma() {
    goes_on("umami", "src/schema/session.rs", "    pub session_id: uuid::Uuid,\n");
}

/// The other tool's table stays in the database and belongs to nobody's schema, whichever command looks.
#[test]
fn the_history_of_the_other_tool_is_no_difference() {
    let database = database();
    let app = App::copy("pulled", env!("CARGO_BIN_EXE_cargo_schema"), &database);
    let folder = app.folder().join("migrations");
    fs::create_dir_all(&folder).expect("the copy is the test's own");
    let first = folder.join("20240101000000_first.sql");
    fs::write(first, "CREATE TABLE parcels (id bigint PRIMARY KEY, address text NOT NULL);\n")
        .expect("so are its files");
    migrate(&mut database.client(), "sqlx", &migrations("sqlx", &folder));
    app.schema(&["init", "--from", "sqlx"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["pull"]).ends_with(0);
    let lib = app.folder().join("src/lib.rs");
    fs::write(lib, "//! Parcels.\npub mod schema;\n").expect("it is a file of the copy");
    assert_eq!(database.value("SELECT to_regclass('_sqlx_migrations')"), "_sqlx_migrations");
    for (from, to) in [("database", "structs"), ("structs", "database"), ("migrations", &database.url)] {
        app.schema(&["diff", from, to, "--exit-code"]).ends_with(0);
    }
    let text = app.schema(&["generate", "--from", "database", "-m", "nothing"]).ends_with(0);
    assert!(!text.contains("_sqlx_migrations"), "{text}");
    app.schema(&["check", "--database", &database.url]).ends_with(0);
}

fn goes_on(name: &str, file: &str, field: &str) {
    let Some(corpus) = corpus() else {
        println!("no folder of real histories; see `schema_tests::corpus`");
        return;
    };
    let (_, from, tool) = HISTORIES.into_iter().find(|(known, ..)| *known == name).expect("a history of the corpus");
    let (old, empty) = (database(), database());
    let app = App::copy("pulled", env!("CARGO_BIN_EXE_cargo_schema"), &old);
    let folder = app.folder().join("migrations");
    copy(&corpus.join("histories").join(name), &folder);
    migrate(&mut old.client(), tool, &migrations(tool, &folder));

    app.schema(&["init", "--from", from]).ends_with(0);
    if tool == "sql" {
        app.schema(&["stamp"]).ends_with(0);
    }
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["pull"]).ends_with(0);
    let lib = app.folder().join("src/lib.rs");
    let text = fs::read_to_string(&lib).expect("the package has a library");
    fs::write(lib, format!("{text}\npub mod schema;\n")).expect("the copy is the test's own");
    app.schema(&["generate", "--check"]).ends_with(0);

    app.edit(file, field, &format!("{field}    pub note: Option<String>,\n"));
    app.schema(&["generate", "-m", "a note"]).ends_with(0);
    assert_eq!(up_of(&folder, "_a_note").lines().filter(|line| line.starts_with("ALTER")).count(), 1);
    app.schema(&["check"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["upgrade", "--database-url", &empty.url]).ends_with(0);
    let [old, empty] = [old, empty].map(|database| without_history(dump(&database), tool));
    assert_eq!(diff(&old, &empty), Vec::<String>::new());
}

fn up_of(folder: &Path, ending: &str) -> String {
    let revisions = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let found = revisions.into_iter().find(|path| path.to_string_lossy().ends_with(ending)).expect("it was generated");
    fs::read_to_string(found.join("up.sql")).expect("a revision has an up.sql")
}
