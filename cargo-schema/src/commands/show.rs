//! `cargo schema show`: one revision with its SQL, and how it stands in the database when one is at hand.
//!
//! A revision that only the database has is shown as its ledger has it.

use schema_core::ObjectId;
use schema_core::history::{Migration, RevisionId};
use schema_runtime::ApplyError;
use serde_json::{Value, json};

use super::Outcome;
use super::drift::{self, by_revision};
use super::failure::Failure;
use super::states::{State, States, applied_json, applied_words};
use super::world::World;
use crate::cli::arguments::Show;
use crate::project::{Project, RevisionDir};
use crate::report::Paint;
use crate::report::table::{Cell, Color, aligned};

/// What is shown of a revision.
struct Shown {
    migration: Migration,
    children: Vec<RevisionId>,
    /// Where it is; none when only the database has it.
    folder: Option<String>,
    /// What the database has otherwise by now of what the revision made.
    drifted: Vec<ObjectId>,
}

pub(super) fn run(world: &World<'_>, options: &Show) -> Result<Outcome, Failure> {
    let project = world.project()?;
    let mut states = States::at_hand(world, &project);
    let shown = match resolve(world, &project, &options.revision) {
        Ok(id) => {
            let revision = project.revision(&id).ok_or_else(|| Failure::Findings(project.findings.clone()))?;
            here(world, &project, revision, states.as_mut())
        }
        Err(unknown) => match states.as_mut().and_then(|states| foreign(world, &project, states, &options.revision)) {
            Some(shown) => shown,
            None => return Err(unknown),
        },
    };
    Ok(drawn(world.screen.out, &shown, states.as_ref()))
}

fn here(world: &World<'_>, project: &Project, revision: &RevisionDir, states: Option<&mut States>) -> Shown {
    let drift = states.and_then(|states| drift::at_hand(world, project, &mut states.database, &states.status));
    let drifted = drift.and_then(|drift| by_revision(project, &drift).remove(&revision.id)).unwrap_or_default();
    Shown {
        migration: revision.migration(),
        children: project.graph.children(&revision.id),
        folder: Some(format!("{}/{}", project.shown, revision.id)),
        drifted: drifted.into_iter().collect(),
    }
}

/// A revision of another branch, by its id or a part of it.
fn foreign(world: &World<'_>, project: &Project, states: &mut States, text: &str) -> Option<Shown> {
    let fits: Vec<RevisionId> =
        states.foreign().map(|row| row.id.clone()).filter(|id| id.as_str().contains(text)).collect();
    let [id] = fits.as_slice() else { return None };
    let migrator = world.migrator(project, true);
    let migration = match migrator.recorded(&mut states.database.client, id) {
        Ok(found) => found?,
        // Only the owner of the ledger may read texts; the rest is worth showing.
        Err(_) => {
            let row = states.row(id)?;
            let (up, down) = (String::new().into(), None);
            Migration {
                id: id.clone(),
                parents: row.parents.clone(),
                message: row.message.clone(),
                up,
                down,
                adopted: None,
                replaces: Vec::new(),
            }
        }
    };
    let children = states.status.applied.iter().filter(|row| row.parents.contains(id)).map(|row| row.id.clone());
    Some(Shown { migration, children: children.collect(), folder: None, drifted: Vec::new() })
}

fn drawn(paint: Paint, shown: &Shown, states: Option<&States>) -> Outcome {
    let Shown { migration, children, folder, drifted } = shown;
    let id = &migration.id;
    let or = |list: &[RevisionId], nothing: &str| if list.is_empty() { nothing.to_owned() } else { joined(list) };
    let mut rows = vec![
        vec![Cell::from("revision"), Cell::new(id.as_str(), Color::Name)],
        vec![Cell::from("message"), migration.message.as_str().into()],
        vec![Cell::from("after"), or(&migration.parents, "nothing, it is the first").into()],
        vec![Cell::from("before"), or(children, "nothing, it is a head").into()],
    ];
    rows.extend(folder.as_ref().map(|folder| vec![Cell::from("folder"), folder.as_str().into()]));
    if !migration.replaces.is_empty() {
        rows.push(vec![Cell::from("stands for"), joined(&migration.replaces).into()]);
    }
    if let Some(states) = states {
        rows.push(vec![Cell::from("state"), states.of(id).cell()]);
        rows.extend(states.row(id).map(|row| vec![Cell::from("applied"), applied_words(row).into()]));
    }
    let names: Vec<String> = drifted.iter().map(|object| format!("{} {object}", object.kind.words())).collect();
    if !names.is_empty() {
        rows.push(vec![Cell::from("drifted"), Cell::new(names.join(", "), Color::Bad)]);
    }
    let mut text = aligned(&rows, paint);
    text.push_str(&section(paint, "up.sql", Some(&migration.up)));
    text.push_str(&section(paint, "down.sql", migration.down.as_deref()));
    Outcome::done(text, result(shown, states))
}

fn result(shown: &Shown, states: Option<&States>) -> Value {
    let Shown { migration, children, folder, drifted } = shown;
    let ids = |ids: &[RevisionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let drifted = drifted.iter().map(|object| json!({ "kind": object.kind.words(), "name": object.to_string() }));
    json!({
        "id": migration.id.as_str(),
        "message": migration.message,
        "parents": ids(&migration.parents),
        "children": ids(children),
        "folder": folder,
        "replaces": ids(&migration.replaces),
        "transactional": migration.transactional(),
        "checksum": migration.checksum(),
        "state": states.map(|states| states.of(&migration.id)).map(State::word),
        "applied": states.and_then(|states| states.row(&migration.id)).map(applied_json),
        "drifted": drifted.collect::<Vec<_>>(),
        "up": &*migration.up,
        "down": migration.down.as_deref(),
    })
}

/// The revision that is meant by its id, a part of it, or `head`.
pub(super) fn resolve(world: &World<'_>, project: &Project, text: &str) -> Result<RevisionId, Failure> {
    let heads = project.graph.heads();
    match (text, heads.as_slice()) {
        ("head" | "heads", [head]) => Ok(head.clone()),
        _ => project.graph.resolve(text).map_err(|error| world.apply_failure(project, ApplyError::Target(error))),
    }
}

fn joined(ids: &[RevisionId]) -> String {
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}

fn section(paint: Paint, name: &str, text: Option<&str>) -> String {
    let title = paint.strong(&format!("-- {name}"));
    match text.map(str::trim_end) {
        None => format!("\n{title}\n{}\n", paint.dim("-- there is none, so the revision cannot be undone")),
        Some("") => format!("\n{title}\n{}\n", paint.dim("-- empty")),
        Some(text) => format!("\n{title}\n{text}\n"),
    }
}
