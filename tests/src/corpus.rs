//! Real schemas, histories and pairs, which are not part of the repository, and how they get into a database.

use std::path::{Path, PathBuf};

use schema_core::quote_ident;

use crate::cluster::{Database, database};

/// The folder of real schemas: `SCHEMA_CORPUS`, or `../shared/corpus` beside the workspace. Tests that use it say so and pass when it is
/// absent.
pub fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let folder = std::env::var_os("SCHEMA_CORPUS").map_or_else(beside, Into::into);
    folder.is_dir().then_some(folder)
}

/// A database with the schema of a script, or what PostgreSQL says against it. A dump names roles, which are of the cluster and are made
/// first; the lines of psql are left out.
pub fn load(text: &str) -> Result<Database, String> {
    let text: String = text.lines().filter(|line| !line.starts_with('\\')).flat_map(|line| [line, "\n"]).collect();
    loop {
        let database = database();
        let Err(error) = database.client().batch_execute(&text) else { return Ok(database) };
        let message = error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
        let role = message.strip_prefix("role \"").and_then(|rest| rest.strip_suffix("\" does not exist"));
        let Some(role) = role else { return Err(message) };
        // Another thread may have made it meanwhile.
        let _ = database.client().batch_execute(&format!("CREATE ROLE {}", quote_ident(role)));
    }
}
