//! What no struct says, declared by statements in the `schema` folder: there, changed, and back, judged by the structs' own fresh build.

use std::fs;

use schema_tests::app::App;
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};

/// In an order in which nothing could be made as it stands here.
const CODE: &str = "
-- Over another view.
CREATE VIEW product_words AS SELECT id, shout(name) AS name FROM products_seen;
COMMENT ON VIEW product_words IS 'loud';
CREATE VIEW products_seen AS SELECT * FROM products WHERE name <> '';
CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper($1) || quiet() $$;
CREATE FUNCTION quiet() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '' $$;
CREATE MATERIALIZED VIEW product_count AS SELECT count(*) AS products FROM products_seen;
CREATE UNIQUE INDEX product_count_once ON product_count (products);
CREATE TRIGGER touched BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE POLICY own ON reviews USING (stars > 0);
";

fn shop(database: &Database) -> App {
    App::copy("shop", env!("CARGO_BIN_EXE_cargo_schema"), database)
}

#[test]
fn statements_go_there_and_back_with_the_structs() {
    let database = database();
    let app = shop(&database);
    app.write_statements("all/code.sql", CODE);
    let text = app.schema(&["generate", "-m", "first"]).ends_with(0);
    for line in [
        "+  view               product_words",
        "+  function           shout(text)",
        "+  trigger            products.touched",
    ] {
        assert!(text.contains(line), "{text}");
    }
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    app.schema(&["generate", "--check"]).ends_with(0);
    // psql runs one statement after the other, and a setting that is local to a transaction would be none.
    fs::write(app.folder().join("empty.sql"), "").unwrap();
    let script = app.schema(&["diff", "empty.sql", "database", "--sql"]).ends_with(0);
    assert!(script.starts_with("SET check_function_bodies = off;"), "{script}");
    let first = dump(&database);

    // A body changes in place; a type changes under views, which are made anew in order; a statement goes, another comes.
    app.edit("schema/all/code.sql", "SELECT upper($1) || quiet()", "SELECT lower($1)");
    app.edit("schema/all/code.sql", "CREATE POLICY own ON reviews USING (stars > 0);", "");
    app.edit("src/schema/catalog.rs", "pub weight_grams: i32", "pub weight_grams: i64");
    app.write_statements(
        "more.sql",
        "COMMENT ON FUNCTION quiet() IS 'nothing'; CREATE PROCEDURE rest() LANGUAGE sql AS 'SELECT 1'",
    );
    let text = app.schema(&["generate", "-m", "second", "--format", "json"]).ends_with(0);
    assert!(text.contains("CREATE OR REPLACE FUNCTION shout(text)"), "{text}");
    assert_eq!(text.matches("CREATE VIEW products_seen").count(), 2, "in up and in down: {text}");
    assert!(!text.contains("DROP FUNCTION shout"), "{text}");
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    assert_eq!(database.value("SELECT obj_description('product_words'::regclass)"), "loud");
    app.schema(&["check"]).ends_with(0);
    app.schema(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(diff(&first, &dump(&database)), Vec::<String>::new());
    app.schema(&["downgrade", "base", "--yes"]).ends_with(0);
    assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "0");
}

/// PostgreSQL makes a family for a class that names none, and leaves it behind when the class goes.
#[test]
fn an_operator_class_comes_and_goes_with_its_family() {
    let database = database();
    let app = shop(&database);
    let empty = dump(&database);
    let class = "CREATE OPERATOR CLASS backwards FOR TYPE integer USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, \
         OPERATOR 5 <, FUNCTION 1 descending(integer, integer)";
    let text = format!(
        "{class}; COMMENT ON OPERATOR CLASS backwards USING btree IS 'from the end';
         CREATE FUNCTION descending(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)';
         CREATE MATERIALIZED VIEW ids AS SELECT 1 AS id; CREATE INDEX ids_backwards ON ids (id backwards)"
    );
    app.write_statements("classes.sql", &text);
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    app.edit("schema/classes.sql", "FUNCTION 1 descending(integer, integer)", "FUNCTION 1 btint4cmp(integer, integer)");
    let text = app.schema(&["generate", "-m", "second", "--format", "json"]).ends_with(0);
    assert!(
        text.contains("DROP OPERATOR CLASS backwards USING btree") && !text.contains("DROP OPERATOR FAMILY"),
        "{text}"
    );
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["downgrade", "base", "--yes"]).ends_with(0);
    assert_eq!(diff(&empty, &dump(&database)), Vec::<String>::new());
}

