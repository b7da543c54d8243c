//! How a ledger stands to the migrations given: what is applied, foreign, edited, pending. No database here.
//!
//! Applied sets are compared by id, never by a high-water mark, so a revision that lands late is pending like any other.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::history::{Edit, Graph, Migration, RevisionId};

use super::Migrator;
use super::checkpoints::Settled;
use super::report::Status;
use crate::apply::ApplyError;
use crate::apply::ledger::Ledger;
use crate::apply::record::up_checksum;

/// Sound migrations, found by id.
pub(crate) struct History<'m> {
    pub graph: Graph,
    by_id: BTreeMap<&'m RevisionId, &'m Migration>,
    settled: &'m Settled,
}

impl<'m> History<'m> {
    pub(crate) fn new(migrator: &'m Migrator) -> Result<History<'m>, ApplyError> {
        let migrations = &migrator.migrations;
        let named = migrations.iter().map(|migration| (migration.id.clone(), migration.parents.clone()));
        let graph = Graph::new(named).map_err(|defects| {
            ApplyError::History(defects.iter().map(|defect| defect.to_diagnostic("migrations")).collect())
        })?;
        let by_id = migrations.iter().map(|migration| (&migration.id, migration)).collect();
        Ok(History { graph, by_id, settled: &migrator.settled })
    }

    /// The migration with this id, which the graph has.
    pub(crate) fn migration(&self, id: &RevisionId) -> Option<&'m Migration> {
        self.by_id.get(id).copied()
    }

    /// Whether a revision is another form of one: that one rebased (the history no longer has it), a checkpoint that stands for it, or the
    /// last part of a checkpoint.
    #[cfg(feature = "switch")]
    pub(crate) fn stands_for(&self, id: &RevisionId, of: &RevisionId) -> bool {
        let rebased = of.name() == id.name() && self.migration(of).is_none();
        rebased || self.migration(id).is_some_and(|form| form.replaces.contains(of)) || self.is_last_of(id, of)
    }

    /// Whether a revision is the last one that a checkpoint stands for, which is not in force.
    #[cfg(feature = "switch")]
    fn is_last_of(&self, id: &RevisionId, checkpoint: &RevisionId) -> bool {
        self.settled.ends.get(id) == Some(checkpoint)
    }

    /// The checkpoint in force that stands for an applied revision.
    #[cfg(feature = "switch")]
    pub(crate) fn covering(&self, id: &RevisionId) -> Option<&'m Migration> {
        let covered = self.settled.covered.contains(id);
        self.by_id.values().copied().find(|migration| covered && migration.replaces.contains(id))
    }
}

/// A ledger compared with a history.
pub(crate) struct Standing {
    /// Wholly applied, known here or not.
    pub applied: BTreeSet<RevisionId>,
    pub foreign: Vec<RevisionId>,
    pub edited: Vec<RevisionId>,
    pub reformatted: Vec<RevisionId>,
}

impl Standing {
    pub(crate) fn new(history: &History<'_>, ledger: &Ledger) -> Standing {
        let (mut applied, mut edited, mut reformatted) = (BTreeSet::new(), Vec::new(), Vec::new());
        for row in ledger.rows.iter().filter(|row| row.interrupted.is_none()) {
            applied.insert(row.id.clone());
            let Some(migration) = history.migration(&row.id) else { continue };
            if migration.checksum() == row.checksums.text {
                continue;
            }
            match migration.checksums().edit_since(&row.checksums) {
                Edit::None => {}
                // The database has what up says; a down text that was corrected since is what the author wants.
                Edit::Statements if up_checksum(migration) != row.up_checksum => edited.push(row.id.clone()),
                Edit::Reformatted | Edit::Statements => reformatted.push(row.id.clone()),
            }
        }
        applied.extend(history.settled.reached.iter().cloned());
        let mut foreign = history.graph.foreign(&applied);
        foreign.retain(|id| !history.settled.covered.contains(id));
        Standing { applied, foreign, edited, reformatted }
    }

    /// Refuses what no run may pass over.
    pub(crate) fn refuse_foreign(&self, allow: bool) -> Result<(), ApplyError> {
        if allow || self.foreign.is_empty() { Ok(()) } else { Err(ApplyError::Foreign(self.foreign.clone())) }
    }

    /// Refuses to build on revisions that the database has in another form.
    pub(crate) fn refuse_edited(&self) -> Result<(), ApplyError> {
        if self.edited.is_empty() { Ok(()) } else { Err(ApplyError::Edited(self.edited.clone())) }
    }

    pub(crate) fn into_status(self, history: &History<'_>, ledger: Ledger) -> Status {
        let half_done: Vec<_> =
            ledger.rows.iter().filter(|row| row.interrupted.is_some()).map(|row| row.id.clone()).collect();
        let pending = history.graph.pending(&self.applied);
        let Standing { foreign, edited, reformatted, .. } = self;
        let replaced = history.settled.replaced.iter().cloned().collect();
        Status { applied: ledger.rows, pending, foreign, edited, reformatted, half_done, replaced }
    }
}
