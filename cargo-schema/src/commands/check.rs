//! `cargo schema check`: what CI needs to know before a merge.
//!
//! Structs are what the history records; the history is sound; every revision's SQL does what it records, and its down gives back what
//! was there; with a database, none of its revisions was edited. All of it is looked at, and all findings are shown. What was
//! proven before is not proven again, so without news no server is needed.

use schema_core::diagnostic::{Code, Diagnostic, stops};
use schema_core::diff::difference;
use schema_core::history::RevisionRecord;
use schema_core::rename::Rename;
use schema_core::{Change, Schema};
use serde_json::{Value, json};

use super::Outcome;
use super::database::Database;
use super::declared::{Sources, Structs, unrecorded};
use super::failure::Failure;
use super::looks::Look;
use super::proofs::{Proofs, keys};
use super::world::World;
use crate::cli::exit::Exit;
use crate::devdb;
use crate::ops::prove::{Job, STATEMENT_REFUSED, prove};
use crate::project::Project;
use crate::report::table::{Cell, Color, aligned};

/// A revision was edited after it was applied.
pub const REVISION_EDITED: Code = Code::new("revision-edited");

/// One thing that was looked at.
struct Examined {
    what: &'static str,
    state: State,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Bad,
    Skipped,
}

pub(super) fn run(world: &World<'_>) -> Result<Outcome, Failure> {
    let project = world.project()?;
    let sources = Sources::of(world)?;
    let look = Look::of(world, &sources, &project);
    let is_equal = look.is_equal();
    let recorded = (!is_equal).then(|| project.schema());
    let mut findings = project.findings.clone();
    findings.extend(recorded.iter().flat_map(|recorded| recorded.as_ref().err()).flatten().cloned());
    let mut examined = vec![state("history", &findings, &format!("has no defect in {}", project.shown))];
    let sound = !stops(&findings);
    let mut examine = |what, found: Option<Vec<Diagnostic>>, detail: &str| match found {
        Some(found) => {
            examined.push(state(what, &found, detail));
            findings.extend(found);
        }
        None => examined.push(Examined { what, state: State::Skipped, detail: detail.to_owned() }),
    };
    let recorded = recorded.and_then(Result::ok).filter(|_| sound);
    let compared = if is_equal { Vec::new() } else { compared(&sources.structs(world)?, recorded.as_ref(), &look) };
    examine("structs", Some(compared), "are what the history records");
    let proofs = if sound { Some(proven(world, &project)?) } else { None };
    examine("SQL", proofs, "does what it records, and back");
    let edits = if sound { edited(world, &project)? } else { None };
    let detail =
        if edits.is_some() { "has the revisions as they are here" } else { "not looked at: no DATABASE_URL is set" };
    examine("database", edits, detail);
    Ok(outcome(world, &examined, findings))
}

fn state(what: &'static str, found: &[Diagnostic], detail: &str) -> Examined {
    let errors = found.iter().filter(|finding| stops(std::slice::from_ref(finding))).count();
    match errors {
        0 => Examined { what, state: State::Good, detail: detail.to_owned() },
        1 => Examined { what, state: State::Bad, detail: "1 finding".to_owned() },
        _ => Examined { what, state: State::Bad, detail: format!("{errors} findings") },
    }
}

/// What is wrong with the structs, or else how they differ from the history.
fn compared(structs: &Structs, recorded: Option<&Schema>, look: &Look) -> Vec<Diagnostic> {
    let mut found = structs.findings().to_vec();
    if let Some(recorded) = recorded.filter(|_| !stops(&found)) {
        found.extend(unrecorded(structs, &structs.difference(recorded)));
        if found.is_empty() {
            look.note(structs);
        }
    }
    found
}

