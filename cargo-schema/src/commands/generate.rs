//! `cargo schema generate`: from the recorded history to the structs, proven, written as a revision.
//!
//! It reads like the flow of the tool: read, compare, ask, plan, prove, write. Equal schemas need no database.

use schema_core::Schema;
use schema_core::diagnostic::{Diagnostic, stops};
use schema_core::history::{Migration, RevisionId, RevisionRecord};
use schema_core::lint::RENAME_OR_DROP;
use serde_json::json;

use super::declared::{Sources, Structs};
use super::failure::Failure;
use super::generate_report::{Draw, drawn, nothing};
use super::looks::Look;
use super::proofs::{Proofs, keys};
use super::world::World;
use super::{Outcome, drift, generate_from, heads, rename_answers};
use crate::cli::arguments::{From, Generate};
use crate::cli::exit::Exit;
use crate::devdb;
use crate::ops::found;
use crate::ops::generate::{Answers, Declared, Draft, default_message, draft, slug};
use crate::ops::prove::{Job, ProofError, prove};
use crate::project::{Project, RevisionDir, clock, write_revision};

pub(super) fn run(world: &World<'_>, options: &Generate) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    if options.empty {
        return empty(world, options, &project);
    }
    let sources = Sources::of(world)?;
    let look = Look::of(world, &sources, &project);
    if options.from == From::History && options.rename.is_empty() && look.is_equal() {
        return Ok(nothing(&project));
    }
    let structs = sources.sound(world)?;
    let recorded = project.schema().map_err(Failure::Findings)?;
    if options.from == From::Database {
        return generate_from::run(world, options, &project, &structs, &recorded);
    }
    let (recorded, declared) = informed(world, &project, &structs, recorded)?;
    let draft = drafted(world, options, &structs, &recorded, &declared)?;
    if draft.is_empty() {
        if structs.findings().is_empty() {
            look.note(&structs);
        }
        return Ok(nothing(&project).with_findings(structs.findings().to_vec()));
    }
    let (migration, record) = revision(options, &project, &draft);
    let mut findings = levelled(world, draft.findings.clone());
    if options.check {
        let draw = Draw { exit: Exit::Findings, written: false, changes: &record.changes, draft: &migration };
        return Ok(drawn(world, &project, &draw).with_findings(findings));
    }
    if stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    vouched(world, &project)?;
    let proven = proved(world, &project, &migration, &recorded, &declared, &draft)?;
    let proven: Vec<Diagnostic> = proven.into_iter().map(|finding| structs.placed(finding)).collect();
    findings.extend(proven);
    if stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    if !options.dry_run {
        write(world, &project, &migration, &record, true)?;
        findings.extend(drift::findings(world, &project));
    }
    let draw = Draw { exit: Exit::Done, written: !options.dry_run, changes: &record.changes, draft: &migration };
    Ok(drawn(world, &project, &draw).with_findings([structs.findings(), &findings].concat()))
}

/// Both schemas with what PostgreSQL finds of them, when they differ and a plan needs it.
fn informed(
    world: &World<'_>,
    project: &Project,
    structs: &Structs,
    recorded: Schema,
) -> Result<(Schema, Schema), Failure> {
    let declared = structs.schema().clone();
    let plain = !found::has_statements(&declared) && !found::has_statements(&recorded);
    if plain || structs.difference(&recorded).is_empty() {
        return Ok((recorded, declared));
    }
    let server = devdb::open(&world.dev_options())?;
    let before = found::recorded(&server, &recorded, &project.migrations())?;
    match found::declared(&server, &declared) {
        Ok(after) => Ok((before, after)),
        Err(ProofError::Statement(refusal)) => Err(Failure::Findings(vec![structs.refused(&refusal)])),
        Err(other) => Err(other.into()),
    }
}

/// The draft, with every rename that the user names on the command line or the terminal.
fn drafted(
    world: &World<'_>,
    options: &Generate,
    structs: &Structs,
    before: &Schema,
    after: &Schema,
) -> Result<Draft, Failure> {
    let renames = rename_answers::named(&options.rename, before, after).map_err(Failure::Findings)?;
    let declared = Declared { schema: after, ..structs.declared() };
    let mut answers = Answers { renames, allow_data_loss: options.allow_data_loss };
    let place_of = |id: &schema_core::ObjectId| structs.place_of(id);
    let first = draft(before, declared, &answers, &place_of);
    if options.check || first.questions.is_empty() {
        return Ok(first);
    }
    let told = rename_answers::asked(world, &first.questions);
    if told.is_empty() {
        return Ok(first);
    }
    answers.renames.extend(told);
    Ok(draft(before, declared, &answers, &place_of))
}

