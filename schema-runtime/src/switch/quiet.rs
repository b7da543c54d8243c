//! What a table does by itself when rows are written, kept from happening while rows of the stash move.

use schema_core::quote_ident;

use super::stash::ask;
use super::tables::{Column, Table};
use crate::apply::ApplyError;
use crate::apply::session::Session;

/// Statements that keep a table's own triggers from firing, and take an always generated identity's guard away, for a while.
pub(crate) struct Quiet {
    pub before: String,
    pub after: String,
}

impl Quiet {
    /// For triggers and for the identities of these columns.
    pub(crate) async fn of<'c, S: Session>(
        session: &mut S,
        table: &Table,
        columns: impl Iterator<Item = &'c Column>,
    ) -> Result<Quiet, ApplyError> {
        let mut quiet = Quiet::triggers(session, table).await?;
        for column in columns.filter(|column| column.always_identity) {
            let alter =
                format!("ALTER TABLE {} ALTER {} SET GENERATED", table.name.quoted(), quote_ident(&column.name));
            quiet.before.push_str(&format!("; {alter} BY DEFAULT"));
            quiet.after.push_str(&format!("; {alter} ALWAYS"));
        }
        Ok(quiet)
    }

    /// Only for triggers; constraints are checked.
    pub(crate) async fn triggers<S: Session>(session: &mut S, table: &Table) -> Result<Quiet, ApplyError> {
        let sql = format!(
            "SELECT tgname, tgenabled FROM pg_catalog.pg_trigger WHERE tgrelid = {} AND NOT tgisinternal AND tgenabled <> 'D'",
            table.oid
        );
        let answer = ask(session, &sql).await?;
        let mut quiet = Quiet { before: "SELECT".to_owned(), after: "SELECT".to_owned() };
        for row in &answer.rows {
            let name = quote_ident(row[0].as_deref().unwrap_or_default());
            let mode = match row[1].as_deref() {
                Some("R") => "ENABLE REPLICA",
                Some("A") => "ENABLE ALWAYS",
                _ => "ENABLE",
            };
            let of = table.name.quoted();
            quiet.before.push_str(&format!("; ALTER TABLE {of} DISABLE TRIGGER {name}"));
            quiet.after.push_str(&format!("; ALTER TABLE {of} {mode} TRIGGER {name}"));
        }
        Ok(quiet)
    }
}
