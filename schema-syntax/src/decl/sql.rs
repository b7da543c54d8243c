//! One statement of a `schema/*.sql` file.

use schema_core::sql::Definition;

use crate::token::Span;

/// A statement that declares an object, completes one, or comments on one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlDecl {
    /// Where its first words are.
    pub span: Span,
    /// What it is about.
    pub definition: Definition,
    /// The statement, without its semicolon.
    pub sql: String,
}
