//! Real schemas: each is observed, planned from nothing into a second database, and observed and dumped again.
//!
//! What the model does not know (functions, views, partitions ...) is put beside the plan from `pg_dump`'s own text, so that the
//! dumps of both databases can be equal as a whole. The schemas are in a folder of their own; without it the test says so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cargo_schema::catalog::{Observed, Scope, compare, observe};
use schema_core::{
    Schema,
    plan::{Hints, plan},
};
use schema_tests::{
    cluster::{Database, database},
    dump::{Entry, diff, dump, entries},
    originals::{build, client, files, is_about, load, say_properties, try_each},
};

#[test]
fn real_schemas_come_back() {
    let Some(files) = files() else {
        println!("no folder of real schemas; see `schema_tests::corpus`");
        return;
    };
    println!("{:<20} {:>7} {:>9} {:>10}  not in the model", "schema", "objects", "statements", "equal");
    let faults: Vec<String> = files.iter().flat_map(|file| round_trip(file)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn round_trip(file: &Path) -> Vec<String> {
    let name = file.file_stem().unwrap().to_string_lossy();
    let first = load(&fs::read_to_string(file).unwrap());
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
    let named = |fault: &str| before.unmanaged.iter().any(|of| is_about(fault, &of.name));
    faults.extend(diff(&dump(&first), &dump(&second)).into_iter().filter(|fault| !named(fault)));
    let (objects, statements) = (before.schema.iter().count(), plan.up.texts().len());
    let equal = if faults.is_empty() { "yes" } else { "no" };
    println!("{name:<20} {objects:>7} {statements:>10} {equal:>9}  {}", unmanaged(&before));
    faults.into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

fn read(database: &Database) -> Observed {
    observe(&mut database.client(), &Scope::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn unmanaged(observed: &Observed) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    observed.unmanaged.iter().for_each(|of| *counts.entry(&of.kind).or_default() += 1);
    counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}
