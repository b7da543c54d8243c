//! The history tables of other tools: what each says is applied.
//!
//! They are only read. What an adopted migration is called in them is recorded with its adoption.

use schema_core::history::Tool;

use super::error::ApplyError;
use super::session::Session;

/// One migration that another tool says it has applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// What the tool calls it.
    pub key: String,
    /// When, as text that PostgreSQL reads as `timestamptz`; `None` when the tool does not keep it.
    pub applied_at: Option<String>,
    /// Whether it came to its end.
    pub whole: bool,
    /// The checksum of its text in hexadecimal, when the tool checks one.
    pub sum: Option<String>,
}

/// What the history table of a tool holds, the oldest first; `None` when there is no such table, or the role may not read it.
pub(crate) async fn read<S: Session>(session: &mut S, tool: Tool) -> Result<Option<Vec<Said>>, ApplyError> {
    let Some(table) = tool.table() else { return Ok(None) };
    let failed = |error: postgres::Error| ApplyError::own("reading the history table of another tool", &error);
    // Looked for in `public`, where the session's search_path may not lead before it is pinned.
    let found = format!(
        "SELECT c.oid IS NOT NULL AND has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') \
         FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass('public.{table}')"
    );
    if !session.ask(&found).await.map_err(failed)?.is_true(0) {
        return Ok(None);
    }
    let sql = format!("SELECT {} FROM public.{table}{}", columns(tool), rest(tool));
    let answer = session.ask(&sql).await.map_err(failed)?;
    Ok(Some(answer.rows.into_iter().map(said).collect()))
}

/// Key, time, whether it is whole, checksum.
fn columns(tool: Tool) -> &'static str {
    match tool {
        // diesel keeps the time without a zone, in UTC.
        Tool::Diesel => "version, run_on || '+00', true, NULL",
        Tool::Sqlx => "version, installed_on, success, encode(checksum, 'hex')",
        Tool::Refinery => "version, applied_on, true, NULL",
        Tool::SeaOrm => "version, to_timestamp(applied_at), true, NULL",
        Tool::Prisma => "migration_name, finished_at, finished_at IS NOT NULL, NULL",
        Tool::Flyway => "version, installed_on, success, NULL",
        Tool::GolangMigrate | Tool::Sql => "version, NULL, NOT dirty, NULL",
    }
}

fn rest(tool: Tool) -> &'static str {
    match tool {
        // What was rolled back was tried again under the same name.
        Tool::Prisma => " WHERE rolled_back_at IS NULL ORDER BY started_at",
        // Repeatable migrations and baselines have no version.
        Tool::Flyway => " WHERE version IS NOT NULL ORDER BY installed_rank",
        _ => " ORDER BY version",
    }
}

fn said(row: Vec<Option<String>>) -> Said {
    let mut values = row.into_iter();
    let mut value = || values.next().flatten();
    Said { key: value().unwrap_or_default(), applied_at: value(), whole: value().as_deref() == Some("t"), sum: value() }
}
