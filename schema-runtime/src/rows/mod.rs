//! Reading and writing the rows of a table: insert, find, select, update, delete.
//!
//! Statements are made of the table's shape, with every name quoted and every column named. One statement is one call; nothing
//! is cached and no transaction is opened.

#[cfg(feature = "tokio")]
pub(crate) mod asynchronous;
pub(crate) mod blocking;
mod error;
mod reader;
mod statement;

pub use error::RowError;
#[doc(hidden)]
pub use reader::Reader;
pub(crate) use reader::get;
pub(crate) use statement::Sent;
