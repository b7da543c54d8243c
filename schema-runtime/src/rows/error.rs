//! Why a row could not be read or written.

use std::error::Error;
use std::fmt;

use crate::table::Table;

/// What reading or writing a row failed at.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowError {
    /// The query gives no such column.
    Absent {
        /// The table in SQL.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The value does not fit the field: another type, or NULL.
    Unreadable {
        /// The table in SQL.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What the driver says.
        source: postgres::Error,
    },
    /// No row has this key.
    NotFound {
        /// The table in SQL.
        table: &'static str,
    },
    /// The statement failed.
    Statement {
        /// The table in SQL.
        table: &'static str,
        /// What the driver says.
        source: postgres::Error,
    },
}

impl RowError {
    pub(super) fn of<T: Table>(source: postgres::Error) -> RowError {
        RowError::Statement { table: T::TABLE, source }
    }

    /// The SQLSTATE, when the server refused the statement: a violated constraint, a lost connection.
    pub fn code(&self) -> Option<&postgres::error::SqlState> {
        match self {
            RowError::Statement { source, .. } | RowError::Unreadable { source, .. } => source.code(),
            RowError::Absent { .. } | RowError::NotFound { .. } => None,
        }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowError::Absent { table, column } => {
                write!(f, "the query gives no column `{column}` of {table}; select the table's `COLUMNS`")
            }
            RowError::Unreadable { table, column, source } => {
                write!(f, "column `{column}` of {table} does not fit its field: {}", cause(source))
            }
            RowError::NotFound { table } => write!(f, "no row of {table} has this key; nothing was changed"),
            RowError::Statement { table, source } => statement(f, table, source),
        }
    }
}

/// The driver's own text for a refused statement is `db error`.
fn statement(f: &mut fmt::Formatter<'_>, table: &str, source: &postgres::Error) -> fmt::Result {
    let Some(refusal) = source.as_db_error() else {
        return write!(f, "{table}: {source}");
    };
    write!(f, "{table}: {} (SQLSTATE {})", refusal.message(), refusal.code().code())?;
    for (word, text) in [("detail", refusal.detail()), ("hint", refusal.hint())] {
        if let Some(text) = text {
            write!(f, "; {word}: {text}")?;
        }
    }
    Ok(())
}

/// The innermost reason: the driver's outer text only counts the column.
fn cause(error: &postgres::Error) -> String {
    let mut source: &dyn Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}

impl Error for RowError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RowError::Unreadable { source, .. } | RowError::Statement { source, .. } => Some(source),
            RowError::Absent { .. } | RowError::NotFound { .. } => None,
        }
    }
}
