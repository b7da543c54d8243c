//! A revision's text made ready to run: cut into statements, each known to run inside or outside a transaction, and refused before
//! anything runs when it cannot work.
//!
//! Only what would break the run itself is a finding here. Whether a statement is wise is for the linter.

use std::borrow::Cow;

use schema_core::diagnostic::{Code, Diagnostic, Place};
use schema_core::history::{Migration, RevisionId};
use schema_core::sql::{NotInTransaction, Statement, StatementKind, split, statement_kind};

use super::event::Direction;
use super::failure::StatementPlace;
use super::settings::may_change_settings;

/// A text that cannot be cut into statements.
pub const SQL_NOT_SPLITTABLE: Code = Code::new("sql-not-splittable");
/// A statement that begins or ends transactions.
pub const TRANSACTION_CONTROL: Code = Code::new("transaction-control");
/// A statement that PostgreSQL refuses in a transaction, in a revision that runs in one.
pub const NEEDS_NO_TRANSACTION: Code = Code::new("needs-no-transaction");
/// A concurrent index without a name, whose interrupted build could not be found again.
pub const CONCURRENT_INDEX_UNNAMED: Code = Code::new("concurrent-index-unnamed");
/// `DISCARD ALL`, which lets the deployers' lock go.
pub const DISCARD_ALL: Code = Code::new("discard-all");

/// A text ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Script<'m> {
    /// The revision.
    pub migration: &'m Migration,
    /// Which way.
    pub direction: Direction,
    /// The whole text.
    pub text: Cow<'m, str>,
    /// Its statements.
    pub steps: Vec<Step>,
    /// Whether all of them run in one transaction.
    pub transactional: bool,
    /// Whether settings must be pinned again after it.
    pub changes_settings: bool,
}

/// One statement of a [`Script`].
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Its bytes in the text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Its line.
    pub line: u32,
    /// Why it cannot run in a transaction.
    pub outside: Option<NotInTransaction>,
}

impl<'m> Script<'m> {
    /// Cuts a text of a revision.
    pub(crate) fn new(
        migration: &'m Migration,
        direction: Direction,
        text: Cow<'m, str>,
    ) -> Result<Script<'m>, Vec<Diagnostic>> {
        let transactional = is_transactional(&migration.id, &text);
        let reader = Reader { id: &migration.id, direction, text: &text, transactional };
        let steps = reader.steps()?;
        let changes_settings = steps.iter().any(|step| may_change_settings(&text[step.start..step.end]));
        Ok(Script { migration, direction, text, steps, transactional, changes_settings })
    }

    /// The revision.
    pub(crate) fn id(&self) -> &'m RevisionId {
        &self.migration.id
    }

    /// The text of a statement.
    pub(crate) fn sql(&self, index: usize) -> &str {
        &self.text[self.steps[index].start..self.steps[index].end]
    }

    /// The place of a statement, or of the error in it.
    pub(crate) fn place(&self, index: usize, position: Option<u32>) -> StatementPlace {
        let start = self.steps[index].start;
        StatementPlace::new(&self.text, (index, self.steps.len()), (start, self.sql(index)), position)
    }
}

struct Reader<'t> {
    id: &'t RevisionId,
    direction: Direction,
    text: &'t str,
    transactional: bool,
}

impl Reader<'_> {
    fn steps(&self) -> Result<Vec<Step>, Vec<Diagnostic>> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let skipped = self.text.len() - text.len();
        let statements = split(text).map_err(|error| {
            let start = error.offset + skipped;
            let finding = Diagnostic::error(SQL_NOT_SPLITTABLE, format!("line {}: {}", error.line, error.problem));
            vec![finding.primary(Some(self.place(start, start)), "here")]
        })?;
        let (mut steps, mut findings) = (Vec::with_capacity(statements.len()), Vec::new());
        for statement in &statements {
            let kind = statement_kind(statement);
            let (start, end) = (statement.start + skipped, statement.end + skipped);
            if let Some(finding) = self.finding(statement, &kind) {
                findings.push(finding.primary(Some(self.place(start, end)), "this statement"));
            }
            let outside = match kind {
                StatementKind::NotInTransaction(why) => Some(why),
                _ => None,
            };
            steps.push(Step { start, end, line: statement.line, outside });
        }
        if findings.is_empty() { Ok(steps) } else { Err(findings) }
    }

    fn finding(&self, statement: &Statement<'_>, kind: &StatementKind) -> Option<Diagnostic> {
        let line = statement.line;
        match kind {
            StatementKind::TransactionControl(words) => Some(
                Diagnostic::error(
                    TRANSACTION_CONTROL,
                    format!("line {line}: `{words}` would end or nest the transaction the revision is run and recorded in"),
                )
                .help("remove it: the revision is one transaction already, or, with a first line `-- schema: no-transaction`, none"),
            ),
            StatementKind::NotInTransaction(NotInTransaction::DiscardAll) => Some(
                Diagnostic::error(
                    DISCARD_ALL,
                    format!("line {line}: `DISCARD ALL` would let go of the lock that keeps other deployers out"),
                )
                .help("write what is meant, for example RESET ALL or DISCARD TEMP"),
            ),
            StatementKind::NotInTransaction(_) if self.transactional => Some(
                Diagnostic::error(
                    NEEDS_NO_TRANSACTION,
                    format!("line {line}: `{}` cannot run inside a transaction, and this revision is one", opening(statement.text)),
                )
                .help("put it into a revision of its own whose first line is `-- schema: no-transaction`"),
            ),
            StatementKind::NotInTransaction(NotInTransaction::CreateIndexConcurrently { name: None, .. }) => Some(
                Diagnostic::error(
                    CONCURRENT_INDEX_UNNAMED,
                    format!("line {line}: a concurrent index without a name could not be found again if the deploy were interrupted"),
                )
                .help("give it the name it would get, for example CREATE INDEX CONCURRENTLY users_email_idx ON users (email)"),
            ),
            _ => None,
        }
    }

    fn place(&self, start: usize, end: usize) -> Place {
        Place { file: format!("{}/{}", self.id, self.direction.file()), start, end }
    }
}

/// Asked of the text itself, because a down text may come from the ledger; its first line says it.
fn is_transactional(id: &RevisionId, text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default().to_owned();
    Migration { id: id.clone(), parents: Vec::new(), message: String::new(), up: first.into(), down: None }
        .transactional()
}

/// The first words of a statement, to name it.
fn opening(sql: &str) -> String {
    sql.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
