//! Switches of one database between lists of revisions, for the tests of the switch engine.

use postgres::Client;
use schema_runtime::switch::{RestoreState, as_recorded};
use schema_runtime::{ApplyError, Migration, Migrator, Report, Target};

use crate::cluster::Database;
use crate::revisions::revision;

/// Switches a database to what these revisions are.
pub fn to(client: &mut Client, migrations: &[Migration]) -> Report {
    tried(client, migrations).unwrap_or_else(|error| panic!("{error}"))
}

/// As [`to`], with its error.
pub fn tried(client: &mut Client, migrations: &[Migration]) -> Result<Report, ApplyError> {
    Migrator::new(migrations.to_vec()).switch(client, &Target::Heads, &mut as_recorded)
}

/// A table of users.
pub fn main() -> Vec<Migration> {
    vec![revision("1_users", "", "CREATE TABLE users (id integer PRIMARY KEY, name text);", "DROP TABLE users;")]
}

/// The table of users and revisions on top of it, each with its id and its two texts.
pub fn with(more: &[(&str, &str, &str)]) -> Vec<Migration> {
    let mut all = main();
    for (id, up, down) in more {
        let parent = all.last().map(|last| last.id.to_string()).unwrap_or_default();
        all.push(revision(id, &parent, up, down));
    }
    all
}

/// Runs statements.
pub fn run(database: &Database, sql: &str) {
    database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// All rows of a query in one line.
pub fn rows(database: &Database, query: &str) -> String {
    database.value(&format!("SELECT coalesce(string_agg(r::text, ' ' ORDER BY r::text), '') FROM ({query}) AS r"))
}

/// Whether everything came back.
pub fn is_whole(report: &Report) -> bool {
    report.restored.iter().all(|one| one.state == RestoreState::Restored)
}
