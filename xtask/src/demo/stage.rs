//! Where the demo is played: a temporary folder with a copy of the shop, its own servers, and the programs that act.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::read;
use super::screen::Screen;
use crate::process::{self, cargo, root};

/// How a command should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With exit code 0.
    Good,
    /// With this exit code, which is what is to be shown.
    Bad(i32),
}

impl Ending {
    fn code(self) -> i32 {
        match self {
            Ending::Good => 0,
            Ending::Bad(code) => code,
        }
    }
}

/// A file that the second release changes.
pub(super) struct ChangedFile {
    pub name: String,
    pub before: String,
    pub after: String,
}

/// The folders and programs of one run.
pub(super) struct Stage<'s> {
    screen: &'s Screen,
    /// The run's own folder.
    folder: PathBuf,
    /// Where the workspace builds its programs.
    target: PathBuf,
}

impl<'s> Stage<'s> {
    /// Builds the subcommand and copies the shop; what an earlier run left is cleared away first.
    pub(super) fn set(screen: &'s Screen) -> Result<Stage<'s>, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let target = program.parent().and_then(Path::parent).ok_or("the task is not in a target folder")?.to_owned();
        let user = std::env::var("USER").unwrap_or_default();
        let user: String = std::iter::once('-').chain(user.chars().filter(char::is_ascii_alphanumeric)).collect();
        let stage = Stage {
            screen,
            folder: std::env::temp_dir().join(format!("cargo-schema-demo{}", user.trim_end_matches('-'))),
            target,
        };
        screen.title("The life of a small web shop, from nothing");
        process::run(&mut cargo(&["build", "--package", "cargo-schema"]))?;
        stage.clear()?;
        copy(&root().join("fixtures/apps/shop"), &stage.project())?;
        fs::copy(root().join("Cargo.lock"), stage.project().join("Cargo.lock")).map_err(|error| error.to_string())?;
        let manifest = stage.project().join("Cargo.toml");
        let runtime = format!("{:?}", root().join("schema-runtime"));
        let text = read(&manifest)?.replace("\"../../../schema-runtime\"", &runtime);
        fs::write(&manifest, text).map_err(|error| format!("{}: {error}", manifest.display()))?;
        Ok(stage)
    }

