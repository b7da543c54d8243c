//! Flags of the commands that change revisions that are there: `remove`, `edit`, `record`, `squash`.

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

/// `squash`
#[derive(Args, Debug)]
pub struct Squash {
    /// The revisions after BASE up to and with REV; without BASE from the first one on, without REV up to the head
    #[arg(value_name = "BASE..REV")]
    pub range: String,
    /// What the revision does, in a few words [default: how many it stands for]
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,
    /// Run the statements that fill rows at the end of the new revision as well
    #[arg(long)]
    pub keep_data_steps: bool,
    /// Prove and show the revision, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}
