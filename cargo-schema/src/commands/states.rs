//! How each revision stands in the project's database, for commands that read files and show it beside them.
//!
//! No server is started for it, and a database that does not answer is no failure: then nothing is said.

use schema_core::history::RevisionId;
use schema_runtime::Status;
use schema_runtime::apply::Applied;
use serde_json::{Value, json};

use super::database::Database;
use super::drift::is_at_hand;
use super::failure::Failure;
use super::world::World;
use crate::project::Project;
use crate::report::duration;
use crate::report::table::{Cell, Color};

/// How a revision stands in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is applied as it is here.
    Applied,
    /// It is applied, and its statements have changed since.
    Edited,
    /// A run of it was interrupted.
    HalfDone,
    /// It is not applied.
    Pending,
    /// It is applied, and not in this checkout.
    Foreign,
}

impl State {
    /// The word, for people and programs.
    pub fn word(self) -> &'static str {
        match self {
            State::Applied => "applied",
            State::Edited => "edited",
            State::HalfDone => "half done",
            State::Pending => "pending",
            State::Foreign => "foreign",
        }
    }

    /// A cell of a table.
    pub fn cell(self) -> Cell {
        let color = match self {
            State::Applied => Color::Good,
            State::Pending => Color::Open,
            State::Edited | State::HalfDone | State::Foreign => Color::Bad,
        };
        Cell::new(self.word(), color)
    }
}

/// A database and what its ledger says.
pub(super) struct States {
    /// The connection, for those who want to know more.
    pub database: Database,
    /// What its ledger says.
    pub status: Status,
}

impl States {
    /// Of the project's database, when it is at hand.
    pub fn at_hand(world: &World<'_>, project: &Project) -> Option<States> {
        if !is_at_hand(world) {
            return None;
        }
        States::look(world, project)
            .inspect_err(|failure| {
                let problem = failure.problem(world.texts).map(|problem| problem.message).unwrap_or_default();
                world.screen.detail(&format!("the database was not looked at: {problem}"));
            })
            .ok()
    }

    fn look(world: &World<'_>, project: &Project) -> Result<States, Failure> {
        let mut database = Database::glance(world)?;
        let status = world.migrator(project, true).status(&mut database.client);
        Ok(States { status: status.map_err(|error| world.apply_failure(project, error))?, database })
    }

    /// How a revision stands; one that the database does not have is pending.
    pub fn of(&self, id: &RevisionId) -> State {
        let Status { foreign, edited, half_done, .. } = &self.status;
        match self.row(id) {
            None => State::Pending,
            Some(_) if half_done.contains(id) => State::HalfDone,
            Some(_) if edited.contains(id) => State::Edited,
            Some(_) if foreign.contains(id) => State::Foreign,
            Some(_) => State::Applied,
        }
    }

    /// What the ledger says about it.
    pub fn row(&self, id: &RevisionId) -> Option<&Applied> {
        self.status.applied.iter().find(|row| row.id == *id)
    }

    /// The rows that are not in this checkout, in the order in which they were applied.
    pub fn foreign(&self) -> impl Iterator<Item = &Applied> {
        self.status.applied.iter().filter(|row| self.status.foreign.contains(&row.id))
    }
}

/// Who applied a revision, when, and from where.
pub(super) fn applied_words(row: &Applied) -> String {
    let mut text = format!("{} UTC by {}, in {}", row.applied_at, row.applied_by, duration::shown(row.duration));
    if let Some(branch) = &row.git_branch {
        text.push_str(&format!(", from branch {branch}"));
    }
    if let Some(commit) = &row.git_commit {
        text.push_str(&format!(", commit {}", commit.get(..10).unwrap_or(commit)));
    }
    format!("{text}, with {}", row.tool_version)
}

/// The same for programs.
pub(super) fn applied_json(row: &Applied) -> Value {
    json!({
        "id": row.id.as_str(),
        "message": row.message,
        "applied_at": row.applied_at,
        "applied_by": row.applied_by,
        "seconds": row.duration.as_secs_f64(),
        "tool_version": row.tool_version,
        "git_branch": row.git_branch,
        "git_commit": row.git_commit,
    })
}
