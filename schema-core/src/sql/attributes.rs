//! The attributes of a composite type, as its statement has them.

use super::compare::same_sql;
use super::reader::Reader;
use crate::{Ident, SqlType, sql_type::widens};

/// An attribute.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    /// Its name.
    pub name: Ident,
    /// Its type, with its collation, as it is written.
    pub sql: String,
}

impl Attribute {
    /// Whether the types are one, however they are spelled.
    pub(crate) fn has_type_of(&self, other: &Attribute) -> bool {
        match (SqlType::parse(&self.sql), SqlType::parse(&other.sql)) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            _ => same_sql(&self.sql, &other.sql),
        }
    }

    /// Whether the other type holds every value of this one.
    pub(crate) fn fits(&self, other: &Attribute) -> bool {
        match (SqlType::parse(&self.sql), SqlType::parse(&other.sql)) {
            (Ok(ours), Ok(theirs)) => widens(&ours, &theirs),
            _ => same_sql(&self.sql, &other.sql),
        }
    }
}

/// The attributes of `CREATE TYPE name AS (..)`, in order; none for any other statement.
///
/// <https://www.postgresql.org/docs/current/sql-createtype.html>
pub(crate) fn attributes(statement: &str) -> Option<Vec<Attribute>> {
    let mut reader = Reader::new(statement);
    if !reader.words(&["CREATE", "TYPE"]) {
        return None;
    }
    reader.name()?;
    if !reader.word("AS") {
        return None;
    }
    let (tokens, mut depth) = (reader.group()?, 0);
    let parts = tokens.split(|token| {
        depth += i32::from(token.is_punct("(")) - i32::from(token.is_punct(")"));
        depth == 0 && token.is_punct(",")
    });
    let attribute = |part: &[super::lexer::Token<'_>]| {
        let [name, first, .., last] = part else {
            let [name, only] = part else { return None };
            return Some(Attribute { name: named(name)?, sql: only.text.to_owned() });
        };
        Some(Attribute { name: named(name)?, sql: statement[first.start..last.end].to_owned() })
    };
    let parts: Vec<_> = parts.collect();
    match parts.as_slice() {
        [[]] => Some(Vec::new()),
        parts => parts.iter().map(|part| attribute(part)).collect(),
    }
}

fn named(token: &super::lexer::Token<'_>) -> Option<Ident> {
    Ident::new(super::literal::ident_value(token)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(statement: &str) -> Option<Vec<String>> {
        let found = attributes(statement)?;
        Some(found.iter().map(|attribute| format!("{}|{}", attribute.name.as_str(), attribute.sql)).collect())
    }

    #[test]
    fn types_are_whole_and_names_as_postgresql_reads_them() {
        let text = "CREATE TYPE app.addr AS (Street text COLLATE \"C\", -- of the house\n \"Zip, Code\" numeric(10, 2)[], at timestamp with time zone)";
        let expected = ["street|text COLLATE \"C\"", "Zip, Code|numeric(10, 2)[]", "at|timestamp with time zone"];
        assert_eq!(found(text).unwrap(), expected);
        assert_eq!(found("CREATE TYPE nothing AS ()"), Some(Vec::new()));
        assert_eq!(found("CREATE TYPE mood AS ENUM ('a')"), None);
        assert_eq!(found("CREATE TYPE span AS RANGE (subtype = int)"), None);
    }

    #[test]
    fn a_type_is_the_same_in_another_spelling() {
        let one = |sql: &str| Attribute { name: Ident::of("a"), sql: sql.to_owned() };
        assert!(one("int").has_type_of(&one("INTEGER")));
        assert!(!one("varchar(5)").has_type_of(&one("varchar(9)")));
        assert!(!one("text").has_type_of(&one("text COLLATE \"C\"")));
    }
}
