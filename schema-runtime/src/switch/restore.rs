//! What was stashed given back: rows inserted, values set, where the revision that they belong to is applied again.
//!
//! First all rows of an entry together; when the server refuses that, row by row, and what is refused stays in the stash. A value that
//! was changed meanwhile is newer than the stashed one and wins.

use schema_core::{quote_ident, quote_literal};

use super::entry::{Entry, StashKind, list};
use super::stash::{ask, batch, copy, counted, drop_entry, key_expression, mark_due, rank};
use super::tables::{Column, Name, Table, Tables};
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
}

/// Drops from an entry what was changed while its revision was undone. The database is as it was left by the undoing.
pub(crate) async fn prune<S: Session>(session: &mut S, entry: &Entry, tables: &Tables) -> Result<(), ApplyError> {
    let Some(later) = &entry.later else { return Ok(()) };
    let Some(table) = tables.named(&later.name).filter(|table| table.named(&later.column).is_some()) else {
        return Ok(());
    };
    let key: Vec<&str> = later.key.iter().map(String::as_str).collect();
    if key.iter().any(|name| table.named(name).is_none()) {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM {} AS s WHERE NOT EXISTS (SELECT FROM (SELECT {}, {} AS r, t.{}::text AS n FROM {} AS t) AS now \
         WHERE now.k = s.k AND now.r = s.r AND now.n IS NOT DISTINCT FROM s.n)",
        entry.copy(),
        key_expression("t", &key),
        rank("t", &key, entry.unique),
        quote_ident(&later.column),
        table.from()
    );
    batch(session, &sql).await
}

