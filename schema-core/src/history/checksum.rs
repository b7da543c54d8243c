//! Checksums of a revision's SQL, and what kind of edit happened since one was recorded.
//!
//! Two of them: over the text, so that every edit is seen, and over its tokens, so that comments and white space alone are known
//! to be harmless. Line ends and a byte-order mark count in neither: git and editors change them.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::migration::is_transactional;
use crate::sql;

/// The two checksums of one revision, each SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Checksums {
    /// Over the text of up and down.
    pub text: String,
    /// Over the tokens of up and down, and whether each runs in a transaction. How tokens are spelled may be refined from one
    /// version to the next, so compare it with one computed from the recorded texts when the ledger holds them.
    pub statements: String,
}

/// What happened to a revision since its checksums were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Nothing.
    None,
    /// Comments, white space or the case of words changed; the server would do the same.
    Reformatted,
    /// The statements changed.
    Statements,
}

impl Checksums {
    /// The checksums of the two texts.
    pub fn of(up: &str, down: Option<&str>) -> Checksums {
        Checksums {
            text: Checksums::text_of(up, down),
            statements: hash(&statements(up), down.map(statements).as_deref()),
        }
    }

    /// The checksum of the texts alone, which needs no look at their tokens: equal ones are the ordinary case.
    pub fn text_of(up: &str, down: Option<&str>) -> String {
        hash(&unix(up), down.map(unix).as_deref())
    }

    /// What happened since `recorded`.
    pub fn edit_since(&self, recorded: &Checksums) -> Edit {
        if self.text == recorded.text {
            Edit::None
        } else if self.statements == recorded.statements {
            Edit::Reformatted
        } else {
            Edit::Statements
        }
    }
}

/// Without byte-order mark, lines ended by LF.
pub(super) fn unix(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

fn statements(text: &str) -> String {
    let text = unix(text);
    // The one comment that changes what happens.
    let mode = if is_transactional(&text) { "transaction\n" } else { "no transaction\n" };
    mode.to_owned() + &sql::normalized(&text)
}

/// The lengths stand in front, so that text cannot move between up and down unseen.
fn hash(up: &str, down: Option<&str>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("up {}\n", up.len()));
    hasher.update(up);
    if let Some(down) = down {
        hasher.update(format!("down {}\n", down.len()));
        hasher.update(down);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: (&str, Option<&str>), after: (&str, Option<&str>), expected: Edit) {
        let edit = Checksums::of(after.0, after.1).edit_since(&Checksums::of(before.0, before.1));
        assert_eq!(edit, expected, "{before:?} {after:?}");
    }

    #[test]
    fn line_ends_and_byte_order_marks_do_not_count() {
        check(("a;\nb;\n", None), ("\u{feff}a;\r\nb;\r\n", None), Edit::None);
    }

    #[test]
    fn comments_and_white_space_are_reformatted() {
        check(("SELECT 1;", Some("x")), ("-- one\nselect  1 ;", Some("x /* y */")), Edit::Reformatted);
    }

    #[test]
    fn everything_else_is_an_edit() {
        check(("SELECT 1;", None), ("SELECT 2;", None), Edit::Statements);
        check(("SELECT 'a';", None), ("SELECT 'A';", None), Edit::Statements);
        check(("a", Some("b")), ("a", None), Edit::Statements);
        check(("a", Some("b")), ("ab", Some("")), Edit::Statements);
        check(("a", None), ("-- schema: no-transaction\na", None), Edit::Statements);
    }

    #[test]
    fn the_checksum_stays_what_ledgers_hold() {
        let text = Checksums::of("SELECT 1;\n", Some("SELECT 2;\n")).text;
        assert_eq!(text, "2911e484e264ca1a28ccc8e7ebf89efd4bd14f4213e9f86c6bb0f19bdfea626a");
    }
}
