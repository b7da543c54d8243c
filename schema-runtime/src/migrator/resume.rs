//! A revision that an earlier run left half-done is finished in its own direction, before anything else happens.
//!
//! Its finished statements must still be what was run; those to come may have been corrected, which is how a statement that cannot
//! work is repaired.

use std::borrow::Cow;
use std::time::Instant;

use schema_core::history::RevisionId;
use schema_core::sql::{same_sql, split};

use super::engine::finished;
use super::report::RevisionRun;
use super::standing::History;
use crate::apply::ledger::{self, Ledger};
use crate::apply::prepare::Script;
use crate::apply::run::Run;
use crate::apply::session::Session;
use crate::apply::stepwise::{record, run_stepwise, settle_in_flight};
use crate::apply::{ApplyError, Direction, Event, Interrupted};

/// Takes up the interrupted revision of a ledger.
///
/// # Panics
/// When the ledger has none.
pub(crate) async fn resume<S: Session>(
    run: &mut Run<'_, S>,
    history: &History<'_>,
    ledger: &Ledger,
) -> Result<RevisionRun, ApplyError> {
    let (row, interrupted) = ledger.interrupted().expect("the caller saw an interrupted revision");
    let script = script(run, history, &row.id, interrupted).await?;
    let (id, direction, begun) = (&row.id, interrupted.direction, Instant::now());
    run.observer.event(&Event::RevisionStarted { id, direction, index: 0, of: 1, resumed: interrupted.done });
    let done = match interrupted.in_flight {
        Some(index) => settle_in_flight(run, &script, index).await?,
        None => interrupted.done,
    };
    let ended_by_settling = interrupted.in_flight.is_some() && done == script.steps.len();
    if !ended_by_settling {
        run_stepwise(run, &script, done).await?;
    }
    Ok(finished(run, &script, done, begun.elapsed()))
}

/// The text to go on with, which begins with the statements that are done.
async fn script<'m, S: Session>(
    run: &mut Run<'_, S>,
    history: &History<'m>,
    id: &RevisionId,
    interrupted: &Interrupted,
) -> Result<Script<'m>, ApplyError> {
    let &Interrupted { direction, done, in_flight } = interrupted;
    let unknown = || ApplyError::UnknownHalfDone { id: id.clone(), direction };
    let migration = history.migration(id).ok_or_else(unknown)?;
    let (up, down) = ledger::texts(run.session, &run.options.namespace, id).await?.unwrap_or_default();
    let (begun, now) = match direction {
        Direction::Up => (up, Cow::Borrowed(&*migration.up)),
        Direction::Down => {
            let begun = down.unwrap_or_default();
            (begun.clone(), migration.down.as_deref().map_or(Cow::Owned(begun), Cow::Borrowed))
        }
    };
    let same_text = begun == now;
    let script = Script::new(migration, direction, now).map_err(ApplyError::Refused)?;
    if !same_text {
        if !begins_alike(&begun, &script, in_flight.map_or(done, |index| index + 1)) {
            return Err(ApplyError::ChangedHalfDone { id: id.clone(), direction, done });
        }
        record(run, id, &|row| match direction {
            Direction::Up => row.corrected(migration),
            Direction::Down => row.corrected_down(&script.text),
        })
        .await?;
    }
    Ok(script)
}

fn begins_alike(begun: &str, script: &Script<'_>, count: usize) -> bool {
    let Ok(before) = split(begun) else { return false };
    count <= before.len()
        && count <= script.steps.len()
        && before[..count].iter().enumerate().all(|(index, statement)| same_sql(statement.text, script.sql(index)))
}
