//! What a migrator does with a session: look, lock, look again, take up what was interrupted, and run the route.
//!
//! It is written once for both clients. How one revision is run is decided in [`crate::apply`].

use std::borrow::Cow;
use std::time::{Duration, Instant};

use schema_core::diagnostic::Diagnostic;
use schema_core::history::{Migration, RevisionId, Target};

use super::Migrator;
use super::report::{Report, Resolution, RevisionRun, Status};
use super::resume::resume;
use super::standing::{History, Standing};
use crate::apply::ledger::{self, Ledger};
use crate::apply::prepare::Script;
use crate::apply::record::{Row, create_sql};
use crate::apply::run::Run;
use crate::apply::session::Session;
use crate::apply::settings::{self, Opened};
use crate::apply::stepwise::{record, run_stepwise, start};
use crate::apply::{ApplyError, Direction, Event, lock};

/// Where a run is asked to go.
#[derive(Clone, Copy)]
pub(crate) struct Way<'t> {
    pub direction: Direction,
    pub target: &'t Target,
}

impl Migrator {
    pub(crate) async fn run<S: Session>(&self, session: &mut S, way: Way<'_>) -> Result<Report, ApplyError> {
        let history = History::new(self)?;
        let ledger = self.known_ledger(session, &history).await?;
        let standing = self.standing(&history, &ledger, way.direction)?;
        let route = route(&history, &standing, &ledger, way)?;
        // Rows without a ledger are what another tool has applied, which is to be written down.
        let taken_over = ledger.exists || ledger.rows.is_empty();
        let told = taken_over && self.settled.reached.is_empty();
        let idle = route.is_empty() && ledger.interrupted().is_none() && told;
        if self.options.dry_run || idle {
            let scripts = self.scripts(session, &history, &standing, &route, way.direction).await?;
            return Ok(self.preview(&ledger, &standing, &scripts));
        }
        self.locked(session, async |session, opened| self.run_locked(session, opened, &history, way).await).await
    }

    /// Does work in a checked session, under the lock; both are given back whatever comes of it.
    pub(crate) async fn locked<S: Session, T>(
        &self,
        session: &mut S,
        work: impl AsyncFnOnce(&mut S, &Opened) -> Result<T, ApplyError>,
    ) -> Result<T, ApplyError> {
        let opened = settings::open(session, &self.options).await?;
        let result = match lock::lock(session, &opened, self.options.lock_wait, &*self.observer).await {
            Ok(()) => work(session, &opened).await,
            Err(error) => Err(error),
        };
        opened.close(session, &lock::unlock_sql()).await;
        result
    }

    async fn run_locked<S: Session>(
        &self,
        session: &mut S,
        opened: &Opened,
        history: &History<'_>,
        way: Way<'_>,
    ) -> Result<Report, ApplyError> {
        let observer = &*self.observer;
        let ledger = self.made_ledger(session, opened, history).await?;
        self.standing(history, &ledger, way.direction)?;
        let (ledger, mut report) = self.taken_up(session, opened, history, ledger).await?;
        let standing = self.standing(history, &ledger, way.direction)?;
        report.reformatted.clone_from(&standing.reformatted);
        let route = route(history, &standing, &ledger, way)?;
        let scripts = self.scripts(session, history, &standing, &route, way.direction).await?;
        let mut run = Run { session, opened, options: &self.options, observer, finished: Vec::new() };
        run.finished.extend(report.revisions.iter().map(|done| done.id.clone()));
        for (index, script) in scripts.iter().enumerate() {
            report.revisions.push(run_script(&mut run, script, index, scripts.len()).await?);
        }
        Ok(report)
    }

    /// The ledger without an interrupted revision: one is taken up first, and told in the report.
    pub(crate) async fn taken_up<S: Session>(
        &self,
        session: &mut S,
        opened: &Opened,
        history: &History<'_>,
        ledger: Ledger,
    ) -> Result<(Ledger, Report), ApplyError> {
        let mut report = Report::default();
        if ledger.interrupted().is_none() {
            return Ok((ledger, report));
        }
        let observer = &*self.observer;
        let mut run = Run { session, opened, options: &self.options, observer, finished: Vec::new() };
        report.revisions.push(resume(&mut run, history, &ledger).await?);
        Ok((ledger::read(session, &self.options.namespace).await?, report))
    }

    /// The ledger with what another tool has applied, for those who only look.
    pub(crate) async fn known_ledger<S: Session>(
        &self,
        session: &mut S,
        history: &History<'_>,
    ) -> Result<Ledger, ApplyError> {
        let ledger = ledger::read(session, &self.options.namespace).await?;
        self.with_taken(session, history, ledger).await
    }

