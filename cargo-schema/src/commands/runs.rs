//! What `upgrade` and `downgrade` say about the revisions they ran.
//!
//! Running is the engine's.

use schema_runtime::Report;
use schema_runtime::apply::Direction;
use schema_runtime::migrator::RevisionRun;
use schema_runtime::switch::{Restoration, RestoreState, StashKind, Stashed};
use serde_json::{Value, json};

use super::world::World;
use super::{Outcome, stash};
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
        "stashed": report.stashed.iter().map(stash::value).collect::<Vec<_>>(),
        "restored": report.restored.iter().map(restoration).collect::<Vec<_>>(),
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
    if report.revisions.is_empty() && report.restored.is_empty() {
        return "nothing to do\n".to_owned();
    }
    let took = duration::shown(report.revisions.iter().map(|run| run.duration).sum());
    let count = |direction| report.revisions.iter().filter(|run| run.direction == direction).count();
    let words = |count: usize| if count == 1 { "1 revision".to_owned() } else { format!("{count} revisions") };
    let mut text = match (count(Direction::Down), count(Direction::Up)) {
        (0, 0) => String::new(),
        (0, up) => format!("{} applied in {took}\n", words(up)),
        (down, 0) => format!("{} undone in {took}\n", words(down)),
        (down, up) => format!("{} undone and {up} applied in {took}\n", words(down)),
    };
    for (direction, until) in [(Direction::Down, "applied again"), (Direction::Up, "undone")] {
        let kept = report.stashed.iter().filter(|entry| entry.direction == direction && 0 < entry.rows);
        let list: Vec<String> = kept.map(stash::words).collect();
        if !list.is_empty() {
            text.push_str(&format!("kept until its revision is {until}: {}\n", list.join(", ")));
        }
    }
    text.push_str(&restored(&report.restored));
    text
}

/// What came back from the stash, and what did not.
pub(super) fn restored(done: &[Restoration]) -> String {
    let back: Vec<String> = done
        .iter()
        .filter(|one| one.left < one.entry.rows)
        .map(|one| stash::words(&Stashed { rows: one.entry.rows - one.left, ..one.entry.clone() }))
        .collect();
    let mut text = if back.is_empty() { String::new() } else { format!("given back: {}\n", back.join(", ")) };
    for one in done.iter().filter(|one| one.state != RestoreState::Restored) {
        let what = stash::words(&Stashed { rows: one.left, ..one.entry.clone() });
        let why = match one.state {
            RestoreState::Refused if one.entry.kind == StashKind::Values => {
                "its column holds it only rounded or cut, or a constraint refuses it"
            }
            RestoreState::Refused => "a constraint refuses it, or what it references is gone",
            RestoreState::Due => "the next run gives it back",
            RestoreState::NoPlace | RestoreState::Restored => "nothing here has a place for it",
        };
        text.push_str(&format!(
            "stays in the stash: {what}: {why}; to see it: cargo schema stash show {}\n",
            one.entry.id
        ));
    }
    text
}

/// One thing that was given back, for programs.
pub(super) fn restoration(one: &Restoration) -> Value {
    let mut value = stash::value(&one.entry);
    value["left"] = json!(one.left);
    value["state"] = json!(match one.state {
        RestoreState::Restored => "restored",
        RestoreState::Refused => "refused",
        RestoreState::NoPlace => "no-place",
        RestoreState::Due => "due",
    });
    value
}

fn preview(world: &World<'_>, project: &Project, report: &Report) -> String {
    let list = |direction: Direction, what: &str| {
        let runs: Vec<&RevisionRun> = report.revisions.iter().filter(|run| run.direction == direction).collect();
        if runs.is_empty() {
            String::new()
        } else {
            format!("{what}, in this order:\n{}", previewed(world, project, &runs))
        }
    };
    let text = list(Direction::Down, "would be undone") + &list(Direction::Up, "would be applied");
    if text.is_empty() { "nothing to do\n".to_owned() } else { text }
}

fn previewed(world: &World<'_>, project: &Project, runs: &[&RevisionRun]) -> String {
    let rows: Vec<Vec<Cell>> = runs
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
    aligned(&rows, world.screen.out)
}
