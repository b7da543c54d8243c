//! `cargo schema rebase`: a branch of the history planned again on the other one, so that one line is left.
//!
//! The revisions get new ids: a database that has the old ones sees that they are gone, and nobody takes the new text for the old one.
//! All of them are proven before the first is written, and the old ones are removed when the last is.

use std::collections::BTreeSet;

use schema_core::diagnostic::{Diagnostic, Severity, stops};
use schema_core::history::{Migration, RevisionId, RevisionRecord, fold};
use schema_core::lint::hazard_findings;
use schema_core::plan::Hints;
use schema_core::{Change, Schema};

use super::Outcome;
use super::declared::{Sources, Structs};
use super::failure::Failure;
use super::generate::{new_id_called, write};
use super::rebase_report::{Step, outcome};
use super::show::resolve;
use super::world::World;
use crate::cli::arguments::Rebase;
use crate::devdb::{self, DevServer};
use crate::ops::found;
use crate::ops::prove::{Job, prove};
use crate::ops::rebase::{Moved, Planted, Target, planted, targets};
use crate::project::{Project, RevisionDir, remove_revision};
use crate::report::Problem;

type Records<'p> = [(&'p RevisionId, RevisionRecord)];

pub(super) fn run(world: &World<'_>, options: &Rebase) -> Result<Outcome, Failure> {
    let project = world.sound_project()?;
    let records = project.records().map_err(Failure::Findings)?;
    let place = Place::of(world, &project, options)?;
    let base = project.only(|id| place.base.contains(id));
    // Heads that conflict among themselves make no place to stand on.
    base.schema().map_err(Failure::Findings)?;
    let structs = if place.is_all(&project) { structs(world)? } else { None };
    let nothing = Hints::default();
    let hints = structs.as_ref().map_or(&nothing, |structs| structs.declared().hints);
    let server = devdb::open(&world.dev_options())?;
    let line = line(&server, &project, &records, &place)?;
    kept(world, options, &project, &line, hints)?;
    let fork = fold_of(&records, |id| place.shared.contains(id))?;
    let other_line = records.iter().filter(|(id, _)| place.base.contains(*id) && !place.shared.contains(*id));
    let other_line: Vec<Change> = other_line.flat_map(|(_, record)| record.changes.clone()).collect();
    let goal = structs.as_ref().map(Structs::schema);
    let targets = targets(&fork, &other_line, &line, goal);
    let planted = planned(&server, &base, &line, targets, hints)?;
    let findings = judged(&planted, options.allow_data_loss, structs.as_ref());
    if stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    let steps = named(&project, &base, &planted, &line);
    let mut findings = [server.findings(), findings].concat();
    findings.extend(proven(world, &server, &base, &steps)?);
    if stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    if !options.dry_run {
        replace(world, &base, &steps)?;
    }
    Ok(outcome(world, &project, &steps, options.dry_run).with_findings(findings))
}

/// Which revisions move, and where to.
struct Place {
    /// What they come after, with all that comes before it.
    base: BTreeSet<RevisionId>,
    /// The revisions that move, in their order.
    line: Vec<RevisionId>,
    /// The part of the base that they were made on.
    shared: BTreeSet<RevisionId>,
}

