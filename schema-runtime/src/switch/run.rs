//! A switch from end to end: what to undo, what to apply, in one transaction where PostgreSQL allows, tried again where that may help.

use std::collections::BTreeSet;
use std::time::Instant;

use schema_core::diagnostic::Diagnostic;
use schema_core::history::{Migration, RevisionId, Target};

use super::entry::{Entry, entries};
use super::stash::{Source, batch};
use super::tables::Base;
use super::text::{inside, refused};
use super::{PlanDown, Restoration, RestoreState};
use crate::apply::ledger::{self, Ledger};
use crate::apply::prepare::Script;
use crate::apply::record::Row;
use crate::apply::run::Run;
use crate::apply::session::Session;
use crate::apply::settings::{self, Opened, begin, isolation};
use crate::apply::{Applied, ApplyError, Direction, Event, SqlFailure, StatementFailure};
use crate::migrator::engine::{revision_run, run_script};
use crate::migrator::standing::{History, Standing};
use crate::migrator::{Migrator, Report};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal<'t> {
    /// What this checkout has, up to a target; what it does not have is undone.
    Up(&'t Target),
    /// Revisions of this checkout undone, down to a target.
    Down(&'t Target),
    /// One revision undone with all that is built on it.
    Out(&'t RevisionId),
}

/// A switch that is under way.
pub(crate) struct Switching<'r, 's, S> {
    pub run: Run<'r, S>,
    pub history: &'s History<'s>,
    /// Values that come with their rows, in the order they were taken.
    pub(super) values: Vec<Entry>,
    /// Entries whose own revision is another, which wait for what a text may make.
    pub(super) waiting: Vec<i64>,
    /// New entries of values that came back in rows before their column was there.
    pub(super) split: Vec<i64>,
    /// What this transaction has found.
    pub(super) base: Option<Base>,
    started: String,
}

/// What a switch does: revisions with the texts to undo them, and scripts to apply.
struct Route<'m> {
    undo: Vec<(Migration, Option<String>)>,
    apply: Vec<Script<'m>>,
}

/// The isolation level of the engine's own transactions.
pub(super) const PLAIN: &str = "READ COMMITTED";

/// How much one transaction holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Span {
    All,
    /// A new value of an enum can be used only after its COMMIT.
    Each,
}

impl Migrator {
    pub(crate) async fn follow<S: Session>(
        &self,
        session: &mut S,
        goal: Goal<'_>,
        plan_down: &mut PlanDown<'_>,
    ) -> Result<Report, ApplyError> {
        self.settled(session).await?.switch_run(session, goal, plan_down).await
    }

    async fn switch_run<S: Session>(
        &self,
        session: &mut S,
        goal: Goal<'_>,
        plan_down: &mut PlanDown<'_>,
    ) -> Result<Report, ApplyError> {
        let history = History::new(self)?;
        let mut ledger = self.known_ledger(session, &history).await?;
        let unknown = self.unknown_checkpoints(session, &history, &ledger).await?;
        unknown.iter().for_each(|one| one.apply(&mut ledger));
        let route = self.switch_route(session, &history, &ledger, goal, plan_down).await?;
        let told = unknown.is_empty() && self.settled.reached.is_empty() && (ledger.exists || ledger.rows.is_empty());
        let idle = route.is_empty() && ledger.interrupted().is_none() && told;
        let due = entries(session, &self.options.namespace).await?.iter().any(|entry| entry.due);
        if self.options.dry_run || idle && !due {
            return self.switch_preview(&history, &ledger, &route);
        }
        let work = async |session: &mut S, opened: &Opened| {
            self.switch_locked(session, opened, &history, goal, plan_down).await
        };
        self.locked(session, work).await
    }

