//! A revision's text made ready to run: cut into statements, each known to run inside or outside a transaction, and refused before
//! anything runs when it cannot work.
//!
//! Only what would break the run itself is a finding here. Whether a statement is wise is for the linter.

use std::borrow::Cow;

use schema_core::diagnostic::{Code, Diagnostic, Place};
use schema_core::history::{Migration, RevisionId};
use schema_core::sql::{
    NotInTransaction, RunMode, SQL_TRANSACTION_CONTROL, Statement, StatementKind, findings, split, statement_kind,
};

use super::event::Direction;
use super::failure::StatementPlace;
use super::settings::may_change_settings;

/// A concurrent index without a name, whose interrupted build could not be found again.
pub const SQL_CONCURRENT_INDEX_UNNAMED: Code = Code::new("sql-concurrent-index-unnamed");
/// `DISCARD ALL`, which lets the deployers' lock go.
pub const SQL_DISCARD_ALL: Code = Code::new("sql-discard-all");

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
        let mode = if transactional { RunMode::Transaction } else { RunMode::Alone };
        let steps = steps(&text, &format!("{}/{}", migration.id, direction.file()), mode)?;
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

/// Cuts a text into its steps, or says all that keeps it from being run.
fn steps(text: &str, file: &str, mode: RunMode) -> Result<Vec<Step>, Vec<Diagnostic>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shift = text.len() - body.len();
    let mut found = findings(body, file, mode);
    let statements = split(body).unwrap_or_default();
    let (mut steps, mut own) = (Vec::with_capacity(statements.len()), Vec::new());
    for statement in &statements {
        let kind = statement_kind(statement);
        own.extend(alone(statement, &kind, file).filter(|_| mode == RunMode::Alone));
        let outside = match kind {
            StatementKind::NotInTransaction(why) => Some(why),
            _ => None,
        };
        steps.push(Step { start: statement.start + shift, end: statement.end + shift, line: statement.line, outside });
    }
    found.extend(own);
    if found.is_empty() {
        return Ok(steps);
    }
    for place in found.iter_mut().filter_map(|finding| Some(&mut finding.primary.as_mut()?.place)) {
        (place.start, place.end) = (place.start + shift, place.end + shift);
    }
    Err(found)
}

/// What cannot be recorded when statements are run one by one.
fn alone(statement: &Statement<'_>, kind: &StatementKind, file: &str) -> Option<Diagnostic> {
    let finding = match kind {
        StatementKind::TransactionControl(words) => {
            let message = format!("`{words}` would span statements, and each one is run and recorded by itself here");
            Diagnostic::error(SQL_TRANSACTION_CONTROL, message).help(
                "remove it; what must be done together belongs into a revision without `-- schema: no-transaction`",
            )
        }
        StatementKind::NotInTransaction(NotInTransaction::DiscardAll) => {
            let message = "`DISCARD ALL` would let go of the lock that keeps other deployers out";
            Diagnostic::error(SQL_DISCARD_ALL, message)
                .help("write what is meant, for example RESET ALL or DISCARD TEMP")
        }
        StatementKind::NotInTransaction(NotInTransaction::CreateIndexConcurrently { name: None, .. }) => {
            let message = "a concurrent index without a name could not be found again if the deploy were interrupted";
            let help = "name it, for example CREATE INDEX CONCURRENTLY users_email_idx ON users (email)";
            Diagnostic::error(SQL_CONCURRENT_INDEX_UNNAMED, message).help(help)
        }
        _ => return None,
    };
    let first_line = statement.text.lines().next().unwrap_or(statement.text);
    let place = Place { file: file.to_owned(), start: statement.start, end: statement.start + first_line.len() };
    Some(finding.primary(Some(place), format!("line {}", statement.line)))
}

/// Asked of the text itself, because a down text may come from the ledger; its first line says it.
fn is_transactional(id: &RevisionId, text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default().to_owned();
    Migration {
        id: id.clone(),
        parents: Vec::new(),
        message: String::new(),
        up: first.into(),
        down: None,
        adopted: None,
        replaces: Vec::new(),
    }
    .transactional()
}
