//! Why an upgrade or downgrade stopped, with what the reader needs to go on.
//!
//! The fields are public, so that a command line can draw more than the lines written here. Deliberately no case for "something
//! went wrong": what cannot be explained is a bug and panics.

use std::fmt;
use std::time::Duration;

use schema_core::diagnostic::Diagnostic;
use schema_core::history::{RevisionId, RouteError};

use super::event::{Direction, Holder};
use super::failure::{SqlFailure, StatementPlace};

/// Why nothing, or not everything, was applied.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ApplyError {
    /// The connection failed while the engine talked about its own matters.
    Connection(Box<SqlFailure>),
    /// The connection is inside a transaction that the engine did not begin.
    InTransaction,
    /// The server takes no writes.
    ReadOnly {
        /// It is a standby; otherwise the role or database is set to read-only transactions.
        standby: bool,
    },
    /// Statements of one connection reach several sessions of the server.
    Pooled,
    /// Another deployer kept the lock for longer than the configured wait.
    LockHeld {
        /// Who holds it.
        holder: Option<Holder>,
        /// How long was waited.
        waited: Duration,
    },
    /// The ledger was written by a newer version of this library.
    LedgerTooNew {
        /// The ledger's version.
        version: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The ledger could not be read or written.
    Ledger {
        /// What was tried.
        doing: &'static str,
        /// What the server said.
        failure: Box<SqlFailure>,
    },
    /// The migrations given are no sound history.
    History(Vec<Diagnostic>),
    /// Texts that cannot be applied as they are; nothing was run.
    Refused(Vec<Diagnostic>),
    /// The target names no revision, several, or one that cannot be reached.
    Target(RouteError),
    /// Applied revisions whose statements have changed since.
    Edited(Vec<RevisionId>),
    /// Applied revisions that are not among the migrations given.
    Foreign(Vec<RevisionId>),
    /// Revisions to undo that have no down text.
    Irreversible(Vec<RevisionId>),
    /// An interrupted revision whose finished statements have changed since.
    ChangedHalfDone {
        /// The revision.
        id: RevisionId,
        /// Which way it was being run.
        direction: Direction,
        /// How many of its statements are done.
        done: usize,
    },
    /// An interrupted revision that is not among the migrations given.
    UnknownHalfDone {
        /// The revision.
        id: RevisionId,
        /// Which way it was being run.
        direction: Direction,
    },
    /// Whether an interrupted statement took effect cannot be told.
    InDoubt {
        /// The revision.
        id: RevisionId,
        /// Which way it was being run.
        direction: Direction,
        /// The statement.
        place: Box<StatementPlace>,
    },
    /// A revision is not in the state a resolution is for.
    NothingToResolve(RevisionId),
    /// A statement of a revision failed.
    Statement(Box<StatementFailure>),
    /// A statement ended the transaction of its revision, so that it is not known what was kept.
    TransactionEnded {
        /// The revision.
        id: RevisionId,
        /// Which way it was being run.
        direction: Direction,
    },
}

/// A statement that failed, and what is left of its revision.
#[derive(Clone, Debug)]
pub struct StatementFailure {
    /// The revision.
    pub id: RevisionId,
    /// Which way it was being run, and so which file.
    pub direction: Direction,
    /// The statement; `None` when the COMMIT failed, for example on a deferred constraint.
    pub place: Option<StatementPlace>,
    /// What the server said.
    pub failure: SqlFailure,
    /// The revisions finished in this run before this one; they stay.
    pub finished: Vec<RevisionId>,
    /// How many statements of this revision stay done: none, unless it is run without a transaction.
    pub kept: usize,
}

impl std::error::Error for ApplyError {}

impl ApplyError {
    /// An error of the engine's own statements: about the connection when it is gone, else about the ledger.
    pub(crate) fn own(doing: &'static str, error: &postgres::Error) -> ApplyError {
        let failure = Box::new(SqlFailure::new(error));
        match failure.sqlstate.as_str() {
            _ if failure.disconnected => ApplyError::Connection(failure),
            // The engine rolls back what it began, so a failed transaction is the caller's.
            "25P02" => ApplyError::InTransaction,
            _ => ApplyError::Ledger { doing, failure },
        }
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApplyError::Connection(failure) => write!(
                f,
                "the connection to the database failed: {failure}\nwhat was in progress is not recorded; \
                 running `upgrade` again finds out what was done and goes on from there"
            ),
            ApplyError::InTransaction => f.write_str(
                "the connection is inside a transaction, so revisions could not be committed one by one; \
                 commit or roll back first, or pass a connection of its own",
            ),
            ApplyError::ReadOnly { standby: true } => {
                f.write_str("the server is a standby and takes no writes; connect to the primary (target_session_attrs=read-write)")
            }
            ApplyError::ReadOnly { standby: false } => f.write_str(
                "transactions of this role or database are read-only (default_transaction_read_only), so nothing can be applied; \
                 connect with a role that may write",
            ),
            ApplyError::Pooled => f.write_str(
                "statements of this connection reach different sessions of the server: a pooler in transaction mode stands between, \
                 and the lock that keeps deployers apart would not hold; connect to PostgreSQL directly",
            ),
            ApplyError::LockHeld { holder, waited } => lock_held(f, holder.as_ref(), *waited),
            ApplyError::LedgerTooNew { version, known } => write!(
                f,
                "the ledger `cargo_schema` has version {version}, and this program knows version {known}; \
                 update `schema-runtime` (or the `cargo schema` command)"
            ),
            ApplyError::Ledger { doing, failure } => ledger(f, doing, failure),
            ApplyError::History(findings) => {
                list(f, "the migrations are no sound history, so nothing was applied:", findings.iter().map(said))
            }
            ApplyError::Refused(findings) => {
                list(f, "these texts cannot be applied as they are, and nothing was run:", findings.iter().map(said))
            }
            ApplyError::Target(error) => write!(f, "{error}"),
            _ => self.about_revisions(f),
        }
    }
}

