//! Making a data folder and starting `postgres` in it: the arguments, the privileges, the log, and the watch that stops it.
//!
//! Decides nothing about when: `cluster` does, and holds the lock while it calls here.

use super::Purpose;
use super::cluster::{Cluster, PORT, SUPERUSER, remove_rests};
use super::error::DevError;
use super::places::Layout;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// `initdb` into a folder beside, then one rename.
pub fn make_data_folder(cluster: &Cluster) -> Result<(), DevError> {
    let server = cluster.layout.server();
    remove_rests(&server);
    let half_made = server.join(format!("data.new-{}", std::process::id()));
    let mut command = cluster.run_as.command(&cluster.server.bin.join("initdb"), &server);
    command.arg("-D").arg(&half_made).args(["-U", SUPERUSER, "-A", "trust", "--locale=C", "-E", "UTF8", "--no-sync"]);
    command.args(["--wal-segsize=1", "--no-instructions"]);
    let output = command.stdin(Stdio::null()).output().map_err(|e| not_run(&command, &e))?;
    if !output.status.success() {
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let _ = std::fs::remove_dir_all(&half_made);
        return Err(DevError::Program {
            command: shown(&command),
            output: last_lines(&said, 12),
            help: format!("if {} is broken, choose another with SCHEMA_PG_BIN=FOLDER", cluster.server),
        });
    }
    let data = cluster.layout.data();
    std::fs::rename(&half_made, &data).map_err(|e| DevError::folder("cannot move into place", &data, e))
}

/// A server that was just started as our child.
pub struct Started {
    pid: u32,
    ended: Receiver<std::io::Result<ExitStatus>>,
}

impl Started {
    /// Starts `postgres` itself (`pg_ctl` asks only every 100 ms whether it is ready), in a process group of its own so that
    /// Ctrl-C ends the command and not the server others use.
    pub fn spawn(cluster: &Cluster) -> Result<Started, DevError> {
        let layout = &cluster.layout;
        let log = log_file(&layout.log())?;
        let mut command = cluster.run_as.command(&cluster.server.bin.join("postgres"), &layout.server());
        command.arg("-D").arg(layout.data()).arg("-k").arg(layout.socket());
        for setting in settings(layout.purpose) {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).process_group(0);
        let mut child = command.spawn().map_err(|e| not_run(&command, &e))?;
        let pid = child.id();
        let (tell, ended) = channel();
        // A zombie keeps its number, and the next postmaster would take it for a living rival.
        std::thread::spawn(move || tell.send(child.wait()));
        Ok(Started { pid, ended })
    }

    /// Whether the process is gone.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.ended.try_recv(), Err(TryRecvError::Empty))
    }

    /// The server is up and outlives this command; an unused throwaway one is stopped by its watch.
    pub fn keep(self, cluster: &Cluster) {
        if cluster.layout.purpose == Purpose::Scratch {
            watch(&cluster.layout, self.pid, cluster.idle.as_secs().max(1));
        }
    }
}

/// Accepted by PostgreSQL 14 to 18. A proof reads the counters of rows and scans, so `track_counts` stays on; UTC, because
/// the text of a timestamp in a default depends on the time zone.
fn settings(purpose: Purpose) -> Vec<String> {
    let shared = [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "logging_collector=off",
        "wal_level=minimal",
        "max_wal_senders=0",
    ];
    let scratch = [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "autovacuum=off",
        "jit=off",
        "shared_buffers=16MB",
        "max_connections=40",
        "max_locks_per_transaction=1024",
        "max_worker_processes=0",
        "max_parallel_workers=0",
        "timezone=UTC",
        "log_timezone=UTC",
        "log_min_messages=log",
    ];
    let developer = ["shared_buffers=32MB", "max_connections=100", "max_locks_per_transaction=1024"];
    let own: &[&str] = match purpose {
        Purpose::Scratch => &scratch,
        Purpose::Developer => &developer,
    };
    let port = format!("port={PORT}");
    shared.iter().chain(own).map(|setting| (*setting).to_owned()).chain([port]).collect()
}

/// Ends the server when no command has used it for a while. A shell, because the command that started the server ends long
/// before, and because the library may run inside a program that cannot start itself again. Without a shell the server is kept
/// until `cargo schema dev stop`.
fn watch(layout: &Layout, pid: u32, idle: u64) {
    let step = (idle / 20).clamp(1, 30);
    let script = layout.folder.join("watch");
    if std::fs::write(&script, WATCH).is_err() {
        return;
    }
    let mut command = Command::new("/bin/sh");
    command.arg(script).args([pid.to_string(), step.to_string(), idle.to_string()]).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    if let Ok(mut child) = command.spawn() {
        std::thread::spawn(move || child.wait());
    }
}

/// Every step: ends itself when the server is gone or another; marks of dead commands are removed; a living mark or a newer
/// `used` starts the count anew.
const WATCH: &str = r#"# Ends an unused throwaway PostgreSQL server of cargo schema.
dir=${0%/*} pid=$1 step=$2 limit=$3 idle=0
: > "$dir/seen"
while sleep "$step"; do
    read -r now < "$dir/server/data/postmaster.pid" || exit 0
    [ "$now" = "$pid" ] && kill -0 "$pid" || exit 0
    busy=
    for mark in "$dir"/users/*; do
        owner=${mark##*/}
        if kill -0 "${owner%%-*}"; then busy=1; else rm -f "$mark"; fi
    done
    [ "$dir/used" -nt "$dir/seen" ] && busy=1
    : > "$dir/seen"
    if [ "$busy" ]; then idle=0; else idle=$((idle + step)); fi
    [ "$idle" -lt "$limit" ] || { kill -INT "$pid"; exit 0; }
done
"#;

/// A new log for each start. Never through a link.
fn log_file(path: &Path) -> Result<File, DevError> {
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let opened = OpenOptions::new().append(true).create(true).custom_flags(nofollow).mode(0o600).open(path);
    let emptied = opened.and_then(|file| file.set_len(0).map(|()| file));
    emptied.map_err(|e| DevError::folder("cannot write the log", path, e))
}

/// The end of the log, for an error.
pub fn log_tail(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let tail = last_lines(&String::from_utf8_lossy(&text), 8);
    if tail.is_empty() { "(nothing)".to_owned() } else { tail }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn not_run(command: &Command, error: &std::io::Error) -> DevError {
    let help = match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "PostgreSQL refuses root, so it runs as another user, who must be allowed to enter the folder; as a container's \
             restricted root, run the command as a normal user"
        }
        _ => "choose another server with SCHEMA_PG_BIN=FOLDER",
    };
    DevError::Program { command: shown(command), output: error.to_string(), help: help.to_owned() }
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_developers_data_is_written_to_the_disk() {
        let unsafe_for_data = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"];
        let developer = settings(Purpose::Developer);
        assert!(unsafe_for_data.iter().all(|setting| !developer.iter().any(|s| s == setting)));
        let scratch = settings(Purpose::Scratch);
        assert!(unsafe_for_data.iter().all(|setting| scratch.iter().any(|s| s == setting)));
    }

    #[test]
    fn no_server_listens_on_the_network() {
        for purpose in [Purpose::Scratch, Purpose::Developer] {
            assert!(settings(purpose).contains(&"listen_addresses=".to_owned()));
        }
    }

    #[test]
    fn a_log_shows_its_last_lines() {
        assert_eq!(last_lines("a\n\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
    }
}
