//! One text of a revision run, up or down, without losing anything.
//!
//! It is run once for trial and rolled back; what it would destroy is kept, under the revision and this direction; then it is run for good.
//! What was kept when the revision was run in the other direction comes back: a table or column gets its rows as soon as a statement has
//! made it, so that what the next statements demand of them holds again, and everything else when the text is done. A text that writes rows
//! itself, or that the rows do not fit, is run to its end first, and the rows that fit what it made are given back then.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, StashKind, entries};
use super::evict::evict;
use super::loss::{Changed, Loss, losses};
use super::misfits::{Misfits, misfits};
use super::restore::{Attempt, Restored, prune};
use super::run::Switching;
use super::stash::{Source, ask, batch, create, mark_due};
use super::tables::{Base, Column, Tables, look};
use super::text::{inside, may_lose, may_refuse, only_defines, relaxed};
use super::{Restoration, RestoreState};
use crate::apply::prepare::Script;
use crate::apply::session::Session;
use crate::apply::{ApplyError, Direction, SqlFailure};

/// How often rows are moved out of the way of one text before its failure counts.
const EVICTIONS: usize = 100;

/// What a text does, as a trial has shown.
enum Trial {
    Done { after: Tables, touched: BTreeSet<u32> },
    Failed(Failed),
}

/// A statement that failed, and the rows that were the reason.
struct Failed {
    index: usize,
    failure: SqlFailure,
    misfits: Option<Misfits>,
}

/// What came back, or the statement that failed.
type Ran = Result<Vec<Restoration>, Failed>;

/// What running a text once is for.
#[derive(Clone, Copy)]
enum Run<'t> {
    /// To see what it does; the tables before it.
    Trial(&'t Tables),
    /// For good.
    Good,
}

impl<S: Session> Switching<'_, '_, S> {
    /// Runs a text; gives the numbers of the new entries of the stash, and what came back from it.
    pub(crate) async fn pass(
        &mut self,
        script: &Script<'_>,
        source: Source<'_>,
    ) -> Result<(Vec<i64>, Vec<Restoration>), ApplyError> {
        let loses = may_lose(script) || may_refuse(script);
        if loses {
            self.found().await?;
        }
        let own = self.entries_of(script).await?;
        let mut kept = Vec::new();
        let mut watched: Vec<Changed> = Vec::new();
        if loses {
            create(self.run.session).await?;
            for loss in self.losses(script, &own, source, &mut kept).await? {
                match loss {
                    Loss::Table(table) => {
                        kept.extend(source.rows(self.run.session, &table, StashKind::Table, "true").await?);
                    }
                    Loss::Sequence(sequence) => kept.push(source.sequence(self.run.session, &sequence).await?),
                    Loss::Columns(changed) => {
                        for column in &changed.gone {
                            kept.extend(source.column(self.run.session, &changed, column).await?);
                        }
                        if changed.rows || !changed.watched.is_empty() {
                            source.watch(self.run.session, &changed).await?;
                            watched.push(changed);
                        }
                    }
                }
            }
        }
        let restored = match self.perform(script, &own, Run::Good).await? {
            Ok(restored) => restored,
            Err(Failed { index, failure, .. }) => return Err(self.failed(script, index, failure)),
        };
        for changed in &watched {
            kept.extend(source.unwatch(self.run.session, changed).await?);
        }
        Ok((kept, restored))
    }

    /// Looks at all tables, before the transaction has changed anything.
    async fn found(&mut self) -> Result<(), ApplyError> {
        if self.base.is_none() {
            self.base = Base::of(self.run.session).await?;
        }
        Ok(())
    }

    /// All tables as they are now.
    pub(super) async fn look(&mut self) -> Result<Tables, ApplyError> {
        let Some(base) = &self.base else { return look(self.run.session).await };
        let now = base.now(self.run.session).await?;
        if cfg!(debug_assertions) {
            assert_eq!(now, look(self.run.session).await?, "what has changed is found");
        }
        Ok(now)
    }