    async fn switch_locked<S: Session>(
        &self,
        session: &mut S,
        opened: &Opened,
        history: &History<'_>,
        goal: Goal<'_>,
        plan_down: &mut PlanDown<'_>,
    ) -> Result<Report, ApplyError> {
        let mut ledger = self.made_ledger(session, opened, history).await?;
        let unknown = self.unknown_checkpoints(session, history, &ledger).await?;
        if !unknown.is_empty() {
            self.note_originals(session, opened, &ledger, &unknown).await?;
            ledger = ledger::read(session, &self.options.namespace).await?;
        }
        let (mut ledger, mut report) = self.taken_up(session, opened, history, ledger).await?;
        report.settle();
        report.reformatted = Standing::new(history, &ledger).reformatted;
        // A run that was killed after its COMMIT has left them, and the next revision may rename what they go into.
        self.waiting(session, opened, history).restore_due(&mut report).await?;
        let mut one_by_one = false;
        for attempt in 1.. {
            let route = self.switch_route(session, history, &ledger, goal, plan_down).await?;
            // What is only applied is kept as far as it comes, as in any upgrade.
            let span = if one_by_one || route.undo.is_empty() { Span::Each } else { Span::All };
            let mut switching = self.waiting(session, opened, history);
            let ended = switching.all(&route, span, &mut report).await;
            if matches!(ended, Ok(Ended::Whole)) {
                break;
            }
            let _ = switching.run.session.batch("ROLLBACK").await;
            let back = report.forget_unsettled();
            if !back.is_empty() {
                self.observer.event(&Event::RolledBack { ids: &back });
            }
            match &ended {
                Ok(_) => one_by_one = true,
                Err(ApplyError::Statement(failed)) if span == Span::All && wants_commits(&failed.failure) => {
                    one_by_one = true;
                }
                Err(ApplyError::Statement(failed)) if switching.run.may_retry(&failed.failure, attempt) => {
                    switching.run.pause_before(&failed.id, attempt, &failed.failure).await;
                }
                _ => return ended.map(|_| report),
            }
            ledger = ledger::read(session, &self.options.namespace).await?;
        }
        self.waiting(session, opened, history).restore_due(&mut report).await?;
        let kept = entries(session, &self.options.namespace).await?;
        report.stashed =
            kept.into_iter().map(|entry| entry.shown).filter(|one| report.stashed_ids.contains(&one.id)).collect();
        report.restored = as_it_ended(std::mem::take(&mut report.restored));
        Ok(report)
    }

    /// A switch before its first transaction.
    pub(super) fn waiting<'r, 's, S: Session>(
        &'r self,
        session: &'r mut S,
        opened: &'r Opened,
        history: &'s History<'s>,
    ) -> Switching<'r, 's, S> {
        let run = Run { session, opened, options: &self.options, observer: &*self.observer, finished: Vec::new() };
        let (values, waiting, split) = (Vec::new(), Vec::new(), Vec::new());
        Switching { run, history, values, waiting, split, base: None, started: String::new() }
    }

    /// What is to be undone and applied, with every text looked at before anything runs.
    async fn switch_route<'m, S: Session>(
        &self,
        session: &mut S,
        history: &History<'m>,
        ledger: &Ledger,
        goal: Goal<'_>,
        plan_down: &mut PlanDown<'_>,
    ) -> Result<Route<'m>, ApplyError> {
        let standing = Standing::new(history, ledger);
        let rows = rows_in_force(history, ledger);
        let (undo, apply) = match goal {
            Goal::Up(target) => {
                let undo = with_descendants(&rows, standing.foreign.iter().chain(&standing.edited));
                let left: BTreeSet<RevisionId> =
                    standing.applied.iter().filter(|id| !undo.contains(*id)).cloned().collect();
                (undo, history.graph.upgrade_route(&left, target).map_err(ApplyError::Target)?)
            }
            Goal::Down(target) => {
                standing.refuse_foreign(self.options.allow_foreign)?;
                let undo = history.graph.downgrade_route(&standing.applied, target).map_err(ApplyError::Target)?;
                (undo.into_iter().collect(), Vec::new())
            }
            Goal::Out(id) => {
                let applied = rows.iter().map(|row| &row.id).filter(|other| *other == id);
                (with_descendants(&rows, applied), Vec::new())
            }
        };
        let mut route = Route { undo: Vec::new(), apply: Vec::new() };
        let mut findings: Vec<Diagnostic> = Vec::new();
        for row in children_first(&rows, &undo) {
            let kept = history.migration(&row.id).filter(|_| !standing.edited.contains(&row.id));
            let mut migration = match kept {
                Some(migration) => migration.clone(),
                None => {
                    let recorded = self.recorded_at(session, &row.id).await?;
                    recorded.unwrap_or_else(|| panic!("the ledger has just shown `{}`", row.id))
                }
            };
            migration.down = plan_down(&row.id, migration.down.as_deref()).map(Into::into);
            let Some(down) = migration.down.clone() else { return Err(ApplyError::Irreversible(vec![row.id.clone()])) };
            match Script::new(&migration, Direction::Down, std::borrow::Cow::Owned(down.to_string())) {
                Ok(script) => findings.extend(refused(&script)),
                Err(found) => findings.extend(found),
            }
            route.undo.push((migration, row.git_branch.clone()));
        }
        for id in &apply {
            let migration = history.migration(id).expect("a route has revisions of its graph only");
            match Script::new(migration, Direction::Up, std::borrow::Cow::Borrowed(&*migration.up)) {
                Ok(script) => route.apply.push(script),
                Err(found) => findings.extend(found),
            }
        }
        if !route.undo.is_empty() {
            findings.extend(route.apply.iter().flat_map(refused));
        }
        if findings.is_empty() { Ok(route) } else { Err(ApplyError::Refused(findings)) }
    }

    fn switch_preview(&self, history: &History<'_>, ledger: &Ledger, route: &Route<'_>) -> Result<Report, ApplyError> {
        let undo: Result<Vec<Script<'_>>, ApplyError> = route.undo.iter().map(|(one, _)| down_script(one)).collect();
        let scripts: Vec<Script<'_>> = undo?.into_iter().chain(route.apply.iter().cloned()).collect();
        Ok(self.preview(ledger, &Standing::new(history, ledger), &scripts))
    }
}

