//! What a database is for: the mark that is kept in it, so that every checkout and every program sees the same one.
//!
//! What follows from the mark is decided by those who ask for it. A database without mark has no answer here; the address by
//! which it is reached is the caller's knowledge.

use schema_core::quote_literal;

use super::Migrator;
use crate::apply::ApplyError;
use crate::apply::record::create_sql;
use crate::apply::session::{Session, ready};
use crate::apply::settings::Opened;

/// What a database is for.
///
/// ```
/// use schema_runtime::migrator::Environment;
/// assert_eq!(Environment::named("production"), Some(Environment::Production));
/// assert_eq!(Environment::Development.name(), "development");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// Its rows are one developer's, and revisions come and go with git branches.
    Development,
    /// Its rows matter to others: nothing is undone in it by itself.
    Production,
}

impl Environment {
    /// The word for it, in the mark and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Environment::Development => "development",
            Environment::Production => "production",
        }
    }

    /// The environment with this name.
    pub fn named(name: &str) -> Option<Environment> {
        [Environment::Development, Environment::Production].into_iter().find(|one| one.name() == name)
    }
}

const EXISTS: &str = "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'cargo_schema' AND c.relname = 'meta'";
const MARK: &str = "SELECT value FROM cargo_schema.meta WHERE name = 'environment'";

impl Migrator {
    /// What the database says it is for; `None` when nobody has said so. It only reads, and a role without any rights of its own
    /// can call it.
    pub fn environment(&self, client: &mut postgres::Client) -> Result<Option<Environment>, ApplyError> {
        ready(marked(client))
    }

    /// Marks the database, under the ledger's lock; the ledger is made where there is none.
    pub fn set_environment(&self, client: &mut postgres::Client, environment: Environment) -> Result<(), ApplyError> {
        ready(self.mark_environment(client, environment))
    }

    async fn mark_environment<S: Session>(&self, session: &mut S, environment: Environment) -> Result<(), ApplyError> {
        let sql = format!(
            "BEGIN; {};\nINSERT INTO cargo_schema.meta VALUES ('environment', {}) \
             ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value; COMMIT",
            create_sql(),
            quote_literal(environment.name())
        );
        let mark = async |session: &mut S, _: &Opened| {
            if let Err(error) = session.batch(&sql).await {
                let _ = session.batch("ROLLBACK").await;
                return Err(ApplyError::own("marking the database in the ledger `cargo_schema`", &error));
            }
            Ok(())
        };
        self.locked(session, mark).await
    }
}

async fn marked<S: Session>(session: &mut S) -> Result<Option<Environment>, ApplyError> {
    let failed = |error: postgres::Error| ApplyError::own("reading the ledger `cargo_schema`", &error);
    if session.ask(EXISTS).await.map_err(failed)?.text(0) == "0" {
        return Ok(None);
    }
    let answer = session.ask(MARK).await.map_err(failed)?;
    // A mark of a newer version means at least that the database is no plain development one.
    Ok((!answer.rows.is_empty()).then(|| Environment::named(answer.text(0)).unwrap_or(Environment::Production)))
}
