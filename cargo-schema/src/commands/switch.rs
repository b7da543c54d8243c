//! `cargo schema switch`: the development database follows the checkout.
//!
//! What `upgrade` does in development, under the name that the git hook calls. It refuses in production, where nothing is undone by
//! itself.

use super::database::Database;
use super::failure::Failure;
use super::follow::{Way, follow};
use super::world::{World, target};
use super::{Outcome, environment, heads, runs};
use crate::cli::arguments::Switch;

pub(super) fn run(world: &World<'_>, options: &Switch) -> Result<Outcome, Failure> {
    let target = target(&options.target)?;
    let project = world.sound_project()?;
    let unproven = heads::applicable(world, &project, &target)?;
    let mut database = Database::open(world)?;
    environment::refuse_in_production(
        world,
        &mut database,
        "revisions that this checkout does not have would be undone",
    )?;
    let report = follow(world, &project, &mut database, Way::Up(&target), options.dry_run)?;
    Ok(runs::outcome(world, &project, &database.shown, &report).with_findings(unproven))
}
