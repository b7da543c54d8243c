//! `cargo schema pull` in a workspace of several packages: which one gets the structs.

use std::fs;

use schema_tests::app::App;
use schema_tests::cluster::database;

/// In a workspace without a package at its root, the package is named.
#[test]
fn a_package_of_a_workspace_gets_the_structs() {
    let database = database();
    database.client().batch_execute("CREATE TABLE users (id integer PRIMARY KEY)").unwrap();
    let app = App::copy("pulled", env!("CARGO_BIN_EXE_cargo_schema"), &database);
    for (path, text) in [
        ("Cargo.toml", "[workspace]\nmembers = [\"db\", \"web\"]\nresolver = \"3\"\n"),
        ("db/Cargo.toml", "[package]\nname = \"db\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("db/src/lib.rs", ""),
        ("web/Cargo.toml", "[package]\nname = \"web\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("web/src/lib.rs", ""),
    ] {
        let path = app.folder().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let refused = app.schema(&["pull"]).ends_with(2);
    assert!(refused.contains("name the package that is to have them: -p db or -p web"), "{refused}");
    let unknown = app.schema(&["pull", "-p", "dv"]).ends_with(2);
    assert!(unknown.contains("no package here is called `dv`; there are: db, web"), "{unknown}");
    let without = app.schema(&["generate", "-p", "web"]).ends_with(2);
    assert!(without.contains("package `web` does not depend on schema-runtime"), "{without}");
    assert!(without.contains("cargo add schema-runtime --package web"), "{without}");
    let text = app.schema(&["pull", "-p", "db"]).ends_with(0);
    assert!(text.contains("cargo add schema-runtime"), "{text}");
    assert!(fs::read_to_string(app.folder().join("db/src/schema/user.rs")).unwrap().contains("pub struct User"));
}
