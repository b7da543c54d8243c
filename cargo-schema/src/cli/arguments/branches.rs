//! The words of the commands that are about several heads: `rebase` and `merge`.
//!
//! Only the shape is here, as in [`super::arguments`].

use clap::Args;

/// `rebase`
#[derive(Args, Debug)]
pub struct Rebase {
    /// A revision of the branch to plan again (or part of its id)
    #[arg(value_name = "REV")]
    pub revision: String,
    /// The revision to come after [default: all other heads]
    #[arg(long, value_name = "REV")]
    pub onto: Option<String>,
    /// Keep SQL that was written by hand as it is
    #[arg(long)]
    pub keep_sql: bool,
    /// Accept what the branch may lose or fail on only in its new place
    #[arg(long)]
    pub allow_data_loss: bool,
    /// Prove and show the revisions, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `merge`
#[derive(Args, Debug)]
pub struct Merge {
    /// What the revision says, in a few words [default: merge]
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,
    /// Prove and show the revision, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}
