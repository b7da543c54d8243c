//! What git says about branches: which one is checked out, which are there, which are merged, which is closest.
//!
//! git itself is asked, so that worktrees and packed references are what it takes them for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::BranchError;

/// What stands for the branch where none is checked out. git allows no branch of this name.
pub const DETACHED: &str = "HEAD";
/// Tells the hook to call in any case: the rows of two branches differ even where their revisions do not.
const SETTING: &str = "schema.template";

/// The branches of the repository that holds a folder.
#[derive(Clone, Debug)]
pub struct GitBranches {
    folder: PathBuf,
    /// The branch that is checked out, or [`DETACHED`].
    pub current: String,
    /// The branch that others are merged into.
    pub main: String,
    /// All local ones.
    pub all: BTreeSet<String>,
    merged: BTreeSet<String>,
}

impl GitBranches {
    /// Asks git.
    pub fn of(folder: &Path) -> Result<GitBranches, BranchError> {
        let current = said(folder, &["symbolic-ref", "--quiet", "--short", "HEAD"])?.unwrap_or(DETACHED.to_owned());
        let listed = |more: &[&str]| -> Result<BTreeSet<String>, BranchError> {
            let words = [&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"], more].concat();
            match said(folder, &words)? {
                Some(names) => Ok(names.lines().map(str::to_owned).collect()),
                None => Err(BranchError::Git { said: format!("`{}` is in no repository", folder.display()) }),
            }
        };
        let all = listed(&[])?;
        let remote = said(folder, &["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"])?;
        let remote = remote.and_then(|name| name.split_once('/').map(|(_, name)| name.to_owned()));
        let usual = remote.into_iter().chain(["main".to_owned(), "master".to_owned()]);
        let main = usual.into_iter().find(|name| all.contains(name)).unwrap_or_else(|| current.clone());
        // Before the first commit there is nothing to be merged into.
        let merged =
            if all.contains(&main) { listed(&["--merged", &format!("refs/heads/{main}")])? } else { BTreeSet::new() };
        Ok(GitBranches { folder: folder.to_owned(), current, main, all, merged })
    }

    /// Whether nothing of a branch would be lost with it.
    pub fn is_merged(&self, branch: &str) -> bool {
        branch != self.main && self.merged.contains(branch)
    }

    /// Of some branches, the one that HEAD has come furthest with: the fewest commits since, then the fewest that it lacks.
    pub fn closest<'b>(&self, branches: impl Iterator<Item = &'b str>) -> Result<Option<&'b str>, BranchError> {
        let mut distances = BTreeMap::new();
        for (position, branch) in branches.filter(|branch| self.all.contains(*branch)).enumerate() {
            let range = format!("refs/heads/{branch}...HEAD");
            let Some(counts) = said(&self.folder, &["rev-list", "--left-right", "--count", &range])? else { continue };
            let mut counts = counts.split_whitespace().filter_map(|count| count.parse::<u64>().ok());
            if let (Some(lacks), Some(since)) = (counts.next(), counts.next()) {
                distances.insert((since, lacks, position), branch);
            }
        }
        Ok(distances.into_values().next())
    }

    /// Whether the hook calls in any case.
    pub fn note_mode(&self, on: bool) -> Result<(), BranchError> {
        let words: &[&str] = if on { &["config", SETTING, "true"] } else { &["config", "--unset", SETTING] };
        said(&self.folder, words).map(drop)
    }
}

/// What git prints; `None` when it ends with a code that means no.
fn said(folder: &Path, words: &[&str]) -> Result<Option<String>, BranchError> {
    let output = Command::new("git").arg("-C").arg(folder).args(words).output();
    let output = output.map_err(|error| BranchError::Git { said: format!("git could not be started: {error}") })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    Ok(output.status.success().then(|| text(&output.stdout)))
}
