//! Unique constraints (`pg_constraint`, contype `u`).
//!
//! <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS>

use serde::{Deserialize, Serialize};

use super::primary_key::{add_indexed, deferrable_words, drop_constraint, include_words, key_list, key_requires};
use super::{Alteration, ColumnRef, KeyIndex, Kind, NameClaim, is_false, key_index};
use crate::{Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename};

/// A unique constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unique {
    /// The table.
    pub table: QualifiedName,
    /// The constraint's name.
    pub name: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
    /// `WITHOUT OVERLAPS` (PostgreSQL 18): the last column is a range, and rows that are equal in the others do not overlap in it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_overlaps: bool,
    /// `INCLUDE` columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Ident>,
    /// `NULLS NOT DISTINCT` (PostgreSQL 15).
    #[serde(default, skip_serializing_if = "is_false")]
    pub nulls_not_distinct: bool,
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

/// Whether two rows with NULL share a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// They do not, which is the default.
    Distinct,
    /// They do.
    NotDistinct,
}

impl Nulls {
    /// From the words of the constraint.
    pub(super) fn of(nulls_not_distinct: bool) -> Nulls {
        if nulls_not_distinct { Nulls::NotDistinct } else { Nulls::Distinct }
    }
}

/// Rows that share the values of `columns`; none when every column is new, for then all values are NULL or one default.
pub(super) fn duplicates_hazard(
    id: &ObjectId,
    table: &QualifiedName,
    columns: &[Ident],
    nulls: Nulls,
    context: &Context,
) -> Vec<Hazard> {
    if !context.may_have_rows(table) || (nulls == Nulls::Distinct && context.all_null(table, columns)) {
        return Vec::new();
    }
    let names = columns.iter().map(Ident::quoted).collect::<Vec<_>>().join(", ");
    let message =
        format!("{} `{}` fails when two rows of `{table}` share a value of ({names})", id.kind.words(), id.name());
    let probe = format!("SELECT {names}, count(*) FROM {} GROUP BY {names} HAVING count(*) > 1", table.quoted());
    vec![Hazard::may_fail(id, message, probe)]
}

/// Rows that are equal in all columns but the last and overlap in it.
pub(super) fn overlaps_hazard(
    id: &ObjectId,
    table: &QualifiedName,
    columns: &[Ident],
    nulls: Nulls,
    context: &Context,
) -> Vec<Hazard> {
    let Some((range, equal)) = columns.split_last() else { return Vec::new() };
    let safe = context.all_null(table, columns) || context.is_apart(table, columns);
    if (safe && nulls == Nulls::Distinct) || !context.may_have_rows(table) {
        return Vec::new();
    }
    let names = equal.iter().map(Ident::quoted).collect::<Vec<_>>().join(", ");
    let message = format!(
        "{} `{}` fails when two rows of `{table}` that share a value of ({names}) overlap in `{range}`, or when one is empty there",
        id.kind.words(),
        id.name()
    );
    let same = equal.iter().map(|column| format!(" AND one.{column} = other.{column}", column = column.quoted()));
    let probe = format!(
        "SELECT count(*) FROM {table} AS one, {table} AS other WHERE (one.tableoid, one.ctid) < (other.tableoid, other.ctid){} \
         AND one.{range} && other.{range}",
        same.collect::<String>(),
        table = table.quoted(),
        range = range.quoted()
    );
    vec![Hazard::may_fail(id, message, probe)]
}

/// Whether rows that meet the key `before` meet the key `after`; each is columns, and whether the last may not overlap.
pub(super) fn is_looser(before: (&[Ident], bool), after: (&[Ident], bool)) -> bool {
    let wider = before.0.iter().all(|column| after.0.contains(column));
    // Ranges that are equal overlap, but those that overlap need not be equal.
    wider && (!after.1 || (before.1 && before.0.last() == after.0.last()))
}

impl Kind for Unique {
    fn id(&self) -> ObjectId {
        ObjectId::inner(KindName::Unique, &self.table, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        key_requires(&self.table, &self.columns, &self.include, self.without_overlaps, schema)
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn clause(&self) -> Option<String> {
        let nulls = if self.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
        let deferrable = deferrable_words(self.deferrable, self.initially_deferred);
        let (name, columns) = (self.name.quoted(), key_list(&self.columns, self.without_overlaps));
        Some(format!(
            "CONSTRAINT {name} UNIQUE{nulls} {columns}{}{}{deferrable}",
            include_words(&self.include),
            self.index.words()
        ))
    }

    fn twin_of(&self) -> Option<String> {
        let nulls = if self.nulls_not_distinct { "NULLS NOT DISTINCT " } else { "" };
        let deferrable = deferrable_words(self.deferrable, self.initially_deferred);
        let columns = key_list(&self.columns, self.without_overlaps);
        Some(format!("{nulls}{columns}{}{deferrable}", include_words(&self.include)))
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
        let bare = |unique: &Unique| Unique { comment: None, index: KeyIndex::default(), ..unique.clone() };
        key_index::alter(diff, context, |unique| (&unique.index, &unique.comment), bare)
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
        vec![relation, NameClaim::Constraint(self.table.clone(), self.name.clone())]
    }

    fn follow(&mut self, rename: &Rename) {
        rename.follow_inner(KindName::Unique, &self.table, &mut self.name);
        for column in self.columns.iter_mut().chain(&mut self.include) {
            rename.follow_column(&self.table, column);
        }
        rename.follow_table(&mut self.table);
    }

    fn with_name(&self, name: &Ident) -> Self {
        Unique { name: name.clone(), ..self.clone() }
    }

    fn tightens(diff: &Diff<&Self>) -> bool {
        let (before, after) = (diff.before, diff.after);
        let looser = is_looser((&before.columns, before.without_overlaps), (&after.columns, after.without_overlaps));
        !looser || (after.nulls_not_distinct && !before.nulls_not_distinct)
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        let nulls = Nulls::of(self.nulls_not_distinct);
        if self.without_overlaps {
            return overlaps_hazard(&self.id(), &self.table, &self.columns, nulls, context);
        }
        if !self.nulls_not_distinct && context.is_unique(&self.table, &self.columns) {
            return Vec::new();
        }
        duplicates_hazard(&self.id(), &self.table, &self.columns, nulls, context)
    }
}
