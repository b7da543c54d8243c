//! How `status` looks, for people and for programs.
//!
//! Facts come from [`super::status`].

use std::collections::{BTreeMap, BTreeSet};

use schema_core::ObjectId;
use schema_core::history::RevisionId;
use schema_runtime::apply::{Applied, Direction};
use serde_json::{Value, json};

use super::declared::Standing;
use super::drift::by_revision;
use super::states::applied_json;
use super::status::Picture;
use super::template::in_words;
use crate::project::Project;
use crate::report::Paint;
use crate::report::table::{Cell, Color, aligned};

/// For people: a line for each of the three, then the revisions that need a look, then what to type.
pub(super) fn text(picture: &Picture<'_>, paint: Paint) -> String {
    let mut text = aligned(&summary(picture), paint);
    let attention = attention(picture);
    if !attention.is_empty() {
        text.push('\n');
        text.push_str(&aligned(&attention, paint));
    }
    let next = next(picture);
    if !next.is_empty() {
        text.push('\n');
        next.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    text
}

fn summary(picture: &Picture<'_>) -> Vec<Vec<Cell>> {
    let Picture { project, status, .. } = picture;
    let heads = project.graph.heads();
    let head = match heads.as_slice() {
        [] => String::new(),
        [one] => format!("head {one}"),
        several => format!("{} heads: {}", several.len(), ids(several).join(", ")),
    };
    let applied = applied(picture);
    let last = applied.last().map(|row| format!("last {}", row.id)).unwrap_or_default();
    let state = match (status.is_current(), status.pending.len()) {
        (true, _) => Cell::new("up to date", Color::Good),
        (false, 0) => Cell::new("needs a look", Color::Bad),
        (false, pending) => Cell::new(format!("{pending} pending"), Color::Open),
    };
    let structs = match &picture.structs {
        None => Cell::new("not compared", Color::Dim),
        Some(standing) if standing.differences == 0 => Cell::new("recorded", Color::Good),
        Some(standing) => Cell::new(changes(standing), Color::Open),
    };
    let drift = match &picture.drift {
        None => Cell::new("", Color::Dim),
        Some(found) if found.is_empty() => Cell::new("as its revisions make it", Color::Good),
        Some(_) => Cell::new("drifted", Color::Bad),
    };
    let branch = picture.branch.as_ref().map(|(mark, current)| {
        let other =
            if mark.branch == *current { String::new() } else { format!("checked out is {}", in_words(current)) };
        vec!["branch".into(), Cell::new(&mark.branch, Color::Name), Cell::new(other, Color::Open)]
    });
    let rows = vec![
        vec!["structs".into(), structs],
        vec!["history".into(), count(project.revisions.len(), "revision").into(), Cell::new(head, Color::Name)],
        vec!["database".into(), state, picture.described.into(), drift],
        [vec!["environment".into()], picture.environment.cells().into()].concat(),
        vec!["applied".into(), count(applied.len(), "revision").into(), Cell::new(last, Color::Name)],
    ];
    rows.into_iter().chain(branch).collect()
}

fn changes(standing: &Standing) -> String {
    match standing.differences {
        1 => "1 change is in no revision".to_owned(),
        changes => format!("{changes} changes are in no revision"),
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn ids(ids: &[RevisionId]) -> Vec<&str> {
    ids.iter().map(RevisionId::as_str).collect()
}

fn applied<'p>(picture: &Picture<'p>) -> Vec<&'p Applied> {
    picture.status.applied.iter().filter(|row| row.interrupted.is_none()).collect()
}

fn attention(picture: &Picture<'_>) -> Vec<Vec<Cell>> {
    let status = picture.status;
    let message = |id: &RevisionId| known_message(picture.project, id);
    let row = |word: &str, color: Color, id: &RevisionId, text: String| {
        vec![Cell::new(word, color), Cell::new(id.as_str(), Color::Name), text.into()]
    };
    let half = status.half_done.iter().map(|id| row("half done", Color::Bad, id, half_done(picture, id)));
    let edited =
        status.edited.iter().map(|id| row("edited", Color::Bad, id, "its up.sql changed since it was applied".into()));
    let foreign = status.foreign.iter().map(|id| row("foreign", Color::Bad, id, foreign_text(picture, id)));
    let reformatted = status
        .reformatted
        .iter()
        .map(|id| row("reformatted", Color::Dim, id, "no statement of its up.sql changed".into()));
    let pending = status.pending.iter().filter(|id| !status.half_done.contains(id));
    let pending = pending.map(|id| row("pending", Color::Open, id, message(id)));
    let drifted = drifted(picture).into_iter().map(|(id, objects)| {
        let names: Vec<String> = objects.iter().map(|object| format!("{} {object}", object.kind.words())).collect();
        row("drifted", Color::Bad, &id, names.join(", "))
    });
    let rows = half.chain(edited).chain(foreign).chain(drifted);
    rows.chain(reformatted).chain(pending).collect()
}

/// What the database has otherwise by now, by the revision that touched it last.
fn drifted(picture: &Picture<'_>) -> BTreeMap<RevisionId, BTreeSet<ObjectId>> {
    picture.drift.as_ref().map(|drift| by_revision(picture.project, drift)).unwrap_or_default()
}

fn known_message(project: &Project, id: &RevisionId) -> String {
    project.revision(id).map(|revision| revision.head.message.clone()).unwrap_or_default()
}

fn ledger_row<'p>(picture: &Picture<'p>, id: &RevisionId) -> Option<&'p Applied> {
    picture.status.applied.iter().find(|row| &row.id == id)
}

