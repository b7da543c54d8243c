//! A PostgreSQL server for all test processes of a run: prints its folder, and ends when its standard input does.

use std::io::Read;

fn main() {
    if std::env::args().any(|argument| argument == "--find") {
        println!("{}", schema_tests::cluster::bin().display());
        return;
    }
    let cluster = schema_tests::cluster::Cluster::start(&[]);
    println!("{}", cluster.folder().display());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