    /// Stops the servers and removes the folder, but for a PostgreSQL that had to be installed.
    pub(super) fn clear(&self) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{} could not be removed: {error}", self.folder.display());
        if !self.folder.is_dir() {
            return Ok(());
        }
        let stopped = self.subcommand(&["dev", "stop"]).stdout(Stdio::null()).status();
        if !stopped.is_ok_and(|status| status.success()) {
            return Err("the servers of the demo could not be stopped".to_owned());
        }
        for entry in fs::read_dir(&self.folder).map_err(failed)?.flatten() {
            match entry.file_name() == "servers" {
                true => {}
                false if entry.path().is_dir() => fs::remove_dir_all(entry.path()).map_err(failed)?,
                false => fs::remove_file(entry.path()).map_err(failed)?,
            }
        }
        if !self.folder.join("servers").exists() {
            fs::remove_dir(&self.folder).map_err(failed)?;
        }
        Ok(())
    }

    /// Where a PostgreSQL is that had to be installed.
    pub(super) fn kept_servers(&self) -> Option<PathBuf> {
        Some(self.folder.join("servers")).filter(|servers| servers.is_dir())
    }

    /// The copy of the shop.
    pub(super) fn project(&self) -> PathBuf {
        self.folder.join("shop")
    }

    /// Starts the embedded server, brought from the package manager at hand where the machine has none.
    pub(super) fn server(&self) -> Result<(), String> {
        let mut start = self.subcommand(&["dev", "start"]);
        let output = start.output().map_err(|error| error.to_string())?;
        if output.status.code() == Some(3) {
            self.screen.say("This machine has no PostgreSQL server; one is installed into the demo's own folder.");
            self.schema(&["dev", "install", "--yes"], Ending::Good)?;
        }
        self.schema(&["dev", "start"], Ending::Good).map(drop)
    }

    /// `cargo schema ...`; gives what it printed.
    pub(super) fn schema(&self, words: &[&str], ending: Ending) -> Result<String, String> {
        self.screen.command(&shown("cargo schema", words));
        self.show(self.subcommand(words), ending, 60)
    }

    /// `cargo ...` on the shop; gives what it printed.
    pub(super) fn cargo(&self, words: &[&str], ending: Ending) -> Result<String, String> {
        self.screen.command(&shown("cargo", words));
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(words).args(["--quiet", self.colour()]);
        self.show(self.surroundings(command), ending, 30)
    }

    /// A program of the shop, on the shop's database.
    pub(super) fn shop(&self, program: &str, words: &[&str], ending: Ending) -> Result<(), String> {
        self.screen.command(&shown(program, words));
        let url = self.subcommand(&["dev", "url"]).output().map_err(|error| error.to_string())?;
        let url = String::from_utf8_lossy(&url.stdout).trim().to_owned();
        let kept = self.folder.join(program);
        let built = self.target.join("apps/debug").join(program);
        let mut command = Command::new(if kept.is_file() { kept } else { built });
        command.args(words);
        let mut command = self.surroundings(command);
        command.env("DATABASE_URL", url);
        self.show(command, ending, usize::MAX).map(drop)
    }

    /// Keeps the program as it is built now.
    pub(super) fn keep_program(&self, name: &str) -> Result<(), String> {
        let copied = fs::copy(self.target.join("apps/debug/shop"), self.folder.join(name));
        copied.map(drop).map_err(|error| format!("the shop could not be copied: {error}"))
    }

    /// Puts the files of the second release over those of the first.
    pub(super) fn put_second_release(&self) -> Result<Vec<ChangedFile>, String> {
        let (release, mut changed) = (self.project().join("v2/src"), Vec::new());
        self.screen.command("cp -r v2/src .");
        for name in ["catalog", "customers", "sales", "stock"].map(|name| format!("schema/{name}.rs")) {
            let (before, after) = (read(&self.project().join("src").join(&name))?, read(&release.join(&name))?);
            changed.push(ChangedFile { name, before, after });
        }
        copy(&release, &self.project().join("src"))?;
        Ok(changed)
    }

    fn subcommand(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.target.join("debug/cargo-schema"));
        command.arg("schema").args(words).arg(self.colour());
        self.surroundings(command)
    }

    /// The folder and the environment of every program: none of the user's databases can be meant.
    fn surroundings(&self, mut command: Command) -> Command {
        let project = self.project();
        command.current_dir(if project.is_dir() { &project } else { &self.folder });
        command.env("SCHEMA_CACHE_DIR", &self.folder).env("CARGO_TARGET_DIR", self.target.join("apps"));
        command.env_remove("DATABASE_URL").env_remove("SCHEMA_DEV_URL").stdin(Stdio::null());
        command
    }

    fn colour(&self) -> &'static str {
        if self.screen.colour { "--color=always" } else { "--color=never" }
    }

    /// Runs a command, shows what it prints, and checks how it ends.
    fn show(&self, mut command: Command, ending: Ending, longest: usize) -> Result<String, String> {
        let failed = |error: std::io::Error| format!("{command:?}: {error}");
        let (mut reader, writer) = std::io::pipe().map_err(failed)?;
        // Both outputs into one pipe, in the order in which they are written; it ends when nobody can write any more.
        command.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        drop(command);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let status = child.wait().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&bytes);
        let unexpected = status.code() != Some(ending.code());
        self.screen.output(&text, if unexpected { usize::MAX } else { longest });
        if unexpected {
            return Err(format!("that should have ended with exit code {} ({status})", ending.code()));
        }
        Ok(text.into_owned())
    }
}

/// An error unless the output names the thing.
pub(super) fn must_say(output: &str, word: &str) -> Result<(), String> {
    if output.contains(word) { Ok(()) } else { Err(format!("that should have named `{word}`")) }
}

fn shown(program: &str, words: &[&str]) -> String {
    let quoted = words.iter().map(|word| if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() });
    std::iter::once(program.to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}

/// Copies a folder, but for what building leaves in it.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{} could not be copied: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)?.flatten() {
        let (source, place) = (entry.path(), to.join(entry.file_name()));
        let built = ["target", "migrations", "Cargo.lock"].map(OsStr::new).contains(&entry.file_name().as_os_str());
        match source.is_dir() {
            _ if built => {}
            true => copy(&source, &place)?,
            false => drop(fs::copy(&source, &place).map_err(failed)?),
        }
    }
    Ok(())
}
