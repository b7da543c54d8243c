//! Why a command did not do what it was asked for, and the exit code of each reason.
//!
//! This is the one place where failures of all parts meet; each part explains its own.

use schema_core::diagnostic::Diagnostic;
use schema_runtime::ApplyError;
use schema_runtime::connect::ConnectError;
use serde_json::Value;

use crate::cli::exit::Exit;
use crate::devdb::DevError;
use crate::ops::prove::ProofError;
use crate::project::{ReadError, WriteError};
use crate::report::{Problem, Texts, json, statement};
use crate::workspace::WorkspaceError;

/// A reason.
#[derive(Debug)]
pub enum Failure {
    /// Findings about the settings.
    Configuration(Vec<Diagnostic>),
    /// Findings that stop the command before it writes anything.
    Findings(Vec<Diagnostic>),
    /// The words of the command line do not fit together.
    Usage(Problem),
    /// There is no project to work on.
    Workspace(WorkspaceError),
    /// Revisions cannot be read.
    Read(ReadError),
    /// A revision cannot be written.
    Write(WriteError),
    /// The dev database, or the embedded one, is not at hand.
    Dev(Box<DevError>),
    /// The dev database could not show what it was asked to.
    Proof(Box<ProofError>),
    /// No connection to the database.
    Connect(Box<ConnectError>),
    /// Applying stopped.
    Apply {
        /// Why.
        error: Box<ApplyError>,
        /// The migrations folder as the user would type it.
        migrations: String,
    },
    /// The machine does not give what is needed.
    Environment(Problem),
    /// What was asked for would lose something, and was not confirmed.
    Refused(Problem),
}

impl Failure {
    /// Words that do not fit.
    pub fn usage(text: &str) -> Failure {
        Failure::Usage(Problem::told(text))
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Findings(_) => Exit::Findings,
            Failure::Configuration(_) | Failure::Usage(_) => Exit::Usage,
            Failure::Workspace(WorkspaceError::Unreadable { .. }) => Exit::Environment,
            Failure::Workspace(_) => Exit::Usage,
            Failure::Connect(error) if matches!(**error, ConnectError::Url { .. }) => Exit::Usage,
            Failure::Dev(error) if matches!(**error, DevError::Url { .. } | DevError::NotAServer { .. }) => Exit::Usage,
            Failure::Read(_) | Failure::Write(_) | Failure::Dev(_) | Failure::Connect(_) | Failure::Environment(_) => {
                Exit::Environment
            }
            Failure::Proof(error) => match **error {
                ProofError::Split { .. } => Exit::Findings,
                ProofError::Statement(_) => Exit::Statement,
                _ => Exit::Environment,
            },
            Failure::Apply { error, .. } => apply_exit(error),
            Failure::Refused(_) => Exit::Refused,
        }
    }

    /// The findings to show.
    pub fn findings(&self) -> &[Diagnostic] {
        match self {
            Failure::Configuration(findings) | Failure::Findings(findings) => findings,
            Failure::Apply { error, .. } => statement::findings(error).unwrap_or_default(),
            _ => &[],
        }
    }

    /// What to draw beside the findings.
    pub fn problem(&self, texts: &Texts) -> Option<Problem> {
        Some(match self {
            Failure::Configuration(_) | Failure::Findings(_) => return None,
            Failure::Apply { error, .. } if statement::findings(error).is_some() => return None,
            Failure::Usage(problem) | Failure::Environment(problem) | Failure::Refused(problem) => problem.clone(),
            Failure::Workspace(error) => Problem::told(&error.to_string()).with_help(error.help()),
            Failure::Read(ReadError { path, source }) => {
                Problem::told(&format!("cannot read `{}`: {source}", path.display()))
            }
            Failure::Write(error) => Problem::told(&error.to_string()),
            Failure::Dev(error) => Problem::told(&error.to_string()),
            Failure::Proof(error) => Problem::told(&error.to_string()),
            Failure::Connect(error) => Problem::told(&error.to_string()),
            Failure::Apply { error, migrations } => statement::problem(error, migrations, texts),
        })
    }

    /// The failure in JSON.
    pub fn json(&self, problem: &Problem, texts: &Texts) -> Value {
        let mut value = json::failure(self.exit().name(), problem, texts);
        if let Failure::Apply { error, migrations } = self {
            value["statement"] = statement::facts(error, migrations);
        }
        value
    }
}

fn apply_exit(error: &ApplyError) -> Exit {
    match error {
        ApplyError::Statement(failure) if failure.failure.disconnected => Exit::Environment,
        ApplyError::Statement(_) | ApplyError::TransactionEnded { .. } => Exit::Statement,
        ApplyError::History(_) | ApplyError::Refused(_) => Exit::Findings,
        ApplyError::Target(_) => Exit::Usage,
        ApplyError::Edited(_)
        | ApplyError::Foreign(_)
        | ApplyError::Irreversible(_)
        | ApplyError::ChangedHalfDone { .. }
        | ApplyError::UnknownHalfDone { .. }
        | ApplyError::InDoubt { .. }
        | ApplyError::Pooled => Exit::Refused,
        _ => Exit::Environment,
    }
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Failure {
        Failure::Workspace(error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        Failure::Read(error)
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Failure {
        Failure::Write(error)
    }
}

impl From<DevError> for Failure {
    fn from(error: DevError) -> Failure {
        Failure::Dev(Box::new(error))
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        Failure::Connect(Box::new(error))
    }
}

impl From<ProofError> for Failure {
    fn from(error: ProofError) -> Failure {
        match error {
            ProofError::Dev(error) => error.into(),
            // A statement of the history that PostgreSQL refuses is a finding like any other.
            ProofError::Statement(refusal) => Failure::Findings(vec![refusal.finding()]),
            other => Failure::Proof(Box::new(other)),
        }
    }
}
