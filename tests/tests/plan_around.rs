//! What is made anew around a change, judged by PostgreSQL: expressions over a routine, rows sorted by a column, functions over rows.

use schema_core::plan::{Hints, plan};
use schema_tests::cluster::{Database, database};
use schema_tests::way::{observed, there_and_back, there_and_back_with};

/// What takes one script's database to that of another.
fn way(from: &str, to: &str) -> String {
    let with = |sql: &str| -> Database {
        let database = database();
        database.client().batch_execute(sql).expect("the SQL runs");
        database
    };
    plan(&observed(&with(from)), &observed(&with(to)), &[], &Hints::default()).up.text()
}

/// A routine that returns another type is dropped and created.
#[test]
fn what_is_computed_with_a_routine_is_computed_again_around_it() {
    let around = "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (twice(a)) STORED, CHECK (twice(b) > 0));
                  CREATE INDEX ON t (b); CREATE VIEW v AS SELECT b FROM t;";
    let routine =
        |of: &str| format!("CREATE FUNCTION twice(a int) RETURNS {of} IMMUTABLE LANGUAGE sql AS 'SELECT a * 2';");
    let from = format!("{} {around}", routine("int"));
    let to = format!("{} {around}", routine("bigint").replace("a * 2", "a * 2::bigint"));
    let database = database();
    there_and_back_with(&database, &from, "INSERT INTO t VALUES (3);", &to, &[]);
    assert_eq!(database.value("SELECT b FROM t"), "6");
}

/// A text search configuration is dropped and created with its mappings.
#[test]
fn what_is_computed_with_a_configuration_is_computed_again_around_it() {
    let table = "CREATE TABLE t (a text, b tsvector GENERATED ALWAYS AS (to_tsvector('plain', a)) STORED);";
    there_and_back(
        &database(),
        &format!("CREATE TEXT SEARCH CONFIGURATION plain (COPY = english); {table}"),
        &format!("CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple); {table}"),
        &[],
    );
}

#[test]
fn a_default_goes_while_the_routine_that_it_calls_is_made_anew() {
    let routine = |name: &str, of: &str| {
        format!("CREATE FUNCTION {name}(a int) RETURNS {of} IMMUTABLE LANGUAGE sql AS 'SELECT a * 2::{of}';")
    };
    let around = "CREATE DOMAIN even AS int DEFAULT twice(2) CHECK (twice(VALUE) > 0);
                  CREATE TABLE t (a int DEFAULT twice(1), b even, c int DEFAULT twice(3) + 1);";
    let from = format!("{} {around}", routine("twice", "int"));
    let to = format!("{} {}", routine("twice", "bigint"), around.replace(" + 1", " + 2"));
    there_and_back_with(&database(), &from, "INSERT INTO t DEFAULT VALUES;", &to, &[]);
}

/// PostgreSQL: `cannot alter column "at" because it is part of the partition key of relation "t"`.
#[test]
fn a_table_whose_rows_are_sorted_by_a_column_is_made_anew_with_its_type() {
    let table = |of: &str| {
        format!(
            "CREATE TABLE t (id int, at {of} NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
             CREATE TABLE t_a PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
             CREATE INDEX ON t_a (at); CREATE VIEW v AS SELECT at FROM t;"
        )
    };
    let database = database();
    let rows = "INSERT INTO t VALUES (1, '2026-03-04');";
    there_and_back_with(&database, &table("date"), rows, &table("timestamp"), &[]);
    assert_eq!(database.value("SELECT at FROM t_a"), "2026-03-04");
}

#[test]
fn a_partition_that_sorts_its_own_rows_goes_around_a_column_of_its_parent() {
    let root = |columns: &str| format!("CREATE TABLE t (region text{columns}) PARTITION BY LIST (region);");
    let sorted = "CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('eu') PARTITION BY RANGE (at);
                  CREATE TABLE t_eu_a PARTITION OF t_eu FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');";
    let (date, stamp) = (format!("{} {sorted}", root(", at date")), format!("{} {sorted}", root(", at timestamp")));
    there_and_back_with(&database(), &date, "INSERT INTO t VALUES ('eu', '2026-03-04');", &stamp, &[]);
    // The column comes and goes with the partitions below.
    let plain = format!("{} CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('eu');", root(""));
    there_and_back(&database(), &date, &plain, &[]);
    there_and_back(&database(), &plain, &date, &[]);
    let above = "CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('eu') PARTITION BY LIST (region);";
    let below = "CREATE TABLE t_eu_b PARTITION OF t_eu FOR VALUES IN ('eu') PARTITION BY RANGE (at);";
    let (from, to) = (format!("{} {above}", root("")), format!("{} {above} {below}", root(", at date")));
    there_and_back(&database(), &from, &to, &[]);
}

