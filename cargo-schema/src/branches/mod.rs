//! Databases of git branches: the one in place has the name that the application knows, the others wait beside it under names of their own.
//!
//! Whose a database is, is a mark in its comment, which goes with it when it is renamed. Nothing here knows revisions, and nothing here
//! drops a database that it was not told to drop.

mod git;
mod mark;
mod server;
mod sessions;

pub use git::{DETACHED, GitBranches};
pub use mark::{Mark, free_name};
pub use server::{BranchDatabase, BranchServer, mark_of};
pub use sessions::Session;

use schema_runtime::connect::ConnectError;

/// Why databases of branches cannot be listed, copied, renamed or dropped.
#[derive(Debug)]
pub enum BranchError {
    /// The server's own database cannot be reached.
    Connect(Box<ConnectError>),
    /// The server refused.
    Statement {
        /// What was being done.
        doing: String,
        /// Its answer.
        source: postgres::Error,
    },
    /// Somebody works in a database that has to be copied, renamed or dropped.
    Busy {
        /// The database.
        database: String,
        /// Who.
        sessions: Vec<Session>,
    },
    /// git says no.
    Git {
        /// What it says.
        said: String,
    },
}

impl std::fmt::Display for BranchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BranchError::Connect(error) => {
                write!(f, "databases of branches are copied from another database of the server: {error}")
            }
            BranchError::Statement { doing, source } => match source.as_db_error() {
                None => write!(f, "cannot {doing}: {source}"),
                Some(said) => {
                    write!(f, "cannot {doing}: {} (SQLSTATE {})", said.message(), said.code().code())?;
                    said.detail().map_or(Ok(()), |detail| write!(f, "\n{detail}"))?;
                    said.hint().map_or(Ok(()), |hint| write!(f, "\nhelp: {hint}"))
                }
            },
            BranchError::Busy { database, sessions } => {
                write!(
                    f,
                    "somebody works in `{database}`, so it cannot be copied, renamed or dropped; nothing was done"
                )?;
                sessions.iter().try_for_each(|session| write!(f, "\n  {session}"))?;
                write!(f, "\nhelp: end the programs or transactions above, then type the command again")
            }
            BranchError::Git { said } => write!(f, "databases of branches need a git repository here: {said}"),
        }
    }
}

impl std::error::Error for BranchError {}
