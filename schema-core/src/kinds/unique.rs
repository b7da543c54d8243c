//! Unique constraints (`pg_constraint`, contype `u`).
//!
//! <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS>

use serde::{Deserialize, Serialize};

use super::primary_key::{
    add_constraint, alter_comment_only, constraint_target, deferrable_words, drop_constraint, include_words,
};
use super::{Alteration, ColumnRef, Kind, NameClaim, comment, is_false, name_list};
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

impl Kind for Unique {
    fn id(&self) -> ObjectId {
        ObjectId::inner(KindName::Unique, &self.table, &self.name)
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        let columns = self.columns.iter().chain(&self.include).map(|column| ObjectId::column(&self.table, column));
        std::iter::once(ObjectId::table(&self.table)).chain(columns).collect()
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn clause(&self) -> Option<String> {
        let nulls = if self.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
        let deferrable = deferrable_words(self.deferrable, self.initially_deferred);
        let (name, columns) = (self.name.quoted(), name_list(&self.columns));
        Some(format!("CONSTRAINT {name} UNIQUE{nulls} {columns}{}{deferrable}", include_words(&self.include)))
    }

    fn twin_of(&self) -> Option<String> {
        let nulls = if self.nulls_not_distinct { "NULLS NOT DISTINCT " } else { "" };
        let deferrable = deferrable_words(self.deferrable, self.initially_deferred);
        Some(format!("{nulls}{}{}{deferrable}", name_list(&self.columns), include_words(&self.include)))
    }

    fn after_clause(&self) -> Vec<Statement> {
        comment::create(&constraint_target(&self.table, &self.name), &self.comment).into_iter().collect()
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        let clause = self.clause().unwrap_or_default();
        add_constraint(&self.table, &self.name, &clause, &self.comment)
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        drop_constraint(&self.table, &self.name)
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        alter_comment_only(diff, |unique| &unique.comment, |unique| Unique { comment: None, ..unique.clone() })
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
        let wider = before.columns.iter().all(|column| after.columns.contains(column));
        !wider || (after.nulls_not_distinct && !before.nulls_not_distinct)
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        if !self.nulls_not_distinct && context.is_unique(&self.table, &self.columns) {
            return Vec::new();
        }
        duplicates_hazard(&self.id(), &self.table, &self.columns, Nulls::of(self.nulls_not_distinct), context)
    }
}
