//! What a server said about a statement, and where in the revision's file it points.
//!
//! No rendering: the CLI draws the caret, and [`super::ApplyError`] writes the lines for an application's log.

use postgres::error::{DbError, ErrorPosition};
use schema_core::sql::{byte_offset, line_column};

/// An error of the server in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlFailure {
    /// The five characters that name the condition, for example `23505`; empty when the connection failed.
    pub sqlstate: String,
    /// The message.
    pub message: String,
    /// DETAIL.
    pub detail: Option<String>,
    /// HINT.
    pub hint: Option<String>,
    /// CONTEXT: the functions and DO blocks that were running.
    pub context: Option<String>,
    /// The character of the statement the error points at, from 1.
    pub position: Option<u32>,
    /// What a violated constraint belongs to, where the server names it.
    pub about: Option<Box<ErrorObject>>,
    /// Whether the connection is gone, so that it is not known what the server did.
    pub disconnected: bool,
}

/// The names that the server sends beside an error, for programs: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorObject {
    /// The schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column, for NOT NULL.
    pub column: Option<String>,
    /// The constraint or unique index.
    pub constraint: Option<String>,
}

/// Where a statement of a revision, or an error in it, stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementPlace {
    /// The number of the statement in its file, from 0.
    pub index: usize,
    /// How many statements the file has.
    pub of: usize,
    /// The text of the statement.
    pub sql: String,
    /// The byte of the file where the statement starts.
    pub start: usize,
    /// The byte of the file the error points at: the statement's first one when the server named none.
    pub offset: usize,
    /// The line of `offset`, from 1.
    pub line: u32,
    /// The column of `offset` in characters, from 1.
    pub column: u32,
}

impl SqlFailure {
    pub(crate) fn new(error: &postgres::Error) -> SqlFailure {
        match error.as_db_error() {
            Some(db) => SqlFailure::of_server(db, error.is_closed()),
            None => SqlFailure {
                sqlstate: String::new(),
                message: causes(error),
                detail: None,
                hint: None,
                context: None,
                position: None,
                about: None,
                disconnected: true,
            },
        }
    }

    fn of_server(db: &DbError, closed: bool) -> SqlFailure {
        SqlFailure {
            sqlstate: db.code().code().to_owned(),
            message: db.message().to_owned(),
            detail: db.detail().map(str::to_owned),
            hint: db.hint().map(str::to_owned),
            context: db.where_().map(str::to_owned),
            position: match db.position() {
                Some(ErrorPosition::Original(position)) => Some(*position),
                _ => None,
            },
            about: db.schema().zip(db.table()).map(|(schema, table)| {
                Box::new(ErrorObject {
                    schema: schema.to_owned(),
                    table: table.to_owned(),
                    column: db.column().map(str::to_owned),
                    constraint: db.constraint().map(str::to_owned),
                })
            }),
            // FATAL and PANIC end the session: terminated by an administrator, server shutting down.
            disconnected: closed || matches!(db.severity(), "FATAL" | "PANIC"),
        }
    }

    /// Whether the same transaction may succeed when it is run again: a lock not to be had, a deadlock, a serialization failure,
    /// or two sessions at one catalog row.
    pub fn may_pass_next_time(&self) -> bool {
        matches!(self.sqlstate.as_str(), "55P03" | "40P01" | "40001")
            || self.sqlstate == "XX000" && self.message.contains("tuple concurrently")
    }

    /// Whether the server refused to run the statement inside a transaction.
    pub(crate) fn wants_no_transaction(&self) -> bool {
        matches!(self.sqlstate.as_str(), "25001" | "2D000")
    }
}

impl std::fmt::Display for SqlFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if !self.sqlstate.is_empty() {
            write!(f, " (SQLSTATE {})", self.sqlstate)?;
        }
        let lines = [("detail", &self.detail), ("hint", &self.hint), ("context", &self.context)];
        lines
            .iter()
            .filter_map(|(name, text)| Some((name, text.as_ref()?)))
            .try_for_each(|(name, text)| write!(f, "\n{name}: {text}"))
    }
}

impl StatementPlace {
    /// The place of an error in statement `index`, which starts at byte `start` of `file_text`.
    pub(crate) fn new(
        file_text: &str,
        (index, of): (usize, usize),
        (start, sql): (usize, &str),
        position: Option<u32>,
    ) -> StatementPlace {
        let offset = start + position.map_or(0, |position| byte_offset(sql, position as usize));
        let (line, column) = line_column(file_text, offset);
        StatementPlace { index, of, sql: sql.to_owned(), start, offset, line, column }
    }
}

fn causes(error: &postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_of_the_statement() {
        let file = "-- é\nSELECT 1;\nSELECT 'é', nix";
        let start = file.rfind("SELECT").unwrap();
        let place = StatementPlace::new(file, (1, 2), (start, &file[start..]), Some(13));
        assert_eq!((&file[place.offset..], place.line, place.column), ("nix", 3, 13));
        let place = StatementPlace::new(file, (1, 2), (start, &file[start..]), None);
        assert_eq!((place.offset, place.line, place.column), (start, 3, 1));
    }
}
