//! `cargo schema edit`: a revision is undone in the project's database with all that is built on it, so that its files can be changed;
//! the next `upgrade` applies them as they are then.
//!
//! Only what comes after the revision is undone: parallel lines stay. The files are the user's to change; nothing is written here.

use schema_core::history::{Migration, RevisionId, Target};
use schema_runtime::apply::Applied;
use schema_runtime::{Options, Report, Status};
use serde_json::json;

use super::database::Database;
use super::environment::refuse_in_production;
use super::failure::Failure;
use super::remove::own;
use super::show::resolve;
use super::world::World;
use super::{Outcome, runs};
use crate::cli::arguments::Edit;
use crate::project::Project;
use crate::report::Problem;
use crate::report::progress::Progress;

pub(super) fn run(world: &World<'_>, options: &Edit) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    let id = resolve(world, &project, &options.revision)?;
    own(&project, &id)?;
    let mut database = Database::open(world)?;
    refuse_in_production(world, &mut database, "an applied revision and all that is built on it would be undone")?;
    let status = world.migrator(&project, true).status(&mut database.client);
    let status = status.map_err(|error| world.apply_failure(&project, error))?;
    let undone = undone(&project, &status, &id)?;
    // Nothing is undone unless all of it can be.
    for id in &undone {
        undo(world, &project, &mut database, id, true)?;
    }
    let mut report = Report { dry_run: options.dry_run, ..Report::default() };
    for id in undone {
        let run = undo(world, &project, &mut database, &id, options.dry_run)?;
        report.revisions.extend(run.revisions);
    }
    Ok(outcome(world, &project, &database.shown, &id, &report))
}

/// What is to be undone, the last first. A revision of another branch that is built on it is in the way.
fn undone(project: &Project, status: &Status, id: &RevisionId) -> Result<Vec<RevisionId>, Failure> {
    let has = |id: &RevisionId| status.applied.iter().any(|row| row.id == *id);
    let later = project.graph.descendants(id);
    let undone: Vec<RevisionId> = later.iter().rev().chain([id]).filter(|id| has(id)).cloned().collect();
    let on_top = |row: &&Applied| status.foreign.contains(&row.id) && row.parents.iter().any(|id| undone.contains(id));
    match status.applied.iter().find(on_top) {
        None => Ok(undone),
        Some(row) => {
            let text = format!("`{}` of another branch is applied on top of it, so nothing was undone", row.id);
            let help = ["to undo what is not of this branch: cargo schema switch".to_owned()];
            Err(Failure::Refused(Problem::told(&text).with_help(help)))
        }
    }
}

/// Undoes one revision that nothing applied is built on. To the engine, all that is not below it is foreign and stays.
fn undo(
    world: &World<'_>,
    project: &Project,
    database: &mut Database,
    id: &RevisionId,
    dry_run: bool,
) -> Result<Report, Failure> {
    let migrations: Vec<Migration> = project.up_to(id).all_migrations();
    let migrator = world.migrator_of(migrations, dry_run);
    let options = Options { allow_foreign: true, ..migrator.settings().clone() };
    let progress = Progress::new(world.screen);
    let migrator = migrator.options(options).observer(progress.observer());
    let report = migrator.downgrade_to(&mut database.client, &Target::Minus(1));
    drop(progress);
    report.map_err(|error| world.apply_failure(project, error))
}

fn outcome(world: &World<'_>, project: &Project, database: &str, id: &RevisionId, report: &Report) -> Outcome {
    let files: Vec<String> =
        ["up.sql", "down.sql", "revision.toml"].iter().map(|file| project.shown_file(id, file)).collect();
    let runs = runs::outcome(world, project, database, report);
    let mut text = if report.revisions.is_empty() { format!("`{id}` is not applied\n") } else { runs.text };
    if !report.dry_run {
        text.push_str(&format!(
            "\nchange:    {}\n           {}\nthen:      cargo schema record {id}    what its SQL does becomes what it records\n\
             \x20          cargo schema upgrade\n",
            files[0], files[1]
        ));
    }
    let mut result = runs.result;
    result["id"] = json!(id.as_str());
    result["files"] = json!(files);
    Outcome::done(text, result)
}
