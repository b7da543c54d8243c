//! Flags that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
