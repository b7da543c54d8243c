//! `cargo schema check`: what CI needs to know before a merge.
//!
//! Structs are what the history records; the history is sound; every revision's SQL does what it records, and its down gives back what
//! was there; a named database has them unedited and is what they make. All of it is looked at, and all findings are shown. What was
//! proven before is not proven again, so without news no server is needed.

use std::collections::BTreeSet;

use schema_core::diagnostic::{Code, Diagnostic, Severity, stops};
use schema_core::diff::difference;
use schema_core::history::{Migration, RevisionId, RevisionRecord, fold_fitting};
use schema_core::rename::Rename;
use schema_core::{Change, Schema};
use serde_json::{Value, json};

use super::database::Database;
use super::declared::{Sources, Structs, unrecorded};
use super::failure::Failure;
use super::looks::Look;
use super::proofs::{Proofs, own_keys};
use super::world::World;
use super::{Outcome, drift, heads, not_managed};
use crate::catalog::compare;
use crate::cli::exit::Exit;
use crate::devdb::{self, DevServer};
use crate::ops::drift::Drift;
use crate::ops::prove::{Job, Prover, STATEMENT_REFUSED, UP_DIFFERS, built, observed_history};
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
    if sound && 1 < project.graph.heads().len() {
        examine("heads", Some(heads::commute(world, &project)?), "lead to the same schema in every order");
    }
    let looked = if sound { database(world, &project)? } else { None };
    let detail = if looked.is_some() {
        "has the revisions as they are here, and is what they make"
    } else {
        "not looked at: no DATABASE_URL is set"
    };
    let (found, drift) = looked.map_or((None, None), |looked| (Some(looked.findings), looked.drift));
    examine("database", found, detail);
    let mut outcome = outcome(world, &examined, findings);
    outcome.result["drift"] = drift.as_ref().map_or(Value::Null, |(_, drift)| drift::json(drift));
    if let Some((name, drift)) = drift.filter(|(_, drift)| !drift.is_empty()) {
        outcome.text.push_str(&format!("\n{}", drift::text(&name, &drift, world.screen.out)));
    }
    Ok(outcome)
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

/// Proves every revision that has no mark, each on what it names as coming before it: that is what its author had. What is parallel to
/// it is looked at with the heads.
fn proven(world: &World<'_>, project: &Project) -> Result<Vec<Diagnostic>, Failure> {
    let (marks, keys) = (Proofs::open(world), own_keys(project));
    // What another tool wrote records nothing by itself; the adoption behind it records what all of it leads to.
    let unproven = |at: &usize| project.revisions[*at].files.is_none() && !marks.has(&keys[*at]);
    let open: Vec<usize> = (0..keys.len()).filter(unproven).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let server = devdb::open(&world.dev_options())?;
    let (records, mut found) = (project.records().map_err(Failure::Findings)?, server.findings());
    let mut states = States::new(project, &records);
    let mut prover = Prover::new(&server);
    for at in open {
        let revision = &project.revisions[at];
        world.screen.doing("Proving", revision.id.as_str());
        let history = project.up_to(&revision.id).migrations();
        let before = states.before(at);
        let after = after(before.clone(), &records[at].1);
        let folder = format!("{}/{}", project.shown, revision.id);
        let proof = if revision.head.adopted.is_some() {
            prove_adoption(&server, &history, &after, &folder)?.into_iter().collect()
        } else {
            prove_one(&mut prover, &history, (&before, &after), &records[at].1, &folder)?
        };
        if !stops(&proof) {
            marks.add(&keys[at]);
        }
        found.extend(proof);
    }
    prover.keep()?;
    Ok(found)
}

fn prove_one(
    prover: &mut Prover<'_>,
    history: &[Migration],
    (before, after): (&Schema, &Schema),
    record: &RevisionRecord,
    folder: &str,
) -> Result<Vec<Diagnostic>, Failure> {
    let Some((revision, history)) = history.split_last() else { return Ok(Vec::new()) };
    let difference = difference(before, after, &renames(record));
    let job = Job { history, revision, before, after, difference: &difference };
    Ok(prover.prove(&job)?.into_iter().map(|found| of_revision(found, folder)).collect())
}

