//! A sample application in a git repository of its own, with people who work on branches of it.
//!
//! Commands of git are run as they are; nothing here asserts anything about migrations.

use std::fs;
use std::process::Command;

use crate::app::{App, Ran};
use crate::cluster::Database;

/// The repository, on its branch `main` with a first revision in its first commit.
pub struct Repository {
    /// The application.
    pub app: App,
}

impl Repository {
    /// A copy of an application, its first revision generated and committed.
    pub fn of(app: &str, subcommand: &str, database: &Database) -> Repository {
        let repository = Repository { app: App::copy(app, subcommand, database) };
        repository.git(&["init", "-q", "-b", "main"]);
        repository.app.schema(&["generate", "-m", "first"]).ends_with(0);
        repository.commit("Ada", "first");
        repository
    }

    /// Runs git; the output when it succeeds.
    #[track_caller]
    pub fn git(&self, words: &[&str]) -> String {
        self.try_git("Ada", words).ends_with(0)
    }

    fn try_git(&self, who: &str, words: &[&str]) -> Ran {
        let name = format!("user.name={who}");
        let named = ["-c", &name, "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let mut git = Command::new("git");
        let output = git.arg("-C").arg(self.app.folder()).args(named).args(words).output();
        let output = output.unwrap_or_else(|error| panic!("git could not be started: {error}"));
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ran { text: text.into_owned(), code: output.status.code() }
    }

    /// Commits everything.
    #[track_caller]
    pub fn commit(&self, who: &str, message: &str) {
        self.try_git(who, &["add", "-A", "-f"]).ends_with(0);
        self.try_git(who, &["commit", "-q", "-m", message]).ends_with(0);
    }

    /// A branch of `main`, on which somebody edits files and generates a revision of this name.
    #[track_caller]
    pub fn branch(&self, name: &str, who: &str, edits: &[(&str, &str, &str)]) {
        self.git(&["switch", "-q", "-c", name, "main"]);
        for (file, from, to) in edits {
            self.app.edit(file, from, to);
        }
        self.app.schema(&["generate", "-m", name, "--allow-data-loss"]).ends_with(0);
        self.commit(who, name);
    }

    /// Merges branches into `main`, one after the other; git must find no conflict.
    #[track_caller]
    pub fn merge(&self, branches: &[&str]) {
        self.git(&["switch", "-q", "main"]);
        for branch in branches {
            self.git(&["merge", "-q", "--no-edit", branch]);
        }
    }

    /// The revisions of this checkout, sorted.
    pub fn revisions(&self) -> Vec<String> {
        let entries = fs::read_dir(self.app.folder().join("migrations")).expect("revisions are there");
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// The revision whose name ends so.
    #[track_caller]
    pub fn revision(&self, name: &str) -> String {
        let all = self.revisions();
        let found: Vec<&String> = all.iter().filter(|id| id.ends_with(&format!("_{name}"))).collect();
        assert_eq!(found.len(), 1, "{name}: {all:?}");
        found[0].clone()
    }
}
