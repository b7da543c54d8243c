//! What can be said against the SQL of a revision before a server sees it.
//!
//! Only what would go wrong half-way, or with a message that hides the cause: statements that end the revision's transaction,
//! statements that cannot run in one, and texts that only psql understands. Locks and data loss are judged elsewhere.

use super::classify::{NotInTransaction, StatementKind, statement_kind};
use super::splitter::{SplitError, SplitProblem, Statement, split};
use crate::diagnostic::{Code, Diagnostic, Place};

/// A string, name or comment is open at the end of the text.
pub const SQL_OPEN: Code = Code::new("sql-open");
/// A command of psql.
pub const SQL_PSQL_COMMAND: Code = Code::new("sql-psql-command");
/// Rows of a COPY in the text.
pub const SQL_COPY_FROM_STDIN: Code = Code::new("sql-copy-from-stdin");
/// A NUL byte in the text.
pub const SQL_NUL_BYTE: Code = Code::new("sql-nul-byte");
/// A statement that ends or nests the transaction of the revision.
pub const SQL_TRANSACTION_CONTROL: Code = Code::new("sql-transaction-control");
/// A statement that PostgreSQL refuses in a transaction.
pub const SQL_NEEDS_NO_TRANSACTION: Code = Code::new("sql-needs-no-transaction");

/// How the statements of a text are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// All of them in one transaction.
    Transaction,
    /// One by one, because the first line is `-- schema: no-transaction`.
    Alone,
}

/// Everything that can be said against a text. `file` is its path as the user would type it.
///
/// ```
/// use schema_core::sql::{RunMode, findings};
/// let found = findings("CREATE TABLE t ();\nCOMMIT;", "migrations/1_t/up.sql", RunMode::Transaction);
/// assert_eq!(found[0].code.as_str(), "sql-transaction-control");
/// ```
pub fn findings(text: &str, file: &str, mode: RunMode) -> Vec<Diagnostic> {
    let statements = match split(text) {
        Ok(statements) => statements,
        Err(problem) => return vec![problem.to_diagnostic(file)],
    };
    match mode {
        RunMode::Transaction => statements.iter().filter_map(|statement| in_transaction(statement, file)).collect(),
        RunMode::Alone => Vec::new(),
    }
}

impl SplitError {
    /// The finding. `file` is the path of the text as the user would type it.
    pub fn to_diagnostic(&self, file: &str) -> Diagnostic {
        let (code, length, label) = match &self.problem {
            SplitProblem::OpenString => (SQL_OPEN, 1, "open from here to the end"),
            SplitProblem::OpenIdent => (SQL_OPEN, 1, "open from here to the end"),
            SplitProblem::OpenComment => (SQL_OPEN, 2, "open from here to the end"),
            SplitProblem::OpenDollar(delimiter) => (SQL_OPEN, delimiter.len(), "open from here to the end"),
            SplitProblem::PsqlMeta(command) => (SQL_PSQL_COMMAND, command.len(), "no SQL"),
            SplitProblem::CopyFromStdin => {
                (SQL_COPY_FROM_STDIN, "COPY".len(), "reads rows that no server can find here")
            }
            SplitProblem::Nul => (SQL_NUL_BYTE, 1, "a byte with the value 0"),
        };
        let place = Place { file: file.to_owned(), start: self.offset, end: self.offset + length };
        Diagnostic::error(code, self.problem.to_string()).primary(Some(place), label).help(self.problem.remedy())
    }
}

