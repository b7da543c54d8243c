//! A revision without a transaction: statement by statement, each recorded, so that a killed deploy is taken up where it stopped.
//!
//! What can run in a transaction runs in one together with its record, so it is done exactly once. What cannot is marked in the
//! ledger before it is sent; after a crash, `settle` finds out whether it took effect.

use schema_core::history::RevisionId;
use schema_core::sql::NotInTransaction;

use super::error::ApplyError;
use super::event::Direction;
use super::prepare::Script;
use super::record::Row;
use super::run::{Run, Stop};
use super::session::Session;
use super::settle::{Found, after_failure, after_success, before_start, settle};

/// Runs a revision from statement `done` on. Its row must be in the ledger.
pub(crate) async fn run_stepwise<S: Session>(
    run: &mut Run<'_, S>,
    script: &Script<'_>,
    done: usize,
) -> Result<(), ApplyError> {
    for index in done..script.steps.len() {
        let result = match &script.steps[index].outside {
            Some(why) => outside(run, script, index, Some(why)).await,
            None => inside(run, script, index).await,
        };
        result.map_err(|stop| run.error(script, index, stop))?;
    }
    if done == script.steps.len() {
        // Interrupted between its last statement and the end, which only a corrected text can bring about.
        record(run, script.id(), &|row| row.progress(script.direction, done, done)).await?;
    }
    Ok(())
}

/// Marks a statement that was interrupted as done or not done, as the catalogs show; the number of statements done.
pub(crate) async fn settle_in_flight<S: Session>(
    run: &mut Run<'_, S>,
    script: &Script<'_>,
    index: usize,
) -> Result<usize, ApplyError> {
    let step = &script.steps[index];
    let found = match &step.outside {
        Some(why) => settle(run, why).await?,
        None => Found::Doubt,
    };
    match found {
        Found::Done => {
            record(run, script.id(), &|row| row.progress(script.direction, index + 1, script.steps.len())).await?;
            Ok(index + 1)
        }
        Found::NotDone => {
            record(run, script.id(), &|row| row.in_flight(None)).await?;
            Ok(index)
        }
        Found::Doubt => Err(ApplyError::InDoubt {
            id: script.id().clone(),
            direction: script.direction,
            place: Box::new(script.place(index, None)),
        }),
    }
}

async fn inside<S: Session>(run: &mut Run<'_, S>, script: &Script<'_>, index: usize) -> Result<(), Stop> {
    let of = script.steps.len();
    let direction = script.direction;
    let result = run.transaction(script, index..index + 1, &move |row| row.progress(direction, index + 1, of)).await;
    match result {
        // A procedure that commits, or a statement unknown here: the server refused it before it did anything.
        Err(Stop::Failed(Some(_), failure)) if failure.wants_no_transaction() => {
            outside(run, script, index, None).await
        }
        result => result,
    }
}

async fn outside<S: Session>(
    run: &mut Run<'_, S>,
    script: &Script<'_>,
    index: usize,
    why: Option<&NotInTransaction>,
) -> Result<(), Stop> {
    for attempt in 1.. {
        let marked = before_start(run, why).await?;
        if marked {
            record(run, script.id(), &|row| row.in_flight(Some(index))).await?;
        }
        let result = without_lock_timeout(run, why, script, index).await;
        match result {
            Ok(()) if after_success(run, why).await? => break,
            Ok(()) => {}
            Err(Stop::Failed(at, failure)) if !failure.disconnected => {
                if marked {
                    after_failure(run, why).await?;
                    record(run, script.id(), &|row| row.in_flight(None)).await?;
                }
                run.pause_before_retry(script, attempt, Stop::Failed(at, failure)).await?;
            }
            Err(stop) => return Err(stop),
        }
    }
    if script.changes_settings {
        run.own("pinning the settings of the session", &run.opened.pins.clone()).await?;
    }
    record(run, script.id(), &|row| row.progress(script.direction, index + 1, script.steps.len())).await?;
    Ok(())
}

/// A concurrent index build waits for old transactions under `lock_timeout` too, and would leave an invalid index behind.
async fn without_lock_timeout<S: Session>(
    run: &mut Run<'_, S>,
    why: Option<&NotInTransaction>,
    script: &Script<'_>,
    index: usize,
) -> Result<(), Stop> {
    use NotInTransaction::{CreateIndexConcurrently, DetachConcurrently, DropIndexConcurrently, ReindexConcurrently};
    let concurrent = matches!(
        why,
        Some(CreateIndexConcurrently { .. } | DropIndexConcurrently { .. } | ReindexConcurrently | DetachConcurrently)
    );
    if !concurrent {
        return run.statement(script, index).await;
    }
    run.own("setting lock_timeout", "SET lock_timeout = 0").await?;
    let result = run.statement(script, index).await;
    if let Err(Stop::Failed(_, failure)) = &result {
        if failure.disconnected {
            return result;
        }
    }
    let back = format!("SET lock_timeout = '{}ms'", run.options.lock_timeout.as_millis());
    run.own("setting lock_timeout", &back).await?;
    result
}

/// Writes a record of its own. A pooler that moved the session to another process shows as no row.
pub(crate) async fn record<S: Session>(
    run: &mut Run<'_, S>,
    id: &RevisionId,
    sql: &(dyn Fn(Row<'_>) -> String + Sync),
) -> Result<(), ApplyError> {
    let guard = format!("pg_backend_pid() = {}", run.opened.pid);
    let sql = sql(Row { options: run.options, id, guard: &guard });
    match run.own("recording progress in the ledger", &sql).await? {
        1 => Ok(()),
        _ => Err(ApplyError::Pooled),
    }
}

/// Begins a revision that runs without a transaction.
pub(crate) async fn start<S: Session>(run: &mut Run<'_, S>, script: &Script<'_>) -> Result<(), ApplyError> {
    record(run, script.id(), &|row| match script.direction {
        Direction::Up => row.starts(script.migration),
        Direction::Down => row.starts_down(&script.text),
    })
    .await
}
