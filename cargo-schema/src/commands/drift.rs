//! Whether the developer's database is behind or has drifted, said after `generate` and asked by `check`.
//!
//! It only reads. A database that is not at hand is no reason to fail: a server that is not running is not started for this.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::ObjectId;
use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::history::{Migration, RevisionId, RevisionRecord};
use schema_runtime::Status;
use schema_runtime::apply::Applied;
use serde_json::{Value, json};

use super::database::Database;
use super::failure::Failure;
use super::owners::{is_alone, others};
use super::proofs::{Proofs, key_of_both};
use super::world::World;
use crate::catalog::{ObservedDifference, Unmanaged, compare, observe};
use crate::devdb::{self, Purpose};
use crate::ops::drift::{Drift, drift};
use crate::project::Project;
use crate::report::{Paint, difference};

/// The database does not have every revision.
pub const DATABASE_BEHIND: Code = Code::new("database-behind");
/// The database has another schema than its revisions make.
pub const DATABASE_DRIFTED: Code = Code::new("database-drifted");

/// How many differences are named.
const SHOWN: usize = 20;

/// What is worth knowing about the developer's database. `project` is the history before the new revision.
pub(super) fn findings(world: &World<'_>, project: &Project) -> Vec<Diagnostic> {
    if !is_at_hand(world) {
        return Vec::new();
    }
    look(world, project).unwrap_or_else(|failure| {
        let problem = failure.problem(world.texts).map(|problem| problem.message).unwrap_or_default();
        world.screen.detail(&format!("the database was not looked at: {problem}"));
        Vec::new()
    })
}

pub(super) fn is_at_hand(world: &World<'_>) -> bool {
    let running = || devdb::clusters(&world.dev_options()).unwrap_or_default();
    world.config.database_url.is_some()
        || running().iter().any(|cluster| cluster.purpose == Purpose::Developer && cluster.pid.is_some())
}

fn look(world: &World<'_>, project: &Project) -> Result<Vec<Diagnostic>, Failure> {
    let mut database = Database::connect(world)?;
    let status = world.migrator(project, false).status(&mut database.client);
    let status = status.map_err(|error| world.apply_failure(project, error))?;
    if !status.is_current() {
        return Ok(behind(&database.name(), &status).into_iter().collect());
    }
    drifted(world, project, &mut database)
}

fn behind(name: &str, status: &Status) -> Option<Diagnostic> {
    if status.pending.is_empty() {
        return None;
    }
    let lacks: Vec<&str> = status.pending.iter().map(RevisionId::as_str).collect();
    let message = format!("the database {name} is behind: it does not have {}", lacks.join(", "));
    Some(Diagnostic::warning(DATABASE_BEHIND, message).help("to apply them: cargo schema upgrade"))
}

/// Compares the database with what its revisions make.
fn drifted(world: &World<'_>, project: &Project, database: &mut Database) -> Result<Vec<Diagnostic>, Failure> {
    let found = compared(world, project, database, &project.migrations(), Server::Started)?;
    Ok(found.and_then(|found| finding(&database.name(), &found)).into_iter().collect())
}

/// Whether a server for throwaway databases may be started.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Started,
    OnlyWhenRunning,
}

impl Server {
    fn is_to_be_had(self, world: &World<'_>) -> bool {
        let running = || devdb::clusters(&world.dev_options()).unwrap_or_default();
        self == Server::Started
            || world.config.dev_url.is_some()
            || running().iter().any(|cluster| cluster.purpose == Purpose::Scratch && cluster.pid.is_some())
    }
}

/// Compares the database with what `history` makes on the dev database; `None` when there is no server for that. What was alike before,
/// and is as it was, needs none.
fn compared(
    world: &World<'_>,
    project: &Project,
    database: &mut Database,
    history: &[Migration],
    server: Server,
) -> Result<Option<Drift>, Failure> {
    let told = |text: String| Failure::Environment(crate::report::Problem::told(&text));
    let there = observe(&mut database.client, &world.scope()).map_err(|error| told(error.to_string()))?;
    let tool = project.adopted_tool();
    let (marks, key) = (Proofs::open(world), key_of_both(history, &there, tool));
    let is_alone = is_alone(world, &mut database.client)?;
    if is_alone && marks.has(&key) {
        return Ok(Some(Drift::none(there)));
    }
    if !server.is_to_be_had(world) {
        world.screen.detail("the database was not compared: no server for throwaway databases runs");
        return Ok(None);
    }
    let others = others(world, &mut database.client)?;
    let server = devdb::open(&world.dev_options())?;
    Ok(Some(match others {
        Some(others) => drift(&server, &others.all, &there, tool)?.without(&others.objects),
        None => {
            let found = drift(&server, history, &there, tool)?;
            if found.is_empty() {
                marks.add(&key);
            }
            found
        }
    }))
}

/// The rows of the ledger whose texts were run, in that order: a checkpoint that was told from the rows of all that it stands for was not.
pub(super) fn run<'s>(project: &'s Project, status: &'s Status) -> impl Iterator<Item = &'s Applied> {
    let is_applied = |id: &RevisionId| status.applied.iter().any(|row| row.id == *id);
    let is_told = move |row: &Applied| {
        let replaces = project.revision(&row.id).map(|revision| &revision.head.replaces);
        replaces.is_some_and(|originals| !originals.is_empty() && originals.iter().all(is_applied))
    };
    status.applied.iter().filter(move |row| !is_told(row))
}

