//! Processes and file locks: whom a server runs as, whether it lives, how it is stopped, and that two commands do not start it twice.
//!
//! Knows nothing of PostgreSQL, except that a postmaster's working directory is its data folder. Unix only.

use super::error::DevError;
use rustix::fs::FlockOperation;
use rustix::process::{Pid, Signal};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// An account of the machine, for the server of a caller who is root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its user number.
    pub uid: u32,
    /// Its main group.
    pub gid: u32,
}

/// Whom the server runs as. PostgreSQL refuses root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunAs {
    /// The user who runs the command.
    Caller(u32),
    /// Another account, because the caller is root.
    Account(Account),
}

impl RunAs {
    /// The caller, or, for root, `postgres` and else `nobody`.
    pub fn detect() -> Result<RunAs, DevError> {
        let caller = rustix::process::geteuid().as_raw();
        if caller != 0 {
            return Ok(RunAs::Caller(caller));
        }
        let path = Path::new("/etc/passwd");
        let text = std::fs::read_to_string(path).map_err(|e| DevError::folder("cannot read", path, e))?;
        ["postgres", "nobody"].iter().find_map(|name| account(&text, name)).map(RunAs::Account).ok_or_else(|| {
            DevError::Unsafe {
                path: path.to_owned(),
                problem: "has neither `postgres` nor `nobody`, and PostgreSQL refuses to run as root".to_owned(),
                help: "add one: useradd --system postgres".to_owned(),
            }
        })
    }

    /// The user number of the server.
    pub fn uid(&self) -> u32 {
        match self {
            RunAs::Caller(uid) => *uid,
            RunAs::Account(account) => account.uid,
        }
    }

    /// A command that runs as this user with a bare environment: root's HOME or a stray PGDATA must not reach the server.
    pub fn command(&self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").env("HOME", home).current_dir("/");
        if let RunAs::Account(account) = self {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    /// Whether this user can enter the folder (or read the file): every folder above it must let others pass.
    pub fn can_enter(&self, path: &Path) -> bool {
        let RunAs::Account(account) = self else { return true };
        let Ok(path) = path.canonicalize() else { return false };
        path.ancestors().all(|part| {
            let Ok(meta) = part.metadata() else { return false };
            let bit = match (meta.uid() == account.uid, meta.gid() == account.gid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            !meta.is_dir() || meta.mode() & bit != 0
        })
    }

    /// The name for messages.
    pub fn name(&self) -> String {
        match self {
            RunAs::Caller(uid) => format!("user {uid}"),
            RunAs::Account(account) => format!("user `{}`", account.name),
        }
    }
}

/// The line of an account in a password file.
fn account(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account { name: name.to_owned(), uid, gid })
}

/// Whether a process lives. A zombie does not: it holds nothing, but signal 0 still reaches it.
pub fn is_running(pid: u32) -> bool {
    has_number(pid) && !is_zombie(pid)
}

/// Whether the number is in use, be it by a zombie.
pub fn has_number(pid: u32) -> bool {
    let reached = pid_of(pid).map(rustix::process::test_kill_process);
    matches!(reached, Some(Ok(()) | Err(rustix::io::Errno::PERM)))
}

fn is_zombie(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

/// Whether a living process is the server of this data folder, and not a stranger that was given the same number.
pub fn serves(pid: u32, folder: &Path) -> bool {
    if !is_running(pid) {
        return false;
    }
    let Ok(folder) = folder.canonicalize() else { return false };
    if Path::new("/proc/self/cwd").exists() {
        return std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder);
    }
    let listed = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    listed.is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains(&*folder.to_string_lossy()))
}

/// Whether any process works in this folder, as a postmaster and its children do. Where the system does not tell, they are
/// given a moment: each ends when it sees that its postmaster is gone.
pub fn anybody_in(folder: &Path) -> bool {
    let (Ok(folder), Ok(processes)) = (folder.canonicalize(), std::fs::read_dir("/proc")) else {
        std::thread::sleep(Duration::from_secs(2));
        return false;
    };
    processes.flatten().any(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder))
}

/// The ways to stop a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGINT: clients are cut off, a checkpoint is written.
    Fast,
    /// SIGQUIT: at once; the next start recovers.
    Immediate,
    /// SIGKILL: when nothing else helps.
    Kill,
}

/// Sends the signal; whether it reached a process.
pub fn stop(pid: u32, how: Stop) -> bool {
    let signal = match how {
        Stop::Fast => Signal::INT,
        Stop::Immediate => Signal::QUIT,
        Stop::Kill => Signal::KILL,
    };
    pid_of(pid).is_some_and(|pid| rustix::process::kill_process(pid, signal).is_ok())
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// Asks `done` every few milliseconds until it says yes or the time is over.
pub fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if done() {
            return true;
        }
        if end <= Instant::now() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A lock on a file, given back when the value or the process ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Waits for the lock, up to the limit.
    pub fn wait(path: &Path, limit: Duration) -> Result<FileLock, DevError> {
        let file = File::create(path).map_err(|e| DevError::folder("cannot make the lock file", path, e))?;
        let free = || rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        if wait_until(limit, free) {
            Ok(FileLock { _file: file })
        } else {
            Err(DevError::Busy { lock: path.to_owned() })
        }
    }
}

/// The machine's own name, so that a shared server is not cleaned of another machine's databases.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_from_a_password_file() {
        let text = "root:x:0:0::/root:/bin/sh\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";
        let found = account(text, "postgres").expect("the line is there");
        assert_eq!((found.uid, found.gid), (101, 104));
        assert_eq!(account(text, "nobody"), None);
        assert_eq!(account("postgres:x", "postgres"), None);
    }

    #[test]
    fn the_living_and_the_dead_are_told_apart() {
        assert!(is_running(std::process::id()));
        let mut child = Command::new("true").spawn().expect("`true` runs");
        assert!(wait_until(Duration::from_secs(5), || !is_running(child.id())), "a zombie counts as dead");
        child.wait().expect("it ended");
        assert!(!is_running(child.id()));
        assert!(!is_running(0), "signal 0 to process 0 would reach our own group");
    }

    #[test]
    fn a_lock_waits_for_its_holder() {
        let path = std::env::temp_dir().join(format!("schema-lock-{}", std::process::id()));
        let held = FileLock::wait(&path, Duration::ZERO).expect("free");
        assert!(matches!(FileLock::wait(&path, Duration::from_millis(10)), Err(DevError::Busy { .. })));
        drop(held);
        FileLock::wait(&path, Duration::ZERO).expect("free again");
        std::fs::remove_file(&path).expect("ours");
    }
}
