//! What a command says: findings and failures, progress, tables, and the JSON object for programs.
//!
//! Results go to stdout, all else to stderr. Nothing here decides what is said; commands give values.

pub mod changes;
pub mod difference;
pub mod duration;
pub mod json;
pub mod lanes;
mod paint;
pub mod problem;
pub mod progress;
mod screen;
pub mod statement;
pub mod table;
mod terminal;
mod texts;
pub mod words;

pub use paint::Paint;
pub use problem::{Pointed, Problem};
pub use screen::Screen;
pub use terminal::{render, render_findings};
pub use texts::Texts;

use schema_core::diagnostic::Code;

/// The page of a code.
pub fn page(code: Code) -> String {
    format!("{PAGES}{}.md", code.as_str())
}

/// Where the pages of all codes are.
pub const PAGES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/codes/");
