//! Flags of the commands that change a database: `upgrade`, `downgrade`, `stamp`, `environment`.

use clap::{Args, Subcommand, ValueEnum};

/// `upgrade`
#[derive(Args, Debug)]
pub struct Upgrade {
    /// A revision (or part of its id), `+N` for the next N, or `head`
    #[arg(value_name = "TARGET|+N", default_value = "head", allow_hyphen_values = true)]
    pub target: String,
    /// Say what would be applied and apply nothing
    #[arg(long, conflicts_with = "sql")]
    pub dry_run: bool,
    /// Write one SQL script for psql to stdout instead, without any database
    #[arg(long)]
    pub sql: bool,
}

/// `downgrade`
#[derive(Args, Debug)]
pub struct Downgrade {
    /// A revision to keep as the last one (or part of its id), `-N` to undo the last N, or `base` to undo all
    #[arg(value_name = "TARGET|-N|base", allow_hyphen_values = true)]
    pub target: String,
    /// Say what would be undone and undo nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The name of a production database, as the answer to its question
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// `stamp`
#[derive(Args, Debug)]
pub struct Stamp {
    /// The revision that the database is at (or part of its id), `heads`, or `base` for none
    #[arg(value_name = "REV", default_value = "heads")]
    pub revision: String,
    /// Say what would be written and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write it although the database is not what the revisions make
    #[arg(long)]
    pub unchecked: bool,
}

/// `environment`
#[derive(Args, Debug)]
pub struct Environment {
    /// What the database is for from now on [default: only say what it is for]
    #[arg(value_name = "ENVIRONMENT")]
    pub environment: Option<Environments>,
}

/// What a database is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Environments {
    /// Its rows are one developer's, and it follows git branches
    Development,
    /// Its rows matter to others: nothing is undone or dropped by itself
    Production,
}

/// `switch`
#[derive(Args, Debug)]
pub struct Switch {
    /// A revision (or part of its id), or `head`
    #[arg(value_name = "TARGET", default_value = "head")]
    pub target: String,
    /// Say what would be undone and applied, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Give this git branch a database of its own, a copy of that of the branch it came from; from then on, each branch gets one when it needs it
    #[arg(long)]
    pub template: bool,
    /// End that: branches share the first database again, which undoes and applies
    #[arg(long, conflicts_with_all = ["template", "dry_run"])]
    pub in_place: bool,
    /// What git tells a post-checkout hook; the hook passes it on
    #[arg(long, hide = true, num_args = 0..=3, value_name = "GIT", allow_hyphen_values = true)]
    pub from_hook: Option<Vec<String>>,
}

/// `stash`
#[derive(Debug, Subcommand)]
pub enum Stash {
    /// Everything that is kept
    List,
    /// One entry with its rows
    Show {
        /// Its number
        #[arg(value_name = "ENTRY")]
        entry: i64,
    },
    /// Give an entry back now; what does not fit stays
    Restore {
        /// Its number
        #[arg(value_name = "ENTRY")]
        entry: i64,
    },
    /// Destroy entries for good
    Drop {
        /// Their numbers
        #[arg(value_name = "ENTRY", required_unless_present = "all")]
        entries: Vec<i64>,
        /// All of them
        #[arg(long, conflicts_with = "entries")]
        all: bool,
    },
}

impl Stash {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Stash::List => "stash list",
            Stash::Show { .. } => "stash show",
            Stash::Restore { .. } => "stash restore",
            Stash::Drop { .. } => "stash drop",
        }
    }
}
