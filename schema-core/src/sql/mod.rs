//! PostgreSQL's SQL as text: tokens, statements, and the few rewritings that need no grammar.
//!
//! Everything works token by token, so that a `;` in a string or a name in a comment is never mistaken. Nothing here parses
//! expressions, resolves names, or sends anything to a server: what a statement means is for PostgreSQL to say.

mod array_cast;
mod attributes;
mod classify;
mod compare;
mod definition;
mod findings;
mod grant;
mod lexer;
mod literal;
mod read_back;
mod reader;
mod rename;
mod roles;
mod routine;
mod splitter;

pub(crate) use attributes::{Attribute, attributes};
pub use classify::{NotInTransaction, StatementKind, statement_kind};
pub use compare::{normalized, same_sql};
pub use definition::{Definition, Named, definition};
pub use findings::{
    RunMode, SQL_COPY_FROM_STDIN, SQL_NEEDS_NO_TRANSACTION, SQL_NUL_BYTE, SQL_OPEN, SQL_PSQL_COMMAND,
    SQL_TRANSACTION_CONTROL, findings,
};
pub(crate) use grant::plain_signature;
pub use grant::{Grant, GrantTarget, GrantedOn};
pub use lexer::{Token, TokenKind, Tokens, tokens};
pub use literal::{ident_value, string_literals, string_value};
pub use read_back::read_back;
pub use rename::{mentions_word, rename_qualifier, rename_type, rename_word};
pub use roles::roles;
pub use routine::or_replace;
pub(crate) use routine::{replaces_routine, signature_after};
pub use splitter::{SplitError, SplitProblem, Statement, byte_offset, line_column, split};
