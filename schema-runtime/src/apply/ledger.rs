//! The ledger read: which revisions a database has, and in what state.
//!
//! Reading needs no rights beyond connecting: the columns read here are granted to everyone when the ledger is made, the texts of
//! the revisions are not. A database without ledger has nothing applied. Writing is in `record`.

use std::time::Duration;

use schema_core::history::{Checksums, RevisionId};
use schema_core::quote_literal;

use super::error::ApplyError;
use super::event::Direction;
use super::session::Session;

/// The version of the ledger that this library writes.
pub(crate) const VERSION: u32 = 1;

/// What the ledger says about one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The revision.
    pub id: RevisionId,
    /// Its parents when it was applied.
    pub parents: Vec<RevisionId>,
    /// What it does.
    pub message: String,
    /// The checksums of the texts that were run.
    pub checksums: Checksums,
    /// The checksum of the up text alone, over its tokens: what the database really has.
    pub up_checksum: String,
    /// When it was applied, as PostgreSQL writes it, in UTC.
    pub applied_at: String,
    /// The role that applied it.
    pub applied_by: String,
    /// How long it took.
    pub duration: Duration,
    /// The tool that applied it, with its version.
    pub tool_version: String,
    /// The git branch it was applied from, when known.
    pub git_branch: Option<String>,
    /// The git commit it was applied from, when known.
    pub git_commit: Option<String>,
    /// Where it stands when it was interrupted; `None` when it is applied.
    pub interrupted: Option<Interrupted>,
}

/// How far an interrupted revision came. Only revisions that run without a transaction can be interrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Which way it was being run.
    pub direction: Direction,
    /// How many of its statements are done.
    pub done: usize,
    /// The statement that was running outside a transaction, from 0.
    pub in_flight: Option<usize>,
}

/// All rows of one namespace, in the order of application.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Whether there is one.
    pub exists: bool,
    /// Its rows.
    pub rows: Vec<Applied>,
}

impl Ledger {
    /// The interrupted revision.
    pub(crate) fn interrupted(&self) -> Option<(&Applied, &Interrupted)> {
        self.rows.iter().find_map(|row| Some((row, row.interrupted.as_ref()?)))
    }
}

const EXISTS: &str = "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'cargo_schema' AND c.relname = 'revision'";

/// Reads the ledger of a namespace.
pub(crate) async fn read<S: Session>(session: &mut S, namespace: &str) -> Result<Ledger, ApplyError> {
    const DOING: &str = "reading the ledger `cargo_schema`";
    let failed = |error: postgres::Error| ApplyError::own(DOING, &error);
    if session.ask(EXISTS).await.map_err(failed)?.text(0) == "0" {
        return Ok(Ledger::default());
    }
    let sql = format!(
        "SELECT value FROM cargo_schema.meta WHERE name = 'ledger_version'; \
         SELECT id, array_to_string(parents, ' '), message, checksum, statements_checksum, up_checksum, \
         to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), applied_by, duration_ms, tool_version, git_branch, git_commit, \
         state, statements_done, in_flight FROM cargo_schema.revision WHERE namespace = {} ORDER BY ordinal",
        quote_literal(namespace)
    );
    let answer = session.ask(&sql).await.map_err(failed)?;
    let version = answer.text(0).parse().unwrap_or(0);
    if VERSION < version {
        return Err(ApplyError::LedgerTooNew { version, known: VERSION });
    }
    let rows = answer.rows.into_iter().skip(1).map(applied).collect();
    Ok(Ledger { exists: true, rows })
}

fn applied(row: Vec<Option<String>>) -> Applied {
    let mut values = row.into_iter();
    let mut optional = || values.next().flatten();
    let mut text = || optional().unwrap_or_default();
    let id = revision(&text());
    let parents = text().split_ascii_whitespace().map(revision).collect();
    let message = text();
    let checksums = Checksums { text: text(), statements: text() };
    let (up_checksum, applied_at, applied_by) = (text(), text(), text());
    let duration = Duration::from_millis(text().parse().unwrap_or(0));
    let tool_version = text();
    let (git_branch, git_commit) = (optional(), optional());
    let direction = match optional().as_deref() {
        Some("running-up") => Some(Direction::Up),
        Some("running-down") => Some(Direction::Down),
        _ => None,
    };
    let mut number = || optional().and_then(|text| text.parse().ok());
    let (done, in_flight) = (number().unwrap_or(0), number());
    let interrupted = direction.map(|direction| Interrupted { direction, done, in_flight });
    Applied {
        id,
        parents,
        message,
        checksums,
        up_checksum,
        applied_at,
        applied_by,
        duration,
        tool_version,
        git_branch,
        git_commit,
        interrupted,
    }
}

/// The ledger takes checked ids only, by its own constraint.
fn revision(text: &str) -> RevisionId {
    RevisionId::new(text).unwrap_or_else(|problem| panic!("the ledger holds the id `{text}`: {problem}"))
}

/// The texts a revision was run with; `None` when it is not in the ledger.
pub(crate) async fn texts<S: Session>(
    session: &mut S,
    namespace: &str,
    id: &RevisionId,
) -> Result<Option<(String, Option<String>)>, ApplyError> {
    let sql = format!(
        "SELECT up, down FROM cargo_schema.revision WHERE namespace = {} AND id = {}",
        quote_literal(namespace),
        quote_literal(id.as_str())
    );
    let answer =
        session.ask(&sql).await.map_err(|error| ApplyError::own("reading a revision's texts in the ledger", &error))?;
    let mut rows = answer.rows.into_iter();
    Ok(rows.next().map(|mut row| (row[0].take().unwrap_or_default(), row[1].take())))
}
