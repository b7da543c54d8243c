//! Identifiers and qualified names, and how they are quoted in SQL.
//!
//! A value of [`Ident`] is proof that PostgreSQL keeps the name as it is. Nothing here looks a name up anywhere.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::keywords::is_reserved;

/// The longest identifier in bytes: `NAMEDATALEN - 1` of a standard build
/// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>).
pub const MAX_IDENT_BYTES: usize = 63;

/// The PostgreSQL schema that an unqualified name belongs to.
pub const DEFAULT_SCHEMA: &str = "public";

/// A name that PostgreSQL keeps unchanged: 1 to 63 bytes, no NUL. The case is the catalog's, not SQL's folded one. A clone shares the
/// text.
///
/// ```
/// use schema_core::Ident;
/// assert_eq!(Ident::new("Order").unwrap().quoted(), "\"Order\"");
/// assert_eq!(Ident::new("email").unwrap().quoted(), "email");
/// assert!(Ident::new("é".repeat(32)).is_err()); // 64 bytes
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ident(Arc<str>);

/// Why a text cannot be an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentError {
    /// The text is empty, which SQL has no spelling for.
    Empty,
    /// PostgreSQL would cut the name to 63 bytes, so two objects could collide.
    TooLong {
        /// Length of the text in bytes.
        bytes: usize,
    },
    /// PostgreSQL strings end at a NUL byte.
    Nul,
}

impl fmt::Display for IdentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdentError::Empty => f.write_str("a name cannot be empty"),
            IdentError::TooLong { bytes } => {
                write!(f, "the name has {bytes} bytes and PostgreSQL cuts names at {MAX_IDENT_BYTES}")
            }
            IdentError::Nul => f.write_str("a name cannot contain a NUL byte"),
        }
    }
}

impl std::error::Error for IdentError {}

impl Ident {
    /// Checks a text; PostgreSQL silently truncates longer names, which would make two objects collide.
    pub fn new(text: impl Into<String>) -> Result<Ident, IdentError> {
        let text = text.into();
        match text.len() {
            0 => Err(IdentError::Empty),
            bytes if MAX_IDENT_BYTES < bytes => Err(IdentError::TooLong { bytes }),
            _ if text.contains('\0') => Err(IdentError::Nul),
            _ => Ok(Ident(text.into())),
        }
    }

    /// A name that is known to be valid, such as a constant of this crate.
    ///
    /// # Panics
    /// When the text is no identifier: that is a bug of the caller, not of a user.
    pub fn of(text: &str) -> Ident {
        Ident::new(text).unwrap_or_else(|problem| panic!("`{text}` is not an identifier: {problem}"))
    }

    /// What stands beside a name in the path of an object and is none itself: the argument types of a routine.
    pub(crate) fn signature(text: &str) -> Ident {
        Ident(text.into())
    }

    /// The name as the catalog stores it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as SQL needs it: quoted only when it must be, the rule of `quote_ident`.
    pub fn quoted(&self) -> String {
        quote_ident(&self.0)
    }
}

impl TryFrom<String> for Ident {
    type Error = IdentError;
    fn try_from(text: String) -> Result<Ident, IdentError> {
        Ident::new(text)
    }
}

