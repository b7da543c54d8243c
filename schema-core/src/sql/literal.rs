//! What names and string literals stand for, once quotes and escapes are taken away.
//!
//! It does not know types: `B'1'` and `X'ff'` are bit strings and have no text.

use std::borrow::Cow;

use super::lexer::{Token, TokenKind, tokens};

/// The name a token stands for: a word in lower case, a quoted name without its quotes. `None` for other tokens, and for
/// `U&` names with escapes.
pub fn ident_value<'a>(token: &Token<'a>) -> Option<Cow<'a, str>> {
    match token.kind {
        // PostgreSQL folds only ASCII letters in a UTF-8 database.
        TokenKind::Word if token.text.bytes().any(|c| c.is_ascii_uppercase()) => {
            Some(token.text.to_ascii_lowercase().into())
        }
        TokenKind::Word => Some(token.text.into()),
        TokenKind::QuotedIdent => {
            let start = token.text.find('"')? + 1;
            let inner = &token.text[start..token.text.len() - 1];
            match (start, inner.contains('\\'), inner.contains('"')) {
                (1, _, false) | (_, false, false) => Some(inner.into()),
                (1, _, true) | (_, false, true) => Some(inner.replace("\"\"", "\"").into()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The text a string constant stands for; `None` for other tokens, bit strings, and `U&` strings with escapes.
pub fn string_value(token: &Token<'_>) -> Option<String> {
    match token.kind {
        TokenKind::DollarString => {
            let delimiter = token.text[1..].find('$')? + 2;
            Some(token.text[delimiter..token.text.len() - delimiter].to_owned())
        }
        TokenKind::StringLiteral => {
            let (prefix, inner) = pieces(token.text);
            match prefix.to_ascii_lowercase().as_str() {
                "" | "n" => Some(inner.replace("''", "'")),
                "e" => Some(unescape(&inner)),
                "u&" if !inner.contains('\\') => Some(inner.replace("''", "'")),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The texts of all string constants, in order.
///
/// ```
/// use schema_core::sql::string_literals;
/// assert_eq!(string_literals(r"state IN ('new', E'it\'s') -- 'no'"), ["new", "it's"]);
/// ```
pub fn string_literals(text: &str) -> Vec<String> {
    tokens(text).filter_map(|token| string_value(&token)).collect()
}

/// The prefix of a literal, and what stands between its quotes, still escaped, with continuations joined.
pub(super) fn pieces(literal: &str) -> (&str, String) {
    let (prefix, mut rest) = literal.split_once('\'').unwrap_or((literal, ""));
    let escapes = prefix.eq_ignore_ascii_case("e");
    let mut inner = String::new();
    loop {
        let end = piece_end(rest.as_bytes(), escapes);
        inner.push_str(&rest[..end]);
        // Between two pieces stand only white space and comments, whose text must not be taken for the next quote.
        rest = rest.get(end + 1..).unwrap_or("");
        match tokens(rest).find(|token| token.kind.is_significant()) {
            Some(next) => rest = &rest[next.start + 1..],
            None => return (prefix, inner),
        }
    }
}

/// The closing quote of the piece.
fn piece_end(text: &[u8], escapes: bool) -> usize {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' if escapes => at += 2,
            b'\'' if text.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => break,
            _ => at += 1,
        }
    }
    at.min(text.len())
}

/// The escapes of `E''` (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE>).
fn unescape(inner: &str) -> String {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '\'' => {
                bytes.push(b'\'');
                2
            }
            '\\' => escape(&rest[1..], &mut bytes) + 1,
            c => {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or("");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One escape, after its backslash; how many bytes of the text it takes.
fn escape(text: &str, bytes: &mut Vec<u8>) -> usize {
    let number = |from: usize, most: usize, radix: u32| {
        let digits: String = text[from..].chars().take(most).take_while(|c| c.is_digit(radix)).collect();
        u32::from_str_radix(&digits, radix).ok().map(|value| (value, from + digits.len()))
    };
    let Some(first) = text.chars().next() else { return 0 };
    let named = match first {
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        _ => None,
    };
    if let Some(byte) = named {
        bytes.push(byte);
        return 1;
    }
    let numbered = match first {
        'x' => number(1, 2, 16),
        'u' => number(1, 4, 16),
        'U' => number(1, 8, 16),
        '0'..='7' => number(0, 3, 8),
        _ => None,
    };
    match (numbered, first) {
        (Some((value, taken)), 'u' | 'U') => {
            let c = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            taken
        }
        (Some((value, taken)), _) => {
            bytes.push((value & 0xff) as u8);
            taken
        }
        (None, c) => {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            c.len_utf8()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(string_literals(text), expected, "{text}");
    }

    #[test]
    fn literals_lose_quotes_and_escapes() {
        check("'a''b' N'c' U&'d' $$e'$$ $x$f$$$x$ ''", &["a'b", "c", "d", "e'", "f$$", ""]);
        check(r"E'\n\t\x41\101\u00e9\\\q''\''", &["\n\tAAé\\q''"]);
        check(r"'a\n'", &[r"a\n"]);
        check("B'1' X'ff' \"name\" -- 'x'", &[]);
    }

    #[test]
    fn continued_literals_are_one_text() {
        check("'a' -- it's\n  'b'\n'c'", &["abc"]);
        check("E'a\\''\n'\\'b'", &["a''b"]);
    }

    #[test]
    fn names_are_folded_or_unquoted() {
        let value = |text| tokens(text).next().and_then(|token| ident_value(&token).map(Cow::into_owned));
        assert_eq!(value("ÉMail").as_deref(), Some("Émail"));
        assert_eq!(value("\"A\"\"b\"").as_deref(), Some("A\"b"));
        assert_eq!(value("U&\"ab\"").as_deref(), Some("ab"));
        assert_eq!(value("U&\"\\0061\""), None);
        assert_eq!(value("'a'"), None);
    }
}
