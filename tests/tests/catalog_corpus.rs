//! Real schemas: each is observed, planned from nothing into a second database, and observed and dumped again.
//!
//! What the model does not know (functions, views, partitions ...) is put beside the plan from `pg_dump`'s own text, so that the
//! dumps of both databases can be equal as a whole. The schemas are in a folder of their own; without it the test says so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cargo_schema::catalog::{Observed, Scope, compare, observe};
use postgres::Client;
use schema_core::{
    Schema,
    plan::{Hints, plan},
};
use schema_tests::{
    cluster::{Database, database},
    corpus::{corpus, load},
    dump::{Entry, diff, dump, entries},
};

/// What a plan may need that the model does not know: the words of `pg_dump`. A base type needs its functions before they can be
/// planned.
const BESIDE: [&str; 7] =
    ["OPERATOR CLASS", "OPERATOR FAMILY", "TYPE", "SHELL TYPE", "FUNCTION", "PROCEDURAL LANGUAGE", "ACCESS METHOD"];

/// An object that one of them made already; whether it is the same is compared at the end.
const EXISTS: [&str; 4] = ["42710", "42723", "42P07", "23505"];

/// What the model knows and `pg_dump` may add properties to.
const MODELLED: [&str; 4] = ["TABLE", "CONSTRAINT", "INDEX", "MATERIALIZED VIEW"];

#[test]
fn real_schemas_come_back() {
    let Some(folder) = corpus() else {
        println!("no folder of real schemas; see `schema_tests::corpus`");
        return;
    };
    let mut files: Vec<_> = fs::read_dir(folder.join("schemas")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    println!("{:<20} {:>7} {:>9} {:>10}  not in the model", "schema", "objects", "statements", "equal");
    let faults: Vec<String> = files.iter().flat_map(|file| round_trip(file)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn round_trip(file: &Path) -> Vec<String> {
    let name = file.file_stem().unwrap().to_string_lossy();
    let first = load(&fs::read_to_string(file).unwrap()).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    let before = read(&first);
    let plan = plan(&Schema::default(), &before.schema, &[], &Hints::default());
    let second = database();
    let all = entries(&first);
    let mut faults = build(&second, &plan.up.texts(), &all);
    faults.extend(compare(&before.schema, &read(&second).schema).iter().map(ToString::to_string));
    let known = dump(&second);
    let mut missing: Vec<Entry> = all.iter().filter(|entry| !known.contains_key(&entry.key)).cloned().collect();
    while try_each(&mut client(&second), &mut missing) {}
    say_properties(&second, &all);
    faults.extend(diff(&dump(&first), &dump(&second)));
    let (objects, statements) = (before.schema.iter().count(), plan.up.texts().len());
    let equal = if faults.is_empty() { "yes" } else { "no" };
    println!("{name:<20} {objects:>7} {statements:>10} {equal:>9}  {}", unmanaged(&before));
    faults.into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

/// Runs the plan; a statement that fails may need a function or a type that the model does not know.
fn build(database: &Database, statements: &[String], beside: &[Entry]) -> Vec<String> {
    let (mut planned, mut other) = (database.client(), client(database));
    // What the plan sets for its transaction, each of its statements needs here.
    planned.batch_execute("SET check_function_bodies = off").unwrap();
    let mut usable: Vec<Entry> = beside.iter().filter(|entry| BESIDE.contains(&entry.kind.as_str())).cloned().collect();
    usable.retain(|entry| entry.kind != "TYPE" || !entry.sql.contains(" AS "));
    let mut faults = Vec::new();
    for statement in statements {
        let mut result = planned.batch_execute(statement);
        while result.is_err() && try_each(&mut other, &mut usable) {
            result = planned.batch_execute(statement);
        }
        let exists = |error: &postgres::Error| error.code().is_some_and(|code| EXISTS.contains(&code.code()));
        if let Some(error) = result.err().filter(|error| !exists(error)) {
            let message = error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
            faults.push(format!("{message}\n{statement}"));
        }
    }
    faults
}

/// Whether any of them could be created; those are taken off the list.
fn try_each(client: &mut Client, entries: &mut Vec<Entry>) -> bool {
    let before = entries.len();
    entries.retain(|entry| client.batch_execute(&entry.sql).is_err());
    entries.len() < before
}

/// A session with the settings of a dump.
fn client(database: &Database) -> Client {
    let mut client = database.client();
    client.batch_execute("SET search_path = ''; SET check_function_bodies = off").unwrap();
    client
}

fn read(database: &Database) -> Observed {
    observe(&mut database.client(), &Scope::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Says what the model cannot say of an object that it knows, in the words of the dump, so that nothing else may differ.
fn say_properties(database: &Database, entries: &[Entry]) {
    const PROPERTIES: [&str; 5] =
        [" CLUSTER ON ", " SET STATISTICS ", " SET STORAGE ", " SET COMPRESSION ", " SET (n_distinct"];
    let lines =
        entries.iter().filter(|entry| MODELLED.contains(&entry.kind.as_str())).flat_map(|entry| entry.sql.lines());
    let said = lines.filter(|line| line.starts_with("ALTER ") && PROPERTIES.iter().any(|words| line.contains(words)));
    let mut client = client(database);
    said.for_each(|line| client.batch_execute(line).unwrap_or_else(|error| panic!("{error}: {line}")));
}

fn unmanaged(observed: &Observed) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    observed.unmanaged.iter().for_each(|of| *counts.entry(&of.kind).or_default() += 1);
    counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}
