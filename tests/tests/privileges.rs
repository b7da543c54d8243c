//! Privileges and default privileges in the `schema` folder: given, changed, taken back, kept over what is made anew, and left alone where
//! nobody declares any.

use std::fs;

use schema_tests::app::App;
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};

fn shop(database: &Database) -> App {
    App::copy("shop", env!("CARGO_BIN_EXE_cargo_schema"), database)
}

fn write(app: &App, file: &str, text: &str) {
    let path = app.folder().join("schema").join(file);
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the copy is the test's own");
    fs::write(path, text).expect("so are its files");
}

fn edit(app: &App, file: &str, from: &str, to: &str) {
    let path = app.folder().join(file);
    let text = fs::read_to_string(&path).expect("the file is there");
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).expect("the copy is the test's own");
}

/// Roles belong to the cluster, which other tests use too.
fn roles(database: &Database, names: &[&str]) {
    for name in names {
        let _ = database.client().batch_execute(&format!("CREATE ROLE {name} NOLOGIN"));
    }
}

fn may(database: &Database, question: &str) -> String {
    database.value(&format!("SELECT {question}"))
}

/// What is on what stands in another file, and before it.
const GRANTS: &str = "
GRANT SELECT ON product_names TO privileges_reader;
GRANT ALL ON products, reviews TO privileges_writer;
GRANT UPDATE (stars), SELECT (stars) ON reviews TO privileges_reader WITH GRANT OPTION;
REVOKE ALL ON FUNCTION secret(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION secret(int) TO privileges_writer;
";

const CODE: &str = "
CREATE VIEW product_names AS SELECT id, name, weight_grams FROM products;
CREATE FUNCTION secret(a integer) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;
CREATE POLICY own ON reviews TO privileges_policy USING (stars > 0);
";

#[test]
fn privileges_are_given_kept_changed_and_taken_back() {
    let database = database();
    let app = shop(&database);
    write(&app, "a_grants.sql", GRANTS);
    write(&app, "code.sql", CODE);
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    // The throwaway server got the roles; that of the database is the same one here, so one more stands for a server without them.
    roles(&database, &["privileges_reader", "privileges_writer", "privileges_policy"]);
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    app.schema(&["generate", "--check"]).ends_with(0);
    let first = dump(&database);
    assert_eq!(may(&database, "has_table_privilege('privileges_reader', 'product_names', 'SELECT')"), "t");
    assert_eq!(may(&database, "has_function_privilege('public', 'secret(int)', 'EXECUTE')"), "f");
    let option = "has_column_privilege('privileges_reader', 'reviews', 'stars', 'UPDATE WITH GRANT OPTION')";
    assert_eq!(may(&database, option), "t");

    // The view is made anew around the column, and the function because it returns something else.
    edit(&app, "src/schema/catalog.rs", "pub weight_grams: i32", "pub weight_grams: i64");
    edit(
        &app,
        "schema/code.sql",
        "RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$",
        "RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$",
    );
    edit(&app, "schema/a_grants.sql", "GRANT ALL ON products, reviews", "GRANT SELECT, INSERT ON products, reviews");
    let text = app.schema(&["generate", "-m", "second"]).ends_with(0);
    assert!(text.contains("GRANT SELECT ON product_names TO privileges_reader;"), "{text}");
    assert!(!text.contains("UPDATE (stars)"), "what stays is not said again: {text}");
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    assert_eq!(may(&database, "has_table_privilege('privileges_reader', 'product_names', 'SELECT')"), "t");
    assert_eq!(may(&database, "has_function_privilege('public', 'secret(int)', 'EXECUTE')"), "f");
    assert_eq!(may(&database, "has_table_privilege('privileges_writer', 'products', 'DELETE')"), "f");
    app.schema(&["check"]).ends_with(0);

    // Somebody gives more by hand: it is seen.
    database.client().batch_execute("GRANT DELETE ON products TO privileges_writer").expect("postgres may");
    let text = app.schema(&["diff", "database", "structs", "--sql"]).ends_with(0);
    assert!(text.contains("REVOKE DELETE ON products FROM privileges_writer;"), "{text}");
    database.client().batch_execute("REVOKE DELETE ON products FROM privileges_writer").expect("postgres may");
    app.schema(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(diff(&first, &dump(&database)), Vec::<String>::new());
    app.schema(&["downgrade", "base", "--yes"]).ends_with(0);
    assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "0");
}

#[test]
fn default_privileges_count_for_all_objects() {
    let database = database();
    let app = shop(&database);
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    let before = dump(&database);
    write(
        &app,
        "roles.sql",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO privileges_reader;
         ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
         REVOKE SELECT ON reviews FROM privileges_reader;",
    );
    app.schema(&["generate", "-m", "second"]).ends_with(0);
    roles(&database, &["privileges_reader"]);
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(may(&database, "has_table_privilege('privileges_reader', 'products', 'SELECT')"), "t");
    assert_eq!(may(&database, "has_table_privilege('privileges_reader', 'reviews', 'SELECT')"), "f");
    let second = dump(&database);

    // Made while they hold: what PostgreSQL gives too much is taken back.
    write(
        &app,
        "more.sql",
        "CREATE VIEW open AS SELECT 1 AS a; CREATE VIEW closed AS SELECT 2 AS a; REVOKE ALL ON closed FROM privileges_reader;
         CREATE FUNCTION shared() RETURNS integer LANGUAGE sql AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION shared TO PUBLIC;
         CREATE FUNCTION own() RETURNS integer LANGUAGE sql AS 'SELECT 1';",
    );
    app.schema(&["generate", "-m", "third"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    assert_eq!(may(&database, "has_table_privilege('privileges_reader', 'open', 'SELECT')"), "t");
    assert_eq!(may(&database, "has_table_privilege('privileges_reader', 'closed', 'SELECT')"), "f");
    assert_eq!(may(&database, "has_function_privilege('public', 'shared()', 'EXECUTE')"), "t");
    assert_eq!(may(&database, "has_function_privilege('public', 'own()', 'EXECUTE')"), "f");
    app.schema(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(diff(&second, &dump(&database)), Vec::<String>::new());
    app.schema(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(diff(&before, &dump(&database)), Vec::<String>::new());
}

#[test]
fn privileges_that_nobody_declares_are_left_alone() {
    let database = database();
    let app = shop(&database);
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    roles(&database, &["privileges_reader"]);
    database.client().batch_execute("GRANT SELECT ON products TO privileges_reader").expect("postgres may");
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    app.schema(&["check"]).ends_with(0);
    // As soon as one is declared, all are compared.
    write(&app, "grants.sql", "GRANT SELECT ON reviews TO privileges_reader;");
    let text = app.schema(&["diff", "database", "structs", "--sql"]).ends_with(0);
    assert!(text.contains("REVOKE ALL ON products FROM privileges_reader;"), "{text}");
}

#[test]
fn what_cannot_be_granted_is_told_at_its_place() {
    let database = database();
    let app = shop(&database);
    write(
        &app,
        "a.sql",
        "GRANT SELECT ON product TO a;\nGRANT admin TO bob;\nGRANT CONNECT ON DATABASE shop TO bob;\nGRANT EXECUTE ON FUNCTION f TO a;\n",
    );
    let text = app.schema(&["generate"]).ends_with(1);
    let expected = [
        ("error[sql-object-unknown]: nothing that is declared here is called `product`", "schema/a.sql:1:1"),
        ("memberships of roles belong to the server", "schema/a.sql:2:1"),
        ("what is on the database or the server, run there", "schema/a.sql:3:1"),
        ("nothing that is declared here is called `f`", "schema/a.sql:4:1"),
    ];
    for (words, place) in expected {
        assert!(text.contains(words) && text.contains(place), "{words} {place}\n{text}");
    }
    write(&app, "a.sql", "GRANT EXECUTE ON products TO privileges_reader;\n");
    let text = app.schema(&["generate"]).ends_with(1);
    assert!(text.contains("EXECUTE is no privilege on a table") && text.contains("schema/a.sql:1:1"), "{text}");
}

#[test]
fn a_server_without_the_role_is_told_before_anything_runs() {
    let database = schema_tests::cluster::Cluster::start(&[]);
    let database = database.database();
    let app = shop(&database);
    write(&app, "a.sql", "GRANT SELECT ON products TO privileges_missing;\n");
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    let text = app.schema(&["upgrade"]).ends_with(1);
    assert!(text.contains("error[role-missing]") && text.contains("CREATE ROLE privileges_missing NOLOGIN"), "{text}");
    assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "0");
    roles(&database, &["privileges_missing"]);
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(may(&database, "has_table_privilege('privileges_missing', 'products', 'SELECT')"), "t");
}
