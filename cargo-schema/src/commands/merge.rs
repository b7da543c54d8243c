//! `cargo schema merge`: a revision after all heads, by which a person says that they go together.
//!
//! It is written only when every order of the heads, with the revision on top, leads to what the structs say: a database that had one head
//! and gets the other must end like one that had the other first. Its SQL is empty when that is enough, or what the structs need on top.

use schema_core::Schema;
use schema_core::diagnostic::{Diagnostic, stops};
use schema_core::history::{Migration, RevisionId, RevisionRecord};
use schema_core::lint::hazard_findings;
use schema_core::plan::{Hints, Plan, plan};
use serde_json::json;

use super::Outcome;
use super::declared::{Sources, Structs};
use super::failure::Failure;
use super::generate::{new_id, write};
use super::heads::orders;
use super::world::World;
use crate::cli::arguments::Merge;
use crate::devdb::{self, DevServer};
use crate::ops::commute::{Goal, misled};
use crate::ops::prove::{Job, prove};
use crate::project::Project;
use crate::report::changes;

pub(super) fn run(world: &World<'_>, options: &Merge) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    let heads = project.graph.heads();
    if heads.len() < 2 {
        let text = "nothing to merge: the history has no two heads\n";
        return Ok(Outcome::done(text, json!({ "written": false, "id": null })));
    }
    let records = project.records().map_err(Failure::Findings)?;
    // Where the records do not even fold, the SQL fails as well: something is made or dropped twice.
    let before = project.folded(&records).map_err(|misfit| {
        let conflicts = project.conflicts(&project.divided(&records));
        Failure::Findings(if conflicts.is_empty() { misfit } else { conflicts.into_iter().map(only_rebase).collect() })
    })?;
    let structs = match &world.location {
        Some(_) => Some(Sources::of(world)?.sound(world)?),
        None => None,
    };
    let plan = planned(&before, structs.as_ref());
    let after = structs.as_ref().map_or(&before, Structs::schema);
    let message = options.message.clone().unwrap_or_else(|| "merge".to_owned());
    let record = RevisionRecord::new(message.clone(), heads, plan.difference.changes());
    let id = new_id(&project, &message);
    let texts = texts(&plan).into_iter().map(|(up, down)| Migration {
        id: id.clone(),
        parents: record.parents.clone(),
        message: message.clone(),
        up: up.into(),
        down: Some(down.into()),
        adopted: None,
        replaces: Vec::new(),
    });
    let server = devdb::open(&world.dev_options())?;
    let goal = Goal { orders: &orders(&project), before: &before, after };
    let mut refused: Vec<Diagnostic> = Vec::new();
    for migration in texts {
        let found = proof(&server, &project, &goal, &migration, &plan)?;
        if stops(&found) {
            refused = found;
            continue;
        }
        world.screen.doing("Proven", &format!("in {} orders of the heads", goal.orders.len()));
        if !options.dry_run {
            write(world, &project, &migration, &record, true)?;
        }
        return Ok(outcome(world, &project, &migration, &record, options.dry_run).with_findings(found));
    }
    // What the structs ask for may be refused for what it costs.
    let costs = hazard_findings(&plan.hazards, &|id| structs.as_ref().and_then(|structs| structs.place_of(id)));
    Err(Failure::Findings(refused.into_iter().chain(costs).collect()))
}

/// What the structs need on top of what the heads record.
fn planned(before: &Schema, structs: Option<&Structs>) -> Plan {
    match structs {
        Some(structs) => plan(before, structs.schema(), structs.declared().renames, structs.declared().hints),
        None => plan(before, before, &[], &Hints::default()),
    }
}

/// Nothing at all is tried first: what the records lose of a change that both heads make to one object, the databases may well have.
fn texts(plan: &Plan) -> Vec<(String, String)> {
    let mut texts = vec![(String::new(), String::new())];
    if !plan.difference.is_empty() && plan.hazards.is_empty() {
        texts.push((plan.up.text(), plan.down.text()));
    }
    texts
}

fn proof(
    server: &DevServer,
    project: &Project,
    goal: &Goal<'_>,
    migration: &Migration,
    plan: &Plan,
) -> Result<Vec<Diagnostic>, Failure> {
    if let Some(finding) = misled(server, goal, migration)? {
        return Ok(vec![finding]);
    }
    let history = project.migrations();
    let (before, after) = (goal.before, goal.after);
    let job = Job { history: &history, revision: migration, before, after, difference: &plan.difference };
    Ok(prove(server, &job)?)
}

/// The finding without the way that was just tried.
fn only_rebase(mut finding: Diagnostic) -> Diagnostic {
    finding.help.retain(|help| !help.ends_with("cargo schema merge"));
    finding.note("a merge cannot help: both revisions would run in every database, and the second would fail")
}

fn outcome(
    world: &World<'_>,
    project: &Project,
    migration: &Migration,
    record: &RevisionRecord,
    dry_run: bool,
) -> Outcome {
    let parents: Vec<&str> = record.parents.iter().map(RevisionId::as_str).collect();
    let sql = if migration.up.is_empty() { "no SQL is needed\n".to_owned() } else { format!("{}\n", migration.up) };
    let last = if dry_run { "nothing was written\n" } else { "to apply it: cargo schema upgrade\n" };
    let changes_text = changes::text(&record.changes, world.screen.out);
    let text = format!("{} comes after {}\n{changes_text}{sql}{last}", migration.id, parents.join(" and "));
    let result = json!({
        "written": !dry_run,
        "id": migration.id.as_str(),
        "folder": format!("{}/{}", project.shown, migration.id),
        "parents": parents,
        "changes": changes::json(&record.changes),
        "up": migration.up,
        "down": migration.down,
    });
    Outcome::done(text, result)
}
