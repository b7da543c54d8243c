//! One revision applied again, with what was stashed when it was undone.
//!
//! A table or column gets its rows back as soon as a statement has made it, so that what the next statements demand of them holds
//! again; everything else comes back when the revision is done. A text that writes rows itself, or that the rows do not fit, is run to its end
//! first, and the rows that fit what it made are given back then.

use schema_core::history::RevisionId;

use super::restore::{Attempt, Restored, prune, restore};
use super::run::Switching;
use super::stash::{Entry, StashKind, ask, batch, entries, mark_due};
use super::tables::{Tables, look};
use super::text::{inside, only_defines, relaxed};
use super::{Restoration, RestoreState};
use crate::apply::prepare::Script;
use crate::apply::session::Session;
use crate::apply::{ApplyError, SqlFailure};

impl<S: Session> Switching<'_, '_, S> {
    /// Applies, and says what came back.
    pub(crate) async fn redo(&mut self, script: &Script<'_>) -> Result<Vec<Restoration>, ApplyError> {
        let own = self.entries_of(script.id()).await?;
        if own.is_empty() {
            for index in 0..script.steps.len() {
                self.statement(script, index).await.map_err(|failure| self.failed(script, index, failure))?;
            }
            return Ok(Vec::new());
        }
        let before = look(self.run.session).await?;
        for entry in &own {
            prune(self.run.session, entry, &before).await?;
        }
        batch(self.run.session, "SAVEPOINT cargo_schema_redo").await?;
        let first = match only_defines(script) {
            true => self.with_rows(script, &own, &before).await?,
            false => self.rows_behind(script, &own).await?,
        };
        let done = match first {
            Ok(done) => Ok(done),
            Err(first) => {
                batch(self.run.session, "ROLLBACK TO SAVEPOINT cargo_schema_redo").await?;
                self.rows_behind(script, &own).await?.map_err(|_| first)
            }
        };
        let done = done.map_err(|(index, failure)| self.failed(script, index, failure))?;
        batch(self.run.session, "RELEASE SAVEPOINT cargo_schema_redo").await?;
        Ok(done)
    }

    /// The entries of the revision, or of one with its name that was rebased or renamed since: the history no longer has it.
    async fn entries_of(&mut self, id: &RevisionId) -> Result<Vec<Entry>, ApplyError> {
        let all = entries(self.run.session, &self.run.options.namespace).await?;
        let is_own = |entry: &Entry| {
            let of = &entry.shown.revision;
            of == id || of.name() == id.name() && self.history.migration(of).is_none()
        };
        let mut own: Vec<Entry> = all.into_iter().filter(|entry| !entry.due && is_own(entry)).collect();
        // Values need their rows.
        own.sort_by_key(|entry| (entry.shown.kind, entry.shown.id));
        Ok(own)
    }

    /// Rows come back as soon as there is a place for them.
    async fn with_rows(&mut self, script: &Script<'_>, own: &[Entry], before: &Tables) -> Result<Ran, ApplyError> {
        let mut open: Vec<&Entry> = own.iter().collect();
        let mut done = Vec::new();
        for index in 0..script.steps.len() {
            let Some(sql) = inside(script, index) else { continue };
            batch(self.run.session, "SAVEPOINT cargo_schema_step").await?;
            let mut then = None;
            if let Err(failure) = self.statement(script, index).await {
                let (first, second) = match relaxed(&sql) {
                    Some(both) if failure.sqlstate == "23502" => both,
                    _ => return Ok(Err((index, failure))),
                };
                batch(self.run.session, "ROLLBACK TO SAVEPOINT cargo_schema_step").await?;
                if let Err(error) = self.run.session.batch(&first).await {
                    return Ok(Err((index, SqlFailure::new(&error))));
                }
                then = Some((second, failure));
            }
            batch(self.run.session, "RELEASE SAVEPOINT cargo_schema_step").await?;
            let now = look(self.run.session).await?;
            let mut left = Vec::new();
            for entry in open {
                let ready = has_home(entry, before, &now) && self.is_empty(entry, &now).await?;
                let restored = match ready {
                    true => restore(self.run.session, entry, &now, Attempt::Together).await?,
                    false => Restored::Refused,
                };
                match outcome(entry, restored) {
                    Some(restoration) => done.push(restoration),
                    None => left.push(entry),
                }
            }
            open = left;
            if let Some((second, failure)) = then {
                if self.run.session.batch(&second).await.is_err() {
                    return Ok(Err((index, failure)));
                }
            }
        }
        done.extend(self.rest(open).await?);
        Ok(Ok(done))
    }

