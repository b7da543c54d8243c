//! The database a command works on: the one that is named, or the embedded one of this checkout.
//!
//! Which one it is, is told in one line, without password.

use std::time::Duration;

use schema_runtime::connect::{ConnectError, connect, connect_within, is_local, redacted};

use super::failure::Failure;
use super::world::World;
use crate::devdb::developer::{self, DeveloperDatabase};
use crate::report::Problem;

/// A connection and what it leads to.
pub(super) struct Database {
    /// The connection.
    pub client: postgres::Client,
    /// The URL without password.
    pub shown: String,
    /// Where the URL comes from; for the embedded database, its name.
    pub origin: String,
    /// Whether it is reached by a Unix socket or a loopback address.
    pub local: bool,
    /// Keeps the embedded server marked as used.
    pub embedded: Option<DeveloperDatabase>,
}

impl Database {
    /// Connects, and says where to.
    pub fn open(world: &World<'_>) -> Result<Database, Failure> {
        let database = Database::connect(world)?;
        world.screen.doing("Database", &database.described());
        Ok(database)
    }

    /// Connects.
    pub fn connect(world: &World<'_>) -> Result<Database, Failure> {
        Database::by(world, connect)
    }

    /// Connects to look at it by the way: a host that does not answer is soon given up.
    pub fn glance(world: &World<'_>) -> Result<Database, Failure> {
        Database::by(world, |url| connect_within(url, Duration::from_secs(2)))
    }

    fn by(
        world: &World<'_>,
        connect: impl Fn(&str) -> Result<postgres::Client, ConnectError>,
    ) -> Result<Database, Failure> {
        match &world.config.database_url {
            Some(found) => Ok(Database {
                client: connect(&found.url)?,
                shown: redacted(&found.url),
                origin: found.origin.clone(),
                local: is_local(&found.url),
                embedded: None,
            }),
            None => Database::embedded(world),
        }
    }

    /// The embedded database of this checkout, whatever DATABASE_URL says.
    pub fn embedded(world: &World<'_>) -> Result<Database, Failure> {
        let database = developer::open(&world.dev_options(), world.root())?;
        let client = database.server().connect(&database.name)?;
        let (shown, origin) = (database.url.clone(), "embedded".to_owned());
        Ok(Database { client, shown, origin, local: true, embedded: Some(database) })
    }

    /// Its URL, with the password.
    pub fn url(&self, world: &World<'_>) -> String {
        let embedded = || self.embedded.as_ref().map(|database| database.url.clone());
        world.config.database_url.as_ref().map(|found| found.url.clone()).or_else(embedded).unwrap_or_default()
    }

    /// Its name on its server.
    pub fn own_name(&mut self) -> Result<String, Failure> {
        let row = self.client.query_one("SELECT current_database()::text", &[]);
        let told = |error: postgres::Error| Failure::Environment(Problem::told(&format!("no answer: {error}")));
        Ok(row.map_err(told)?.get(0))
    }

    /// Its name in a sentence.
    pub fn name(&self) -> String {
        self.embedded.as_ref().map_or_else(|| format!("`{}`", self.shown), |database| format!("`{}`", database.name))
    }

    /// The database for people.
    pub fn described(&self) -> String {
        match &self.embedded {
            None => format!("{} (from {})", self.shown, self.origin),
            Some(database) if database.created => {
                format!("`{}`, embedded and new (no DATABASE_URL is set)", database.name)
            }
            Some(database) => format!("`{}`, embedded (no DATABASE_URL is set)", database.name),
        }
    }
}
