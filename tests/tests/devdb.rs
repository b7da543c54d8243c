//! The dev database on a real server: what commands, crashes and each other do to a kept cluster.
//!
//! Each test has a cache folder of its own, so a cluster of its own, and stops it at the end. What is in a job's database
//! is tested elsewhere.

use cargo_schema::devdb::cluster::living;
use cargo_schema::devdb::places::Layout;
use cargo_schema::devdb::{self, ClusterState, DevError, DevServer, Options, Purpose, developer};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A cache folder with the servers in it.
struct Cache {
    folder: PathBuf,
    options: Options,
}

impl Cache {
    fn new() -> Cache {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(format!("/tmp/cargo-schema-devdb-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder of our own");
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).expect("ours");
        let options = Options { cache_dir: Some(folder.clone()), ..Options::from_env() };
        Cache { folder, options }
    }

    fn open(&self) -> DevServer {
        devdb::open(&self.options).unwrap_or_else(|error| panic!("{error}"))
    }

    fn cluster(&self, purpose: Purpose) -> ClusterState {
        let clusters = devdb::clusters(&self.options).unwrap_or_else(|error| panic!("{error}"));
        clusters.into_iter().find(|cluster| cluster.purpose == purpose).expect("it was made")
    }

    fn pid(&self) -> u32 {
        self.cluster(Purpose::Scratch).pid.expect("the server lives")
    }

    fn layout(&self, purpose: Purpose) -> Layout {
        Layout { purpose, folder: self.cluster(purpose).folder }
    }

    /// Changes when the data folder is made anew: its number alone may be given again, its time of birth is not.
    fn data_made(&self) -> (u64, std::time::SystemTime) {
        let data = self.layout(Purpose::Scratch).data().join("PG_VERSION").metadata().expect("made");
        (data.ino(), data.modified().expect("the file system keeps times"))
    }

    /// Another command that opens the server and makes a database.
    fn other_command(&self) -> Other {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hold_dev_server"));
        command.env("SCHEMA_CACHE_DIR", &self.folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        Other { child: command.spawn().expect("built with the tests") }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        if let Err(error) = devdb::stop(&self.options) {
            eprintln!("a server is left: {error}");
        }
        std::fs::remove_dir_all(&self.folder).expect("the servers are gone");
    }
}

struct Other {
    child: Child,
}

impl Other {
    /// The name of its database, once it has one.
    fn database(&mut self) -> String {
        let mut line = String::new();
        let out = self.child.stdout.as_mut().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("readable");
        assert!(!line.is_empty(), "the other command failed");
        line.trim().to_owned()
    }

    fn kill(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("our child");
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().expect("our child").success());
    }
}

