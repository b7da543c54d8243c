//! The subcommand, built with the tests so that they never run an older one.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_schema::cli::main(std::env::args_os().collect())
}
