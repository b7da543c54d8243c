//! Two sides of one thing.

use serde::{Deserialize, Serialize};

/// The value before and after a change. Down is up with the sides swapped, for every change there will ever be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff<T> {
    /// The value that the change starts from.
    pub before: T,
    /// The value that it ends at.
    pub after: T,
}

impl<T> Diff<T> {
    /// The way back.
    pub fn invert(self) -> Diff<T> {
        Diff { before: self.after, after: self.before }
    }
}