fn kill(pid: u32, signal: &str) {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The jobs' databases and the templates on a server.
fn databases(server: &DevServer) -> Vec<String> {
    let mut client = server.connect("postgres").expect("it runs");
    let sql = "SELECT datname::text FROM pg_database WHERE datname LIKE 'cargo\\_schema\\_%' ORDER BY 1";
    client.query(sql, &[]).expect("a catalog").iter().map(|row| row.get(0)).collect()
}

/// A job works, so the server does.
fn assert_works(server: &DevServer) {
    let job = server.scratch().unwrap_or_else(|error| panic!("{error}"));
    let mut client = job.client().expect("a connection");
    client
        .batch_execute("CREATE TABLE a (id bigint PRIMARY KEY); INSERT INTO a VALUES (1)")
        .expect("an empty database");
}

#[test]
fn the_server_is_kept_for_the_next_command() {
    let cache = Cache::new();
    let first = cache.open();
    assert_works(&first);
    assert_eq!(databases(&first), Vec::<String>::new(), "a job leaves nothing");
    let pid = cache.pid();
    drop(first);
    assert_works(&cache.open());
    assert_eq!(cache.pid(), pid);
    assert_eq!(devdb::stop(&cache.options).expect("stopped").len(), 1);
    assert_eq!(cache.cluster(Purpose::Scratch).pid, None);
    assert_works(&cache.open());
}

#[test]
fn an_unused_server_is_stopped_and_a_used_one_is_not() {
    let mut cache = Cache::new();
    cache.options.idle = Duration::from_secs(1);
    let held = cache.open();
    let pid = cache.pid();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(cache.pid(), pid, "in use");
    drop(held);
    wait_for("the watch", || cache.cluster(Purpose::Scratch).pid.is_none());
    assert_works(&cache.open());
}

#[test]
fn a_killed_server_is_started_again() {
    let cache = Cache::new();
    let server = cache.open();
    let (pid, made) = (cache.pid(), cache.data_made());
    kill(pid, "-KILL");
    wait_for("the end of the server", || cache.cluster(Purpose::Scratch).pid.is_none());
    assert!(server.scratch().is_err(), "the connection is gone");
    let again = cache.open();
    assert_works(&again);
    assert_ne!(cache.pid(), pid);
    assert_eq!(cache.data_made(), made);
}

#[test]
fn a_killed_command_leaves_a_server_that_is_used_and_a_database_that_is_removed() {
    let cache = Cache::new();
    let mut other = cache.other_command();
    let left = other.database();
    let pid = cache.pid();
    other.kill();
    let server = cache.open();
    assert_eq!(cache.pid(), pid);
    wait_for("the end of its connection", || !databases(&cache.open()).contains(&left));
    assert_works(&server);
}

/// Nobody waits for such a server when its starter is dead too, so where the first process of a container reaps none its number stays
/// taken.
#[test]
fn a_server_killed_after_its_starter_is_started_again() {
    let cache = Cache::new();
    let mut other = cache.other_command();
    other.database();
    let (pid, made) = (cache.pid(), cache.data_made());
    other.kill();
    kill(pid, "-KILL");
    assert_works(&cache.open());
    assert_ne!(cache.pid(), pid);
    assert_eq!(cache.data_made(), made);
}

#[test]
fn a_stranger_with_the_servers_number_is_left_alone() {
    let cache = Cache::new();
    drop(cache.open());
    devdb::stop(&cache.options).expect("stopped");
    let (data, made) = (cache.layout(Purpose::Scratch).data(), cache.data_made());
    let owner = data.metadata().expect("made").uid();
    let mut stranger = Command::new("sleep").arg("60").uid(owner).spawn().expect("sleep runs");
    let rest = format!("{}\n/elsewhere\n1700000000\n5432\n/elsewhere\n\n  5432001 999999\nready\n", stranger.id());
    std::fs::write(data.join("postmaster.pid"), rest).expect("ours");
    assert_eq!(cache.cluster(Purpose::Scratch).pid, None);
    assert_works(&cache.open());
    assert_eq!(cache.data_made(), made);
    assert!(stranger.try_wait().expect("our child").is_none(), "it lives");
    stranger.kill().expect("it lives");
    stranger.wait().expect("our child");
}

#[test]
fn a_half_made_data_folder_is_made_anew() {
    let cache = Cache::new();
    drop(cache.open());
    devdb::stop(&cache.options).expect("stopped");
    let layout = cache.layout(Purpose::Scratch);
    std::fs::remove_file(layout.data().join("global/pg_control")).expect("every cluster has it");
    let half_made = layout.server().join("data.new-1");
    std::fs::create_dir(&half_made).expect("ours");
    let made = cache.data_made();
    assert_works(&cache.open());
    assert!(!half_made.exists());
    assert_ne!(cache.data_made(), made);
}

#[test]
fn a_command_killed_while_it_makes_the_cluster_leaves_no_trace() {
    let cache = Cache::new();
    let other = cache.other_command();
    let begun =
        || std::fs::read_dir(&cache.folder).is_ok_and(|entries| entries.flatten().any(|e| half_made(&e.path())));
    wait_for("initdb", begun);
    other.kill();
    assert_works(&cache.open());
    assert!(!half_made(&cache.cluster(Purpose::Scratch).folder));
}

fn half_made(cluster: &Path) -> bool {
    let Ok(entries) = cluster.join("server").read_dir() else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("data."))
}

