//! What `upgrade` and `downgrade` say about the revisions they ran.
//!
//! Running is the engine's.

use schema_runtime::Report;
use schema_runtime::apply::Direction;
use schema_runtime::migrator::RevisionRun;
use serde_json::{Value, json};

use super::Outcome;
use super::world::World;
use crate::project::Project;
use crate::report::duration;
use crate::report::table::{Cell, Color, aligned};

/// The outcome of a run.
pub(super) fn outcome(world: &World<'_>, project: &Project, database: &str, report: &Report) -> Outcome {
    let revisions: Vec<Value> = report.revisions.iter().map(revision).collect();
    let reformatted: Vec<&str> = report.reformatted.iter().map(AsRef::as_ref).collect();
    let result = json!({
        "database": database,
        "dry_run": report.dry_run,
        "revisions": revisions,
        "reformatted": reformatted,
    });
    let text = match (project.revisions.is_empty(), report.dry_run) {
        (true, _) => format!(
            "nothing to do: there are no revisions in {}; to make the first one: cargo schema generate\n",
            project.shown
        ),
        (_, true) => preview(world, project, report),
        _ => summary(report),
    };
    Outcome::done(text, result)
}

fn revision(run: &RevisionRun) -> Value {
    json!({
        "id": run.id.as_str(),
        "direction": word(run.direction, "up", "down"),
        "statements": run.statements,
        "resumed": run.resumed,
        "seconds": run.duration.as_secs_f64(),
    })
}

fn word<'w>(direction: Direction, up: &'w str, down: &'w str) -> &'w str {
    match direction {
        Direction::Up => up,
        Direction::Down => down,
    }
}

fn summary(report: &Report) -> String {
    let Some(first) = report.revisions.first() else { return "nothing to do\n".to_owned() };
    let last = report.revisions.last().unwrap_or(first);
    let took = duration::shown(report.revisions.iter().map(|run| run.duration).sum());
    let done = word(last.direction, "applied", "undone");
    match report.revisions.len() {
        1 => format!("1 revision {done} in {took}\n"),
        count => format!("{count} revisions {done} in {took}\n"),
    }
}

fn preview(world: &World<'_>, project: &Project, report: &Report) -> String {
    let Some(first) = report.revisions.first() else { return "nothing to do\n".to_owned() };
    let rows: Vec<Vec<Cell>> = report
        .revisions
        .iter()
        .map(|run| {
            let statements = match run.statements {
                1 => "1 statement".to_owned(),
                count => format!("{count} statements"),
            };
            let resumed = if 0 < run.resumed { format!("{} are done", run.resumed) } else { String::new() };
            let message = project.revision(&run.id).map(|dir| dir.head.message.clone()).unwrap_or_default();
            vec![
                Cell::new(run.id.as_str(), Color::Name),
                statements.into(),
                message.into(),
                Cell::new(resumed, Color::Open),
            ]
        })
        .collect();
    let what = word(first.direction, "would be applied", "would be undone");
    format!("{what}, in this order:\n{}", aligned(&rows, world.screen.out))
}
