//! Rows through the blocking `postgres` client.

use postgres::GenericClient;
use postgres::types::ToSql;

use super::RowError;
use super::statement::{self, Sent, Statement};
use crate::table::{Keyed, Table};

pub(crate) fn insert<T: Table, C: GenericClient>(client: &mut C, row: &T, sent: Sent<'_, T>) -> Result<T, RowError> {
    let statement = statement::insert(row, &sent);
    T::from_row(&client.query_one(&statement.sql, &statement.values).map_err(RowError::of::<T>)?)
}

pub(crate) fn select<T: Table, C: GenericClient>(
    client: &mut C,
    rest: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<T>, RowError> {
    let rows = client.query(&statement::select::<T>(rest), parameters).map_err(RowError::of::<T>)?;
    rows.iter().map(T::from_row).collect()
}

pub(crate) fn find<T: Keyed, C: GenericClient>(client: &mut C, key: &T::Key) -> Result<Option<T>, RowError> {
    optional(client, &statement::find::<T>(key))
}

pub(crate) fn update<T: Keyed, C: GenericClient>(client: &mut C, row: &T) -> Result<T, RowError> {
    optional(client, &statement::update(row))?.ok_or(RowError::NotFound { table: T::TABLE })
}

pub(crate) fn delete<T: Keyed, C: GenericClient>(client: &mut C, row: &T) -> Result<bool, RowError> {
    let statement = statement::delete(row);
    let rows = client.execute(&statement.sql, &statement.values).map_err(RowError::of::<T>)?;
    Ok(rows != 0)
}

fn optional<T: Table, C: GenericClient>(client: &mut C, statement: &Statement<'_>) -> Result<Option<T>, RowError> {
    let row = client.query_opt(&statement.sql, &statement.values).map_err(RowError::of::<T>)?;
    row.as_ref().map(T::from_row).transpose()
}
