//! The dev database: a PostgreSQL where schemas are built, observed and thrown away, found or started on demand.
//!
//! [`open`] gives a [`DevServer`]: the server of a given URL, or else one kept cluster for this user and major version, made from
//! the server binaries of this machine. From it comes one [`ScratchDatabase`] a job, removed when the job ends, and
//! [`Template`]s that spare a job the replay of a long history. [`developer`] keeps the developer's own databases in a cluster of
//! its own, with the same machinery and nothing thrown away.
//!
//! Nothing here knows tables, revisions or the command line. A kept throwaway server stays up after a command, so that the next one
//! connects in 2 ms; a watch stops it when it is not used for ten minutes, and [`stop`] at once.

mod address;
pub mod cluster;
pub mod developer;
pub mod error;
pub mod install;
pub mod places;
mod process;
pub mod scratch;
pub mod server;
mod start;
mod template;

pub use address::with_database;
pub use error::{DevError, explain};
pub use scratch::ScratchDatabase;
pub use server::Server;
pub use template::Template;

use cluster::{Cluster, UseMark};
use install::NoServer;
use places::{Layout, Places};
use postgres::{Client, Config, NoTls};
use schema_core::diagnostic::{Code, Diagnostic};
use server::{Found, Search};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Proofs are made with another major version than the target's.
pub const SERVER_OTHER_MAJOR: Code = Code::new("dev-server-other-major");

/// What a cluster is for. Decides where it lives, how it is run and whether it may be thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Jobs of the tool: nothing in it is worth a sync to the disk.
    Scratch,
    /// The developer's data: written safely, never removed unasked.
    Developer,
}

impl Purpose {
    /// The first part of its folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Scratch => "scratch",
            Purpose::Developer => "developer",
        }
    }
}

/// Opens a connection; replaced by a caller that brings TLS.
pub type Connect = fn(&Config) -> Result<Client, postgres::Error>;

/// What the user said about the dev database.
#[derive(Clone, Debug)]
pub struct Options {
    /// A server to use instead of the kept one.
    pub dev_url: Option<String>,
    /// The folder of `initdb` and `postgres`.
    pub pg_bin: Option<PathBuf>,
    /// The target database's major version, preferred where there is a choice.
    pub want_major: Option<u32>,
    /// Replaces the folders for kept clusters and installed servers.
    pub cache_dir: Option<PathBuf>,
    /// Where the search for `node_modules` and `.venv` starts; else the working directory.
    pub search_from: Option<PathBuf>,
    /// How long an unused throwaway server waits for the next command.
    pub idle: Duration,
    /// How the server of `dev_url` is connected to.
    pub connect: Connect,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            dev_url: None,
            pg_bin: None,
            want_major: None,
            cache_dir: None,
            search_from: None,
            idle: Duration::from_secs(600),
            connect: |config| config.connect(NoTls),
        }
    }
}

impl Options {
    /// `SCHEMA_DEV_URL`, `SCHEMA_PG_BIN` and `SCHEMA_CACHE_DIR`, each only if it is not empty.
    pub fn from_env() -> Options {
        let env = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Options {
            dev_url: env("SCHEMA_DEV_URL").map(|url| url.to_string_lossy().into_owned()),
            pg_bin: env("SCHEMA_PG_BIN").map(PathBuf::from),
            cache_dir: env("SCHEMA_CACHE_DIR").map(PathBuf::from),
            ..Options::default()
        }
    }

    /// The tool's folders.
    pub fn places(&self) -> Result<Places, DevError> {
        Places::find(self.cache_dir.as_deref())
    }

    /// All servers of this machine.
    pub fn servers(&self, places: &Places) -> Result<Found, DevError> {
        let here = self.search_from.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
        server::find(&Search {
            given: self.pg_bin.as_deref(),
            from: &here,
            installs: &places.installs(),
            memory: &places.cache.join("versions"),
            run_as: &places.run_as,
        })
    }
}

/// A server for the tool's jobs. Cheap to clone; the clones share one connection for creating and dropping databases.
#[derive(Clone)]
pub struct DevServer {
    inner: Arc<Inner>,
}

struct Inner {
    origin: Origin,
    admin: Mutex<Client>,
    version_num: u32,
    want_major: Option<u32>,
}

enum Origin {
    Kept { cluster: Box<Cluster>, found: Found, _mark: UseMark },
    Given { url: String, config: Box<Config>, connect: Connect },
}

/// The server for jobs: the given one, or the kept one, started if need be.
pub fn open(options: &Options) -> Result<DevServer, DevError> {
    let server = match &options.dev_url {
        Some(url) => DevServer::given(options, url)?,
        None => DevServer::kept(options, Purpose::Scratch)?,
    };
    scratch::remove_leftovers(&server)?;
    Ok(server)
}

impl DevServer {
    /// The kept cluster of a purpose.
    pub(crate) fn kept(options: &Options, purpose: Purpose) -> Result<DevServer, DevError> {
        let places = options.places()?;
        places.make_base(purpose)?;
        let found = options.servers(&places)?;
        let Some(server) = found.choose(options.want_major).cloned() else {
            return Err(DevError::NoServer(NoServer::new(found, &places.run_as)));
        };
        let layout = Layout::of(&places, purpose, server.major);
        let cluster = Cluster { layout, server, run_as: places.run_as, idle: options.idle };
        let (mark, admin) = cluster.enter()?;
        let origin = Origin::Kept { cluster: Box::new(cluster), found, _mark: mark };
        DevServer::new(origin, admin, options.want_major)
    }

