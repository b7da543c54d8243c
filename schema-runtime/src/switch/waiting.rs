//! Rows and values whose revision has been run already, while what they need was elsewhere: a branch may have revisions in another order
//! than the one that they were taken on. Values come back with their row or their column, and rows once they fit.

use std::collections::BTreeSet;

use schema_core::history::RevisionId;
use schema_core::quote_literal;

use super::entry::{Entry, StashKind, entries};
use super::restore::{Attempt, RETURNED, Restored, restore};
use super::run::Switching;
use super::stash::{ask, batch, copy, counted};
use super::tables::Tables;
use super::way::Way;
use super::{Restoration, RestoreState};
use crate::apply::prepare::Script;
use crate::apply::session::Session;
use crate::apply::{ApplyError, Direction};

impl<S: Session> Switching<'_, '_, S> {
    /// Of these entries those that would be back, once a text has run, if all had been there when their revision was run.
    pub(super) async fn waiting_of(
        &mut self,
        mut all: Vec<Entry>,
        script: Option<&Script<'_>>,
    ) -> Result<Vec<Entry>, ApplyError> {
        all.retain(|entry| entry.shown.kind != StashKind::Sequence && (entry.by_key() || entry.unique));
        if all.is_empty() {
            return Ok(all);
        }
        let namespace = quote_literal(&self.run.options.namespace);
        let sql = format!("SELECT id FROM cargo_schema.revision WHERE namespace = {namespace}");
        let answer = ask(self.run.session, &sql).await?;
        let mut applied: BTreeSet<RevisionId> =
            answer.rows.iter().filter_map(|row| RevisionId::new(row[0].clone()?).ok()).collect();
        if let Some(script) = script {
            match script.direction {
                Direction::Up => applied.insert(script.id().clone()),
                Direction::Down => applied.remove(script.id()),
            };
        }
        let is_applied =
            |of: &RevisionId| applied.contains(of) || applied.iter().any(|id| self.history.stands_for(id, of));
        all.retain(|entry| (entry.shown.direction == Direction::Down) == is_applied(&entry.shown.revision));
        // Of a table that is there already, only the rows that it does not have.
        for entry in all.iter_mut().filter(|entry| entry.shown.kind == StashKind::Table) {
            entry.shown.kind = StashKind::Rows;
        }
        Ok(all)
    }

    /// The entries that were split off since the last question.
    pub(super) async fn split_off(&mut self) -> Result<Vec<Entry>, ApplyError> {
        let new = std::mem::take(&mut self.split);
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let all = entries(self.run.session, &self.run.options.namespace).await?;
        Ok(all.into_iter().filter(|entry| new.contains(&entry.shown.id)).collect())
    }

    /// Values of rows that are neither there nor in the stash: somebody has deleted them. That can be told once all rows are back.
    pub(super) async fn forget_deleted(&mut self, own: &[Entry], done: &mut [Restoration]) -> Result<(), ApplyError> {
        for one in done.iter_mut().filter(|one| one.state == RestoreState::Refused) {
            let is_it = |entry: &&Entry| entry.shown.id == one.entry.id && entry.by_key() && entry.unique;
            let Some(entry) = own.iter().find(is_it) else { continue };
            let tables = self.look().await?;
            let session = &mut *self.run.session;
            let Some(way) = tables.named(&entry.name).and_then(|table| Way::new(entry, table)) else { continue };
            if is_kept(session, entry).await? {
                batch(session, &way.without_deleted()).await?;
                one.left = counted(session, entry.shown.id).await?;
            } else {
                one.left = 0;
            }
            if one.left == 0 {
                one.state = RestoreState::Restored;
            }
        }
        Ok(())
    }

    /// Gives an entry back and, where it brings rows, the values that wait for them.
    pub(super) async fn give_back(
        &mut self,
        entry: &Entry,
        tables: &Tables,
        attempt: Attempt,
        done: &mut Vec<Restoration>,
    ) -> Result<Restored, ApplyError> {
        let session = &mut *self.run.session;
        let table = tables.named(&entry.name).filter(|_| !entry.by_key());
        let rows = table.and_then(|table| Way::new(entry, table)?.keys_of_rows());
        let waiting: Vec<&Entry> = self.values.iter().filter(|values| wait_for(values, entry)).collect();
        let Some(rows) = rows.filter(|_| !waiting.is_empty()) else {
            return restore(session, entry, tables, attempt, &mut self.split).await;
        };
        batch(session, &format!("CREATE TABLE {RETURNED} AS {rows}")).await?;
        let restored = restore(session, entry, tables, attempt, &mut self.split).await?;
        if is_kept(session, entry).await? {
            batch(session, &format!("DELETE FROM {RETURNED} AS r WHERE r.k IN ({rows})")).await?;
        }
        for values in waiting {
            if !is_kept(session, values).await? {
                continue;
            }
            let (left, state) = match restore(session, values, tables, Attempt::Returned, &mut self.split).await? {
                Restored::Whole => (0, RestoreState::Restored),
                Restored::Left(left) if left < values.shown.rows => (left, RestoreState::Refused),
                _ => continue,
            };
            done.push(Restoration { entry: values.shown.clone(), left, state });
        }
        batch(session, &format!("DROP TABLE {RETURNED}")).await?;
        Ok(restored)
    }
}

/// Whether the stash still has anything of an entry.
async fn is_kept<S: Session>(session: &mut S, entry: &Entry) -> Result<bool, ApplyError> {
    let sql = format!("SELECT to_regclass({}) IS NOT NULL", quote_literal(&copy(entry.shown.id)));
    Ok(ask(session, &sql).await?.is_true(0))
}

/// Whether rows may be those of values. Where rows have a value of that column, it is newer.
fn wait_for(values: &Entry, rows: &Entry) -> bool {
    let newer = values.shown.kind == StashKind::Column && rows.shown.columns.contains(&values.shown.columns[0]);
    values.name == rows.name && values.unique && values.key == rows.key && !newer
}