    /// What the text would destroy. Rows that keep a text from undoing its revision are moved to the stash on the way.
    async fn losses(
        &mut self,
        script: &Script<'_>,
        own: &[Entry],
        source: Source<'_>,
        kept: &mut Vec<i64>,
    ) -> Result<Vec<Loss>, ApplyError> {
        for eviction in 0.. {
            let before = self.look().await?;
            batch(self.run.session, "SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT cargo_schema_trial").await?;
            let trial = self.tried(script, own, &before).await?;
            batch(self.run.session, "ROLLBACK TO SAVEPOINT cargo_schema_trial; RELEASE SAVEPOINT cargo_schema_trial")
                .await?;
            match trial {
                Trial::Done { after, touched } => return Ok(losses(&before, &after, &touched)),
                Trial::Failed(Failed { misfits: Some(misfits), .. }) if eviction < EVICTIONS => {
                    kept.extend(evict(self.run.session, source, &before, &misfits).await?);
                }
                Trial::Failed(Failed { index, failure, .. }) => return Err(self.failed(script, index, failure)),
            }
        }
        unreachable!("the last eviction ends in an error")
    }

    async fn tried(&mut self, script: &Script<'_>, own: &[Entry], before: &Tables) -> Result<Trial, ApplyError> {
        let defines = only_defines(script);
        let counted = if defines { BTreeMap::new() } else { written(self.run.session).await? };
        if let Err(failed) = self.perform(script, own, Run::Trial(before)).await? {
            return Ok(Trial::Failed(failed));
        }
        let after = self.look().await?;
        let mut touched = BTreeSet::new();
        if !defines {
            let now = written(self.run.session).await?;
            touched.extend(now.iter().filter(|(oid, count)| counted.get(oid) != Some(count)).map(|(oid, _)| *oid));
            let refiled = |oid: &&u32| after.tables.get(oid).is_some_and(|now| now.file != before.tables[*oid].file);
            touched.extend(before.tables.keys().filter(refiled));
        }
        Ok(Trial::Done { after, touched })
    }

    /// Runs the statements once, with what comes back.
    async fn perform(&mut self, script: &Script<'_>, own: &[Entry], run: Run<'_>) -> Result<Ran, ApplyError> {
        if own.is_empty() || !only_defines(script) {
            return self.rows_behind(script, own, run).await;
        }
        batch(self.run.session, "SAVEPOINT cargo_schema_perform").await?;
        let first = match self.with_rows(script, own, run).await? {
            Ok(done) => {
                batch(self.run.session, "RELEASE SAVEPOINT cargo_schema_perform").await?;
                return Ok(Ok(done));
            }
            Err(first) => first,
        };
        batch(self.run.session, "ROLLBACK TO SAVEPOINT cargo_schema_perform").await?;
        Ok(match self.rows_behind(script, own, run).await? {
            Ok(done) => {
                batch(self.run.session, "RELEASE SAVEPOINT cargo_schema_perform").await?;
                Ok(done)
            }
            Err(_) => Err(first),
        })
    }