/// The levels of the configuration, for all but an open question: it has an answer and no level.
fn levelled(world: &World<'_>, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let (questions, rest): (Vec<_>, Vec<_>) = findings.into_iter().partition(|found| found.code == RENAME_OR_DROP);
    questions.into_iter().chain(world.config.lints.apply(rest)).collect()
}

fn revision(options: &Generate, project: &Project, draft: &Draft) -> (Migration, RevisionRecord) {
    let message = options.message.clone().unwrap_or_else(|| default_message(&draft.plan.difference));
    draft.revision(new_id(project, &message), &message, project.graph.heads())
}

pub(super) fn new_id(project: &Project, message: &str) -> RevisionId {
    new_id_called(&slug(message), project.revisions.iter().map(|revision| &revision.id))
}

/// An id of this moment with a name that is one already.
pub(super) fn new_id_called<'r>(name: &str, taken: impl Iterator<Item = &'r RevisionId>) -> RevisionId {
    let fixed = std::env::var(clock::NOW).ok();
    clock::new_id(clock::Moment::now(fixed.as_deref()), name, taken)
}

/// A revision that names several heads as its parents says that they go together: that has to be so.
pub(super) fn vouched(world: &World<'_>, project: &Project) -> Result<(), Failure> {
    let found = heads::commute(world, project)?;
    if stops(&found) { Err(Failure::Findings(found)) } else { Ok(()) }
}

fn proved(
    world: &World<'_>,
    project: &Project,
    revision: &Migration,
    before: &Schema,
    after: &Schema,
    draft: &Draft,
) -> Result<Vec<Diagnostic>, Failure> {
    let server = devdb::open(&world.dev_options())?;
    let history = project.migrations();
    let job = Job { history: &history, revision, before, after, difference: &draft.plan.difference };
    let found = prove(&server, &job)?;
    if !stops(&found) {
        world.screen.doing("Proven", &format!("up, down and up again on PostgreSQL {}", server.major()));
    }
    Ok(server.findings().into_iter().chain(found).collect())
}

/// Writes the revision, and notes that it is proven.
pub(super) fn write(
    world: &World<'_>,
    project: &Project,
    revision: &Migration,
    record: &RevisionRecord,
    proven: bool,
) -> Result<(), Failure> {
    let (record, down) = (record.to_string(), revision.down.as_deref().unwrap_or_default());
    let files = [("up.sql", &*revision.up), ("down.sql", down), ("revision.toml", record.as_str())];
    let folder = write_revision(&project.folder, &revision.id, &files)?;
    world.screen.doing("Written", &world.shown(&folder));
    if proven {
        let (up, down) = (revision.up.to_string(), Some(down.to_owned()));
        let written = RevisionDir { up, down, record, ..RevisionDir::named(&revision.id) };
        let keys = keys(project.revisions.iter().chain([&written]));
        keys.last().into_iter().for_each(|key| Proofs::open(world).add(key));
    }
    Ok(())
}

/// A revision for hand-written SQL, which records no change.
fn empty(world: &World<'_>, options: &Generate, project: &Project) -> Result<Outcome, Failure> {
    project.schema().map_err(Failure::Findings)?;
    vouched(world, project)?;
    let message = options.message.clone().unwrap_or_else(|| "empty".to_owned());
    let parents = project.graph.heads();
    let record = RevisionRecord::new(message.clone(), parents.clone(), Vec::new());
    let revision = Migration {
        id: new_id(project, &message),
        parents,
        message,
        up: "-- What upgrade runs, in one transaction. For statements that cannot run in one, make this the first line:\n\
             -- schema: no-transaction\n"
            .into(),
        down: Some("-- What downgrade runs; it gives back what was there before.\n".into()),
        adopted: None,
        replaces: Vec::new(),
    };
    if !options.dry_run {
        write(world, project, &revision, &record, false)?;
    }
    let folder = format!("{}/{}", project.shown, revision.id);
    let text = format!("write your SQL into {folder}/up.sql and {folder}/down.sql, then: cargo schema upgrade\n");
    let result = json!({ "written": !options.dry_run, "id": revision.id.as_str(), "folder": folder, "changes": [] });
    Ok(Outcome::done(text, result))
}