#[test]
fn many_commands_at_once_share_one_server() {
    let cache = Cache::new();
    let mut others: Vec<Other> = (0..4).map(|_| cache.other_command()).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_works(&cache.open()));
        }
    });
    let mut names: Vec<String> = others.iter_mut().map(Other::database).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4);
    let server = cache.open();
    assert_eq!(databases(&server), names, "all on the same server, and none taken for a leftover");
    others.into_iter().for_each(Other::end);
    assert_eq!(databases(&server), Vec::<String>::new());
}

#[test]
fn a_template_is_copied_by_later_commands() {
    let cache = Cache::new();
    let server = cache.open();
    let key = "00112233445566778899aabbccddeeff";
    assert!(server.template(key).expect("asked").is_none());
    make_template(&server, key);
    make_template(&server, key);
    assert_eq!(databases(&server).len(), 1, "the second was dropped");
    let later = cache.open();
    let template = later.template(key).expect("asked").expect("kept");
    let (one, two) = (later.scratch_from(&template).expect("copied"), later.scratch_from(&template).expect("copied"));
    for job in [&one, &two] {
        let count = job.client().expect("connected").query_one("SELECT count(*) FROM kept", &[]).expect("the table");
        assert_eq!(count.get::<_, i64>(0), 3);
    }
}

fn make_template(server: &DevServer, key: &str) {
    let job = server.scratch().expect("created");
    let mut still_connected = job.client().expect("connected");
    still_connected.batch_execute("CREATE TABLE kept AS SELECT generate_series(1, 3) AS n").expect("empty");
    server.make_template(key, job).expect("made");
}

#[test]
fn the_templates_used_longest_ago_are_dropped() {
    let cache = Cache::new();
    let server = cache.open();
    for number in 0..22 {
        let job = server.scratch().expect("created");
        server.make_template(&format!("{number:032x}"), job).expect("made");
    }
    assert_eq!(databases(&server).len(), 20);
    assert!(server.template(&format!("{:032x}", 21)).expect("asked").is_some(), "the newest");
}

#[test]
fn the_developers_data_outlives_stop_and_crash() {
    let cache = Cache::new();
    let open = || developer::open(&cache.options, &cache.folder).unwrap_or_else(|error| panic!("{error}"));
    let rows = |url: &str| {
        let mut client = postgres::Client::connect(url, postgres::NoTls).expect("the url works");
        client.query("SELECT FROM precious", &[]).map(|rows| rows.len())
    };
    let first = open();
    assert!(first.created);
    let mut client = postgres::Client::connect(&first.url, postgres::NoTls).expect("the url works");
    client.batch_execute("CREATE TABLE precious AS SELECT 1 AS n").expect("an empty database");
    drop((client, first));
    devdb::stop(&cache.options).expect("stopped");
    assert_eq!(rows(&open().url).expect("kept"), 1);
    kill(living(&cache.layout(Purpose::Developer)).expect("it lives"), "-KILL");
    let again = open();
    assert!(!again.created);
    assert_eq!(rows(&again.url).expect("kept"), 1);
    drop(again);
    let empty = developer::reset(&cache.options, &cache.folder).unwrap_or_else(|error| panic!("{error}"));
    assert!(empty.created && rows(&empty.url).is_err());
}

