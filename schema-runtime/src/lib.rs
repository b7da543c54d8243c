//! What an application links to use cargo schema: the migrator that brings a database to where the revisions say.
//!
//! The migrator opens no connection of its own: applications pass theirs, blocking or asynchronous. [`connect`] makes one from a
//! URL for those that have none.

pub mod apply;
pub mod connect;
pub mod migrator;

pub use apply::{ApplyError, Event, Observer};
pub use connect::ConnectError;
pub use migrator::{Migrator, Options, Report, Resolution, Status};
pub use schema_core::history::{Migration, RevisionId, Target};
