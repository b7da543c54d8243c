//! `cargo schema edit`: a revision is undone in the project's database with all that is built on it, so that its files can be changed;
//! the next `upgrade` applies them as they are then.
//!
//! Only what comes after the revision is undone: parallel lines stay, and rows and values come back with it. The files are the user's to
//! change; nothing is written here.

use schema_core::history::RevisionId;
use schema_runtime::Report;
use serde_json::json;

use super::database::Database;
use super::environment::refuse_in_production;
use super::failure::Failure;
use super::follow::{Way, follow};
use super::remove::own;
use super::show::resolve;
use super::world::World;
use super::{Outcome, runs};
use crate::cli::arguments::Edit;
use crate::project::Project;

pub(super) fn run(world: &World<'_>, options: &Edit) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    let id = resolve(world, &project, &options.revision)?;
    own(&project, &id)?;
    let mut database = Database::open(world)?;
    refuse_in_production(world, &mut database, "an applied revision and all that is built on it would be undone")?;
    let report = follow(world, &project, &mut database, Way::Out(&id), options.dry_run)?;
    Ok(outcome(world, &project, &database.shown, &id, &report))
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
