//! Development tasks: `cargo xtask TASK`. Each task is a file; nothing here is part of the product.

mod check;
mod demo;
mod majors;
mod new_kind;
mod process;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

  demo             shows the main job on the sample shop, with an embedded PostgreSQL
  test             runs every test (with cargo-nextest where it is installed)
  majors [WORD ..] runs the tests that PostgreSQL judges on every major version, or the versions and tests named; brings the servers
  check            what CI runs: fmt, clippy, docs, tidy, packages, test
  tidy             looks for what the house rules forbid
  new-kind NAME    writes the files of a new kind of database object
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["demo"] => demo::run(),
        ["test", rest @ ..] => test::run(rest),
        ["majors", rest @ ..] => majors::run(rest),
        ["check"] => check::run(),
        ["tidy"] => tidy::run(),
        ["new-kind", name] => new_kind::run(name),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
