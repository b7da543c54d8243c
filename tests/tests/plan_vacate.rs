//! Types, collations and operator classes that are made anew while columns hold them: the values wait as text, there and back.

use schema_core::plan::{Hints, plan};
use schema_tests::cluster::database;
use schema_tests::way::{observed, there_and_back_with};

/// The text with each of the words, `{a|b}`, of one side.
fn sides(text: &str) -> [String; 2] {
    [0, 1].map(|side| {
        let mut out = String::new();
        for part in text.split('{') {
            match part.split_once('}') {
                Some((words, rest)) => {
                    out.push_str(words.split('|').nth(side).expect("two words"));
                    out.push_str(rest);
                }
                None => out.push_str(part),
            }
        }
        out
    })
}

fn with_rows(text: &str, rows: &str) {
    let [before, after] = sides(text);
    there_and_back_with(&database(), &before, rows, &after, &[]);
}

#[test]
fn a_composite_type_follows_an_enum_and_a_domain() {
    with_rows(
        "CREATE TYPE mood AS ENUM ('a',{ 'b',|} 'c'); CREATE DOMAIN low AS {int|bigint} CHECK (VALUE < 10);
         CREATE TYPE pair AS (m mood, n low); CREATE TYPE two AS (p pair, q pair[]); CREATE DOMAIN paired AS pair CHECK ((VALUE).n > 0);
         CREATE TABLE t (id int, p pair NOT NULL DEFAULT ROW('a', 1), q two[], d paired, a paired[], n low GENERATED ALWAYS AS ((p).n) STORED);
         CREATE INDEX i ON t (((p).n)); CREATE VIEW v AS SELECT p, (p).m FROM t; GRANT SELECT (p) ON t TO PUBLIC;
         COMMENT ON COLUMN t.p IS 'p'; GRANT USAGE ON TYPE pair TO PUBLIC; COMMENT ON TYPE pair IS 'two of them';
         CREATE TABLE u (id int) INHERITS (t); CREATE FUNCTION f(pair) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "INSERT INTO t (id, q, d, a) VALUES
           (1, ARRAY[ROW(ROW('a', 2), ARRAY[ROW('c', 3)::pair])::two], ROW('a', 4), ARRAY[ROW('a', 5)::pair]), (3, NULL, NULL, '{}');
         INSERT INTO u (id) VALUES (2)",
    );
}

/// An index over text would need another operator class, and an exclusion constraint another operator.
#[test]
fn a_range_type_gets_another_subtype() {
    with_rows(
        "CREATE TYPE r AS RANGE (subtype = {int|bigint}); CREATE DOMAIN held AS r CHECK (NOT isempty(VALUE));
         CREATE TABLE t (id int, p r DEFAULT '[1,2)', q r[], d held, EXCLUDE USING gist (p WITH &&)); CREATE INDEX i ON t USING gist (p);
         CREATE INDEX j ON t (p range_ops); CREATE VIEW v AS SELECT lower(p) FROM t",
        "INSERT INTO t VALUES (1, '[1,2)', ARRAY['[1,3)'::r, 'empty'], '[1,2)')",
    );
}

#[test]
fn a_collation_changes_under_columns_domains_and_types() {
    with_rows(
        "CREATE COLLATION c (provider = icu, locale = '{de|fr}'); CREATE DOMAIN dt AS text COLLATE c; CREATE TYPE ct AS (x text COLLATE c);
         CREATE TYPE rt AS RANGE (subtype = text, collation = c);
         CREATE TABLE t (id int, p text COLLATE c DEFAULT 'a' UNIQUE, q text[] COLLATE c, d dt, k ct, z rt,
             g text COLLATE c GENERATED ALWAYS AS (upper(p)) STORED, CHECK (p < 'z'));
         CREATE INDEX i ON t (id, p); CREATE INDEX j ON t (lower(p) COLLATE c); CREATE VIEW v AS SELECT p, d FROM t ORDER BY p;
         CREATE TABLE w (a text); CREATE INDEX wi ON w (a COLLATE c)",
        "INSERT INTO t VALUES (1, 'x', ARRAY['a'], 'b', ROW('c'), '[a,b)')",
    );
}

#[test]
fn a_domain_whose_routine_is_made_anew_is_under_an_array_and_a_generated_column() {
    with_rows(
        "CREATE FUNCTION f({x|y} int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT {x|y} > 0'; CREATE DOMAIN d AS int CHECK (f(VALUE));
         CREATE TABLE t (id int, p d[], g d[] GENERATED ALWAYS AS (p) STORED)",
        "INSERT INTO t VALUES (1, ARRAY[1, 2]), (2, NULL)",
    );
}

#[test]
fn an_operator_class_changes_under_an_index_and_a_constraint() {
    with_rows(
        "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
         CREATE OPERATOR CLASS oc FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 {hashint4|f}(integer);
         CREATE TABLE t (n int, EXCLUDE USING hash (n oc WITH =)); CREATE INDEX i ON t USING hash (n oc)",
        "INSERT INTO t VALUES (1)",
    );
    with_rows(
        "CREATE OPERATOR CLASS oc FOR TYPE {integer|bigint} USING hash AS OPERATOR 1 =, FUNCTION 1 {hashint4|hashint8}({integer|bigint});
         CREATE TABLE t (n {integer|bigint}); CREATE INDEX i ON t USING hash (n oc)",
        "INSERT INTO t VALUES (1)",
    );
}

/// The text of a row says no names: read by another type, its values would be in each other's places.
#[test]
fn rows_in_an_array_never_change_places() {
    let [before, after] = sides("CREATE TYPE pair AS ({a int, b int|b int, a int}); CREATE TABLE t (id int, p pair[])");
    let (database, there) = (database(), database());
    database.client().batch_execute(&before).unwrap();
    there.client().batch_execute(&after).unwrap();
    let (start, end) = (observed(&database), observed(&there));
    let mut client = database.client();
    client.batch_execute("INSERT INTO t VALUES (1, ARRAY[ROW(1, 2)::pair])").unwrap();
    let refused = client.batch_execute(&plan(&start, &end, &[], &Hints::default()).up.text()).unwrap_err();
    assert_eq!(refused.code().map(|code| code.code()), Some("2BP01"), "{refused:?}");
    assert_eq!(database.value("SELECT (p[1]).a FROM t"), "1");
}

/// On the way back the attribute goes first, then the enum loses its label.
#[test]
fn a_composite_type_gets_an_attribute_of_an_enum_that_changes() {
    with_rows(
        "CREATE TYPE mood AS ENUM ('a'{|, 'b'}); CREATE TYPE home AS ({street varchar, n int|street text, m mood});
         CREATE TABLE t (id int, h home, m mood); CREATE VIEW v AS SELECT (h).street FROM t",
        "INSERT INTO t VALUES (1, ROW('here', NULL), 'a')",
    );
}
