//! The stash: a PostgreSQL schema `cargo_schema_stash` with copies of what revisions would have destroyed.
//!
//! An entry is a row of the index and, but for sequences, a table of its own. Values are kept as text in the form that PostgreSQL
//! reads back exactly, so that no copy holds on to a type, a function or a constraint that the undone revision takes with it. Everything
//! is written in the transaction of the undoing.

use schema_core::history::RevisionId;
use schema_core::{quote_ident, quote_literal};

use super::entry::{Entry, StashKind, entries, list};
use super::loss::Changed;
use super::tables::{Column, Name, Sequence, Table};
use crate::apply::session::{Answer, Session};
use crate::apply::{ApplyError, Direction};
use crate::migrator::Options;

pub(crate) fn copy(id: i64) -> String {
    format!("cargo_schema_stash.copy_{id}")
}

const CREATE: &str = "CREATE SCHEMA IF NOT EXISTS cargo_schema_stash;
COMMENT ON SCHEMA cargo_schema_stash IS 'rows and values that revisions would have destroyed; kept by cargo schema until they come back';
CREATE TABLE IF NOT EXISTS cargo_schema_stash.entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace text NOT NULL,
  revision text NOT NULL,
  direction text NOT NULL,
  kind text NOT NULL,
  table_schema text NOT NULL,
  table_name text NOT NULL,
  columns text NOT NULL,
  key text NOT NULL,
  key_is_unique boolean NOT NULL,
  later_schema text,
  later_table text,
  later_key text,
  later_column text,
  last_value text,
  is_called boolean,
  rows bigint NOT NULL DEFAULT 0,
  due boolean NOT NULL DEFAULT false,
  git_branch text,
  stashed_at timestamptz NOT NULL DEFAULT clock_timestamp()
)";

/// The direction of a run, in the index.
pub(super) const UP: &str = "up";

const EXISTS: &str = "SELECT to_regclass('cargo_schema_stash.entry') IS NOT NULL";

/// Makes the stash where there is none.
pub(crate) async fn create<S: Session>(session: &mut S) -> Result<(), ApplyError> {
    if exists(session).await? { Ok(()) } else { batch(session, CREATE).await }
}

pub(super) async fn exists<S: Session>(session: &mut S) -> Result<bool, ApplyError> {
    Ok(ask(session, EXISTS).await?.is_true(0))
}

/// Where entries come from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub options: &'a Options,
    /// The revision that is run.
    pub revision: &'a RevisionId,
    /// Which way.
    pub direction: Direction,
    /// The branch it was applied from.
    pub git_branch: Option<&'a str>,
}

/// The row of the index that is to be written.
struct Draft<'d> {
    kind: StashKind,
    name: &'d Name,
    columns: Vec<&'d str>,
    key: Vec<&'d str>,
    unique: bool,
    later: Option<(&'d Name, Vec<&'d str>, &'d str)>,
}

