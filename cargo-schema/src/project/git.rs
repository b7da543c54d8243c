//! The branch and commit a revision is applied from, read from git's own files.
//!
//! Best effort: a checkout that git lays out in another way has no facts, and nothing fails. git itself is not run.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// Where a checkout stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// The branch; `None` on a detached head.
    pub branch: Option<String>,
    /// The commit; `None` before the first one.
    pub commit: Option<String>,
}

/// The facts about the checkout that holds `folder`.
pub fn facts(folder: &Path) -> GitFacts {
    folder.ancestors().find_map(git_folder).map(|git| at(&git)).unwrap_or_default()
}

/// `.git`, or where the file of that name in a linked worktree points.
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = read_to_string(&git).ok()?;
    Some(folder.join(text.trim().strip_prefix("gitdir:")?.trim()))
}

fn at(git: &Path) -> GitFacts {
    let Ok(head) = read_to_string(git.join("HEAD")) else { return GitFacts::default() };
    match head.trim().strip_prefix("ref:").map(str::trim) {
        Some(name) => GitFacts {
            branch: Some(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()),
            commit: commit_of(git, name),
        },
        None => GitFacts { branch: None, commit: is_commit(head.trim()) },
    }
}

/// Branches of a linked worktree are kept with the main one.
fn commit_of(git: &Path, name: &str) -> Option<String> {
    let common = read_to_string(git.join("commondir")).map_or_else(|_| git.to_owned(), |path| git.join(path.trim()));
    if let Ok(text) = read_to_string(common.join(name)) {
        return is_commit(text.trim());
    }
    let packed = read_to_string(common.join("packed-refs")).ok()?;
    let line = packed.lines().find(|line| line.split_once(' ').is_some_and(|(_, of)| of == name))?;
    is_commit(line.split(' ').next()?)
}

fn is_commit(text: &str) -> Option<String> {
    let hash = 40 <= text.len() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hash.then(|| text.to_owned())
}
