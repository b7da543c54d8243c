//! Why the catalogs could not be read. What was read and is not understood is no error: it is listed as unmanaged.

use std::fmt;

use schema_core::{IdentError, TypeError};

/// The oldest server whose catalogs are read.
pub(super) const OLDEST: u32 = 140_000;

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
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CatalogError::Query { reading, source } => query(f, reading, source),
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
