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

#[test]
fn a_composite_type_gets_an_attribute_under_arrays_of_it() {
    let table = "CREATE TABLE t (a addr, b addr[]);";
    let rows = "INSERT INTO t VALUES (ROW('x'), ARRAY[ROW('y')::addr]);";
    let database = database();
    let to = format!("CREATE TYPE addr AS (street text, zip int); {table}");
    there_and_back_with(&database, &format!("CREATE TYPE addr AS (street text); {table}"), rows, &to, &[]);
    assert_eq!(database.value("SELECT b::text FROM t"), "{(y)}");
}

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
