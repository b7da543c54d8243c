//! `cargo schema downgrade`: undo applied revisions down to a target.
//!
//! What is undone is what was really applied; the engine sees to that, and in a development database keeps what that would destroy.

use schema_core::history::Target;

use super::database::Database;
use super::failure::Failure;
use super::follow::{Way, follow};
use super::world::{World, target};
use super::{Outcome, environment, runs};
use crate::cli::arguments::Downgrade;
use crate::report::progress::Progress;

pub(super) fn run(world: &World<'_>, options: &Downgrade) -> Result<Outcome, Failure> {
    let target = target(&options.target)?;
    let project = world.sound_project()?;
    let mut database = Database::open(world)?;
    if !options.dry_run {
        let what = "undoing revisions loses the rows and values that they brought";
        environment::confirm_by_name(world, &mut database, what, options.confirm.as_deref())?;
    }
    let all_of_a_server = target == Target::Base && database.embedded.is_none() && !options.dry_run;
    if all_of_a_server && options.confirm.is_none() {
        world.confirm(
            &format!("undo every revision of {}? all rows in its tables are lost", database.shown),
            "`downgrade base` drops every table with its rows, and nobody can be asked here; nothing was done\n\
             help: to confirm: cargo schema downgrade base --yes\nhelp: to see what would be undone: cargo schema downgrade base --dry-run",
        )?;
    }
    if !environment::effective(world, &mut database)?.is_production() {
        let report = follow(world, &project, &mut database, Way::Down(&target), options.dry_run)?;
        return Ok(runs::outcome(world, &project, &database.shown, &report));
    }
    let progress = Progress::new(world.screen);
    let migrator = world.migrator(&project, options.dry_run).observer(progress.observer());
    let report = migrator.downgrade_to(&mut database.client, &target);
    drop(progress);
    let report = report.map_err(|error| world.apply_failure(&project, error))?;
    Ok(runs::outcome(world, &project, &database.shown, &report))
}
