//! A switch that can be killed: `switch_runner URL main|mood N` ends itself with SIGKILL at its Nth event; with N = 0 it runs to its end.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use postgres::{Client, NoTls};
use schema_runtime::switch::as_recorded;
use schema_runtime::{Event, Migrator, Target};
use schema_tests::revisions::branch;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number: usize = arguments[2].parse().expect("a number");
    let events = AtomicUsize::new(0);
    let migrator = Migrator::new(branch(&arguments[1])).observer(move |_: &Event<'_>| {
        if events.fetch_add(1, Ordering::Relaxed) + 1 == number {
            Command::new("/bin/sh").args(["-c", "kill -KILL $PPID"]).status().expect("sh starts");
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
    });
    let mut client = Client::connect(&arguments[0], NoTls).expect("the database is there");
    if let Err(error) = migrator.switch(&mut client, &Target::Heads, &mut as_recorded) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