    fn given(options: &Options, url: &str) -> Result<DevServer, DevError> {
        let config: Config = url.parse().map_err(|e: postgres::Error| DevError::Url { problem: explain(&e) })?;
        let to = address::shown(&config);
        let admin = (options.connect)(&config).map_err(|source| DevError::Connect { to, source })?;
        let origin = Origin::Given { url: url.to_owned(), config: Box::new(config), connect: options.connect };
        DevServer::new(origin, admin, options.want_major)
    }

    fn new(origin: Origin, mut admin: Client, want_major: Option<u32>) -> Result<DevServer, DevError> {
        let asked = admin.query_one(
            "SELECT current_setting('server_version_num')::int, rolname::text, rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user",
            &[],
        );
        let row = asked.map_err(|e| DevError::statement("cannot ask the dev database for its version", e))?;
        let version_num = row.get::<_, i32>(0).unsigned_abs();
        if !row.get::<_, bool>(2) {
            return Err(DevError::NoRightToCreate { role: row.get(1) });
        }
        let inner = Inner { origin, admin: Mutex::new(admin), version_num, want_major };
        Ok(DevServer { inner: Arc::new(inner) })
    }

    /// 150013 for 15.13.
    pub fn version_num(&self) -> u32 {
        self.inner.version_num
    }

    /// 15 for 15.13.
    pub fn major(&self) -> u32 {
        self.inner.version_num / 10_000
    }

    /// The binaries in use, for a kept server.
    pub fn binaries(&self) -> Option<&Server> {
        match &self.inner.origin {
            Origin::Kept { cluster, .. } => Some(&cluster.server),
            Origin::Given { .. } => None,
        }
    }

    /// Every server that was found; empty for a given one.
    pub fn found(&self) -> &[Server] {
        match &self.inner.origin {
            Origin::Kept { found, .. } => &found.servers,
            Origin::Given { .. } => &[],
        }
    }

    /// The URL of one of its databases, for any client. Has the password, if the given URL has one.
    pub fn url_for(&self, database: &str) -> String {
        match &self.inner.origin {
            Origin::Kept { cluster, .. } => address::socket_url(&cluster.layout.socket(), database),
            Origin::Given { url, .. } => with_database(url, database),
        }
    }

    /// A connection to one of its databases.
    pub fn connect(&self, database: &str) -> Result<Client, DevError> {
        let to = || format!("the dev database `{database}`");
        let connected = match &self.inner.origin {
            Origin::Kept { cluster, .. } => cluster.connect(database),
            Origin::Given { config, connect, .. } => connect(config.as_ref().clone().dbname(database)),
        };
        connected.map_err(|source| DevError::Connect { to: to(), source })
    }

    /// What the user should know about proofs made here.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        if let Some(wanted) = self.inner.want_major.filter(|wanted| *wanted != self.major()) {
            let message = format!(
                "proofs run on PostgreSQL {}, the target is PostgreSQL {wanted}; they can differ",
                self.major()
            );
            let note = self.found().iter().map(|server| format!("found: {server}")).collect::<Vec<_>>();
            let finding = Diagnostic::warning(SERVER_OTHER_MAJOR, message);
            let finding = note.into_iter().fold(finding, Diagnostic::note);
            findings
                .push(finding.help(format!("to prove on the same version: cargo schema dev install --major {wanted}")));
        }
        findings
    }

    /// The shared connection, for statements on whole databases.
    fn admin(&self) -> MutexGuard<'_, Client> {
        self.inner.admin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_on_admin(&self, doing: &str, sql: &str) -> Result<(), DevError> {
        self.admin().batch_execute(sql).map_err(|e| DevError::statement(doing, e))
    }

    fn is_kept(&self) -> bool {
        matches!(self.inner.origin, Origin::Kept { .. })
    }
}

/// A kept cluster, as `cargo schema dev status` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterState {
    /// What it is for.
    pub purpose: Purpose,
    /// Its folder.
    pub folder: PathBuf,
    /// The postmaster, if it lives.
    pub pid: Option<u32>,
}

/// Every kept cluster of this user.
pub fn clusters(options: &Options) -> Result<Vec<ClusterState>, DevError> {
    let found = options.places()?.clusters().into_iter();
    let state = |(purpose, folder): (Purpose, PathBuf)| {
        let layout = Layout { purpose, folder };
        ClusterState { purpose, pid: cluster::living(&layout), folder: layout.folder }
    };
    Ok(found.map(state).collect())
}

/// Stops every kept server of this user, those of the developer's databases too; returns the folders of those that ran.
pub fn stop(options: &Options) -> Result<Vec<PathBuf>, DevError> {
    let mut stopped = Vec::new();
    for (purpose, folder) in options.places()?.clusters() {
        let layout = Layout { purpose, folder };
        if cluster::stop(&layout)? {
            stopped.push(layout.folder);
        }
    }
    Ok(stopped)
}

/// Stops and removes the throwaway clusters; the next command makes a new one. The developer's are left alone.
pub fn discard_scratch(options: &Options) -> Result<(), DevError> {
    for (purpose, folder) in options.places()?.clusters() {
        if purpose == Purpose::Scratch {
            cluster::discard(&Layout { purpose, folder })?;
        }
    }
    Ok(())
}

/// Eight hexadecimal digits, for names of files and databases.
fn short_hash(text: &str) -> String {
    Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
