//! Who is connected to a database. PostgreSQL copies, renames and drops none that somebody is connected to.
//!
//! Sessions that do nothing are ended: they hold no transaction, and a pool connects again. Those that do something are named, and
//! nobody ends them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postgres::Client;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pid: i32,
    program: String,
    user: String,
    does: String,
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {}, role {}): {}", self.program, self.pid, self.user, self.does)
    }
}

const BUSY: &str = "SELECT pid, coalesce(nullif(application_name, ''), backend_type, 'a program'), coalesce(usename::text, '?'), \
        CASE WHEN state IS NULL THEN 'what it does is hidden from this role' \
        ELSE concat_ws(': ', state, nullif(regexp_replace(left(query, 100), '\\s+', ' ', 'g'), '')) END \
    FROM pg_stat_activity WHERE datname::text = $1 AND pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle' \
        AND backend_type <> 'autovacuum worker' ORDER BY backend_start";

const END_IDLE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname::text = ANY ($1) AND pid <> pg_backend_pid() AND state = 'idle' AND backend_type = 'client backend'";

/// The sessions of a database that do something.
pub(super) fn busy(client: &mut Client, database: &str) -> Result<Vec<Session>, postgres::Error> {
    let rows = client.query(BUSY, &[&database])?;
    Ok(rows
        .iter()
        .map(|row| Session { pid: row.get(0), program: row.get(1), user: row.get(2), does: row.get(3) })
        .collect())
}

/// Runs a statement that needs databases without sessions. PostgreSQL waits five seconds for them to end and lets no new one in meanwhile,
/// so idle ones are ended while it waits: a pool that is cut off comes too late.
pub(super) fn without_idle<T>(ending: &mut Client, databases: &[&str], run: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // A session of another role may not be ended; PostgreSQL then refuses the statement itself.
                let _ = ending.query(END_IDLE, &[&databases]);
                std::thread::sleep(Duration::from_millis(30));
            }
        });
        let result = run();
        done.store(true, Ordering::Relaxed);
        result
    })
}
