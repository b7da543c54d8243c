//! Values of types that no Rust type here stands for.

use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::BoxError;

/// A value of any type in PostgreSQL's binary form: what a column holds whose type has no Rust type here, such as `interval` or
/// `tsvector`. It is read and written as it is.
///
/// ```
/// use schema_runtime::{Raw, Table};
/// #[derive(Table)]
/// struct Job {
///     #[column(primary_key)]
///     id: i64,
///     #[column(sql = "interval")]
///     every: Option<Raw>,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Raw(pub Vec<u8>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Raw, BoxError> {
        Ok(Raw(raw.to_owned()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
