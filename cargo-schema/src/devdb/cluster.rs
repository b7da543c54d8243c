//! One kept cluster: made once, started in place on demand, used by every command of this user with this major version.
//!
//! A server that lives is used, never fought; a start is guarded by a file lock; a data folder is made beside its place and moved
//! there whole, so a half-made one is never used. A throwaway cluster that does not start is made anew. The developer's own
//! cluster is never removed: a failure there is an error that says where the log is. What databases hold is not known here.

use super::Purpose;
use super::error::DevError;
use super::places::Layout;
use super::process::{self, FileLock, RunAs, Stop, wait_until};
use super::server::Server;
use super::start::{self, Started};
use postgres::error::SqlState;
use postgres::{Client, NoTls};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The superuser of every kept cluster.
pub const SUPERUSER: &str = "postgres";
/// No TCP port is opened; this is only a part of the socket's name.
pub const PORT: u16 = 5432;

const LOCK_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A cluster on disk and the binaries that serve it.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its folders.
    pub layout: Layout,
    /// Its binaries.
    pub server: Server,
    /// Whom it runs as.
    pub run_as: RunAs,
    /// How long a throwaway server waits for the next command before it stops.
    pub idle: Duration,
}

impl Cluster {
    /// A connection to one of its databases; the server must run.
    pub fn connect(&self, database: &str) -> Result<Client, postgres::Error> {
        connect(&self.layout, database)
    }

    /// A connection to the database `postgres`, after making and starting what is not there. The mark keeps the watch from
    /// stopping the server, so it is set before the first look.
    pub fn enter(&self) -> Result<(UseMark, Client), DevError> {
        self.layout.make(&self.run_as)?;
        let mark = UseMark::set(&self.layout)?;
        match self.connect(SUPERUSER) {
            Ok(client) => Ok((mark, client)),
            Err(_) => self.bring_up().map(|client| (mark, client)),
        }
    }

    fn bring_up(&self) -> Result<Client, DevError> {
        let _lock = FileLock::wait(&self.layout.lock(), LOCK_LIMIT)?;
        if let Some(client) = self.wait_for_the_living()? {
            return Ok(client);
        }
        let fresh = !self.layout.data().exists();
        if fresh {
            start::make_data_folder(self)?;
        }
        match self.start_and_connect() {
            Err(DevError::NotStarted { .. }) if !fresh && self.layout.purpose == Purpose::Scratch => {
                discard_data(&self.layout)?;
                start::make_data_folder(self)?;
                self.start_and_connect()
            }
            result => result,
        }
    }

    /// Another command may have started the server between our look and our lock, it may be starting up or shutting down, or its
    /// starter was killed. Then it is waited for; one that hangs is stopped.
    fn wait_for_the_living(&self) -> Result<Option<Client>, DevError> {
        let mut client = None;
        let settled = wait_until(STOP_LIMIT, || match self.connect(SUPERUSER) {
            Ok(connected) => {
                client = Some(connected);
                true
            }
            Err(_) => living(&self.layout).is_none(),
        });
        if !settled {
            stop_server(&self.layout)?;
        }
        Ok(client)
    }

    fn start_and_connect(&self) -> Result<Client, DevError> {
        remove_stale_marks(&self.layout)?;
        let mut started = Started::spawn(self)?;
        let mut client = None;
        let mut refused = None;
        let settled = wait_until(LOCK_LIMIT, || match self.connect(SUPERUSER) {
            Ok(connected) => {
                client = Some(connected);
                true
            }
            Err(error) => {
                let final_answer = error.code().is_some_and(|code| *code != SqlState::CANNOT_CONNECT_NOW);
                if final_answer {
                    refused = Some(error);
                }
                final_answer || (started.has_ended() && living(&self.layout).is_none())
            }
        });
        match (client, refused) {
            (Some(client), _) => {
                started.keep(self);
                Ok(client)
            }
            (None, Some(source)) => {
                let to = format!("the server just started in `{}`", self.layout.folder.display());
                Err(DevError::Connect { to, source })
            }
            (None, None) => {
                if !settled {
                    stop_server(&self.layout)?;
                }
                Err(self.not_started())
            }
        }
    }

    fn not_started(&self) -> DevError {
        let help = match self.layout.purpose {
            Purpose::Scratch => {
                "read the log above; `cargo schema dev stop` ends what is left, then try again".to_owned()
            }
            Purpose::Developer => format!(
                "nothing was removed; your data is in `{}`. To move it aside and start empty: cargo schema dev reset --all",
                self.layout.data().display()
            ),
        };
        DevError::NotStarted { log: self.layout.log(), tail: start::log_tail(&self.layout.log()), help }
    }
}

