//! Checkpoints: which form of the history a database takes is settled from its ledger before anything else is looked at.
//!
//! What is in force is decided by `schema_core::history::in_force`; here the ledger is asked, and told what it has by having all originals.

use std::borrow::Cow;
#[cfg(feature = "switch")]
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::history::{InForce, Migration, Node, Partial, RevisionId, Target, in_force};
use schema_core::quote_literal;

use super::engine::Way;
use super::{Migrator, Report, Stamped, Status};
use crate::apply::ApplyError;
use crate::apply::ledger::{self, Ledger};
use crate::apply::record::Row;
use crate::apply::session::Session;
use crate::apply::settings::Opened;

/// A database that is not empty lacks some of what a checkpoint stands for, and the files are gone.
pub const CHECKPOINT_PARTIAL: Code = Code::new("checkpoint-partial");

/// What checkpoints mean for the ledger of a database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    /// Applied originals that a checkpoint in force stands for; they are not foreign.
    pub covered: BTreeSet<RevisionId>,
    /// Those of them whose checkpoint has a row of its own.
    pub replaced: BTreeSet<RevisionId>,
    /// Checkpoints that the database has by having all originals, and that have no row yet.
    pub reached: BTreeSet<RevisionId>,
    /// Of checkpoints that are not in force: the last original of each.
    #[cfg(feature = "switch")]
    pub ends: BTreeMap<RevisionId, RevisionId>,
}

impl Migrator {
    pub(crate) async fn go<S: Session>(&self, session: &mut S, way: Way<'_>) -> Result<Report, ApplyError> {
        self.settled(session).await?.run(session, way).await
    }

    pub(crate) async fn look_settled<S: Session>(&self, session: &mut S) -> Result<Status, ApplyError> {
        self.settled(session).await?.look(session).await
    }

    pub(crate) async fn stamp_settled<S: Session>(
        &self,
        session: &mut S,
        target: &Target,
    ) -> Result<Stamped, ApplyError> {
        self.settled(session).await?.stamp_at(session, target).await
    }

    /// The same migrator with the revisions that are in force for a database.
    pub(crate) async fn settled<S: Session>(&self, session: &mut S) -> Result<Cow<'_, Migrator>, ApplyError> {
        if !self.has_checkpoints() {
            return Ok(Cow::Borrowed(self));
        }
        let ledger = ledger::read(session, &self.options.namespace).await?;
        self.in_force(&self.held(&ledger)).map(Cow::Owned)
    }

    /// The same for an empty database.
    pub(crate) fn for_empty(&self) -> Result<Cow<'_, Migrator>, ApplyError> {
        if !self.has_checkpoints() {
            return Ok(Cow::Borrowed(self));
        }
        self.in_force(&BTreeSet::new()).map(Cow::Owned)
    }

    fn has_checkpoints(&self) -> bool {
        self.migrations.iter().any(|migration| !migration.replaces.is_empty())
    }

    /// What a ledger has. A half-done original is a part of its checkpoint, and never the whole.
    fn held(&self, ledger: &Ledger) -> BTreeSet<RevisionId> {
        let is_whole = |id: &RevisionId| ledger.rows.iter().any(|row| row.id == *id && row.interrupted.is_none());
        let mut held: BTreeSet<RevisionId> = ledger.rows.iter().map(|row| row.id.clone()).collect();
        for checkpoint in self.migrations.iter().filter(|migration| !migration.replaces.is_empty()) {
            if checkpoint.replaces.iter().all(|id| held.contains(id)) {
                held.retain(|id| !checkpoint.replaces.contains(id) || is_whole(id));
            }
        }
        held
    }

    fn in_force(&self, held: &BTreeSet<RevisionId>) -> Result<Migrator, ApplyError> {
        let node = |migration: &Migration| Node {
            id: migration.id.clone(),
            parents: migration.parents.clone(),
            replaces: migration.replaces.clone(),
        };
        let found = in_force(self.migrations.iter().map(node), held);
        let InForce { revisions, covered, reached } = found.map_err(|partial| partial_error(&partial))?;
        let mut left: Vec<&Migration> = self.migrations.iter().collect();
        let migrations = revisions.into_iter().filter_map(|(id, parents)| {
            let at = left.iter().position(|migration| migration.id == id)?;
            Some(Migration { parents, ..left.remove(at).clone() })
        });
        let migrations: Vec<Migration> = migrations.collect();
        let of_rows = migrations.iter().filter(|migration| !reached.contains(&migration.id));
        let replaced: BTreeSet<RevisionId> =
            of_rows.flat_map(|migration| &migration.replaces).filter(|id| covered.contains(*id)).cloned().collect();
        #[cfg(feature = "switch")]
        let ends = left.iter().filter_map(|one| Some((one.replaces.last()?.clone(), one.id.clone()))).collect();
        let settled = Settled {
            covered,
            replaced,
            reached,
            #[cfg(feature = "switch")]
            ends,
        };
        Ok(Migrator { settled, migrations, ..self.clone() })
    }

    /// Writes the rows of checkpoints that are reached. The lock is held; originals that are gone meanwhile leave nothing to write.
    pub(crate) async fn note_reached<S: Session>(&self, session: &mut S, opened: &Opened) -> Result<(), ApplyError> {
        let namespace = quote_literal(&self.options.namespace);
        let mut sql = String::from("BEGIN");
        for checkpoint in self.migrations.iter().filter(|one| self.settled.reached.contains(&one.id)) {
            let ids: Vec<String> = checkpoint.replaces.iter().map(|id| quote_literal(id.as_str())).collect();
            let guard = format!(
                "pg_backend_pid() = {} AND {} = (SELECT count(*) FROM cargo_schema.revision \
                 WHERE namespace = {namespace} AND state = 'applied' AND id IN ({})) \
                 AND NOT EXISTS (SELECT FROM cargo_schema.revision WHERE namespace = {namespace} AND id = {})",
                opened.pid,
                ids.len(),
                ids.join(", "),
                quote_literal(checkpoint.id.as_str())
            );
            let row = Row { options: &self.options, id: &checkpoint.id, guard: &guard };
            sql.push_str(&format!(";\n{}", row.stamped(checkpoint, None)));
        }
        write(session, &format!("{sql};\nCOMMIT")).await
    }
}

/// Changes the ledger in one transaction.
pub(crate) async fn write<S: Session>(session: &mut S, sql: &str) -> Result<(), ApplyError> {
    if let Err(error) = session.batch(sql).await {
        let _ = session.batch("ROLLBACK").await;
        return Err(ApplyError::own("writing a checkpoint into the ledger `cargo_schema`", &error));
    }
    Ok(())
}

fn partial_error(partial: &Partial) -> ApplyError {
    let Partial { checkpoint, missing } = partial;
    let message = format!(
        "the database has revisions, but not all that the checkpoint `{checkpoint}` stands for, and files of the rest are gone"
    );
    let finding = Diagnostic::error(CHECKPOINT_PARTIAL, message);
    let finding = missing.iter().fold(finding, |finding, id| finding.note(format!("it lacks `{id}`")));
    let finding = finding
        .help("bring their folders back, or upgrade with a release that has them: git log --all -- migrations/REV");
    ApplyError::Refused(vec![finding])
}