    /// What may come back with this text: the entries of the revision that were taken in the other direction, and values that wait for a
    /// column that it may make.
    async fn entries_of(&mut self, script: &Script<'_>) -> Result<Vec<Entry>, ApplyError> {
        (self.values, self.waiting) = (Vec::new(), Vec::new());
        let all = entries(self.run.session, &self.run.options.namespace).await?;
        let is_own = |entry: &Entry| {
            let (of, id) = (&entry.shown.revision, script.id());
            entry.shown.direction != script.direction
                && (of == id || script.direction == Direction::Up && self.history.stands_for(id, of))
        };
        let (mut own, others): (Vec<Entry>, Vec<Entry>) = all.into_iter().filter(|entry| !entry.due).partition(is_own);
        let waiting = self.waiting_of(others, Some(script)).await?;
        if !own.is_empty() || !waiting.is_empty() {
            let tables = self.look().await?;
            for entry in &own {
                prune(self.run.session, entry, &tables).await?;
            }
            self.values = own.iter().chain(&waiting).filter(|entry| entry.by_key()).cloned().collect();
            self.values.sort_by_key(|entry| entry.shown.id);
            // Values that have a column are with their row, or wait for that alone.
            let may_come = |entry: &Entry| match entry.shown.kind {
                StashKind::Rows => true,
                kind => kind == StashKind::Column && column_of(entry, &tables).is_none(),
            };
            let waiting: Vec<Entry> = waiting.into_iter().filter(may_come).collect();
            self.waiting = waiting.iter().map(|entry| entry.shown.id).collect();
            own.extend(waiting);
        }
        // Of two values of a row the later one counts. Values whose row is not there yet come with it; without a key they could not be told
        // to be its own then.
        own.sort_by_key(|entry| match (entry.by_key(), entry.unique) {
            (true, true) => (0, StashKind::Column, entry.shown.id),
            (false, _) => (1, entry.shown.kind, entry.shown.id),
            (true, false) => (2, entry.shown.kind, entry.shown.id),
        });
        Ok(own)
    }

    /// One statement; what it failed with.
    async fn step(
        &mut self,
        script: &Script<'_>,
        index: usize,
        run: Run<'_>,
    ) -> Result<Result<(), Failed>, ApplyError> {
        let before = match run {
            Run::Good => {
                let ran = self.statement(script, index).await;
                return Ok(ran.map_err(|failure| Failed { index, failure, misfits: None }));
            }
            Run::Trial(before) => before,
        };
        let Some(sql) = inside(script, index) else { return Ok(Ok(())) };
        let session = &mut *self.run.session;
        // By itself, or the server would count positions in the statement from there.
        batch(session, "SAVEPOINT cargo_schema_trying").await?;
        let guarded = format!("{sql}\n;RELEASE SAVEPOINT cargo_schema_trying");
        let Err(error) = session.batch(&guarded).await else { return Ok(Ok(())) };
        let failure = SqlFailure::new(&error);
        if failure.disconnected {
            return Err(ApplyError::Connection(Box::new(failure)));
        }
        batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_trying; RELEASE SAVEPOINT cargo_schema_trying").await?;
        // A new constraint that the rows do not fit is for its author to see; one that comes back is not.
        let misfits = match script.direction {
            Direction::Up => None,
            Direction::Down => misfits(session, &sql, &failure, before).await?,
        };
        Ok(Err(Failed { index, failure, misfits }))
    }

    /// Rows come back as soon as there is a place for them.
    async fn with_rows(&mut self, script: &Script<'_>, own: &[Entry], run: Run<'_>) -> Result<Ran, ApplyError> {
        let before = self.look().await?;
        let mut open = own.to_vec();
        let mut done = Vec::new();
        self.split.clear();
        for index in 0..script.steps.len() {
            let Some(sql) = inside(script, index) else { continue };
            batch(self.run.session, "SAVEPOINT cargo_schema_step").await?;
            let mut then = None;
            if let Err(failed) = self.step(script, index, run).await? {
                let (first, second) = match relaxed(&sql) {
                    Some(both) if failed.failure.sqlstate == "23502" => both,
                    _ => return Ok(Err(failed)),
                };
                batch(self.run.session, "ROLLBACK TO SAVEPOINT cargo_schema_step").await?;
                if self.run.session.batch(&first).await.is_err() {
                    return Ok(Err(failed));
                }
                then = Some((second, failed));
            }
            batch(self.run.session, "RELEASE SAVEPOINT cargo_schema_step").await?;
            if !open.is_empty() {
                let now = self.look().await?;
                open = self.housed(open, &before, &now, &mut done).await?;
                open.extend(self.split_off().await?);
            }
            if let Some((second, failed)) = then {
                if self.run.session.batch(&second).await.is_err() {
                    return Ok(Err(failed));
                }
            }
        }
        done.extend(self.rest(open).await?);
        self.forget_deleted(own, &mut done).await?;
        Ok(Ok(done))
    }