/// The check needs the function, which needs the rows of the table.
#[test]
fn a_check_over_a_function_of_the_rows_goes_before_it_and_comes_after_it() {
    let function = "CREATE FUNCTION size(t) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT length(($1).a)';";
    let all = format!(
        "CREATE TABLE t (id int, a text); {function} ALTER TABLE t ADD CHECK (size(t) > 0);
         CREATE INDEX ON t (size(t)); CREATE POLICY p ON t USING (size(t) > 1);"
    );
    there_and_back(&database(), &all, "", &[]);
    there_and_back(&database(), "", &all, &[]);
    let parted = "CREATE TABLE t (id int, a text) PARTITION BY RANGE (id); CREATE TABLE t_rest PARTITION OF t DEFAULT;";
    there_and_back_with(&database(), &all, "INSERT INTO t VALUES (1, 'x');", parted, &[]);
    // All of it comes back on the new table.
    let heir = all.replace("(id int, a text);", "(id int, a text) INHERITS (o);");
    let outer = "CREATE TABLE o (n int);";
    there_and_back_with(
        &database(),
        &format!("{outer} {all}"),
        "INSERT INTO t VALUES (1, 'x');",
        &format!("{outer} {heir}"),
        &[],
    );
}

/// PostgreSQL: `cannot alter type "word" because column "t.b" uses it`.
#[test]
fn a_domain_gets_a_stricter_rule_under_arrays_of_it() {
    let table = "CREATE TABLE t (a word, b word[] DEFAULT '{x}'); CREATE VIEW v AS SELECT b FROM t;";
    let rows = "INSERT INTO t VALUES ('one', '{two,\"a word that is longer than twenty letters\"}');";
    for to in ["text NOT NULL", "text CHECK (VALUE <> '')", "varchar(50)"] {
        let database = database();
        let to = format!("CREATE DOMAIN word AS {to}; {table}");
        there_and_back_with(&database, &format!("CREATE DOMAIN word AS text; {table}"), rows, &to, &[]);
        assert_eq!(database.value("SELECT b[2] FROM t"), "a word that is longer than twenty letters");
    }
}

/// PostgreSQL adds and drops attributes under arrays as under rows.
#[test]
fn a_composite_type_gets_an_attribute_under_arrays_of_it() {
    let table = "CREATE TABLE t (a addr, b addr[]);";
    let rows = "INSERT INTO t VALUES (ROW('x'), ARRAY[ROW('y')::addr]);";
    let database = database();
    let to = format!("CREATE TYPE addr AS (street text, zip int); {table}");
    there_and_back_with(&database, &format!("CREATE TYPE addr AS (street text); {table}"), rows, &to, &[]);
    assert_eq!(database.value("SELECT b::text FROM t"), "{(y)}");
}

/// What a new sequence is given by itself and shall not have is taken away, also when its column was there.
#[test]
fn a_sequence_of_a_column_that_was_there_gets_no_default_privilege() {
    let _ = database().client().batch_execute("CREATE ROLE around_reader");
    let defaults = "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO around_reader;";
    there_and_back(
        &database(),
        &format!("{defaults} CREATE TABLE t (id int NOT NULL, n int);"),
        &format!("CREATE TABLE t (id int NOT NULL GENERATED ALWAYS AS IDENTITY, n serial); {defaults}"),
        &[],
    );
}

/// NOT NULL is the key's own doing, and stays in the partition when the key goes.
#[test]
fn a_partition_whose_key_goes_takes_null_again() {
    let table = |key: &str| {
        format!(
            "CREATE TABLE t (id int, kind text, n int) PARTITION BY LIST (kind);
             CREATE TABLE t_a PARTITION OF t {key} FOR VALUES IN ('a');"
        )
    };
    let keys = ["", "(PRIMARY KEY (kind, id))", "(PRIMARY KEY (kind, n))"];
    for (from, to) in [(0, 1), (1, 0), (1, 2)] {
        there_and_back(&database(), &table(keys[from]), &table(keys[to]), &[]);
    }
}

#[test]
fn a_default_of_a_type_that_is_replaced_is_set_once() {
    let table = |labels: &str, default: &str| {
        format!("CREATE TYPE mood AS ENUM ({labels}); CREATE TABLE t (id int, m mood DEFAULT '{default}');")
    };
    let (from, to) = (table("'a', 'b'", "a"), table("'b', 'c'", "c"));
    there_and_back(&database(), &from, &to, &[]);
    let up = way(&from, &to);
    assert_eq!(up.matches("SET DEFAULT").count(), 1, "{up}");
}

#[test]
fn another_comment_is_no_new_body() {
    let routine = "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';";
    let up = way(routine, &format!("{routine} COMMENT ON FUNCTION one() IS 'the first';"));
    assert_eq!(up, "COMMENT ON FUNCTION one() IS 'the first';\n");
}