/// The declared schemas that revisions start from.
struct States<'p> {
    project: &'p Project,
    records: &'p [(&'p RevisionId, RevisionRecord)],
    /// The last one, and the revision that it comes after: most histories are one line.
    last: Option<(RevisionId, Schema)>,
}

impl<'p> States<'p> {
    fn new(project: &'p Project, records: &'p [(&'p RevisionId, RevisionRecord)]) -> States<'p> {
        States { project, records, last: None }
    }

    fn before(&mut self, at: usize) -> Schema {
        let (id, record) = &self.records[at];
        let parents = self.project.graph.parents(id);
        let before = match &self.last {
            Some((parent, schema)) if parents.as_slice() == std::slice::from_ref(parent) => schema.clone(),
            _ => {
                let earlier: BTreeSet<RevisionId> = self.project.graph.ancestors(id).into_iter().collect();
                let earlier = self.records[..at].iter().filter(|(id, _)| earlier.contains(*id));
                fold_fitting(self.project.others.schema.clone(), earlier.flat_map(|(_, record)| &record.changes))
            }
        };
        self.last = Some(((*id).clone(), after(before.clone(), record)));
        before
    }
}

/// Whether the adopted migrations lead to what their adoption records, as it is spelled or as PostgreSQL spells it.
fn prove_adoption(
    server: &DevServer,
    history: &[Migration],
    recorded: &Schema,
    folder: &str,
) -> Result<Option<Diagnostic>, Failure> {
    let there = observed_history(server, history)?;
    if there == *recorded {
        return Ok(None);
    }
    let differences = compare(&built(server, recorded)?, &there);
    if differences.is_empty() {
        return Ok(None);
    }
    let message = format!("{folder}: the adopted migrations lead to another schema than it records");
    let finding =
        differences.iter().fold(Diagnostic::error(UP_DIFFERS, message), |finding, one| finding.note(one.to_string()));
    Ok(Some(finding.help("remove its folder and adopt again, if no database has it yet: cargo schema init --from")))
}

/// The recorded schema one revision later. A merge may stand behind two lines that fold in one order only.
fn after(before: Schema, record: &RevisionRecord) -> Schema {
    fold_fitting(before, record.changes.iter())
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

/// What a named database shows.
struct Looked {
    findings: Vec<Diagnostic>,
    /// Its name and how it differs from what its ledger says, when that could be seen.
    drift: Option<(String, Drift)>,
}

/// Revisions that a named database has in another form, and what it has that no revision made.
fn database(world: &World<'_>, project: &Project) -> Result<Option<Looked>, Failure> {
    if world.config.database_url.is_none() {
        return Ok(None);
    }
    let mut database = Database::connect(world)?;
    let status = world.migrator(project, false).status(&mut database.client);
    let status = status.map_err(|error| world.apply_failure(project, error))?;
    let name = database.name();
    let mut findings: Vec<Diagnostic> = status.edited.iter().map(|id| edited(project, &name, id)).collect();
    let drift = drift::from_ledger(world, project, &mut database, &status, drift::Server::Started)?;
    let drifted = drift.as_ref().and_then(|drift| drift::finding(&name, drift));
    let drifted = drifted.map(|finding| Diagnostic { severity: Severity::Error, ..finding });
    findings.extend(world.config.lints.apply(drifted.into_iter().collect()));
    findings.extend(
        drift.as_ref().and_then(|drift| not_managed::finding(&format!("the database {name}"), &drift.unmanaged)),
    );
    Ok(Some(Looked { findings, drift: drift.map(|drift| (name, drift)) }))
}

fn edited(project: &Project, name: &str, id: &RevisionId) -> Diagnostic {
    let file = project.shown_file(id, "up.sql");
    let message =
        format!("`{id}` was edited after it was applied to {name}, so that database does not have what it says");
    Diagnostic::error(REVISION_EDITED, message)
        .help(format!("give {file} back what it had (git log -p -- {file}), and put the change into a new revision"))
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
