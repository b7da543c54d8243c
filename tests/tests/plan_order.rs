//! Ways on which a name, a text or a table means something else after the first statements.

use schema_core::rename::Rename;
use schema_core::{Ident, KindName, ObjectId, QualifiedName};
use schema_tests::cluster::database;
use schema_tests::way::{there_and_back, there_and_back_with};

fn renamed(before: &str, after: &str) -> Rename {
    let table = |name: &str| ObjectId::table(&QualifiedName::public(Ident::of(name)));
    Rename { before: table(before), after: table(after) }
}

#[test]
fn what_stands_on_a_table_goes_before_another_takes_its_name() {
    there_and_back(
        &database(),
        "CREATE TABLE mail (); CREATE TABLE letters (id int PRIMARY KEY, sent date);
         CREATE FUNCTION sent() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(sent) FROM letters; END;
         CREATE MATERIALIZED VIEW days AS SELECT sent FROM letters;",
        "CREATE TABLE letters ();",
        &[renamed("mail", "letters")],
    );
}

/// The text of the body is as it was, and names the other table; its comment changes as well.
#[test]
fn a_body_whose_table_is_another_one_is_made_anew() {
    let body = "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(kind) FROM one; END;";
    there_and_back(
        &database(),
        &format!(
            "CREATE TABLE one (kind int); CREATE TABLE two (kind int, more int); {body} COMMENT ON FUNCTION f() IS 'old';"
        ),
        &format!(
            "CREATE TABLE one (kind int, more int); CREATE TABLE two (kind int); {body} COMMENT ON FUNCTION f() IS 'new';"
        ),
        &[renamed("one", "two"), renamed("two", "one")],
    );
}

#[test]
fn a_sequence_that_goes_with_its_table_leaves_its_name() {
    there_and_back(
        &database(),
        "CREATE TABLE level (id int);",
        "CREATE TABLE mail (kind int); CREATE SEQUENCE level OWNED BY mail.kind;",
        &[],
    );
    there_and_back(
        &database(),
        "CREATE TABLE mail (id int); CREATE TABLE level (id int);",
        "CREATE TABLE mail (id int, kind int); CREATE SEQUENCE level OWNED BY mail.kind;",
        &[],
    );
}

/// A server before 15 has no such sequences, and both are logged there.
#[test]
fn the_sequence_of_an_unlogged_table_is_unlogged() {
    there_and_back(&database(), "CREATE UNLOGGED TABLE t (id int);", "CREATE UNLOGGED TABLE t (id serial);", &[]);
    there_and_back(&database(), "CREATE TABLE t (id int);", "CREATE UNLOGGED TABLE t (id serial);", &[]);
}

/// A routine and a view hold the type itself, and no column of it.
#[test]
fn what_names_a_type_goes_while_another_takes_its_place() {
    let around = "CREATE TABLE t (id int, m mood); CREATE FUNCTION f(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1';
                  CREATE VIEW v AS SELECT f(m) FROM t; CREATE VIEW w AS SELECT 'a'::mood AS x;";
    for (from, to) in [
        ("CREATE TYPE mood AS ENUM ('a', 'b');", "CREATE TYPE mood AS ENUM ('a');"),
        ("CREATE DOMAIN mood AS varchar(5);", "CREATE DOMAIN mood AS text;"),
    ] {
        there_and_back(&database(), &format!("{from} {around}"), &format!("{to} {around}"), &[]);
    }
}

/// Rows are in the table on the way there and back.
#[test]
fn a_composite_type_changes_under_the_columns_that_have_it() {
    let around = "CREATE TABLE t (id int PRIMARY KEY, home addr, other addr NOT NULL DEFAULT '(,)');
                  CREATE VIEW v AS SELECT id, (home).street FROM t; CREATE INDEX ON t (((home).street));
                  CREATE FUNCTION f(addr) RETURNS text LANGUAGE sql AS 'SELECT ($1).street';
                  COMMENT ON COLUMN addr.zip IS 'code'; GRANT USAGE ON TYPE addr TO PUBLIC;";
    let rows = "INSERT INTO t VALUES (1, ROW('a', '12345'), DEFAULT), (2, NULL, ROW('b', NULL)), (3, ROW(NULL, NULL), DEFAULT);";
    let from = format!("CREATE TYPE addr AS (street text, zip varchar(5)); {around}");
    for (to, default) in [
        ("street text, zip varchar(5), city text", "(,,)"),
        ("street text, zip varchar(9)", "(,)"),
        ("zip varchar(5), street text", "(,)"),
        ("city text, zip varchar(9), street varchar", "(,,)"),
    ] {
        let to = format!("CREATE TYPE addr AS ({to}); {}", around.replace("'(,)'", &format!("'{default}'")));
        let database = database();
        there_and_back_with(&database, &from, rows, &to, &[]);
        let kept = database.value("SELECT string_agg(t::text, ' ' ORDER BY id) FROM t");
        assert_eq!(kept, "(1,\"(a,12345)\",\"(,)\") (2,,\"(b,)\") (3,\"(,)\",\"(,)\")", "{to}");
    }
    // An attribute goes, and its values with it.
    let around = "CREATE TABLE t (id int, home addr); CREATE VIEW v AS SELECT (home).street FROM t;";
    there_and_back(
        &database(),
        &format!("CREATE TYPE addr AS (zip text, street text); COMMENT ON COLUMN addr.zip IS 'code'; {around}"),
        &format!("CREATE TYPE addr AS (street text, no int); COMMENT ON COLUMN addr.no IS 'number'; {around}"),
        &[],
    );
}

