//! A program whose history another tool began: it embeds the adopted migrations and ours, and starts on a database that the other
//! tool has migrated and on an empty one. Both end with the same schema.

use std::fs;
use std::process::Command;

use schema_tests::app::App;
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use schema_tests::original::{migrate, migrations, without_history};

#[test]
fn a_program_starts_on_an_old_database_and_on_an_empty_one() {
    let (old, empty) = (database(), database());
    let app = App::copy("shop", env!("CARGO_BIN_EXE_cargo_schema"), &old);
    as_diesel_would_have_it(&app);
    let originals = migrations("diesel", &app.folder().join("migrations"));
    assert_eq!(originals.len(), 2);
    migrate(&mut old.client(), "diesel", &originals);

    app.schema(&["init", "--from", "diesel"]).ends_with(0);
    app.schema(&["generate", "--check"]).ends_with(0);
    app.schema(&["check"]).ends_with(0);
    app.lay_over("v2");
    app.schema(&["generate", "-m", "second release", "--allow-data-loss"]).ends_with(0);
    app.cargo(&["build"]).ends_with(0);

    let said = start(&app, &old);
    assert_eq!(said.matches("applied in").count(), 2, "the adoption and the second release: {said}");
    let said = start(&app, &empty);
    assert_eq!(said.matches("applied in").count(), 4, "everything: {said}");
    let [before, after] = [&old, &empty].map(|database| without_history(dump(database), "diesel"));
    assert_eq!(diff(&before, &after), Vec::<String>::new());
    assert!(start(&app, &old).contains("up to date"));
}

/// The first release as two migrations of diesel.
fn as_diesel_would_have_it(app: &App) {
    app.schema(&["generate", "-m", "first release"]).ends_with(0);
    let folder = app.folder().join("migrations");
    let generated = fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path());
    let generated = generated.into_iter().find(|path| path.join("revision.toml").is_file()).expect("a revision");
    let first = folder.join("2024-01-01-000000_first-release");
    fs::rename(generated, &first).expect("it is renamed");
    fs::remove_file(first.join("revision.toml")).expect("it was there");
    let second = folder.join("2024-02-01-000000_more");
    fs::create_dir(&second).expect("it is new");
    fs::write(second.join("up.sql"), "COMMENT ON SCHEMA public IS 'the shop';\n").expect("it is written");
    fs::write(second.join("down.sql"), "COMMENT ON SCHEMA public IS 'standard public schema';\n")
        .expect("it is written");
}

fn start(app: &App, database: &Database) -> String {
    let output = Command::new(app.program()).env("DATABASE_URL", &database.url).output().expect("the shop starts");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    text.into_owned()
}
