//! What a NOT NULL constraint says besides that (`pg_constraint`, contype `n`, new in PostgreSQL 18): whether heirs have it too, and
//! whether rows that were there before were looked at.
//!
//! Its name is no part of the model: it keeps the first name of its table and column through every rename, and nothing refers to it.
//! So nothing here needs it, which is why a constraint goes and comes back where `ALTER CONSTRAINT` would do with a name.

use serde::{Deserialize, Serialize};

use super::{Column, is_false};
use crate::{Diff, Expr, Statement, plan::Context};

/// How a column takes no NULL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotNull {
    /// `NO INHERIT`: heirs may hold NULL.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_inherit: bool,
    /// `NOT VALID`: rows that existed before were never looked at.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_valid: bool,
}

impl NotNull {
    pub(super) fn is_default(&self) -> bool {
        *self == NotNull::default()
    }
}

impl Column {
    /// Whether a row may hold NULL in it: also when only new rows are looked at.
    pub(crate) fn may_hold_null(&self) -> bool {
        self.nullable || self.not_null.not_valid
    }

    /// The words in a definition.
    pub(super) fn not_null_words(&self) -> &'static str {
        if !self.nullable && self.not_null.is_default() { " NOT NULL" } else { "" }
    }

    /// What a definition does not say: none has words for NOT VALID, and ADD COLUMN with NO INHERIT leaves heirs with a column that
    /// takes no NULL and has no constraint (seen in 18.6).
    pub(super) fn not_null_after(&self) -> Option<Statement> {
        (!self.nullable && !self.not_null.is_default()).then(|| self.set_not_null())
    }

    /// Makes a column that takes NULL take none.
    pub(super) fn set_not_null(&self) -> Statement {
        let name = self.name.quoted();
        let inherit = if self.not_null.no_inherit { " NO INHERIT" } else { "" };
        let valid = if self.not_null.not_valid { " NOT VALID" } else { "" };
        Statement::alter(
            &self.table,
            match self.not_null.is_default() {
                true => format!("ALTER COLUMN {name} SET NOT NULL"),
                false => format!("ADD NOT NULL {name}{inherit}{valid}"),
            },
        )
    }

    pub(super) fn drop_not_null(&self) -> Statement {
        Statement::alter(&self.table, format!("ALTER COLUMN {} DROP NOT NULL", self.name.quoted()))
    }
}

/// Whether rows with NULL are in the way of the change; those of heirs are when they get a constraint that was not theirs.
pub(super) fn refuses_rows(diff: &Diff<&Column>, context: &Context) -> bool {
    let Diff { before, after } = diff;
    let reaches = before.not_null.no_inherit && !after.not_null.no_inherit;
    let holds = before.may_hold_null() || (reaches && !context.before.heirs(&after.table).is_empty());
    holds && !after.may_hold_null()
}

/// From one way to take no NULL, or none, to another; `fill` is what rows with NULL get. SET NOT NULL looks at the rows of a constraint
/// that is NOT VALID, and is refused where one is not inherited (55000).
pub(super) fn enter(diff: &Diff<&Column>, fill: Option<Expr>) -> Vec<Statement> {
    let Diff { before, after } = diff;
    let same = before.nullable == after.nullable && before.not_null == after.not_null;
    if after.nullable || same {
        return Vec::new();
    }
    let validated = after.not_null.is_default() && !before.not_null.no_inherit;
    let mut statements = Vec::new();
    if !before.nullable && !validated {
        statements.push(before.drop_not_null());
    }
    let (table, name) = (after.table.quoted(), after.name.quoted());
    // Heirs may keep their NULLs where the constraint is not theirs.
    let only = if after.not_null.no_inherit { "ONLY " } else { "" };
    let update = |fill| Statement::sql(format!("UPDATE {only}{table} SET {name} = {fill} WHERE {name} IS NULL"));
    statements.extend(fill.map(update));
    statements.push(after.set_not_null());
    statements
}