impl Place {
    fn of(world: &World<'_>, project: &Project, options: &Rebase) -> Result<Place, Failure> {
        let graph = &project.graph;
        let with_ancestors = |id: &RevisionId| graph.ancestors(id).into_iter().chain([id.clone()]).collect::<Vec<_>>();
        let moving = resolve(world, project, &options.revision)?;
        let after: BTreeSet<RevisionId> = graph.descendants(&moving).into_iter().chain([moving.clone()]).collect();
        let (own, others): (Vec<RevisionId>, Vec<RevisionId>) =
            graph.heads().into_iter().partition(|head| after.contains(head));
        let onto = match &options.onto {
            Some(text) => vec![resolve(world, project, text)?],
            None => others,
        };
        let base: BTreeSet<RevisionId> = onto.iter().flat_map(with_ancestors).collect();
        if base.is_empty() {
            return Err(Failure::usage(&format!(
                "no other head is there that `{moving}` could come after, so there is nothing to rebase\n\
                 help: to see the heads: cargo schema history --graph"
            )));
        }
        if base.contains(&moving) {
            return Err(Failure::usage(&format!(
                "`{moving}` is on both sides already; name a revision of the branch that is to move\n\
                 help: to see the branches: cargo schema history --graph"
            )));
        }
        let own: BTreeSet<RevisionId> = own.iter().flat_map(with_ancestors).collect();
        let line = graph.order().iter().filter(|id| own.contains(*id) && !base.contains(*id)).cloned();
        let line: Vec<RevisionId> = line.collect();
        let is_adopted = |dir: &&RevisionDir| dir.files.is_some() || dir.head.adopted.is_some();
        if let Some(adopted) = project.revisions.iter().filter(is_adopted).find(|dir| line.contains(&dir.id)) {
            return Err(Failure::usage(&format!(
                "`{}` was adopted from another tool, which knows it by its name, so it cannot be planned again\n\
                 help: rebase the other branch",
                adopted.id
            )));
        }
        let is_checkpoint = |dir: &&RevisionDir| !dir.head.replaces.is_empty() && line.contains(&dir.id);
        if let Some(checkpoint) = project.revisions.iter().find(is_checkpoint) {
            return Err(Failure::usage(&format!(
                "`{}` is a checkpoint, and stands for revisions where they are\n\
                 help: rebase the other branch, or remove the checkpoint and squash again afterwards",
                checkpoint.id
            )));
        }
        Ok(Place { shared: own.intersection(&base).cloned().collect(), line, base })
    }

    /// Whether no revision is left out, so that the structs stand for the end of the line.
    fn is_all(&self, project: &Project) -> bool {
        self.base.len() + self.line.len() == project.revisions.len()
    }
}

/// The structs, where there is a cargo project with some.
fn structs(world: &World<'_>) -> Result<Option<Structs>, Failure> {
    if world.location.is_none() {
        return Ok(None);
    }
    Sources::of(world)?.sound(world).map(Some)
}

/// What some of the revisions record, folded in the order of the history.
pub(super) fn fold_of(records: &Records<'_>, keep: impl Fn(&RevisionId) -> bool) -> Result<Schema, Failure> {
    let kept = records.iter().filter(|(id, _)| keep(id)).map(|(id, record)| (*id, record));
    fold(kept).map_err(|error| Failure::Refused(Problem::told(&error.to_string())))
}

/// The revisions that move, each with the schema that its author had.
fn line<'p>(
    server: &DevServer,
    project: &Project,
    records: &'p Records<'p>,
    place: &Place,
) -> Result<Vec<Moved<'p>>, Failure> {
    let mut line = Vec::with_capacity(place.line.len());
    for (id, record) in records.iter().filter(|(id, _)| place.line.contains(id)) {
        let own = project.up_to(id);
        let before = fold_of(records, |other| other != *id && own.graph.contains(other))?;
        let after = fold_of(records, |other| own.graph.contains(other))?;
        let history = own.migrations();
        let Some((migration, earlier)) = history.split_last() else { continue };
        // What views need is in no record.
        let before = found::recorded(server, &before, earlier)?;
        let after = found::declared(server, &after)?;
        line.push(Moved { migration: migration.clone(), record, before, after });
    }
    Ok(line)
}