#[test]
fn an_owned_sequence_moves_with_its_table() {
    let table = |schema: &str| ObjectId::table(&QualifiedName { schema: Ident::of(schema), name: Ident::of("t") });
    there_and_back(
        &database(),
        "CREATE SCHEMA app; CREATE TABLE t (id int); CREATE SEQUENCE numbers OWNED BY t.id;",
        "CREATE SCHEMA app; CREATE TABLE app.t (id int, more int); CREATE SEQUENCE app.numbers OWNED BY app.t.id;",
        &[Rename { before: table("public"), after: table("app") }],
    );
    there_and_back(
        &database(),
        "CREATE SCHEMA app; CREATE TABLE t (id int);",
        "CREATE SCHEMA app; CREATE TABLE app.t (id int); CREATE SEQUENCE app.numbers OWNED BY app.t.id;",
        &[Rename { before: table("public"), after: table("app") }],
    );
}

/// The domain cannot go before its column has the other one, which is over the new type.
#[test]
fn a_type_is_replaced_while_a_domain_over_it_goes() {
    there_and_back(
        &database(),
        "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE DOMAIN one AS mood; CREATE TABLE t (id int, m one, n mood);",
        "CREATE TYPE mood AS ENUM ('a', 'c'); CREATE DOMAIN two AS mood; CREATE TABLE t (id int, m two, n mood);",
        &[],
    );
}

/// The table goes before another schema takes the name of its own, and the extension with its types goes too.
#[test]
fn what_makes_room_goes_before_the_types_of_its_columns() {
    let schema = |name: &str| ObjectId::global(KindName::Schema, &Ident::of(name));
    there_and_back(
        &database(),
        "CREATE SCHEMA old; CREATE SCHEMA app; CREATE EXTENSION hstore SCHEMA app; CREATE TABLE app.t (h app.hstore);
         CREATE RULE r AS ON DELETE TO app.t DO NOTHING; CREATE TABLE old.u ();",
        "CREATE SCHEMA app; CREATE TABLE app.u ();",
        &[Rename { before: schema("old"), after: schema("app") }],
    );
}

/// PostgreSQL 15: `could not find cast from .. to 3500 (XX000)`.
#[test]
fn a_column_beside_an_enum_in_a_foreign_key_gets_another_type() {
    let tables = |of: &str| {
        format!(
            "CREATE TYPE kind AS ENUM ('a', 'b');
             CREATE TABLE t (k kind, n {of}, PRIMARY KEY (k, n)); CREATE TABLE u (k kind, n {of}, FOREIGN KEY (k, n) REFERENCES t (k, n));"
        )
    };
    let (from, to) = (tables("numeric(12, 4)"), tables("numeric"));
    there_and_back_with(&database(), &from, "INSERT INTO t VALUES ('a', 1); INSERT INTO u VALUES ('a', 1);", &to, &[]);
}

#[test]
fn rows_get_no_label_that_the_same_revision_adds() {
    let after = "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id int, m mood);";
    let before = "CREATE TYPE mood AS ENUM ('b', 'a'); CREATE TABLE t (id int, m mood NOT NULL);";
    there_and_back_with(&database(), before, "INSERT INTO t VALUES (1, 'a');", after, &[]);
}

/// The parent could not give its column up while the function reads it, and the new heir would take it over.
#[test]
fn a_new_heir_waits_for_the_column_that_its_parent_gives_up() {
    there_and_back(
        &database(),
        "CREATE TABLE thing (id int, depth int); CREATE TABLE other (id int); CREATE TABLE vessel (id int);
         CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(depth) FROM thing; END;",
        "CREATE TABLE thing (id int); CREATE TABLE other (id int) PARTITION BY LIST (id); CREATE TABLE other_one PARTITION OF other DEFAULT;
         CREATE TABLE vessel (depth bigint) INHERITS (thing);
         CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(id) FROM other_one; END;",
        &[],
    );
}

/// A table takes its sequences along. One that is about to go has no right to a name that somebody keeps.
#[test]
fn a_sequence_that_moves_with_its_table_meets_a_namesake() {
    let table = |schema: &str| ObjectId::table(&QualifiedName { schema: Ident::of(schema), name: Ident::of("t") });
    let moved = [Rename { before: table("public"), after: table("app") }];
    there_and_back(
        &database(),
        "CREATE SCHEMA app; CREATE TABLE t (id int); CREATE SEQUENCE numbers OWNED BY t.id; CREATE TABLE app.numbers (id int);",
        "CREATE SCHEMA app; CREATE TABLE app.t (id int); CREATE TABLE app.numbers (id int);",
        &moved,
    );
    there_and_back(
        &database(),
        "CREATE SCHEMA app; CREATE TABLE t (id int); CREATE SEQUENCE numbers OWNED BY t.id; CREATE TABLE app.numbers (id int);",
        "CREATE SCHEMA app; CREATE TABLE app.t (id int); CREATE SEQUENCE app.numbers OWNED BY app.t.id;",
        &moved,
    );
}
