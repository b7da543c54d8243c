//! `cargo schema upgrade`: apply what is pending, say what would be applied, or write it as a script.
//!
//! The engine decides what is pending and holds the lock.

use serde_json::json;

use super::database::Database;
use super::failure::Failure;
use super::world::{World, target};
use super::{Outcome, heads, roles, runs};
use crate::cli::arguments::Upgrade;
use crate::report::progress::Progress;

pub(super) fn run(world: &World<'_>, options: &Upgrade) -> Result<Outcome, Failure> {
    let target = target(&options.target)?;
    let project = world.sound_project()?;
    let unproven = heads::applicable(world, &project, &target)?;
    if options.sql {
        let sql = world.migrator(&project, false).plan_sql(&target);
        let sql = sql.map_err(|error| world.apply_failure(&project, error))?;
        return Ok(Outcome::done(sql.clone(), json!({ "sql": sql })).with_findings(unproven));
    }
    let mut database = Database::open(world)?;
    roles::prepare(world, &project, &mut database)?;
    let progress = Progress::new(world.screen);
    let migrator = world.migrator(&project, options.dry_run).observer(progress.observer());
    let report = migrator.upgrade_to(&mut database.client, &target);
    drop(progress);
    let report = report.map_err(|error| world.apply_failure(&project, error))?;
    Ok(runs::outcome(world, &project, &database.shown, &report).with_findings(unproven))
}
