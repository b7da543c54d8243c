//! Opens the dev server as a command does, makes one database, says so, and holds both until its input ends.
//!
//! Stands for "another command" in the tests of the dev database, which start it many times at once and kill it.

use cargo_schema::devdb::{self, Options};
use std::io::Read;

fn main() {
    let server = devdb::open(&Options::from_env()).unwrap_or_else(|error| panic!("{error}"));
    let job = server.scratch().unwrap_or_else(|error| panic!("{error}"));
    println!("{}", job.name());
    let mut rest = String::new();
    std::io::stdin().read_to_string(&mut rest).expect("the test closes it");
}
