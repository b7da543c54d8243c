//! The tokens of a SQL text, by the rules of PostgreSQL's `scan.l`.
//!
//! Lossless: the texts of all tokens, joined, are the input, whatever the input is. It assumes `standard_conforming_strings = on`,
//! and knows no keyword: every unquoted name or keyword is a word.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// An unquoted identifier or keyword.
    Word,
    /// `"name"` or `U&"name"`.
    QuotedIdent,
    /// `'text'` with or without a prefix (`E`, `N`, `B`, `X`, `U&`), and its continuations on further lines.
    StringLiteral,
    /// `$$text$$` or `$tag$text$tag$`.
    DollarString,
    /// `1`, `1.5e3`, `.5`, `0xff`, `1_000`.
    Number,
    /// `$1`.
    Param,
    /// Operator characters, `::`, `:=`.
    Operator,
    /// One character that stands for itself: `( ) [ ] , ; . :`, or one that SQL does not know.
    Punct,
    /// `-- text`, without the line end.
    LineComment,
    /// `/* text */`, nested.
    BlockComment,
    /// Blanks, tabs, line ends.
    Whitespace,
    /// A backslash outside quotes, up to the end of the line: a command of psql.
    PsqlMeta,
    /// A string, quoted name or comment that is still open at the end of the text.
    Unterminated,
}

impl TokenKind {
    /// Whether the server's parser would see the token.
    pub fn is_significant(self) -> bool {
        !matches!(self, TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment)
    }
}

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// How it is written.
    pub text: &'a str,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Token<'_> {
    /// Whether it is this unquoted word, in any case.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this character standing for itself.
    pub fn is_punct(&self, punct: &str) -> bool {
        self.kind == TokenKind::Punct && self.text == punct
    }
}

/// The tokens of a text, in order.
///
/// ```
/// use schema_core::sql::{TokenKind, tokens};
/// let kinds: Vec<_> = tokens("a::text -- ;").map(|token| token.kind).collect();
/// use TokenKind::*;
/// assert_eq!(kinds, [Word, Operator, Word, Whitespace, LineComment]);
/// ```
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, at: 0 }
}

/// The iterator that [`tokens`] returns.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let first = *self.text.as_bytes().get(start)?;
        let (kind, end) = scan(self.text.as_bytes(), start, first);
        self.at = end;
        Some(Token { kind, text: &self.text[start..end], start, end })
    }
}

/// The token that starts at `at`, and its end. Only ASCII characters end a token, or a run of others does, so that every end is a
/// character boundary.
fn scan(text: &[u8], at: usize, first: u8) -> (TokenKind, usize) {
    let next = |n: usize| text.get(at + n).copied().unwrap_or(0);
    match (first, next(1), next(2)) {
        (b'-', b'-', _) => (TokenKind::LineComment, line_end(text, at)),
        (b'/', b'*', _) => block_comment(text, at + 2),
        (b'\'', ..) => string(text, at + 1, Backslash::Plain),
        (b'E' | b'e', b'\'', _) => string(text, at + 2, Backslash::Escapes),
        (b'N' | b'n' | b'B' | b'b' | b'X' | b'x', b'\'', _) => string(text, at + 2, Backslash::Plain),
        (b'U' | b'u', b'&', b'\'') => string(text, at + 3, Backslash::Plain),
        (b'U' | b'u', b'&', b'"') => quoted_ident(text, at + 3),
        (b'"', ..) => quoted_ident(text, at + 1),
        (b'$', ..) => dollar(text, at),
        (b'\\', ..) => (TokenKind::PsqlMeta, line_end(text, at)),
        (b':', b':' | b'=', _) => (TokenKind::Operator, at + 2),
        (b'.', b'0'..=b'9', _) | (b'0'..=b'9', ..) => (TokenKind::Number, number(text, at)),
        (c, ..) if is_space(c) => (TokenKind::Whitespace, run(text, at, is_space)),
        (c, ..) if is_ident_start(c) => (TokenKind::Word, run(text, at, is_ident_part)),
        (c, ..) if is_operator(c) => (TokenKind::Operator, operator(text, at)),
        _ => (TokenKind::Punct, at + 1),
    }
}

fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_ident_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || !c.is_ascii()
}

