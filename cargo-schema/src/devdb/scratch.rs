//! One database a job: created empty or from a template, dropped when the job ends, cleaned up after jobs that were killed.
//!
//! Does not know what a job does. Where the role may not create databases a job gets one connection inside a transaction, and
//! [`UNPROVEN`] says what such a job cannot show.

use super::error::DevError;
use super::template::Template;
use super::{DevServer, Isolation, process, short_hash};
use postgres::Client;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// What work in one transaction cannot show.
pub const UNPROVEN: &[&str] = &[
    "not proven: statements that refuse a transaction (CREATE INDEX CONCURRENTLY, VACUUM, ALTER SYSTEM)",
    "not proven: use of an enum value in the transaction that adds it is refused here, though it works across revisions",
    "not proven: constraints and triggers deferred to the commit, because nothing is committed",
    "not proven: CREATE EXTENSION and other statements that this role may not run",
];

/// The database of one job. Dropping the value drops the database, or rolls the transaction back.
pub struct ScratchDatabase {
    server: DevServer,
    name: String,
    /// Whether the one connection of a job in a transaction is given out.
    taken: AtomicBool,
    /// Whether the database has become a template and must not be dropped.
    given_away: bool,
}

impl DevServer {
    /// An empty database.
    pub fn scratch(&self) -> Result<ScratchDatabase, DevError> {
        match self.isolation() {
            Isolation::Database => self.create("template0"),
            Isolation::Transaction => self.borrow_database(),
        }
    }

    /// A copy of a template.
    pub fn scratch_from(&self, template: &Template) -> Result<ScratchDatabase, DevError> {
        self.create(&template.name)
    }

    /// Ends the connections to a database and sees them gone: PostgreSQL itself would look again only after 100 ms.
    pub(super) fn cut_off(&self, database: &str) -> Result<(), DevError> {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname::text = $1";
        let failed = |e| DevError::statement("cannot end the connections to a database", e);
        for _ in 0..50 {
            if self.admin().query_one(sql, &[&database]).map_err(failed)?.get::<_, i64>(0) == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn create(&self, from: &str) -> Result<ScratchDatabase, DevError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{}_{number}", prefix(), std::process::id());
        // Twice as fast as the write-ahead log where a sync costs nothing; elsewhere it would force a checkpoint.
        let strategy = if self.is_kept() && 15 <= self.major() { " STRATEGY file_copy" } else { "" };
        let sql = format!("CREATE DATABASE {name} TEMPLATE {from}{strategy}");
        self.run_on_admin("cannot create a database for the job", &sql)?;
        Ok(ScratchDatabase { server: self.clone(), name, taken: AtomicBool::new(false), given_away: false })
    }

    /// The given database itself, which must hold nothing that the job could meet.
    fn borrow_database(&self) -> Result<ScratchDatabase, DevError> {
        let name = self.own_database();
        let asked = self.admin().query(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') \
             AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
             ORDER BY 1 LIMIT 3",
            &[],
        );
        let rows = asked.map_err(|e| DevError::statement("cannot look into the dev database", e))?;
        if rows.is_empty() {
            return Ok(ScratchDatabase {
                server: self.clone(),
                name,
                taken: AtomicBool::new(false),
                given_away: false,
            });
        }
        let relations: Vec<String> = rows.iter().map(|row| format!("`{}`", row.get::<_, String>(0))).collect();
        Err(DevError::NotEmpty { database: name, relations: relations.join(", ") })
    }
}

impl ScratchDatabase {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL, for other clients. Of no use for a job in a transaction: they would not see its work.
    pub fn url(&self) -> String {
        self.server.url_for(&self.name)
    }

    /// The server it is on.
    pub fn server(&self) -> &DevServer {
        &self.server
    }

    /// A connection. A job in a transaction has one, and the transaction is begun.
    pub fn client(&self) -> Result<Client, DevError> {
        if self.server.isolation() == Isolation::Database {
            return self.server.connect(&self.name);
        }
        if self.taken.swap(true, Ordering::SeqCst) {
            return Err(DevError::OneConnection);
        }
        let mut client = self.server.connect(&self.name)?;
        client.batch_execute("BEGIN").map_err(|e| DevError::statement("cannot begin the job's transaction", e))?;
        Ok(client)
    }

    /// The database outlives the value, under another name.
    pub(super) fn give_away(mut self) {
        self.given_away = true;
    }
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        if self.given_away || self.server.isolation() == Isolation::Transaction {
            return;
        }
        // What cannot be dropped now carries our process number and is removed by a later command.
        let _ = self.server.cut_off(&self.name);
        let force = if 13 <= self.server.major() { " WITH (FORCE)" } else { "" };
        let _ = self.server.run_on_admin("", &format!("DROP DATABASE IF EXISTS {}{force}", self.name));
    }
}

/// Databases carry the machine and the process, so that another machine's jobs on a shared server are left alone.
fn prefix() -> String {
    format!("cargo_schema_scratch_{}_", short_hash(&process::host_name()))
}

/// Drops the databases of processes that are gone, unless somebody is connected to one.
pub(super) fn remove_leftovers(server: &DevServer) -> Result<(), DevError> {
    let prefix = prefix();
    let asked = server.admin().query(
        "SELECT datname::text FROM pg_database d WHERE starts_with(datname::text, $1) \
         AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)",
        &[&prefix],
    );
    let rows = asked.map_err(|e| DevError::statement("cannot list the databases of the dev server", e))?;
    for row in rows {
        let name: String = row.get(0);
        let owner = name.strip_prefix(&prefix).and_then(|rest| rest.split('_').next()?.parse().ok());
        if owner.is_some_and(|pid| !process::is_running(pid)) {
            // Another command may be quicker.
            let _ = server.run_on_admin("", &format!("DROP DATABASE IF EXISTS {name}"));
        }
    }
    Ok(())
}
