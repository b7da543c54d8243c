//! `cargo schema remove`: the folder of a revision that is applied nowhere here and that nothing is built on.
//!
//! Whether another database has it cannot be known; what git has stays in git.

use schema_core::history::RevisionId;
use serde_json::json;

use super::Outcome;
use super::database::Database;
use super::failure::Failure;
use super::show::resolve;
use super::world::World;
use crate::cli::arguments::Remove;
use crate::project::{Project, RevisionDir, remove_revision};
use crate::report::Problem;

pub(super) fn run(world: &World<'_>, options: &Remove) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    let id = resolve(world, &project, &options.revision)?;
    let folder = format!("{}/{id}", project.shown);
    own(&project, &id)?;
    childless(&project, &id)?;
    unapplied(world, &project, &id)?;
    let result = json!({ "id": id.as_str(), "folder": folder, "removed": !options.dry_run });
    if options.dry_run {
        return Ok(Outcome::done(format!("{folder} would be removed\n"), result));
    }
    remove_revision(&project.folder, &id, None)?;
    Ok(Outcome::done(format!("{folder} is removed; what the structs say is unchanged\n"), result))
}

/// The revision, unless its files are another tool's.
pub(super) fn own<'p>(project: &'p Project, id: &RevisionId) -> Result<&'p RevisionDir, Failure> {
    let revision = project.revision(id).ok_or_else(|| Failure::Findings(project.findings.clone()))?;
    if revision.files.is_none() && revision.head.adopted.is_none() {
        return Ok(revision);
    }
    let text = format!("`{id}` was adopted from another tool, so its files stay as they are");
    let help = ["to change the schema further: cargo schema generate".to_owned()];
    Err(Failure::Refused(Problem::told(&text).with_help(help)))
}

fn childless(project: &Project, id: &RevisionId) -> Result<(), Failure> {
    let later = project.graph.descendants(id);
    let Some(last) = later.last() else { return Ok(()) };
    let names: Vec<String> = later.iter().map(|id| format!("`{id}`")).collect();
    let text = format!("{} come after `{id}`, so nothing was removed", names.join(", "));
    let text = if later.len() == 1 { text.replace(" come ", " comes ") } else { text };
    let help = [format!("to remove them as well, begin with the last one: cargo schema remove {last}")];
    Err(Failure::Refused(Problem::told(&text).with_help(help)))
}

fn unapplied(world: &World<'_>, project: &Project, id: &RevisionId) -> Result<(), Failure> {
    let mut database = Database::open(world)?;
    let status = world.migrator(project, true).status(&mut database.client);
    let status = status.map_err(|error| world.apply_failure(project, error))?;
    if !status.applied.iter().any(|row| row.id == *id) {
        return Ok(());
    }
    let text = format!("the database {} has `{id}`, so nothing was removed", database.name());
    let help = [
        format!("to undo it there and then remove it: cargo schema edit {id} && cargo schema remove {id}"),
        "if others have it already, keep it, and let a new revision undo what it does".to_owned(),
    ];
    Err(Failure::Refused(Problem::told(&text).with_help(help)))
}
