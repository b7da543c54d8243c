//! The session a migration runs in: checked to be usable, with every setting that changes what SQL means pinned, and given back as
//! it was.
//!
//! Settings of roles and databases must not leak into migrations: the same text would do different things on two servers. Names
//! of settings that older servers do not have are left out.

use schema_core::quote_literal;
use schema_core::sql::tokens;

use super::error::ApplyError;
use super::event::Direction;
use super::session::Session;
use crate::migrator::Options;

/// A checked session. [`Opened::close`] gives it back.
pub(crate) struct Opened {
    /// The server process; another one answering means that a pooler stands between.
    pub pid: String,
    /// One statement that pins every setting again.
    pub pins: String,
    restore: String,
}

const RESTORED: [&str; 15] = [
    "application_name",
    "search_path",
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "client_min_messages",
    "standard_conforming_strings",
    "check_function_bodies",
    "role",
    "default_transaction_deferrable",
    "idle_session_timeout",
    "transaction_timeout",
];

/// Checks the session and pins its settings.
pub(crate) async fn open<S: Session>(session: &mut S, options: &Options) -> Result<Opened, ApplyError> {
    let saved: String = RESTORED.iter().map(|name| format!(", current_setting('{name}', true)")).collect();
    let sql = format!(
        "SELECT pg_backend_pid(), now() = statement_timestamp(), pg_is_in_recovery(), current_setting('transaction_read_only'){saved}"
    );
    let facts = session.ask(&sql).await.map_err(|error| ApplyError::own("looking at the session", &error))?;
    if !facts.is_true(1) {
        return Err(ApplyError::InTransaction);
    }
    if facts.is_true(2) || facts.text(3) == "on" {
        return Err(ApplyError::ReadOnly { standby: facts.is_true(2) });
    }
    let known = |at: usize| facts.rows[0][4 + at].as_deref();
    let settings = RESTORED.iter().enumerate().filter_map(|(at, name)| Some((*name, known(at)?)));
    let (mut pins, mut restore) = (Vec::new(), Vec::new());
    for (name, before) in settings {
        restore.push(set(name, before));
        pins.push(set(name, pinned(name, options).as_deref().unwrap_or(before)));
    }
    let opened = Opened { pid: facts.text(0).to_owned(), pins: select(&pins), restore: select(&restore) };
    session
        .batch(&opened.pins)
        .await
        .map_err(|error| ApplyError::own("pinning the settings of the session", &error))?;
    Ok(opened)
}

impl Opened {
    /// Gives the settings back and lets the lock go. A session that is gone needs neither, so errors say nothing new.
    pub(crate) async fn close<S: Session>(&self, session: &mut S, unlock: &str) {
        let _ = session.batch(&format!("{}; {unlock}", self.restore)).await;
    }

    /// A condition that only this session, in the transaction that started at `started`, fulfils.
    pub(crate) fn same_transaction(&self, started: &str) -> String {
        format!("pg_backend_pid() = {} AND {MICROSECONDS} = {started}", self.pid)
    }
}

/// The start of the transaction, which tells transactions of one session apart.
const MICROSECONDS: &str = "(extract(epoch FROM now()) * 1000000)::bigint";

/// Begins a transaction; the answer is its start, for [`Opened::same_transaction`].
pub(crate) async fn begin<S: Session>(session: &mut S, opened: &Opened, isolation: &str) -> Result<String, ApplyError> {
    let sql = format!("BEGIN ISOLATION LEVEL {isolation} READ WRITE; SELECT pg_backend_pid(), {MICROSECONDS}");
    let answer = session.ask(&sql).await.map_err(|error| ApplyError::own("beginning a transaction", &error))?;
    if answer.text(0) != opened.pid {
        return Err(ApplyError::Pooled);
    }
    Ok(answer.text(1).to_owned())
}

fn pinned(name: &str, options: &Options) -> Option<String> {
    Some(match name {
        "application_name" => "cargo schema".to_owned(),
        "search_path" => options.search_path.clone(),
        "TimeZone" => "UTC".to_owned(),
        "DateStyle" => "ISO, MDY".to_owned(),
        "IntervalStyle" => "postgres".to_owned(),
        "lock_timeout" => format!("{}ms", options.lock_timeout.as_millis()),
        "client_min_messages" => "warning".to_owned(),
        "standard_conforming_strings" | "check_function_bodies" => "on".to_owned(),
        "default_transaction_deferrable" => "off".to_owned(),
        // A revision may SET ROLE; the next one starts as the role the session came with.
        "role" => return None,
        _ => "0".to_owned(),
    })
}

/// The lines a script for psql starts with, to run under the same settings; those that older servers do not have are left out.
pub(crate) fn script_pins(options: &Options) -> String {
    let names = RESTORED.iter().filter(|name| !matches!(**name, "idle_session_timeout" | "transaction_timeout"));
    let lines =
        names.filter_map(|name| Some(format!("SET {name} = {};\n", script_value(name, &pinned(name, options)?))));
    lines.collect()
}

fn script_value(name: &str, value: &str) -> String {
    match name {
        // These take a list, and a quoted list would be one name.
        "search_path" | "DateStyle" => value.to_owned(),
        _ => quote_literal(value),
    }
}

/// Whether statements of a text may leave settings behind, so that they must be pinned again.
pub(crate) fn may_change_settings(statement: &str) -> bool {
    let mut word = statement.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let first = word.next().unwrap_or_default();
    let leading = ["set", "reset", "discard", "do", "call"].iter().any(|known| first.eq_ignore_ascii_case(known));
    leading || statement.to_ascii_lowercase().contains("set_config")
}

/// The isolation level that a text asks for in its first statement. PostgreSQL takes `SET TRANSACTION ISOLATION LEVEL` before any
/// query only, and the engine asks one at the start of every transaction, so it begins the transaction with that level.
pub(crate) fn isolation(first: &str) -> &'static str {
    const OTHERS: [&str; 2] = ["SERIALIZABLE", "REPEATABLE READ"];
    let words: Vec<&str> = tokens(first).filter(|token| token.kind.is_significant()).map(|token| token.text).collect();
    let said = words.join(" ").to_ascii_uppercase();
    let level = said.strip_prefix("SET TRANSACTION ISOLATION LEVEL ").unwrap_or_default();
    OTHERS.into_iter().find(|other| level.starts_with(other)).unwrap_or("READ COMMITTED")
}

fn set(name: &str, value: &str) -> String {
    format!("set_config('{name}', {}, false)", quote_literal(value))
}

fn select(calls: &[String]) -> String {
    format!("SELECT {}", calls.join(", "))
}

/// How a revision's own transaction is called in messages.
pub(crate) const fn own_action(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "recording a revision in the ledger",
        Direction::Down => "removing a revision from the ledger",
    }
}

#[cfg(test)]
mod tests {
    use super::{isolation, may_change_settings};

    #[test]
    fn a_text_may_ask_for_its_isolation_level() {
        assert_eq!(isolation("-- why\nset transaction isolation level repeatable  read;"), "REPEATABLE READ");
        assert_eq!(isolation("CREATE TABLE serializable ()"), "READ COMMITTED");
    }

    #[test]
    fn statements_that_may_leave_settings_behind() {
        for sql in ["SET x = 1", "reset all", "SELECT pg_catalog.set_config('a', '', false)", "DO $$$$", "call p()"] {
            assert!(may_change_settings(sql), "{sql}");
        }
        for sql in ["ALTER TABLE t ALTER a SET NOT NULL", "SELECT 1", "settle"] {
            assert!(!may_change_settings(sql), "{sql}");
        }
    }
}
