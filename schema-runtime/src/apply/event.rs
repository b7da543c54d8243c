//! What happens while revisions are applied, for those who want to show it.
//!
//! Events carry facts, never formatted text; nothing here prints or decides.

use std::time::Duration;

use schema_core::history::RevisionId;

use super::failure::SqlFailure;

/// Which way a revision is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// `up.sql`.
    Up,
    /// `down.sql`.
    Down,
}

impl Direction {
    /// The file of a revision that is run in this direction.
    pub const fn file(self) -> &'static str {
        match self {
            Direction::Up => "up.sql",
            Direction::Down => "down.sql",
        }
    }
}

/// Another session of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process on the server, for `pg_terminate_backend`.
    pub pid: i32,
    /// What it calls itself.
    pub application: String,
    /// Its role.
    pub user: String,
    /// Since when it is connected, or its transaction is open; `None` when this role may not see it.
    pub since: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Another deployer holds the lock; sent when the wait begins and every few seconds of it.
    WaitingForLock {
        /// Who holds it; `None` when it was let go in this moment.
        holder: Option<&'a Holder>,
        /// How long the wait has lasted.
        waited: Duration,
    },
    /// A revision begins.
    RevisionStarted {
        /// The revision.
        id: &'a RevisionId,
        /// Which way.
        direction: Direction,
        /// Its place in this run, from 0.
        index: usize,
        /// How many revisions this run has.
        of: usize,
        /// How many of its statements an earlier, interrupted run has already done.
        resumed: usize,
    },
    /// A statement is about to be sent.
    StatementStarted {
        /// The revision.
        id: &'a RevisionId,
        /// Its place in the file, from 0.
        index: usize,
        /// How many statements the file has.
        of: usize,
        /// Its line in the file, from 1.
        line: u32,
        /// Its text.
        sql: &'a str,
    },
    /// The server has finished a statement; it is not recorded yet.
    StatementFinished {
        /// The revision.
        id: &'a RevisionId,
        /// Its place in the file, from 0.
        index: usize,
        /// How many statements the file has.
        of: usize,
        /// How long the server took.
        duration: Duration,
    },
    /// A revision is done and recorded.
    RevisionFinished {
        /// The revision.
        id: &'a RevisionId,
        /// Which way.
        direction: Direction,
        /// How long it took.
        duration: Duration,
    },
    /// Revisions that were finished and not yet committed are as they were before: one after them failed, or needs a COMMIT before it.
    RolledBack {
        /// The revisions, in the order they were run.
        ids: &'a [RevisionId],
    },
    /// A lock was not to be had, or the transaction lost a deadlock; it was rolled back and is run again.
    Retrying {
        /// The revision.
        id: &'a RevisionId,
        /// Which attempt failed, from 1.
        attempt: u32,
        /// What the server said.
        failure: &'a SqlFailure,
        /// How long until the next attempt.
        pause: Duration,
        /// The oldest open transactions of other sessions, which are the usual cause.
        oldest: &'a [Holder],
    },
}

/// Is told what happens; closures over `&Event` are observers.
pub trait Observer: Send + Sync {
    /// Called in order, on the thread that applies; the database waits meanwhile.
    fn event(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> Observer for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}