fn in_transaction(statement: &Statement<'_>, file: &str) -> Option<Diagnostic> {
    let found = match statement_kind(statement) {
        StatementKind::TransactionControl(words) => Diagnostic::error(
            SQL_TRANSACTION_CONTROL,
            format!("`{words}` interferes with the transaction of the revision, so a failure after it could leave half of it applied"),
        )
        .help("remove it: each revision runs in a transaction of its own")
        .help("to run the statements one by one instead, make the first line of the file: -- schema: no-transaction"),
        StatementKind::NotInTransaction(kind) => Diagnostic::error(
            SQL_NEEDS_NO_TRANSACTION,
            format!("PostgreSQL refuses `{}` in a transaction, and this revision runs in one", kind.words()),
        )
        .help("make the first line of the file: -- schema: no-transaction")
        .help("better, move the statement to a revision of its own: cargo schema generate --empty -m \"...\""),
        StatementKind::Other => return None,
    };
    let first_line = statement.text.lines().next().unwrap_or(statement.text);
    let place = Place { file: file.to_owned(), start: statement.start, end: statement.start + first_line.len() };
    Some(found.primary(Some(place), format!("line {}", statement.line)))
}

impl NotInTransaction {
    /// The words by which the statement is known.
    pub fn words(&self) -> &'static str {
        match self {
            NotInTransaction::CreateIndexConcurrently { .. } => "CREATE INDEX CONCURRENTLY",
            NotInTransaction::DropIndexConcurrently { .. } => "DROP INDEX CONCURRENTLY",
            NotInTransaction::ReindexConcurrently => "REINDEX CONCURRENTLY",
            NotInTransaction::ReindexMany => "REINDEX of a schema, a database or the system catalogs",
            NotInTransaction::DetachConcurrently => "DETACH PARTITION CONCURRENTLY",
            NotInTransaction::Vacuum => "VACUUM",
            NotInTransaction::ClusterAll => "CLUSTER without a table",
            NotInTransaction::AlterSystem => "ALTER SYSTEM",
            NotInTransaction::CreateDatabase => "CREATE DATABASE",
            NotInTransaction::DropDatabase => "DROP DATABASE",
            NotInTransaction::MoveDatabase => "ALTER DATABASE SET TABLESPACE",
            NotInTransaction::CreateTablespace => "CREATE TABLESPACE",
            NotInTransaction::DropTablespace => "DROP TABLESPACE",
            NotInTransaction::CreateSubscription => "CREATE SUBSCRIPTION",
            NotInTransaction::DropSubscription => "DROP SUBSCRIPTION",
            NotInTransaction::DiscardAll => "DISCARD ALL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, mode: RunMode, expected: &[(&str, &str)]) {
        let found = findings(text, "up.sql", mode);
        let shown: Vec<_> = found
            .iter()
            .map(|found| {
                let place = &found.primary.as_ref().unwrap().place;
                (found.code.as_str(), &text[place.start..place.end])
            })
            .collect();
        assert_eq!(shown, expected);
        assert!(found.iter().all(|found| !found.help.is_empty()));
    }

    #[test]
    fn every_statement_that_needs_another_mode_is_found() {
        let text = "BEGIN;\nCREATE INDEX CONCURRENTLY i\n  ON t (a);\nSELECT 1;\ncommit work;";
        check(
            text,
            RunMode::Transaction,
            &[
                ("sql-transaction-control", "BEGIN"),
                ("sql-needs-no-transaction", "CREATE INDEX CONCURRENTLY i"),
                ("sql-transaction-control", "commit work"),
            ],
        );
        check(text, RunMode::Alone, &[]);
    }

    #[test]
    fn texts_that_cannot_be_cut_point_at_the_cause() {
        check("SELECT 1;\nSELECT $a$ x", RunMode::Alone, &[("sql-open", "$a$")]);
        check("SELECT 'x", RunMode::Alone, &[("sql-open", "'")]);
        check("SELECT /* x", RunMode::Alone, &[("sql-open", "/*")]);
        check("SELECT \"x", RunMode::Alone, &[("sql-open", "\"")]);
        check("SELECT E'x", RunMode::Alone, &[("sql-open", "E")]);
        check("\\i other.sql", RunMode::Alone, &[("sql-psql-command", "\\i")]);
        check("COPY t FROM STDIN;\n1\n\\.", RunMode::Alone, &[("sql-copy-from-stdin", "COPY")]);
        check("SELECT '\0'", RunMode::Alone, &[("sql-nul-byte", "\0")]);
    }
}
