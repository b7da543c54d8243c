//! How long a database takes to be observed: `cargo run --example observe -- URL [RUNS]`, to be compared with `pg_dump --schema-only`.
//!
//! Prints the fastest and the median time; nothing is asserted, because machines differ.

use std::time::{Duration, Instant};

use cargo_schema::catalog::{Scope, observe};
use postgres::{Client, NoTls};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("expected the URL of a database")?;
    let runs = arguments.next().map_or(Ok(10), |runs| runs.parse::<usize>())?.max(1);
    let mut client = Client::connect(&url, NoTls)?;
    let mut times: Vec<Duration> = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        let observed = observe(&mut client, &Scope::default())?;
        times.push(start.elapsed());
        println!(
            "{} objects, {} unmanaged: {:?}",
            observed.schema.iter().count(),
            observed.unmanaged.len(),
            start.elapsed()
        );
    }
    times.sort();
    println!("fastest {:?}, median {:?}", times[0], times[times.len() / 2]);
    Ok(())
}
