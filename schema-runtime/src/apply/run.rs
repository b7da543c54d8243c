//! One run of the engine over one session: what the steps of a run share, and how a failure is told.
//!
//! It sends statements and tells the observer. When transactions begin and end is decided in `transaction` and `stepwise`.

use std::time::{Duration, Instant};

use schema_core::history::RevisionId;

use super::error::{ApplyError, StatementFailure};
use super::event::{Event, Observer};
use super::failure::SqlFailure;
use super::lock::{jitter, oldest_transactions};
use super::prepare::Script;
use super::record::Row;
use super::session::Session;
use super::settings::{Opened, begin, isolation, own_action};
use crate::migrator::Options;

/// A run under the lock.
pub(crate) struct Run<'r, S> {
    /// The connection.
    pub session: &'r mut S,
    /// Its checked session.
    pub opened: &'r Opened,
    /// How to run.
    pub options: &'r Options,
    /// Who is told.
    pub observer: &'r dyn Observer,
    /// The revisions this run has finished.
    pub finished: Vec<RevisionId>,
}

/// Why an attempt stopped.
pub(crate) enum Stop {
    /// A statement of the revision failed; `None` is its COMMIT.
    Failed(Option<usize>, SqlFailure),
    /// The engine itself cannot go on.
    Error(ApplyError),
}

impl From<ApplyError> for Stop {
    fn from(error: ApplyError) -> Stop {
        Stop::Error(error)
    }
}

impl<S: Session> Run<'_, S> {
    /// Sends a statement of a revision, between its two events.
    pub(crate) async fn statement(&mut self, script: &Script<'_>, index: usize) -> Result<(), Stop> {
        let (id, of, sql) = (script.id(), script.steps.len(), script.sql(index));
        self.observer.event(&Event::StatementStarted { id, index, of, line: script.steps[index].line, sql });
        let start = Instant::now();
        let result = self.session.batch(sql).await;
        result.map_err(|error| Stop::Failed(Some(index), SqlFailure::new(&error)))?;
        self.observer.event(&Event::StatementFinished { id, index, of, duration: start.elapsed() });
        Ok(())
    }

    /// Runs some statements and their record in one transaction, again when that may help.
    pub(crate) async fn transaction(
        &mut self,
        script: &Script<'_>,
        indexes: std::ops::Range<usize>,
        record: &(dyn Fn(Row<'_>) -> String + Sync),
    ) -> Result<(), Stop> {
        for attempt in 1.. {
            let Err(stop) = self.attempt(script, indexes.clone(), record).await else { return Ok(()) };
            // A connection that is gone has rolled back by itself.
            let _ = self.session.batch("ROLLBACK").await;
            self.pause_before_retry(script, attempt, stop).await?;
        }
        Ok(())
    }

    async fn attempt(
        &mut self,
        script: &Script<'_>,
        indexes: std::ops::Range<usize>,
        record: &(dyn Fn(Row<'_>) -> String + Sync),
    ) -> Result<(), Stop> {
        let first = indexes.clone().next().map_or("", |index| script.sql(index));
        let started = begin(self.session, self.opened, isolation(first)).await?;
        for index in indexes {
            self.statement(script, index).await?;
        }
        let guard = self.opened.same_transaction(&started);
        let record = record(Row { options: self.options, id: script.id(), guard: &guard });
        let pins = if script.changes_settings { format!("{}; ", self.opened.pins) } else { String::new() };
        let answer =
            self.session.ask(&format!("{pins}{record}; COMMIT")).await.map_err(|error| end_failed(script, &error))?;
        // The record is written only by the session and transaction that ran the statements, so a count of 0 means that one of
        // them ended the transaction. With the record written, COMMIT commits or fails: only a failed transaction would be rolled
        // back silently, and in it the record would have failed.
        match answer.counts.iter().rev().nth(1) {
            Some(1) => Ok(()),
            _ => Err(ApplyError::TransactionEnded { id: script.id().clone(), direction: script.direction }.into()),
        }
    }

    /// Waits when the failure may pass by itself and attempts are left; gives it back otherwise.
    pub(crate) async fn pause_before_retry(
        &mut self,
        script: &Script<'_>,
        attempt: u32,
        stop: Stop,
    ) -> Result<(), Stop> {
        let failure = match stop {
            Stop::Failed(_, ref failure) if self.may_retry(failure, attempt) => failure,
            _ => return Err(stop),
        };
        self.pause_before(script.id(), attempt, failure).await;
        Ok(())
    }

    /// Whether a failure may pass by itself and attempts are left.
    pub(crate) fn may_retry(&self, failure: &SqlFailure, attempt: u32) -> bool {
        failure.may_pass_next_time() && attempt < self.options.attempts
    }

    /// Waits before the next attempt, longer each time, and tells who may be the reason.
    pub(crate) async fn pause_before(&mut self, id: &RevisionId, attempt: u32, failure: &SqlFailure) {
        let pause = jitter(self.options.first_pause.saturating_mul(1 << attempt.min(16)).min(LONGEST_PAUSE));
        let oldest = oldest_transactions(self.session).await;
        self.observer.event(&Event::Retrying { id, attempt, failure, pause, oldest: &oldest });
        self.session.pause(pause).await;
    }

    /// Runs a statement of the engine's own outside a transaction.
    pub(crate) async fn own(&mut self, doing: &'static str, sql: &str) -> Result<u64, ApplyError> {
        let answer = self.session.ask(sql).await.map_err(|error| ApplyError::own(doing, &error))?;
        Ok(answer.counts.last().copied().unwrap_or(0))
    }

    /// The error of a revision that stopped with `kept` statements done.
    pub(crate) fn error(&self, script: &Script<'_>, kept: usize, stop: Stop) -> ApplyError {
        let (index, failure) = match stop {
            Stop::Failed(index, failure) => (index, failure),
            Stop::Error(error) => return error,
        };
        ApplyError::Statement(Box::new(StatementFailure {
            id: script.id().clone(),
            direction: script.direction,
            place: index.map(|index| script.place(index, failure.position)),
            failure,
            finished: self.finished.clone(),
            kept,
        }))
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Recording and COMMIT go in one message: errors that name the ledger are the engine's, all others come from the COMMIT.
fn end_failed(script: &Script<'_>, error: &postgres::Error) -> Stop {
    let failure = SqlFailure::new(error);
    let ledger =
        failure.sqlstate == "42501" || error.as_db_error().is_some_and(|db| db.schema() == Some("cargo_schema"));
    if ledger {
        return ApplyError::Ledger { doing: own_action(script.direction), failure: Box::new(failure) }.into();
    }
    Stop::Failed(None, failure)
}
