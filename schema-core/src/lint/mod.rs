//! Findings over a plan: what it would lose, what may fail on rows, and what may be a rename.
//!
//! It only judges. Which findings the user has accepted is decided by the command, and what a statement locks is measured, not
//! guessed, elsewhere.

mod hazards;
mod renames;

pub use hazards::{
    COLUMN_DROPPED, CONSTRAINT_MAY_FAIL, ENUM_VALUE_REMOVED, NOT_NULL_WITHOUT_DEFAULT, OBJECT_DROPPED, TABLE_DROPPED,
    TYPE_NARROWED, hazard_findings,
};
pub use renames::{Question, RENAME_OR_DROP, RENAME_UNKNOWN, questions, unknown_renames};

use crate::{ObjectId, diagnostic::Place};

/// Where an object stands in the user's text.
pub type PlaceOf<'a> = &'a dyn Fn(&ObjectId) -> Option<Place>;
