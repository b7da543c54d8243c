//! `cargo schema init --from TOOL`: the migrations of another tool become the start of the history.
//!
//! Their files stay as they are. One revision is written that lists them and records what they lead to, as the dev database shows
//! it. No database of the user is changed: the ledger is filled by the first upgrade.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schema_core::diagnostic::Diagnostic;
use schema_core::history::{Adoption, Migration, RevisionRecord, Tool};
use schema_core::plan::{Hints, Plan, plan};
use schema_core::{ObjectId, Schema};
use serde_json::json;

use super::database::Database;
use super::declared::Sources;
use super::failure::Failure;
use super::generate::{new_id, write};
use super::world::World;
use super::{Outcome, not_managed};
use crate::adopt::{Laid, layout, listed, without_history_table, written};
use crate::catalog::{Observed, compare, observe};
use crate::cli::arguments::Init;
use crate::devdb::{self, DevServer};
use crate::ops::prove::{built, observed_with_rest};
use crate::project::Project;
use crate::report::Problem;

/// What is adopted, and what it leads to.
struct Found {
    adoption: Adoption,
    observed: Observed,
    /// What is recorded: the same, spelled as the structs spell it where they say it already.
    recorded: Schema,
    /// What builds it from nothing.
    plan: Plan,
}

pub(super) fn run(world: &World<'_>, options: &Init, tool: Tool) -> Result<Outcome, Failure> {
    let project = world.project()?;
    if project.revisions.iter().any(|revision| revision.files.is_none()) {
        return Err(Failure::usage(&format!(
            "{} has revisions of cargo schema already, and an adoption can only be the first\n\
             help: to see them: cargo schema history",
            project.shown
        )));
    }
    let folder = options.folder.as_ref().map_or_else(|| project.folder.clone(), |folder| world.current.join(folder));
    let shown = world.shown(&folder);
    let laid = layout(tool, &listed(&folder)?, &shown).map_err(Failure::Findings)?;
    let relative = relative(&project.folder, &folder);
    let adoption = written(&laid, &folder, &shown, &relative)?.map_err(Failure::Findings)?;
    let found = state(world, adoption, &folder, &shown)?;
    let (revision, record) = revision(&project, &found);
    if !options.dry_run {
        write(world, &project, &revision, &record, false)?;
    }
    Ok(outcome(options, &laid, &found, &revision))
}

/// What the migrations lead to: run on the dev database, or, when they are programs, seen in the user's.
fn state(world: &World<'_>, adoption: Adoption, folder: &Path, shown: &str) -> Result<Found, Failure> {
    let server = devdb::open(&world.dev_options())?;
    let observed = if adoption.is_readable() {
        world.screen.doing("Running", &format!("{} migrations of {}", adoption.migrations.len(), adoption.tool));
        observed_with_rest(&server, &migrations(&adoption, folder)?, &world.scope())
            .map_err(|error| Failure::from(error.in_files(|id| file_of(&adoption, shown, id))))?
    } else {
        observe_migrated(world, &adoption)?
    };
    if !adoption.is_readable() {
        // What a new database is built from must be buildable.
        built(&server, &observed.schema)?;
    }
    let recorded = as_declared(world, &server, &observed.schema);
    let plan = plan(&Schema::default(), &recorded, &[], &Hints::default());
    Ok(Found { adoption, observed, recorded, plan })
}

/// The observed schema with the structs' own spelling of every object that they make alike, so that they are not asked to change
/// `'a'` to `'a'::text`. Without structs, or with some that cannot be built, it stays as PostgreSQL spells it.
fn as_declared(world: &World<'_>, server: &DevServer, observed: &Schema) -> Schema {
    let mut recorded = observed.clone();
    if world.location.is_none() {
        return recorded;
    }
    let Ok(structs) = Sources::of(world).and_then(|sources| sources.sound(world)) else { return recorded };
    let Ok(made) = built(server, structs.schema()) else { return recorded };
    let differ: BTreeSet<ObjectId> = compare(&made, observed).into_iter().map(|one| one.object).collect();
    for (id, object) in structs.schema().iter() {
        if observed.contains(id) && made.contains(id) && !differ.contains(id) {
            recorded.insert(object.clone());
        }
    }
    recorded
}