    /// The ledger, made when there is none, with what another tool has applied and the checkpoints that it has reached. The lock is held.
    pub(crate) async fn made_ledger<S: Session>(
        &self,
        session: &mut S,
        opened: &Opened,
        history: &History<'_>,
    ) -> Result<Ledger, ApplyError> {
        let ledger = ledger::read(session, &self.options.namespace).await?;
        if !ledger.exists {
            let sql = format!("BEGIN; {}; COMMIT", create_sql());
            if let Err(error) = session.batch(&sql).await {
                let _ = session.batch("ROLLBACK").await;
                return Err(ApplyError::own("creating the ledger `cargo_schema`", &error));
            }
        }
        let taken = self.to_take_over(session, history, &ledger).await?;
        if taken.is_empty() && self.settled.reached.is_empty() {
            return Ok(ledger);
        }
        if !taken.is_empty() {
            self.take_over(session, &taken, &format!("pg_backend_pid() = {}", opened.pid)).await?;
        }
        self.note_reached(session, opened).await?;
        ledger::read(session, &self.options.namespace).await
    }

    fn standing(&self, history: &History<'_>, ledger: &Ledger, direction: Direction) -> Result<Standing, ApplyError> {
        let standing = Standing::new(history, ledger);
        standing.refuse_foreign(self.options.allow_foreign)?;
        if direction == Direction::Up {
            standing.refuse_edited()?;
        }
        Ok(standing)
    }

    /// The texts of a route, all of them checked before the first one is run.
    async fn scripts<'m, S: Session>(
        &self,
        session: &mut S,
        history: &History<'m>,
        standing: &Standing,
        route: &[RevisionId],
        direction: Direction,
    ) -> Result<Vec<Script<'m>>, ApplyError> {
        let (mut scripts, mut findings, mut irreversible) = (Vec::with_capacity(route.len()), Vec::new(), Vec::new());
        for id in route {
            let migration = history.migration(id).expect("a route has revisions of its graph only");
            let text = match direction {
                Direction::Up => Some(Cow::Borrowed(&*migration.up)),
                // What was really applied is undone, not what the file says by now.
                Direction::Down if standing.edited.contains(id) => {
                    let texts = ledger::texts(session, &self.options.namespace, id).await?;
                    texts.and_then(|(_, down)| down).map(Cow::Owned)
                }
                Direction::Down => migration.down.as_deref().map(Cow::Borrowed),
            };
            match text.map(|text| Script::new(migration, direction, text)) {
                Some(Ok(script)) => scripts.push(script),
                Some(Err(found)) => findings.extend::<Vec<Diagnostic>>(found),
                None => irreversible.push(id.clone()),
            }
        }
        match (irreversible.is_empty(), findings.is_empty()) {
            (false, _) => Err(ApplyError::Irreversible(irreversible)),
            (_, false) => Err(ApplyError::Refused(findings)),
            _ => Ok(scripts),
        }
    }

    /// What a run would do; first of all what was interrupted.
    #[cfg_attr(
        not(feature = "switch"),
        expect(clippy::needless_update, reason = "what is left to its default is what a switch adds")
    )]
    pub(crate) fn preview(&self, ledger: &Ledger, standing: &Standing, scripts: &[Script<'_>]) -> Report {
        let interrupted = ledger.interrupted().map(|(row, interrupted)| RevisionRun {
            id: row.id.clone(),
            direction: interrupted.direction,
            statements: scripts.iter().find(|script| script.id() == &row.id).map_or(0, |script| script.steps.len()),
            resumed: interrupted.done,
            duration: Duration::ZERO,
        });
        let rest = scripts.iter().filter(|script| interrupted.as_ref().is_none_or(|run| &run.id != script.id()));
        let rest = rest.map(|script| revision_run(script, 0, Duration::ZERO)).collect::<Vec<_>>();
        let revisions = interrupted.into_iter().chain(rest).collect();
        Report {
            revisions,
            dry_run: self.options.dry_run,
            reformatted: standing.reformatted.clone(),
            ..Report::default()
        }
    }

    pub(crate) async fn recorded_at<S: Session>(
        &self,
        session: &mut S,
        id: &RevisionId,
    ) -> Result<Option<Migration>, ApplyError> {
        let ledger = ledger::read(session, &self.options.namespace).await?;
        let Some(row) = ledger.rows.into_iter().find(|row| row.id == *id) else { return Ok(None) };
        let texts = ledger::texts(session, &self.options.namespace, id).await?;
        Ok(texts.map(|(up, down)| Migration {
            id: row.id,
            parents: row.parents,
            message: row.message,
            up: up.into(),
            down: down.map(Into::into),
            adopted: None,
            replaces: Vec::new(),
        }))
    }

    pub(crate) async fn look<S: Session>(&self, session: &mut S) -> Result<Status, ApplyError> {
        let history = History::new(self)?;
        let ledger = self.known_ledger(session, &history).await?;
        Ok(Standing::new(&history, &ledger).into_status(&history, ledger))
    }

    pub(crate) async fn settle_by_hand<S: Session>(
        &self,
        session: &mut S,
        id: &RevisionId,
        resolution: Resolution,
    ) -> Result<(), ApplyError> {
        self.locked(session, async |session, opened| self.settle_locked(session, opened, id, resolution).await).await
    }

    async fn settle_locked<S: Session>(
        &self,
        session: &mut S,
        opened: &Opened,
        id: &RevisionId,
        resolution: Resolution,
    ) -> Result<(), ApplyError> {
        let observer = &*self.observer;
        let ledger = ledger::read(session, &self.options.namespace).await?;
        let nothing = || ApplyError::NothingToResolve(id.clone());
        let (_, found) = ledger.interrupted().filter(|(row, _)| &row.id == id).ok_or_else(nothing)?;
        let mut run = Run { session, opened, options: &self.options, observer, finished: Vec::new() };
        match (resolution, found.in_flight) {
            // The next run ends the revision when this was its last statement.
            (Resolution::StatementDone, Some(index)) => {
                record(&mut run, id, &|row| row.progress(Direction::Up, index + 1, usize::MAX)).await
            }
            (Resolution::StatementNotDone, Some(_)) => record(&mut run, id, &|row| row.in_flight(None)).await,
            (Resolution::Applied, _) => record(&mut run, id, &|row| row.finish_up(found.done)).await,
            (Resolution::Removed, _) => record(&mut run, id, &|row| row.delete()).await,
            (_, None) => Err(nothing()),
        }
    }
}

