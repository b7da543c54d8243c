//! What was stashed given back: rows inserted, values set, where the revision that they belong to is applied again.
//!
//! First all rows of an entry together; when the server refuses that, row by row, and what is refused stays in the stash. So does a row
//! whose key another row has meanwhile. A value that was changed meanwhile is newer than the stashed one and wins.

use schema_core::{quote_ident, quote_literal};

use super::entry::{Entry, StashKind, list};
use super::quiet::Quiet;
use super::stash::{ask, batch, copy, counted, drop_entry, key_expression, mark_due, rank};
use super::tables::Tables;
use super::way::{Moved, Way, rows_of};
use crate::apply::session::Session;
use crate::apply::{ApplyError, SqlFailure};

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restored {
    /// All of it is back.
    Whole,
    /// So many rows stay in the stash.
    Left(u64),
    /// A new transaction must do it: the server takes a new value of an enum only after its COMMIT.
    Due,
    /// The server refuses it as a whole; row by row is left to try.
    Refused,
    /// There is nothing that could take it.
    Homeless,
}

/// How an entry is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// All rows in one statement.
    Together,
    /// Row by row.
    Single,
    /// The values of rows that have just come back, which [`RETURNED`] has the keys of.
    Returned,
}

/// The keys of rows that have just come back.
pub(crate) const RETURNED: &str = "cargo_schema_stash.returned";

/// Drops from an entry what was changed while its revision was undone. The database is as it was left by the undoing. A row that is not
/// there may be in the stash itself.
pub(crate) async fn prune<S: Session>(session: &mut S, entry: &Entry, tables: &Tables) -> Result<(), ApplyError> {
    let Some(later) = &entry.later else { return Ok(()) };
    let Some(table) = tables.named(&later.name).filter(|table| table.named(&later.column).is_some()) else {
        return Ok(());
    };
    let key: Vec<&str> = later.key.iter().map(String::as_str).collect();
    if key.iter().any(|name| table.named(name).is_none()) {
        return Ok(());
    }
    let now = format!(
        "(SELECT {}, {} AS r, t.{}::text AS n FROM {} AS t)",
        key_expression("t", &key),
        rank("t", &key, entry.unique),
        quote_ident(&later.column),
        table.from()
    );
    let away = match entry.unique {
        true => format!(
            " AND (EXISTS (SELECT FROM {now} AS now WHERE now.k = s.k) OR NOT EXISTS ({}))",
            rows_of(&later.name)
        ),
        false => String::new(),
    };
    let sql = format!(
        "DELETE FROM {} AS s WHERE NOT EXISTS (SELECT FROM {now} AS now \
         WHERE now.k = s.k AND now.r = s.r AND now.n IS NOT DISTINCT FROM s.n){away}",
        entry.copy()
    );
    batch(session, &sql).await
}

