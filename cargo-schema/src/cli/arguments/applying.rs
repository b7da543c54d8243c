//! Flags of the commands that change a database: `upgrade`, `downgrade`, `stamp`, `environment`.

use clap::{Args, ValueEnum};

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
