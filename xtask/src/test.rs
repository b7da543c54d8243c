//! `cargo xtask test`: all tests, on one throwaway PostgreSQL server that every test process shares.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::process::{self, cargo};

/// Runs every test, and tells every failure; with a `filter`, which goes to the test runner, what it asks for.
pub(crate) fn run(filter: &[&str]) -> Result<(), String> {
    process::run(&mut cargo(&["build", "--workspace", "--all-targets"]))?;
    ensure_server()?;
    let server = Server::start()?;
    let runner: &[&str] = if has_nextest() { &["nextest", "run"] } else { &["test"] };
    let asked = if filter.is_empty() { &["--no-fail-fast"] } else { filter };
    let mut tests = cargo(&[runner, &["--workspace", "--all-targets"], asked].concat());
    process::run(tests.env("SCHEMA_TEST_CLUSTER", &server.folder))?;
    if filter.is_empty() {
        process::run(cargo(&["test", "--workspace", "--doc"]).env("SCHEMA_TEST_CLUSTER", &server.folder))?;
    }
    Ok(())
}

fn has_nextest() -> bool {
    let probe = cargo(&["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    probe.is_ok_and(|status| status.success())
}

/// Brings a PostgreSQL server where there is none.
fn ensure_server() -> Result<(), String> {
    let found = built("test_cluster")?.arg("--find").stdout(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    process::run(built("cargo_schema")?.args(["schema", "dev", "install", "--yes"]))
}

/// A program of the tests, which stands beside this one. `cargo run` would build it again, with the features of one package.
fn built(name: &str) -> Result<Command, String> {
    let own = std::env::current_exe().map_err(|error| format!("this program does not know where it is: {error}"))?;
    Ok(Command::new(own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX))))
}

/// The shared server; it ends with this process, however that ends.
struct Server {
    child: Child,
    folder: String,
}

impl Server {
    fn start() -> Result<Server, String> {
        let mut child =
            built("test_cluster")?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
        let mut folder = String::new();
        let output = child.stdout.take().ok_or("the test server has no output")?;
        BufReader::new(output).read_line(&mut folder).map_err(|error| error.to_string())?;
        match folder.trim() {
            "" => Err("the test server did not start".to_owned()),
            folder => Ok(Server { child, folder: folder.to_owned() }),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
