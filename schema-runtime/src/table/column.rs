//! One column, with the table and the Rust type it belongs to.

use std::fmt;
use std::marker::PhantomData;

use super::{Table, shape::quoted};

/// A column of table `T` whose field has the type `V`. It displays as SQL names it, in quotes.
///
/// ```
/// use schema_runtime::Table;
/// #[derive(Table)]
/// #[table(name = "users")]
/// struct User {
///     #[column(primary_key)]
///     id: i64,
///     #[column(name = "eMail")]
///     email: String,
/// }
/// assert_eq!(User::columns().email.name(), "eMail");
/// let sql = format!("SELECT {} FROM {} WHERE {} = $1", User::COLUMNS, User::TABLE, User::columns().email);
/// assert!(sql.ends_with(r#"WHERE "eMail" = $1"#));
/// ```
pub struct Column<T, V> {
    at: usize,
    of: PhantomData<fn() -> (T, V)>,
}

impl<T, V> Column<T, V> {
    #[doc(hidden)]
    pub const fn at(at: usize) -> Column<T, V> {
        Column { at, of: PhantomData }
    }
}

impl<T: Table, V> Column<T, V> {
    /// The name as the catalog has it.
    pub fn name(self) -> &'static str {
        T::SHAPE.names[self.at]
    }

    /// The column in SQL under an alias of its table: `u."email"`.
    pub fn of(self, alias: &str) -> String {
        format!("{}.{self}", schema_core::quote_ident(alias))
    }
}

/// A column of table `T`, whatever its type. Sealed: only [`Column`] is one.
pub trait ColumnOf<T>: Sync + sealed::Sealed {
    #[doc(hidden)]
    fn index(&self) -> usize;
}

mod sealed {
    pub trait Sealed {}
    impl<T, V> Sealed for super::Column<T, V> {}
}

impl<T, V> ColumnOf<T> for Column<T, V> {
    fn index(&self) -> usize {
        self.at
    }
}

impl<T, V> Clone for Column<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Column<T, V> {}

impl<T: Table, V> fmt::Display for Column<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(self.name()))
    }
}

impl<T: Table, V> fmt::Debug for Column<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{self}", T::TABLE)
    }
}
