//! The tokens of a Rust source text.
//!
//! It knows no grammar beyond delimiters that must match. White space, comments and inner doc comments leave no token.

use super::{Kind, Source, Span, Token};

/// Why a text has no tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexError {
    /// Where.
    pub span: Span,
    /// What is wrong, in a few words.
    pub problem: &'static str,
}

/// Reads a text.
///
/// ```
/// let source = schema_syntax::token::lex("struct A<'a> { b: &'a str } // c").unwrap();
/// assert_eq!(source.cursor().next().unwrap().text, "struct");
/// assert!(schema_syntax::token::lex("fn open() {").is_err());
/// ```
pub fn lex(text: &str) -> Result<Source<'_>, LexError> {
    let mut lexer =
        Lexer { text: text.as_bytes(), at: 0, tokens: Vec::with_capacity(text.len() / 5), open: Vec::new() };
    lexer.skip_start();
    while lexer.at < lexer.text.len() {
        lexer.token()?;
    }
    match lexer.open.pop() {
        Some(index) => Err(LexError { span: lexer.tokens[index].span, problem: "this is never closed" }),
        None => Ok(Source { text: text.into(), tokens: lexer.tokens }),
    }
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    /// The opening delimiters that wait for their end.
    open: Vec<usize>,
}

/// What a byte starts or belongs to: one lookup instead of a chain of comparisons, which counts in an unoptimised build.
const CLASS: [Class; 256] = classes();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Ident,
    Digit,
    Open,
    Close,
    Quote,
    Tick,
    Slash,
    Punct,
}

