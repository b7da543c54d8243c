//! The lines of a hook, for one project: POSIX sh that any shell of a hook can run.
//!
//! They stand at the top of the file in a subshell of their own: a hook may end with `exit` or `exec`, and lines at its end would never be
//! reached. With nothing to do they start two processes: `git config`, which says whether branches have databases of their own, and `git diff`,
//! which compares the ids of the two folders.

/// A hook of git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// After `git switch`, `git checkout`, and at the start of a rebase.
    PostCheckout,
    /// After `git merge` and `git pull`.
    PostMerge,
    /// At the end of a rebase.
    PostRewrite,
}

impl Hook {
    /// All that are written.
    pub const ALL: [Hook; 3] = [Hook::PostCheckout, Hook::PostMerge, Hook::PostRewrite];

    /// The name of its file.
    pub const fn name(self) -> &'static str {
        match self {
            Hook::PostCheckout => "post-checkout",
            Hook::PostMerge => "post-merge",
            Hook::PostRewrite => "post-rewrite",
        }
    }

    /// Says what `old` and `new` are, or that there is nothing to look at.
    const fn commits(self) -> &'static str {
        match self {
            // A flag of 0 is a checkout of files; a new worktree comes from nowhere, and its database is made by its first `upgrade`.
            Hook::PostCheckout => {
                "  [ \"${3-}\" = 1 ] || exit 0\n  case $1 in *[!0]*) ;; *) exit 0 ;; esac\n  old=$1 new=$2\n"
            }
            Hook::PostMerge => {
                "  old=$(git rev-parse -q --verify ORIG_HEAD) && new=$(git rev-parse -q --verify HEAD) || exit 0\n"
            }
            Hook::PostRewrite => {
                "  [ \"${1-}\" = rebase ] || exit 0\n  \
                   old=$(git rev-parse -q --verify ORIG_HEAD) && new=$(git rev-parse -q --verify HEAD) || exit 0\n"
            }
        }
    }

    /// Compares the folder; success means that it is the same.
    const fn comparison(self) -> &'static str {
        match self {
            // A squashed merge is in the index and in no commit yet.
            Hook::PostMerge => "diff-index --cached --quiet \"$old\"",
            // Without -r, a folder above that differs would do.
            _ => "diff-tree -r --quiet \"$old\" \"$new\"",
        }
    }

    /// Looks closer once there is a difference.
    const fn closer(self) -> &'static str {
        match self {
            // A rebase checks out its new base first; with commits to replay, post-rewrite comes at its end.
            Hook::PostCheckout => {
                "  grep -q '^[^#]' \"$(git rev-parse --git-path rebase-merge/git-rebase-todo)\" 2>/dev/null && exit 0\n"
            }
            _ => "",
        }
    }
}

/// A cargo project in a repository; paths count from the top of the worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The folder of its Cargo.toml; empty at the top.
    pub folder: String,
    /// The folder of its revisions.
    pub migrations: String,
    /// The entry of `databases` in its configuration.
    pub database: Option<String>,
}

impl Project {
    /// Its name in the marks.
    pub fn name(&self) -> String {
        let folder = if self.folder.is_empty() { "." } else { &self.folder };
        self.database.as_ref().map_or_else(|| folder.to_owned(), |database| format!("{folder} {database}"))
    }

    /// The line its block begins with.
    pub fn first_line(&self) -> String {
        format!("# >>> cargo schema ({}) >>>", self.name())
    }

    /// The line its block ends with.
    pub fn last_line(&self) -> String {
        format!("# <<< cargo schema ({}) <<<", self.name())
    }

    /// The lines of a hook, with their marks.
    pub fn block(&self, hook: Hook) -> String {
        let database = self.database.as_ref().map(|name| format!(" --database {}", quoted(name))).unwrap_or_default();
        let enter = match self.folder.as_str() {
            "" => String::new(),
            // A branch may not have the project.
            folder => format!("  cd -- {} 2>/dev/null || exit 0\n", quoted(folder)),
        };
        format!(
            "{first}\n\
             # The database follows the branch. To remove: cargo schema hook uninstall. To skip it once: SCHEMA_HOOK=off git switch BRANCH\n\
             (\n\
             \x20 [ \"${{SCHEMA_HOOK-}}\" != off ] || exit 0\n\
             {commits}\
             \x20 [ \"$(git config schema.template)\" != true ] && git --literal-pathspecs {comparison} -- {migrations} && exit 0\n\
             {closer}\
             \x20 unset $(git rev-parse --local-env-vars)\n\
             {enter}\
             \x20 if ! command -v cargo >/dev/null 2>&1; then\n\
             \x20   echo 'cargo schema: the migrations changed, and cargo is not in PATH; type: cargo schema switch' >&2\n\
             \x20 elif ! cargo schema switch{database} --from-hook \"$old\" \"$new\" 1; then\n\
             \x20   echo 'cargo schema: the database did not follow the branch; to see how it stands: cargo schema status{say}' >&2\n\
             \x20 fi\n\
             ) </dev/null || :\n\
             {last}\n",
            first = self.first_line(),
            commits = hook.commits(),
            comparison = hook.comparison(),
            migrations = quoted(if self.migrations.is_empty() { "." } else { &self.migrations }),
            closer = hook.closer(),
            say =
                self.database.as_ref().map(|name| format!(" --database {name}")).unwrap_or_default().replace('\'', ""),
            last = self.last_line(),
        )
    }
}

/// A word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        let project = Project {
            folder: "it's".to_owned(),
            migrations: "it's/$HOME".to_owned(),
            database: Some("a b".to_owned()),
        };
        let block = project.block(Hook::PostCheckout);
        for said in [r"cd -- 'it'\''s'", r"-- 'it'\''s/$HOME' &&", "switch --database 'a b' --from-hook"] {
            assert!(block.contains(said), "{said}: {block}");
        }
        assert!(block.starts_with(&project.first_line()) && block.trim_end().ends_with(&project.last_line()));
    }
}
