//! Entries of the stash as they are read from its index.

use schema_core::history::RevisionId;
use schema_core::{Ident, join_name, quote_literal, split_name};

use super::stash::{UP, ask, copy, exists};
use super::tables::Name;
use crate::apply::session::Session;
use crate::apply::{ApplyError, Direction};

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StashKind {
    /// All rows of a table that was dropped.
    Table,
    /// Rows that did not fit what the database became.
    Rows,
    /// The values of a column that was dropped.
    Column,
    /// The values of a column whose type could not hold them, or that a statement overwrote.
    Values,
    /// The position of a sequence.
    Sequence,
}

impl StashKind {
    const ALL: [StashKind; 5] =
        [StashKind::Table, StashKind::Rows, StashKind::Column, StashKind::Values, StashKind::Sequence];

    /// Its name in the index and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            StashKind::Table => "table",
            StashKind::Rows => "rows",
            StashKind::Column => "column",
            StashKind::Values => "values",
            StashKind::Sequence => "sequence",
        }
    }
}

/// One thing that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stashed {
    /// Its number.
    pub id: i64,
    /// The revision that was undone or applied.
    pub revision: RevisionId,
    /// Which of the two; the other one gives it back.
    pub direction: Direction,
    /// What it holds.
    pub kind: StashKind,
    /// The table or sequence it was taken from, without `public`.
    pub table: String,
    /// The columns whose values are kept.
    pub columns: Vec<String>,
    /// How many rows.
    pub rows: u64,
    /// Since when, in UTC.
    pub stashed_at: String,
    /// The git branch that the revision was applied from.
    pub git_branch: Option<String>,
}

/// An entry with what restoring needs.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub shown: Stashed,
    /// The table, as it is where the revision is applied.
    pub name: Name,
    /// What tells its rows apart there.
    pub key: Vec<String>,
    /// Whether that is its primary key.
    pub unique: bool,
    /// The table as it is where the revision is undone; `None` where it is gone.
    pub later: Option<Later>,
    /// Of a sequence: its last value, and whether it was given out.
    pub position: Option<(String, bool)>,
    /// Only a new transaction may restore it.
    pub due: bool,
}

/// The other side of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Later {
    pub name: Name,
    pub key: Vec<String>,
    pub column: String,
}

impl Entry {
    /// Whether it holds values of rows that are elsewhere.
    pub(crate) fn by_key(&self) -> bool {
        matches!(self.shown.kind, StashKind::Column | StashKind::Values)
    }

    /// The table that holds the copy.
    pub(crate) fn copy(&self) -> String {
        copy(self.shown.id)
    }
}

/// All entries of a namespace, the oldest first; none where there is no stash. Only its owner may read it.
pub(crate) async fn entries<S: Session>(session: &mut S, namespace: &str) -> Result<Vec<Entry>, ApplyError> {
    if !exists(session).await? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT id, revision, kind, table_schema, table_name, columns, key, key_is_unique, later_schema, later_table, later_key, \
         later_column, last_value, is_called, rows, due, git_branch, \
         to_char(stashed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), direction \
         FROM cargo_schema_stash.entry WHERE namespace = {} ORDER BY id",
        quote_literal(namespace)
    );
    let answer = ask(session, &sql).await?;
    Ok(answer.rows.iter().map(|row| entry(row)).collect())
}

fn entry(row: &[Option<String>]) -> Entry {
    let optional = |at: usize| row[at].clone();
    let text = |at: usize| optional(at).unwrap_or_default();
    let name = Name { schema: text(3), name: text(4) };
    let later = optional(8).map(|schema| Later {
        name: Name { schema, name: text(9) },
        key: names(&text(10)),
        column: text(11),
    });
    let kind = StashKind::ALL.into_iter().find(|kind| kind.word() == text(2));
    let shown = Stashed {
        id: text(0).parse().unwrap_or_else(|_| panic!("an identity is a number")),
        revision: RevisionId::new(text(1)).unwrap_or_else(|problem| panic!("the stash names a revision: {problem}")),
        direction: if text(18) == UP { Direction::Up } else { Direction::Down },
        kind: kind.unwrap_or_else(|| panic!("the stash holds no `{}`", text(2))),
        table: name.to_string(),
        columns: names(&text(5)),
        rows: text(14).parse().unwrap_or(0),
        stashed_at: text(17),
        git_branch: optional(16),
    };
    let position = optional(12).map(|value| (value, text(13) == "t"));
    Entry { shown, name, key: names(&text(6)), unique: text(7) == "t", later, position, due: text(15) == "t" }
}

/// Names in one text, and back.
pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<Ident> = names.into_iter().map(ident).collect();
    if names.is_empty() { String::new() } else { join_name(&names.iter().collect::<Vec<_>>()) }
}

fn names(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let parts = split_name(text).unwrap_or_else(|problem| panic!("the stash lists names, and not `{text}`: {problem}"));
    parts.iter().map(|part| part.as_str().to_owned()).collect()
}

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap_or_else(|problem| panic!("the catalogs hold names, and not `{name}`: {problem}"))
}