    /// A new table must still be empty: rows that its statement brought are to be compared with those of the stash.
    async fn is_empty(&mut self, entry: &Entry, now: &Tables) -> Result<bool, ApplyError> {
        let Some(table) = now.named(&entry.name).filter(|_| entry.shown.kind == StashKind::Table) else {
            return Ok(true);
        };
        let answer = ask(self.run.session, &format!("SELECT EXISTS (SELECT FROM {})", table.from())).await?;
        Ok(!answer.is_true(0))
    }

    /// Rows come back when the text is done.
    async fn rows_behind(&mut self, script: &Script<'_>, own: &[Entry]) -> Result<Ran, ApplyError> {
        for index in 0..script.steps.len() {
            if let Err(failure) = self.statement(script, index).await {
                return Ok(Err((index, failure)));
            }
        }
        Ok(Ok(self.rest(own.iter().collect()).await?))
    }

    /// Entries that wait for rows of others come in a later round; what is refused in the end is tried row by row.
    pub(crate) async fn rest(&mut self, mut open: Vec<&Entry>) -> Result<Vec<Restoration>, ApplyError> {
        let mut done = Vec::new();
        let now = look(self.run.session).await?;
        loop {
            let (count, mut left) = (open.len(), Vec::new());
            for entry in open {
                let restored = restore(self.run.session, entry, &now, Attempt::Together).await?;
                match outcome(entry, restored) {
                    Some(restoration) => done.push(restoration),
                    None => left.push(entry),
                }
            }
            open = left;
            if open.is_empty() || open.len() == count {
                break;
            }
        }
        // Rows that reference those of an entry that waits for the next transaction wait with it.
        let waits = done.iter().any(|one| one.state == RestoreState::Due);
        for entry in open {
            let restored = match waits {
                true => due(self.run.session, entry).await?,
                false => restore(self.run.session, entry, &now, Attempt::Single).await?,
            };
            done.extend(outcome(entry, restored));
        }
        Ok(done)
    }
}

async fn due<S: Session>(session: &mut S, entry: &Entry) -> Result<Restored, ApplyError> {
    mark_due(session, entry.shown.id).await.map(|()| Restored::Due)
}

/// What came back, or the statement that failed.
type Ran = Result<Vec<Restoration>, (usize, SqlFailure)>;

/// Whether a statement has just made what the entry was taken from.
fn has_home(entry: &Entry, before: &Tables, now: &Tables) -> bool {
    let column = |tables: &Tables| {
        let table = tables.named(&entry.name)?;
        table.named(entry.shown.columns.first()?).map(|_| ())
    };
    match entry.shown.kind {
        StashKind::Table => before.named(&entry.name).is_none() && now.named(&entry.name).is_some(),
        StashKind::Column => column(before).is_none() && column(now).is_some(),
        StashKind::Rows | StashKind::Values | StashKind::Sequence => false,
    }
}

fn outcome(entry: &Entry, restored: Restored) -> Option<Restoration> {
    let (left, state) = match restored {
        Restored::Whole => (0, RestoreState::Restored),
        Restored::Left(left) => (left, RestoreState::Refused),
        Restored::Due => (entry.shown.rows, RestoreState::Due),
        Restored::Homeless => (entry.shown.rows, RestoreState::NoPlace),
        Restored::Refused => return None,
    };
    Some(Restoration { entry: entry.shown.clone(), left, state })
}
