//! Check constraints of tables (`pg_constraint`, contype `c`).
//!
//! <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS>

use serde::{Deserialize, Serialize};

use super::column::expr_requires;
use super::primary_key::{add_constraint, alter_comment_only, constraint_target, drop_constraint};
use super::{Alteration, ColumnRef, Kind, NameClaim, comment, is_false};
use crate::{
    Diff, Expr, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename,
};

/// A check constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The table.
    pub table: QualifiedName,
    /// The constraint's name.
    pub name: Ident,
    /// What must not be false.
    pub expr: Expr,
    /// `NO INHERIT`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_inherit: bool,
    /// `NOT VALID`: rows that existed before were never looked at.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_valid: bool,
    /// `NOT ENFORCED` (PostgreSQL 18): no row is ever looked at.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_enforced: bool,
    /// `COMMENT ON CONSTRAINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// `VALIDATE CONSTRAINT`, when that is all that `before` lacks.
pub(super) fn validate(table: &QualifiedName, name: &Ident) -> Alteration {
    Alteration::Statements(vec![Statement::alter(table, format!("VALIDATE CONSTRAINT {}", name.quoted()))])
}

/// The columns of a table that an expression names.
pub(super) fn mentioned_columns(expr: &Expr, table: &QualifiedName, schema: &Schema) -> Vec<ObjectId> {
    let columns = schema.all_columns(table).into_iter();
    columns.filter(|column| expr.mentions(&column.name)).map(|column| column.id()).collect()
}

impl Check {
    /// One that all rows meet.
    pub fn new(table: QualifiedName, name: Ident, expr: Expr) -> Check {
        Check { table, name, expr, no_inherit: false, not_valid: false, not_enforced: false, comment: None }
    }

    fn words(&self) -> String {
        let no_inherit = if self.no_inherit { " NO INHERIT" } else { "" };
        let not_enforced = if self.not_enforced { " NOT ENFORCED" } else { "" };
        format!("CONSTRAINT {} CHECK ({}){no_inherit}{not_enforced}", self.name.quoted(), self.expr)
    }
}

impl Kind for Check {
    fn id(&self) -> ObjectId {
        ObjectId::inner(KindName::Check, &self.table, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let mut ids = vec![ObjectId::table(&self.table)];
        ids.extend(mentioned_columns(&self.expr, &self.table, schema));
        ids.extend(expr_requires(&self.expr, schema));
        ids
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn expressions(&self) -> Vec<&Expr> {
        vec![&self.expr]
    }

    /// CREATE TABLE takes no NOT VALID: a new table has no rows to be left unchecked.
    fn clause(&self) -> Option<String> {
        (!self.not_valid).then(|| self.words())
    }

    fn after_clause(&self) -> Vec<Statement> {
        comment::create(&constraint_target(&self.table, &self.name), &self.comment).into_iter().collect()
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        let not_valid = if self.not_valid { " NOT VALID" } else { "" };
        add_constraint(&self.table, &self.name, &format!("{}{not_valid}", self.words()), &self.comment)
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        drop_constraint(&self.table, &self.name)
    }

    /// PostgreSQL 18 refuses to begin or to stop enforcing a check that is there (42809).
    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        if *diff.after == (Check { not_valid: false, ..diff.before.clone() }) && diff.before.not_valid {
            return validate(&diff.after.table, &diff.after.name);
        }
        alter_comment_only(diff, |check| &check.comment, |check| Check { comment: None, ..check.clone() })
    }

    /// PostgreSQL keeps the casts of the old type in the stored expression, so a fresh build would differ; it reads its own text of
    /// `IN` back in another form even when only the length of a varchar changes.
    fn rebuilt_by(&self, column: &ColumnRef<'_>) -> bool {
        *column.table == self.table && self.expr.mentions(column.name)
    }

    fn claims(&self) -> Vec<NameClaim> {
        vec![NameClaim::Constraint(self.table.clone(), self.name.clone())]
    }

    fn follow(&mut self, rename: &Rename) {
        rename.follow_expr(Some(&self.table), &mut self.expr);
        rename.follow_inner(KindName::Check, &self.table, &mut self.name);
        rename.follow_table(&mut self.table);
    }

    fn with_name(&self, name: &Ident) -> Self {
        Check { name: name.clone(), ..self.clone() }
    }

    fn tightens(diff: &Diff<&Self>) -> bool {
        diff.before.expr != diff.after.expr || diff.before.not_valid || diff.before.not_enforced
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        if self.not_valid || self.not_enforced || !context.may_have_rows(&self.table) {
            return Vec::new();
        }
        let message = format!("check `{}` fails when a row of `{}` breaks it: {}", self.name, self.table, self.expr);
        let probe = format!("SELECT count(*) FROM {} WHERE NOT ({})", self.table.quoted(), self.expr);
        vec![Hazard::may_fail(&self.id(), message, probe)]
    }
}
