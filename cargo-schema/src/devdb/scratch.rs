//! One database a job: created empty or from a template, dropped when the job ends, cleaned up after jobs that were killed.
//!
//! Does not know what a job does.

use super::error::DevError;
use super::template::Template;
use super::{DevServer, process, short_hash};
use postgres::Client;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The database of one job. Dropping the value drops the database.
pub struct ScratchDatabase {
    server: DevServer,
    name: String,
    /// Whether the database has become a template and must not be dropped.
    given_away: bool,
}

impl DevServer {
    /// An empty database.
    pub fn scratch(&self) -> Result<ScratchDatabase, DevError> {
        self.create("template0")
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
        Ok(ScratchDatabase { server: self.clone(), name, given_away: false })
    }
}

impl ScratchDatabase {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL, for other clients.
    pub fn url(&self) -> String {
        self.server.url_for(&self.name)
    }

    /// The server it is on.
    pub fn server(&self) -> &DevServer {
        &self.server
    }

    /// A connection.
    pub fn client(&self) -> Result<Client, DevError> {
        self.server.connect(&self.name)
    }

    /// The database outlives the value, under another name.
    pub(super) fn give_away(mut self) {
        self.given_away = true;
    }
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        if self.given_away {
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