impl Source<'_> {
    async fn index<S: Session>(&self, session: &mut S, draft: &Draft<'_>) -> Result<i64, ApplyError> {
        let optional = |text: Option<String>| text.map_or("NULL".to_owned(), |text| quote_literal(&text));
        let values = [
            quote_literal(&self.options.namespace),
            quote_literal(self.revision.as_str()),
            quote_literal(if self.direction == Direction::Up { UP } else { "down" }),
            quote_literal(draft.kind.word()),
            quote_literal(&draft.name.schema),
            quote_literal(&draft.name.name),
            quote_literal(&list(draft.columns.iter().copied())),
            quote_literal(&list(draft.key.iter().copied())),
            draft.unique.to_string(),
            optional(draft.later.as_ref().map(|(name, ..)| name.schema.clone())),
            optional(draft.later.as_ref().map(|(name, ..)| name.name.clone())),
            optional(draft.later.as_ref().map(|(_, key, _)| list(key.iter().copied()))),
            optional(draft.later.as_ref().map(|(.., column)| (*column).to_owned())),
            optional(self.git_branch.map(str::to_owned)),
        ];
        let sql = format!(
            "INSERT INTO cargo_schema_stash.entry (namespace, revision, direction, kind, table_schema, table_name, columns, key, key_is_unique, \
             later_schema, later_table, later_key, later_column, git_branch) VALUES ({}) RETURNING id",
            values.join(", ")
        );
        let answer = ask(session, &sql).await?;
        Ok(answer.text(0).parse().unwrap_or_else(|_| panic!("an identity is a number")))
    }

    /// Fills the copy of an entry by a query; an entry without rows is not kept.
    async fn fill<S: Session>(
        &self,
        session: &mut S,
        draft: &Draft<'_>,
        query: &str,
    ) -> Result<Option<i64>, ApplyError> {
        let id = self.index(session, draft).await?;
        batch(session, &format!("CREATE TABLE {} AS {query}", copy(id))).await?;
        if counted(session, id).await? == 0 {
            return Ok(None);
        }
        self.complete(session, id, draft).await?;
        Ok(Some(id))
    }

    /// Values that a column could only hold rounded or cut, when this revision was run the other way, become whole again in the new entry
    /// of their row, unless they were changed since.
    async fn complete<S: Session>(&self, session: &mut S, id: i64, draft: &Draft<'_>) -> Result<(), ApplyError> {
        let by_key = matches!(draft.kind, StashKind::Column | StashKind::Values);
        for older in entries(session, &self.options.namespace).await? {
            let of_rows = older.key == draft.key && older.unique == draft.unique && (by_key || draft.unique);
            let of_run = older.shown.revision == *self.revision && older.shown.direction == self.direction;
            let place =
                draft.columns.iter().position(|column| older.shown.columns.first().is_some_and(|own| own == column));
            let Some(place) = place.filter(|_| of_run && of_rows && older.shown.id != id) else { continue };
            if older.shown.kind != StashKind::Values || older.name != *draft.name {
                continue;
            }
            let (new, old, value) = (copy(id), older.copy(), format!("v{}", place + 1));
            let same = if by_key { "c.k = e.k AND c.r = e.r" } else { "c.k = e.k" };
            let sql = format!(
                "UPDATE {new} AS c SET {value} = e.v1 FROM {old} AS e WHERE {same} AND c.{value} IS NOT DISTINCT FROM e.n; \
                 DELETE FROM {old} AS e USING {new} AS c WHERE {same}"
            );
            batch(session, &sql).await?;
            counted(session, older.shown.id).await?;
        }
        Ok(())
    }

    /// Keeps all rows of a table, or those that a condition names.
    pub(crate) async fn rows<S: Session>(
        &self,
        session: &mut S,
        table: &Table,
        kind: StashKind,
        condition: &str,
    ) -> Result<Option<i64>, ApplyError> {
        let key: Vec<&str> =
            table.key.iter().filter_map(|number| Some(table.numbered(*number)?.name.as_str())).collect();
        let columns: Vec<&str> = table.stored().map(|column| column.name.as_str()).collect();
        let query = format!(
            "SELECT {}{} FROM {} AS t WHERE {condition}",
            key_expression("t", &key),
            values("t", &columns),
            table.from()
        );
        let unique = !key.is_empty();
        let draft = Draft { kind, name: &table.name, columns, key, unique, later: None };
        self.fill(session, &draft, &query).await
    }

    /// Keeps the values of a column that is about to be dropped.
    pub(crate) async fn column<S: Session>(
        &self,
        session: &mut S,
        changed: &Changed,
        column: &Column,
    ) -> Result<Option<i64>, ApplyError> {
        let key: Vec<&str> = changed.key.iter().map(|(before, _)| before.as_str()).collect();
        let query = format!(
            "SELECT {}, {} AS r{} FROM {} AS t",
            key_expression("t", &key),
            rank("t", &key, changed.unique),
            values("t", &[&column.name]),
            changed.before.from()
        );
        let draft = Draft {
            kind: StashKind::Column,
            name: &changed.before.name,
            columns: vec![&column.name],
            key,
            unique: changed.unique,
            later: None,
        };
        self.fill(session, &draft, &query).await
    }

    /// Sets the values of watched columns, and rows that may go, aside until it is known what became of them.
    pub(crate) async fn watch<S: Session>(&self, session: &mut S, changed: &Changed) -> Result<(), ApplyError> {
        let key: Vec<&str> = changed.key.iter().map(|(before, _)| before.as_str()).collect();
        let columns: Vec<&str> = watched_columns(changed);
        let query = format!(
            "SELECT {}, {} AS r{} FROM {} AS t",
            key_expression("t", &key),
            rank("t", &key, changed.unique),
            values("t", &columns),
            changed.before.from()
        );
        batch(session, &format!("CREATE TABLE {} AS {query}", watch_name(changed))).await
    }

    /// Keeps what of the watched values and rows has really become another, or is gone.
    pub(crate) async fn unwatch<S: Session>(&self, session: &mut S, changed: &Changed) -> Result<Vec<i64>, ApplyError> {
        let watch = watch_name(changed);
        let (key, later): (Vec<&str>, Vec<&str>) =
            changed.key.iter().map(|(before, after)| (before.as_str(), after.as_str())).unzip();
        let now = |more: &str| {
            let rank = rank("t", &later, changed.unique);
            format!("(SELECT {}, {rank} AS r{more} FROM {} AS t)", key_expression("t", &later), changed.after.from())
        };
        let columns = watched_columns(changed);
        let mut kept = Vec::new();
        if changed.rows {
            let places: String = (1..=columns.len()).map(|at| format!(", w.v{at}")).collect();
            let query = format!(
                "SELECT w.k{places} FROM {watch} AS w \
                 WHERE NOT EXISTS (SELECT FROM {} AS n WHERE n.k = w.k AND n.r = w.r)",
                now("")
            );
            let draft = Draft {
                kind: StashKind::Rows,
                name: &changed.before.name,
                columns: columns.clone(),
                key: if changed.unique { key.clone() } else { Vec::new() },
                unique: changed.unique,
                later: None,
            };
            kept.extend(self.fill(session, &draft, &query).await?);
        }
        for (column, after) in &changed.watched {
            let place = columns.iter().position(|name| *name == column.name).map_or(1, |at| at + 1);
            // The same number is written otherwise in a type with other digits.
            let common = changed.after.named(after).and_then(|after| column.common(after));
            let differs = match common {
                Some(whole) => format!(" AND w.v{place}::{whole} IS DISTINCT FROM n.n::{whole}"),
                None => String::new(),
            };
            let query = format!(
                "SELECT w.k, w.r, w.v{place} AS v1, n.n FROM {watch} AS w JOIN {} AS n ON n.k = w.k AND n.r = w.r \
                 WHERE w.v{place} IS DISTINCT FROM n.n{differs}",
                now(&format!(", t.{}::text AS n", quote_ident(after)))
            );
            let draft = Draft {
                kind: StashKind::Values,
                name: &changed.before.name,
                columns: vec![&column.name],
                key: key.clone(),
                unique: changed.unique,
                later: Some((&changed.after.name, later.clone(), after)),
            };
            kept.extend(self.fill(session, &draft, &query).await?);
        }
        batch(session, &format!("DROP TABLE {watch}")).await?;
        Ok(kept)
    }

    /// Keeps the position of a sequence.
    pub(crate) async fn sequence<S: Session>(&self, session: &mut S, sequence: &Sequence) -> Result<i64, ApplyError> {
        let name = &sequence.name;
        let draft =
            Draft { kind: StashKind::Sequence, name, columns: Vec::new(), key: Vec::new(), unique: false, later: None };
        let id = self.index(session, &draft).await?;
        let sql = format!(
            "UPDATE cargo_schema_stash.entry SET (last_value, is_called) = (SELECT s.last_value::text, s.is_called FROM {} AS s) \
             WHERE id = {id}",
            name.quoted()
        );
        batch(session, &sql).await?;
        Ok(id)
    }
}

