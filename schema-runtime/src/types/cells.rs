//! Several columns at once, as a tuple: a struct costs the compiler one call and not one for each column.

use crate::rows::{Reader, RowError, get};

use super::SqlType;

/// A tuple of columns of std types.
#[doc(hidden)]
pub trait Cells: Sized {
    /// Reads them from these columns.
    fn read(reader: &Reader<'_>, columns: &[usize]) -> Result<Self, RowError>;
}

/// Reads columns of a row.
#[doc(hidden)]
pub fn cells<T: Cells>(reader: &Reader<'_>, columns: &[usize]) -> Result<T, RowError> {
    T::read(reader, columns)
}

macro_rules! cells {
    ($($of:ident $at:literal),+) => {
        impl<$($of: SqlType),+> Cells for ($($of,)+) {
            fn read(reader: &Reader<'_>, columns: &[usize]) -> Result<Self, RowError> {
                Ok(($(get::<$of>(reader, columns[$at])?,)+))
            }
        }
    };
}

cells!(A 0);
cells!(A 0, B 1);
cells!(A 0, B 1, C 2);
cells!(A 0, B 1, C 2, D 3);
cells!(A 0, B 1, C 2, D 3, E 4);
cells!(A 0, B 1, C 2, D 3, E 4, F 5);
cells!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
cells!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
cells!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
cells!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
cells!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
cells!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
