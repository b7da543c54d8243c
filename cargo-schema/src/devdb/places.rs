//! Where kept servers live on disk: the folders of the tool, and the folder of one cluster with all its file names.
//!
//! Makes folders and checks whose they are; starts nothing and opens no database. Throwaway servers go to the cache, the developer's
//! own data to the place for data, because people empty their cache.
//!
//! A cluster's folder belongs to the caller and holds the lock, the log and the marks of the commands that use it; only
//! `server/` inside it belongs to the user whom the server runs as. So a server that runs as `postgres` cannot plant links where root writes.

use super::Purpose;
use super::error::DevError;
use super::process::RunAs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The longest socket path that every platform takes (104 bytes on macOS, 108 on Linux, with the closing zero).
const SOCKET_LIMIT: usize = 103;

/// The tool's folders and the server's user.
#[derive(Clone, Debug)]
pub struct Places {
    /// Throwaway servers and installed binaries.
    pub cache: PathBuf,
    /// The developer's own databases.
    pub data: PathBuf,
    /// Whom servers run as.
    pub run_as: RunAs,
}

impl Places {
    /// The folders for this user; `given` replaces both.
    pub fn find(given: Option<&Path>) -> Result<Places, DevError> {
        let run_as = RunAs::detect()?;
        let (cache, data) = match given {
            Some(given) => {
                let given = std::path::absolute(given).map_err(|e| DevError::folder("cannot find", given, e))?;
                (given.clone(), given)
            }
            None => usual_folders(&run_as, |name| std::env::var_os(name).map(PathBuf::from)),
        };
        Ok(Places { cache, data, run_as })
    }

    /// Where `cargo schema dev install` puts servers.
    pub fn installs(&self) -> PathBuf {
        self.cache.join("servers")
    }

    /// The folder of all clusters of a purpose.
    pub fn base(&self, purpose: Purpose) -> &Path {
        match purpose {
            Purpose::Scratch => &self.cache,
            Purpose::Developer => &self.data,
        }
    }

    /// Makes that folder: closed to others, unless the server runs as another user, who must pass through it.
    pub fn make_base(&self, purpose: Purpose) -> Result<(), DevError> {
        let mode = if matches!(self.run_as, RunAs::Account(_)) { 0o755 } else { 0o700 };
        make_folder(self.base(purpose), mode)
    }

    /// The cluster folders that exist, of both purposes.
    pub fn clusters(&self) -> Vec<(Purpose, PathBuf)> {
        let mut found = Vec::new();
        for purpose in [Purpose::Scratch, Purpose::Developer] {
            let Ok(entries) = std::fs::read_dir(self.base(purpose)) else { continue };
            let prefix = format!("{}-", purpose.name());
            let folders = entries.flatten().filter(|e| e.file_name().to_string_lossy().starts_with(&prefix));
            found.extend(folders.map(|entry| (purpose, entry.path())));
        }
        found.sort();
        found
    }
}

/// XDG's folders; for root the machine's, because root's home is closed to the user whom the server runs as, and because
/// `/var/tmp` is emptied of old files one by one, which ruins a data folder.
fn usual_folders(run_as: &RunAs, env: impl Fn(&str) -> Option<PathBuf>) -> (PathBuf, PathBuf) {
    if let RunAs::Account(_) = run_as {
        let first = |wanted: &str| {
            let wanted = Path::new(wanted);
            if make_folder(wanted, 0o755).is_ok() {
                wanted.to_owned()
            } else {
                PathBuf::from("/var/tmp/cargo-schema-root")
            }
        };
        return (first("/var/cache/cargo-schema"), first("/var/lib/cargo-schema"));
    }
    let absolute = |name: &str| env(name).filter(|path| path.is_absolute());
    let home = absolute("HOME").unwrap_or_else(|| std::env::temp_dir().join(format!("cargo-schema-{}", run_as.uid())));
    let cache = absolute("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache"));
    let data = absolute("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share"));
    (cache.join("cargo-schema"), data.join("cargo-schema"))
}

/// One cluster on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What it is for.
    pub purpose: Purpose,
    /// The folder of all of it.
    pub folder: PathBuf,
}

impl Layout {
    /// The folder of a cluster that may not exist yet.
    pub fn of(places: &Places, purpose: Purpose, major: u32) -> Layout {
        Layout { purpose, folder: places.base(purpose).join(format!("{}-{major}", purpose.name())) }
    }

