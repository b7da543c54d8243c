//! Which SQL type a Rust type stands for, and how a field of it is read and written.
//!
//! The derive compares what stands here with what it reads off the struct's own tokens, so that an alias or a shadowed name is
//! a compile error and never a wrong schema. Converting the values is the driver's work.

mod cells;
mod check;
mod crates;
mod raw;
mod standard;
mod user;

use postgres::Row;
use postgres::types::{FromSqlOwned, ToSql};

#[doc(hidden)]
pub use cells::cells;
#[doc(hidden)]
pub use check::check;
pub use raw::Raw;
pub use user::EnumType;
#[doc(hidden)]
pub use user::{BoxError, accepts_domain, accepts_enum, checked, read_domain, read_label, write_domain, write_label};

/// A Rust type that always stands for one SQL type.
///
/// It is implemented for the types of std and, behind the features named like the driver's, of other crates; and by
/// `#[derive(Enum)]` and `#[derive(Domain)]`. A column that says `#[column(sql = "...")]` does not need it.
///
/// ```
/// use schema_runtime::SqlType;
/// assert_eq!(<Option<Vec<i32>> as SqlType>::NAME, "integer");
/// assert!(<Option<Vec<i32>>>::ARRAY && <Option<Vec<i32>>>::NULLABLE);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no SQL type",
    label = "no SQL type is known for this Rust type",
    note = "say it on the field: `#[column(sql = \"...\")]`; the Rust type then only needs the driver's `ToSql` and `FromSql`",
    note = "an enum or newtype of yours may derive `schema_runtime::Enum` or `schema_runtime::Domain`; the types of other crates are behind features of schema-runtime, such as `with-uuid-1`"
)]
pub trait SqlType: ToSql + FromSqlOwned + Sync {
    /// The type as PostgreSQL names it, in the spelling of `cargo schema`: `bigint`, `timestamptz`, `app.mood`. The element of
    /// an array.
    const NAME: &'static str;

    /// Whether a value may be NULL, which is so of `Option`.
    const NULLABLE: bool = false;

    /// Whether it is an array.
    const ARRAY: bool = false;

    /// All of it in one constant, for the assertions of the derive.
    #[doc(hidden)]
    const FOUND: check::Found = check::Found::of::<Self>();
}

/// How a field of type `T` is read and written. The derive asks for everything through it, so that a type that does not fit is
/// one error and not five.
#[doc(hidden)]
pub struct Of<T> {
    pub(crate) found: check::Found,
    pub(crate) read: fn(&Row, usize) -> Result<T, postgres::Error>,
    pub(crate) value: fn(&T) -> &(dyn ToSql + Sync),
}

/// A field whose SQL type follows from its Rust type.
#[doc(hidden)]
pub const fn of<T: SqlType>() -> Of<T> {
    Of { found: T::FOUND, read: read::<T>, value: value::<T> }
}

/// A field whose SQL type is given by an attribute.
#[doc(hidden)]
pub const fn of_any<T: ToSql + FromSqlOwned + Sync>() -> Of<T> {
    Of { found: check::Found::UNKNOWN, read: read::<T>, value: value::<T> }
}

fn read<T: FromSqlOwned>(row: &Row, at: usize) -> Result<T, postgres::Error> {
    row.try_get(at)
}

fn value<T: ToSql + Sync>(value: &T) -> &(dyn ToSql + Sync) {
    value
}

impl<T> Of<T> {
    /// The value as a parameter of a statement.
    pub fn value<'v>(&self, value: &'v T) -> &'v (dyn ToSql + Sync) {
        (self.value)(value)
    }
}
