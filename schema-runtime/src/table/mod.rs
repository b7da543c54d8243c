//! What the derive says of a struct: its table, its columns, and how a row becomes a value and back.
//!
//! How the statements are made and sent is in [`crate::rows`]; nothing here knows SQL beyond the quoting of names.

mod column;
mod shape;

use postgres::types::ToSql;
use postgres::{GenericClient, Row};

pub use column::{Column, ColumnOf};
#[doc(hidden)]
pub use shape::{ALWAYS, GENERATED, KEY, NUMBERED, Shape, no_column};

#[cfg(feature = "tokio")]
use crate::rows::asynchronous;
use crate::rows::{Reader, RowError, Sent, blocking};

/// A struct that stands for a table. Derived with `#[derive(Table)]`.
///
/// The methods are the trait's, so that a struct's own methods may have any name; `use schema_runtime::Table` brings in both
/// the derive and the trait. Those that take a client take a `postgres::Client` or a `postgres::Transaction`; with the
/// feature `tokio` each has a twin that ends in `_async`.
///
/// ```no_run
/// use schema_runtime::Table;
/// #[derive(Table)]
/// struct User {
///     #[column(primary_key, identity)]
///     id: i64,
///     email: String,
/// }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut client = postgres::Client::connect("postgresql:///app", postgres::NoTls)?;
/// let mut ada = User { id: 0, email: "ada@example.org".into() }.insert(&mut client)?;
/// ada.email = "ada@example.com".into();
/// let ada = ada.update(&mut client)?;
/// assert!(User::find(&mut client, ada.id)?.is_some());
/// let all = User::select(&mut client, "WHERE email LIKE $1 ORDER BY email", &[&"ada%"])?;
/// ada.delete(&mut client)?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands for no table",
    note = "write `#[derive(schema_runtime::Table)]` on the struct"
)]
pub trait Table: Sized + 'static {
    /// The table's name in SQL, quoted, with its PostgreSQL schema.
    const TABLE: &'static str;

    /// The columns in SQL, quoted, in the order of the fields. A list is never `*`: a prepared `SELECT *` fails once a
    /// migration has added a column.
    const COLUMNS: &'static str;

    #[doc(hidden)]
    const SHAPE: &'static Shape;

    /// A struct with one field for each column, of the same name: see [`Table::columns`].
    type Columns;

    /// The columns by the names of the fields, with their types: `User::columns().email`.
    fn columns() -> Self::Columns;

    #[doc(hidden)]
    fn read(reader: &Reader<'_>) -> Result<Self, RowError>;

    #[doc(hidden)]
    fn value(&self, column: usize) -> &(dyn ToSql + Sync);

    /// The value of a row that a query with [`Table::COLUMNS`] has given. Columns are found by their place, and by name when
    /// another one stands there.
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Self::from_row_at(row, 0)
    }

    /// The value of a row whose columns for this table start at `first`, as in a join.
    fn from_row_at(row: &Row, first: usize) -> Result<Self, RowError> {
        Self::read(&Reader::new(row, Self::TABLE, Self::SHAPE, first))
    }

    /// The columns in SQL under an alias of the table, for a join: `u."id", u."email"`.
    fn columns_of(alias: &str) -> String {
        let alias = schema_core::quote_ident(alias);
        let shown = Self::SHAPE.names.iter().map(|name| format!("{alias}.{}", shape::quoted(name)));
        shown.collect::<Vec<_>>().join(", ")
    }

    /// Inserts the row and gives it back as it is stored. Identity and serial columns are not sent: PostgreSQL numbers them;
    /// nor are generated ones. Columns with a default are sent, with the value they have here.
    fn insert<C: GenericClient>(&self, client: &mut C) -> Result<Self, RowError> {
        blocking::insert(client, self, Sent::Without(&[]))
    }

    /// Inserts the row and leaves some more columns to their defaults: `&[&User::columns().created_at]`.
    fn insert_defaults<C: GenericClient>(
        &self,
        client: &mut C,
        columns: &[&dyn ColumnOf<Self>],
    ) -> Result<Self, RowError> {
        blocking::insert(client, self, Sent::Without(columns))
    }

    /// Inserts the row with the values that identity and serial columns have here, as a restored backup needs it.
    fn insert_exact<C: GenericClient>(&self, client: &mut C) -> Result<Self, RowError> {
        blocking::insert(client, self, Sent::Exact)
    }

    /// The rows that `rest` selects: `WHERE`, `ORDER BY`, `LIMIT`, or nothing for all.
    fn select<C: GenericClient>(
        client: &mut C,
        rest: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Self>, RowError> {
        blocking::select(client, rest, parameters)
    }

    /// The row with this primary key; a tuple when the key has several columns.
    fn find<C: GenericClient>(client: &mut C, key: impl Into<Self::Key>) -> Result<Option<Self>, RowError>
    where
        Self: Keyed,
    {
        blocking::find(client, &key.into())
    }

    /// Writes every column but the key to the row with this key, and gives the row back as it is stored.
    fn update<C: GenericClient>(&self, client: &mut C) -> Result<Self, RowError>
    where
        Self: Keyed,
    {
        blocking::update(client, self)
    }

    /// Deletes the row with this key. Whether there was one.
    fn delete<C: GenericClient>(&self, client: &mut C) -> Result<bool, RowError>
    where
        Self: Keyed,
    {
        blocking::delete(client, self)
    }

    /// See [`Table::insert`].
    #[cfg(feature = "tokio")]
    fn insert_async<C>(&self, client: &C) -> impl Future<Output = Result<Self, RowError>> + Send
    where
        C: tokio_postgres::GenericClient + Sync,
        Self: Send + Sync,
    {
        asynchronous::insert(client, self, Sent::Without(&[]))
    }

    /// See [`Table::insert_defaults`].
    #[cfg(feature = "tokio")]
    fn insert_defaults_async<C>(
        &self,
        client: &C,
        columns: &[&dyn ColumnOf<Self>],
    ) -> impl Future<Output = Result<Self, RowError>> + Send
    where
        C: tokio_postgres::GenericClient + Sync,
        Self: Send + Sync,
    {
        asynchronous::insert(client, self, Sent::Without(columns))
    }

    /// See [`Table::insert_exact`].
    #[cfg(feature = "tokio")]
    fn insert_exact_async<C>(&self, client: &C) -> impl Future<Output = Result<Self, RowError>> + Send
    where
        C: tokio_postgres::GenericClient + Sync,
        Self: Send + Sync,
    {
        asynchronous::insert(client, self, Sent::Exact)
    }

    /// See [`Table::select`].
    #[cfg(feature = "tokio")]
    fn select_async<C>(
        client: &C,
        rest: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> impl Future<Output = Result<Vec<Self>, RowError>> + Send
    where
        C: tokio_postgres::GenericClient + Sync,
        Self: Send,
    {
        asynchronous::select(client, rest, parameters)
    }

    /// See [`Table::find`].
    #[cfg(feature = "tokio")]
    fn find_async<C>(
        client: &C,
        key: impl Into<Self::Key>,
    ) -> impl Future<Output = Result<Option<Self>, RowError>> + Send
    where
        C: tokio_postgres::GenericClient + Sync,
        Self: Keyed<Key: Send + Sync> + Send,
    {
        asynchronous::find(client, key.into())
    }

    /// See [`Table::update`].
    #[cfg(feature = "tokio")]
    fn update_async<C>(&self, client: &C) -> impl Future<Output = Result<Self, RowError>> + Send
    where
        C: tokio_postgres::GenericClient + Sync,
        Self: Keyed + Send + Sync,
    {
        asynchronous::update(client, self)
    }

    /// See [`Table::delete`].
    #[cfg(feature = "tokio")]
    fn delete_async<C>(&self, client: &C) -> impl Future<Output = Result<bool, RowError>> + Send
    where
        C: tokio_postgres::GenericClient + Sync,
        Self: Keyed + Send + Sync,
    {
        asynchronous::delete(client, self)
    }
}

/// A table with a primary key: what [`Table::find`], [`Table::update`] and [`Table::delete`] need.
#[diagnostic::on_unimplemented(
    message = "the table of `{Self}` has no primary key",
    note = "write `#[column(primary_key)]` on the field that is the key, or on each field of it"
)]
pub trait Keyed: Table {
    /// The type of the key: that of its field, or a tuple of several in the order of the key's columns.
    type Key;

    #[doc(hidden)]
    fn key(key: &Self::Key, part: usize) -> &(dyn ToSql + Sync);
}

/// The key of a table whose struct has a mistake in it, so that a call of `find` is no second one.
#[doc(hidden)]
#[derive(Debug)]
pub struct AnyKey;

macro_rules! any_key {
    ($($of:ty),*) => { $(impl From<$of> for AnyKey {
        fn from(_: $of) -> AnyKey {
            AnyKey
        }
    })* };
}

any_key!(i16, i32, i64, String, &str);

impl<A, B> From<(A, B)> for AnyKey {
    fn from(_: (A, B)) -> AnyKey {
        AnyKey
    }
}