    /// Makes the folders and checks whose they are.
    pub fn make(&self, run_as: &RunAs) -> Result<(), DevError> {
        let mode = if matches!(run_as, RunAs::Account(_)) { 0o711 } else { 0o700 };
        make_folder(&self.folder, mode)?;
        trusted(&self.folder, rustix::process::geteuid().as_raw())?;
        make_folder(&self.marks(), 0o700)?;
        make_folder(&self.server(), 0o700)?;
        owned_by(&self.server(), run_as)?;
        if self.socket() != self.server() {
            make_folder(&self.socket(), 0o700)?;
            owned_by(&self.socket(), run_as)?;
        }
        if run_as.can_enter(&self.server()) {
            return Ok(());
        }
        Err(DevError::Unsafe {
            path: self.folder.clone(),
            problem: format!(
                "lies in a folder that {} cannot enter, and PostgreSQL refuses to run as root",
                run_as.name()
            ),
            help: "set SCHEMA_CACHE_DIR to a folder whose parents have mode 711 or 755".to_owned(),
        })
    }

    /// What belongs to the server's user.
    pub fn server(&self) -> PathBuf {
        self.folder.join("server")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.server().join("data")
    }

    /// The folder of the socket: beside the data, or a short one where that path is too long for a socket.
    pub fn socket(&self) -> PathBuf {
        let beside = self.server();
        if beside.as_os_str().len() + "/.s.PGSQL.5432".len() <= SOCKET_LIMIT {
            return beside;
        }
        let hash = super::short_hash(&self.folder.to_string_lossy());
        PathBuf::from(format!("/tmp/cargo-schema-{hash}"))
    }

    /// Where the server writes.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Held while the cluster is made, started or stopped.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// One file for each command that uses the cluster now.
    pub fn marks(&self) -> PathBuf {
        self.folder.join("users")
    }

    /// Touched whenever a command ends its use.
    pub fn last_used(&self) -> PathBuf {
        self.folder.join("used")
    }

    /// The postmaster's process number, as the server wrote it.
    pub fn pid(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }
}

/// Makes a folder with its parents, unless it is there.
pub fn make_folder(path: &Path, mode: u32) -> Result<(), DevError> {
    let failed = |source| DevError::folder("cannot make the folder", path, source);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    match std::fs::DirBuilder::new().mode(mode).create(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// The folder becomes, or already is, the server's user's and nobody else's.
fn owned_by(path: &Path, run_as: &RunAs) -> Result<(), DevError> {
    let failed = |source| DevError::folder("cannot give away the folder", path, source);
    let meta = trusted(path, run_as.uid())?;
    if let (RunAs::Account(account), true) = (run_as, meta.uid() != run_as.uid()) {
        std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid)).map_err(failed)?;
    }
    if meta.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

/// The folder is no link, and nobody but the caller or the given user could have put something in its way.
fn trusted(path: &Path, owner: u32) -> Result<std::fs::Metadata, DevError> {
    let meta = path.symlink_metadata().map_err(|e| DevError::folder("cannot look at", path, e))?;
    if meta.is_dir() && (meta.uid() == owner || meta.uid() == rustix::process::geteuid().as_raw()) {
        return Ok(meta);
    }
    Err(DevError::Unsafe {
        path: path.to_owned(),
        problem: format!("belongs to user {} or is a link, so a server there could not be trusted", meta.uid()),
        help: "remove it, or set SCHEMA_CACHE_DIR to a folder of your own".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_folders_get_a_short_socket() {
        let short =
            Layout { purpose: Purpose::Scratch, folder: PathBuf::from("/home/ann/.cache/cargo-schema/scratch-15") };
        assert_eq!(short.socket(), short.server());
        let long =
            Layout { purpose: Purpose::Scratch, folder: PathBuf::from(format!("/home/{}/scratch-15", "x".repeat(90))) };
        assert!(long.socket().starts_with("/tmp"));
        assert!(long.socket().join(".s.PGSQL.5432").as_os_str().len() <= SOCKET_LIMIT);
    }

    #[test]
    fn data_is_not_kept_in_the_cache() {
        let env = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/ann"));
        let (cache, data) = usual_folders(&RunAs::Caller(1000), env);
        assert_eq!(cache, Path::new("/home/ann/.cache/cargo-schema"));
        assert_eq!(data, Path::new("/home/ann/.local/share/cargo-schema"));
    }
}
