//! Domains (`pg_type`, typtype `d`): a type with a default, NOT NULL and checks of its own.
//!
//! <https://www.postgresql.org/docs/current/sql-createdomain.html>

use serde::{Deserialize, Serialize};

use super::{
    Alteration, Kind, NameClaim, Retyped,
    column::{collation_requires, expr_requires, type_requires},
    column_type, comment, is_false, namespace_of, retype,
};
use crate::{
    Diff, Expr, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, SqlType, Statement, plan::Context,
    rename::Rename, sql_type::type_name,
};

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Its name.
    pub name: QualifiedName,
    /// The type it is over.
    #[serde(rename = "type")]
    pub sql_type: SqlType,
    /// `COLLATE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// `NOT NULL`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_null: bool,
    /// `DEFAULT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expr>,
    /// `CHECK` constraints, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<DomainCheck>,
    /// `COMMENT ON DOMAIN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A check of a domain; its expression calls the value `VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainCheck {
    /// The constraint's name.
    pub name: Ident,
    /// What must not be false.
    pub expr: Expr,
    /// `NOT VALID`: values that existed before were never looked at.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_valid: bool,
    /// `COMMENT ON CONSTRAINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl DomainCheck {
    fn words(&self) -> String {
        format!("CONSTRAINT {} CHECK ({})", self.name.quoted(), self.expr)
    }

    /// The rule alone.
    fn rule(&self) -> (&Ident, &Expr) {
        (&self.name, &self.expr)
    }
}

impl Domain {
    fn target(&self) -> String {
        format!("DOMAIN {}", type_name(&self.name))
    }

    fn alter_words(&self, action: impl std::fmt::Display) -> Statement {
        Statement::sql(format!("ALTER DOMAIN {} {action}", type_name(&self.name)))
    }

    /// Whether the type must be made anew. PostgreSQL gives a domain no rule that values must meet while a column holds arrays of it
    /// (0A000: `validateDomainCheckConstraint` finds no way into them).
    pub(super) fn is_replaced(diff: &Diff<&Self>, context: &Context) -> bool {
        let in_arrays = || {
            let columns = retype::columns_kept(&diff.after.name, context.before, context.after);
            columns.iter().any(|column| column.sql_type.array)
        };
        diff.before.sql_type != diff.after.sql_type
            || diff.before.collation != diff.after.collation
            || (Domain::tightened(diff) && in_arrays())
    }

    /// Whether values that it has taken are looked at again.
    fn tightened(diff: &Diff<&Self>) -> bool {
        let stricter = |new: &DomainCheck| {
            !new.not_valid && !diff.before.checks.iter().any(|old| old.rule() == new.rule() && !old.not_valid)
        };
        diff.after.checks.iter().any(stricter) || (diff.after.not_null && !diff.before.not_null)
    }

    /// PostgreSQL copies the default of the domain that this one is over, once, when it is made.
    fn would_inherit_default(&self, schema: &Schema) -> bool {
        let base = self.sql_type.user_type().and_then(|name| schema.get(&ObjectId::top(KindName::Domain, name)));
        matches!(base, Some(super::Object::Domain(base)) if base.default.is_some())
    }

    fn check_changes(diff: &Diff<&Self>) -> Vec<Statement> {
        let after = diff.after;
        // A valid check does not become unproven again without being made again.
        let kept = |old: &DomainCheck, new: &DomainCheck| old.rule() == new.rule() && (old.not_valid || !new.not_valid);
        let gone = diff.before.checks.iter().filter(|old| !after.checks.iter().any(|new| kept(old, new)));
        let drops = gone.map(|check| after.alter_words(format!("DROP CONSTRAINT {}", check.name.quoted())));
        let changes = after.checks.iter().flat_map(|new| match diff.before.checks.iter().find(|old| kept(old, new)) {
            Some(old) => after.check_change(&Diff { before: old, after: new }),
            None => after.add_check(new),
        });
        drops.chain(changes).collect()
    }

    fn check_change(&self, diff: &Diff<&DomainCheck>) -> Vec<Statement> {
        let proven = diff.before.not_valid && !diff.after.not_valid;
        let name = diff.after.name.quoted();
        let validate = proven.then(|| self.alter_words(format!("VALIDATE CONSTRAINT {name}")));
        let comments = Diff { before: &diff.before.comment, after: &diff.after.comment };
        validate.into_iter().chain(comment::alter(&self.check_target(diff.after), &comments)).collect()
    }

    fn add_check(&self, check: &DomainCheck) -> Vec<Statement> {
        let not_valid = if check.not_valid { " NOT VALID" } else { "" };
        let add = self.alter_words(format!("ADD {}{not_valid}", check.words()));
        std::iter::once(add).chain(self.check_comment(check)).collect()
    }

    fn check_target(&self, check: &DomainCheck) -> String {
        format!("CONSTRAINT {} ON {}", check.name.quoted(), self.target())
    }

    fn check_comment(&self, check: &DomainCheck) -> Option<Statement> {
        comment::create(&self.check_target(check), &check.comment)
    }
}

