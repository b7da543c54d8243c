//! Whether the developer's database is behind or has drifted, said after `generate` and asked by `check`.
//!
//! It only reads. A database that is not at hand is no reason to fail: a server that is not running is not started for this.

use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::history::RevisionId;
use schema_runtime::Status;

use super::database::Database;
use super::failure::Failure;
use super::world::World;
use crate::catalog::{ObservedDifference, Scope, Unmanaged, compare, observe};
use crate::devdb::{self, Purpose};
use crate::ops::drift::{Drift, drift};
use crate::project::Project;

/// The database does not have every revision.
pub const DATABASE_BEHIND: Code = Code::new("database-behind");
/// The database has another schema than its revisions make.
pub const DATABASE_DRIFTED: Code = Code::new("database-drifted");

/// How many differences are named.
const SHOWN: usize = 20;

/// What is worth knowing about the developer's database. `project` is the history before the new revision.
pub(super) fn findings(world: &World<'_>, project: &Project) -> Vec<Diagnostic> {
    if !at_hand(world) {
        return Vec::new();
    }
    look(world, project).unwrap_or_else(|failure| {
        let problem = failure.problem(world.texts).map(|problem| problem.message).unwrap_or_default();
        world.screen.detail(&format!("the database was not looked at: {problem}"));
        Vec::new()
    })
}

fn at_hand(world: &World<'_>) -> bool {
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
    let told = |text: String| Failure::Environment(crate::report::Problem::told(&text));
    let there = observe(&mut database.client, &Scope::default()).map_err(|error| told(error.to_string()))?;
    let server = devdb::open(&world.dev_options())?;
    let found = drift(&server, &project.migrations(), &there, project.adopted_tool())?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let message = format!("the database {} has drifted: it is not what its revisions make", database.name());
    let finding = notes(Diagnostic::warning(DATABASE_DRIFTED, message), &found);
    Ok(vec![finding.help("to bring it to the structs by a revision: cargo schema generate --from database")])
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
