//! What can be typed: commands, their flags and the help that goes with them.
//!
//! Only the shape is here. What a flag does is decided by the command that has it; what the configuration says instead of a flag
//! is decided in [`crate::config`]. Here is the list of the commands; the flags of each are in the file of its group.

mod applying;
mod branches;
mod dev;
mod global;
mod hook;
mod reporting;
mod revisions;
mod writing;

use clap::{Parser, Subcommand};

pub use self::{applying::*, branches::*, dev::*, global::*, hook::*, reporting::*, revisions::*, writing::*};

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
    /// Bring a development database to this checkout: undo what is not in it, apply what is, and lose nothing
    #[command(after_help = "Example:\n  cargo schema switch --dry-run")]
    Switch(Switch),
    /// What undone revisions would have destroyed
    #[command(subcommand, after_help = "Example:\n  cargo schema stash list")]
    Stash(Stash),
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
    /// Undo a revision in the database with all that is built on it, so that its files can be changed
    #[command(after_help = "Example:\n  cargo schema edit add_bio")]
    Edit(Edit),
    /// Record what the SQL of a hand-written or edited revision does
    #[command(after_help = "Example:\n  cargo schema record head")]
    Record(Record),
    /// Delete a revision that is not applied and that nothing is built on
    #[command(after_help = "Example:\n  cargo schema remove add_bio")]
    Remove(Remove),
    /// Plan a branch of the history again on the other one, when the two conflict
    #[command(after_help = "Example:\n  cargo schema rebase 20261122131500_add_bio")]
    Rebase(Rebase),
    /// Write a revision after all heads, which says that they go together
    #[command(after_help = "Example:\n  cargo schema merge -m \"bio and age\"")]
    Merge(Merge),
    /// Write one revision that stands for many, for databases that are made anew
    #[command(after_help = "Example:\n  cargo schema squash ..add_bio")]
    Squash(Squash),
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
    /// What the database is for: development, or production, where nothing is undone by itself
    #[command(after_help = "Example:\n  cargo schema environment production --database-url postgres://db/live")]
    Environment(Environment),
    /// The git hooks that let the database follow the branch
    #[command(subcommand, after_help = "Example:\n  cargo schema hook install")]
    Hook(Hook),
    /// The embedded database of this checkout
    #[command(subcommand, after_help = "Example:\n  cargo schema dev psql")]
    Dev(Dev),
}

impl Command {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Init(_) => "init",
            Command::Generate(_) => "generate",
            Command::Upgrade(_) => "upgrade",
            Command::Downgrade(_) => "downgrade",
            Command::Switch(_) => "switch",
            Command::Stash(stash) => stash.name(),
            Command::Stamp(_) => "stamp",
            Command::Status(_) => "status",
            Command::History(_) => "history",
            Command::Show(_) => "show",
            Command::Edit(_) => "edit",
            Command::Record(_) => "record",
            Command::Remove(_) => "remove",
            Command::Rebase(_) => "rebase",
            Command::Merge(_) => "merge",
            Command::Squash(_) => "squash",
            Command::Check(_) => "check",
            Command::Diff(_) => "diff",
            Command::Pull(_) => "pull",
            Command::Environment(_) => "environment",
            Command::Hook(hook) => hook.name(),
            Command::Dev(dev) => dev.name(),
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
