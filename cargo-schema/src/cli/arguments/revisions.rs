//! Flags of the commands that change revisions that are there: `remove`, `edit`, `record`.

use clap::Args;

/// `remove`
#[derive(Args, Debug)]
pub struct Remove {
    /// A revision, or part of its id; `head` for the last one
    #[arg(value_name = "REV")]
    pub revision: String,
    /// Say what would be removed and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `edit`
#[derive(Args, Debug)]
pub struct Edit {
    /// A revision, or part of its id; `head` for the last one
    #[arg(value_name = "REV")]
    pub revision: String,
    /// Say what would be undone and undo nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `record`
#[derive(Args, Debug)]
pub struct Record {
    /// A revision, or part of its id; `head` for the last one
    #[arg(value_name = "REV", default_value = "head")]
    pub revision: String,
    /// Say what would be recorded and write nothing
    #[arg(long)]
    pub dry_run: bool,
}