/// Gives an entry back.
pub(crate) async fn restore<S: Session>(
    session: &mut S,
    entry: &Entry,
    tables: &Tables,
    attempt: Attempt,
) -> Result<Restored, ApplyError> {
    if entry.shown.kind == StashKind::Sequence {
        return sequence(session, entry, tables).await;
    }
    let Some(table) = tables.named(&entry.name) else { return Ok(Restored::Homeless) };
    let Some(way) = Way::new(entry, table) else { return Ok(Restored::Homeless) };
    let quiet = Quiet::of(session, table, &way).await?;
    let work = match attempt {
        Attempt::Together => way.together(),
        Attempt::Single => way.single(),
    };
    batch(session, "SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT cargo_schema_restore").await?;
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
            Attempt::Single => Ok(Restored::Left(entry.shown.rows)),
        };
    }
    if attempt == Attempt::Together {
        for (place, column) in way.missing() {
            split_off(session, entry, place, column).await?;
        }
        batch(session, &way.cleared()).await?;
    }
    batch(session, "RELEASE SAVEPOINT cargo_schema_restore").await?;
    match counted(session, entry.shown.id).await? {
        0 => Ok(Restored::Whole),
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

/// The entries that hold rows of a table.
fn rows_of(table: &Name) -> String {
    format!(
        "SELECT FROM cargo_schema_stash.entry WHERE kind IN ('table', 'rows') AND table_schema = {} AND table_name = {}",
        quote_literal(&table.schema),
        quote_literal(&table.name)
    )
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

/// Makes an entry of its own of the values that the table has no column for.
async fn split_off<S: Session>(session: &mut S, entry: &Entry, place: usize, column: &str) -> Result<(), ApplyError> {
    let sql = format!(
        "INSERT INTO cargo_schema_stash.entry (namespace, revision, direction, kind, table_schema, table_name, columns, key, \
         key_is_unique, git_branch) SELECT namespace, revision, direction, 'column', table_schema, table_name, {}, key, key_is_unique, git_branch \
         FROM cargo_schema_stash.entry WHERE id = {} RETURNING id",
        quote_literal(&list([column])),
        entry.shown.id
    );
    let answer = ask(session, &sql).await?;
    let id: i64 = answer.text(0).parse().unwrap_or_else(|_| panic!("an identity is a number"));
    let query = format!("SELECT k, 1::bigint AS r, v{place} AS v1 FROM {} WHERE v{place} IS NOT NULL", entry.copy());
    batch(session, &format!("CREATE TABLE {} AS {query}", copy(id))).await?;
    counted(session, id).await.map(drop)
}

/// How an entry goes into its table.
struct Way<'w> {
    entry: &'w Entry,
    table: &'w Table,
    /// The place of each value in the copy, and its column.
    columns: Vec<(usize, &'w Column)>,
    /// The key, when the table still has all of it.
    key: Option<Vec<&'w str>>,
}

impl<'w> Way<'w> {
    /// None when the table has no column for it.
    fn new(entry: &'w Entry, table: &'w Table) -> Option<Way<'w>> {
        let home = |name: &String| table.named(name).filter(|column| !column.generated);
        let columns: Vec<(usize, &Column)> =
            entry.shown.columns.iter().enumerate().filter_map(|(at, name)| Some((at + 1, home(name)?))).collect();
        let key: Option<Vec<&str>> = entry.key.iter().map(|name| Some(table.named(name)?.name.as_str())).collect();
        let usable = !columns.is_empty() && (!entry.by_key() || key.as_ref().is_some_and(|key| !key.is_empty()));
        usable.then_some(Way { entry, table, columns, key })
    }

    /// Columns of whole rows that the table does not have.
    fn missing(&self) -> Vec<(usize, &'w str)> {
        let columns = self.entry.shown.columns.iter().enumerate().map(|(at, name)| (at + 1, name.as_str()));
        let is_missing = |place: usize| self.columns.iter().all(|(known, _)| *known != place);
        let whole = matches!(self.entry.shown.kind, StashKind::Table | StashKind::Rows);
        columns.filter(|(place, _)| whole && is_missing(*place)).collect()
    }

    fn together(&self) -> String {
        self.statements("true").join("; ")
    }

    /// Rows that wait for others of the same entry come in a later round.
    fn single(&self) -> String {
        let copy = self.entry.copy();
        let execute = |sql: &String| format!("EXECUTE {} USING place;", quote_literal(sql));
        let statements: String = self.statements("s.place = $1").iter().map(execute).collect();
        let body = format!(
            "DECLARE place tid; moved bigint; BEGIN LOOP moved := 0; \
             FOR place IN SELECT ctid FROM {copy} LOOP BEGIN {statements} \
             DELETE FROM {copy} WHERE ctid = place; moved := moved + 1; \
             EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN NULL; END; END LOOP; \
             EXIT WHEN moved = 0; END LOOP; END"
        );
        format!("DO {}", quote_literal(&body))
    }

    /// Clears the copy after all of it went in. Values whose row is not there stay when rows of the table are in the stash as well, and
    /// when rows are told apart by their values, of which one may have been changed meanwhile. Else their row was deleted.
    fn cleared(&self) -> String {
        let copy = self.entry.copy();
        let Some(key) = self.key.as_ref().filter(|_| self.entry.by_key()) else { return format!("DELETE FROM {copy}") };
        let deleted = match self.entry.unique {
            true => format!(" OR NOT EXISTS ({})", rows_of(&self.entry.name)),
            false => String::new(),
        };
        format!(
            "DELETE FROM {copy} AS s WHERE EXISTS (SELECT FROM {} AS t WHERE t.k = s.k AND t.r = s.r){deleted}",
            self.numbered(key)
        )
    }

    /// The rows of the table with their keys.
    fn numbered(&self, key: &[&str]) -> String {
        format!(
            "(SELECT {}, {} AS r, t.tableoid AS relation, t.ctid AS place FROM {} AS t)",
            key_expression("t", key),
            rank("t", key, self.entry.unique),
            self.table.from()
        )
    }

    fn statements(&self, condition: &str) -> Vec<String> {
        let source = format!("(SELECT c.ctid AS place, c.* FROM {} AS c)", self.entry.copy());
        match (self.entry.shown.kind, &self.key) {
            (StashKind::Column | StashKind::Values, Some(key)) => vec![self.update(&source, key, condition)],
            (StashKind::Table, Some(key)) if self.entry.unique => {
                let update = self.update(&source, key, condition);
                vec![update, self.insert(&source, Some(key), condition)]
            }
            (_, Some(key)) if self.entry.unique => vec![self.insert(&source, Some(key), condition)],
            _ => vec![self.insert(&source, None, condition)],
        }
    }

    fn update(&self, source: &str, key: &[&str], condition: &str) -> String {
        let settable = self.columns.iter().filter(|(_, column)| !key.contains(&column.name.as_str()));
        let (set, differs): (Vec<String>, Vec<String>) = settable
            .map(|(place, column)| {
                let name = quote_ident(&column.name);
                let set = format!("{name} = s.v{place}::{}", column.data_type);
                (set, format!("t.{name}::text IS DISTINCT FROM s.v{place}"))
            })
            .unzip();
        if set.is_empty() {
            return "SELECT".to_owned();
        }
        let rank = if matches!(self.entry.shown.kind, StashKind::Table) { "" } else { " AND n.r = s.r" };
        format!(
            "UPDATE {} AS t SET {} FROM {} AS n, {source} AS s WHERE n.k = s.k{rank} AND t.tableoid = n.relation AND t.ctid = n.place \
             AND ({}) AND {condition}",
            self.table.from(),
            set.join(", "),
            self.numbered(key),
            differs.join(" OR ")
        )
    }

    fn insert(&self, source: &str, key: Option<&Vec<&str>>, condition: &str) -> String {
        let names: Vec<String> = self.columns.iter().map(|(_, column)| quote_ident(&column.name)).collect();
        let values: Vec<String> =
            self.columns.iter().map(|(place, column)| format!("s.v{place}::{}", column.data_type)).collect();
        let absent = match key {
            None => String::new(),
            Some(key) => format!(" AND NOT EXISTS (SELECT FROM {} AS n WHERE n.k = s.k)", self.numbered(key)),
        };
        format!(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {source} AS s WHERE {condition}{absent}",
            self.table.name.quoted(),
            names.join(", "),
            values.join(", ")
        )
    }
}

/// Statements that keep a table's own triggers from firing, and take an always generated identity's guard away, for a while.
pub(crate) struct Quiet {
    pub before: String,
    pub after: String,
}

impl Quiet {
    async fn of<S: Session>(session: &mut S, table: &Table, way: &Way<'_>) -> Result<Quiet, ApplyError> {
        let mut quiet = Quiet::triggers(session, table).await?;
        for (_, column) in way.columns.iter().filter(|(_, column)| column.always_identity) {
            let alter =
                format!("ALTER TABLE {} ALTER {} SET GENERATED", table.name.quoted(), quote_ident(&column.name));
            quiet.before.push_str(&format!("; {alter} BY DEFAULT"));
            quiet.after.push_str(&format!("; {alter} ALWAYS"));
        }
        Ok(quiet)
    }

    /// Only for triggers; constraints are checked.
    pub(crate) async fn triggers<S: Session>(session: &mut S, table: &Table) -> Result<Quiet, ApplyError> {
        let sql = format!(
            "SELECT tgname, tgenabled FROM pg_catalog.pg_trigger WHERE tgrelid = {} AND NOT tgisinternal AND tgenabled <> 'D'",
            table.oid
        );
        let answer = ask(session, &sql).await?;
        let mut quiet = Quiet { before: "SELECT".to_owned(), after: "SELECT".to_owned() };
        for row in &answer.rows {
            let name = quote_ident(row[0].as_deref().unwrap_or_default());
            let mode = match row[1].as_deref() {
                Some("R") => "ENABLE REPLICA",
                Some("A") => "ENABLE ALWAYS",
                _ => "ENABLE",
            };
            let of = table.name.quoted();
            quiet.before.push_str(&format!("; ALTER TABLE {of} DISABLE TRIGGER {name}"));
            quiet.after.push_str(&format!("; ALTER TABLE {of} {mode} TRIGGER {name}"));
        }
        Ok(quiet)
    }
}
