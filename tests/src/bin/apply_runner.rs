//! A deploy that can be killed: applies the thirty statements and ends itself with SIGKILL at the moment asked for.
//!
//! `apply_runner URL transaction|outside up|down [started|finished N | revision-finished]`. Without a moment it is a plain deploy.

use std::process::Command;

use postgres::{Client, NoTls};
use schema_runtime::{Event, Migrator};
use schema_tests::revisions::{thirty_in_a_transaction, thirty_outside};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map_or("", String::as_str);
    let migrations = if argument(1) == "outside" { thirty_outside() } else { thirty_in_a_transaction() };
    let (moment, number) = (argument(3).to_owned(), argument(4).parse::<usize>().unwrap_or(0));
    let migrator = Migrator::new(migrations).observer(move |event: &Event<'_>| {
        let now = match event {
            Event::StatementStarted { id, index, .. } if id.as_str() == "2_thirty" => {
                moment == "started" && *index + 1 == number
            }
            Event::StatementFinished { id, index, .. } if id.as_str() == "2_thirty" => {
                moment == "finished" && *index + 1 == number
            }
            Event::RevisionFinished { id, .. } => moment == "revision-finished" && id.as_str() == "2_thirty",
            _ => false,
        };
        if now {
            Command::new("/bin/sh").args(["-c", "kill -KILL $PPID"]).status().expect("sh starts");
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
    });
    let mut client = Client::connect(argument(0), NoTls).expect("the database is there");
    let result = match argument(2) {
        "down" => migrator.downgrade_to(&mut client, &"1_base".parse().expect("a target")),
        _ => migrator.upgrade(&mut client),
    };
    if let Err(error) = result {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
