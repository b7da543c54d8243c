//! What string literals stand for.
//!
//! Byte and C strings are no text, and neither is a literal with a suffix.

/// The text of a string literal as it is written in Rust.
///
/// ```
/// use schema_syntax::token::string_value;
/// assert_eq!(string_value(r#""a\n\u{e9}""#).as_deref(), Some("a\né"));
/// assert_eq!(string_value("r\"a\\n\"").as_deref(), Some("a\\n"));
/// assert_eq!(string_value("b\"a\""), None);
/// ```
pub fn string_value(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        let inner = raw.trim_start_matches('#');
        let hashes = raw.len() - inner.len();
        let closed = inner.strip_prefix('"')?.strip_suffix(&"#".repeat(hashes))?;
        return closed.strip_suffix('"').map(str::to_owned);
    }
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { unescape(inner) } else { Some(inner.to_owned()) }
}

fn unescape(inner: &str) -> Option<String> {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escaped = &rest[at + 1..];
        let first = escaped.chars().next()?;
        rest = &escaped[first.len_utf8()..];
        match first {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '0' => out.push('\0'),
            '\\' | '\'' | '"' => out.push(first),
            'x' => {
                out.push(u8::from_str_radix(rest.get(..2)?, 16).ok()?.into());
                rest = &rest[2..];
            }
            'u' => {
                let (digits, after) = rest.strip_prefix('{')?.split_once('}')?;
                out.push(char::from_u32(u32::from_str_radix(&digits.replace('_', ""), 16).ok()?)?);
                rest = after;
            }
            '\n' => rest = rest.trim_start(),
            '\r' => rest = rest.trim_start(),
            _ => return None,
        }
    }
    out.push_str(rest);
    Some(out)
}
