//! The git repository that a project is in, as git itself tells it.
//!
//! git is asked, so that linked worktrees, submodules and `core.hooksPath` are what git takes them for.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why hooks cannot be read or written. Nothing was changed.
#[derive(Debug)]
pub enum HookError {
    /// git says no.
    Git {
        /// What it says.
        said: String,
    },
    /// A folder is in no part of the repository.
    Outside {
        /// The folder.
        folder: PathBuf,
        /// The top of the worktree.
        top: PathBuf,
    },
    /// The hooks are not this repository's own.
    Shared {
        /// The folder of the hooks.
        hooks: PathBuf,
    },
    /// A path that a line of a hook cannot hold.
    Path {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    File {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HookError::Git { said } => write!(f, "git hooks need a git repository here: {said}"),
            HookError::Outside { folder, top } => {
                write!(
                    f,
                    "`{}` is not in the repository `{}`, so no hook could see it change",
                    folder.display(),
                    top.display()
                )
            }
            HookError::Shared { hooks } => write!(
                f,
                "core.hooksPath leads to `{}`, which is not in this repository, so the hook would run in all that use it\n\
                 help: to give this repository hooks of its own: git config core.hooksPath \"$(git rev-parse --git-common-dir)/hooks\"",
                hooks.display()
            ),
            HookError::Path { path } => {
                write!(f, "`{}` cannot stand in a line of a hook; rename the folder", path.display())
            }
            HookError::File { path, source } => write!(f, "cannot read or write `{}`: {source}", path.display()),
        }
    }
}

impl std::error::Error for HookError {}

/// A repository, seen from one of its worktrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The top of the worktree.
    pub top: PathBuf,
    /// Where git looks for hooks.
    pub hooks: PathBuf,
    /// What all worktrees share.
    common: PathBuf,
}

impl Repository {
    /// The repository that holds a folder.
    pub fn of(folder: &Path) -> Result<Repository, HookError> {
        let words = ["rev-parse", "--show-toplevel", "--git-common-dir", "--git-path", "hooks"];
        let output = Command::new("git").arg("-C").arg(folder).args(words).output();
        let output = output.map_err(|error| HookError::Git { said: format!("git could not be started: {error}") })?;
        if !output.status.success() {
            return Err(HookError::Git { said: String::from_utf8_lossy(&output.stderr).trim().to_owned() });
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // Relative paths count from where git was asked.
        let mut lines = said.lines().map(|line| plain(&folder.join(line)));
        match (lines.next(), lines.next(), lines.next()) {
            (Some(top), Some(common), Some(hooks)) => Ok(Repository { top, hooks, common }),
            _ => Err(HookError::Git { said: format!("git said `{}`", said.trim()) }),
        }
    }

    /// Whether the hooks are of this repository alone.
    pub fn own_hooks(&self) -> Result<(), HookError> {
        let own = self.hooks.starts_with(&self.common) || self.hooks.starts_with(&self.top);
        if own { Ok(()) } else { Err(HookError::Shared { hooks: self.hooks.clone() }) }
    }

    /// A folder from the top of the worktree, with `/`; the folder itself need not be there.
    pub fn inside(&self, folder: &Path) -> Result<String, HookError> {
        let real = plain(folder);
        let outside = || HookError::Outside { folder: real.clone(), top: self.top.clone() };
        let path = real.strip_prefix(&self.top).map_err(|_| outside())?;
        let text = path.to_str().filter(|text| !text.contains('\n'));
        text.map(str::to_owned).ok_or_else(|| HookError::Path { path: real.clone() })
    }
}

/// A path without links, as far as it is there.
fn plain(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => match path.strip_prefix(above) {
            Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
            _ => real,
        },
        None => path.to_owned(),
    }
}
