//! `cargo schema diff URL FILE --sql` on real schemas: from an empty database to what the file gives, and back to nothing, by `pg_dump`.
//!
//! What is listed as not managed is aside. The schemas are in a folder of their own; without it the test says so.

use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_schema::catalog::{Scope, observe};
use schema_tests::cluster::{Database, cluster, database};
use schema_tests::dump::{diff, dump};
use schema_tests::originals::{files, is_about, is_outside, load};
use serde_json::Value;

#[test]
fn a_file_is_built_from_an_empty_database() {
    let Some(files) = files() else {
        println!("no folder of real schemas; see `schema_tests::corpus`");
        return;
    };
    println!("{:<20} {:>7} {:>11} {:>5}", "schema", "objects", "not managed", "equal");
    let faults: Vec<String> = files.iter().flat_map(|file| there_and_back(file)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn there_and_back(file: &Path) -> Vec<String> {
    let name = file.file_stem().expect("a file has a name").to_string_lossy();
    // This also makes the roles that the file names.
    let (original, copy) = (load(&fs::read_to_string(file).expect("it can be read")), database());
    let (nothing, goal) = (dump(&copy), dump(&original));
    let (result, findings) = told(&copy, file);
    let unmanaged = observe(&mut original.client(), &Scope::default()).expect("it can be observed").unmanaged;
    let mut faults = Vec::new();
    if findings.iter().any(|finding| finding["code"] == "not-managed") == unmanaged.is_empty() {
        faults.push(format!("{} objects are not managed, and it says {findings:?}", unmanaged.len()));
    }
    for (direction, goal) in [("up", &goal), ("down", &nothing)] {
        let sql = result[direction].as_str().expect("SQL is a text");
        let ran = copy.client().batch_execute(sql);
        faults.extend(ran.err().map(|error| format!("{direction}: {error:?}")));
        let differences = diff(goal, &dump(&copy)).into_iter();
        faults.extend(
            differences.filter(|fault| !is_outside(fault) && !unmanaged.iter().any(|of| is_about(fault, &of.name))),
        );
    }
    let equal = if faults.is_empty() { "yes" } else { "no" };
    println!("{name:<20} {:>7} {:>11} {equal:>5}", goal.len(), unmanaged.len());
    faults.into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

/// The result for programs and the findings; the text for people is the same SQL.
fn told(from: &Database, to: &Path) -> (Value, Vec<Value>) {
    let object: Value = serde_json::from_str(&schema_diff(from, to, &["--format", "json"])).expect("one object");
    let (result, findings) = (object["result"].clone(), object["findings"].as_array().cloned().expect("a list"));
    if to.ends_with("umami.sql") {
        assert_eq!(result["up"], schema_diff(from, to, &["--sql"]));
        assert_eq!(result["down"], schema_diff(from, to, &["--down"]));
    }
    (result, findings)
}

fn schema_diff(from: &Database, to: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo_schema"));
    command.args(["schema", "diff", &from.url]).arg(to).args(words);
    let output = command.env("SCHEMA_DEV_URL", cluster().url("postgres")).output().expect("the subcommand starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}
