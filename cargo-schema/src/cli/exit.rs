//! The exit codes, which scripts rely on; `docs/guide/exit-codes.md` explains each.
//!
//! Which failure gets which code is decided beside the failure, in [`crate::commands::failure`].

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Findings: a check failed, or changes exist under `--check`.
    Findings,
    /// Usage or configuration.
    Usage,
    /// Environment or connection.
    Environment,
    /// A statement failed.
    Statement,
    /// Refused for safety.
    Refused,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Environment => 3,
            Exit::Statement => 4,
            Exit::Refused => 5,
        }
    }

    /// The word in JSON reports.
    pub const fn name(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Findings => "findings",
            Exit::Usage => "usage",
            Exit::Environment => "environment",
            Exit::Statement => "statement",
            Exit::Refused => "refused",
        }
    }
}
