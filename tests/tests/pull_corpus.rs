//! Real schemas as structs: each is loaded, observed, written as structs and files of statements, lowered, built on an empty database, and compared with
//! the original, object by object, by the catalogs and by `pg_dump`.
//!
//! What the model does not know is counted as not managed; where a plan needs it, it is put beside from `pg_dump`'s own text. The
//! schemas are in a folder of their own; without it the test says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use cargo_schema::catalog::{Observed, Scope, compare, observe};
use cargo_schema::pull::{Layout, Options, Pulled, write};
use schema_core::plan::{Hints, plan};
use schema_core::{ObjectId, Schema};
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{Entry, dump, entries};
use schema_tests::originals::{build, client, files, is_about, load, say_properties, try_each};

/// The objects of one kind.
#[derive(Default)]
struct Count {
    equal: usize,
    different: usize,
    not_managed: usize,
}

/// Objects by kind, in the words of `pg_dump` or of the model.
type Table = BTreeMap<String, Count>;

#[test]
fn real_schemas_come_back_through_structs() {
    let Some(files) = files() else {
        println!("no folder of real schemas; see `schema_tests::corpus`");
        return;
    };
    let (mut observed, mut dumped) = (Table::new(), Table::new());
    let faults: Vec<String> = files.iter().flat_map(|file| round_trip(file, &mut observed, &mut dumped)).collect();
    print_table("object of the catalogs", &observed);
    print_table("object of pg_dump", &dumped);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn print_table(title: &str, table: &Table) {
    println!("\n{title:<42} {:>7} {:>10} {:>12}", "equal", "different", "not managed");
    let total = |of: fn(&Count) -> usize| table.values().map(of).sum::<usize>();
    let all = Count {
        equal: total(|of| of.equal),
        different: total(|of| of.different),
        not_managed: total(|of| of.not_managed),
    };
    for (kind, of) in table.iter().map(|(kind, of)| (kind.as_str(), of)).chain([("all", &all)]) {
        println!("{kind:<42} {:>7} {:>10} {:>12}", of.equal, of.different, of.not_managed);
    }
}

fn round_trip(file: &Path, observed: &mut Table, dumped: &mut Table) -> Vec<String> {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let first = load(&fs::read_to_string(file).unwrap());
    let before = read(&first);
    let pulled = write(&before.schema, &Options::default());
    let mut faults = formatted(&pulled);
    faults.extend(cargo_schema::pull::errors(&pulled).iter().map(|found| found.message.clone()));
    let outside: BTreeSet<ObjectId> = pulled.unsaid.iter().map(|of| of.object.clone()).collect();

    let second = database();
    let all = entries(&first);
    let plan = plan(&Schema::default(), &pulled.lowered.schema, &[], &Hints::default());
    faults.extend(build(&second, &plan.up.texts(), &all));
    faults.extend(count_observed(&before, &read(&second).schema, &outside, observed));
    faults.extend(count_dumped(&first, &second, &before, &all, dumped));
    for of in &pulled.unsaid {
        println!("{name}: {} `{}` is not in the structs: {}", of.object.kind.words(), of.object, of.reason);
    }
    faults.into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

/// The texts are Rust, and rustfmt has nothing to change in them.
fn formatted(pulled: &Pulled) -> Vec<String> {
    let mut faults = Vec::new();
    for file in &pulled.files {
        let mut child = Command::new("rustfmt")
            .args(["--edition", "2024", "--emit", "stdout", "--quiet", "--config", "skip_children=true"])
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("rustfmt comes with the toolchain");
        child.stdin.take().unwrap().write_all(file.text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        if text != file.text {
            let error = String::from_utf8_lossy(&output.stderr);
            let changed = file.text.lines().zip(text.lines()).find(|(ours, theirs)| ours != theirs);
            faults.push(format!("rustfmt changes {}: {changed:?} {error}", file.path));
        }
    }
    faults
}

/// Every observed object of the original beside that of the copy.
fn count_observed(before: &Observed, after: &Schema, outside: &BTreeSet<ObjectId>, table: &mut Table) -> Vec<String> {
    let kept = before.schema.filter(|id| !outside.contains(id));
    let mut differences = compare(&kept, after);
    // What stands on an object that is not managed was put beside the plan together with it.
    let beside = |of: &ObjectId| before.unmanaged.iter().any(|unmanaged| unmanaged.name == of.to_string());
    differences.retain(|of| of.attribute.is_some() || of.before.is_some() || !beside(&of.object));
    let wrong: BTreeSet<&ObjectId> = differences.iter().map(|of| &of.object).collect();
    for (id, _) in kept.iter() {
        let count = table.entry(id.kind.words().to_owned()).or_default();
        if wrong.contains(id) { count.different += 1 } else { count.equal += 1 }
    }
    for id in outside {
        table.entry(id.kind.words().to_owned()).or_default().not_managed += 1;
    }
    for of in &before.unmanaged {
        table.entry(of.kind.clone()).or_default().not_managed += 1;
    }
    differences.iter().map(ToString::to_string).collect()
}

/// Every object of the original's dump beside that of the copy; what the copy has not is not managed, and must be of a kind that
/// the model does not know.
fn count_dumped(
    first: &Database,
    second: &Database,
    before: &Observed,
    all: &[Entry],
    table: &mut Table,
) -> Vec<String> {
    let built = dump(second);
    let mut missing: Vec<Entry> = all.iter().filter(|entry| !built.contains_key(&entry.key)).cloned().collect();
    let beside: BTreeSet<String> = missing.iter().map(|entry| entry.key.clone()).collect();
    while try_each(&mut client(second), &mut missing) {}
    say_properties(second, all);
    let kinds: BTreeMap<&str, &str> = all.iter().map(|entry| (entry.key.as_str(), entry.kind.as_str())).collect();
    let (old, new) = (dump(first), dump(second));
    let mut faults: Vec<String> = Vec::new();
    // Something of the object is named as not managed.
    let listed = |fault: &str| before.unmanaged.iter().any(|of| is_about(fault, &of.name));
    for (key, text) in &old {
        let count = table.entry(kinds.get(key.as_str()).unwrap_or(&"").to_string()).or_default();
        if beside.contains(key) || (new.get(key) != Some(text) && listed(key)) {
            count.not_managed += 1;
        } else if new.get(key) == Some(text) {
            count.equal += 1;
        } else {
            count.different += 1;
            faults.push(format!("{key} differs:\n{text}\n{}", new.get(key).map_or("", String::as_str)));
        }
    }
    let tables = before.schema.of_kind(schema_core::KindName::Table).count();
    let copied = read(second).schema.of_kind(schema_core::KindName::Table).count();
    faults.extend((tables != copied).then(|| format!("{tables} tables became {copied}")));
    faults.extend(schema_tests::dump::diff(&old, &new).into_iter().filter(|fault| !listed(fault)));
    faults
}

fn read(database: &Database) -> Observed {
    observe(&mut database.client(), &Scope::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Everything the model knows, and names that are hard to write.
#[test]
fn every_feature_comes_back_through_structs() {
    let (mut observed, mut dumped) = (Table::new(), Table::new());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalog");
    let faults = ["features.sql", "features_15.sql", "hostile.sql"]
        .into_iter()
        .flat_map(|file| round_trip(&folder.join(file), &mut observed, &mut dumped));
    let faults: Vec<String> = faults.collect();
    print_table("object of the catalogs", &observed);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(observed.values().map(|of| of.equal).sum::<usize>() > 100);
}

#[test]
fn one_file_says_what_many_say() {
    let Some(file) = files().and_then(|files| files.into_iter().find(|file| file.ends_with("umami.sql"))) else {
        println!("no folder of real schemas; see `schema_tests::corpus`");
        return;
    };
    let schema = read(&load(&fs::read_to_string(file).unwrap())).schema;
    let (many, one) = (write(&schema, &Options::default()), {
        let layout = Layout::SingleFile("tables.rs".to_owned());
        write(&schema, &Options { layout, ..Options::default() })
    });
    assert_eq!((one.files.len(), one.files[0].path.as_str()), (1, "tables.rs"));
    assert_eq!((one.lowered.schema.clone(), formatted(&one)), (many.lowered.schema, Vec::new()));
    assert_eq!(one.lowered.schema, schema);
}
