//! `cargo schema stash`: what undone revisions would have destroyed, listed, shown, given back or dropped.

use schema_runtime::apply::Direction;
use schema_runtime::switch::{StashKind, Stashed};
use schema_runtime::{ApplyError, Migrator};
use serde_json::{Value, json};

use super::database::Database;
use super::failure::Failure;
use super::world::World;
use super::{Outcome, environment, runs};
use crate::cli::arguments::Stash;
use crate::project::Project;
use crate::report::table::{Cell, Color, aligned};

/// How many rows `show` prints.
const SHOWN: usize = 50;

pub(super) fn run(world: &World<'_>, command: &Stash) -> Result<Outcome, Failure> {
    let project = world.project()?;
    let mut database = Database::open(world)?;
    let stash = Work { world, project: &project, migrator: world.migrator(&project, false) };
    match command {
        Stash::List => stash.list(&mut database),
        Stash::Show { entry } => stash.show(&mut database, *entry),
        Stash::Restore { entry } => stash.restore(&mut database, *entry),
        Stash::Drop { entries, all } => stash.drop(&mut database, entries, *all),
    }
}

struct Work<'w> {
    world: &'w World<'w>,
    project: &'w Project,
    migrator: Migrator,
}

impl Work<'_> {
    fn failure(&self, error: ApplyError) -> Failure {
        self.world.apply_failure(self.project, error)
    }

    fn entries(&self, database: &mut Database) -> Result<Vec<Stashed>, Failure> {
        self.migrator.stash(&mut database.client).map_err(|error| self.failure(error))
    }

    fn entry(&self, database: &mut Database, id: i64) -> Result<Stashed, Failure> {
        let found = self.entries(database)?.into_iter().find(|entry| entry.id == id);
        found.ok_or_else(|| {
            Failure::usage(&format!("the stash has no entry {id}\nhelp: to list what it has: cargo schema stash list"))
        })
    }

    fn list(&self, database: &mut Database) -> Result<Outcome, Failure> {
        let entries = self.entries(database)?;
        let rows: Vec<Vec<Cell>> = entries
            .iter()
            .map(|entry| {
                vec![
                    Cell::new(entry.id.to_string(), Color::Name),
                    words(entry).as_str().into(),
                    format!("{} {}", taken(entry), entry.revision).as_str().into(),
                    Cell::new(since(entry), Color::Dim),
                ]
            })
            .collect();
        let text = match rows.len() {
            0 => "the stash is empty\n".to_owned(),
            _ => aligned(&rows, self.world.screen.out),
        };
        Ok(Outcome::done(text, json!({ "entries": entries.iter().map(value).collect::<Vec<_>>() })))
    }

    fn show(&self, database: &mut Database, id: i64) -> Result<Outcome, Failure> {
        let entry = self.entry(database, id)?;
        let found = self.migrator.stashed_rows(&mut database.client, id, SHOWN).map_err(|error| self.failure(error))?;
        let found = found.unwrap_or_default();
        let key = matches!(entry.kind, StashKind::Column | StashKind::Values).then_some("(row)");
        let position = (entry.kind == StashKind::Sequence).then_some("last value");
        let names = key.into_iter().chain(position).chain(entry.columns.iter().map(String::as_str));
        let mut rows: Vec<Vec<Cell>> = vec![names.map(|name| Cell::new(name, Color::Name)).collect()];
        rows.extend(
            found.iter().map(|row| row.iter().map(|value| value.as_deref().unwrap_or("NULL").into()).collect()),
        );
        let mut text = format!(
            "{} of {}, {}\n{}",
            words(&entry),
            entry.revision,
            since(&entry),
            aligned(&rows, self.world.screen.out)
        );
        if (found.len() as u64) < entry.rows {
            text.push_str(&format!("... and {} rows more\n", entry.rows - found.len() as u64));
        }
        let mut result = value(&entry);
        result["values"] = json!(found);
        Ok(Outcome::done(text, result))
    }

    fn restore(&self, database: &mut Database, id: i64) -> Result<Outcome, Failure> {
        self.entry(database, id)?;
        let done = self.migrator.restore_stashed(&mut database.client, id).map_err(|error| self.failure(error))?;
        let done: Vec<_> = done.into_iter().collect();
        let result = json!({ "restored": done.iter().map(runs::restoration).collect::<Vec<_>>() });
        Ok(Outcome::done(runs::restored(&done), result))
    }

    fn drop(&self, database: &mut Database, ids: &[i64], all: bool) -> Result<Outcome, Failure> {
        environment::refuse_in_production(self.world, database, "rows that nobody else has would be lost")?;
        let entries = match all {
            true => self.entries(database)?,
            false => ids.iter().map(|id| self.entry(database, *id)).collect::<Result<_, _>>()?,
        };
        if entries.is_empty() {
            return Ok(Outcome::done("the stash is empty\n", json!({ "dropped": [] })));
        }
        let list: Vec<String> = entries.iter().map(words).collect();
        self.world.confirm(
            &format!("drop {} for good?", list.join(", ")),
            &format!("{} would be lost for good, and nobody can be asked here; nothing was done\nhelp: to confirm: add --yes", list.join(", ")),
        )?;
        let ids: Vec<i64> = entries.iter().map(|entry| entry.id).collect();
        let dropped = self.migrator.drop_stashed(&mut database.client, &ids).map_err(|error| self.failure(error))?;
        let text = format!("dropped {}\n", list.join(", "));
        Ok(Outcome::done(text, json!({ "dropped": dropped.iter().map(value).collect::<Vec<_>>() })))
    }
}

/// What an entry holds, in words.
pub(super) fn words(entry: &Stashed) -> String {
    let rows = match entry.rows {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    };
    let columns = entry.columns.join(", ");
    match entry.kind {
        StashKind::Table => format!("table {} ({rows})", entry.table),
        StashKind::Rows => format!("{rows} of {}", entry.table),
        StashKind::Column => format!("column {}.{columns} ({rows})", entry.table),
        StashKind::Values => format!("values of {}.{columns} ({rows})", entry.table),
        StashKind::Sequence => format!("position of {}", entry.table),
    }
}

/// When it was taken.
fn taken(entry: &Stashed) -> &'static str {
    match entry.direction {
        Direction::Down => "from undoing",
        Direction::Up => "from applying",
    }
}

fn since(entry: &Stashed) -> String {
    let branch = entry.git_branch.as_ref().map(|branch| format!(", from branch {branch}")).unwrap_or_default();
    format!("since {}{branch}", entry.stashed_at)
}

/// An entry for programs.
pub(super) fn value(entry: &Stashed) -> Value {
    json!({
        "id": entry.id,
        "revision": entry.revision.as_str(),
        "taken_by": match entry.direction {
            Direction::Down => "down",
            Direction::Up => "up",
        },
        "kind": entry.kind.word(),
        "table": entry.table,
        "columns": entry.columns,
        "rows": entry.rows,
        "stashed_at": entry.stashed_at,
        "git_branch": entry.git_branch,
    })
}
