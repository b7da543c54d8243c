//! A throwaway PostgreSQL server for the tests of one process: made on first use, one database a test, gone with the process.
//!
//! The server is a child of a small shell that waits for the end of its standard input, which this process holds open: however the
//! test process ends, even by SIGKILL, the shell stops the server and removes its folder. Deliberately no TCP port and no settings
//! of the machine's own server; nothing here is used outside tests.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

/// A new, empty database on the cluster of this process; it is dropped with the value.
pub fn database() -> Database {
    cluster().database()
}

/// The cluster all tests of this process share.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::shared().unwrap_or_else(|| Cluster::start(&[])))
}

/// A running server with its own data folder and socket folder.
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    /// Who stops the server; nobody here when another process has started it.
    watcher: Option<Child>,
    port: String,
}

const PORT: &str = "5432";

/// One database of a [`Cluster`].
pub struct Database {
    /// Its name on the cluster.
    pub name: String,
    /// A URL for `postgres::Client`, `psql` and `pg_dump`, as superuser `postgres`.
    pub url: String,
    admin: String,
    bin: PathBuf,
}

impl Cluster {
    /// The server that `cargo xtask test` has started for all test processes.
    fn shared() -> Option<Cluster> {
        let folder = std::env::var_os("SCHEMA_TEST_CLUSTER").filter(|folder| !folder.is_empty())?;
        Some(Cluster { folder: folder.into(), bin: bin(), watcher: None, port: PORT.to_owned() })
    }

    /// Starts a server of its own with extra settings (`name=value`), for tests that stop it or need it configured.
    pub fn start(settings: &[&str]) -> Cluster {
        Cluster::start_with(settings, |_| {})
    }

    /// The same, where `prepare` is given the folder before the server starts; the files it
    /// puts there will belong to the server.
    pub fn start_with(settings: &[&str], prepare: impl FnOnce(&Path)) -> Cluster {
        let (bin, folder) = (bin(), fresh_folder());
        run(as_server_user(Command::new(bin.join("initdb")).args([
            "-D",
            &text(&folder.join("data")),
            "--no-sync",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
        ])));
        prepare(&folder);
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            give_to_server(&entry.path());
        }
        // The port also names the socket.
        let port = settings.iter().find_map(|setting| setting.strip_prefix("port=")).unwrap_or(PORT).to_owned();
        let watcher = Some(watch(&bin, &folder, settings));
        let cluster = Cluster { folder, bin, watcher, port };
        cluster.wait_until_ready();
        cluster
    }

    /// The URL of database `name`.
    pub fn url(&self, name: &str) -> String {
        format!("postgresql:///{name}?user=postgres&host={}&port={}", self.folder.display(), self.port)
    }

    /// The folder of the socket; `data/` and `log` are below it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A new, empty database; it is dropped with the value.
    pub fn database(&self) -> Database {
        self.copy("template0")
    }

    /// A copy of a database to which nobody is connected, with its rows; it is dropped with the value.
    pub fn copy(&self, template: &str) -> Database {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let admin = self.url("postgres");
        connect(&admin)
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .unwrap_or_else(|error| panic!("database `{name}` could not be created: {error}"));
        Database { url: self.url(&name), name, admin, bin: self.bin.clone() }
    }

    fn wait_until_ready(&self) {
        let start = Instant::now();
        while Client::connect(&self.url("postgres"), NoTls).is_err() {
            if Duration::from_secs(60) < start.elapsed() {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("the test server did not start within a minute:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            drop(watcher.stdin.take());
            let _ = watcher.wait();
        }
    }
}

impl Database {
    /// A new connection to this database.
    pub fn client(&self) -> Client {
        connect(&self.url)
    }

    /// The one value of a query, as text; NULL and no row are the empty string.
    pub fn value(&self, sql: &str) -> String {
        let messages = self.client().simple_query(sql).unwrap_or_else(|error| panic!("`{sql}` failed: {error:?}"));
        let value = messages.iter().find_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        });
        value.unwrap_or_default()
    }

    /// The schema as `pg_dump` prints it, without the ledger and without the lines that differ from run to run.
    pub fn dump(&self) -> String {
        let output = run(Command::new(self.clients().join("pg_dump"))
            .args(["--schema-only", "--exclude-schema=cargo_schema", "--exclude-schema=cargo_schema_stash"])
            .arg(format!("--dbname={}", self.url)));
        let lines = output.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// The folder of `pg_dump` and `psql`: `SCHEMA_TEST_CLIENT_BIN`, or that of the server, where not every package has them.
    fn clients(&self) -> PathBuf {
        std::env::var_os("SCHEMA_TEST_CLIENT_BIN").map_or_else(|| self.bin.clone(), PathBuf::from)
    }

    /// A command of the server's own client programs (`psql`, `pg_dump`), for this database.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.clients().join(name));
        command.arg(format!("--dbname={}", self.url));
        command
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = Client::connect(&self.admin, NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|error| panic!("no connection to `{url}`: {error}"))
}

/// The folder of the server programs: `SCHEMA_TEST_PG_BIN`, the distribution's folders (newest first), or `pg_config`.
pub fn bin() -> PathBuf {
    if let Some(given) = std::env::var_os("SCHEMA_TEST_PG_BIN") {
        return given.into();
    }
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return bin;
    }
    run(Command::new("pg_config").arg("--bindir")).trim().into()
}

/// Socket paths may have 107 bytes, so a long temporary folder is not used.
fn fresh_folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let temporary = std::env::temp_dir();
    let base = if temporary.as_os_str().len() < 40 { temporary } else { "/tmp".into() };
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = base.join(format!("schema-pg-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => {
                give_to_server(&folder);
                return folder;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => panic!("`{}` could not be created: {error}", folder.display()),
        }
    }
}

/// Makes a file or folder one that only the server's user may read.
fn give_to_server(path: &Path) {
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode can be set");
    if let Some((user, group)) = server_user() {
        chown(path, Some(user), Some(group)).expect("root may give files away");
    }
}

fn watch(bin: &Path, folder: &Path, settings: &[&str]) -> Child {
    const SCRIPT: &str = r#"
        trap '' INT TERM HUP
        bin=$1 folder=$2; shift 2
        "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -F -c full_page_writes=off -c synchronous_commit=off \
            -c max_connections=100 -c autovacuum=off -c max_locks_per_transaction=256 "$@" >"$folder/log" 2>&1 </dev/null &
        read -r _
        kill -QUIT $!
        wait $!
        rm -rf "$folder"
    "#;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "sh"]).arg(bin).arg(folder).current_dir(folder);
    command.args(settings.iter().flat_map(|setting| ["-c", setting]));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    as_server_user(&mut command).spawn().expect("/bin/sh starts")
}

/// PostgreSQL refuses to run as root; root lends it the user `postgres`, or `nobody` where there is none.
fn as_server_user(command: &mut Command) -> &mut Command {
    match server_user() {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

fn server_user() -> Option<(u32, u32)> {
    let own = fs::metadata("/proc/self").ok().map(|data| std::os::unix::fs::MetadataExt::uid(&data))?;
    if own != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let entry = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    entry("postgres").or_else(|| entry("nobody"))
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn text(path: &Path) -> String {
    path.to_str().expect("the temporary folder is UTF-8").to_owned()
}
