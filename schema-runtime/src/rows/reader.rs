//! Finds the columns of a table in a row.

use postgres::Row;

use super::RowError;
use crate::table::Shape;
use crate::types::{Of, SqlType, of};

/// A row, and where in it the columns of a table are expected.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Reader<'r> {
    row: &'r Row,
    table: &'static str,
    shape: &'static Shape,
    first: usize,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(row: &'r Row, table: &'static str, shape: &'static Shape, first: usize) -> Reader<'r> {
        Reader { row, table, shape, first }
    }

    /// The place of a column. Two columns of one type in another order would be taken for each other if places were believed.
    fn find(&self, column: usize) -> Result<usize, RowError> {
        let (name, columns) = (self.shape.names[column], self.row.columns());
        let expected = self.first + column;
        if columns.get(expected).is_some_and(|found| found.name() == name) {
            return Ok(expected);
        }
        let found = columns.iter().skip(self.first).position(|found| found.name() == name);
        found.map(|at| self.first + at).ok_or(RowError::Absent { table: self.table, column: name })
    }

    fn unreadable(&self, column: usize, source: postgres::Error) -> RowError {
        RowError::Unreadable { table: self.table, column: self.shape.names[column], source }
    }
}

impl<T> Of<T> {
    /// The value of a column.
    pub fn get(&self, reader: &Reader<'_>, column: usize) -> Result<T, RowError> {
        let at = reader.find(column)?;
        (self.read)(reader.row, at).map_err(|source| reader.unreadable(column, source))
    }
}

/// The value of a column whose type is known to be one.
#[doc(hidden)]
pub fn get<T: SqlType>(reader: &Reader<'_>, column: usize) -> Result<T, RowError> {
    of::<T>().get(reader, column)
}
