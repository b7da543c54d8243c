//! `cargo schema switch`: the development database follows the checkout.
//!
//! What `upgrade` does in development, under the name that the git hook calls. It refuses in production, where nothing is undone by
//! itself.

use super::database::Database;
use super::failure::Failure;
use super::world::{World, target};
use super::{Outcome, environment, heads, roles, template};
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
    if options.in_place {
        template::leave(world, &mut database)?;
    }
    roles::prepare(world, &project, &mut database, options.dry_run)?;
    let wish = template::Wish { target: &target, own: options.template, dry_run: options.dry_run };
    Ok(template::go(world, &project, database, wish)?.with_findings(unproven))
}
