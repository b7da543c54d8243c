//! What can go wrong between a command and its dev database, each with the next thing to type.
//!
//! Findings about the user's schema are not here; these are failures of the machine, the server or the settings. Nothing is
//! printed and no exit code is chosen: the command that receives a [`DevError`] does that.

use super::install::NoServer;
use schema_core::quote_ident;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why the dev database is not at hand.
#[derive(Debug)]
pub enum DevError {
    /// No PostgreSQL server was found on this machine.
    NoServer(NoServer),
    /// The folder given for the server's binaries holds none.
    NotAServer {
        /// The folder as it was given.
        folder: PathBuf,
        /// What it lacks.
        problem: String,
    },
    /// The developer's database was made by a major version that is gone.
    MajorGone {
        /// The database.
        database: String,
        /// The major version that made it.
        major: u32,
    },
    /// A folder or file could not be made, read or removed.
    Folder {
        /// What was tried, as "cannot ...".
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A folder belongs to somebody else, or the server's user cannot enter it.
    Unsafe {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        help: String,
    },
    /// A program could not be run, or failed.
    Program {
        /// The program with its arguments.
        command: String,
        /// Its answer.
        output: String,
        /// What to do.
        help: String,
    },
    /// The server did not come up.
    NotStarted {
        /// Where the server writes.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
        /// What to do.
        help: String,
    },
    /// Another command has held the cluster for too long.
    Busy {
        /// The lock file.
        lock: PathBuf,
    },
    /// No connection to the server.
    Connect {
        /// Where to, without a password.
        to: String,
        /// The driver's error.
        source: postgres::Error,
    },
    /// The URL of the dev database cannot be read.
    Url {
        /// What is wrong with it; never the URL, which may hold a password.
        problem: String,
    },
    /// The server refused a statement of ours.
    Statement {
        /// What was tried, as "cannot ...".
        doing: String,
        /// The driver's error.
        source: postgres::Error,
    },
    /// The role of the given URL may not create databases, and every job needs one.
    NoRightToCreate {
        /// The role.
        role: String,
    },
    /// There is no `psql` to run.
    NoPsql {
        /// The database it was wanted for.
        url: String,
    },
}

impl DevError {
    /// A failure of the file system.
    pub(crate) fn folder(doing: &'static str, path: &Path, source: std::io::Error) -> DevError {
        DevError::Folder { doing, path: path.to_owned(), source }
    }

    /// A statement that the server refused.
    pub(crate) fn statement(doing: impl Into<String>, source: postgres::Error) -> DevError {
        DevError::Statement { doing: doing.into(), source }
    }
}

impl fmt::Display for DevError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DevError::NoServer(none) => none.fmt(out),
            DevError::NotAServer { folder, problem } => {
                writeln!(out, "`{}` is not the folder of a PostgreSQL server: {problem}", folder.display())?;
                write!(out, "help: give the folder that holds `initdb` and `postgres`, or leave the setting out")
            }
            DevError::MajorGone { database, major } => write!(
                out,
                "the data of `{database}` was written by PostgreSQL {major}, which is no longer on this machine\n\
                 help: bring it back: cargo schema dev install --major {major}\n\
                 help: or start empty with another version: cargo schema dev reset"
            ),
            DevError::Folder { doing, path, source } => {
                writeln!(out, "{doing} `{}`: {source}", path.display())?;
                write!(out, "help: `SCHEMA_CACHE_DIR` names another folder for the kept servers")
            }
            DevError::Unsafe { path, problem, help } => write!(out, "`{}` {problem}\nhelp: {help}", path.display()),
            DevError::Program { command, output, help } => write!(out, "`{command}` failed: {output}\nhelp: {help}"),
            DevError::NotStarted { log, tail, help } => {
                write!(
                    out,
                    "the PostgreSQL server did not start; it wrote to `{}`:\n{tail}\nhelp: {help}",
                    log.display()
                )
            }
            DevError::Busy { lock } => write!(
                out,
                "another command has held `{}` for a minute\nhelp: end that command, then try again",
                lock.display()
            ),
            answer => answer.fmt_of_a_server(out),
        }
    }
}

impl DevError {
    /// The failures that come from a server that runs.
    fn fmt_of_a_server(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DevError::Connect { to, source } => write!(
                out,
                "no connection to {to}: {}\n\
                 help: check that the server runs and lets this user in; without `--dev-url` the embedded server is used",
                explain(source)
            ),
            DevError::Url { problem } => write!(
                out,
                "the URL of the dev database cannot be read: {problem}\n\
                 help: it looks like postgresql://user:password@host:5432/database"
            ),
            DevError::Statement { doing, source } => write!(out, "{doing}: {}", explain(source)),
            DevError::NoRightToCreate { role } => write!(
                out,
                "the role `{role}` of the dev database may not create databases, and every proof is made in one of its own\n\
                 help: let it, as a superuser: ALTER ROLE {} CREATEDB\n\
                 help: or leave `--dev-url` out to use the embedded server",
                quote_ident(role)
            ),
            DevError::NoPsql { url } => write!(
                out,
                "there is no `psql` beside the server or on PATH\n\
                 help: install it: apt-get install postgresql-client, or brew install libpq\n\
                 help: or connect another client to {url}"
            ),
            _ => unreachable!("failures without a server have their text above"),
        }
    }
}

impl std::error::Error for DevError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DevError::Folder { source, .. } => Some(source),
            DevError::Connect { source, .. } | DevError::Statement { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The driver's error with all that the server said: message, SQLSTATE, detail and hint.
pub fn explain(error: &postgres::Error) -> String {
    let Some(db) = error.as_db_error() else { return with_sources(error) };
    let mut text = format!("{} (SQLSTATE {})", db.message(), db.code().code());
    if let Some(detail) = db.detail() {
        text.push_str(&format!("\ndetail: {detail}"));
    }
    if let Some(hint) = db.hint() {
        text.push_str(&format!("\nhint: {hint}"));
    }
    text
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(&format!(": {cause_text}"));
        }
        next = cause.source();
    }
    text
}
