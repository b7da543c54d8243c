//! The facts of a table that its statements are made of.

/// The column is part of the primary key.
#[doc(hidden)]
pub const KEY: u8 = 1;
/// PostgreSQL numbers the column: identity or serial.
#[doc(hidden)]
pub const NUMBERED: u8 = 2;
/// An INSERT may give no value: `GENERATED ALWAYS AS IDENTITY`.
#[doc(hidden)]
pub const ALWAYS: u8 = 4;
/// PostgreSQL computes the column: `GENERATED ALWAYS AS (..) STORED`.
#[doc(hidden)]
pub const GENERATED: u8 = 8;

/// The columns of a table in the order of the fields. The derive writes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Shape {
    /// Their names as the catalog has them.
    pub names: &'static [&'static str],
    /// What is special about each.
    pub flags: &'static [u8],
    /// The columns of the primary key in the order of the key.
    pub key: &'static [usize],
}

impl Shape {
    /// The columns without any of these flags.
    pub(crate) fn without(&self, flags: u8) -> impl Iterator<Item = usize> {
        self.flags.iter().enumerate().filter(move |(_, of)| **of & flags == 0).map(|(at, _)| at)
    }

    /// The names of some columns in SQL.
    pub(crate) fn list(&self, columns: &[usize]) -> String {
        columns.iter().map(|at| quoted(self.names[*at])).collect::<Vec<_>>().join(", ")
    }

    /// `"a" = $1, "b" = $2`, with parameters from `first`.
    pub(crate) fn equations(&self, columns: &[usize], first: usize, between: &str) -> String {
        let equation = |(place, at): (usize, &usize)| format!("{} = ${}", quoted(self.names[*at]), first + place);
        columns.iter().enumerate().map(equation).collect::<Vec<_>>().join(between)
    }
}

/// A name in SQL, always in quotes: a later version of PostgreSQL may reserve any word.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Where the derive's list of columns ends.
///
/// # Panics
/// Always: a shape names columns that its table has.
#[doc(hidden)]
#[cold]
pub fn no_column(column: usize) -> ! {
    panic!("the table has no column {column}")
}
