//! The cargo project a command works on: where it is, which packages have tables, and their sources.
//!
//! Two steps. [`locate`] finds the workspace by reading a few manifests, because commands that only apply revisions must not wait for
//! cargo. [`discover`] asks cargo for packages and targets, because only cargo knows them all. What the settings in a manifest mean
//! is decided in [`crate::config`].

mod discover;
mod environment;
mod locate;
mod shown;
mod sources;
mod statements;

pub use discover::{Package, Target, TargetKind, Workspace, discover, manifest_of, members};
pub use environment::{EnvFile, url_from_env_file};
pub use locate::{Location, Manifest, locate};
pub use shown::shown_path;
pub use sources::{Overlay, read_sources, read_sources_with, statement_folders};

use std::fmt;
use std::path::PathBuf;

/// Why there is no project to work on.
#[derive(Debug)]
pub enum WorkspaceError {
    /// No Cargo.toml here or above.
    NoManifest {
        /// Where the search began.
        from: PathBuf,
    },
    /// A file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A manifest is no TOML.
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        problem: String,
    },
    /// cargo could not describe the workspace.
    Cargo {
        /// What it wrote.
        output: String,
    },
    /// `--package` names a package that has no tables.
    WithoutRuntime {
        /// The package.
        name: String,
    },
    /// `--package` names none of the packages.
    UnknownPackage {
        /// What was asked for.
        name: String,
        /// The packages of the workspace.
        known: Vec<String>,
    },
}

impl fmt::Display for WorkspaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkspaceError::NoManifest { from } => {
                write!(f, "there is no Cargo.toml in `{}` or any folder above it", from.display())
            }
            WorkspaceError::Unreadable { path, source } => write!(f, "cannot read `{}`: {source}", path.display()),
            WorkspaceError::Toml { path, problem } => write!(f, "`{}` cannot be read: {problem}", path.display()),
            WorkspaceError::Cargo { output } => {
                write!(f, "cargo cannot describe the workspace:\n{}", output.trim_end())
            }
            WorkspaceError::WithoutRuntime { name } => {
                write!(f, "package `{name}` does not depend on schema-runtime, so it has no tables")
            }
            WorkspaceError::UnknownPackage { name, known } => {
                write!(f, "no package here is called `{name}`; there are: {}", known.join(", "))
            }
        }
    }
}

impl std::error::Error for WorkspaceError {}

impl WorkspaceError {
    /// What to type next.
    pub fn help(&self) -> Vec<String> {
        let help: &[&str] = match self {
            WorkspaceError::NoManifest { .. } => &[
                "go to the folder of a cargo project, or name its manifest: --manifest-path path/to/Cargo.toml",
                "to apply revisions without a cargo project: cargo schema upgrade --migrations DIR --database-url URL",
            ],
            WorkspaceError::WithoutRuntime { name } => {
                return vec![format!("to give it tables: cargo add schema-runtime --package {name}")];
            }
            _ => &[],
        };
        help.iter().map(|line| (*line).to_owned()).collect()
    }
}
