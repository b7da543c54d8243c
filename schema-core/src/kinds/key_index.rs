//! What belongs to the index behind a key or an exclusion constraint: its storage parameters and its own comment (`pg_class`).
//!
//! <https://www.postgresql.org/docs/current/sql-alterindex.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, comment, parameter_changes, parameter_list, primary_key::constraint_target};
use crate::{Diff, Ident, QualifiedName, Statement, plan::Context};

/// The index behind a constraint; all of it is left to PostgreSQL by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyIndex {
    /// Storage parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// `COMMENT ON INDEX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl KeyIndex {
    pub(super) fn is_default(&self) -> bool {
        *self == KeyIndex::default()
    }

    /// `WITH (...)`, as far as it applies.
    pub(super) fn words(&self) -> String {
        if self.with.is_empty() { String::new() } else { format!(" WITH {}", parameter_list(&self.with)) }
    }

    /// The comments on the constraint and on its index.
    pub(super) fn comments(&self, table: &QualifiedName, name: &Ident, of: &Option<String>) -> Vec<Statement> {
        let own = comment::create(&constraint_target(table, name), of);
        own.into_iter().chain(comment::create(&target(table, name), &self.comment)).collect()
    }
}

fn target(table: &QualifiedName, name: &Ident) -> String {
    format!("INDEX {}", table.sibling(name.clone()).quoted())
}

/// A constraint with an index: PostgreSQL changes its comments and the index's storage in place. The index of a partitioned table takes no
/// SET (42809).
pub(super) fn alter<K: Kind>(
    diff: &Diff<&K>,
    context: &Context,
    parts: impl Fn(&K) -> (&KeyIndex, &Option<String>),
    bare: impl Fn(&K) -> K,
) -> Alteration {
    let Some(table) = diff.after.table() else { unreachable!("a constraint has a table") };
    let ((before, own_before), (after, own_after)) = (parts(diff.before), parts(diff.after));
    let split = context.after.table(table).is_some_and(|table| table.partition_by.is_some());
    if bare(diff.before) != bare(diff.after) || (split && before.with != after.with) {
        return Alteration::Recreate;
    }
    let id = diff.after.id();
    let index = table.sibling(id.name().clone()).quoted();
    let with = Diff { before: &before.with, after: &after.with };
    let mut statements = parameter_changes(&format!("ALTER INDEX {index}"), &with);
    let own = Diff { before: own_before, after: own_after };
    statements.extend(comment::alter(&constraint_target(table, id.name()), &own));
    let of_index = Diff { before: &before.comment, after: &after.comment };
    statements.extend(comment::alter(&target(table, id.name()), &of_index));
    Alteration::Statements(statements)
}
