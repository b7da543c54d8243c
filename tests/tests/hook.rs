//! The git hooks, run by the real git: `cargo schema switch` is called when the migrations differ and never otherwise, and what else is in
//! a hook stays.
//!
//! `cargo` is a stub here that writes down how it was called.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A repository with a cargo project at its top, and two branches: `feature` has a revision more than `main`, `same` has none.
struct Repo {
    root: PathBuf,
}

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

impl Repo {
    fn new() -> Repo {
        let repo = Repo::empty();
        repo.write("Cargo.toml", MANIFEST);
        repo.revision("main", "1_first");
        repo.git(&["switch", "-q", "-c", "feature"]);
        repo.revision("feature", "2_second");
        repo.git(&["switch", "-q", "-c", "same", "main"]);
        repo.write("README", "text");
        repo.commit("text");
        repo.git(&["switch", "-q", "main"]);
        repo
    }

    fn empty() -> Repo {
        static COPIES: AtomicUsize = AtomicUsize::new(0);
        let copy = COPIES.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("schema-hook-{}-{copy}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let repo = Repo { root };
        let stub = "#!/bin/sh\necho \"$PWD $*\" >> \"$CALLS\"\nexit \"${ENDS_WITH-0}\"\n";
        executable(&repo.root.join("bin/cargo"), stub);
        fs::create_dir_all(repo.top()).unwrap();
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    fn top(&self) -> PathBuf {
        self.root.join("repo")
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.top().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// A commit with a revision.
    fn revision(&self, message: &str, id: &str) {
        self.write(&format!("migrations/{id}/up.sql"), "SELECT 1;\n");
        self.commit(message);
    }

    fn command(&self, program: &str, folder: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(folder);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.root.join("bin").display()));
        command.env("CALLS", self.root.join("calls")).env("HOME", &self.root);
        command.env("GIT_CONFIG_GLOBAL", self.root.join("gitconfig")).env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@b");
        }
        command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
        command
    }

    fn git_in(&self, folder: &Path, words: &[&str]) -> Output {
        self.command("git", folder, words).output().unwrap()
    }

