//! SQL expressions as the user wrote them: defaults, checks, predicates.
//!
//! They are never evaluated or deparsed here, PostgreSQL does that on the dev database. Two expressions are equal when their
//! tokens are, so white space, comments and the case of key words make no change.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Ident, sql};

/// One SQL expression.
///
/// ```
/// use schema_core::Expr;
/// assert_eq!(Expr::new("LOWER( email )"), Expr::new("lower(email)"));
/// assert_ne!(Expr::new("'A'"), Expr::new("'a'"));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Expr(String);

impl Expr {
    /// Takes a text over; outer white space is not part of it.
    pub fn new(text: impl AsRef<str>) -> Expr {
        Expr(text.as_ref().trim().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The expression where the grammar takes only a `b_expr` (<https://www.postgresql.org/docs/current/sql-createtable.html>,
    /// `DEFAULT`): key-word operators need parentheses around them.
    pub fn as_default(&self) -> String {
        const WORDS: [&str; 13] = [
            "and", "or", "not", "is", "in", "like", "ilike", "similar", "between", "collate", "at", "isnull", "notnull",
        ];
        let mut depth = 0i32;
        let loose = sql::tokens(&self.0).any(|token| {
            depth += i32::from(token.is_punct("(")) - i32::from(token.is_punct(")"));
            depth == 0 && WORDS.iter().any(|word| token.is_word(word))
        });
        if loose { format!("({})", self.0) } else { self.0.clone() }
    }

    /// Whether the expression uses this name, as an identifier of any kind.
    pub fn mentions(&self, name: &Ident) -> bool {
        sql::mentions_word(&self.0, name.as_str())
    }

    /// Whether a string literal in the expression is this name or ends in it after a dot: how `nextval('s.seq')` names it.
    pub fn quotes(&self, name: &Ident) -> bool {
        sql::string_literals(&self.0).iter().any(|literal| {
            let last = literal.rsplit('.').next().unwrap_or_default().trim_matches('"');
            last == name.as_str()
        })
    }

    /// The expression after a column was renamed; PostgreSQL renames in its stored form by itself.
    pub fn renamed(&self, before: &Ident, after: &Ident) -> Expr {
        Expr(sql::rename_word(&self.0, before.as_str(), after.as_str()))
    }

    /// The expression after a table or a PostgreSQL schema was renamed.
    pub fn requalified(&self, before: &Ident, after: &Ident) -> Expr {
        Expr(sql::rename_qualifier(&self.0, before.as_str(), after.as_str()))
    }

    /// The expression after a type was renamed.
    pub fn retyped(&self, before: &Ident, after: &Ident) -> Expr {
        Expr(sql::rename_type(&self.0, before.as_str(), after.as_str()))
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.0 == other.0 || sql::same_sql(&self.0, &other.0)
    }
}

impl Eq for Expr {}

impl From<String> for Expr {
    fn from(text: String) -> Expr {
        Expr::new(text)
    }
}

impl From<Expr> for String {
    fn from(expr: Expr) -> String {
        expr.0
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
