//! One key of an index: a column or an expression, with collation, operator class and direction.
//!
//! It is written and read as SQL writes it (`lower(email) text_pattern_ops desc`), in attributes, records and catalogs alike.
//! <https://www.postgresql.org/docs/current/sql-createindex.html>

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Expr, Ident, QualifiedName,
    sql::{self, Token, TokenKind},
};

/// One key of an index or an exclusion constraint.
///
/// ```
/// use schema_core::kinds::IndexElement;
/// let key = IndexElement::parse("lower(email) text_pattern_ops DESC NULLS LAST").unwrap();
/// assert_eq!(key.to_string(), "lower(email) text_pattern_ops desc nulls last");
/// assert_eq!(IndexElement::parse("id asc nulls last").unwrap().to_string(), "id");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IndexElement {
    /// What is indexed.
    pub key: IndexKey,
    /// `COLLATE`.
    pub collation: Option<QualifiedName>,
    /// The operator class with its parameters, as text.
    pub opclass: Option<String>,
    /// `DESC`.
    pub descending: bool,
    /// `NULLS FIRST`; the default is that of the direction.
    pub nulls_first: bool,
}

/// What one key of an index holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexKey {
    /// A column.
    Column(Ident),
    /// An expression over columns.
    Expression(Expr),
}

/// Why a text is no index key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexElementError;

impl fmt::Display for IndexElementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected a column or an expression, then COLLATE, an operator class, ASC or DESC, NULLS FIRST or LAST",
        )
    }
}

impl std::error::Error for IndexElementError {}

impl IndexElement {
    /// A column in the default order.
    pub fn column(name: Ident) -> IndexElement {
        let (collation, opclass) = (None, None);
        IndexElement { key: IndexKey::Column(name), collation, opclass, descending: false, nulls_first: false }
    }

    /// Reads one key.
    pub fn parse(text: &str) -> Result<IndexElement, IndexElementError> {
        let mut tokens: Vec<Token<'_>> = sql::tokens(text).filter(|token| token.kind.is_significant()).collect();
        let nulls = take_nulls(&mut tokens);
        let descending = take_direction(&mut tokens);
        let (first, last) = (tokens.first().ok_or(IndexElementError)?, tokens.last().ok_or(IndexElementError)?);
        let body = &text[first.start..last.end];
        let (key, collation, opclass) = match primary_end(&tokens) {
            Some(end) => match attributes(text, &tokens[end..]) {
                Some((collation, opclass)) => (key_of(text, &tokens[..end])?, collation, opclass),
                None => (IndexKey::Expression(Expr::new(body)), None, None),
            },
            None => (IndexKey::Expression(Expr::new(body)), None, None),
        };
        let nulls_first = nulls.unwrap_or(descending);
        Ok(IndexElement { key, collation, opclass, descending, nulls_first })
    }

    /// The key in SQL.
    pub fn sql(&self) -> String {
        let mut text = match &self.key {
            IndexKey::Column(name) => name.quoted(),
            IndexKey::Expression(expr) if is_call(expr.as_str()) => expr.to_string(),
            IndexKey::Expression(expr) => format!("({expr})"),
        };
        if let Some(collation) = &self.collation {
            text.push_str(&format!(" COLLATE {}", collation.quoted()));
        }
        if let Some(opclass) = &self.opclass {
            text.push_str(&format!(" {opclass}"));
        }
        if self.descending {
            text.push_str(" DESC");
        }
        match (self.descending, self.nulls_first) {
            (false, true) => text.push_str(" NULLS FIRST"),
            (true, false) => text.push_str(" NULLS LAST"),
            _ => {}
        }
        text
    }

    /// The column, when it is one.
    pub fn column_name(&self) -> Option<&Ident> {
        match &self.key {
            IndexKey::Column(name) => Some(name),
            IndexKey::Expression(_) => None,
        }
    }

    /// The expression, when it is one.
    pub fn expression(&self) -> Option<&Expr> {
        match &self.key {
            IndexKey::Expression(expr) => Some(expr),
            IndexKey::Column(_) => None,
        }
    }
}

fn take_nulls(tokens: &mut Vec<Token<'_>>) -> Option<bool> {
    let [.., nulls, order] = tokens.as_slice() else { return None };
    let first = order.is_word("first");
    if !nulls.is_word("nulls") || !(first || order.is_word("last")) {
        return None;
    }
    tokens.truncate(tokens.len() - 2);
    Some(first)
}

fn take_direction(tokens: &mut Vec<Token<'_>>) -> bool {
    let descending = tokens.last().is_some_and(|token| token.is_word("desc"));
    if 1 < tokens.len() && (descending || tokens.last().is_some_and(|token| token.is_word("asc"))) {
        tokens.pop();
        return descending;
    }
    false
}

/// How many tokens the column, call or parenthesised expression at the start takes.
fn primary_end(tokens: &[Token<'_>]) -> Option<usize> {
    let first = tokens.first()?;
    if first.is_punct("(") {
        return closing(tokens, 0);
    }
    let mut end = 1;
    if !is_name(first) {
        return None;
    }
    while tokens.get(end).is_some_and(|token| token.is_punct(".")) && tokens.get(end + 1).is_some_and(is_name) {
        end += 2;
    }
    match tokens.get(end) {
        Some(token) if token.is_punct("(") => closing(tokens, end),
        _ => Some(end),
    }
}

fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent)
}