impl Kind for Domain {
    fn id(&self) -> ObjectId {
        ObjectId::top(KindName::Domain, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let mut ids = vec![namespace_of(&self.name)];
        ids.extend(type_requires(&self.sql_type, schema));
        ids.extend(collation_requires(self.collation.as_ref(), schema));
        ids.extend(self.expressions().into_iter().flat_map(|expr| expr_requires(expr, schema)));
        ids.retain(|id| *id != self.id());
        ids
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.default.iter().chain(self.checks.iter().map(|check| &check.expr)).collect()
    }

    fn without_expressions(&self) -> Option<Self> {
        let holds = self.default.is_some() || !self.checks.is_empty();
        holds.then(|| Domain { default: None, checks: Vec::new(), ..self.clone() })
    }

    fn create(&self, context: &Context) -> Vec<Statement> {
        let mut text = format!("CREATE DOMAIN {} AS {}", type_name(&self.name), self.sql_type.sql());
        if let Some(collation) = &self.collation {
            text.push_str(&format!(" COLLATE {}", collation.quoted()));
        }
        if let Some(default) = &self.default {
            text.push_str(&format!(" DEFAULT {}", default.as_default()));
        }
        if self.not_null {
            text.push_str(" NOT NULL");
        }
        let (unproven, proven): (Vec<_>, Vec<_>) = self.checks.iter().partition(|check| check.not_valid);
        text.extend(proven.iter().map(|check| format!(" {}", check.words())));
        let inherits = self.default.is_none() && self.would_inherit_default(context.after);
        let dropped = inherits.then(|| self.alter_words("DROP DEFAULT"));
        let mut statements: Vec<Statement> = std::iter::once(Statement::sql(text)).chain(dropped).collect();
        statements.extend(proven.into_iter().filter_map(|check| self.check_comment(check)));
        statements.extend(unproven.into_iter().flat_map(|check| self.add_check(check)));
        statements.extend(comment::create(&self.target(), &self.comment));
        statements
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP DOMAIN {}", type_name(&self.name)))]
    }

    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration {
        let (before, after) = (diff.before, diff.after);
        if retype::over_replaced(&before.sql_type, &after.sql_type, context) {
            return Alteration::Statements(Vec::new());
        }
        if Domain::is_replaced(diff, context) {
            let using = |column: &super::Column| {
                let name = column.name.quoted();
                if column.sql_type.array || before.sql_type == after.sql_type {
                    return format!("{name}::text::{}", column.sql_type.sql());
                }
                let value = column_type::using(&column.name, &before.sql_type, &after.sql_type).unwrap_or(name);
                format!("({value})::{}::{}", after.sql_type.sql(), column.sql_type.sql())
            };
            return retype::replace(&after.name, after.create(context), context, using);
        }
        let mut statements = Vec::new();
        if before.default != after.default {
            let drop = || "DROP DEFAULT".to_owned();
            let action = after.default.as_ref().map_or_else(drop, |expr| format!("SET DEFAULT {}", expr.as_default()));
            statements.push(after.alter_words(action));
        }
        if before.not_null != after.not_null {
            statements.push(after.alter_words(if after.not_null { "SET NOT NULL" } else { "DROP NOT NULL" }));
        }
        statements.extend(Domain::check_changes(diff));
        let comments = Diff { before: &before.comment, after: &after.comment };
        statements.extend(comment::alter(&after.target(), &comments));
        Alteration::Statements(statements)
    }

    fn retypes(diff: &Diff<&Self>, context: &Context) -> Vec<Retyped> {
        if Domain::is_replaced(diff, context) { retype::columns_moved(&diff.after.name, context) } else { Vec::new() }
    }

    fn takes_along(diff: &Diff<&Self>, context: &Context) -> Vec<ObjectId> {
        if Domain::is_replaced(diff, context) { retype::domains_along(&diff.after.name, context) } else { Vec::new() }
    }

    fn claims(&self) -> Vec<NameClaim> {
        vec![NameClaim::Type(self.name.clone())]
    }

    fn follow(&mut self, rename: &Rename) {
        for expr in self.default.iter_mut().chain(self.checks.iter_mut().map(|check| &mut check.expr)) {
            rename.follow_expr(None, expr);
        }
        rename.follow_name(KindName::Domain, &mut self.name);
        if let Some(mut name) = self.sql_type.user_type().cloned() {
            let before = name.clone();
            rename.follow_name(KindName::Enum, &mut name);
            rename.follow_name(KindName::Domain, &mut name);
            self.sql_type = self.sql_type.clone().renamed(&before, &name);
        }
    }

    fn with_name(&self, name: &Ident) -> Self {
        Domain { name: self.name.sibling(name.clone()), ..self.clone() }
    }

    fn alter_hazards(diff: &Diff<&Self>, context: &Context) -> Vec<Hazard> {
        let (before, after) = (diff.before, diff.after);
        if retype::columns_kept(&after.name, context.before, context.after).is_empty() {
            return Vec::new();
        }
        let tightened = Domain::tightened(diff);
        let narrowed = before.sql_type != after.sql_type && !crate::sql_type::widens(&before.sql_type, &after.sql_type);
        let message =
            |what: &str| format!("domain `{}` {what}; a row that holds another value fails the migration", after.name);
        let rule = tightened.then(|| Hazard::may_fail(&after.id(), message("gets a stricter rule"), None));
        let kind = narrowed.then(|| {
            Hazard::narrowing(&after.id(), message(&format!("goes from {} to {}", before.sql_type, after.sql_type)))
        });
        rule.into_iter().chain(kind).collect()
    }
}
