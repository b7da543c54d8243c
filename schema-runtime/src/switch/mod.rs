//! Switching: a development database follows the checkout, and loses nothing on the way.
//!
//! What the checkout does not have is undone in reverse order, from the text in the ledger, and what it has is applied. What either would
//! destroy moves to the stash, and comes back when the revision is run in the other direction. All of it is one transaction where
//! PostgreSQL allows. Whether a database may be treated so is for the caller to know: an application never does, and the subcommand
//! does in development only.

mod by_hand;
mod checkpoint;
mod entry;
mod evict;
mod loss;
mod misfits;
mod pass;
mod quiet;
mod restore;
mod run;
mod stash;
mod tables;
mod text;
mod waiting;
mod way;

use schema_core::history::{RevisionId, Target};

pub use entry::{StashKind, Stashed};

use crate::apply::ApplyError;
use crate::apply::session::ready;
use crate::migrator::{Migrator, Report};
use run::Goal;

/// Asked for the text that undoes a revision, with the one it has; `None` refuses. [`as_recorded`] takes that one.
pub type PlanDown<'p> = dyn FnMut(&RevisionId, Option<&str>) -> Option<String> + 'p;

/// The text that a revision has.
pub fn as_recorded(_: &RevisionId, down: Option<&str>) -> Option<String> {
    down.map(str::to_owned)
}

/// What became of an entry of the stash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restoration {
    /// The entry, as it was before.
    pub entry: Stashed,
    /// How many of its rows stay in the stash.
    pub left: u64,
    /// Why.
    pub state: RestoreState,
}

/// Why rows of an entry are back or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreState {
    /// All of them are back.
    Restored,
    /// The rest does not fit: what they reference is gone, or a constraint refuses them.
    Refused,
    /// The revision no longer makes the table or column.
    NoPlace,
    /// Only another transaction can do it; the next switch does.
    Due,
}

impl Migrator {
    /// Brings a development database to what this checkout has: foreign and edited revisions are undone, then everything up to the target
    /// is applied. Nothing is lost: see [`Report::stashed`] and [`Report::restored`].
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let migrations = Vec::new();
    /// use schema_runtime::{Migrator, Target, switch::as_recorded};
    /// let mut client = postgres::Client::connect("postgresql:///app_dev", postgres::NoTls)?;
    /// let report = Migrator::new(migrations).switch(&mut client, &Target::Heads, &mut as_recorded)?;
    /// println!("{} revisions, {} entries in the stash", report.revisions.len(), report.stashed.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Migrator::upgrade`], and [`ApplyError::Irreversible`] when a revision has no down text and `plan_down` gives none. The database is
    /// then as it was.
    pub fn switch(
        &self,
        client: &mut postgres::Client,
        target: &Target,
        plan_down: &mut PlanDown<'_>,
    ) -> Result<Report, ApplyError> {
        ready(self.follow(client, Goal::Up(target), plan_down))
    }

    /// Undoes revisions as [`Migrator::downgrade_to`] does, and keeps in the stash what that would destroy.
    pub fn set_aside(
        &self,
        client: &mut postgres::Client,
        target: &Target,
        plan_down: &mut PlanDown<'_>,
    ) -> Result<Report, ApplyError> {
        ready(self.follow(client, Goal::Down(target), plan_down))
    }

    /// Undoes one revision and everything that is built on it, also of other branches, and keeps in the stash what that would destroy.
    pub fn set_aside_from(
        &self,
        client: &mut postgres::Client,
        id: &RevisionId,
        plan_down: &mut PlanDown<'_>,
    ) -> Result<Report, ApplyError> {
        ready(self.follow(client, Goal::Out(id), plan_down))
    }

    /// What is in the stash, the oldest first.
    pub fn stash(&self, client: &mut postgres::Client) -> Result<Vec<Stashed>, ApplyError> {
        let found = ready(entry::entries(client, &self.options.namespace))?;
        Ok(found.into_iter().map(|entry| entry.shown).collect())
    }

    /// Rows of an entry as text, at most so many: the values of its columns, for the values of a column with the keys of their rows before
    /// them. `None` when there is no such entry.
    pub fn stashed_rows(
        &self,
        client: &mut postgres::Client,
        id: i64,
        most: usize,
    ) -> Result<Option<Vec<Vec<Option<String>>>>, ApplyError> {
        ready(async {
            let found = entry::entries(client, &self.options.namespace).await?;
            match found.iter().find(|entry| entry.shown.id == id) {
                Some(entry) => stash::shown_rows(client, entry, most).await.map(Some),
                None => Ok(None),
            }
        })
    }

    /// Gives an entry back now, whatever revisions are applied. What does not fit stays. `None` when there is no such entry.
    pub fn restore_stashed(&self, client: &mut postgres::Client, id: i64) -> Result<Option<Restoration>, ApplyError> {
        ready(self.restore_one(client, id))
    }

    /// Destroys entries for good.
    pub fn drop_stashed(&self, client: &mut postgres::Client, ids: &[i64]) -> Result<Vec<Stashed>, ApplyError> {
        ready(self.drop_all(client, ids))
    }
}