fn is_ident_part(c: u8) -> bool {
    is_ident_start(c) || c.is_ascii_digit() || c == b'$'
}

fn is_operator(c: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&c)
}

/// Where the run of bytes that starts at `at` and fulfils `belongs` ends.
fn run(text: &[u8], at: usize, belongs: fn(u8) -> bool) -> usize {
    text[at..].iter().position(|c| !belongs(*c)).map_or(text.len(), |length| at + length)
}

fn line_end(text: &[u8], at: usize) -> usize {
    run(text, at, |c| c != b'\n' && c != b'\r')
}

fn block_comment(text: &[u8], mut at: usize) -> (TokenKind, usize) {
    let mut depth = 1;
    while let Some(pair) = text.get(at..at + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return (TokenKind::BlockComment, at);
        }
    }
    (TokenKind::Unterminated, text.len())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    Plain,
    Escapes,
}

/// A string whose opening quote is behind `at`. A continuation keeps the mode of the first piece: in `E'a'`, line end, `'b\''`
/// the second backslash escapes too.
fn string(text: &[u8], mut at: usize, backslash: Backslash) -> (TokenKind, usize) {
    while let Some(&c) = text.get(at) {
        match c {
            b'\\' if backslash == Backslash::Escapes => at += 2,
            b'\'' if text.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => match continuation(text, at + 1) {
                Some(next) => at = next,
                None => return (TokenKind::StringLiteral, at + 1),
            },
            _ => at += 1,
        }
    }
    (TokenKind::Unterminated, text.len())
}

/// Two literals with white space between them that holds a line end are one literal. Gives the byte behind the second quote.
fn continuation(text: &[u8], mut at: usize) -> Option<usize> {
    let mut line_ended = false;
    loop {
        match (*text.get(at)?, text.get(at + 1)) {
            (b'\'', _) => return line_ended.then_some(at + 1),
            (b'-', Some(b'-')) => at = line_end(text, at),
            (c, _) if is_space(c) => {
                line_ended |= matches!(c, b'\n' | b'\r');
                at += 1;
            }
            _ => return None,
        }
    }
}

fn quoted_ident(text: &[u8], mut at: usize) -> (TokenKind, usize) {
    while let Some(&c) = text.get(at) {
        match c {
            b'"' if text.get(at + 1) == Some(&b'"') => at += 2,
            b'"' => return (TokenKind::QuotedIdent, at + 1),
            _ => at += 1,
        }
    }
    (TokenKind::Unterminated, text.len())
}

/// `$1`, `$tag$...$tag$`, or a `$` that is neither.
fn dollar(text: &[u8], at: usize) -> (TokenKind, usize) {
    if text.get(at + 1).is_some_and(u8::is_ascii_digit) {
        return (TokenKind::Param, run(text, at + 1, |c| c.is_ascii_digit()));
    }
    let tag_end = match text.get(at + 1) {
        Some(&c) if is_ident_start(c) => run(text, at + 1, |c| is_ident_part(c) && c != b'$'),
        _ => at + 1,
    };
    if text.get(tag_end) != Some(&b'$') {
        return (TokenKind::Punct, at + 1);
    }
    let delimiter = &text[at..=tag_end];
    let mut from = tag_end + 1;
    while let Some(found) = text[from..].iter().position(|c| *c == b'$') {
        if text[from + found..].starts_with(delimiter) {
            return (TokenKind::DollarString, from + found + delimiter.len());
        }
        from += found + 1;
    }
    (TokenKind::Unterminated, text.len())
}

fn number(text: &[u8], at: usize) -> usize {
    let digit_or_line = |c: u8| c.is_ascii_digit() || c == b'_';
    if text[at] == b'0' && matches!(text.get(at + 1), Some(b'x' | b'X' | b'o' | b'O' | b'b' | b'B')) {
        let end = run(text, at + 2, |c| c.is_ascii_hexdigit() || c == b'_');
        if at + 2 < end {
            return end;
        }
    }
    let mut end = run(text, at, digit_or_line);
    // `1..2` is a range of PL/pgSQL, not `1.` and `.2`.
    if text.get(end) == Some(&b'.') && text.get(end + 1) != Some(&b'.') {
        end = run(text, end + 1, digit_or_line);
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        if text.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = run(text, end + 1 + sign, digit_or_line);
        }
    }
    end
}

