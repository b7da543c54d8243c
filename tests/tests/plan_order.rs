//! Ways on which a name, a text or a table means something else after the first statements.

use schema_core::rename::Rename;
use schema_core::{Ident, ObjectId, QualifiedName};
use schema_tests::cluster::database;
use schema_tests::way::there_and_back;

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