impl Route<'_> {
    fn is_empty(&self) -> bool {
        self.undo.is_empty() && self.apply.is_empty()
    }
}

/// The rows of whole revisions. Those that a checkpoint stands for go with it, and what came after them comes after it.
fn rows_in_force(history: &History<'_>, ledger: &Ledger) -> Vec<Applied> {
    let whole = ledger.rows.iter().filter(|row| row.interrupted.is_none() && history.covering(&row.id).is_none());
    let mut rows: Vec<Applied> = whole.cloned().collect();
    for parent in rows.iter_mut().flat_map(|row| &mut row.parents) {
        if let Some(checkpoint) = history.covering(parent) {
            parent.clone_from(&checkpoint.id);
        }
    }
    rows
}

/// These revisions with every applied one that comes after one of them, by the parents that the ledger has.
fn with_descendants<'i>(rows: &[Applied], ids: impl Iterator<Item = &'i RevisionId>) -> BTreeSet<RevisionId> {
    let mut found: BTreeSet<RevisionId> = ids.cloned().collect();
    loop {
        let behind = rows.iter().filter(|row| row.parents.iter().any(|parent| found.contains(parent)));
        let new: Vec<RevisionId> = behind.map(|row| row.id.clone()).filter(|id| !found.contains(id)).collect();
        if new.is_empty() {
            return found;
        }
        found.extend(new);
    }
}

/// The rows of these revisions, the last ones first, and none before what was built on it.
fn children_first<'r>(rows: &'r [Applied], ids: &BTreeSet<RevisionId>) -> Vec<&'r Applied> {
    let mut left: Vec<&Applied> = rows.iter().filter(|row| ids.contains(&row.id)).collect();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_free = |row: &&Applied| left.iter().all(|other| !other.parents.contains(&row.id));
        // Parents in a circle, which only a hand can have written, go by their place.
        let at = left.iter().rposition(is_free).unwrap_or(left.len() - 1);
        ordered.push(left.remove(at));
    }
    ordered
}

/// How an attempt ended that met no error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Whole,
    /// Rows can come back only after a COMMIT, and another revision follows.
    WantsCommits,
}

/// Each entry once: rows that did not come back with one revision may have with a later one.
fn as_it_ended(restored: Vec<Restoration>) -> Vec<Restoration> {
    let mut ended: Vec<Restoration> = Vec::new();
    for one in restored {
        match ended.iter_mut().find(|earlier| earlier.entry.id == one.entry.id) {
            Some(earlier) => (earlier.left, earlier.state) = (one.left, one.state),
            None => ended.push(one),
        }
    }
    ended
}

/// Whether rows wait for the next transaction.
fn waits(report: &Report) -> bool {
    report.restored.iter().any(|one| one.state == RestoreState::Due)
}

/// Whether smaller transactions may help: a new value of an enum cannot be used before its COMMIT, one transaction holds only so many
/// locks, and it has one isolation level.
fn wants_commits(failure: &SqlFailure) -> bool {
    matches!(failure.sqlstate.as_str(), "55P04" | "53200" | "25001")
}

fn down_script(migration: &Migration) -> Result<Script<'_>, ApplyError> {
    let down = migration.down.as_deref().unwrap_or_default();
    Script::new(migration, Direction::Down, std::borrow::Cow::Borrowed(down)).map_err(ApplyError::Refused)
}

