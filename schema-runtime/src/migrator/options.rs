//! How a migrator runs, as plain values with defaults that suit a deploy.
//!
//! Nothing is read from the environment: the caller passes in what it knows.

use std::time::Duration;

/// How to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whose revisions these are: several libraries or services may keep their tables in one database, each with a history of its
    /// own.
    pub namespace: String,
    /// How long to wait for another deployer before giving up.
    pub lock_wait: Duration,
    /// How long a statement waits for a lock. While it waits, all later statements on that table queue behind it.
    pub lock_timeout: Duration,
    /// How often a transaction is tried when a lock is not to be had or it loses a deadlock.
    pub attempts: u32,
    /// The pause before the second attempt, about doubled for each further one, at most 30 seconds.
    pub first_pause: Duration,
    /// The `search_path` that revisions run under, whatever the role's own is.
    pub search_path: String,
    /// Apply although the database has revisions that are not among the migrations given.
    pub allow_foreign: bool,
    /// Say what would be done and do nothing.
    pub dry_run: bool,
    /// What is recorded as having applied the revision.
    pub tool_version: String,
    /// The git branch to record.
    pub git_branch: Option<String>,
    /// The git commit to record.
    pub git_commit: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            namespace: "app".to_owned(),
            lock_wait: Duration::from_secs(600),
            lock_timeout: Duration::from_secs(5),
            attempts: 10,
            first_pause: Duration::from_millis(200),
            search_path: "public, pg_temp".to_owned(),
            allow_foreign: false,
            dry_run: false,
            tool_version: concat!("schema-runtime ", env!("CARGO_PKG_VERSION")).to_owned(),
            git_branch: None,
            git_commit: None,
        }
    }
}