#[test]
fn a_view_of_all_columns_gets_the_new_ones() {
    let database = database();
    let app = shop(&database);
    app.write_statements("code.sql", "CREATE VIEW everything AS SELECT * FROM products");
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    app.edit(
        "src/schema/catalog.rs",
        "pub weight_grams: i32,",
        "pub weight_grams: i32,\n    pub colour: Option<String>,",
    );
    let text = app.schema(&["generate", "-m", "second"]).ends_with(0);
    assert!(text.contains("DROP VIEW everything") && text.contains("CREATE VIEW everything"), "{text}");
    app.schema(&["upgrade"]).ends_with(0);
    app.schema(&["check"]).ends_with(0);
    assert_eq!(database.value("SELECT count(colour) FROM everything"), "0");
}

/// The columns of the view stay, and yet the view must wait for the column, or `SELECT *` would have it too. In the second view the
/// column cannot go before the view changes, so that one is made anew.
#[test]
fn a_view_of_all_columns_is_without_one_that_goes() {
    let database = database();
    let app = shop(&database);
    const COLUMNS: &str = "SELECT id, parent_id, name, position FROM categories";
    let views = |all: &str, few: &str| format!("CREATE VIEW all_of_them AS {all};\nCREATE VIEW few AS {few};");
    app.edit(
        "src/schema/catalog.rs",
        "    pub position: i16,\n}",
        "    pub position: i16,\n    pub colour: Option<String>,\n}",
    );
    app.write_statements("code.sql", &views(COLUMNS, &format!("{COLUMNS} WHERE colour IS NULL")));
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    app.edit(
        "src/schema/catalog.rs",
        "    pub position: i16,\n    pub colour: Option<String>,\n}",
        "    pub position: i16,\n}",
    );
    app.write_statements("code.sql", &views("SELECT * FROM categories", "SELECT * FROM categories WHERE id > 0"));
    let text = app.schema(&["generate", "-m", "second", "--allow-data-loss", "--format", "json"]).ends_with(0);
    assert!(text.contains("CREATE OR REPLACE VIEW all_of_them") && text.contains("DROP VIEW few"), "{text}");
}

#[test]
fn what_is_wrong_in_a_file_is_told_at_its_place() {
    let database = database();
    let app = shop(&database);
    app.write_statements("a.sql",
        "UPDATE products SET name = '';\nCREATE TABLE t (a int);\nCREATE VIEW v AS SELECT 1;\nCREATE VIEW v AS SELECT 2;\n",
    );
    app.write_statements(
        "b.sql",
        "COMMENT ON VIEW w IS 'x';\nCREATE TYPE m AS ENUM ('a');\nCREATE INDEX i ON products (name);\n",
    );
    let text = app.schema(&["generate"]).ends_with(1);
    let expected = [
        ("error[sql-definition]: this statement declares no object", "schema/a.sql:1:1"),
        ("declare the table as a struct with `#[derive(Table)]`", "schema/a.sql:2:1"),
        ("error[name-taken]: view `v` is declared twice", "schema/a.sql:4:1"),
        ("error[sql-object-unknown]: no statement of these files creates `w`", "schema/b.sql:1:1"),
        ("declare the enum as a Rust enum", "schema/b.sql:2:1"),
        ("declare it on the struct: `#[table(index(", "schema/b.sql:3:1"),
    ];
    for (words, place) in expected {
        assert!(text.contains(words) && text.contains(place), "{words} {place}\n{text}");
    }

    fs::remove_file(app.folder().join("schema/b.sql")).expect("it was written above");
    app.write_statements("a.sql", "\nCREATE VIEW v AS SELECT nam FROM products;\n");
    let text = app.schema(&["generate"]).ends_with(1);
    assert!(
        text.contains("error[statement-refused]") && text.contains("schema/a.sql:2:1") && text.contains("42703"),
        "{text}"
    );
    app.write_statements("a.sql", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT nam FROM products';\n");
    let text = app.schema(&["generate"]).ends_with(1);
    assert!(text.contains("error[routine-body]: function `f()`") && text.contains("schema/a.sql:1:1"), "{text}");
    app.write_statements("a.sql", "CREATE VIEW v AS SELECT 'open;\n");
    let text = app.schema(&["generate"]).ends_with(1);
    assert!(text.contains("error[sql-open]") && text.contains("schema/a.sql:1:25"), "{text}");
    assert!(
        !app.folder().join("migrations").exists()
            || fs::read_dir(app.folder().join("migrations")).expect("it can be read").next().is_none()
    );
}
