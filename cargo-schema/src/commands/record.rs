//! `cargo schema record`: the changes that a revision records are derived again from what its SQL does.
//!
//! The SQL runs on the dev database only; `revision.toml` is written when what it would say is proven, up, down and up again.

use schema_core::Schema;
use schema_core::diagnostic::{Code, Diagnostic, Severity, stops};
use schema_core::diff::difference;
use schema_core::history::{RevisionId, RevisionRecord};
use serde_json::json;

use super::declared::Sources;
use super::failure::Failure;
use super::remove::own;
use super::show::resolve;
use super::world::World;
use super::{Outcome, not_managed};
use crate::catalog::{Observed, Unmanaged};
use crate::cli::arguments::Record;
use crate::devdb::{self, DevServer};
use crate::ops::prove::{Job, ProofError, built, prove};
use crate::ops::record::{Spelled, Step, declared_after, step};
use crate::project::{Project, RevisionDir, replace_file};
use crate::report::changes;

/// A revision changes an object that no revision before it records.
pub const RECORD_BEFORE_MISSING: Code = Code::new("record-before-missing");

pub(super) fn run(world: &World<'_>, options: &Record) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    let id = resolve(world, &project, &options.revision)?;
    let revision = own(&project, &id)?;
    let earlier = before(&project, &id);
    let recorded = earlier.schema().map_err(Failure::Findings)?;
    let server = devdb::open(&world.dev_options())?;
    let step = step(&server, &earlier.migrations(), &revision.migration())?;
    let after = declared(world, &server, &project, &id, &recorded, &step)?;
    let made = difference(&recorded, &after, &step.renames);
    let (history, migration) = (earlier.migrations(), revision.migration());
    let job = Job { history: &history, revision: &migration, before: &recorded, after: &after, difference: &made };
    let mut findings = server.findings();
    findings.extend(prove(&server, &job)?);
    if stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    let mut record = RevisionRecord::new(revision.head.message.clone(), revision.head.parents.clone(), made.changes());
    record.adopted.clone_from(&revision.head.adopted);
    record.replaces.clone_from(&revision.head.replaces);
    let text = record.to_string();
    let changed = text != revision.record;
    if changed && !options.dry_run {
        replace_file(&project.folder, &id, "revision.toml", &text)?;
    }
    findings.extend(not_managed::finding("the revision", &unmanaged(&step)));
    findings.extend(later(&project, &id, text));
    Ok(outcome(world, &project, &id, &record, changed, options.dry_run).with_findings(findings))
}

/// The history below a revision.
fn before(project: &Project, id: &RevisionId) -> Project {
    let mut earlier = project.up_to(id);
    earlier.revisions.retain(|revision| revision.id != *id);
    earlier
}

/// The declared schema after the revision, in the words of the structs where they say the same.
fn declared(
    world: &World<'_>,
    server: &DevServer,
    project: &Project,
    id: &RevisionId,
    before: &Schema,
    step: &Step,
) -> Result<Schema, Failure> {
    let structs = match world.location.is_some() {
        true => Sources::of(world)?.structs(world)?,
        false => return declared_after(before, step, None).map_err(|unknown| missing(project, id, &unknown)),
    };
    // Structs that are not sound yet have no words to give.
    let schema = if stops(structs.findings()) { Schema::default() } else { structs.schema().clone() };
    // Nor have structs that PostgreSQL refuses; what is theirs to correct is for `generate` to say.
    let observed = match built(server, &schema) {
        Err(ProofError::Statement(_)) => Schema::default(),
        other => other?,
    };
    let spelled = Spelled { declared: &schema, observed: &observed };
    declared_after(before, step, Some(spelled)).map_err(|unknown| missing(project, id, &unknown))
}

fn missing(project: &Project, id: &RevisionId, unknown: &[schema_core::ObjectId]) -> Failure {
    let finding = |object: &schema_core::ObjectId| {
        let kind = object.kind.words();
        let message = format!(
            "`{id}` changes {kind} `{object}`, which no revision before it records, so there is nothing to record a change of"
        );
        let earlier = project.graph.ancestors(id);
        let finding = Diagnostic::error(RECORD_BEFORE_MISSING, message);
        match earlier.last() {
            Some(last) => finding
                .help(format!("record the revision that makes it first, for example: cargo schema record {last}")),
            None => finding.help("make the object in this revision, or take over what is there: cargo schema pull"),
        }
    };
    Failure::Findings(unknown.iter().map(finding).collect())
}

/// What the revision makes and no record can hold.
fn unmanaged(step: &Step) -> Vec<Unmanaged> {
    let of = |observed: &Observed| observed.unmanaged.clone();
    let before = of(&step.before);
    of(&step.after).into_iter().filter(|one| !before.contains(one)).collect()
}

/// Whether the revisions after it still fit.
fn later(project: &Project, id: &RevisionId, text: String) -> Vec<Diagnostic> {
    let mut project = project.clone();
    let of = |revision: &&mut RevisionDir| revision.id == *id;
    project.revisions.iter_mut().find(of).into_iter().for_each(|revision| revision.record.clone_from(&text));
    let found = project.schema().err().unwrap_or_default().into_iter();
    let open = |finding: Diagnostic| {
        let finding = Diagnostic { severity: Severity::Warning, help: Vec::new(), ..finding };
        finding.help(
            "a later revision builds on what this one recorded before; record it as well: cargo schema record REV",
        )
    };
    found.map(open).collect()
}

fn outcome(
    world: &World<'_>,
    project: &Project,
    id: &RevisionId,
    record: &RevisionRecord,
    changed: bool,
    dry_run: bool,
) -> Outcome {
    let file = project.shown_file(id, "revision.toml");
    let written = changed && !dry_run;
    let list = match record.changes.len() {
        0 => "its SQL changes no object\n".to_owned(),
        _ => changes::text(&record.changes, world.screen.out),
    };
    let end = match (changed, dry_run) {
        (false, _) => format!("nothing to do: {file} says so already\n"),
        (true, true) => format!("{file} would be written\n"),
        (true, false) => format!("written: {file}; proven: up, down and up again\n"),
    };
    let result = json!({ "id": id.as_str(), "written": written, "changes": changes::json(&record.changes) });
    Outcome::done(format!("{list}\n{end}"), result)
}