#[test]
fn damaged_data_of_the_developer_is_an_error_and_is_not_removed() {
    let cache = Cache::new();
    drop(developer::open(&cache.options, &cache.folder).unwrap_or_else(|error| panic!("{error}")));
    devdb::stop(&cache.options).expect("stopped");
    let layout = cache.layout(Purpose::Developer);
    std::fs::remove_file(layout.data().join("global/pg_control")).expect("every cluster has it");
    let Err(error) = developer::open(&cache.options, &cache.folder) else { panic!("it cannot start") };
    let text = error.to_string();
    assert!(matches!(error, DevError::NotStarted { .. }), "{text}");
    assert!(text.contains(&*layout.log().to_string_lossy()) && text.contains("pg_control"), "{text}");
    assert!(layout.data().join("base").exists());
    let aside = developer::set_aside(&cache.options).expect("moved");
    assert!(aside.len() == 1 && aside[0].join("base").exists());
    assert!(developer::open(&cache.options, &cache.folder).unwrap_or_else(|error| panic!("{error}")).created);
}

#[test]
fn data_of_a_major_version_that_is_gone_is_an_error() {
    let cache = Cache::new();
    let database = developer::open(&cache.options, &cache.folder).unwrap_or_else(|error| panic!("{error}"));
    let note = cache.folder.join("workspaces").join(&database.name);
    std::fs::write(&note, "9\n").expect("ours");
    let Err(error) = developer::open(&cache.options, &cache.folder) else { panic!("there is no PostgreSQL 9") };
    assert!(error.to_string().contains("cargo schema dev install --major 9"), "{error}");
}

#[test]
fn a_role_that_may_not_create_databases_is_an_error_and_leaves_nothing() {
    let cache = Cache::new();
    let kept = cache.open();
    let home = kept.scratch().expect("created");
    let mut admin = home.client().expect("connected");
    admin
        .batch_execute(&format!("CREATE ROLE \"Poor\" LOGIN; ALTER DATABASE {} OWNER TO \"Poor\"", home.name()))
        .expect("done");
    let url = home.url().replace("postgres@", "Poor@");
    let poor = Options { dev_url: Some(url), ..cache.options.clone() };
    let Err(error) = devdb::open(&poor) else { panic!("every job needs a database") };
    assert!(matches!(error, DevError::NoRightToCreate { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("ALTER ROLE \"Poor\" CREATEDB") && text.contains("leave `--dev-url` out"), "{text}");
    admin.batch_execute("ALTER ROLE \"Poor\" CREATEDB").expect("done");
    let able = devdb::open(&poor).unwrap_or_else(|error| panic!("{error}"));
    let job = able.scratch().expect("it may now");
    job.client().expect("connected").batch_execute("CREATE TABLE a (id bigint)").expect("the owner may");
    able.make_template("00", job).expect("its own");
    drop(able.scratch_from(&able.template("00").expect("asked").expect("kept")).expect("copied"));
    assert!(admin.query("SELECT FROM a", &[]).is_err(), "the given database is left alone");
    drop(home);
    admin.batch_execute("SELECT 1").expect_err("the database was dropped with its connections");
}

#[test]
fn another_major_than_the_targets_is_a_finding() {
    let cache = Cache::new();
    let server = devdb::open(&Options { want_major: Some(9), ..cache.options.clone() }).expect("opened");
    let findings = server.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, devdb::SERVER_OTHER_MAJOR);
    assert!(findings[0].message.contains("PostgreSQL 9"), "{}", findings[0].message);
    assert!(cache.open().findings().is_empty());
}

#[test]
fn a_long_cache_path_still_has_a_socket() {
    let mut cache = Cache::new();
    let long = cache.folder.join("x".repeat(120));
    cache.options.cache_dir = Some(long);
    assert_works(&cache.open());
    let socket = cache.layout(Purpose::Scratch).socket();
    devdb::stop(&cache.options).expect("stopped");
    assert!(!socket.starts_with(&cache.folder));
    std::fs::remove_dir_all(&socket).expect("ours");
}

#[test]
fn a_folder_without_a_server_is_an_error() {
    let cache = Cache::new();
    let options = Options { pg_bin: Some(Path::new("/etc").to_owned()), ..cache.options.clone() };
    let Err(error) = devdb::open(&options) else { panic!("there is no server in /etc") };
    assert!(matches!(error, DevError::NotAServer { .. }), "{error}");
}