fn route(
    history: &History<'_>,
    standing: &Standing,
    ledger: &Ledger,
    way: Way<'_>,
) -> Result<Vec<RevisionId>, ApplyError> {
    let mut applied = standing.applied.clone();
    let route = match way.direction {
        Direction::Up => history.graph.upgrade_route(&applied, way.target),
        Direction::Down => {
            // Before it is taken up, an interrupted revision counts as what it is about to become.
            let interrupted = ledger.interrupted().filter(|(_, interrupted)| interrupted.direction == Direction::Up);
            applied.extend(interrupted.map(|(row, _)| row.id.clone()));
            history.graph.downgrade_route(&applied, way.target)
        }
    };
    route.map_err(ApplyError::Target)
}

pub(crate) async fn run_script<S: Session>(
    run: &mut Run<'_, S>,
    script: &Script<'_>,
    index: usize,
    of: usize,
) -> Result<RevisionRun, ApplyError> {
    let (id, direction, statements) = (script.id(), script.direction, script.steps.len());
    run.observer.event(&Event::RevisionStarted { id, direction, index, of, resumed: 0 });
    let begun = Instant::now();
    if script.transactional || script.steps.is_empty() {
        let record = |row: Row<'_>| match direction {
            Direction::Up => row.applied(script.migration, statements),
            Direction::Down => row.delete(),
        };
        let result = run.transaction(script, 0..statements, &record).await;
        result.map_err(|stop| run.error(script, 0, stop))?;
    } else {
        start(run, script).await?;
        run_stepwise(run, script, 0).await?;
    }
    Ok(finished(run, script, 0, begun.elapsed()))
}

/// Tells that a revision is done.
pub(crate) fn finished<S: Session>(
    run: &mut Run<'_, S>,
    script: &Script<'_>,
    resumed: usize,
    duration: Duration,
) -> RevisionRun {
    run.observer.event(&Event::RevisionFinished { id: script.id(), direction: script.direction, duration });
    run.finished.push(script.id().clone());
    revision_run(script, resumed, duration)
}

pub(crate) fn revision_run(script: &Script<'_>, resumed: usize, duration: Duration) -> RevisionRun {
    RevisionRun {
        id: script.id().clone(),
        direction: script.direction,
        statements: script.steps.len(),
        resumed,
        duration,
    }
}
