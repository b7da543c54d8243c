//! What an application links to use cargo schema: the migrator that brings a database to where the revisions say.
//!
//! The migrator opens no connection of its own: applications pass theirs, blocking or asynchronous. [`connect`] makes one from a
//! URL for those that have none.

pub mod apply;
#[cfg(feature = "build")]
pub mod build;
pub mod connect;
mod embed;
pub mod migrator;
mod rows;
#[cfg(feature = "switch")]
pub mod switch;
mod table;
mod types;

pub use apply::{ApplyError, Event, Observer};
pub use connect::ConnectError;
pub use embed::Migrations;
pub use migrator::{Environment, Migrator, Options, Report, Resolution, Status};
#[doc(inline)]
pub use rows::RowError;
pub use schema_core::history::{Migration, RevisionId, Target};
pub use schema_macros::{Domain, Enum, Table, migrations, objects, tables};
pub use table::{Column, ColumnOf, Keyed, Table};
pub use types::{EnumType, Raw, SqlType};

/// What the macros write names of. No part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::embed::{Embedded, EmbeddedAdoption};
    pub use crate::rows::{Reader, RowError};
    pub use crate::table::{AnyKey, Column, Keyed, Shape, Table, no_column};
    pub use crate::types::{
        BoxError, EnumType, Of, SqlType, accepts_domain, accepts_enum, cells, check, checked, of, of_any, read_domain,
        read_label, write_domain, write_label,
    };
    pub use postgres::types::private::BytesMut;
    pub use postgres::types::{FromSql, IsNull, ToSql, Type};
    pub use std::marker::Sync;
    pub use std::option::Option::{self, None, Some};
    pub use std::result::Result::{self, Err, Ok};
}
