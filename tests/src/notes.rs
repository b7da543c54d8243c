//! The notes, a small project of `fixtures/projects`, copied to a folder of its own beside a database of its own.
//!
//! Commands run with a stopped clock and the servers of the tests. Nothing here asserts anything but exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::app::Ran;
use crate::cluster::{Database, cluster, database};

/// The copy; it is removed with the value.
pub struct Notes {
    /// Its folder.
    pub root: PathBuf,
    /// Its database.
    pub database: Database,
    subcommand: PathBuf,
}

impl Notes {
    /// A copy without revisions. `subcommand` is the program of `cargo schema`.
    pub fn new(subcommand: &str) -> Notes {
        static COPIES: AtomicUsize = AtomicUsize::new(0);
        let copy = COPIES.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("schema-notes-{}-{copy}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/projects/notes");
        fs::create_dir_all(root.join("src")).expect("the temporary folder can be written");
        for file in ["Cargo.toml", "src/lib.rs", "src/author.rs", "src/note.rs"] {
            fs::copy(fixture.join(file), root.join(file)).expect("a file of the fixture");
        }
        Notes { root, database: database(), subcommand: subcommand.into() }
    }

    /// A copy with one revision, `20261122131500_first`, which is applied.
    pub fn applied(subcommand: &str) -> Notes {
        let notes = Notes::new(subcommand);
        notes.run(&["generate", "-m", "first"]).ends_with(0);
        notes.run(&["upgrade"]).ends_with(0);
        notes
    }

    /// `cargo schema ...`, ready to be run.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.subcommand);
        command.arg("schema").args(words).args(["--color", "never"]).current_dir(&self.root);
        command.env("DATABASE_URL", &self.database.url).env("SCHEMA_NOW", "20261122131500");
        command.env("SCHEMA_DEV_URL", cluster().url("postgres")).env("SCHEMA_CACHE_DIR", self.root.join("cache"));
        command
    }

    /// `cargo schema ...`
    pub fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ran { text: text.into_owned(), code: output.status.code() }
    }

    /// The JSON of `cargo schema ...`, when it ended with this code.
    #[track_caller]
    pub fn json(&self, words: &[&str], code: i32) -> String {
        let output = self.command(&[words, &["--format", "json"]].concat()).output().expect("it starts");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{words:?}: {out}{err}");
        out.into_owned()
    }

    /// Replaces a text that a file has.
    #[track_caller]
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.root.join(file);
        let text = fs::read_to_string(&path).expect("the file is there");
        assert!(text.contains(from), "{file}: {text}");
        fs::write(path, text.replace(from, to)).expect("the copy is the test's own");
    }

    /// Runs statements on its database.
    #[track_caller]
    pub fn sql(&self, sql: &str) {
        self.database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
