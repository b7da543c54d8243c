//! One revision as the engine runs it: its place in the graph and its SQL.
//!
//! Texts may be borrowed from the program, because an application embeds them. Recorded changes and files are known elsewhere.

use std::borrow::Cow;

use super::adoption::Adopted;
use super::checksum::Checksums;
use super::id::RevisionId;

/// The first line of a text that is run statement by statement, outside a transaction.
const NO_TRANSACTION: &str = "no-transaction";

/// A revision that can be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its id.
    pub id: RevisionId,
    /// The revisions that come directly before it.
    pub parents: Vec<RevisionId>,
    /// What it does, for people.
    pub message: String,
    /// The SQL that applies it.
    pub up: Cow<'static, str>,
    /// The SQL that undoes it; `None` when it cannot be undone.
    pub down: Option<Cow<'static, str>>,
    /// How another tool knows it, when it was adopted from one.
    pub adopted: Option<Adopted>,
    /// The revisions it stands for, when it is a checkpoint.
    pub replaces: Vec<RevisionId>,
}

impl Migration {
    /// Whether up runs in one transaction, which is so unless its first line is `-- schema: no-transaction`.
    pub fn transactional(&self) -> bool {
        is_transactional(&self.up)
    }

    /// Whether down runs in one transaction.
    pub fn down_transactional(&self) -> bool {
        self.down.as_deref().is_none_or(is_transactional)
    }

    /// The checksum over the texts of up and down.
    pub fn checksum(&self) -> String {
        Checksums::text_of(&self.up, self.down.as_deref())
    }

    /// The checksum over the tokens of up and down.
    pub fn statements_checksum(&self) -> String {
        self.checksums().statements
    }

    /// Both checksums.
    pub fn checksums(&self) -> Checksums {
        Checksums::of(&self.up, self.down.as_deref())
    }
}

/// Whether a text runs in one transaction, which is so unless its first line is `-- schema: no-transaction`.
pub fn is_transactional(text: &str) -> bool {
    let first = text.strip_prefix('\u{feff}').unwrap_or(text).lines().next().unwrap_or("");
    let directive = first.strip_prefix("--").and_then(|rest| rest.trim_start().strip_prefix("schema:"));
    directive.map(str::trim) != Some(NO_TRANSACTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_takes_the_transaction_away() {
        for text in [
            "-- schema: no-transaction\nVACUUM",
            "\u{feff}--schema:no-transaction \r\nVACUUM",
            "-- schema: no-transaction",
        ] {
            assert!(!is_transactional(text), "{text:?}");
        }
        for text in
            ["", "VACUUM", "\n-- schema: no-transaction", "-- schema: no-transactions", "- schema: no-transaction"]
        {
            assert!(is_transactional(text), "{text:?}");
        }
    }

    #[test]
    fn a_migration_without_down_has_no_mode_for_it() {
        let id = RevisionId::new("a").unwrap();
        let mut migration = Migration {
            id,
            parents: vec![],
            message: String::new(),
            up: "-- schema: no-transaction".into(),
            down: None,
            adopted: None,
            replaces: Vec::new(),
        };
        assert!(!migration.transactional() && migration.down_transactional());
        let without = migration.checksum();
        migration.down = Some("".into());
        assert_ne!(migration.checksum(), without);
    }
}