fn half_done(picture: &Picture<'_>, id: &RevisionId) -> String {
    let interrupted = ledger_row(picture, id).and_then(|row| row.interrupted.as_ref());
    let Some(interrupted) = interrupted else { return String::new() };
    format!("{} statements of its {} are done", interrupted.done, interrupted.direction.file())
}

/// The branch that brought it, when the ledger knows.
fn foreign_text(picture: &Picture<'_>, id: &RevisionId) -> String {
    let branch = ledger_row(picture, id).and_then(|row| row.git_branch.as_deref());
    branch.map_or_else(
        || "not in this checkout".to_owned(),
        |branch| format!("not in this checkout; applied from branch {branch}"),
    )
}

fn next(picture: &Picture<'_>) -> Vec<String> {
    let status = picture.status;
    let changed = picture.structs.as_ref().is_some_and(|standing| 0 < standing.differences);
    let folder = &picture.project.shown;
    [
        (!status.edited.is_empty()).then(|| format!("to see what was edited: git log -p -- {folder}")),
        (!status.half_done.is_empty()).then(|| "to go on where it stopped: cargo schema upgrade".to_owned()),
        changed.then(|| "to record the changes: cargo schema generate".to_owned()),
        (!status.pending.is_empty() && status.half_done.is_empty())
            .then(|| "to apply what is pending: cargo schema upgrade".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// For programs.
pub(super) fn json(picture: &Picture<'_>) -> Value {
    let Picture { project, database, status, structs, .. } = picture;
    json!({
        "database": database,
        "environment": picture.environment.json(),
        "branch": picture.branch.as_ref().map(|(mark, _)| &mark.branch),
        "current": status.is_current(),
        "heads": ids(&project.graph.heads()),
        "applied": applied(picture).into_iter().map(applied_json).collect::<Vec<_>>(),
        "pending": ids(&status.pending),
        "foreign": ids(&status.foreign),
        "edited": ids(&status.edited),
        "reformatted": ids(&status.reformatted),
        "half_done": status.applied.iter().filter_map(|row| {
            let interrupted = row.interrupted.as_ref()?;
            let direction = if interrupted.direction == Direction::Up { "up" } else { "down" };
            Some(json!({ "id": row.id.as_str(), "direction": direction, "done": interrupted.done }))
        }).collect::<Vec<_>>(),
        "drifted": drifted(picture).iter().map(|(id, objects)| json!({
            "id": id.as_str(),
            "objects": objects.iter().map(|object| json!({ "kind": object.kind.words(), "name": object.to_string() }))
                .collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "drift": picture.drift.as_ref().map(super::drift::json),
        "structs": structs.as_ref().map(|standing| json!({
            "recorded": standing.differences == 0,
            "changes": standing.differences,
        })),
    })
}
