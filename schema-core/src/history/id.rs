//! The name of a revision, which is the name of its folder.
//!
//! Ids are compared and ordered as text; the time in front of most of them is a convention that nothing here reads.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a revision: ASCII letters, digits, `_`, `-` and `.`, so that it is a folder name on every system and needs no quotes
/// in a shell.
///
/// ```
/// use schema_core::history::RevisionId;
/// let id = RevisionId::new("20261122131500_add_bio").unwrap();
/// assert_eq!(id.name(), "add_bio");
/// assert!(RevisionId::new("add bio").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RevisionId(Box<str>);

/// Why a text cannot be the id of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevisionIdError {
    /// No text.
    Empty,
    /// A dot in front hides the folder, a dash makes it look like a flag.
    Start(char),
    /// A character that is not allowed.
    Character(char),
    /// `head`, `heads` and `base` are targets of `upgrade` and `downgrade`.
    Reserved,
}

impl fmt::Display for RevisionIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RevisionIdError::Empty => f.write_str("the id of a revision cannot be empty"),
            RevisionIdError::Start(c) => write!(f, "the id of a revision cannot start with `{c}`"),
            RevisionIdError::Character(c) => {
                write!(f, "the id of a revision cannot contain {c:?}; use letters, digits, `_`, `-` and `.`")
            }
            RevisionIdError::Reserved => {
                f.write_str("`head`, `heads` and `base` are targets of upgrade and downgrade and cannot be ids")
            }
        }
    }
}

impl std::error::Error for RevisionIdError {}

impl RevisionId {
    /// Checks a text.
    pub fn new(text: impl Into<String>) -> Result<RevisionId, RevisionIdError> {
        let text = text.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        match text.chars().next() {
            None => return Err(RevisionIdError::Empty),
            Some(c @ ('.' | '-')) => return Err(RevisionIdError::Start(c)),
            Some(_) => {}
        }
        if let Some(c) = text.chars().find(|c| !allowed(*c)) {
            return Err(RevisionIdError::Character(c));
        }
        if matches!(text.as_str(), "head" | "heads" | "base") {
            return Err(RevisionIdError::Reserved);
        }
        Ok(RevisionId(text.into_boxed_str()))
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the time, for people; the whole id when there is no time in front.
    pub fn name(&self) -> &str {
        match self.0.split_once('_') {
            Some((time, name)) if !name.is_empty() && time.bytes().all(|c| c.is_ascii_digit()) => name,
            _ => &self.0,
        }
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for RevisionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for RevisionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RevisionId {
    type Error = RevisionIdError;
    fn try_from(text: String) -> Result<RevisionId, RevisionIdError> {
        RevisionId::new(text)
    }
}

impl TryFrom<&str> for RevisionId {
    type Error = RevisionIdError;
    fn try_from(text: &str) -> Result<RevisionId, RevisionIdError> {
        RevisionId::new(text)
    }
}

impl std::str::FromStr for RevisionId {
    type Err = RevisionIdError;
    fn from_str(text: &str) -> Result<RevisionId, RevisionIdError> {
        RevisionId::new(text)
    }
}

impl From<RevisionId> for String {
    fn from(id: RevisionId) -> String {
        id.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_folder_names() {
        for text in ["0001_initial", "20261122131500_add-bio", "v1.2", "_x"] {
            assert_eq!(RevisionId::new(text).unwrap().to_string(), text);
        }
        for (text, problem) in [
            ("", RevisionIdError::Empty),
            (".git", RevisionIdError::Start('.')),
            ("-1", RevisionIdError::Start('-')),
            ("a/b", RevisionIdError::Character('/')),
            ("é", RevisionIdError::Character('é')),
            ("head", RevisionIdError::Reserved),
        ] {
            assert_eq!(RevisionId::new(text), Err(problem));
        }
    }

    #[test]
    fn names_leave_the_time_out() {
        let name = |text| RevisionId::new(text).unwrap().name().to_owned();
        assert_eq!((name("0001_a_b"), name("a_b"), name("0001_")), ("a_b".into(), "a_b".into(), "0001_".into()));
    }
}