/// One past the parenthesis that closes the one at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        depth += usize::from(token.is_punct("("));
        if token.is_punct(")") {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

type Attributes = (Option<QualifiedName>, Option<String>);

/// `COLLATE name` and an operator class, or nothing when something else follows the key.
fn attributes(text: &str, mut tokens: &[Token<'_>]) -> Option<Attributes> {
    let mut collation = None;
    if tokens.first().is_some_and(|token| token.is_word("collate")) {
        let end = name_end(&tokens[1..])?;
        collation = Some(qualified(text, &tokens[1..=end])?);
        tokens = &tokens[end + 1..];
    }
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return Some((collation, None)) };
    let end = name_end(tokens)?;
    let parameters = end < tokens.len() && tokens[end].is_punct("(") && closing(tokens, end) == Some(tokens.len());
    if end != tokens.len() && !parameters {
        return None;
    }
    let written = text[first.start..last.end].to_owned();
    Some((collation, Some(written)))
}

/// How many tokens a dotted name takes.
fn name_end(tokens: &[Token<'_>]) -> Option<usize> {
    tokens.first().filter(|token| is_name(token))?;
    let dotted = tokens.len() > 2 && tokens[1].is_punct(".") && is_name(&tokens[2]);
    Some(if dotted { 3 } else { 1 })
}

fn qualified(text: &str, tokens: &[Token<'_>]) -> Option<QualifiedName> {
    let parts: Vec<Ident> =
        tokens.iter().filter(|token| is_name(token)).map(|token| ident(text, token)).collect::<Option<_>>()?;
    match parts.as_slice() {
        [name] => Some(QualifiedName::public(name.clone())),
        [schema, name] if schema.as_str() == "pg_catalog" => Some(QualifiedName::public(name.clone())),
        [schema, name] => Some(QualifiedName { schema: schema.clone(), name: name.clone() }),
        _ => None,
    }
}

fn ident(_text: &str, token: &Token<'_>) -> Option<Ident> {
    sql::ident_value(token).and_then(|name| Ident::new(name.into_owned()).ok())
}

fn key_of(text: &str, tokens: &[Token<'_>]) -> Result<IndexKey, IndexElementError> {
    let (first, last) = (&tokens[0], &tokens[tokens.len() - 1]);
    if tokens.len() == 1 {
        return ident(text, first).map(IndexKey::Column).ok_or(IndexElementError);
    }
    // The outer parentheses belong to the grammar, not to the expression.
    let inner = if first.is_punct("(") { &text[first.end..last.start] } else { &text[first.start..last.end] };
    Ok(IndexKey::Expression(Expr::new(inner)))
}

/// Whether an expression is one function call, which needs no parentheses of its own.
fn is_call(text: &str) -> bool {
    let tokens: Vec<Token<'_>> = sql::tokens(text).filter(|token| token.kind.is_significant()).collect();
    tokens.first().is_some_and(|token| is_name(token) && !token.is_word("case"))
        && tokens.last().is_some_and(|token| token.is_punct(")"))
        && primary_end(&tokens) == Some(tokens.len())
}

/// Lower case, as the attributes are written; the SQL is upper case.
impl fmt::Display for IndexElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sql = self.sql();
        let (body, order) = [" DESC NULLS LAST", " DESC", " NULLS FIRST"]
            .into_iter()
            .find_map(|order| sql.strip_suffix(order).map(|body| (body, order)))
            .unwrap_or((&sql, ""));
        write!(f, "{body}{}", order.to_ascii_lowercase())
    }
}

impl TryFrom<String> for IndexElement {
    type Error = IndexElementError;
    fn try_from(text: String) -> Result<IndexElement, IndexElementError> {
        IndexElement::parse(&text)
    }
}

impl From<IndexElement> for String {
    fn from(element: IndexElement) -> String {
        element.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, sql: &str) {
        let element = IndexElement::parse(text).unwrap();
        assert_eq!(element.sql(), sql);
        assert_eq!(IndexElement::parse(&element.to_string()).unwrap(), element, "reads back");
    }

    #[test]
    fn every_form_is_read() {
        check("email", "email");
        check("\"createdAt\" desc", "\"createdAt\" DESC");
        check("name collate \"C\" text_pattern_ops", "name COLLATE \"C\" text_pattern_ops");
        check("(a || b)", "(a || b)");
        check("a || b", "(a || b)");
        check("data ->> 'x' desc", "(data ->> 'x') DESC");
        check("lower(a) nulls first", "lower(a) NULLS FIRST");
        check("lower(a) || lower(b)", "(lower(a) || lower(b))");
        check("tags gist_trgm_ops(siglen=32)", "tags gist_trgm_ops(siglen=32)");
        check("((a + b) * 2) desc nulls last", "((a + b) * 2) DESC NULLS LAST");
        assert!(IndexElement::parse("").is_err());
    }
}
