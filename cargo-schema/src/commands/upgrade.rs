//! `cargo schema upgrade`: apply what is pending, say what would be applied, or write it as a script.
//!
//! The engine decides what is pending and holds the lock. In a development database, what the checkout does not have is undone first.

use serde_json::json;

use super::database::Database;
use super::failure::Failure;
use super::follow::{Way, follow};
use super::world::{World, target};
use super::{Outcome, environment, roles, runs};
use crate::cli::arguments::Upgrade;
use crate::project::Project;
use crate::report::progress::Progress;

pub(super) fn run(world: &World<'_>, options: &Upgrade) -> Result<Outcome, Failure> {
    let target = target(&options.target)?;
    let project = world.sound_project()?;
    if options.sql {
        let sql = world.migrator(&project, false).plan_sql(&target);
        let sql = sql.map_err(|error| world.apply_failure(&project, error))?;
        return Ok(Outcome::done(sql.clone(), json!({ "sql": sql })));
    }
    let mut database = Database::open(world)?;
    roles::prepare(world, &project, &mut database)?;
    let production = environment::effective(world, &mut database)?.is_production();
    if !production && needs_switch(world, &project, &mut database) {
        let report = follow(world, &project, &mut database, Way::Up(&target), options.dry_run)?;
        return Ok(runs::outcome(world, &project, &database.shown, &report));
    }
    let progress = Progress::new(world.screen);
    let migrator = world.migrator(&project, options.dry_run).observer(progress.observer());
    let report = migrator.upgrade_to(&mut database.client, &target);
    drop(progress);
    let report = report.map_err(|error| world.apply_failure(&project, error))?;
    Ok(runs::outcome(world, &project, &database.shown, &report))
}

/// Whether something is to be undone or given back. Whatever is wrong with the database, the run itself tells better.
fn needs_switch(world: &World<'_>, project: &Project, database: &mut Database) -> bool {
    world.migrator(project, false).needs_switch(&mut database.client).unwrap_or(false)
}
