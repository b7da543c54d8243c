//! Words of `hook`: the git hooks of a repository.

use clap::Subcommand;

/// `hook`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Hook {
    /// Put this project into the hooks of its repository; what is in them stays
    Install,
    /// Take this project out of the hooks again
    Uninstall,
    /// Say whether this project is in the hooks
    Status,
}

impl Hook {
    pub(super) fn name(self) -> &'static str {
        match self {
            Hook::Install => "hook install",
            Hook::Uninstall => "hook uninstall",
            Hook::Status => "hook status",
        }
    }
}
