//! Primary keys (`pg_constraint`, contype `p`).
//!
//! <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS>

use serde::{Deserialize, Serialize};

use super::{Alteration, ColumnRef, KeyIndex, Kind, NameClaim, comment, is_false, key_index, name_list};
use crate::{Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename};

/// A table's primary key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrimaryKey {
    /// The table.
    pub table: QualifiedName,
    /// The constraint's name.
    pub name: Ident,
    /// The key columns, in order.
    pub columns: Vec<Ident>,
    /// `WITHOUT OVERLAPS` (PostgreSQL 18): the last column is a range, and rows that are equal in the others do not overlap in it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_overlaps: bool,
    /// `INCLUDE` columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Ident>,
    /// `DEFERRABLE`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub initially_deferred: bool,
    /// `COMMENT ON CONSTRAINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What belongs to its index.
    #[serde(default, skip_serializing_if = "KeyIndex::is_default")]
    pub index: KeyIndex,
}

/// `DEFERRABLE INITIALLY DEFERRED`, as far as it applies.
pub(super) fn deferrable_words(deferrable: bool, initially_deferred: bool) -> &'static str {
    match (deferrable, initially_deferred) {
        (_, true) => " DEFERRABLE INITIALLY DEFERRED",
        (true, false) => " DEFERRABLE",
        (false, false) => "",
    }
}

/// The columns of a key, between parentheses.
pub(super) fn key_list(columns: &[Ident], without_overlaps: bool) -> String {
    let words = if without_overlaps { " WITHOUT OVERLAPS)" } else { ")" };
    format!("{}{words}", name_list(columns).trim_end_matches(')'))
}

/// What a key stands on: its columns, and for one without overlaps the extensions. The index behind it is one of `gist`, and the
/// operator classes for columns that are no ranges are those of `btree_gist`.
pub(super) fn key_requires(
    table: &QualifiedName,
    columns: &[Ident],
    include: &[Ident],
    without_overlaps: bool,
    schema: &Schema,
) -> Vec<ObjectId> {
    let columns = columns.iter().chain(include).map(|column| ObjectId::column(table, column));
    let ids = std::iter::once(ObjectId::table(table)).chain(columns);
    let extensions = without_overlaps.then(|| schema.of_kind(KindName::Extension).map(super::Object::id));
    ids.chain(extensions.into_iter().flatten()).collect()
}

/// `INCLUDE (...)`, as far as it applies.
pub(super) fn include_words(include: &[Ident]) -> String {
    if include.is_empty() { String::new() } else { format!(" INCLUDE {}", name_list(include)) }
}

/// What `COMMENT ON` calls a constraint.
pub(super) fn constraint_target(table: &QualifiedName, name: &Ident) -> String {
    format!("CONSTRAINT {} ON {}", name.quoted(), table.quoted())
}

/// The statements of a constraint whose clause is known.
pub(super) fn add_constraint(
    table: &QualifiedName,
    name: &Ident,
    clause: &str,
    comment: &Option<String>,
) -> Vec<Statement> {
    let add = Statement::alter(table, format!("ADD {clause}"));
    std::iter::once(add).chain(comment::create(&constraint_target(table, name), comment)).collect()
}

/// The statements of a constraint with an index, and of the comments on both.
pub(super) fn add_indexed(table: &QualifiedName, clause: &str, comments: Vec<Statement>) -> Vec<Statement> {
    std::iter::once(Statement::alter(table, format!("ADD {clause}"))).chain(comments).collect()
}

/// `DROP CONSTRAINT`.
pub(super) fn drop_constraint(table: &QualifiedName, name: &Ident) -> Vec<Statement> {
    vec![Statement::alter(table, format!("DROP CONSTRAINT {}", name.quoted()))]
}

/// A constraint that PostgreSQL cannot alter: only its comment can change in place.
pub(super) fn alter_comment_only<K: Kind>(
    diff: &Diff<&K>,
    comment: impl Fn(&K) -> &Option<String>,
    without_comment: impl Fn(&K) -> K,
) -> Alteration {
    if without_comment(diff.before) != without_comment(diff.after) {
        return Alteration::Recreate;
    }
    let id = diff.after.id();
    let Some(table) = diff.after.table() else { unreachable!("a constraint has a table") };
    let comments = Diff { before: comment(diff.before), after: comment(diff.after) };
    let target = constraint_target(table, id.name());
    Alteration::Statements(comment::alter(&target, &comments).into_iter().collect())
}

impl Kind for PrimaryKey {
    fn id(&self) -> ObjectId {
        ObjectId::inner(KindName::PrimaryKey, &self.table, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        key_requires(&self.table, &self.columns, &self.include, self.without_overlaps, schema)
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn clause(&self) -> Option<String> {
        let deferrable = deferrable_words(self.deferrable, self.initially_deferred);
        let (name, columns) = (self.name.quoted(), key_list(&self.columns, self.without_overlaps));
        Some(format!(
            "CONSTRAINT {name} PRIMARY KEY {columns}{}{}{deferrable}",
            include_words(&self.include),
            self.index.words()
        ))
    }

    fn twin_of(&self) -> Option<String> {
        let deferrable = deferrable_words(self.deferrable, self.initially_deferred);
        let columns = key_list(&self.columns, self.without_overlaps);
        Some(format!("{columns}{}{deferrable}", include_words(&self.include)))
    }

    fn after_clause(&self) -> Vec<Statement> {
        self.index.comments(&self.table, &self.name, &self.comment)
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        let clause = self.clause().unwrap_or_default();
        add_indexed(&self.table, &clause, self.after_clause())
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        drop_constraint(&self.table, &self.name)
    }

    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration {
        let bare = |key: &PrimaryKey| PrimaryKey { comment: None, index: KeyIndex::default(), ..key.clone() };
        key_index::alter(diff, context, |key| (&key.index, &key.comment), bare)
    }

    /// PostgreSQL builds the key again, which a foreign key on it is in the way of when the column is only included (2BP01).
    fn rebuilt_by(&self, column: &ColumnRef<'_>) -> bool {
        *column.table == self.table && self.include.contains(column.name)
    }

    fn is_deferred(&self) -> bool {
        self.initially_deferred
    }

    fn claims(&self) -> Vec<NameClaim> {
        let relation = NameClaim::Relation(self.table.sibling(self.name.clone()));
        let constraint = NameClaim::Constraint(self.table.clone(), self.name.clone());
        vec![relation, constraint, NameClaim::PrimaryKey(self.table.clone())]
    }

    fn follow(&mut self, rename: &Rename) {
        rename.follow_inner(KindName::PrimaryKey, &self.table, &mut self.name);
        for column in self.columns.iter_mut().chain(&mut self.include) {
            rename.follow_column(&self.table, column);
        }
        rename.follow_table(&mut self.table);
    }

    fn with_name(&self, name: &Ident) -> Self {
        PrimaryKey { name: name.clone(), ..self.clone() }
    }

    fn tightens(diff: &Diff<&Self>) -> bool {
        let (before, after) = (diff.before, diff.after);
        !super::unique::is_looser((&before.columns, before.without_overlaps), (&after.columns, after.without_overlaps))
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        let nulls = super::unique::Nulls::Distinct;
        if self.without_overlaps {
            return super::unique::overlaps_hazard(&self.id(), &self.table, &self.columns, nulls, context);
        }
        if context.is_unique(&self.table, &self.columns) {
            return Vec::new();
        }
        super::unique::duplicates_hazard(&self.id(), &self.table, &self.columns, nulls, context)
    }
}
