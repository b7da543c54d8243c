//! How `generate` shows a revision.
//!
//! What is in it is decided by [`super::generate`].

use schema_core::Change;
use schema_core::history::{Migration, RevisionId};
use serde_json::json;

use super::Outcome;
use super::world::World;
use crate::cli::exit::Exit;
use crate::project::Project;
use crate::report::changes;

/// The most lines of SQL that are shown of a revision that was written; the file has them all.
const LINES: usize = 24;

/// What is shown.
pub(super) struct Draw<'d> {
    pub exit: Exit,
    pub written: bool,
    pub changes: &'d [Change],
    pub draft: &'d Migration,
}

/// Structs and history agree.
pub(super) fn nothing(project: &Project) -> Outcome {
    let text = "nothing to do: the structs are what the history records\n";
    let heads: Vec<_> = project.graph.heads().iter().map(ToString::to_string).collect();
    Outcome::done(text, json!({ "written": false, "id": null, "heads": heads, "changes": [] }))
}

/// A revision, written or not.
pub(super) fn drawn(world: &World<'_>, project: &Project, draw: &Draw<'_>) -> Outcome {
    let Draw { exit, written, changes, draft } = draw;
    let paint = world.screen.out;
    let folder = format!("{}/{}", project.shown, draft.id);
    let sql = excerpt(&draft.up, if *written { LINES } else { usize::MAX });
    let mut text = format!("{}\n{}\n{sql}", changes::text(changes, paint), paint.strong("-- up.sql"));
    if !*written {
        let down = draft.down.as_deref().unwrap_or_default();
        text.push_str(&format!("\n{}\n{down}", paint.strong("-- down.sql")));
    }
    text.push('\n');
    text.push_str(match (*written, exit) {
        (true, _) => "to apply it: cargo schema upgrade\n",
        (false, Exit::Findings) => "these changes are in no revision; to write one: cargo schema generate\n",
        (false, _) => "nothing was written; to write it: cargo schema generate\n",
    });
    let result = json!({
        "written": written,
        "id": draft.id.as_str(),
        "folder": folder,
        "message": draft.message,
        "parents": draft.parents.iter().map(RevisionId::as_str).collect::<Vec<_>>(),
        "changes": changes::json(changes),
        "up": draft.up,
        "down": draft.down,
    });
    Outcome { exit: *exit, ..Outcome::done(text, result) }
}

fn excerpt(sql: &str, most: usize) -> String {
    let lines = sql.lines().count();
    if lines <= most {
        return format!("{}\n", sql.trim_end());
    }
    let start: Vec<&str> = sql.lines().take(most).collect();
    let more = lines - most;
    format!("{}\n-- and {more} more line{}\n", start.join("\n"), if more == 1 { "" } else { "s" })
}
