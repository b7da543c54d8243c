//! `cargo schema show`: one revision with its SQL.
//!
//! Files only; whether a database has it is for `status` to say.

use schema_core::history::RevisionId;
use schema_runtime::ApplyError;
use serde_json::json;

use super::Outcome;
use super::failure::Failure;
use super::world::World;
use crate::cli::arguments::Show;
use crate::project::Project;
use crate::report::Paint;
use crate::report::table::{Cell, Color, aligned};

pub(super) fn run(world: &World<'_>, options: &Show) -> Result<Outcome, Failure> {
    let project = world.project()?;
    let id = resolve(world, &project, &options.revision)?;
    let Some(revision) = project.revision(&id) else { return Err(Failure::Findings(project.findings)) };
    let paint = world.screen.out;
    let parents: Vec<&str> = revision.head.parents.iter().map(AsRef::as_ref).collect();
    let children: Vec<RevisionId> = project.graph.children(&id);
    let rows = [
        vec![Cell::from("revision"), Cell::new(id.as_str(), Color::Name)],
        vec![Cell::from("message"), revision.head.message.as_str().into()],
        vec![
            Cell::from("after"),
            if parents.is_empty() { "nothing, it is the first".into() } else { parents.join(", ").into() },
        ],
        vec![
            Cell::from("before"),
            if children.is_empty() { "nothing, it is a head".into() } else { joined(&children).into() },
        ],
        vec![Cell::from("folder"), format!("{}/{id}", project.shown).into()],
    ];
    let mut text = aligned(&rows, paint);
    text.push_str(&section(paint, "up.sql", Some(&revision.up)));
    text.push_str(&section(paint, "down.sql", revision.down.as_deref()));
    let migration = revision.migration();
    let result = json!({
        "id": id.as_str(),
        "message": revision.head.message,
        "parents": parents,
        "children": children.iter().map(AsRef::<str>::as_ref).collect::<Vec<_>>(),
        "folder": format!("{}/{id}", project.shown),
        "transactional": migration.transactional(),
        "checksum": migration.checksum(),
        "up": revision.up,
        "down": revision.down,
    });
    Ok(Outcome::done(text, result))
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
