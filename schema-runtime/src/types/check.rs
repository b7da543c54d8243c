//! The const assertions of the derive: a field's Rust type against what its tokens, or its attributes, say.
//!
//! They run while the application compiles and leave nothing in it.

use super::{Of, SqlType};

/// The longest message; what does not fit is cut.
const LONGEST: usize = 512;

/// What a Rust type is in SQL.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Found {
    name: &'static str,
    nullable: bool,
    array: bool,
}

/// What the struct's tokens say of a field (its name, its SQL type, whether it takes NULL), and what the compiler has found.
#[doc(hidden)]
pub type Column = (&'static str, &'static str, bool, Found);

/// Stops the compilation unless the columns of a struct are what its tokens say. It has no parameters, so that the compiler
/// makes one function of it.
#[doc(hidden)]
#[track_caller]
pub const fn check(table: &str, columns: &[Column]) {
    let mut at = 0;
    while at < columns.len() {
        let (field, sql, nullable, found) = columns[at];
        if !found.is(sql) {
            panic!("{}", found.other_type(&[table, ".", field], sql).text());
        }
        if found.nullable != nullable {
            panic!("{}", other_null(&[table, ".", field], nullable).text());
        }
        at += 1;
    }
}

impl<T> Of<T> {
    /// Stops the compilation unless the field has this SQL type and nullability. `field` is `User.email`.
    #[track_caller]
    pub const fn expect(self, field: &str, sql: &str, nullable: bool) -> Of<T> {
        self.expect_type(field, sql).expect_null(field, nullable)
    }

    /// Stops the compilation unless the field has this SQL type.
    #[track_caller]
    pub const fn expect_type(self, field: &str, sql: &str) -> Of<T> {
        if !self.found.is(sql) {
            panic!("{}", self.found.other_type(&[field], sql).text());
        }
        self
    }

    /// Stops the compilation unless the field has this nullability.
    #[track_caller]
    pub const fn expect_null(self, field: &str, nullable: bool) -> Of<T> {
        if self.found.nullable != nullable {
            panic!("{}", other_null(&[field], nullable).text());
        }
        self
    }
}

impl Found {
    /// What a type says of itself.
    pub const fn of<T: SqlType>() -> Found {
        Found { name: T::NAME, nullable: T::NULLABLE, array: T::ARRAY }
    }

    /// Nothing, for a type that an attribute gives.
    pub(super) const UNKNOWN: Found = Found { name: "", nullable: false, array: false };

    const fn is(&self, sql: &str) -> bool {
        let (name, sql) = (self.name.as_bytes(), sql.as_bytes());
        let length = if self.array { name.len() + 2 } else { name.len() };
        if sql.len() != length {
            return false;
        }
        let mut at = 0;
        while at < name.len() {
            if name[at] != sql[at] {
                return false;
            }
            at += 1;
        }
        !self.array || (sql[at] == b'[' && sql[at + 1] == b']')
    }

    const fn other_type(&self, field: &[&str], sql: &str) -> Message {
        let array = if self.array { "[]" } else { "" };
        Message::new()
            .add(&["`"])
            .add(field)
            .add(&["` is declared as `", sql, "`, but the Rust type behind it is `", self.name, array])
            .add(&["`; say which one is meant: #[column(sql = \"", self.name, array, "\")]"])
    }
}

const fn other_null(field: &[&str], nullable: bool) -> Message {
    let (declared, real, wanted) = match nullable {
        true => ("NULL", "never holds NULL", "nullable = false"),
        false => ("NOT NULL", "may hold NULL", "nullable"),
    };
    Message::new()
        .add(&["`"])
        .add(field)
        .add(&["` is declared ", declared, ", but the Rust type behind it ", real])
        .add(&["; write Option<..> where the struct shows it, or #[column(", wanted, ")]"])
}

/// A text put together in a constant, where `format!` cannot be called.
struct Message {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Message {
    const fn new() -> Message {
        Message { bytes: [0; LONGEST], length: 0 }
    }

    const fn add(mut self, parts: &[&str]) -> Message {
        let mut part = 0;
        while part < parts.len() {
            let (bytes, mut at) = (parts[part].as_bytes(), 0);
            while at < bytes.len() && self.length < LONGEST {
                self.bytes[self.length] = bytes[at];
                self.length += 1;
                at += 1;
            }
            part += 1;
        }
        self
    }

    const fn text(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "the Rust type of a field is not what its attributes say",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::SqlType;
    use crate::types::{check, of};

    #[test]
    fn what_fits_is_silent() {
        of::<i64>().expect("A.b", "bigint", false);
        of::<Option<Vec<String>>>().expect("A.b", "text[]", true);
        of::<Option<Vec<String>>>().expect_null("A.b", true);
    }

    #[test]
    #[should_panic = "`User.name` is declared NOT NULL, but the Rust type behind it may hold NULL"]
    fn of_many_columns_the_wrong_one_is_named() {
        let (id, name) = (<i64 as SqlType>::FOUND, <Option<String> as SqlType>::FOUND);
        check("User", &[("id", "bigint", false, id), ("name", "text", false, name)]);
    }

    #[test]
    #[should_panic = "`A.b` is declared as `text`, but the Rust type behind it is `integer[]`; say which one is meant: #[column(sql = \"integer[]\")]"]
    fn another_type_names_both() {
        of::<Vec<i32>>().expect("A.b", "text", false);
    }

    #[test]
    #[should_panic = "`A.b` is declared NOT NULL, but the Rust type behind it may hold NULL; write Option<..> where the struct shows it, or #[column(nullable)]"]
    fn a_hidden_option_is_found() {
        of::<Option<i32>>().expect("A.b", "integer", false);
    }
}
