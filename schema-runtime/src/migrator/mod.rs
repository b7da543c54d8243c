//! The migrator an application and the command line link: revisions in, a database brought to where they say.
//!
//! It verifies before it applies, waits its turn, and tells an observer what it does. It opens no connection and no file.

#[cfg(feature = "tokio")]
mod asynchronous;
pub(crate) mod checkpoints;
pub(crate) mod engine;
mod environment;
mod options;
mod owners;
mod report;
mod resume;
mod script;
mod stamp;
pub(crate) mod standing;
mod takeover;

use std::sync::Arc;

use schema_core::history::{Migration, RevisionId, Target};

pub use checkpoints::CHECKPOINT_PARTIAL;
pub use environment::Environment;
pub use options::Options;
pub use owners::Owned;
pub use report::{Report, Resolution, RevisionRun, Status};
pub use stamp::Stamped;
pub use takeover::{ADOPTED_UNFINISHED, ADOPTED_UNKNOWN};

use crate::apply::session::ready;
use crate::apply::{ApplyError, Direction, Event, Observer};
use checkpoints::Settled;
use engine::Way;

/// Applies and undoes revisions.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let migrations = Vec::new();
/// use schema_runtime::{Event, Migrator};
/// let mut client = postgres::Client::connect("postgresql:///app", postgres::NoTls)?;
/// let migrator = Migrator::new(migrations).observer(|event: &Event<'_>| println!("{event:?}"));
/// let report = migrator.upgrade(&mut client)?;
/// println!("{} revisions applied", report.revisions.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Migrator {
    pub(crate) migrations: Vec<Migration>,
    pub(crate) options: Options,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) settled: Settled,
}

impl Migrator {
    /// A migrator for these revisions, in any order.
    pub fn new(migrations: impl IntoIterator<Item = Migration>) -> Migrator {
        Migrator {
            migrations: migrations.into_iter().collect(),
            options: Options::default(),
            observer: Arc::new(|_: &Event<'_>| {}),
            settled: Settled::default(),
        }
    }

    /// Sets how to run.
    #[must_use]
    pub fn options(mut self, options: Options) -> Migrator {
        self.options = options;
        self
    }

    /// How it runs.
    pub fn settings(&self) -> &Options {
        &self.options
    }

    /// Sets who is told what happens.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Migrator {
        self.observer = Arc::new(observer);
        self
    }

    /// Applies everything that is pending.
    pub fn upgrade(&self, client: &mut postgres::Client) -> Result<Report, ApplyError> {
        self.upgrade_to(client, &Target::Heads)
    }

    /// Applies what is pending up to a target.
    pub fn upgrade_to(&self, client: &mut postgres::Client, target: &Target) -> Result<Report, ApplyError> {
        ready(self.go(client, Way { direction: Direction::Up, target }))
    }

    /// Undoes applied revisions down to a target.
    pub fn downgrade_to(&self, client: &mut postgres::Client, target: &Target) -> Result<Report, ApplyError> {
        ready(self.go(client, Way { direction: Direction::Down, target }))
    }

    /// How the database stands. It only reads, and a role without any rights of its own can call it.
    pub fn status(&self, client: &mut postgres::Client) -> Result<Status, ApplyError> {
        ready(self.look_settled(client))
    }

    /// A revision as the ledger has it, with the texts that were run; `None` when it is not there. Only the owner of the ledger may
    /// read texts.
    pub fn recorded(&self, client: &mut postgres::Client, id: &RevisionId) -> Result<Option<Migration>, ApplyError> {
        ready(self.recorded_at(client, id))
    }

    /// Writes the ledger so that the database counts as being at a target, and runs nothing. Whether it is there is not looked at.
    pub fn stamp(&self, client: &mut postgres::Client, target: &Target) -> Result<Stamped, ApplyError> {
        ready(self.stamp_settled(client, target))
    }

    /// Records what a person found out about an interrupted revision.
    pub fn resolve(
        &self,
        client: &mut postgres::Client,
        id: &RevisionId,
        resolution: Resolution,
    ) -> Result<(), ApplyError> {
        ready(self.settle_by_hand(client, id, resolution))
    }
}

impl std::fmt::Debug for Migrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrator")
            .field("migrations", &self.migrations.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
