//! Why the catalogs could not be read. What was read and is not understood is no error: it is listed as unmanaged.

use std::fmt;

use postgres::{Client, error::SqlState};
use schema_core::{IdentError, TypeError};

/// The oldest server whose catalogs are read.
pub(super) const OLDEST: u32 = 140_000;

/// ACCESS EXCLUSIVE is the one lock that keeps readers out.
const HOLDERS: &str = "SELECT format('session %s%s holds ACCESS EXCLUSIVE on %s since %s: %s', l.pid, \
        coalesce(' of ' || nullif(a.usename::text, ''), ''), string_agg(DISTINCT l.relation::regclass::text, ', '), \
        coalesce(date_trunc('second', a.xact_start)::text, 'an unknown time'), coalesce(left(a.query, 60), '?')) \
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
    WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid() \
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    GROUP BY l.pid, a.usename, a.xact_start, a.query ORDER BY l.pid";

/// Why a database could not be observed.
#[derive(Debug)]
pub enum CatalogError {
    /// The server or the connection refused a query.
    Query {
        /// What was being read, in words.
        reading: &'static str,
        /// The driver's error.
        source: postgres::Error,
    },
    /// Somebody holds a lock on what was being read, and did not let go of it in time.
    Locked {
        /// What was being read, in words.
        reading: &'static str,
        /// The sessions that hold such locks, each as a line.
        holders: Vec<String>,
    },
    /// The server is older than what this tool knows.
    TooOld {
        /// The server's version number, such as 130012.
        version: u32,
    },
    /// A name that would be cut or refused by a database with encoding UTF8.
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: IdentError,
    },
    /// A type that PostgreSQL spells in a way this tool cannot read.
    Type {
        /// The column or domain.
        of: String,
        /// The type as PostgreSQL spells it.
        spelled: String,
        /// What is wrong with it.
        problem: TypeError,
    },
    /// A definition that PostgreSQL spells in a way this tool cannot read.
    Definition {
        /// The index or constraint.
        of: String,
        /// The definition as PostgreSQL spells it.
        spelled: String,
    },
}

impl CatalogError {
    /// Names what was being read, for `map_err`.
    pub(super) fn reading(reading: &'static str) -> impl Fn(postgres::Error) -> CatalogError {
        move |source| CatalogError::Query { reading, source }
    }

    /// Who holds what was waited for, when that was the reason; see <https://www.postgresql.org/docs/current/view-pg-locks.html>.
    pub(super) fn with_holders(self, client: &mut Client) -> CatalogError {
        let reading = match &self {
            CatalogError::Query { reading, source } if source.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => *reading,
            _ => return self,
        };
        let rows = client.query(HOLDERS, &[]).unwrap_or_default();
        CatalogError::Locked { reading, holders: rows.iter().map(|row| row.get(0)).collect() }
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CatalogError::Query { reading, source } => query(f, reading, source),
            CatalogError::Locked { reading, holders } => {
                write!(f, "{reading} could not be read: a lock was not given up in time")?;
                holders.iter().try_for_each(|holder| write!(f, "\n{holder}"))?;
                write!(f, "\nwait until it ends or end it (`SELECT pg_terminate_backend(PID)`), then try again")
            }
            CatalogError::TooOld { version } => {
                let (major, oldest) = (version / 10_000, OLDEST / 10_000);
                write!(f, "the server is PostgreSQL {major}, whose catalogs are not known; use {oldest} or newer")
            }
            CatalogError::Name { name, problem } => {
                write!(f, "`{name}` cannot be managed: {problem}; give the object a shorter name")
            }
            CatalogError::Type { of, spelled, problem } => {
                write!(f, "the type of `{of}`, `{spelled}`, cannot be read: {problem}; please report this")
            }
            CatalogError::Definition { of, spelled } => {
                write!(f, "the definition of `{of}` cannot be read; please report this: {spelled}")
            }
        }
    }
}

fn query(f: &mut fmt::Formatter<'_>, reading: &str, source: &postgres::Error) -> fmt::Result {
    let Some(said) = source.as_db_error() else {
        return write!(f, "{reading} could not be read: {source}; check the connection and try again");
    };
    write!(f, "{reading} could not be read: {} ({})", said.message(), said.code().code())?;
    said.detail().map_or(Ok(()), |detail| write!(f, "\n{detail}"))?;
    said.hint().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
}

impl std::error::Error for CatalogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CatalogError::Query { source, .. } => Some(source),
            _ => None,
        }
    }
}