impl ApplyError {
    fn about_revisions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApplyError::Edited(ids) => {
                list(
                    f,
                    "revisions were edited after they were applied, so the database does not have what they say:",
                    quoted(ids),
                )?;
                f.write_str("\nrestore the files (git log -- migrations), and put the change into a new revision; in development, \
                             `cargo schema switch` applies them as they are now")
            }
            ApplyError::Foreign(ids) => {
                list(f, "the database has revisions that are not among the migrations here:", quoted(ids))?;
                f.write_str(
                    "\nthey come from another branch or a newer release: deploy that one; in development, `cargo schema switch` \
                     undoes them and keeps their rows; or allow foreign revisions if they are known to be independent",
                )
            }
            ApplyError::Irreversible(ids) => {
                list(
                    f,
                    "these revisions have no down text, so they cannot be undone, and nothing was run:",
                    quoted(ids),
                )?;
                f.write_str("\nwrite their `down.sql`, or choose a later target")
            }
            ApplyError::ChangedHalfDone { id, direction, done } => write!(
                f,
                "revision `{id}` was interrupted after {done} statements of its `{}`, and those statements have changed since; \
                 restore them to go on from there, or finish by hand and resolve the revision as applied or removed",
                direction.file()
            ),
            ApplyError::UnknownHalfDone { id, direction } => write!(
                f,
                "revision `{id}` was interrupted half-way through its `{}` and is not among the migrations here; \
                 run this with the migrations of the branch or release that has it",
                direction.file()
            ),
            ApplyError::InDoubt { id, direction, place } => write!(
                f,
                "revision `{id}` was interrupted while statement {} of {} ran (`{}`, line {}), outside a transaction, so it is \
                 not known whether it took effect:\n{}\nlook at the database, then resolve it as done or as not done",
                place.index + 1,
                place.of,
                direction.file(),
                place.line,
                place.sql
            ),
            ApplyError::NothingToResolve(id) => {
                write!(
                    f,
                    "revision `{id}` is not interrupted in that way, so there is nothing to resolve; see the status"
                )
            }
            ApplyError::TransactionEnded { id, direction } => write!(
                f,
                "a statement of revision `{id}` (`{}`) ended the transaction it ran in, so parts of it may be committed and nothing \
                 is recorded; look at the database before the next attempt",
                direction.file()
            ),
            ApplyError::Statement(failure) => write!(f, "{failure}"),
            _ => unreachable!("every other case is written by the caller"),
        }
    }
}

impl fmt::Display for StatementFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, file) = (&self.id, self.direction.file());
        match &self.place {
            Some(place) => write!(
                f,
                "{id}/{file}:{}:{}: statement {} of {} failed: {}",
                place.line,
                place.column,
                place.index + 1,
                place.of,
                self.failure
            )?,
            None => write!(f, "{id}/{file}: the transaction could not be committed: {}", self.failure)?,
        }
        match self.kept {
            0 => write!(f, "\nrevision `{id}` was rolled back")?,
            1 => write!(
                f,
                "\n1 statement of revision `{id}` before it is done and recorded; the next run goes on after it"
            )?,
            kept => write!(
                f,
                "\n{kept} statements of revision `{id}` before it are done and recorded; the next run goes on after them"
            )?,
        }
        match self.finished.len() {
            0 => Ok(()),
            1 => write!(f, "; `{}` was finished before and stays", self.finished[0]),
            count => write!(
                f,
                "; {count} revisions were finished before and stay, the last one is `{}`",
                self.finished[count - 1]
            ),
        }
    }
}

fn lock_held(f: &mut fmt::Formatter<'_>, holder: Option<&Holder>, waited: Duration) -> fmt::Result {
    write!(f, "another deployer kept the lock of `cargo_schema` for {} s", waited.as_secs())?;
    if let Some(Holder { pid, application, user, since }) = holder {
        write!(f, ": process {pid}, `{application}`, user `{user}`")?;
        if let Some(since) = since {
            write!(f, ", connected since {since}")?;
        }
        write!(f, "; wait for it, or end it with SELECT pg_terminate_backend({pid})")?;
    }
    Ok(())
}

fn ledger(f: &mut fmt::Formatter<'_>, doing: &str, failure: &SqlFailure) -> fmt::Result {
    write!(f, "{doing} failed: {failure}")?;
    match failure.sqlstate.as_str() {
        "42501" => f.write_str(
            "\nthis role lacks a privilege; as an administrator: GRANT CREATE ON DATABASE <database> TO <role> for the first upgrade, \
             and the same role (or its owner) for every later one",
        ),
        _ => Ok(()),
    }
}

fn quoted(ids: &[RevisionId]) -> impl Iterator<Item = String> + '_ {
    ids.iter().map(|id| format!("`{id}`"))
}

fn said(finding: &Diagnostic) -> String {
    let mut text = match &finding.primary {
        Some(label) => format!("{} ({}): {}", label.place.file, label.text, finding.message),
        None => finding.message.clone(),
    };
    for more in finding.notes.iter().chain(&finding.help) {
        text.push_str("; ");
        text.push_str(more);
    }
    text
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, lines: impl Iterator<Item = String>) -> fmt::Result {
    f.write_str(title)?;
    lines.into_iter().try_for_each(|line| write!(f, "\n  {line}"))
}