/// How the database differs from what its own ledger says: revisions whose files are gone, or were edited since, count with the
/// texts that were run. `None` when nothing is applied, or a revision is half-done, so that there is nothing to compare with.
pub(super) fn from_ledger(
    world: &World<'_>,
    project: &Project,
    database: &mut Database,
    status: &Status,
    server: Server,
) -> Result<Option<Drift>, Failure> {
    if status.applied.is_empty() || !status.half_done.is_empty() {
        return Ok(None);
    }
    let migrator = world.migrator(project, false);
    let mut history = Vec::with_capacity(status.applied.len());
    for row in run(project, status) {
        let file = project.revision(&row.id).filter(|_| !status.edited.contains(&row.id));
        match file {
            Some(revision) => history.push(revision.migration()),
            None => {
                let recorded = migrator.recorded(&mut database.client, &row.id);
                history.extend(recorded.map_err(|error| world.apply_failure(project, error))?);
            }
        }
    }
    compared(world, project, database, &history, server)
}

/// The same for commands that start no server for it, and do not fail without it: `None` when it could not be seen.
pub(super) fn at_hand(world: &World<'_>, project: &Project, database: &mut Database, status: &Status) -> Option<Drift> {
    let found = from_ledger(world, project, database, status, Server::OnlyWhenRunning);
    found.unwrap_or_else(|failure| {
        let problem = failure.problem(world.texts).map(|problem| problem.message).unwrap_or_default();
        world.screen.detail(&format!("the database was not compared: {problem}"));
        None
    })
}

/// The finding that there is some.
pub(super) fn finding(name: &str, found: &Drift) -> Option<Diagnostic> {
    if found.is_empty() {
        return None;
    }
    let message = format!("the database {name} has drifted: it is not what its revisions make");
    let finding = notes(Diagnostic::warning(DATABASE_DRIFTED, message), found);
    Some(
        finding
            .help("if the revisions are right, run the SQL that cargo schema check shows")
            .help("if the database is right, put it into the structs, then: cargo schema generate --from database"),
    )
}

/// What differs by the revision that touched it last, as it records; what none of them records is not there.
pub(super) fn by_revision(project: &Project, found: &Drift) -> BTreeMap<RevisionId, BTreeSet<ObjectId>> {
    let mut last: BTreeMap<ObjectId, &RevisionId> = BTreeMap::new();
    for revision in &project.revisions {
        let Ok(record) = RevisionRecord::parse(&revision.record) else { continue };
        last.extend(record.changes.iter().map(|change| (change.id(), &revision.id)));
    }
    let mut drifted: BTreeMap<RevisionId, BTreeSet<ObjectId>> = BTreeMap::new();
    for difference in compare(&found.made, &found.there) {
        let object = difference.object;
        let table = object.outer().map(|table| ObjectId::table(&table));
        let revision = last.get(&object).or_else(|| last.get(&table?));
        if let Some(revision) = revision {
            drifted.entry((*revision).clone()).or_default().insert(object);
        }
    }
    drifted
}

/// For people: what differs, and the SQL that would mend the database.
pub(super) fn text(name: &str, found: &Drift, paint: Paint) -> String {
    let changes = found.difference().changes();
    let mut text = format!("what {name} has otherwise than its revisions make:\n");
    text.push_str(&difference::text(&changes, paint));
    let others = [("-", &found.lacking), ("+", &found.added)];
    let others = others.iter().flat_map(|(word, objects)| objects.iter().map(move |object| (word, object)));
    for (at, (word, object)) in others.enumerate() {
        let head = if at == 0 { "\nnot managed\n" } else { "" };
        text.push_str(&format!("{head}  {word}  {}  {}\n", object.kind, object.name));
    }
    let mend = found.mend();
    if !mend.trim().is_empty() {
        text.push_str(&format!("\n{}\n{}", paint.strong("-- to make it what its revisions make:"), mend));
    }
    text.push_str("\nto keep what it has: put it into the structs, then: cargo schema generate --from database\n");
    text
}

/// For programs.
pub(super) fn json(found: &Drift) -> Value {
    let differences: Vec<Value> = compare(&found.made, &found.there)
        .iter()
        .map(|one| {
            json!({
                "kind": one.object.kind.words(),
                "name": one.object.to_string(),
                "attribute": one.attribute,
                "recorded": one.before,
                "database": one.after,
            })
        })
        .collect();
    json!({
        "drifted": !found.is_empty(),
        "differences": differences,
        "not_managed": { "lacking": found.lacking, "added": found.added },
        "mend": found.mend(),
    })
}

/// Names what differs, attribute by attribute.
pub(super) fn notes(finding: Diagnostic, found: &Drift) -> Diagnostic {
    let differences = compare(&found.made, &found.there);
    let unmanaged = |word: &'static str, objects: &[Unmanaged]| {
        let line = |object: &Unmanaged| format!("{} {} {word}", object.kind, object.name);
        objects.iter().map(line).collect::<Vec<_>>()
    };
    let mut lines: Vec<String> = differences.iter().map(spelled).collect();
    lines.extend(unmanaged("is not in the database", &found.lacking));
    lines.extend(unmanaged("is only in the database", &found.added));
    let rest = lines.len().saturating_sub(SHOWN);
    let finding = lines.into_iter().take(SHOWN).fold(finding, Diagnostic::note);
    if 0 < rest { finding.note(format!("and {rest} more differences")) } else { finding }
}

fn spelled(difference: &ObservedDifference) -> String {
    let object = format!("{} `{}`", difference.object.kind.words(), difference.object);
    let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
    match (&difference.attribute, &difference.before) {
        (None, Some(_)) => format!("{object} is not in the database"),
        (None, None) => format!("{object} is only in the database"),
        (Some(attribute), _) => format!(
            "{object}: {attribute} is {} by the revisions, {} in the database",
            side(&difference.before),
            side(&difference.after)
        ),
    }
}
