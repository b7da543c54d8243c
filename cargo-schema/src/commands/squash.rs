//! `cargo schema squash`: one revision, the checkpoint, that stands for a range of them (docs/adr/0009-checkpoints.md).
//!
//! It is written when it is proven to be equal, catalogs and rows. The originals stay where they are; databases between them need them.

use std::collections::BTreeSet;

use schema_core::Schema;
use schema_core::diagnostic::stops;
use schema_core::history::{Migration, RevisionId, RevisionRecord};
use schema_core::plan::{Hints, Plan, plan};
use serde_json::json;

use super::Outcome;
use super::failure::Failure;
use super::generate::{new_id, write};
use super::remove::own;
use super::show::resolve;
use super::world::World;
use crate::cli::arguments::Squash;
use crate::devdb::{self, DevServer};
use crate::ops::checkpoint::{Reached, data_statements, difference, reached};
use crate::ops::found;
use crate::ops::prove::{Job, prove};
use crate::project::Project;
use crate::report::Problem;

/// The revisions that a checkpoint is to stand for.
struct Range {
    /// What it comes after.
    base: Option<RevisionId>,
    /// Up to `base`, as an empty database runs it.
    before: Vec<Migration>,
    /// Its revisions, parents first.
    originals: Vec<Migration>,
    /// The recorded schema before.
    from: Schema,
    /// The recorded schema after.
    to: Schema,
}

pub(super) fn run(world: &World<'_>, options: &Squash) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    let range = range(world, &project, &options.range)?;
    let server = devdb::open(&world.dev_options())?;
    world.screen.doing("Comparing", &format!("{} revisions with one", range.originals.len()));
    let wanted = reached(&server, &range.before, &range.originals)?;
    if !options.keep_data_steps {
        refuse_data_steps(&wanted)?;
    }
    let (from, to) = informed(&server, &range)?;
    let plan = plan(&from, &to, &[], &Hints::default());
    let (migration, record) = checkpoint(&project, options, &range, &wanted, &plan);
    let job = Job {
        history: &range.before,
        revision: &migration,
        before: &range.from,
        after: &range.to,
        difference: &plan.difference,
    };
    let mut findings = server.findings();
    findings.extend(prove(&server, &job)?);
    if !stops(&findings) {
        let made = reached(&server, &range.before, std::slice::from_ref(&migration))?;
        findings.extend(difference(&wanted, &made));
    }
    if stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    if !options.dry_run {
        write(world, &project, &migration, &record, false)?;
    }
    Ok(outcome(&project, &range, &migration, options.dry_run).with_findings(findings))
}

fn range(world: &World<'_>, project: &Project, text: &str) -> Result<Range, Failure> {
    let Some((base, last)) = text.split_once("..") else {
        return Err(Failure::usage("the range has two ends: BASE..REV, or ..REV from the first revision on"));
    };
    let named = |text: &str| if text.is_empty() { Ok(None) } else { resolve(world, project, text).map(Some) };
    let base = named(base)?;
    let last = resolve(world, project, if last.is_empty() { "head" } else { last })?;
    let graph = &project.graph;
    let mut below: BTreeSet<RevisionId> = base.iter().flat_map(|base| graph.ancestors(base)).collect();
    below.extend(base.clone());
    let mut ids = graph.ancestors(&last);
    if let Some(base) = base.as_ref().filter(|base| !ids.contains(base)) {
        return Err(Failure::usage(&format!("`{base}` does not come before `{last}`")));
    }
    ids.push(last.clone());
    ids.retain(|id| !below.contains(id));
    if ids.len() < 2 {
        return Err(Failure::usage("a range of fewer than two revisions is short enough"));
    }
    for id in &ids {
        if !own(project, id)?.head.replaces.is_empty() {
            return Err(standing(id));
        }
    }
    let schema = |project: Project| project.schema().map_err(Failure::Findings);
    let before = base.as_ref().map(|base| project.up_to(base));
    let originals = ids.iter().filter_map(|id| project.revision(id)).map(|revision| revision.migration());
    Ok(Range {
        originals: originals.collect(),
        from: before.clone().map(schema).transpose()?.unwrap_or_default(),
        before: before.map(|project| project.migrations()).unwrap_or_default(),
        to: schema(project.up_to(&last))?,
        base,
    })
}

