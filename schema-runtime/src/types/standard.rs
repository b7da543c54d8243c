//! The SQL types of std's types.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::time::SystemTime;

use postgres::types::PgLsn;

use super::SqlType;

/// `sql_types! { i64 = "bigint"; }`
macro_rules! sql_types {
    ($($(#[$attribute:meta])* $of:ty = $name:literal;)*) => {
        $($(#[$attribute])* impl $crate::SqlType for $of {
            const NAME: &'static str = $name;
        })*
    };
}
pub(super) use sql_types;

sql_types! {
    bool = "boolean";
    i8 = "\"char\"";
    i16 = "smallint";
    i32 = "integer";
    i64 = "bigint";
    u32 = "oid";
    f32 = "real";
    f64 = "double precision";
    String = "text";
    Box<str> = "text";
    Vec<u8> = "bytea";
    SystemTime = "timestamptz";
    IpAddr = "inet";
    PgLsn = "pg_lsn";
}

impl<S: BuildHasher + Default + Sync> SqlType for HashMap<String, Option<String>, S> {
    const NAME: &'static str = "hstore";
}

/// NULL inside NULL has no spelling in SQL.
const fn not_null<T: SqlType>() {
    assert!(!T::NULLABLE, "an Option in an Option is no column type: SQL has one NULL");
}

/// PostgreSQL's `integer[][]` is `integer[]`, and the driver reads arrays of one dimension only.
const fn not_array<T: SqlType>() {
    assert!(
        !T::ARRAY,
        "an array of arrays cannot be read by the driver; say #[column(sql = \"...\")] and use a type of your own"
    );
}

impl<T: SqlType> SqlType for Option<T> {
    const NAME: &'static str = {
        not_null::<T>();
        T::NAME
    };
    const NULLABLE: bool = true;
    const ARRAY: bool = T::ARRAY;
}

impl<T: SqlType> SqlType for Vec<T> {
    const NAME: &'static str = {
        not_array::<T>();
        T::NAME
    };
    const ARRAY: bool = true;
}

impl<T: SqlType> SqlType for Box<[T]> {
    const NAME: &'static str = {
        not_array::<T>();
        T::NAME
    };
    const ARRAY: bool = true;
}

impl<T: SqlType> SqlType for Box<T> {
    const NAME: &'static str = {
        assert!(!T::NULLABLE, "the driver reads no NULL into a Box<Option<..>>; write Option<Box<..>>");
        T::NAME
    };
    const ARRAY: bool = T::ARRAY;
}

#[cfg(feature = "array-impls")]
impl<T: SqlType, const N: usize> SqlType for [T; N] {
    const NAME: &'static str = {
        not_array::<T>();
        T::NAME
    };
    const ARRAY: bool = true;
}
