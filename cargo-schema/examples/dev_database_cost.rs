//! What the dev database costs a command on this machine, printed as medians of 20 rounds on a kept cluster.
//!
//! Asserts nothing: the figures are the machine's. `SCHEMA_CACHE_DIR` chooses where the cluster is.

use cargo_schema::devdb::{self, DevError, Options};
use std::time::{Duration, Instant};

fn main() -> Result<(), DevError> {
    let options = Options::from_env();
    let start = Instant::now();
    drop(devdb::open(&options)?);
    println!("first open            {:>9.1} ms", milliseconds(start.elapsed()));
    let mut rounds: Vec<[Duration; 4]> = (0..20).map(|_| round(&options)).collect::<Result<_, _>>()?;
    for (step, name) in ["open, server running", "create a database", "connect to it", "drop it"].iter().enumerate() {
        rounds.sort_by_key(|round| round[step]);
        println!("{name:<21} {:>9.1} ms", milliseconds(rounds[rounds.len() / 2][step]));
    }
    Ok(())
}

fn round(options: &Options) -> Result<[Duration; 4], DevError> {
    let mut last = Instant::now();
    let mut lap = || {
        let now = Instant::now();
        now.duration_since(std::mem::replace(&mut last, now))
    };
    let server = devdb::open(options)?;
    let open = lap();
    let job = server.scratch()?;
    let create = lap();
    drop(job.client()?);
    let connect = lap();
    drop(job);
    Ok([open, create, connect, lap()])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