impl<S: Session> Switching<'_, '_, S> {
    async fn all(&mut self, route: &Route<'_>, span: Span, report: &mut Report) -> Result<Ended, ApplyError> {
        let undo = route.undo.iter().map(|(migration, branch)| Ok((down_script(migration)?, branch.as_deref())));
        let mut scripts: Vec<(Script<'_>, Option<&str>)> = undo.collect::<Result<_, ApplyError>>()?;
        let branch = self.run.options.git_branch.as_deref();
        scripts.extend(route.apply.iter().map(|script| (script.clone(), branch)));
        let of = scripts.len();
        for (index, (script, branch)) in scripts.iter().enumerate() {
            // Nothing has to be given back if it fails, so it may do as its file says.
            if span == Span::Each && script.direction == Direction::Up && !script.transactional {
                report.revisions.push(run_script(&mut self.run, script, index, of).await?);
                report.settle();
                continue;
            }
            if span == Span::Each || index == 0 {
                let first = if script.steps.is_empty() { "" } else { script.sql(0) };
                self.begin(isolation(first)).await?;
            }
            self.one(script, *branch, (index, of), report).await?;
            if span == Span::Each {
                self.commit().await?;
                report.settle();
                self.run.finished.push(script.id().clone());
                // Before another revision renames what the rows go into.
                if waits(report) {
                    self.restore_due(report).await?;
                }
            } else if index + 1 < of && waits(report) {
                return Ok(Ended::WantsCommits);
            }
        }
        if span == Span::All {
            self.commit().await?;
            report.settle();
        }
        Ok(Ended::Whole)
    }

    async fn one(
        &mut self,
        script: &Script<'_>,
        git_branch: Option<&str>,
        (index, of): (usize, usize),
        report: &mut Report,
    ) -> Result<(), ApplyError> {
        let (id, direction) = (script.id(), script.direction);
        self.run.observer.event(&Event::RevisionStarted { id, direction, index, of, resumed: 0 });
        let begun = Instant::now();
        let source = Source { options: self.run.options, revision: id, direction, git_branch };
        let (kept, restored) = self.pass(script, source).await?;
        let record = |row: Row<'_>| match direction {
            Direction::Up => row.applied(script.migration, script.steps.len()),
            Direction::Down => row.delete(),
        };
        self.record(script, &record).await?;
        let duration = begun.elapsed();
        self.run.observer.event(&Event::RevisionFinished { id, direction, duration });
        report.revisions.push(revision_run(script, 0, duration));
        report.stashed_ids.extend(kept);
        report.restored.extend(restored);
        Ok(())
    }

    pub(super) async fn begin(&mut self, isolation: &str) -> Result<(), ApplyError> {
        self.base = None;
        self.started = begin(self.run.session, self.run.opened, isolation).await?;
        // Rows that a policy hides from this role would be lost without a word; with this it is an error.
        batch(self.run.session, "SET LOCAL row_security = off").await
    }

    async fn commit(&mut self) -> Result<(), ApplyError> {
        batch(self.run.session, "COMMIT").await
    }

    async fn record(
        &mut self,
        script: &Script<'_>,
        record: &(dyn Fn(Row<'_>) -> String + Sync),
    ) -> Result<(), ApplyError> {
        let guard = self.run.opened.same_transaction(&self.started);
        let record = record(Row { options: self.run.options, id: script.id(), guard: &guard });
        let sql = if script.changes_settings { format!("{}; {record}", self.run.opened.pins) } else { record };
        match self.run.own(settings::own_action(script.direction), &sql).await? {
            1 => Ok(()),
            _ => Err(ApplyError::TransactionEnded { id: script.id().clone(), direction: script.direction }),
        }
    }

    /// Sends a statement, between its two events.
    pub(crate) async fn statement(&mut self, script: &Script<'_>, index: usize) -> Result<(), SqlFailure> {
        let Some(sql) = inside(script, index) else { return Ok(()) };
        let (id, of) = (script.id(), script.steps.len());
        let line = script.steps[index].line;
        self.run.observer.event(&Event::StatementStarted { id, index, of, line, sql: &sql });
        let start = Instant::now();
        self.run.session.batch(&sql).await.map_err(|error| SqlFailure::new(&error))?;
        self.run.observer.event(&Event::StatementFinished { id, index, of, duration: start.elapsed() });
        Ok(())
    }

    /// The error of a statement; its transaction is rolled back.
    pub(crate) fn failed(&self, script: &Script<'_>, index: usize, failure: SqlFailure) -> ApplyError {
        ApplyError::Statement(Box::new(StatementFailure {
            id: script.id().clone(),
            direction: script.direction,
            place: Some(script.place(index, failure.position)),
            failure,
            finished: self.run.finished.clone(),
            kept: 0,
        }))
    }

    /// What only a new transaction could restore.
    async fn restore_due(&mut self, report: &mut Report) -> Result<(), ApplyError> {
        let all = entries(self.run.session, &self.run.options.namespace).await?;
        let (mut due, others): (Vec<Entry>, Vec<Entry>) = all.into_iter().partition(|entry| entry.due);
        due.sort_by_key(|entry| (entry.shown.kind, entry.shown.id));
        if due.is_empty() {
            return Ok(());
        }
        self.values = self.waiting_of(others, None).await?;
        self.begin(PLAIN).await?;
        let done = self.rest(due).await?;
        batch(self.run.session, "UPDATE cargo_schema_stash.entry SET due = false WHERE due; COMMIT").await?;
        report.restored.retain(|old| done.iter().all(|new| new.entry.id != old.entry.id));
        report.restored.extend(done);
        report.settle();
        Ok(())
    }
}
