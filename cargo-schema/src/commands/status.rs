//! `cargo schema status`: how structs, history and database stand to each other.
//!
//! It only reads, so a role without any rights can call it, and it works before the first upgrade. Nothing it shows is a failure.

use schema_core::diagnostic::Diagnostic;
use schema_runtime::Status;

use super::database::Database;
use super::declared::{Standing, standing};
use super::environment::{Effective, effective};
use super::failure::Failure;
use super::status_text;
use super::world::World;
use super::{Outcome, drift, not_managed};
use crate::branches::{GitBranches, Mark, mark_of};
use crate::ops::drift::Drift;
use crate::project::Project;

/// What there is to show.
pub(super) struct Picture<'p> {
    pub project: &'p Project,
    pub database: &'p str,
    pub described: &'p str,
    pub status: &'p Status,
    pub environment: Effective,
    /// Where branches have databases of their own: whose this is, and the branch that is checked out.
    pub branch: Option<(Mark, String)>,
    pub structs: Option<Standing>,
    /// How the database differs from what its ledger says; `None` when it was not compared.
    pub drift: Option<Drift>,
}

pub(super) fn run(world: &World<'_>) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    let (structs, findings) = structs(world, &project)?;
    let mut database = Database::open(world)?;
    let status = world.migrator(&project, false).status(&mut database.client);
    let status = status.map_err(|error| world.apply_failure(&project, error))?;
    let environment = effective(world, &mut database)?;
    let drift = drift::at_hand(world, &project, &mut database, &status);
    let picture = Picture {
        project: &project,
        database: &database.shown,
        described: &database.described(),
        status: &status,
        environment,
        branch: mark_of(&mut database.client).ok().flatten().and_then(|mark| {
            let current = GitBranches::of(world.root()).ok()?.current;
            Some((mark, current))
        }),
        structs,
        drift,
    };
    let mut text = status_text::text(&picture, world.screen.out);
    if let Some(found) = picture.drift.as_ref().filter(|found| !found.is_empty()) {
        text.push_str(&format!("\n{}", drift::text(&database.name(), found, world.screen.out)));
    }
    let place = format!("the database {}", database.name());
    let unknown = picture.drift.as_ref().and_then(|drift| not_managed::finding(&place, &drift.unmanaged));
    let outcome = Outcome::done(text, status_text::json(&picture)).with_findings(findings);
    Ok(outcome.with_findings(unknown.into_iter().collect()))
}

/// The structs, where there is a cargo project with some. What is wrong with them is shown, and stops nothing here.
fn structs(world: &World<'_>, project: &Project) -> Result<(Option<Standing>, Vec<Diagnostic>), Failure> {
    if world.location.is_none() {
        return Ok((None, Vec::new()));
    }
    match standing(world, project) {
        Ok(standing) => Ok((Some(standing), Vec::new())),
        Err(Failure::Findings(findings)) => Ok((None, findings)),
        Err(other) => Err(other),
    }
}