/// The revisions on their new place. What views need there is found where each of them leads.
fn planned(
    server: &DevServer,
    base: &Project,
    line: &[Moved<'_>],
    targets: Vec<Target>,
    hints: &Hints,
) -> Result<Vec<Planted>, Failure> {
    let history = base.migrations();
    let mut plants = Vec::with_capacity(line.len());
    for (at, (moved, mut target)) in line.iter().zip(targets).enumerate() {
        target.before = match at {
            0 => found::recorded(server, &target.before, &history)?,
            _ => found::declared(server, &target.before)?,
        };
        target.after = found::declared(server, &target.after)?;
        plants.push(planted(moved, target, hints));
    }
    Ok(plants)
}

/// Asks about SQL that nothing generated.
fn kept(
    world: &World<'_>,
    options: &Rebase,
    project: &Project,
    line: &[Moved<'_>],
    hints: &Hints,
) -> Result<(), Failure> {
    let by_hand: Vec<String> = line
        .iter()
        .filter(|moved| moved.is_hand_written(hints))
        .map(|moved| project.shown_file(&moved.migration.id, "up.sql"))
        .collect();
    if options.keep_sql || by_hand.is_empty() {
        return Ok(());
    }
    let files = by_hand.join(", ");
    world.confirm(
        &format!("{files}: written or edited by hand, and cannot be planned again; keep it as it is?"),
        &format!(
            "{files}: written or edited by hand, so it cannot be planned again on the other branch; nothing was done\n\
             help: read it; if it is right after the other branch too: cargo schema rebase {} --keep-sql\n\
             help: if not, correct it there first, and prove it with --keep-sql --dry-run",
            options.revision
        ),
    )
}

/// What the new place costs that the old one did not, and names that are taken there.
fn judged(planted: &[Planted], allow_data_loss: bool, structs: Option<&Structs>) -> Vec<Diagnostic> {
    let place_of = |id: &schema_core::ObjectId| structs.and_then(|structs| structs.place_of(id));
    let hazards = planted.iter().flat_map(|one| hazard_findings(&one.hazards, &place_of));
    let found = hazards.map(|finding| match allow_data_loss {
        true => Diagnostic { severity: Severity::Warning, help: Vec::new(), ..finding },
        false => {
            let help = finding.help.iter().map(|help| help.replace("cargo schema generate", "cargo schema rebase"));
            Diagnostic { help: help.collect(), ..finding }
        }
    });
    found.collect()
}

/// The revisions with their new names and parents.
fn named(project: &Project, base: &Project, planted: &[Planted], line: &[Moved<'_>]) -> Vec<Step> {
    let mut parents = base.graph.heads();
    let mut taken: Vec<RevisionId> = project.revisions.iter().map(|dir| dir.id.clone()).collect();
    let mut steps = Vec::with_capacity(planted.len());
    for (one, moved) in planted.iter().zip(line) {
        if one.is_empty() {
            steps.push(Step { planted: one.clone(), new: None });
            continue;
        }
        let id = new_id_called(one.old.name(), taken.iter());
        taken.push(id.clone());
        let record = RevisionRecord::new(moved.record.message.clone(), parents, one.difference.changes());
        let migration = Migration {
            id: id.clone(),
            parents: record.parents.clone(),
            message: record.message.clone(),
            up: one.up.clone().into(),
            down: one.down.clone().map(Into::into),
            adopted: None,
            replaces: Vec::new(),
        };
        parents = vec![id];
        steps.push(Step { planted: one.clone(), new: Some((migration, record)) });
    }
    steps
}

/// Proves each of the new revisions on those before it.
fn proven(world: &World<'_>, server: &DevServer, base: &Project, steps: &[Step]) -> Result<Vec<Diagnostic>, Failure> {
    let (mut history, mut found) = (base.migrations(), Vec::new());
    for step in steps {
        let Some((migration, _)) = &step.new else { continue };
        let Planted { before, after, difference, .. } = &step.planted;
        let job = Job { history: &history, revision: migration, before, after, difference };
        let proof = prove(server, &job)?;
        if stops(&proof) {
            return Ok(proof);
        }
        world.screen.doing("Proven", migration.id.as_str());
        found.extend(proof);
        history.push(migration.clone());
    }
    Ok(found)
}

/// Writes the new folders, and then removes the old ones: who is interrupted has both and rebases again.
fn replace(world: &World<'_>, base: &Project, steps: &[Step]) -> Result<(), Failure> {
    let mut there = base.clone();
    for (migration, record) in steps.iter().filter_map(|step| step.new.as_ref()) {
        write(world, &there, migration, record, true)?;
        let (up, down) = (migration.up.to_string(), migration.down.as_ref().map(ToString::to_string));
        there.revisions.push(RevisionDir { up, down, record: record.to_string(), ..RevisionDir::named(&migration.id) });
    }
    for step in steps.iter().rev() {
        let heir = step.new.as_ref().map(|(migration, _)| &migration.id);
        remove_revision(&base.folder, &step.planted.old, heir)?;
        world.screen.doing("Removed", &format!("{}/{}", base.shown, step.planted.old));
    }
    Ok(())
}
