//! Undoing and applying in a development database, as `upgrade`, `switch` and `downgrade` do it there: nothing is lost.
//!
//! A revision whose down text is missing or fails is planned from what the revisions were observed to do on the dev database, shown, and
//! run when the user says so.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::history::{Migration, RevisionId, Target};
use schema_core::plan::{Hints, plan};
use schema_runtime::apply::Direction;
use schema_runtime::{ApplyError, Migrator, Report};

use super::database::Database;
use super::drift;
use super::failure::Failure;
use super::world::World;
use crate::devdb;
use crate::ops::prove::observed_history;
use crate::project::Project;
use crate::report::progress::Progress;

/// Where to.
#[derive(Clone, Copy)]
pub(super) enum Way<'t> {
    /// What is not in the checkout is undone, the rest applied up to a target.
    Up(&'t Target),
    /// What is behind a target is undone.
    Down(&'t Target),
    /// One revision is undone, and all that is built on it.
    Out(&'t RevisionId),
}

/// Goes there.
pub(super) fn follow(
    world: &World<'_>,
    project: &Project,
    database: &mut Database,
    way: Way<'_>,
    dry_run: bool,
) -> Result<Report, Failure> {
    let mut planned: BTreeMap<RevisionId, String> = BTreeMap::new();
    loop {
        let (mut missing, mut route): (Vec<RevisionId>, Vec<RevisionId>) = (Vec::new(), Vec::new());
        let progress = Progress::new(world.screen);
        let migrator = world.migrator(project, dry_run).observer(progress.observer());
        let mut text = |id: &RevisionId, down: Option<&str>| {
            // In the order in which they are undone; under the lock, all are asked for once more.
            if let Some(again) = route.iter().position(|known| known == id) {
                route.truncate(again);
            }
            route.push(id.clone());
            let found = planned.get(id).cloned().or_else(|| down.map(str::to_owned));
            if found.is_none() {
                missing.push(id.clone());
            }
            found
        };
        let result = match way {
            Way::Up(target) => migrator.switch(&mut database.client, target, &mut text),
            Way::Down(target) => migrator.set_aside(&mut database.client, target, &mut text),
            Way::Out(id) => migrator.set_aside_from(&mut database.client, id, &mut text),
        };
        drop(progress);
        let (id, why, error) = match result {
            Ok(report) => return Ok(report),
            Err(error @ ApplyError::Irreversible(_)) if !missing.is_empty() => {
                (missing.remove(0), "has no down text".to_owned(), error)
            }
            Err(ApplyError::Statement(failed))
                if failed.direction == Direction::Down && !planned.contains_key(&failed.id) =>
            {
                let why = format!("has a down text that fails: {}", failed.failure.message);
                (failed.id.clone(), why, ApplyError::Statement(failed))
            }
            Err(error) => return Err(world.apply_failure(project, error)),
        };
        let gone: BTreeSet<&RevisionId> = route.iter().take_while(|known| **known != id).collect();
        let Some(text) = plan_of(world, project, &migrator, database, &id, &gone)? else {
            return Err(world.apply_failure(project, error));
        };
        if !dry_run {
            agreed(world, &id, &why, &text)?;
        }
        planned.insert(id, text);
    }
}

/// Shows a planned text and asks whether to run it.
fn agreed(world: &World<'_>, id: &RevisionId, why: &str, text: &str) -> Result<(), Failure> {
    let shown = format!("`{id}` {why}\nthis would undo it, as the dev database shows:\n\n{}\n", text.trim_end());
    world.screen.tell(&shown);
    world.confirm(
        &format!("undo `{id}` with this text? what it destroys is kept in the stash"),
        &format!(
            "`{id}` {why}; a text that undoes it was planned and nobody can be asked here; nothing was done\n\
             help: to run the text above: add --yes\nhelp: or write the down.sql of the revision"
        ),
    )
}

/// What undoes a revision, from what the applied revisions are observed to make with it and without it. Those that are undone before it
/// are `gone`; others stay, and may use what it made. `None` when the dev database cannot run them.
fn plan_of(
    world: &World<'_>,
    project: &Project,
    migrator: &Migrator,
    database: &mut Database,
    id: &RevisionId,
    gone: &BTreeSet<&RevisionId>,
) -> Result<Option<String>, Failure> {
    let failed = |error| world.apply_failure(project, error);
    let status = migrator.status(&mut database.client).map_err(failed)?;
    let mut there: Vec<Migration> = Vec::new();
    for applied in drift::run(project, &status).filter(|applied| !gone.contains(&applied.id)) {
        there.extend(migrator.recorded(&mut database.client, &applied.id).map_err(failed)?);
    }
    let without: Vec<Migration> = there.iter().filter(|other| other.id != *id).cloned().collect();
    let server = devdb::open(&world.dev_options())?;
    let (Ok(after), Ok(before)) = (observed_history(&server, &there), observed_history(&server, &without)) else {
        return Ok(None);
    };
    let text = plan(&after, &before, &[], &Hints::default()).up.text();
    Ok(Some(text))
}