const fn classes() -> [Class; 256] {
    let mut table = [Class::Punct; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => Class::Space,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => Class::Ident,
            b'0'..=b'9' => Class::Digit,
            b'(' | b'[' | b'{' => Class::Open,
            b')' | b']' | b'}' => Class::Close,
            b'"' => Class::Quote,
            b'\'' => Class::Tick,
            b'/' => Class::Slash,
            _ => Class::Punct,
        };
        byte += 1;
    }
    table
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        if self.at + ahead < self.text.len() { self.text[self.at + ahead] } else { 0 }
    }

    /// A byte order mark and a `#!` line are no tokens.
    fn skip_start(&mut self) {
        if self.text.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        if self.byte(0) == b'#' && self.byte(1) == b'!' && self.byte(2) != b'[' {
            self.line();
        }
    }

    fn token(&mut self) -> Result<(), LexError> {
        let start = self.at;
        match CLASS[self.text[start] as usize] {
            Class::Space => {
                self.at += 1;
                return Ok(());
            }
            Class::Slash if matches!(self.byte(1), b'/' | b'*') => return self.comment(),
            Class::Open => {
                self.open.push(self.tokens.len());
                self.at += 1;
                self.push(Kind::Open, start);
            }
            Class::Close => self.close()?,
            Class::Ident => self.word()?,
            Class::Digit => self.number(),
            Class::Quote => self.string(0)?,
            Class::Tick => self.tick()?,
            Class::Slash | Class::Punct => {
                self.at += 1;
                self.push(Kind::Punct, start);
            }
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let span = Span { start: start as u32, end: self.at as u32 };
        self.tokens.push(Token { kind, span, close: 0 });
    }

    fn fail(&self, start: usize, length: usize, problem: &'static str) -> LexError {
        LexError { span: Span { start: start as u32, end: (start + length) as u32 }, problem }
    }

    fn close(&mut self) -> Result<(), LexError> {
        let start = self.at;
        let Some(open) = self.open.pop() else { return Err(self.fail(start, 1, "nothing is open here")) };
        let opening = self.text[self.tokens[open].span.start as usize];
        // `(` and `)` are neighbours in ASCII; the other pairs have one character between them.
        let wanted = if opening == b'(' { b')' } else { opening + 2 };
        if self.text[start] != wanted {
            return Err(self.fail(start, 1, "this closes another kind of delimiter than the one that is open"));
        }
        self.tokens[open].close = self.tokens.len() as u32;
        self.at += 1;
        self.push(Kind::Close, start);
        Ok(())
    }

    fn line(&mut self) {
        while self.at < self.text.len() && self.text[self.at] != b'\n' {
            self.at += 1;
        }
    }

    fn comment(&mut self) -> Result<(), LexError> {
        let start = self.at;
        if self.byte(1) == b'/' {
            let doc = self.byte(2) == b'/' && self.byte(3) != b'/';
            self.line();
            if doc {
                self.push(Kind::Doc, start);
            }
            return Ok(());
        }
        let doc = self.byte(2) == b'*' && !matches!(self.byte(3), b'*' | b'/');
        let mut depth = 0usize;
        while self.at < self.text.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => depth += 1,
                (b'*', b'/') => depth -= 1,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                if doc {
                    self.push(Kind::Doc, start);
                }
                return Ok(());
            }
        }
        Err(self.fail(start, 2, "this comment is never closed"))
    }

    /// A name, or a literal whose prefix looks like one.
    fn word(&mut self) -> Result<(), LexError> {
        let start = self.at;
        let (first, second, third) = (self.text[start], self.byte(1), self.byte(2));
        match (first, second, third) {
            (b'r' | b'b' | b'c', b'"', _) => {
                self.at += 1;
                return if first == b'r' { self.raw_string(start) } else { self.string(1) };
            }
            (b'b' | b'c', b'r', b'"' | b'#') => {
                self.at += 2;
                return self.raw_string(start);
            }
            (b'b', b'\'', _) => {
                self.at += 1;
                return self.tick();
            }
            (b'r', b'#', b'"' | b'#') => {
                self.at += 1;
                return self.raw_string(start);
            }
            (b'r', b'#', _) => self.at += 2,
            _ => {}
        }
        self.run();
        self.push(Kind::Ident, start);
        Ok(())
    }

    fn run(&mut self) {
        while self.at < self.text.len() {
            match CLASS[self.text[self.at] as usize] {
                Class::Ident | Class::Digit => self.at += 1,
                _ => break,
            }
        }
    }

    fn number(&mut self) {
        let start = self.at;
        self.run();
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            self.run();
        }
        let hex = self.text[start] == b'0' && matches!(self.text.get(start + 1), Some(b'x' | b'X'));
        let exponent = matches!(self.text[self.at - 1], b'e' | b'E') && matches!(self.byte(0), b'+' | b'-');
        if exponent && !hex {
            self.at += 1;
            self.run();
        }
        self.push(Kind::Literal, start);
    }

    /// A string with escapes; `prefix` bytes before the quote belong to it.
    fn string(&mut self, prefix: usize) -> Result<(), LexError> {
        let start = self.at - prefix;
        self.at += 1;
        while self.at < self.text.len() {
            match self.text[self.at] {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    self.run();
                    self.push(Kind::Literal, start);
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        Err(self.fail(start, 1, "this string is never closed"))
    }

    /// `r##"..."##`; the position is behind the letters.
    fn raw_string(&mut self, start: usize) -> Result<(), LexError> {
        let mut hashes = 0;
        while self.byte(hashes) == b'#' {
            hashes += 1;
        }
        self.at += hashes + 1;
        while self.at < self.text.len() {
            self.at += 1;
            if self.text[self.at - 1] == b'"' && (0..hashes).all(|ahead| self.byte(ahead) == b'#') {
                self.at += hashes;
                self.run();
                self.push(Kind::Literal, start);
                return Ok(());
            }
        }
        Err(self.fail(start, 1, "this string is never closed"))
    }

    /// A character or a lifetime: `'a'` and `'a` differ in what follows the first character.
    fn tick(&mut self) -> Result<(), LexError> {
        let start = self.at;
        let first = self.byte(1);
        let length = match first {
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. => 2,
            _ => 1,
        };
        if first != b'\\' && self.byte(1 + length) != b'\'' {
            self.at += 1;
            self.run();
            self.push(Kind::Lifetime, start);
            return Ok(());
        }
        self.at += if first == b'\\' { 3 } else { 1 + length };
        while self.at < self.text.len() {
            self.at += 1;
            if self.text[self.at - 1] == b'\'' {
                self.push(Kind::Literal, start);
                return Ok(());
            }
        }
        Err(self.fail(start, 1, "this character is never closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let source = lex(text).unwrap();
        let shown: Vec<&str> = source.tokens.iter().map(|token| source.slice(token.span)).collect();
        assert_eq!(shown, expect);
    }

    #[test]
    fn literals_are_one_token() {
        check(
            r####"a "x\"{" r#"y"{"# b'\'' '\u{7d}' 'é' c"z" 1..2 0x1e+1 1.5e-3"####,
            &[
                "a",
                r#""x\"{""#,
                r##"r#"y"{"#"##,
                r"'\''",
                r"'\u{7d}'",
                "'é'",
                "c\"z\"",
                "1",
                ".",
                ".",
                "2",
                "0x1e",
                "+",
                "1",
                "1.5e-3",
            ],
        );
    }

    #[test]
    fn lifetimes_are_no_characters() {
        check("&'a T<'_> 'b'", &["&", "'a", "T", "<", "'_", ">", "'b'"]);
    }

    #[test]
    fn comments_leave_nothing_and_docs_do() {
        check(
            "//! in\n// no\n/// yes\n//// no\n/* /* } */ */ /** doc */ /**/ r#type",
            &["/// yes", "/** doc */", "r#type"],
        );
    }

    #[test]
    fn groups_must_match() {
        assert_eq!(lex("( ]").unwrap_err().span, Span { start: 2, end: 3 });
        assert_eq!(lex("a { b").unwrap_err().span, Span { start: 2, end: 3 });
        assert!(lex("}").is_err() && lex("\"").is_err() && lex("/*").is_err() && lex("r#\"a\"").is_err());
    }
}