impl From<Ident> for String {
    fn from(ident: Ident) -> String {
        ident.0.as_ref().to_owned()
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Quotes a name when SQL would fold it, read it as a keyword, or not read it at all.
///
/// ```
/// assert_eq!(schema_core::quote_ident("user"), "\"user\"");
/// assert_eq!(schema_core::quote_ident("a\"b"), "\"a\"\"b\"");
/// ```
pub fn quote_ident(text: &str) -> String {
    let mut chars = text.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !is_reserved(text);
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// A string literal, written so that it means the same whatever `standard_conforming_strings` says.
///
/// ```
/// assert_eq!(schema_core::quote_literal("it's"), "'it''s'");
/// assert_eq!(schema_core::quote_literal("a\\b"), "E'a\\\\b'");
/// ```
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

/// A name within a PostgreSQL schema. Serialised as one string: `name`, or `schema.name` with `.` and `"` quoted as in SQL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QualifiedName {
    /// The PostgreSQL schema (`pg_namespace.nspname`).
    pub schema: Ident,
    /// The object's own name.
    pub name: Ident,
}

impl QualifiedName {
    /// A name in the default PostgreSQL schema.
    pub fn public(name: Ident) -> QualifiedName {
        QualifiedName { schema: Ident::of(DEFAULT_SCHEMA), name }
    }

    /// Reads `name` or `schema.name`, each part plain (case kept) or in double quotes.
    ///
    /// ```
    /// use schema_core::QualifiedName;
    /// let name = QualifiedName::parse("audit.\"Log\"").unwrap();
    /// assert_eq!((name.schema.as_str(), name.name.as_str()), ("audit", "Log"));
    /// ```
    pub fn parse(text: &str) -> Result<QualifiedName, NameError> {
        let mut parts = split_name(text)?;
        let name = parts.pop().ok_or(NameError::Shape)?;
        match (parts.pop(), parts.pop()) {
            (None, _) => Ok(QualifiedName::public(name)),
            (Some(schema), None) => Ok(QualifiedName { schema, name }),
            _ => Err(NameError::Shape),
        }
    }

    /// The name as SQL needs it; the default schema is left out because every session pins `search_path` to it. PostgreSQL's own catalogs
    /// are found before it, and their names start with `pg_`.
    pub fn quoted(&self) -> String {
        if self.schema.as_str() == DEFAULT_SCHEMA && !self.name.as_str().starts_with("pg_") {
            self.name.quoted()
        } else {
            format!("{}.{}", self.schema.quoted(), self.name.quoted())
        }
    }

    /// Another object of the same PostgreSQL schema.
    pub fn sibling(&self, name: Ident) -> QualifiedName {
        QualifiedName { schema: self.schema.clone(), name }
    }
}

/// Why a text is no qualified name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Not `name` or `schema.name`.
    Shape,
    /// A part is no identifier.
    Part(IdentError),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Shape => f.write_str("expected `name` or `schema.name`"),
            NameError::Part(problem) => problem.fmt(f),
        }
    }
}

impl std::error::Error for NameError {}

/// Splits a dotted name into its parts, honouring double quotes.
pub fn split_name(text: &str) -> Result<Vec<Ident>, NameError> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut chars = text.trim().chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => part.extend(chars.next()),
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(Ident::new(std::mem::take(&mut part)).map_err(NameError::Part)?),
            c => part.push(c),
        }
    }
    if quoted {
        return Err(NameError::Shape);
    }
    parts.push(Ident::new(part).map_err(NameError::Part)?);
    Ok(parts)
}

/// A part of a dotted name, quoted only when a dot or a quote in it would be misread.
fn dotted_part(ident: &Ident) -> String {
    let text = ident.as_str();
    if text.contains(['.', '"']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Joins parts so that [`split_name`] gives them back.
pub fn join_name(parts: &[&Ident]) -> String {
    parts.iter().map(|part| dotted_part(part)).collect::<Vec<_>>().join(".")
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema.as_str() == DEFAULT_SCHEMA {
            f.write_str(&dotted_part(&self.name))
        } else {
            f.write_str(&join_name(&[&self.schema, &self.name]))
        }
    }
}

impl TryFrom<String> for QualifiedName {
    type Error = NameError;
    fn try_from(text: String) -> Result<QualifiedName, NameError> {
        QualifiedName::parse(&text)
    }
}

impl From<QualifiedName> for String {
    fn from(name: QualifiedName) -> String {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_round_trip() {
        for text in ["users", "audit.log", "\"a.b\".\"c\"\"d\"", "Order"] {
            let name = QualifiedName::parse(text).unwrap();
            assert_eq!(QualifiedName::parse(&name.to_string()).unwrap(), name, "{text}");
        }
    }

    #[test]
    fn names_of_three_parts_or_open_quotes_are_refused() {
        assert_eq!(QualifiedName::parse("a.b.c"), Err(NameError::Shape));
        assert_eq!(QualifiedName::parse("\"a"), Err(NameError::Shape));
        assert!(QualifiedName::parse("").is_err());
    }
}