fn standing(id: &RevisionId) -> Failure {
    let text = format!("`{id}` is a checkpoint itself, so it stays as it is");
    let help = [
        format!("squash what comes after it: cargo schema squash {id}..REV"),
        "when every database has it, delete the folders that it stands for and its line `replaces`".to_owned(),
    ];
    Failure::Refused(Problem::told(&text).with_help(help))
}

fn refuse_data_steps(found: &Reached) -> Result<(), Failure> {
    if found.data_steps.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = found.data_steps.iter().map(|id| format!("`{id}`")).collect();
    let text =
        format!("rows come and go in {}, and a checkpoint only makes a schema; nothing was written", names.join(", "));
    let help = [
        "to run their statements at the end of the checkpoint: --keep-data-steps".to_owned(),
        "or squash a range without them".to_owned(),
    ];
    Err(Failure::Refused(Problem::told(&text).with_help(help)))
}

/// Both schemas with what PostgreSQL finds of them.
fn informed(server: &DevServer, range: &Range) -> Result<(Schema, Schema), Failure> {
    let whole: Vec<Migration> = range.before.iter().chain(&range.originals).cloned().collect();
    let from = found::recorded(server, &range.from, &range.before)?;
    Ok((from, found::recorded(server, &range.to, &whole)?))
}

fn checkpoint(
    project: &Project,
    options: &Squash,
    range: &Range,
    wanted: &Reached,
    plan: &Plan,
) -> (Migration, RevisionRecord) {
    let message = options.message.clone();
    let message = message.unwrap_or_else(|| format!("checkpoint of {} revisions", range.originals.len()));
    let parents: Vec<RevisionId> = range.base.iter().cloned().collect();
    let replaces: Vec<RevisionId> = range.originals.iter().map(|revision| revision.id.clone()).collect();
    let mut up = plan.up.text();
    if !wanted.data_steps.is_empty() {
        for original in &range.originals {
            let statements = data_statements(&original.up);
            if !statements.is_empty() {
                up.push_str(&format!("\n-- rows of {}\n{};\n", original.id, statements.join(";\n")));
            }
        }
    }
    let record = RevisionRecord {
        replaces: replaces.clone(),
        ..RevisionRecord::new(message.clone(), parents.clone(), plan.difference.changes())
    };
    let id = new_id(project, &message);
    let down = Some(plan.down.text().into());
    (Migration { id, parents, message, up: up.into(), down, adopted: None, replaces }, record)
}

fn outcome(project: &Project, range: &Range, checkpoint: &Migration, dry_run: bool) -> Outcome {
    let folder = format!("{}/{}", project.shown, checkpoint.id);
    let ids: Vec<&str> = checkpoint.replaces.iter().map(AsRef::as_ref).collect();
    let (first, last) = (ids.first().copied().unwrap_or_default(), ids.last().copied().unwrap_or_default());
    let head = match dry_run {
        true => format!("{folder} would stand for {} revisions, {first} to {last}\n", ids.len()),
        false => format!("{folder} stands for {} revisions, {first} to {last}\n", ids.len()),
    };
    let text = format!(
        "{head}\nan empty database runs it; a database that has all of them is told so by its next upgrade; every other one goes on with them\n\
         when no database is between them any more, their folders can be deleted\n"
    );
    let result = json!({
        "id": checkpoint.id.as_str(),
        "folder": folder,
        "written": !dry_run,
        "base": range.base.as_ref().map(RevisionId::as_str),
        "replaces": ids,
        "up": checkpoint.up,
        "down": checkpoint.down,
    });
    Outcome::done(text, result)
}
