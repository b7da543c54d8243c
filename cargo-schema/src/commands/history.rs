//! `cargo schema history`: the revisions in the order they are applied, with the heads marked.
//!
//! Files only. Defects of the history are shown above what can be made out.

use std::collections::BTreeSet;

use schema_core::diagnostic::stops;
use schema_core::history::RevisionId;
use serde_json::json;

use super::Outcome;
use super::failure::Failure;
use super::world::World;
use crate::cli::arguments::History;
use crate::cli::exit::Exit;
use crate::project::Project;
use crate::report::table::{Cell, Color, aligned};

pub(super) fn run(world: &World<'_>, options: &History) -> Result<Outcome, Failure> {
    let project = world.project()?;
    let heads: BTreeSet<RevisionId> = project.graph.heads().into_iter().collect();
    let lanes = if options.graph { lanes(&project) } else { vec![String::new(); project.revisions.len()] };
    let rows: Vec<Vec<Cell>> = project
        .revisions
        .iter()
        .zip(lanes)
        .map(|(revision, lane)| {
            let head = if heads.contains(&revision.id) { Cell::new("head", Color::Good) } else { Cell::default() };
            let cells = [Cell::new(revision.id.as_str(), Color::Name), head, revision.head.message.as_str().into()];
            let lane = options.graph.then(|| Cell::from(lane));
            lane.into_iter().chain(cells).collect()
        })
        .collect();
    let text = match rows.len() {
        0 => format!("no revisions in {}; to make the first one: cargo schema generate\n", project.shown),
        _ => aligned(&rows, world.screen.out),
    };
    let exit = if stops(&project.findings) { Exit::Findings } else { Exit::Done };
    let result = json!({
        "migrations": project.shown,
        "heads": heads.iter().map(RevisionId::as_str).collect::<Vec<_>>(),
        "revisions": project.revisions.iter().map(|revision| json!({
            "id": revision.id.as_str(),
            "message": revision.head.message,
            "parents": revision.head.parents.iter().map(RevisionId::as_str).collect::<Vec<_>>(),
            "head": heads.contains(&revision.id),
        })).collect::<Vec<_>>(),
    });
    Ok(Outcome { exit, ..Outcome::done(text, result).with_findings(project.findings) })
}

/// One column a line of descent: `*` where the revision stands, `|` where one passes by, `+` where one ends in it.
fn lanes(project: &Project) -> Vec<String> {
    let mut open: Vec<Option<RevisionId>> = Vec::new();
    let mut lines = Vec::new();
    for revision in &project.revisions {
        let ends_here =
            |lane: &Option<RevisionId>| lane.as_ref().is_some_and(|id| last_child(project, id) == Some(&revision.id));
        let free = |lane: &Option<RevisionId>| lane.is_none();
        let own = open.iter().position(ends_here).or_else(|| open.iter().position(free)).unwrap_or(open.len());
        if own == open.len() {
            open.push(None);
        }
        let symbols = open.iter().enumerate().map(|(at, lane)| match lane {
            _ if at == own => "*",
            Some(_) if ends_here(lane) => "+",
            Some(_) => "|",
            None => " ",
        });
        lines.push(symbols.collect::<Vec<_>>().join(" ").trim_end().to_owned());
        for lane in &mut open {
            if ends_here(lane) {
                *lane = None;
            }
        }
        open[own] = last_child(project, &revision.id).map(|_| revision.id.clone());
    }
    lines
}

/// The child that stands last in the order; the parent's line ends there.
fn last_child<'p>(project: &'p Project, id: &RevisionId) -> Option<&'p RevisionId> {
    let children = project.graph.children(id);
    project.graph.order().iter().rev().find(|later| children.contains(later))
}