/// An operator ends before a comment, and a name of several characters ends in `+` or `-` only when it holds a character that
/// standard SQL has no operator with: `<-1` is `<` and `-1`, but `@-` is one operator.
fn operator(text: &[u8], at: usize) -> usize {
    let all = &text[at..run(text, at, is_operator)];
    let comment = all.windows(2).position(|pair| pair == b"--" || pair == b"/*");
    let mut name = &all[..comment.unwrap_or(all.len())];
    while let [rest @ .., b'+' | b'-'] = name {
        if rest.is_empty() || rest.iter().any(|c| b"~!@#^&|`?%".contains(c)) {
            break;
        }
        name = rest;
    }
    at + name.len()
}

#[cfg(test)]
mod tests {
    use super::{TokenKind::*, *};

    fn check(text: &str, expected: &[(TokenKind, &str)]) {
        let found: Vec<_> = tokens(text).map(|token| (token.kind, token.text)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn strings_keep_what_looks_like_their_end() {
        check("'it''s;'", &[(StringLiteral, "'it''s;'")]);
        check(r"E'\';'", &[(StringLiteral, r"E'\';'")]);
        check(r"'\';", &[(StringLiteral, r"'\'"), (Punct, ";")]);
        check(r"U&'\0041'", &[(StringLiteral, r"U&'\0041'")]);
        check("$a$ $$ ; $a$", &[(DollarString, "$a$ $$ ; $a$")]);
        check("$$a$b$$", &[(DollarString, "$$a$b$$")]);
        check("$1$2", &[(Param, "$1"), (Param, "$2")]);
        check("a$b$c", &[(Word, "a$b$c")]);
        check("$a b", &[(Punct, "$"), (Word, "a"), (Whitespace, " "), (Word, "b")]);
    }

    #[test]
    fn a_literal_goes_on_after_a_line_end_in_the_same_mode() {
        check("E'a' -- x\n 'b\\''", &[(StringLiteral, "E'a' -- x\n 'b\\''")]);
        check("'a' 'b'", &[(StringLiteral, "'a'"), (Whitespace, " "), (StringLiteral, "'b'")]);
    }

    #[test]
    fn comments_nest_and_end_operators() {
        check("/* /* ; */ */;", &[(BlockComment, "/* /* ; */ */"), (Punct, ";")]);
        check("+--x\n", &[(Operator, "+"), (LineComment, "--x"), (Whitespace, "\n")]);
        check("*/*x*/", &[(Operator, "*"), (BlockComment, "/*x*/")]);
    }

    #[test]
    fn operators_follow_the_rule_of_trailing_signs() {
        check("<-1", &[(Operator, "<"), (Operator, "-"), (Number, "1")]);
        check("@-1", &[(Operator, "@-"), (Number, "1")]);
        check("a->>'b'", &[(Word, "a"), (Operator, "->>"), (StringLiteral, "'b'")]);
        check("a[1:2]", &[(Word, "a"), (Punct, "["), (Number, "1"), (Punct, ":"), (Number, "2"), (Punct, "]")]);
    }

    #[test]
    fn numbers() {
        for text in ["1", "1.5", ".5", "1.", "1e10", "1.5E-3", "0xFF", "1_000"] {
            check(text, &[(Number, text)]);
        }
        check("1..2", &[(Number, "1"), (Punct, "."), (Number, ".2")]);
    }

    #[test]
    fn what_is_open_at_the_end_is_one_token() {
        for text in ["'a", "E'a\\", "\"a", "/* /* */", "$$ a $", "$x$ $$", "U&\"a"] {
            check(text, &[(Unterminated, text)]);
        }
    }

    #[test]
    fn any_text_is_given_back() {
        let pieces = [
            "'", "\"", "$", "$$", "a", "E", "U&", "\\", "--", "/*", "*/", "\n", " ", ";", "é", "1", ".", "::", "e+",
            "\0",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..20_000 {
            let mut text = String::new();
            for _ in 0..round % 14 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                text.push_str(pieces[(state % pieces.len() as u64) as usize]);
            }
            let joined: String = tokens(&text).map(|token| token.text).collect();
            assert_eq!(joined, text);
            assert!(tokens(&text).all(|token| token.start < token.end), "{text:?}");
        }
    }
}
