//! Partitioned tables and their partitions (`pg_partitioned_table`, `pg_class.relpartbound`): what a row is sorted by, and which rows a
//! partition takes.
//!
//! Columns, keys, checks and indexes of a partition that come from its parent are no objects of their own.
//! <https://www.postgresql.org/docs/current/ddl-partitioning.html>

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Expr, QualifiedName};

/// `PARTITION BY`: how rows are sorted into partitions.
///
/// ```
/// use schema_core::kinds::PartitionKey;
/// let key = PartitionKey::parse("RANGE (created_at)").unwrap();
/// assert_eq!(key.to_string(), "range (created_at)");
/// assert!(PartitionKey::parse("created_at").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartitionKey {
    /// By ranges, lists of values or remainders.
    pub strategy: PartitionStrategy,
    /// The columns and expressions, between their parentheses.
    pub keys: Expr,
}

/// The ways of sorting rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionStrategy {
    /// By ranges of values.
    Range,
    /// By lists of values.
    List,
    /// By the remainder of a hash.
    Hash,
}

impl PartitionStrategy {
    fn words(self) -> &'static str {
        match self {
            PartitionStrategy::Range => "range",
            PartitionStrategy::List => "list",
            PartitionStrategy::Hash => "hash",
        }
    }
}

impl PartitionKey {
    /// Reads `strategy (keys)`.
    pub fn parse(text: &str) -> Option<PartitionKey> {
        let (word, keys) = text.trim().split_once(|c: char| c == '(' || c.is_whitespace())?;
        let strategies = [PartitionStrategy::Range, PartitionStrategy::List, PartitionStrategy::Hash];
        let strategy = strategies.into_iter().find(|of| of.words().eq_ignore_ascii_case(word))?;
        let keys = if text.trim()[word.len()..].starts_with('(') { &text.trim()[word.len()..] } else { keys.trim() };
        (keys.starts_with('(') && keys.ends_with(')')).then(|| PartitionKey { strategy, keys: Expr::new(keys) })
    }

    /// The words of CREATE TABLE.
    pub(super) fn words(&self) -> String {
        format!(" PARTITION BY {} {}", self.strategy.words().to_ascii_uppercase(), self.keys)
    }
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.strategy.words(), self.keys)
    }
}

impl From<PartitionKey> for String {
    fn from(key: PartitionKey) -> String {
        key.to_string()
    }
}

impl TryFrom<String> for PartitionKey {
    type Error = String;
    fn try_from(text: String) -> Result<PartitionKey, String> {
        PartitionKey::parse(&text).ok_or_else(|| format!("`{text}` is no `range (..)`, `list (..)` or `hash (..)`"))
    }
}

/// What makes a table a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionOf {
    /// The partitioned table.
    pub parent: QualifiedName,
    /// The rows that it takes.
    pub values: PartitionBound,
}

/// The rows that a partition takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PartitionBound {
    /// Those that no other partition takes.
    Default,
    /// `from (..) to (..)`, `in (..)` or `with (modulus .., remainder ..)`.
    Values(Expr),
}

impl From<String> for PartitionBound {
    fn from(text: String) -> PartitionBound {
        let text = text.trim();
        match text.eq_ignore_ascii_case("default") {
            true => PartitionBound::Default,
            false => PartitionBound::Values(Expr::new(text)),
        }
    }
}

impl From<PartitionBound> for String {
    fn from(bound: PartitionBound) -> String {
        match bound {
            PartitionBound::Default => "default".to_owned(),
            PartitionBound::Values(values) => values.to_string(),
        }
    }
}

impl PartitionBound {
    /// The words of CREATE TABLE and ATTACH PARTITION.
    pub(super) fn words(&self) -> String {
        match self {
            PartitionBound::Default => "DEFAULT".to_owned(),
            PartitionBound::Values(values) => format!("FOR VALUES {}", upper_words(values.as_str())),
        }
    }
}

/// The key words that stand outside of the parentheses, as SQL of this tool writes them.
fn upper_words(values: &str) -> String {
    let (mut text, mut end, mut depth) = (String::new(), 0, 0i32);
    for token in crate::sql::tokens(values) {
        depth += i32::from(token.is_punct("(")) - i32::from(token.is_punct(")"));
        text.push_str(&values[end..token.start]);
        let word = &values[token.start..token.end];
        text.push_str(&if depth == 0 { word.to_ascii_uppercase() } else { word.to_owned() });
        end = token.end;
    }
    text + &values[end..]
}