    #[track_caller]
    fn git(&self, words: &[&str]) -> String {
        let output = self.git_in(&self.top(), words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {words:?}: {said}");
        said
    }

    #[track_caller]
    fn schema_in(&self, folder: &Path, words: &[&str], code: i32) -> String {
        let mut command = self.command(env!("CARGO_BIN_EXE_cargo_schema"), folder, &["schema"]);
        let output = command.args(words).env_remove("DATABASE_URL").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
        text.into_owned()
    }

    #[track_caller]
    fn hook(&self, word: &str) -> String {
        self.schema_in(&self.top(), &["hook", word], 0)
    }

    /// How `cargo` was called since the last time this was asked; folders count from that of the test.
    fn calls(&self) -> Vec<String> {
        let file = self.root.join("calls");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        let root = self.root.canonicalize().unwrap();
        text.lines().map(|line| line.replace(&format!("{}/", root.display()), "")).collect()
    }

    fn id(&self, name: &str) -> String {
        let output = self.git_in(&self.top(), &["rev-parse", name]);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The call that is expected.
    fn call(&self, folder: &str, old: &str, new: &str) -> String {
        format!("{folder} schema switch --from-hook {} {} 1", self.id(old), self.id(new))
    }

    fn hook_file(&self, name: &str) -> PathBuf {
        self.top().join(".git/hooks").join(name)
    }
}

impl Drop for Repo {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_switch_calls_it_when_the_migrations_differ() {
    let repo = Repo::new();
    let said = repo.hook("install");
    assert!(said.contains("made  .git/hooks/post-checkout"), "{said}");
    repo.git(&["switch", "-q", "feature"]);
    assert_eq!(repo.calls(), [repo.call("repo", "main", "feature")]);
    repo.git(&["switch", "-q", "-"]);
    assert_eq!(repo.calls(), [repo.call("repo", "feature", "main")]);
    repo.git(&["switch", "-q", "same"]);
    repo.git(&["checkout", "-q", "feature", "--", "migrations"]);
    repo.git(&["reset", "-q", "--hard"]);
    repo.git(&["switch", "-q", "-c", "new"]);
    assert_eq!(repo.calls(), Vec::<String>::new(), "equal folders, and files that are checked out");
    let switch =
        repo.command("git", &repo.top(), &["switch", "-q", "feature"]).env("SCHEMA_HOOK", "off").output().unwrap();
    assert!(switch.status.success() && repo.calls().is_empty());
    // Branches with databases of their own differ in their rows.
    repo.git(&["config", "schema.template", "true"]);
    repo.git(&["switch", "-q", "new"]);
    repo.git(&["switch", "-q", "same"]);
    assert_eq!(repo.calls()[1..], [repo.call("repo", "new", "same")]);
}

#[test]
fn merges_and_rebases_call_it_once_at_their_end() {
    let repo = Repo::new();
    repo.hook("install");
    repo.git(&["switch", "-q", "-c", "forward", "main"]);
    repo.git(&["merge", "-q", "feature"]);
    assert_eq!(repo.calls(), [repo.call("repo", "main", "feature")], "a fast-forward");
    repo.git(&["switch", "-q", "same"]);
    repo.calls();
    repo.git(&["merge", "-q", "--squash", "feature"]);
    assert_eq!(repo.calls(), [repo.call("repo", "same", "same")], "a squashed merge has no commit yet");
    repo.git(&["reset", "-q", "--hard"]);

    repo.git(&["switch", "-q", "-c", "own", "main"]);
    repo.revision("own", "3_own");
    let before = repo.id("own");
    repo.git(&["rebase", "-q", "feature"]);
    assert_eq!(repo.calls(), [repo.call("repo", &before, "own")], "a rebase");
    repo.git(&["switch", "-q", "-c", "behind", "main"]);
    repo.calls();
    repo.git(&["rebase", "-q", "feature"]);
    assert_eq!(repo.calls(), [repo.call("repo", "main", "feature")], "a rebase with nothing to replay");
    repo.git(&["switch", "-q", "same"]);
    repo.calls();
    repo.git(&["commit", "-q", "--amend", "-m", "other words"]);
    assert_eq!(repo.calls(), Vec::<String>::new());
}

#[test]
fn worktrees_have_the_same_hooks_and_each_its_own_folder() {
    let repo = Repo::new();
    let other = repo.root.join("other");
    repo.git(&["worktree", "add", "-q", "../other", "same"]);
    let said = repo.schema_in(&other, &["hook", "install"], 0);
    assert!(said.contains("repo/.git/hooks/post-checkout"), "{said}");
    assert!(repo.hook("status").contains("installed  .git/hooks/post-merge"));
    assert!(repo.git_in(&other, &["switch", "-q", "feature"]).status.success());
    assert_eq!(repo.calls(), [repo.call("other", "same", "feature")]);
    repo.git(&["worktree", "add", "-q", "../third", "same"]);
    assert_eq!(repo.calls(), Vec::<String>::new(), "a new worktree has no database that could follow");
}

#[test]
fn hooks_that_are_there_are_kept() {
    let repo = Repo::new();
    let own = "#!/bin/sh -eu\necho own \"$@\" >> \"$CALLS\"\nexit 3\n";
    executable(&repo.hook_file("post-checkout"), own);
    let python = "#!/usr/bin/env python3\nimport os\nopen(os.environ['CALLS'], 'a').write('python\\n')\n";
    executable(&repo.hook_file("post-merge"), python);
    executable(&repo.root.join("linked"), "#!/bin/sh\ncat >> \"$CALLS\"\n");
    symlink(repo.root.join("linked"), repo.hook_file("post-rewrite")).unwrap();

    let said = repo.hook("install");
    assert!(
        said.contains("changed  .git/hooks/post-checkout") && said.contains("chained  .git/hooks/post-merge"),
        "{said}"
    );
    let installed = fs::read_to_string(repo.hook_file("post-checkout")).unwrap();
    assert!(repo.hook("install").contains("nothing to do"));
    assert_eq!(fs::read_to_string(repo.hook_file("post-checkout")).unwrap(), installed);

    let switch = repo.git_in(&repo.top(), &["switch", "-q", "feature"]);
    let own_call = format!("own {} {} 1", repo.id("main"), repo.id("feature"));
    assert_eq!(repo.calls(), [repo.call("repo", "main", "feature"), own_call]);
    assert_eq!(switch.status.code(), Some(1), "git still hears that it failed");
    repo.git_in(&repo.top(), &["switch", "-q", "main"]);
    repo.calls();
    repo.git(&["merge", "-q", "feature"]);
    assert_eq!(repo.calls().last().unwrap(), "python");
    repo.git(&["commit", "-q", "--amend", "-m", "other"]);
    assert_eq!(repo.calls().len(), 1, "what is read from stdin is left to the hook that was there");

    repo.hook("uninstall");
    assert_eq!(fs::read_to_string(repo.hook_file("post-checkout")).unwrap(), own);
    assert_eq!(fs::read_to_string(repo.hook_file("post-merge")).unwrap(), python);
    assert!(repo.hook_file("post-rewrite").is_symlink());
    assert!(repo.hook("uninstall").contains("nothing to do"));
}

#[test]
fn a_hook_without_own_lines_is_removed_and_a_switched_off_one_stays_off() {
    let repo = Repo::new();
    fs::write(repo.hook_file("post-merge"), "#!/bin/sh\necho off >> \"$CALLS\"\n").unwrap();
    fs::set_permissions(repo.hook_file("post-merge"), fs::Permissions::from_mode(0o644)).unwrap();
    repo.hook("install");
    repo.git(&["merge", "-q", "feature"]);
    assert_eq!(repo.calls().len(), 1);
    repo.hook("uninstall");
    assert!(!repo.hook_file("post-checkout").exists() && !repo.hook_file("post-rewrite").exists());
    let mode = fs::metadata(repo.hook_file("post-merge")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn a_checkout_never_fails_because_of_it() {
    let repo = Repo::new();
    repo.hook("install");
    let switch = repo.command("git", &repo.top(), &["switch", "-q", "feature"]).env("ENDS_WITH", "5").output().unwrap();
    let said = String::from_utf8_lossy(&switch.stderr).into_owned();
    assert!(switch.status.success() && said.contains("cargo schema status"), "{said}");

    fs::remove_file(repo.root.join("bin/cargo")).unwrap();
    for program in ["git", "grep"] {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
        symlink(found.unwrap(), repo.root.join("bin").join(program)).unwrap();
    }
    let mut without = repo.command("git", &repo.top(), &["switch", "-q", "main"]);
    let switch = without.env("PATH", repo.root.join("bin")).output().unwrap();
    let said = String::from_utf8_lossy(&switch.stderr).into_owned();
    assert!(switch.status.success() && said.contains("cargo is not in PATH"), "{said}");
}

#[test]
fn several_projects_of_one_repository_are_called_each_for_its_own() {
    let repo = Repo::empty();
    repo.write("README", "text");
    repo.commit("without projects");
    repo.git(&["switch", "-q", "-c", "projects"]);
    for folder in ["apps/it's a shop", "apps/stock"] {
        repo.write(&format!("{folder}/Cargo.toml"), MANIFEST);
        repo.write(&format!("{folder}/migrations/1_first/up.sql"), "SELECT 1;\n");
    }
    repo.commit("projects");
    repo.git(&["switch", "-q", "-c", "more"]);
    repo.write("apps/stock/migrations/2_second/up.sql", "SELECT 1;\n");
    repo.commit("more");
    repo.schema_in(&repo.top().join("apps/it's a shop"), &["hook", "install"], 0);
    repo.schema_in(&repo.top().join("apps/stock"), &["hook", "install"], 0);
    repo.git(&["switch", "-q", "projects"]);
    assert_eq!(repo.calls(), [repo.call("repo/apps/stock", "more", "projects")]);
    repo.git(&["switch", "-q", "main"]);
    assert_eq!(repo.calls(), Vec::<String>::new(), "a branch without the projects");
    repo.git(&["switch", "-q", "projects"]);
    assert_eq!(repo.calls().len(), 2);
    repo.schema_in(&repo.top().join("apps/stock"), &["hook", "uninstall"], 0);
    repo.git(&["switch", "-q", "more"]);
    assert_eq!(repo.calls(), Vec::<String>::new());
    repo.schema_in(&repo.top().join("apps/it's a shop"), &["hook", "uninstall"], 0);
    assert!(!repo.hook_file("post-checkout").exists());
}

#[test]
fn the_folder_of_the_hooks_is_what_git_says() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    repo.hook("install");
    assert!(repo.top().join(".githooks/post-checkout").exists() && !repo.hook_file("post-checkout").exists());
    repo.git(&["switch", "-q", "feature"]);
    assert_eq!(repo.calls().len(), 1);
    repo.hook("uninstall");

    let shared = repo.root.join("shared");
    fs::create_dir_all(&shared).unwrap();
    repo.git(&["config", "core.hooksPath", shared.to_str().unwrap()]);
    let refused = repo.schema_in(&repo.top(), &["hook", "install"], 5);
    assert!(refused.contains("git config core.hooksPath"), "{refused}");
    assert_eq!(fs::read_dir(shared).unwrap().count(), 0);
}

#[test]
fn outside_of_git_it_says_so() {
    let repo = Repo::empty();
    let folder = repo.root.join("plain");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("Cargo.toml"), MANIFEST).unwrap();
    let said = repo.schema_in(&folder, &["hook", "install"], 3);
    assert!(said.contains("git hooks need a git repository here"), "{said}");
}
