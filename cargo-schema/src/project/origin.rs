//! Who wrote a revision, when, and on which branch: asked of git, for people who have to talk to each other.
//!
//! Best effort: without git, or for a folder that is in no commit, nothing is said and nothing fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use schema_core::history::RevisionId;

/// How many branches are named.
const NAMED: usize = 3;

/// For each revision that git has: `author, branch, date`.
pub(super) fn of(folder: &Path, ids: &[RevisionId]) -> BTreeMap<RevisionId, String> {
    let commits = ids.iter().filter_map(|id| Some((id, first_commit(folder, id)?)));
    let commits: Vec<(&RevisionId, Commit)> = commits.collect();
    let branches: Vec<BTreeSet<String>> = commits.iter().map(|(_, commit)| branches(folder, &commit.hash)).collect();
    // A branch that has all of them is where they met, and tells nothing.
    let shared = |name: &String| 1 < branches.len() && branches.iter().all(|known| known.contains(name));
    let told = commits.iter().zip(&branches).map(|((id, commit), known)| {
        let own: Vec<&str> = known.iter().filter(|name| !shared(name)).take(NAMED).map(String::as_str).collect();
        let on = if own.is_empty() { String::new() } else { format!(" on {}", own.join(", ")) };
        ((*id).clone(), format!("{}{on}, {}", commit.author, commit.date))
    });
    told.collect()
}

struct Commit {
    hash: String,
    author: String,
    date: String,
}

/// The commit that added the revision. One that is in no commit yet is its user's own.
fn first_commit(folder: &Path, id: &RevisionId) -> Option<Commit> {
    let format = "--format=%H%x09%an%x09%ad";
    let words = ["log", "--diff-filter=A", "--date=short", format, "--", id.as_str()];
    let log = git(folder, &words)?;
    let mut parts = log.lines().next_back()?.splitn(3, '\t').map(str::to_owned);
    Some(Commit { hash: parts.next()?, author: parts.next()?, date: parts.next()? })
}

fn branches(folder: &Path, commit: &str) -> BTreeSet<String> {
    let words = ["for-each-ref", "--contains", commit, "--format=%(refname:short)", "refs/heads", "refs/remotes"];
    git(folder, &words).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn git(folder: &Path, words: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(words).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
