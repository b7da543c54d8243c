//! What a migrator says after a run, and what it says about a database without running anything.
//!
//! Values only; the command line and the application print them.

use std::time::Duration;

use schema_core::history::RevisionId;

use crate::apply::{Applied, Direction};

/// What a run did, or in a dry run would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The revisions, in the order they were run.
    pub revisions: Vec<RevisionRun>,
    /// Whether nothing was really run.
    pub dry_run: bool,
    /// Applied revisions whose comments or white space changed since; nothing to worry about.
    pub reformatted: Vec<RevisionId>,
    /// What a switch has put into the stash.
    #[cfg(feature = "switch")]
    pub stashed: Vec<crate::switch::Stashed>,
    /// What a switch has given back from the stash.
    #[cfg(feature = "switch")]
    pub restored: Vec<crate::switch::Restoration>,
    #[cfg(feature = "switch")]
    pub(crate) stashed_ids: Vec<i64>,
    /// How many of the revisions, and of what was given back, are committed.
    #[cfg(feature = "switch")]
    pub(crate) settled: (usize, usize),
}

#[cfg(feature = "switch")]
impl Report {
    /// Notes that all of it is committed.
    pub(crate) fn settle(&mut self) {
        self.settled = (self.revisions.len(), self.restored.len());
    }

    /// Takes back what a rollback has undone, and gives the revisions. Entries of the stash that it has undone are no longer there.
    pub(crate) fn forget_unsettled(&mut self) -> Vec<RevisionId> {
        self.restored.truncate(self.settled.1);
        self.revisions.drain(self.settled.0..).map(|run| run.id).collect()
    }
}

/// One revision of a [`Report`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRun {
    /// The revision.
    pub id: RevisionId,
    /// Which way.
    pub direction: Direction,
    /// How many statements it has.
    pub statements: usize,
    /// How many of them an earlier, interrupted run had done.
    pub resumed: usize,
    /// How long it took.
    pub duration: Duration,
}

/// How a database stands to the migrations given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Everything the ledger has, in the order of application.
    pub applied: Vec<Applied>,
    /// What is not applied, in the order it would be.
    pub pending: Vec<RevisionId>,
    /// Applied, and not among the migrations given.
    pub foreign: Vec<RevisionId>,
    /// Applied with other statements than the migrations have now.
    pub edited: Vec<RevisionId>,
    /// Applied, with changes in comments, white space or the down text only.
    pub reformatted: Vec<RevisionId>,
    /// Interrupted half-way; the next run takes it up.
    pub half_done: Vec<RevisionId>,
    /// Applied, and stood for by a checkpoint that is applied too.
    pub replaced: Vec<RevisionId>,
}

impl Status {
    /// Whether there is nothing to do and nothing to look at.
    pub fn is_current(&self) -> bool {
        [&self.pending, &self.foreign, &self.edited, &self.half_done].iter().all(|ids| ids.is_empty())
    }
}

/// What a person found out about an interrupted revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The statement that was running when the run ended took effect; go on after it.
    StatementDone,
    /// It did not; run it again.
    StatementNotDone,
    /// The whole revision was finished by hand.
    Applied,
    /// All of its effects were removed by hand.
    Removed,
}
