//! How PostgreSQL stores the values of a column and what ANALYZE learns of them (`pg_attribute`: attstorage, attcompression,
//! attstattarget, attoptions).
//!
//! <https://www.postgresql.org/docs/current/sql-altertable.html>. All of it is said after the column is there: CREATE TABLE has words
//! for the storage since 16 only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Column, parameter_list};
use crate::{Diff, QualifiedName, SqlType, Statement, plan::Context};

/// What belongs to the storage of one column; all of it is left to PostgreSQL by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSettings {
    /// `SET STORAGE`; none is that of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// `SET COMPRESSION`: `pglz` or `lz4`; none is the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// `SET STATISTICS`; none is the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<u16>,
    /// `SET (n_distinct = ...)`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// Where long values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// In the row, as it is.
    Plain,
    /// Outside of the row, as it is.
    External,
    /// Compressed, then outside of the row.
    Extended,
    /// Compressed, and outside of the row only when there is no other way.
    Main,
}

impl Storage {
    /// Reads the word.
    pub fn parse(word: &str) -> Option<Storage> {
        match word.to_ascii_lowercase().as_str() {
            "plain" => Some(Storage::Plain),
            "external" => Some(Storage::External),
            "extended" => Some(Storage::Extended),
            "main" => Some(Storage::Main),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Storage::Plain => "PLAIN",
            Storage::External => "EXTERNAL",
            Storage::Extended => "EXTENDED",
            Storage::Main => "MAIN",
        }
    }

    /// What the types of PostgreSQL have (`pg_type.typstorage`); SET STORAGE DEFAULT is new in 16. Of the types that one can choose for,
    /// all but these are EXTENDED.
    fn of_type(of: &SqlType) -> Storage {
        match of.built_in_name() {
            Some("numeric" | "inet" | "cidr") if !of.array => Storage::Main,
            _ => Storage::Extended,
        }
    }
}

impl ColumnSettings {
    pub(super) fn is_default(&self) -> bool {
        *self == ColumnSettings::default()
    }

    /// The statements for a new column.
    pub(super) fn create(column: &Column, heirs: &Heirs) -> Vec<Statement> {
        ColumnSettings::changes(&Diff { before: &ColumnSettings::default(), after: &column.settings }, column, heirs)
    }

    /// The statements from one to the other; `ALTER COLUMN TYPE` puts storage and compression back to those of the type.
    pub(super) fn alter(diff: &Diff<&Column>, retyped: bool, heirs: &Heirs) -> Vec<Statement> {
        let kept = |of: &ColumnSettings| ColumnSettings { storage: None, compression: None, ..of.clone() };
        let before = if retyped { kept(&diff.before.settings) } else { diff.before.settings.clone() };
        ColumnSettings::changes(&Diff { before: &before, after: &diff.after.settings }, diff.after, heirs)
    }

    fn changes(diff: &Diff<&ColumnSettings>, column: &Column, heirs: &Heirs) -> Vec<Statement> {
        let Diff { before, after } = diff;
        let name = column.name.quoted();
        let alter =
            |table: &QualifiedName, action: String| Statement::alter(table, format!("ALTER COLUMN {name} {action}"));
        let mut statements = Vec::new();
        if before.storage != after.storage {
            let storage = after.storage.unwrap_or_else(|| Storage::of_type(&column.sql_type));
            statements.push(alter(&column.table, format!("SET STORAGE {}", storage.words())));
        }
        if before.compression != after.compression {
            let action = format!("SET COMPRESSION {}", after.compression.as_deref().unwrap_or("DEFAULT"));
            let tables = std::iter::once(&column.table).chain(&heirs.compressed);
            statements.extend(tables.map(|table| alter(table, action.clone())));
        }
        if before.statistics != after.statistics {
            let target = after.statistics.map_or(-1, i32::from);
            let only = if heirs.any { "ONLY " } else { "" };
            let table = column.table.quoted();
            statements
                .push(Statement::sql(format!("ALTER TABLE {only}{table} ALTER COLUMN {name} SET STATISTICS {target}")));
        }
        let gone: Vec<&str> =
            before.options.keys().filter(|name| !after.options.contains_key(*name)).map(String::as_str).collect();
        if !gone.is_empty() {
            statements.push(alter(&column.table, format!("RESET ({})", gone.join(", "))));
        }
        let set = after.options.iter().filter(|(name, value)| before.options.get(*name) != Some(value));
        let set: BTreeMap<String, String> = set.map(|(name, value)| (name.clone(), value.clone())).collect();
        if !set.is_empty() {
            statements.push(alter(&column.table, format!("SET {}", parameter_list(&set))));
        }
        statements
    }
}

/// The tables that have a column from the one whose settings change. A new heir takes the compression over, but an old one keeps its own;
/// statistics go to every old heir, and a new one has none.
#[derive(Default)]
pub(super) struct Heirs {
    /// Whether there are any.
    any: bool,
    /// Those that are compressed as the table is.
    compressed: Vec<QualifiedName>,
}

impl Heirs {
    /// The heirs that a plan finds.
    pub fn of(column: &Column, context: &Context) -> Heirs {
        let (before, after) = (context.before.heirs(&column.table), context.after.heirs(&column.table));
        let own = |table: &QualifiedName| {
            let own = context.after.inherited_column(table, &column.name);
            own.is_some_and(|own| own.settings.compression.is_some())
        };
        let follows = |heir: &&QualifiedName| {
            let between = context.after.ancestors(heir).into_iter().filter(|table| after.contains(table));
            before.contains(heir) && !std::iter::once(*heir).chain(between).any(own)
        };
        Heirs {
            any: !before.is_empty() || !after.is_empty(),
            compressed: after.iter().copied().filter(follows).cloned().collect(),
        }
    }
}