/// Gives an entry back. Values of its rows that have no column, or whose column rounds them, are put into new entries, which `split` gets.
pub(crate) async fn restore<S: Session>(
    session: &mut S,
    entry: &Entry,
    tables: &Tables,
    attempt: Attempt,
    split: &mut Vec<i64>,
) -> Result<Restored, ApplyError> {
    if entry.shown.kind == StashKind::Sequence {
        return sequence(session, entry, tables).await;
    }
    let Some(table) = tables.named(&entry.name) else { return Ok(Restored::Homeless) };
    let Some(way) = Way::new(entry, table) else { return Ok(Restored::Homeless) };
    let quiet = Quiet::of(session, table, way.columns()).await?;
    batch(session, "SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT cargo_schema_restore").await?;
    let mut moved = Vec::new();
    for (place, column) in way.missing() {
        moved.push(Moved { place, entry: split_off(session, entry, column, &way, StashKind::Column).await? });
    }
    for (place, column) in way.rounding() {
        moved.push(Moved { place, entry: split_off(session, entry, column, &way, StashKind::Values).await? });
    }
    let work = match attempt {
        Attempt::Together => way.together(&moved),
        Attempt::Single => way.single(&moved),
        Attempt::Returned => way.returned(&moved),
    };
    let tried = session.batch(&format!("{}; {work}; {}", quiet.before, quiet.after)).await;
    if let Err(error) = tried {
        let failure = SqlFailure::new(&error);
        if failure.disconnected {
            return Err(ApplyError::Connection(Box::new(failure)));
        }
        batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_restore; RELEASE SAVEPOINT cargo_schema_restore").await?;
        if failure.sqlstate == "55P04" {
            mark_due(session, entry.shown.id).await?;
            return Ok(Restored::Due);
        }
        return match attempt {
            Attempt::Together => Ok(Restored::Refused),
            Attempt::Single | Attempt::Returned => Ok(Restored::Left(entry.shown.rows)),
        };
    }
    for Moved { entry, .. } in moved {
        if 0 < counted(session, entry).await? {
            split.push(entry);
        }
    }
    batch(session, "RELEASE SAVEPOINT cargo_schema_restore").await?;
    match counted(session, entry.shown.id).await? {
        0 => Ok(Restored::Whole),
        left if attempt == Attempt::Returned => Ok(Restored::Left(left)),
        left => match waits_for_rows(session, entry).await? {
            true => mark_due(session, entry.shown.id).await.map(|()| Restored::Due),
            false => Ok(Restored::Left(left)),
        },
    }
}

/// Whether rows that the values of an entry belong to come back in the next transaction.
async fn waits_for_rows<S: Session>(session: &mut S, entry: &Entry) -> Result<bool, ApplyError> {
    let sql = format!("SELECT EXISTS ({} AND due)", rows_of(&entry.name));
    Ok(entry.by_key() && ask(session, &sql).await?.is_true(0))
}

async fn sequence<S: Session>(session: &mut S, entry: &Entry, tables: &Tables) -> Result<Restored, ApplyError> {
    let (Some((value, called)), Some(sequence)) = (&entry.position, tables.sequence(&entry.name)) else {
        return Ok(Restored::Homeless);
    };
    let name = sequence.name.quoted();
    // What it has given out since, it does not give out again.
    let sql = format!(
        "SELECT setval({}::regclass, {value}, {called}) FROM {name} AS now, pg_catalog.pg_sequence AS s WHERE s.seqrelid = {} \
         AND CASE WHEN 0 < s.seqincrement THEN now.last_value <= {value} ELSE {value} <= now.last_value END",
        quote_literal(&name),
        sequence.oid
    );
    batch(session, &sql).await?;
    drop_entry(session, entry.shown.id, false).await?;
    Ok(Restored::Whole)
}

/// Makes an entry of its own, still without rows, for values that the table has no column for, or whose column rounds or cuts them.
async fn split_off<S: Session>(
    session: &mut S,
    entry: &Entry,
    column: &str,
    way: &Way<'_>,
    kind: StashKind,
) -> Result<i64, ApplyError> {
    let (key, unique) = way.row_key();
    let (column, key) = (quote_literal(&list([column])), quote_literal(&list(key)));
    let (later, now) = match kind {
        StashKind::Values => (format!("table_schema, table_name, {key}, {column}"), ", n text"),
        _ => ("NULL, NULL, NULL, NULL".to_owned(), ""),
    };
    let sql = format!(
        "INSERT INTO cargo_schema_stash.entry (namespace, revision, direction, kind, table_schema, table_name, columns, key, \
         key_is_unique, later_schema, later_table, later_key, later_column, git_branch) \
         SELECT namespace, revision, direction, '{}', table_schema, table_name, {column}, {key}, {unique}, {later}, git_branch \
         FROM cargo_schema_stash.entry WHERE id = {} RETURNING id",
        kind.word(),
        entry.shown.id
    );
    let answer = ask(session, &sql).await?;
    let id: i64 = answer.text(0).parse().unwrap_or_else(|_| panic!("an identity is a number"));
    batch(session, &format!("CREATE TABLE {} (k text, r bigint, v1 text{now})", copy(id))).await?;
    Ok(id)
}
