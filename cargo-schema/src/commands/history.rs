//! `cargo schema history`: the revisions in the order they are applied, with the heads marked, and how each stands in the database when
//! one is at hand.
//!
//! Defects of the history are shown above what can be made out. Revisions that only the database has stand where their parents put them.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::diagnostic::stops;
use schema_core::history::{Graph, RevisionId};
use serde_json::{Value, json};

use super::Outcome;
use super::failure::Failure;
use super::states::{State, States, applied_json};
use super::world::World;
use crate::cli::arguments::History;
use crate::cli::exit::Exit;
use crate::project::Project;
use crate::report::lanes::{Lane, lanes};
use crate::report::table::{Cell, Color, aligned};

pub(super) fn run(world: &World<'_>, options: &History) -> Result<Outcome, Failure> {
    let project = world.project()?;
    let exit = if stops(&project.findings) { Exit::Findings } else { Exit::Done };
    let states = if exit == Exit::Done { States::at_hand(world, &project) } else { None };
    let graph = whole(&project, states.as_ref());
    let rows = rows(&project, states.as_ref(), &graph, options.graph);
    let text = match rows.len() {
        0 => format!("no revisions in {}; to make the first one: cargo schema generate\n", project.shown),
        _ => aligned(&rows, world.screen.out),
    };
    let result = result(&project, states.as_ref());
    Ok(Outcome { exit, ..Outcome::done(text, result).with_findings(project.findings) })
}

/// The graph with what only the database has.
fn whole(project: &Project, states: Option<&States>) -> Graph {
    let foreign = states.into_iter().flat_map(States::foreign).map(|row| (row.id.clone(), row.parents.clone()));
    let mut foreign = foreign.peekable();
    if foreign.peek().is_none() {
        return project.graph.clone();
    }
    let own = project.graph.order().iter().map(|id| (id.clone(), project.graph.parents(id)));
    // What was applied before a rebase may name parents that are gone.
    Graph::with_defects(own.chain(foreign)).0
}

fn rows(project: &Project, states: Option<&States>, graph: &Graph, drawn: bool) -> Vec<Vec<Cell>> {
    let heads: BTreeSet<RevisionId> = project.graph.heads().into_iter().collect();
    let messages: BTreeMap<&RevisionId, &str> = states
        .into_iter()
        .flat_map(States::foreign)
        .map(|row| (&row.id, row.message.as_str()))
        .chain(project.revisions.iter().map(|revision| (&revision.id, revision.head.message.as_str())))
        .collect();
    let lanes = if drawn { lanes(graph) } else { vec![Lane::default(); graph.order().len()] };
    let mut rows = Vec::new();
    for (id, lane) in graph.order().iter().zip(lanes) {
        let head = if heads.contains(id) { Cell::new("head", Color::Good) } else { Cell::default() };
        let state = states.map(|states| states.of(id).cell());
        let message = Cell::from(messages.get(id).copied().unwrap_or_default());
        let line = |text: String| vec![Cell::from(text)];
        rows.extend(lane.closing.map(line));
        let lane_cell = drawn.then(|| Cell::from(lane.row));
        let cells = lane_cell.into_iter().chain([Cell::new(id.as_str(), Color::Name), head]);
        rows.push(cells.chain(state).chain([message]).collect());
        rows.extend(lane.opening.map(line));
    }
    rows
}

fn result(project: &Project, states: Option<&States>) -> Value {
    let heads = project.graph.heads();
    let revisions = project.revisions.iter().map(|revision| {
        json!({
            "id": revision.id.as_str(),
            "message": revision.head.message,
            "parents": revision.head.parents.iter().map(RevisionId::as_str).collect::<Vec<_>>(),
            "head": heads.contains(&revision.id),
            "state": states.map(|states| states.of(&revision.id)).map(State::word),
        })
    });
    let foreign = |states: &States| states.foreign().map(applied_json).collect::<Vec<_>>();
    json!({
        "migrations": project.shown,
        "database": states.map(|states| &states.database.shown),
        "heads": heads.iter().map(RevisionId::as_str).collect::<Vec<_>>(),
        "revisions": revisions.collect::<Vec<_>>(),
        "foreign": states.map(foreign),
    })
}
