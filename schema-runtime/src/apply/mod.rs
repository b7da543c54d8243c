//! The engine that applies revisions: one of it, for the blocking and the asynchronous client.
//!
//! A revision is one transaction with its record, or, when its first line says `-- schema: no-transaction`, a sequence of recorded
//! statements that can be taken up again. The engine reads no files and prints nothing: revisions come in as values, events and
//! errors go out. What to run is decided in [`crate::migrator`].

mod error;
mod event;
mod failure;
pub(crate) mod history_table;
pub(crate) mod ledger;
pub(crate) mod lock;
pub(crate) mod prepare;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod session;
pub(crate) mod settings;
mod settle;
pub(crate) mod stepwise;

pub use error::{ApplyError, StatementFailure};
pub use event::{Direction, Event, Holder, Observer};
pub use failure::{SqlFailure, StatementPlace};
pub use ledger::{Applied, Interrupted};
pub use prepare::{SQL_CONCURRENT_INDEX_UNNAMED, SQL_DISCARD_ALL};
