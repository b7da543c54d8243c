//! Checkpoints that a checkout from before the squash does not know: the database has what they stand for.

use schema_core::history::{Migration, RevisionId};
use schema_core::quote_literal;

use crate::apply::ledger::Ledger;
use crate::apply::record::{Row, replaced_mark, up_checksum};
use crate::apply::session::Session;
use crate::apply::settings::Opened;
use crate::apply::{Applied, ApplyError};
use crate::migrator::Migrator;
use crate::migrator::checkpoints::write;
use crate::migrator::standing::{History, Standing};

/// A checkpoint that the database has and the checkout does not, which has all that it stands for.
pub(crate) struct Unknown<'m> {
    checkpoint: RevisionId,
    originals: Vec<&'m Migration>,
}

impl Migrator {
    /// The checkpoints that this checkout knows only by their originals.
    pub(crate) async fn unknown_checkpoints<'m, S: Session>(
        &self,
        session: &mut S,
        history: &History<'m>,
        ledger: &Ledger,
    ) -> Result<Vec<Unknown<'m>>, ApplyError> {
        let foreign = Standing::new(history, ledger).foreign;
        let whole = ledger.rows.iter().filter(|row| row.interrupted.is_none() && foreign.contains(&row.id));
        let marks: Vec<(&RevisionId, String)> =
            whole.map(|row| (&row.id, replaced_mark(&self.options.namespace, &row.id))).collect();
        if marks.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = marks.iter().map(|(_, mark)| quote_literal(mark)).collect();
        let sql = format!("SELECT name, value FROM cargo_schema.meta WHERE name IN ({})", names.join(", "));
        let answer =
            session.ask(&sql).await.map_err(|error| ApplyError::own("reading the ledger `cargo_schema`", &error))?;
        let unknown = answer.rows.iter().filter_map(|row| {
            let (checkpoint, _) = marks.iter().find(|(_, mark)| row[0].as_ref() == Some(mark))?;
            let ids = row[1].as_deref()?.split(' ').map(|id| RevisionId::new(id).ok());
            let originals: Option<Vec<&Migration>> = ids.map(|id| history.migration(&id?)).collect();
            Some(Unknown { checkpoint: (*checkpoint).clone(), originals: originals? })
        });
        Ok(unknown.collect())
    }

    /// Writes the rows of originals in the place of their checkpoint. The lock is held.
    pub(crate) async fn note_originals<S: Session>(
        &self,
        session: &mut S,
        opened: &Opened,
        ledger: &Ledger,
        unknown: &[Unknown<'_>],
    ) -> Result<(), ApplyError> {
        let guard = format!("pg_backend_pid() = {}", opened.pid);
        let mut sql = String::from("BEGIN");
        for Unknown { checkpoint, originals } in unknown {
            let row = |id| Row { options: &self.options, id, guard: &guard };
            // First, or the rows of the originals would go as well.
            let mark = quote_literal(&replaced_mark(&self.options.namespace, checkpoint));
            sql.push_str(&format!(
                ";\nDELETE FROM cargo_schema.meta WHERE name = {mark};\n{}",
                row(checkpoint).delete()
            ));
            let since = ledger.rows.iter().find(|row| row.id == *checkpoint).map(|row| row.applied_at.as_str());
            let is_there = |id: &RevisionId| ledger.rows.iter().any(|row| row.id == *id);
            for original in originals.iter().filter(|original| !is_there(&original.id)) {
                sql.push_str(&format!(";\n{}", row(&original.id).stamped(original, since)));
            }
            // What was built on the checkpoint is built on the last of them.
            let is_parent = |id: &RevisionId| originals.iter().any(|original| original.parents.contains(id));
            if let Some(last) = originals.iter().find(|original| !is_parent(&original.id)) {
                sql.push_str(&format!(
                    ";\nUPDATE cargo_schema.revision SET parents = array_replace(parents, {}, {}) WHERE namespace = {} AND {guard}",
                    quote_literal(checkpoint.as_str()),
                    quote_literal(last.id.as_str()),
                    quote_literal(&self.options.namespace)
                ));
            }
        }
        write(session, &format!("{sql};\nCOMMIT")).await
    }
}

impl Unknown<'_> {
    /// What a ledger will be, for those who only look.
    pub(crate) fn apply(&self, ledger: &mut Ledger) {
        let Some(at) = ledger.rows.iter().position(|row| row.id == self.checkpoint) else { return };
        let row = ledger.rows.remove(at);
        let missing = self.originals.iter().filter(|one| ledger.rows.iter().all(|row| row.id != one.id));
        let told = missing.map(|original| {
            let (id, parents, message) = (original.id.clone(), original.parents.clone(), original.message.clone());
            let (checksums, up_checksum) = (original.checksums(), up_checksum(original));
            Applied { id, parents, message, checksums, up_checksum, ..row.clone() }
        });
        let told: Vec<Applied> = told.collect();
        ledger.rows.splice(at..at, told);
    }
}
