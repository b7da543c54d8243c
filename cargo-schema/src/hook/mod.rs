//! The git hooks that let the database follow the branch: what they say, and how they get into the files of a repository and out
//! again.
//!
//! A project has one block of lines in each hook, between two marks; everything else in the file is somebody else's and stays. What the
//! hook calls is `cargo schema switch`; nothing is decided here about databases.

mod files;
mod repository;
mod script;

pub use files::{Action, HookFile, State};
pub use repository::{HookError, Repository};
pub use script::{Hook, Project};
