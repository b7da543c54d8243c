//! Privileges and default privileges in the `schema` folder: given, changed, taken back, kept over what is made anew, and left alone where
//! nobody declares any.

use std::fs;

use schema_core::kinds::{Object, PartitionKey};
use schema_core::plan::{Hints, plan};
use schema_core::rename::Rename;
use schema_core::{Ident, ObjectId, QualifiedName};
use schema_tests::app::App;
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use schema_tests::way::{self, observed};

fn shop(database: &Database) -> App {
    let app = App::copy("shop", env!("CARGO_BIN_EXE_cargo_schema"), database);
    // Privileges are those of 14, but the shop uses two things that came with 15.
    if database.value("SHOW server_version_num").as_str() < "150000" {
        app.edit("src/schema/catalog.rs", ", nulls_not_distinct", "");
        app.edit("src/schema/customers.rs", "set null(default_address)", "no action");
    }
    app
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
    app.write_statements("a_grants.sql", GRANTS);
    app.write_statements("code.sql", CODE);
    app.schema(&["generate", "-m", "first"]).ends_with(0);
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
    app.edit("src/schema/catalog.rs", "pub weight_grams: i32", "pub weight_grams: i64");
    app.edit(
        "schema/code.sql",
        "RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$",
        "RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$",
    );
    app.edit("schema/a_grants.sql", "GRANT ALL ON products, reviews", "GRANT SELECT, INSERT ON products, reviews");
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
    app.write_statements(
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
    app.write_statements("more.sql",
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
    // What a revision gives by hand is no reason to refuse the next one, nor are tables that get default privileges of its.
    let text = app.schema(&["generate", "--empty", "-m", "by_hand"]).ends_with(0);
    assert!(text.contains("by_hand"), "{text}");
    let folders = fs::read_dir(app.folder().join("migrations"))
        .expect("it is there")
        .map(|entry| entry.expect("so is this").path());
    let folder = folders.into_iter().find(|path| path.to_string_lossy().ends_with("by_hand")).expect("it was written");
    fs::write(folder.join("up.sql"), "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO privileges_reader;\n")
        .expect("so is its file");
    fs::write(folder.join("down.sql"), "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM privileges_reader;\n")
        .expect("and this");
    app.write_statements("view.sql", "CREATE VIEW seen AS SELECT 1 AS a;");
    app.schema(&["generate", "-m", "view"]).ends_with(0);
    // As soon as one is declared, all are compared.
    app.write_statements("grants.sql", "GRANT SELECT ON reviews TO privileges_reader;");
    let text = app.schema(&["diff", "database", "structs", "--sql"]).ends_with(0);
    assert!(text.contains("REVOKE ALL ON products FROM privileges_reader;"), "{text}");
}

#[test]
fn what_cannot_be_granted_is_told_at_its_place() {
    let database = database();
    let app = shop(&database);
    app.write_statements("a.sql",
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
    app.write_statements("a.sql", "GRANT EXECUTE ON products TO privileges_reader;\n");
    let text = app.schema(&["generate"]).ends_with(1);
    assert!(text.contains("EXECUTE is no privilege on a table") && text.contains("schema/a.sql:1:1"), "{text}");
}

#[test]
fn a_server_without_the_role_is_told_before_anything_runs() {
    let database = schema_tests::cluster::Cluster::start(&[]);
    let database = database.database();
    let app = shop(&database);
    app.write_statements("a.sql", "GRANT SELECT ON products TO privileges_missing;\n");
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    for command in ["upgrade", "switch"] {
        let text = app.schema(&[command]).ends_with(1);
        let told = ["error[role-missing]", "CREATE ROLE privileges_missing NOLOGIN"];
        assert!(told.iter().all(|words| text.contains(words)), "{command}: {text}");
    }
    assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "0");
    roles(&database, &["privileges_missing"]);
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(may(&database, "has_table_privilege('privileges_missing', 'products', 'SELECT')"), "t");
}

fn run(database: &Database, sql: &str) {
    database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
}

#[test]
fn pull_writes_privileges_and_edits_what_changed() {
    let (original, empty) = (database(), database());
    roles(&original, &["privileges_reader", "privileges_writer"]);
    run(
        &original,
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO privileges_reader;
         CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL);
         CREATE TABLE secrets (id bigint PRIMARY KEY);
         REVOKE ALL ON secrets FROM privileges_reader;
         GRANT ALL ON SEQUENCE users_id_seq TO privileges_writer;
         GRANT UPDATE (email) ON users TO privileges_writer WITH GRANT OPTION;
         CREATE TYPE mood AS ENUM ('sad'); REVOKE ALL ON TYPE mood FROM PUBLIC;
         REVOKE INSERT ON users FROM postgres;",
    );
    let app = App::copy("pulled", env!("CARGO_BIN_EXE_cargo_schema"), &empty);
    app.schema(&["pull", &original.url]).ends_with(0);
    let path = app.folder().join("schema/privileges.sql");
    let expected = "\
GRANT ALL ON SEQUENCE users_id_seq TO privileges_writer;

REVOKE INSERT ON users FROM CURRENT_USER;

GRANT UPDATE (email) ON users TO privileges_writer WITH GRANT OPTION;

REVOKE ALL ON TYPE mood FROM PUBLIC;

ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO privileges_reader;

REVOKE ALL ON secrets FROM privileges_reader;
";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let text = fs::read_to_string(&path).expect("pull has written it");
    assert_eq!(sorted(&text), sorted(expected));
    let lib = app.folder().join("src/lib.rs");
    let code = fs::read_to_string(&lib).expect("the crate has one");
    fs::write(lib, format!("{code}\npub mod schema;\n")).expect("the copy is the test's own");
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(diff(&dump(&original), &dump(&empty)), Vec::<String>::new());
    app.schema(&["check"]).ends_with(0);
    assert!(app.schema(&["pull", &original.url]).ends_with(0).contains("nothing to do"));

    // One statement of many objects becomes those that still hold; the rest stays as it is.
    fs::write(&path, format!("-- Mine.\n{text}GRANT DELETE ON users, secrets TO privileges_writer;\n"))
        .expect("it is there");
    run(&original, "GRANT DELETE ON users TO privileges_writer");
    app.schema(&["pull", &original.url]).ends_with(0);
    let text = fs::read_to_string(&path).expect("it is there");
    assert!(text.starts_with("-- Mine.\n") && !text.contains("users, secrets"), "{text}");
    assert!(text.contains("GRANT DELETE ON users TO privileges_writer;"), "{text}");
    app.schema(&["generate", "-m", "deletes"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(diff(&dump(&original), &dump(&empty)), Vec::<String>::new());
}

#[test]
fn privileges_come_back_with_a_table_that_is_made_anew() {
    let database = database();
    let app = shop(&database);
    app.write_statements(
        "a.sql",
        "GRANT SELECT, INSERT ON reviews TO privileges_writer; GRANT SELECT (stars) ON reviews TO privileges_reader;",
    );
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    roles(&database, &["privileges_reader", "privileges_writer"]);
    app.schema(&["upgrade"]).ends_with(0);
    let (here, there) = (observed(&database), observed(&database));
    let reviews = QualifiedName::public(Ident::of("reviews"));
    let anew = there.map(|object| match object {
        Object::Table(table) if table.name == reviews => table.partition_by = PartitionKey::parse("HASH (id)"),
        _ => {}
    });
    let way = plan(&here, &anew, &[], &Hints::default()).up.text();
    let after = way.split("CREATE TABLE reviews").nth(1).expect("it is made anew");
    assert!(after.contains("GRANT SELECT, INSERT ON reviews TO privileges_writer;"), "{way}");
    assert!(after.contains("GRANT SELECT (stars) ON reviews TO privileges_reader;"), "{way}");
    assert!(!way.contains("REVOKE"), "they go with the table: {way}");
}

/// Two databases, there and back, where something is under the privileges that moves.
#[test]
fn privileges_follow_what_they_are_on() {
    let pairs = [
        // The sequence of a column is another one afterwards.
        (
            "CREATE TABLE t (id serial); GRANT USAGE ON SEQUENCE t_id_seq TO privileges_reader;",
            "CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY); GRANT USAGE ON SEQUENCE t_id_seq TO privileges_reader;",
        ),
        // The column goes, and the rest of what was given stays.
        (
            "CREATE TABLE t (a int, b int); GRANT SELECT (a, b), UPDATE (a) ON t TO privileges_reader;",
            "CREATE TABLE t (b int); GRANT SELECT (b) ON t TO privileges_reader;",
        ),
        // Revoked from the table, a privilege is gone from its columns.
        (
            "CREATE TABLE t (a int); GRANT ALL ON t TO privileges_reader; GRANT UPDATE (a) ON t TO privileges_reader;",
            "CREATE TABLE t (a int); GRANT UPDATE (a) ON t TO privileges_reader;",
        ),
        // One name, another kind.
        (
            "CREATE VIEW v AS SELECT 1 AS a; GRANT SELECT ON v TO privileges_reader;",
            "CREATE MATERIALIZED VIEW v AS SELECT 1 AS a; GRANT SELECT, MAINTAIN ON v TO privileges_reader;",
        ),
        (
            "CREATE SCHEMA app; GRANT ALL ON SCHEMA app TO privileges_reader; CREATE TYPE app.mood AS ENUM ('a');",
            "CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO privileges_reader WITH GRANT OPTION; CREATE TYPE app.mood AS ENUM ('a');
             REVOKE USAGE ON TYPE app.mood FROM PUBLIC; GRANT USAGE ON TYPE app.mood TO privileges_reader;
             REVOKE USAGE ON SCHEMA public FROM PUBLIC;",
        ),
        (
            "CREATE FUNCTION f(VARIADIC a int[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION f TO privileges_reader;",
            "CREATE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON PROCEDURE f FROM PUBLIC;
             CREATE AGGREGATE g(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0'); REVOKE ALL ON FUNCTION g() FROM PUBLIC;",
        ),
        // The type is made anew without the label, and the domain over it with it.
        (
            "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN good AS mood; CREATE TABLE t (m mood, g good);
             REVOKE USAGE ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE mood, good TO privileges_reader;",
            "CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN good AS mood; CREATE TABLE t (m mood, g good);
             REVOKE USAGE ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE mood, good TO privileges_reader;",
        ),
        // A function whose body names the column that the new type takes along, and which changes by itself.
        (
            "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (id int, m mood DEFAULT 'b');
             CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(m) FROM t; END; GRANT ALL ON FUNCTION f TO privileges_reader;",
            "CREATE TYPE mood AS ENUM ('a', 'c'); CREATE TABLE t (id int, m mood DEFAULT 'c');
             CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(id) FROM t; END; GRANT ALL ON FUNCTION f TO privileges_reader;",
        ),
        // What new tables get is said at the end, so that one that is only made anew does not get it.
        (
            "CREATE TABLE t (id int); CREATE VIEW v AS SELECT id FROM t;",
            "CREATE TABLE t (id int) PARTITION BY HASH (id); CREATE VIEW v AS SELECT id FROM t;
             ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO privileges_reader;",
        ),
    ];
    for (from, to) in pairs {
        there_and_back(from, to, &[]);
    }
    // A table takes the sequence of its column to another PostgreSQL schema.
    let (table, app) = (QualifiedName::public(Ident::of("t")), Ident::of("app"));
    let after = ObjectId::table(&QualifiedName { schema: app, ..table.clone() });
    there_and_back(
        "CREATE SCHEMA app; CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY);",
        "CREATE SCHEMA app; CREATE TABLE app.t (id integer GENERATED ALWAYS AS IDENTITY);
         GRANT USAGE ON SEQUENCE app.t_id_seq TO privileges_reader;",
        &[Rename { before: ObjectId::table(&table), after }],
    );
}

#[track_caller]
fn there_and_back(from: &str, to: &str, renames: &[Rename]) {
    let here = database();
    roles(&here, &["privileges_reader"]);
    let maintain = here.value("SELECT current_setting('server_version_num')::integer >= 170000") == "t";
    let to = if maintain { to.to_owned() } else { to.replace(", MAINTAIN", "") };
    way::there_and_back(&here, from, &to, renames);
}
