//! The statements of a table, with the values they take, for both clients.

use postgres::types::ToSql;

use crate::table::{ALWAYS, ColumnOf, GENERATED, KEY, Keyed, NUMBERED, Table};

/// A statement and its parameters.
pub(super) struct Statement<'v> {
    pub sql: String,
    pub values: Vec<&'v (dyn ToSql + Sync)>,
}

/// Which columns an INSERT sends.
pub(crate) enum Sent<'c, T> {
    /// All but what PostgreSQL numbers or computes, and these.
    Without(&'c [&'c dyn ColumnOf<T>]),
    /// Numbered ones too.
    Exact,
}

pub(super) fn insert<'v, T: Table>(row: &'v T, sent: &Sent<'_, T>) -> Statement<'v> {
    let (columns, overriding): (Vec<usize>, _) = match sent {
        Sent::Without(left) => {
            (T::SHAPE.without(NUMBERED | GENERATED).filter(|at| left.iter().all(|of| of.index() != *at)).collect(), "")
        }
        Sent::Exact => (T::SHAPE.without(GENERATED).collect(), overriding::<T>()),
    };
    let head = format!("INSERT INTO {}", T::TABLE);
    let places = (1..=columns.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    let body = match columns.is_empty() {
        true => "DEFAULT VALUES".to_owned(),
        false => format!("({}){overriding} VALUES ({places})", T::SHAPE.list(&columns)),
    };
    Statement { sql: format!("{head} {body} RETURNING {}", T::COLUMNS), values: values(row, &columns) }
}

fn overriding<T: Table>() -> &'static str {
    let always = T::SHAPE.flags.iter().any(|flags| flags & ALWAYS != 0);
    if always { " OVERRIDING SYSTEM VALUE" } else { "" }
}

pub(super) fn find<T: Keyed>(key: &T::Key) -> Statement<'_> {
    let columns = T::SHAPE.key;
    let found = T::SHAPE.equations(columns, 1, " AND ");
    let sql = format!("SELECT {} FROM {} WHERE {found}", T::COLUMNS, T::TABLE);
    Statement { sql, values: (0..columns.len()).map(|part| T::key(key, part)).collect() }
}

/// A key has no columns beside it in a join table; then there is nothing to set, and the row is only read.
pub(super) fn update<T: Keyed>(row: &T) -> Statement<'_> {
    let columns: Vec<usize> = T::SHAPE.without(KEY | ALWAYS | GENERATED).collect();
    let found = T::SHAPE.equations(T::SHAPE.key, columns.len() + 1, " AND ");
    let sql = match columns.is_empty() {
        true => format!("SELECT {} FROM {} WHERE {found}", T::COLUMNS, T::TABLE),
        false => {
            let set = T::SHAPE.equations(&columns, 1, ", ");
            format!("UPDATE {} SET {set} WHERE {found} RETURNING {}", T::TABLE, T::COLUMNS)
        }
    };
    let mut sent = values(row, &columns);
    sent.extend(values(row, T::SHAPE.key));
    Statement { sql, values: sent }
}

pub(super) fn delete<T: Keyed>(row: &T) -> Statement<'_> {
    let found = T::SHAPE.equations(T::SHAPE.key, 1, " AND ");
    Statement { sql: format!("DELETE FROM {} WHERE {found}", T::TABLE), values: values(row, T::SHAPE.key) }
}

/// `rest` is what follows FROM: WHERE, ORDER BY, LIMIT.
pub(super) fn select<T: Table>(rest: &str) -> String {
    format!("SELECT {} FROM {} {rest}", T::COLUMNS, T::TABLE)
}

fn values<'v, T: Table>(row: &'v T, columns: &[usize]) -> Vec<&'v (dyn ToSql + Sync)> {
    columns.iter().map(|column| row.value(*column)).collect()
}
