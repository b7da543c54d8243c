//! The plan between two databases, run there and back and judged by their dumps.

use cargo_schema::catalog::{Scope, observe};
use schema_core::Schema;
use schema_core::plan::{Hints, plan};
use schema_core::rename::Rename;

use crate::cluster::{Database, database};
use crate::dump::{diff, dump};

/// What the catalogs of a database say.
pub fn observed(database: &Database) -> Schema {
    observe(&mut database.client(), &Scope::default()).unwrap_or_else(|error| panic!("{error}")).schema
}

/// Runs `from` in this database and `to` in another one, and takes this one there and back.
#[track_caller]
pub fn there_and_back(here: &Database, from: &str, to: &str, renames: &[Rename]) {
    there_and_back_with(here, from, "", to, renames);
}

/// The same with rows, which are there afterwards.
#[track_caller]
pub fn there_and_back_with(here: &Database, from: &str, rows: &str, to: &str, renames: &[Rename]) {
    let there = database();
    let run = |database: &Database, sql: &str| database.client().batch_execute(sql).expect("the SQL runs");
    run(here, from);
    run(&there, to);
    run(here, rows);
    let kept = rows_of(here);
    let (before, after, start, goal) = (observed(here), observed(&there), dump(here), dump(&there));
    let way = plan(&before, &after, renames, &Hints::default());
    run(here, &format!("BEGIN; {} COMMIT;", way.up.text()));
    assert_eq!(diff(&goal, &dump(here)), Vec::<String>::new(), "{}", way.up.text());
    run(here, &format!("BEGIN; {} COMMIT;", way.down.text()));
    assert_eq!(diff(&start, &dump(here)), Vec::<String>::new(), "{}", way.down.text());
    assert_eq!(rows_of(here), kept, "{}", way.down.text());
}

/// The rows of all tables, whatever the order of their columns.
fn rows_of(database: &Database) -> Vec<(String, String)> {
    let tables = "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'";
    let mut client = database.client();
    let names: Vec<String> =
        client.query(tables, &[]).expect("tables are listed").iter().map(|row| row.get(0)).collect();
    let mut rows: Vec<(String, String)> = names
        .into_iter()
        .map(|name| {
            let all = format!(
                "SELECT coalesce(string_agg(to_jsonb(x)::text, ' ' ORDER BY to_jsonb(x)::text), '') FROM {name} x"
            );
            let rows = client.query_one(&all, &[]).expect("rows are read").get(0);
            (name, rows)
        })
        .collect();
    rows.sort();
    rows
}
