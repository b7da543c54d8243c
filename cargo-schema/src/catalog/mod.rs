//! What a database really holds: its catalogs, read into the same model that structs are read into.
//!
//! One file a kind, one bulk query (or two) a file, all in one snapshot under one set of settings, so that two databases are
//! spelled alike. What the model does not know yet is listed by kind and name, never dropped silently. Owners and rows
//! are not looked at, and nothing is written: a role that may connect is enough.

mod column;
mod compare;
mod constraint;
mod definition;
mod domain;
mod enum_type;
mod error;
mod extension;
mod index;
mod inherited_column;
mod namespace;
mod privileges;
mod reader;
mod scope;
mod sequence;
mod sql_object;
mod table;
mod unmanaged;

use postgres::{Client, IsolationLevel, Transaction};
use schema_core::Schema;
use serde::Serialize;

pub use compare::{ObservedDifference, attributes, compare};
pub use error::CatalogError;
pub use scope::Scope;

use reader::Reader;

/// What a database holds.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The objects that the model knows, as PostgreSQL spells them.
    pub schema: Schema,
    /// The others, ordered by kind and name.
    pub unmanaged: Vec<Unmanaged>,
    /// The server's version as PostgreSQL counts it: 150018 is 15.18.
    pub server_version_num: u32,
    /// The PostgreSQL schemas that were looked at.
    pub scope: Scope,
}

/// Something in the database that the model does not know, and that is therefore left alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unmanaged {
    /// What it is in words, such as `view` or `partitioned table`.
    pub kind: String,
    /// Its name as SQL writes it.
    pub name: String,
}

/// Reads the catalogs in a snapshot of their own.
///
/// The connection must not be inside a transaction; see [`observe_within`].
pub fn observe(client: &mut Client, scope: &Scope) -> Result<Observed, CatalogError> {
    let begin = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let mut transaction = begin.start().map_err(CatalogError::reading("the snapshot"))?;
    let observed = observe_within(&mut transaction, scope);
    drop(transaction);
    observed.map_err(|error| error.with_holders(client))
}

/// Reads the catalogs as the transaction sees them; its settings and its work are left as they are.
///
/// The snapshot is one only when the transaction is REPEATABLE READ.
pub fn observe_within(transaction: &mut Transaction<'_>, scope: &Scope) -> Result<Observed, CatalogError> {
    let mut reader = Reader::start(transaction)?;
    namespace::read(&mut reader, scope)?;
    extension::read(&mut reader)?;
    enum_type::read(&mut reader)?;
    domain::read(&mut reader)?;
    let tables = table::read(&mut reader)?;
    let mut sequences = sequence::read(&mut reader, &tables)?;
    let columns = column::read(&mut reader, &tables, &mut sequences)?;
    sequences.free_standing(&mut reader, &columns);
    let indexes = index::read(&mut reader, &tables, &columns)?;
    let backing = constraint::read(&mut reader, &tables, &columns, &indexes)?;
    indexes.insert(&mut reader, &backing);
    let statements = sql_object::read(&mut reader, &tables, &columns)?;
    privileges::read(&mut reader, &statements)?;
    unmanaged::read(&mut reader)?;
    reader.finish(scope)
}
