//! Flags of the commands that only report: `status`, `history`, `show`, `check`, `diff`.

use clap::Args;

use super::writing::{RenameAnswer, rename};

/// `status`
#[derive(Args, Debug)]
pub struct Status {}

/// `history`
#[derive(Args, Debug)]
pub struct History {
    /// Draw the parents
    #[arg(long)]
    pub graph: bool,
}

/// `show`
#[derive(Args, Debug)]
pub struct Show {
    /// A revision, or part of its id; `head` for the last one
    #[arg(value_name = "REV")]
    pub revision: String,
}

/// `check`
#[derive(Args, Debug)]
pub struct Check {}

/// `diff`
#[derive(Args, Debug)]
pub struct Diff {
    /// Where the difference starts
    #[arg(value_name = "FROM")]
    pub from: String,
    /// Where it leads
    #[arg(value_name = "TO")]
    pub to: String,
    /// Only the SQL that takes FROM to TO
    #[arg(long)]
    pub sql: bool,
    /// Only the SQL of the way back
    #[arg(long, conflicts_with = "sql")]
    pub down: bool,
    /// Exit code 1 when they differ
    #[arg(long)]
    pub exit_code: bool,
    /// An object was renamed, for example users.mail=users.email (may be repeated)
    #[arg(long, value_name = "OLD=NEW", value_parser = rename)]
    pub rename: Vec<RenameAnswer>,
}
