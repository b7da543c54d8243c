//! Exclusion constraints (`pg_constraint`, contype `x`).
//!
//! <https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-EXCLUDE>

use serde::{Deserialize, Serialize};

use super::check::mentioned_columns;
use super::column::expr_requires;
use super::primary_key::{add_indexed, deferrable_words, drop_constraint, include_words};
use super::{Alteration, ColumnRef, IndexElement, IndexKey, KeyIndex, Kind, NameClaim, is_false, key_index};
use crate::{
    Diff, Expr, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename,
};

/// An exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// The table.
    pub table: QualifiedName,
    /// The constraint's name.
    pub name: Ident,
    /// The access method of its index, usually `gist`.
    pub method: Ident,
    /// The keys with their operators.
    pub elements: Vec<ExclusionElement>,
    /// `INCLUDE` columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Ident>,
    /// `WHERE`.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Expr>,
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

/// `key WITH operator`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExclusionElement {
    /// What is compared.
    pub key: IndexElement,
    /// The operator, such as `&&` or `=`.
    pub operator: String,
}

impl Kind for Exclusion {
    fn id(&self) -> ObjectId {
        ObjectId::inner(KindName::Exclusion, &self.table, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let keys = self.elements.iter().filter_map(|element| element.key.column_name());
        let mut ids = vec![ObjectId::table(&self.table)];
        ids.extend(keys.chain(&self.include).map(|column| ObjectId::column(&self.table, column)));
        // The operator class of a key may be of an extension, as those of `btree_gist` are.
        ids.extend(schema.of_kind(KindName::Extension).map(super::Object::id));
        for expr in self.expressions() {
            ids.extend(mentioned_columns(expr, &self.table, schema));
            ids.extend(expr_requires(expr, schema));
        }
        ids
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.elements.iter().filter_map(|element| element.key.expression()).chain(&self.predicate).collect()
    }

    fn clause(&self) -> Option<String> {
        let keys = self.elements.iter().map(|element| format!("{} WITH {}", element.key.sql(), element.operator));
        let keys = keys.collect::<Vec<_>>().join(", ");
        let predicate = self.predicate.iter().map(|expr| format!(" WHERE ({expr})")).collect::<String>();
        let deferrable = deferrable_words(self.deferrable, self.initially_deferred);
        let with = self.index.words();
        let (name, method, include) = (self.name.quoted(), self.method.quoted(), include_words(&self.include));
        Some(format!("CONSTRAINT {name} EXCLUDE USING {method} ({keys}){include}{with}{predicate}{deferrable}"))
    }

    fn twin_of(&self) -> Option<String> {
        let unnamed = Exclusion { name: Ident::of("twin"), index: KeyIndex::default(), ..self.clone() };
        unnamed.clause()
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
        let bare = |exclusion: &Exclusion| Exclusion { comment: None, index: KeyIndex::default(), ..exclusion.clone() };
        key_index::alter(diff, context, |exclusion| (&exclusion.index, &exclusion.comment), bare)
    }

    fn rebuilt_by(&self, column: &ColumnRef<'_>) -> bool {
        let keys = || self.elements.iter().filter_map(|element| element.key.column_name());
        let is_key = keys().any(|name| name == column.name);
        let written = self.expressions().into_iter().any(|expr| expr.mentions(column.name));
        let touched = written || (is_key && (column.rebased || !self.expressions().is_empty()));
        *column.table == self.table && touched
    }

    fn is_deferred(&self) -> bool {
        self.initially_deferred
    }

    fn claims(&self) -> Vec<NameClaim> {
        let relation = NameClaim::Relation(self.table.sibling(self.name.clone()));
        vec![relation, NameClaim::Constraint(self.table.clone(), self.name.clone())]
    }

    fn follow(&mut self, rename: &Rename) {
        for element in &mut self.elements {
            match &mut element.key.key {
                IndexKey::Column(name) => rename.follow_column(&self.table, name),
                IndexKey::Expression(expr) => rename.follow_expr(Some(&self.table), expr),
            }
        }
        for column in &mut self.include {
            rename.follow_column(&self.table, column);
        }
        if let Some(predicate) = &mut self.predicate {
            rename.follow_expr(Some(&self.table), predicate);
        }
        rename.follow_inner(KindName::Exclusion, &self.table, &mut self.name);
        rename.follow_table(&mut self.table);
    }

    fn with_name(&self, name: &Ident) -> Self {
        Exclusion { name: name.clone(), ..self.clone() }
    }

    fn tightens(diff: &Diff<&Self>) -> bool {
        let (before, after) = (diff.before, diff.after);
        (&before.method, &before.elements, &before.predicate) != (&after.method, &after.elements, &after.predicate)
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        if !context.may_have_rows(&self.table) {
            return Vec::new();
        }
        let message =
            format!("exclusion constraint `{}` fails when two rows of `{}` exclude each other", self.name, self.table);
        vec![Hazard::may_fail(&self.id(), message, None)]
    }
}