/// Proves every revision that has no mark, each on what comes before it.
fn proven(world: &World<'_>, project: &Project) -> Result<Vec<Diagnostic>, Failure> {
    let (marks, keys) = (Proofs::open(world), keys(&project.revisions));
    let open: Vec<usize> = (0..keys.len()).filter(|at| !marks.has(&keys[*at])).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let server = devdb::open(&world.dev_options())?;
    let (history, mut found) = (project.migrations(), server.findings());
    let records: Vec<RevisionRecord> =
        project.revisions.iter().filter_map(|revision| RevisionRecord::parse(&revision.record).ok()).collect();
    let mut before = Schema::default();
    for (at, record) in records.iter().enumerate() {
        if !open.contains(&at) {
            before = after(before, record);
            continue;
        }
        let revision = &history[at];
        world.screen.doing("Proving", revision.id.as_str());
        let after = after(before.clone(), record);
        let difference = difference(&before, &after, &renames(record));
        let job = Job { history: &history[..at], revision, before: &before, after: &after, difference: &difference };
        let folder = format!("{}/{}", project.shown, revision.id);
        let proof: Vec<Diagnostic> =
            prove(&server, &job)?.into_iter().map(|found| of_revision(found, &folder)).collect();
        if !stops(&proof) {
            marks.add(&keys[at]);
        }
        found.extend(proof);
        before = after;
    }
    Ok(found)
}

/// The recorded schema one revision later; that the records fold has been seen.
fn after(before: Schema, record: &RevisionRecord) -> Schema {
    let folded = record.changes.iter().try_fold(before, |schema, change| change.apply(schema));
    folded.unwrap_or_else(|misfit| panic!("the history folds, and then it does not: {misfit}"))
}

/// The finding of a revision that is there already, and whose files are to be corrected.
fn of_revision(found: Diagnostic, folder: &str) -> Diagnostic {
    let said = found.message.strip_suffix("; nothing was written").unwrap_or(&found.message);
    let help = if found.code == STATEMENT_REFUSED {
        format!("correct the SQL in {folder}")
    } else {
        format!("the SQL in {folder} and its revision.toml must say the same: correct the one that is wrong")
    };
    Diagnostic { message: format!("{folder}: {said}"), help: vec![help], ..found }
}

fn renames(record: &RevisionRecord) -> Vec<Rename> {
    let rename = |change: &Change| match change {
        Change::Rename(rename) => Some(rename.clone()),
        _ => None,
    };
    record.changes.iter().filter_map(rename).collect()
}

/// Revisions that a named database has in another form.
fn edited(world: &World<'_>, project: &Project) -> Result<Option<Vec<Diagnostic>>, Failure> {
    if world.config.database_url.is_none() {
        return Ok(None);
    }
    let mut database = Database::connect(world)?;
    let status = world.migrator(project, false).status(&mut database.client);
    let status = status.map_err(|error| world.apply_failure(project, error))?;
    let found = status.edited.iter().map(|id| {
        let file = project.shown_file(id, "up.sql");
        let message = format!(
            "`{id}` was edited after it was applied to {}, so that database does not have what it says",
            database.name()
        );
        Diagnostic::error(REVISION_EDITED, message).help(format!(
            "give {file} back what it had (git log -p -- {file}), and put the change into a new revision"
        ))
    });
    Ok(Some(found.collect()))
}

fn outcome(world: &World<'_>, examined: &[Examined], findings: Vec<Diagnostic>) -> Outcome {
    let rows: Vec<Vec<Cell>> = examined.iter().map(row).collect();
    let result: Vec<Value> = examined
        .iter()
        .map(|examined| json!({ "what": examined.what, "state": examined.state.word(), "detail": examined.detail }))
        .collect();
    let exit = if stops(&findings) { Exit::Findings } else { Exit::Done };
    let text = aligned(&rows, world.screen.out);
    Outcome { exit, ..Outcome::done(text, json!({ "checks": result })).with_findings(findings) }
}

fn row(examined: &Examined) -> Vec<Cell> {
    let color = match examined.state {
        State::Good => Color::Good,
        State::Bad => Color::Bad,
        State::Skipped => Color::Dim,
    };
    vec![examined.what.into(), Cell::new(examined.state.word(), color), examined.detail.as_str().into()]
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Good => "good",
            State::Bad => "bad",
            State::Skipped => "skipped",
        }
    }
}
