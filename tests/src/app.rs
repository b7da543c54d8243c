//! A sample application of `fixtures/apps`, copied to a folder of its own, with the subcommand and cargo at hand.
//!
//! All copies build into one target folder and with the workspace's own lock file, so that what they link is compiled once. Nothing
//! here asserts anything about the applications.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cluster::{Database, cluster};

/// The copy; it is removed with the value.
pub struct App {
    folder: PathBuf,
    name: String,
    subcommand: PathBuf,
    target: PathBuf,
    database_url: String,
}

/// What a command has printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Both outputs, the results first.
    pub text: String,
    /// The exit code.
    pub code: Option<i32>,
}

impl App {
    /// A copy of `fixtures/apps/NAME` that works on this database. `subcommand` is the program of `cargo schema`.
    pub fn copy(name: &str, subcommand: &str, database: &Database) -> App {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in a workspace");
        // Tests of one file run in one process or in many.
        static COPIES: AtomicUsize = AtomicUsize::new(0);
        let copy = COPIES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("schema-app-{}-{copy}-{name}", std::process::id()));
        let subcommand = PathBuf::from(subcommand);
        let built = subcommand.parent().and_then(Path::parent).expect("programs are in a target folder");
        let (target, database_url) = (built.join("apps"), database.url.clone());
        let app = App { folder, name: name.to_owned(), subcommand, target, database_url };
        copy_folder(&root.join("fixtures/apps").join(name), &app.folder);
        fs::copy(root.join("Cargo.lock"), app.folder.join("Cargo.lock")).expect("the workspace has a lock file");
        let manifest = app.folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).expect("an application has a manifest");
        let runtime = format!("{:?}", root.join("schema-runtime"));
        fs::write(&manifest, text.replace("\"../../../schema-runtime\"", &runtime)).expect("the copy is ours");
        app
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file of its `schema` folder.
    pub fn write_statements(&self, file: &str, text: &str) {
        let path = self.folder.join("schema").join(file);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the copy is the test's own");
        fs::write(path, text).expect("so are its files");
    }

    /// Replaces a text that a file has.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).expect("the file is there");
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).expect("the copy is the test's own");
    }

    /// Lays the files of one of its folders over its own, as the next release does.
    pub fn lay_over(&self, release: &str) {
        copy_folder(&self.folder.join(release), &self.folder);
    }

    /// `cargo schema ...`
    pub fn schema(&self, words: &[&str]) -> Ran {
        let mut command = Command::new(&self.subcommand);
        command.arg("schema").args(words).args(["--color", "never"]);
        // Proofs are made on the server that the tests share.
        self.run(command.env("SCHEMA_DEV_URL", cluster().url("postgres")))
    }

    /// `cargo ...`
    pub fn cargo(&self, words: &[&str]) -> Ran {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        self.run(Command::new(cargo).args(words).args(["--quiet", "--color", "never"]))
    }

    /// Its program as it was built last.
    pub fn program(&self) -> PathBuf {
        self.target.join("debug").join(&self.name)
    }

    /// Runs one of its programs.
    pub fn start(&self, program: &Path, words: &[&str]) -> Ran {
        self.run(Command::new(program).args(words))
    }

    fn run(&self, command: &mut Command) -> Ran {
        command.current_dir(&self.folder).env("CARGO_TARGET_DIR", &self.target).env("DATABASE_URL", &self.database_url);
        // A test may be run with coverage or other flags, which would compile all of it a second time.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        let output = command.output().unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ran { text: text.into_owned(), code: output.status.code() }
    }
}

impl Ran {
    /// The output, when it ended with this code.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self.text
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Copies a folder, but for what building leaves in it.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())).flatten() {
        let (source, place, name) = (entry.path(), to.join(entry.file_name()), entry.file_name());
        if ["target", "migrations", "Cargo.lock"].iter().any(|built| name == **built) {
            continue;
        }
        match source.is_dir() {
            true => copy_folder(&source, &place),
            false => drop(fs::copy(&source, &place).unwrap_or_else(|error| panic!("{}: {error}", source.display()))),
        }
    }
}