    /// Gives back what a statement has just made a place for; the entries that are left.
    async fn housed(
        &mut self,
        open: Vec<Entry>,
        before: &Tables,
        now: &Tables,
        done: &mut Vec<Restoration>,
    ) -> Result<Vec<Entry>, ApplyError> {
        let mut left = Vec::new();
        for entry in open {
            let ready = has_home(&entry, before, now) && self.is_empty(&entry, now).await?;
            let restored = match ready {
                true => self.give_back(&entry, now, Attempt::Together, done).await?,
                false => Restored::Refused,
            };
            match outcome(&entry, restored) {
                Some(restoration) => done.push(restoration),
                None => left.push(entry),
            }
        }
        Ok(left)
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
    async fn rows_behind(&mut self, script: &Script<'_>, own: &[Entry], run: Run<'_>) -> Result<Ran, ApplyError> {
        for index in 0..script.steps.len() {
            if let Err(failed) = self.step(script, index, run).await? {
                return Ok(Err(failed));
            }
        }
        let mut done = self.rest(own.to_vec()).await?;
        self.forget_deleted(own, &mut done).await?;
        Ok(Ok(done))
    }

    /// Entries that wait for rows of others come in a later round; what is refused in the end is tried row by row.
    pub(crate) async fn rest(&mut self, mut open: Vec<Entry>) -> Result<Vec<Restoration>, ApplyError> {
        let mut done = Vec::new();
        if open.is_empty() {
            return Ok(done);
        }
        let now = self.look().await?;
        loop {
            let (count, mut left) = (open.len(), Vec::new());
            for entry in open {
                let restored = self.give_back(&entry, &now, Attempt::Together, &mut done).await?;
                match outcome(&entry, restored) {
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
                true => mark_due(self.run.session, entry.shown.id).await.map(|()| Restored::Due)?,
                false => self.give_back(&entry, &now, Attempt::Single, &mut done).await?,
            };
            done.extend(outcome(&entry, restored));
        }
        for entry in self.split_off().await? {
            let state =
                if entry.shown.kind == StashKind::Column { RestoreState::NoPlace } else { RestoreState::Refused };
            done.push(Restoration { left: entry.shown.rows, entry: entry.shown, state });
        }
        // What still waits was told when its own revision was run.
        done.retain(|one| one.left < one.entry.rows || !self.waiting.contains(&one.entry.id));
        Ok(done)
    }
}

/// How many rows of each table this transaction has changed or deleted; of every table, when the server does not count.
async fn written<S: Session>(session: &mut S) -> Result<BTreeMap<u32, String>, ApplyError> {
    let sql = "SELECT relid, CASE WHEN current_setting('track_counts')::boolean \
               THEN (n_tup_upd + n_tup_del)::text ELSE clock_timestamp()::text END FROM pg_catalog.pg_stat_xact_user_tables";
    let answer = ask(session, sql).await?;
    let row = |row: &Vec<Option<String>>| Some((row[0].as_deref()?.parse().ok()?, row[1].clone()?));
    Ok(answer.rows.iter().filter_map(row).collect())
}

/// Whether a statement has just made what the entry was taken from.
fn has_home(entry: &Entry, before: &Tables, now: &Tables) -> bool {
    match entry.shown.kind {
        StashKind::Table => before.named(&entry.name).is_none() && now.named(&entry.name).is_some(),
        StashKind::Column => column_of(entry, before).is_none() && column_of(entry, now).is_some(),
        StashKind::Rows | StashKind::Values | StashKind::Sequence => false,
    }
}

/// The column that values were taken from.
fn column_of<'t>(entry: &Entry, tables: &'t Tables) -> Option<&'t Column> {
    tables.named(&entry.name)?.named(entry.shown.columns.first()?)
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
