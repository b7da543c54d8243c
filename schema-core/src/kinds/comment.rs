//! Comments: a property of every object, so that re-creating an object brings its comment back.
//!
//! <https://www.postgresql.org/docs/current/sql-comment.html>

use crate::{Diff, Statement, quote_literal};

/// `COMMENT ON` for a new object.
pub(super) fn create(target: &str, comment: &Option<String>) -> Option<Statement> {
    comment.as_ref().map(|text| Statement::sql(format!("COMMENT ON {target} IS {}", quote_literal(text))))
}

/// `COMMENT ON` when the comment changed.
pub(super) fn alter(target: &str, diff: &Diff<&Option<String>>) -> Option<Statement> {
    if diff.before == diff.after {
        return None;
    }
    create(target, diff.after).or_else(|| Some(Statement::sql(format!("COMMENT ON {target} IS NULL"))))
}
