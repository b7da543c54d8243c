//! Whether two SQL texts differ in more than how they are laid out.
//!
//! Comments, white space, the case of unquoted words, needless quotes of names and the two spellings of `<>` do not count.
//! Everything else does: PostgreSQL may well find two texts equal that are different here.

use super::lexer::{Token, TokenKind, tokens};
use super::literal::{ident_value, pieces};
use crate::quote_ident;

/// One canonical spelling: tokens as PostgreSQL reads them, with one blank between them.
///
/// ```
/// use schema_core::sql::normalized;
/// assert_eq!(normalized("LOWER( \"email\" )/* why */!=''"), "lower ( email ) <> ''");
/// ```
pub fn normalized(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for token in tokens(text).filter(|token| token.kind.is_significant()) {
        if !out.is_empty() {
            out.push(' ');
        }
        push(&token, &mut out);
    }
    out
}

/// Whether two texts are laid out differently at most.
pub fn same_sql(before: &str, after: &str) -> bool {
    before == after || normalized(before) == normalized(after)
}

fn push(token: &Token<'_>, out: &mut String) {
    match token.kind {
        TokenKind::Word => out.push_str(&token.text.to_ascii_lowercase()),
        TokenKind::QuotedIdent => match ident_value(token) {
            Some(name) => out.push_str(&quote_ident(&name)),
            None => out.push_str(token.text),
        },
        TokenKind::StringLiteral => {
            let (prefix, inner) = pieces(token.text);
            out.push_str(&prefix.to_ascii_lowercase());
            out.push('\'');
            out.push_str(&inner);
            out.push('\'');
        }
        TokenKind::Operator if token.text == "!=" => out.push_str("<>"),
        _ => out.push_str(token.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_does_not_count() {
        for (before, after) in [
            ("a  +b", "A+ B"),
            ("SELECT 1 -- x\n;", "select/* y */1;"),
            ("public . t", "PUBLIC.\"t\""),
            ("'a'\n'b'", "'ab'"),
            ("a\r\nb", "a\nb"),
        ] {
            assert!(same_sql(before, after), "{before} / {after}");
        }
    }

    #[test]
    fn texts_and_names_count() {
        for (before, after) in [
            ("'a'", "'A'"),
            ("'a  b'", "'a b'"),
            ("\"A\"", "a"),
            ("\"char\"", "char"),
            ("a < -1", "a <@ -1"),
            ("E'a'", "'a'"),
            ("$$a$$", "$$a $$"),
            ("ab", "a b"),
        ] {
            assert!(!same_sql(before, after), "{before} / {after}");
        }
    }
}
