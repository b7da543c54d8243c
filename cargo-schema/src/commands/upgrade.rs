//! `cargo schema upgrade`: apply what is pending, say what would be applied, or write it as a script.
//!
//! The engine decides what is pending and holds the lock. In a development database, what the checkout does not have is undone first.

use serde_json::json;

use schema_core::history::RevisionId;
use schema_runtime::ApplyError;

use super::database::Database;
use super::failure::Failure;
use super::world::{World, target};
use super::{Outcome, environment, heads, roles, runs, template};
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
    roles::prepare(world, &project, &mut database, options.dry_run)?;
    let production = environment::effective(world, &mut database)?.is_production();
    if !production {
        let wish = template::Wish { target: &target, own: false, dry_run: options.dry_run };
        return Ok(template::go(world, &project, database, wish)?.with_findings(unproven));
    }
    let progress = Progress::new(world.screen);
    let migrator = world.migrator(&project, options.dry_run).observer(progress.observer());
    let report = migrator.upgrade_to(&mut database.client, &target);
    drop(progress);
    match report {
        Ok(report) => Ok(runs::outcome(world, &project, &database.shown, &report).with_findings(unproven)),
        Err(error) => {
            if let Some(what) = undoing(&error) {
                environment::refuse_in_production(world, &mut database, &what)?;
            }
            Err(world.apply_failure(&project, error))
        }
    }
}

/// What would have to be undone first, which is done in development only.
fn undoing(error: &ApplyError) -> Option<String> {
    let list = |ids: &[RevisionId]| ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    match error {
        ApplyError::Foreign(ids) => Some(format!(
            "it has revisions of another branch or a newer release ({}), which would have to be undone first",
            list(ids)
        )),
        ApplyError::Edited(ids) => Some(format!(
            "revisions were edited after they were applied to it ({}), so they would have to be undone first",
            list(ids)
        )),
        _ => None,
    }
}