/// Says that this process uses the cluster, for as long as the value lives.
#[derive(Debug)]
pub struct UseMark {
    mark: PathBuf,
    last_used: PathBuf,
}

impl UseMark {
    fn set(layout: &Layout) -> Result<UseMark, DevError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mark = layout.marks().join(name);
        std::fs::write(&mark, "").map_err(|e| DevError::folder("cannot write", &mark, e))?;
        Ok(UseMark { mark, last_used: layout.last_used() })
    }
}

impl Drop for UseMark {
    fn drop(&mut self) {
        // The watch reads the time of the one and removes what is left of the other.
        let _ = std::fs::write(&self.last_used, "used\n");
        let _ = std::fs::remove_file(&self.mark);
    }
}

/// A connection over the cluster's socket.
pub fn connect(layout: &Layout, database: &str) -> Result<Client, postgres::Error> {
    let mut config = postgres::Config::new();
    config.host_path(layout.socket()).port(PORT).user(SUPERUSER).dbname(database).application_name("cargo-schema");
    config.connect(NoTls)
}

/// The postmaster of this cluster, if it lives.
pub fn living(layout: &Layout) -> Option<u32> {
    layout.pid().filter(|pid| process::serves(*pid, &layout.data()))
}

/// PostgreSQL itself clears up after a killed postmaster, unless its number is that of a zombie (in a container whose first
/// process reaps none) or of another program: then it would take that for a living rival. We know better, but processes of the old
/// server may still end, and must have ended before their data is touched.
fn remove_stale_marks(layout: &Layout) -> Result<(), DevError> {
    if layout.pid().is_none_or(|pid| !process::has_number(pid)) {
        return Ok(());
    }
    if !wait_until(STOP_LIMIT, || !process::anybody_in(&layout.data())) {
        return Err(DevError::Busy { lock: layout.lock() });
    }
    for stale in [layout.data().join("postmaster.pid"), layout.socket().join(format!(".s.PGSQL.{PORT}.lock"))] {
        match std::fs::remove_file(&stale) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(DevError::folder("cannot remove", &stale, error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Stops the server of a cluster; whether there was one.
pub fn stop(layout: &Layout) -> Result<bool, DevError> {
    if living(layout).is_none() {
        return Ok(false);
    }
    let _lock = FileLock::wait(&layout.lock(), LOCK_LIMIT)?;
    stop_server(layout)
}

/// Fast, then at once, then by force. The caller holds the lock.
fn stop_server(layout: &Layout) -> Result<bool, DevError> {
    let Some(pid) = living(layout) else { return Ok(false) };
    for how in [Stop::Fast, Stop::Immediate, Stop::Kill] {
        process::stop(pid, how);
        if wait_until(STOP_LIMIT, || !process::serves(pid, &layout.data())) {
            return Ok(true);
        }
    }
    Err(DevError::Busy { lock: layout.lock() })
}

/// Stops and removes a throwaway cluster with all its databases; whether there was one.
pub fn discard(layout: &Layout) -> Result<bool, DevError> {
    assert_eq!(layout.purpose, Purpose::Scratch, "the developer's data is never thrown away");
    if !layout.folder.exists() {
        return Ok(false);
    }
    let _lock = FileLock::wait(&layout.lock(), LOCK_LIMIT)?;
    stop_server(layout)?;
    discard_data(layout)?;
    Ok(true)
}

/// Stops a cluster and moves its data folder aside, whole, to a name of its own; where to, if there was one.
pub fn set_aside(layout: &Layout) -> Result<Option<PathBuf>, DevError> {
    let _lock = FileLock::wait(&layout.lock(), LOCK_LIMIT)?;
    stop_server(layout)?;
    let free = (1..).map(|number| layout.server().join(format!("aside-{number}"))).find(|path| !path.exists());
    let aside = free.expect("numbers do not end");
    match std::fs::rename(layout.data(), &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DevError::folder("cannot move aside", &layout.data(), error)),
    }
}

/// Moves the data folder away in one step, then removes it: a crash in between leaves no half of it in its place.
fn discard_data(layout: &Layout) -> Result<(), DevError> {
    let away = layout.server().join(format!("data.old-{}", std::process::id()));
    match std::fs::rename(layout.data(), &away) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DevError::folder("cannot move away", &layout.data(), error))
        }
        _ => {
            remove_rests(&layout.server());
            Ok(())
        }
    }
}

/// Removes half-made and moved-away data folders. What cannot be removed now is tried again next time.
pub(super) fn remove_rests(server: &Path) {
    let Ok(entries) = std::fs::read_dir(server) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with("data.") {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
