//! Flags of the commands that write files of the project: `init`, `generate`, `pull`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use schema_core::history::Tool;

/// `init`
#[derive(Args, Debug)]
pub struct Init {
    /// Say what would be written and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take over the migrations and the history table of another tool
    #[arg(long, value_name = "TOOL", value_parser = tool, help_heading = "Adopting")]
    pub from: Option<Tool>,
    /// The folder of the other tool's migrations [default: the migrations folder]
    #[arg(long, value_name = "PATH", requires = "from", help_heading = "Adopting")]
    pub folder: Option<PathBuf>,
}

fn tool(text: &str) -> Result<Tool, String> {
    let names = || Tool::ALL.map(Tool::name).join(", ");
    Tool::named(text).ok_or_else(|| format!("no such tool; one of: {}", names()))
}

/// `generate`
#[derive(Args, Debug)]
pub struct Generate {
    /// What the revision does, in a few words [default: named after the changes]
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,
    /// An empty revision for hand-written SQL
    #[arg(long, conflicts_with_all = ["check", "rename", "from"])]
    pub empty: bool,
    /// Write nothing; exit code 1 when structs and history differ
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
    /// Prove and show the migration, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// An object was renamed, for example users.mail=users.email (may be repeated)
    #[arg(long, value_name = "OLD=NEW", value_parser = rename)]
    pub rename: Vec<RenameAnswer>,
    /// Accept that rows or values are lost, or that a step fails on rows that do not fit
    #[arg(long)]
    pub allow_data_loss: bool,
    /// Where the difference starts
    #[arg(long, value_enum, default_value_t, value_name = "WHERE")]
    pub from: From,
}

/// Where the difference of `generate` starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// At the recorded history
    #[default]
    History,
    /// At the database as it is
    Database,
}

/// One `--rename`, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameAnswer {
    /// The old name.
    pub before: String,
    /// The new one.
    pub after: String,
}

pub(super) fn rename(text: &str) -> Result<RenameAnswer, String> {
    match text.split_once('=') {
        Some((before, after)) if !before.trim().is_empty() && !after.trim().is_empty() => {
            Ok(RenameAnswer { before: before.trim().to_owned(), after: after.trim().to_owned() })
        }
        _ => Err("write the old name, `=` and the new name: users.mail=users.email".to_owned()),
    }
}

/// `pull`
#[derive(Args, Debug)]
pub struct Pull {
    /// The database to read [default: the project's]
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// The folder of the structs [default: src/schema of the package]
    #[arg(long, value_name = "DIR", conflicts_with = "single_file")]
    pub out: Option<PathBuf>,
    /// One file for all structs
    #[arg(long, value_name = "FILE")]
    pub single_file: Option<PathBuf>,
    /// Say what would be written and write nothing
    #[arg(long)]
    pub dry_run: bool,
}