/// Rows that go are kept whole, so all columns are watched with them.
fn watched_columns(changed: &Changed) -> Vec<&str> {
    match changed.rows {
        true => changed.before.stored().map(|column| column.name.as_str()).collect(),
        false => changed.watched.iter().map(|(column, _)| column.name.as_str()).collect(),
    }
}

fn watch_name(changed: &Changed) -> String {
    format!("cargo_schema_stash.watch_{}", changed.before.oid)
}

/// One text for what tells a row apart; NULL and empty differ in it.
pub(crate) fn key_expression(alias: &str, key: &[&str]) -> String {
    let columns: Vec<String> = key.iter().map(|name| format!("{alias}.{}", quote_ident(name))).collect();
    format!("ROW({})::text AS k", columns.join(", "))
}

/// Which of several rows with one key it is, from 1.
pub(crate) fn rank(alias: &str, key: &[&str], unique: bool) -> String {
    if unique {
        return "1::bigint".to_owned();
    }
    let columns: Vec<String> = key.iter().map(|name| format!("{alias}.{}::text", quote_ident(name))).collect();
    match columns.is_empty() {
        true => "row_number() OVER ()".to_owned(),
        false => format!("row_number() OVER (PARTITION BY {})", columns.join(", ")),
    }
}

/// `, a::text AS v1, ...`
fn values(alias: &str, columns: &[&str]) -> String {
    let value = |(at, name): (usize, &&str)| format!(", {alias}.{}::text AS v{}", quote_ident(name), at + 1);
    columns.iter().enumerate().map(value).collect()
}

