//! Rust text to schema model: the one front end of the derive, the scan of the command line and of build.rs, so that they cannot
//! disagree.
//!
//! Opens no file itself: callers pass texts in, and are told which modules to read next. Evaluates no Rust: what a type alias or
//! a constant stands for is the compiler's to say.

pub mod attr;
pub mod case;
pub mod conditions;
pub mod decl;
pub mod finding;
pub mod lower;
pub mod rust_type;
pub mod scan;
pub mod suggest;
pub mod token;
pub mod types;

pub use finding::SyntaxFinding;
pub use types::TypeContext;

/// The README's code runs with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
