//! What `rebase` says about the revisions that it has planned again.
//!
//! What becomes of them is decided by [`super::rebase`].

use schema_core::history::{LeftOut, Migration, RevisionId, RevisionRecord};
use serde_json::{Value, json};

use super::Outcome;
use super::world::World;
use crate::ops::rebase::Planted;
use crate::project::Project;
use crate::report::changes;

/// One revision of the line.
pub(super) struct Step {
    /// What became of its changes.
    pub planted: Planted,
    /// Its new form; none when nothing is left of it.
    pub new: Option<(Migration, RevisionRecord)>,
}

/// The outcome.
pub(super) fn outcome(world: &World<'_>, project: &Project, steps: &[Step], dry_run: bool) -> Outcome {
    let mut text = String::new();
    for step in steps {
        text.push_str(&shown(world, step, dry_run));
    }
    text.push_str(if dry_run {
        "\nnothing was written\n"
    } else {
        "\na database that has the old revisions does not have the new ones: to see how yours stands: cargo schema status\n"
    });
    let revisions: Vec<Value> = steps.iter().map(|step| json(project, step)).collect();
    Outcome::done(text, json!({ "written": !dry_run, "revisions": revisions }))
}

fn shown(world: &World<'_>, step: &Step, dry_run: bool) -> String {
    let old = &step.planted.old;
    let mut text = match &step.new {
        Some((migration, record)) => {
            let after: Vec<&str> = record.parents.iter().map(RevisionId::as_str).collect();
            let head = format!("{old}  is now  {}  after {}\n", migration.id, after.join(", "));
            let sql = if dry_run { format!("{}\n", migration.up.trim_end()) } else { String::new() };
            format!("{head}{}{sql}", changes::text(&record.changes, world.screen.out))
        }
        None => format!("{old}  is removed: nothing is left to do in it\n"),
    };
    for left_out in &step.planted.left_out {
        text.push_str(&format!("  note: {}\n", words(left_out)));
    }
    text
}

fn words(left_out: &LeftOut) -> String {
    let named = |id: &schema_core::ObjectId| format!("{} `{id}`", id.kind.words());
    match left_out {
        LeftOut::Same(id) => format!("the other branch does the same with {}, so it is not done again", named(id)),
        LeftOut::Gone(id) => {
            format!("{} is left as it is: the other branch has dropped it, or what it stands on", named(id))
        }
        LeftOut::WentAlong(id) => {
            format!("{}, which is of the other branch, goes with what it stands on", named(id))
        }
        LeftOut::Taken(id) => format!("the other branch has taken the name of {}", named(id)),
    }
}

fn json(project: &Project, step: &Step) -> Value {
    let left_out: Vec<String> = step.planted.left_out.iter().map(words).collect();
    let new = step.new.as_ref();
    json!({
        "old": step.planted.old.as_str(),
        "id": new.map(|(migration, _)| migration.id.as_str()),
        "folder": new.map(|(migration, _)| format!("{}/{}", project.shown, migration.id)),
        "parents": new.map(|(_, record)| record.parents.iter().map(RevisionId::as_str).collect::<Vec<_>>()),
        "changes": new.map(|(_, record)| changes::json(&record.changes)),
        "up": new.map(|(migration, _)| &migration.up),
        "down": new.map(|(migration, _)| &migration.down),
        "notes": left_out,
    })
}
