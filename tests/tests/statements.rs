//! What `schema_core::sql` says about statements, with PostgreSQL as the judge: where they end, which ones it refuses in a
//! transaction, what literals stand for.

use postgres::SimpleQueryMessage;
use postgres::error::SqlState;
use schema_core::sql::{StatementKind, split, statement_kind, string_literals};
use schema_tests::cluster::database;

/// Statements that the server refuses in a transaction, or runs there, or fails for another reason.
const IN_A_TRANSACTION: &[&str] = &[
    "CREATE INDEX CONCURRENTLY i ON t (a)",
    "CREATE UNIQUE INDEX CONCURRENTLY ON t (a)",
    "CREATE INDEX i2 ON t (a)",
    "DROP INDEX CONCURRENTLY IF EXISTS i",
    "DROP INDEX IF EXISTS i",
    "REINDEX TABLE CONCURRENTLY t",
    "REINDEX (CONCURRENTLY) TABLE t",
    "REINDEX (CONCURRENTLY off, VERBOSE) TABLE t",
    "REINDEX SCHEMA public",
    "REINDEX (VERBOSE) SCHEMA public",
    "REINDEX TABLE t",
    "VACUUM t",
    "ANALYZE t",
    "CLUSTER",
    "CLUSTER VERBOSE",
    "CLUSTER t USING t_pkey",
    "ALTER SYSTEM RESET ALL",
    "ALTER DATABASE postgres SET work_mem = '4MB'",
    "ALTER DATABASE postgres SET TABLESPACE pg_default",
    "CREATE DATABASE other",
    "DROP DATABASE IF EXISTS other",
    "CREATE TABLESPACE other LOCATION '/nowhere'",
    "DROP TABLESPACE IF EXISTS other",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot = off, connect = false)",
    "ALTER TABLE p DETACH PARTITION q CONCURRENTLY",
    "ALTER TABLE p DETACH PARTITION q FINALIZE",
    "ALTER TABLE p DETACH PARTITION q",
    "DISCARD ALL",
    "DISCARD PLANS",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
    "ALTER TYPE mood ADD VALUE 'ok'",
    "COMMENT ON TABLE t IS 'VACUUM'",
    "LOCK TABLE t",
    "PREPARE transaction AS SELECT 1",
];

#[test]
fn the_server_refuses_in_a_transaction_what_is_said_to_need_none() {
    let database = database();
    let mut client = database.client();
    client
        .batch_execute(
            "CREATE TABLE t (a integer PRIMARY KEY); CREATE TYPE mood AS ENUM ('sad');
             CREATE TABLE p (a integer) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
             CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE UNIQUE INDEX ON m (a)",
        )
        .unwrap();
    for text in IN_A_TRANSACTION {
        let statement = split(text).unwrap()[0];
        let said = matches!(statement_kind(&statement), StatementKind::NotInTransaction(_));
        client.batch_execute("BEGIN").unwrap();
        let refused = client.batch_execute(statement.text).err();
        let shown = refused.as_ref().and_then(postgres::Error::code) == Some(&SqlState::ACTIVE_SQL_TRANSACTION);
        assert_eq!(said, shown, "{text}: {refused:?}");
        client.batch_execute("ROLLBACK").unwrap();
    }
}

/// Statements with something in them that looks like an end. All run, in any order.
const WITH_FALSE_ENDS: &[&str] = &[
    "SELECT ';', E'\\';', $$;$$, $a$;$$;$a$, 1 AS \";\"",
    "SELECT /* ; /* ' */ ; */ 1 -- ; '\n + 1",
    "CREATE OR REPLACE RULE r AS ON DELETE TO t DO ALSO (SELECT 1; SELECT 2)",
    "CREATE OR REPLACE FUNCTION f(case_ integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC
       SELECT 1; SELECT CASE WHEN case_ = 1 THEN (CASE 2 WHEN 2 THEN 3 END) END AS end; END",
    "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (';'); END",
    "DO $do$ BEGIN PERFORM ';'; END $do$",
    "SELECT U&'\\0041;', 'a;'\n  'b;'",
    "SELECT 'it''s;' AS \"a\"\";b\"",
];

#[test]
fn statements_end_where_the_server_ends_them() {
    let database = database();
    let mut client = database.client();
    client.batch_execute("CREATE TABLE t (a text)").unwrap();
    let separators = [";", " ;\n", "; -- ';\n", ";;", "/* ; */;/* $$ */ ", ";\n\n ; "];
    let mut seed = 41_u64;
    let mut below = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % bound
    };
    for _ in 0..100 {
        let count = 1 + below(6);
        let chosen: Vec<&str> = (0..count).map(|_| WITH_FALSE_ENDS[below(WITH_FALSE_ENDS.len())]).collect();
        let text: String = chosen.iter().map(|text| (*text).to_owned() + separators[below(separators.len())]).collect();
        let answers = client.simple_query(&text).unwrap_or_else(|problem| panic!("{text}\n{problem}"));
        let done = answers.iter().filter(|answer| matches!(answer, SimpleQueryMessage::CommandComplete(_))).count();
        assert_eq!(split(&text).unwrap().iter().map(|own| own.text).collect::<Vec<_>>(), chosen, "{text}");
        assert_eq!(done, chosen.len(), "{text}");
    }
}

#[test]
fn literals_stand_for_what_the_server_reads() {
    let database = database();
    let mut client = database.client();
    for literal in [
        "'it''s'",
        "'a\\n'",
        "E'\\b\\f\\n\\r\\t\\q\\\\'",
        "E'\\x41\\x4\\101\\7\\u00e9\\U0001F600'",
        "E'it\\'s ''it'' '",
        "$$a'b$$",
        "$x$ $$ $x$",
        "U&'plain'",
        "'a' -- it's\n  'b'\n 'c'",
        "E'a\\''\n'\\'b'",
        "''",
    ] {
        let row = client.query_one(&format!("SELECT {literal}::text"), &[]).unwrap();
        assert_eq!(string_literals(literal), [row.get::<_, String>(0)], "{literal}");
    }
}
