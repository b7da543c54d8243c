//! The `cargo schema` subcommand. Everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_schema::cli::main(std::env::args_os().collect())
}
