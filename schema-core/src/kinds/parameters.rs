//! Storage parameters of tables and indexes, as `WITH (..)` and `SET (..)` take them.
//!
//! Their names and values are not looked at: PostgreSQL knows them all, and extensions add more.
//! <https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS>

use std::collections::BTreeMap;

use crate::{Diff, Statement};

/// Storage parameters as `WITH` and `SET` take them, between parentheses.
pub(super) fn parameter_list(parameters: &BTreeMap<String, String>) -> String {
    let shown = parameters.iter().map(|(key, value)| format!("{key} = {}", parameter_value(value)));
    format!("({})", shown.collect::<Vec<_>>().join(", "))
}

/// Numbers and words stand bare; everything else is a string.
fn parameter_value(value: &str) -> String {
    let bare =
        !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_' || c == '-');
    if bare { value.to_owned() } else { crate::quote_literal(value) }
}

/// The statements that take the storage parameters of `ALTER TABLE` or `ALTER INDEX` from one set to another.
pub(super) fn parameter_changes(head: &str, diff: &Diff<&BTreeMap<String, String>>) -> Vec<Statement> {
    let removed: Vec<&str> =
        diff.before.keys().filter(|key| !diff.after.contains_key(*key)).map(String::as_str).collect();
    let set = diff.after.iter().filter(|(key, value)| diff.before.get(*key) != Some(value));
    let set: BTreeMap<String, String> = set.map(|(k, v)| (k.clone(), v.clone())).collect();
    let mut statements = Vec::new();
    if !removed.is_empty() {
        statements.push(Statement::sql(format!("{head} RESET ({})", removed.join(", "))));
    }
    if !set.is_empty() {
        statements.push(Statement::sql(format!("{head} SET {}", parameter_list(&set))));
    }
    statements
}