fn migrations(adoption: &Adoption, folder: &Path) -> Result<Vec<Migration>, Failure> {
    let read = |file: &str| {
        let path = folder.join(file);
        std::fs::read_to_string(&path).map_err(|source| crate::project::ReadError { path, source })
    };
    let mut migrations = Vec::with_capacity(adoption.migrations.len());
    for (at, file) in adoption.migrations.iter().enumerate() {
        let up = read(file.up.as_deref().unwrap_or_default())?;
        migrations.push(adoption.migration(at, &up, None));
    }
    Ok(migrations)
}

fn file_of(adoption: &Adoption, shown: &str, id: &schema_core::history::RevisionId) -> Option<String> {
    let file = adoption.migrations.iter().find(|file| file.id == *id)?;
    Some(format!("{shown}/{}", file.up.as_deref()?))
}

fn observe_migrated(world: &World<'_>, adoption: &Adoption) -> Result<Observed, Failure> {
    if world.config.database_url.is_none() {
        let tool = adoption.tool;
        return Err(Failure::usage(&format!(
            "the migrations of {tool} are programs, so what they lead to is read from a database that they were run on\n\
             help: cargo schema init --from {tool} --database-url postgres://..."
        )));
    }
    let mut database = Database::open(world)?;
    let observed = observe(&mut database.client, &world.scope());
    let observed = observed.map_err(|error| Failure::Environment(Problem::told(&error.to_string())))?;
    let schema = without_history_table(&observed.schema, Some(adoption.tool));
    Ok(Observed { schema, ..observed })
}

fn revision(project: &Project, found: &Found) -> (Migration, RevisionRecord) {
    let Found { adoption, plan, .. } = found;
    let message = format!("adopted from {}", adoption.tool);
    let record = RevisionRecord {
        adopted: Some(adoption.clone()),
        ..RevisionRecord::new(message.clone(), Vec::new(), plan.difference.changes())
    };
    let (up, down) = match adoption.is_readable() {
        true => (
            format!(
                "-- Nothing to run: the migrations of {} lead here. They are listed in revision.toml.\n",
                adoption.tool
            ),
            format!("-- Nothing to undo: the migrations of {} before it are undone one by one.\n", adoption.tool),
        ),
        false => (plan.up.text(), plan.down.text()),
    };
    let id = new_id(project, &message);
    let (parents, adopted) = (adoption.last().cloned().into_iter().collect(), adoption.as_one());
    let (up, down) = (up.into(), Some(down.into()));
    (Migration { id, parents, message, up, down, adopted, replaces: Vec::new() }, record)
}

/// The way from one folder to another, with `/`.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to) = (absolute(from), absolute(to));
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = to.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into_owned());
    let path: Vec<String> = up.chain(down).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

/// Without `.` and links, as far as the folder is there.
fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

fn outcome(options: &Init, laid: &Laid, found: &Found, revision: &Migration) -> Outcome {
    let (count, tool) = (laid.migrations.len(), laid.tool);
    let objects = found.recorded.iter().count();
    let done = if options.dry_run { "would be adopted" } else { "are adopted" };
    let text = format!(
        "{count} migrations of {tool} {done}; they lead to {objects} objects, which `{}` records\n\n\
         to bring a database under the ledger, which runs nothing that is applied: cargo schema upgrade\n\
         {}",
        revision.id,
        match tool.table() {
            Some(table) => format!("what is applied there is read from `{table}`\n"),
            None =>
                "plain SQL files have no history table: say first where a database stands: cargo schema stamp REV\n"
                    .to_owned(),
        },
    );
    let ids: Vec<&str> = laid.migrations.iter().map(|one| one.id.as_str()).collect();
    let result = json!({
        "dry_run": options.dry_run,
        "tool": tool.name(),
        "revision": revision.id.as_str(),
        "adopted": ids,
        "objects": objects,
    });
    let place = if found.adoption.is_readable() { "the adopted history" } else { "the database" };
    let findings: Vec<Diagnostic> = not_managed::finding(place, &found.observed.unmanaged).into_iter().collect();
    Outcome::done(text, result).with_findings(laid.warnings.clone()).with_findings(findings)
}
