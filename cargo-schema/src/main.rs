//! The `cargo schema` subcommand.

fn main() {}