/// Counts the rows of a copy into the index; an empty entry is dropped.
pub(crate) async fn counted<S: Session>(session: &mut S, id: i64) -> Result<u64, ApplyError> {
    let answer = ask(session, &format!("SELECT count(*) FROM {}", copy(id))).await?;
    let rows: u64 = answer.text(0).parse().unwrap_or(0);
    match rows {
        0 => drop_entry(session, id, true).await?,
        _ => {
            batch(session, &format!("UPDATE cargo_schema_stash.entry SET rows = {rows} WHERE id = {id}")).await?;
        }
    }
    Ok(rows)
}

/// Removes an entry.
pub(crate) async fn drop_entry<S: Session>(session: &mut S, id: i64, copied: bool) -> Result<(), ApplyError> {
    let table = if copied { format!("DROP TABLE {}; ", copy(id)) } else { String::new() };
    batch(session, &format!("{table}DELETE FROM cargo_schema_stash.entry WHERE id = {id}")).await
}

/// Some rows of a copy.
pub(crate) async fn shown_rows<S: Session>(
    session: &mut S,
    entry: &Entry,
    most: usize,
) -> Result<Vec<Vec<Option<String>>>, ApplyError> {
    if let Some((value, _)) = &entry.position {
        return Ok(vec![vec![Some(value.clone())]]);
    }
    let values: Vec<String> = (1..=entry.shown.columns.len()).map(|at| format!("v{at}")).collect();
    let key = if entry.by_key() { "k, " } else { "" };
    let sql = format!("SELECT {key}{} FROM {} LIMIT {most}", values.join(", "), entry.copy());
    Ok(ask(session, &sql).await?.rows)
}

/// Marks an entry that only a new transaction may restore.
pub(crate) async fn mark_due<S: Session>(session: &mut S, id: i64) -> Result<(), ApplyError> {
    batch(session, &format!("UPDATE cargo_schema_stash.entry SET due = true WHERE id = {id}")).await
}

const DOING: &str = "keeping data in `cargo_schema_stash`";

pub(crate) async fn batch<S: Session>(session: &mut S, sql: &str) -> Result<(), ApplyError> {
    session.batch(sql).await.map_err(|error| ApplyError::own(DOING, &error))
}

pub(crate) async fn ask<S: Session>(session: &mut S, sql: &str) -> Result<Answer, ApplyError> {
    session.ask(sql).await.map_err(|error| ApplyError::own(DOING, &error))
}
