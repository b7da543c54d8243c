//! Introspection measured beside `pg_dump --schema-only` of the same database, with its memory, and the difference of two databases.
//! `cargo bench -p schema-tests --bench introspection`.
//!
//! `SCHEMA_BENCH_SIZES` (default `1000,10000`) are numbers of tables, `SCHEMA_BENCH_RUNS` (default 3) how often each is measured; the
//! median is shown. Nothing is asserted: only figures of one run can be compared.

use std::process::{Command, Stdio};
use std::time::Instant;

use cargo_schema::catalog::{Scope, observe};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use schema_core::plan::{Hints, plan};
use schema_core::{Schema, sql};
use schema_syntax::TypeContext;
use schema_syntax::conditions::Conditions;
use schema_syntax::decl::Reading;
use schema_syntax::lower::{LowerOptions, lower};
use schema_syntax::scan::{Role, parse_source};
use schema_tests::cluster::{Database, database};
use schema_tests::synthetic;

/// Set for the process that reads one database and tells what it took.
const READ: &str = "SCHEMA_BENCH_READ";

fn main() {
    if let Ok(url) = std::env::var(READ) {
        return read(&url);
    }
    // `cargo test --all-targets` runs benchmarks too, without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let sizes = std::env::var("SCHEMA_BENCH_SIZES").unwrap_or_else(|_| "1000,10000".to_owned());
    println!("{:<44} {:>9} {:>9} {:>9}", "", "wall s", "CPU s", "MB");
    for tables in sizes.split(',').filter_map(|text| text.trim().parse().ok()) {
        measure(tables);
    }
}

/// Reads the catalogs and prints wall and CPU seconds and the most memory.
fn read(url: &str) {
    let mut client = postgres::Client::connect(url, postgres::NoTls).expect("the database is there");
    let (start, before) = (Instant::now(), cpu(UsageWho::RUSAGE_SELF));
    let observed = observe(&mut client, &Scope::default()).expect("the catalogs can be read");
    let wall = start.elapsed().as_secs_f64();
    println!("{wall} {} {} {}", cpu(UsageWho::RUSAGE_SELF) - before, peak(), observed.schema.iter().count());
}

/// The most memory of this process in kB. `getrusage` does not tell: on Linux, a process inherits there what the one that started it
/// had, which has planned the whole database.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn measure(tables: usize) {
    let (first, second) = (database(), database());
    build(&first, tables);
    let runs = std::env::var("SCHEMA_BENCH_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(3usize);
    // In turn, so that what else the machine does hits both.
    let pairs: Vec<_> = (0..runs.max(1)).map(|_| (dumped(&first), introspected(&first))).collect();
    let (dumps, reads): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let (dump, own) = (median(dumps), median(reads));
    println!("{:<44} {:>9.3} {:>9.3}", format!("{tables} tables: pg_dump --schema-only"), dump[0], dump[1]);
    println!(
        "{:<44} {:>9.3} {:>9.3} {:>9.0}  {:.2} x wall of pg_dump, {} objects",
        format!("{tables} tables: introspection"),
        own[0],
        own[1],
        own[2] / 1024.0,
        own[0] / dump[0],
        own[3]
    );
    if tables <= 1_000 {
        build(&second, tables);
        second
            .client()
            .batch_execute("ALTER TABLE t7 ADD COLUMN added text; DROP INDEX t8_created_at_idx")
            .expect("both are there");
        let difference = median((0..runs.max(1)).map(|_| compared(&first, &second)).collect());
        println!(
            "{:<44} {:>9.3} {:>9.3}",
            format!("{tables} tables: diff of two databases"),
            difference[0],
            difference[1]
        );
    }
}

fn median(mut costs: Vec<[f64; 4]>) -> [f64; 4] {
    costs.sort_by(|a, b| a[0].total_cmp(&b[0]));
    costs[costs.len() / 2]
}

fn introspected(database: &Database) -> [f64; 4] {
    let own = std::env::current_exe().expect("a program knows itself");
    let output = Command::new(own).env(READ, &database.url).output().expect("it can be started again");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn dumped(database: &Database) -> [f64; 4] {
    let mut command = database.program("pg_dump");
    command.arg("--schema-only").stdout(Stdio::null());
    once(&mut command)
}

fn compared(first: &Database, second: &Database) -> [f64; 4] {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let built = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--package", "cargo-schema"])
        .current_dir(root)
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the subcommand is built");
    let mut command = Command::new(target.join("release/cargo-schema"));
    command.args(["schema", "diff", &first.url, &second.url]).current_dir(std::env::temp_dir());
    once(command.stdout(Stdio::null()).stderr(Stdio::null()))
}

fn once(command: &mut Command) -> [f64; 4] {
    let (before, start) = (cpu(UsageWho::RUSAGE_CHILDREN), Instant::now());
    let status = command.status().unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
    assert!(status.success(), "{command:?} failed");
    [start.elapsed().as_secs_f64(), cpu(UsageWho::RUSAGE_CHILDREN) - before, 0.0, 0.0]
}

/// User and system seconds.
fn cpu(who: UsageWho) -> f64 {
    let usage = getrusage(who).expect("the system counts");
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

fn build(database: &Database, tables: usize) {
    let (conditions, types) = (Conditions::default(), TypeContext::default());
    let reading = Reading { conditions: &conditions, types: &types };
    let files: Vec<_> = synthetic::sources(tables)
        .iter()
        .map(|(path, text)| parse_source(path, text, Role::Folder, &reading))
        .collect();
    let lowered = lower(&files, &LowerOptions::default());
    let text = plan(&Schema::default(), &lowered.schema, &[], &Hints::default()).up.text();
    let mut client = database.client();
    // One transaction would hold a lock on each table and index.
    for statement in sql::split(&text).expect("a plan is sound SQL") {
        client.batch_execute(statement.text).unwrap_or_else(|error| panic!("{error}\n{}", statement.text));
    }
    client
        .batch_execute("ANALYZE pg_catalog.pg_depend, pg_catalog.pg_attribute")
        .expect("the tests' role owns the server");
}
