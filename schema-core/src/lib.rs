//! The pure middle of `cargo schema`: the model of a schema, the difference of two, the plan that takes one to the other, its
//! SQL, and the graph of revisions.
//!
//! Nothing here touches a file, a clock, the environment, a network or a terminal: facts come in as parameters, and text,
//! values and findings go out.

mod change;
pub mod diagnostic;
pub mod diff;
mod diff_value;
mod expr;
mod hazard;
mod heirs;
pub mod history;
mod ident;
mod keywords;
pub mod kinds;
pub mod lint;
mod moves;
mod names;
mod object;
pub mod plan;
pub mod rename;
mod schema;
pub mod sql;
mod sql_type;
mod statement;

pub use change::{Change, Misfit};
pub use diff_value::Diff;
pub use expr::Expr;
pub use hazard::{Hazard, HazardClass};
pub use ident::{
    DEFAULT_SCHEMA, Ident, IdentError, MAX_IDENT_BYTES, NameError, QualifiedName, join_name, quote_ident,
    quote_literal, split_name,
};
pub use names::{columns_part, default_name, free_name};
pub use object::{KindName, ObjectId};
pub use schema::{Found, Schema};
pub use sql_type::{BaseType, SqlType, TypeError};
pub use statement::{Joins, Statement};
