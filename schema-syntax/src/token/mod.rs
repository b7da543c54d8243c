//! Rust tokens, from a source text or from a compiler's token stream, in one flat list that knows where groups end.
//!
//! A list of its own instead of a syntax tree: the scan of a thousand structs runs unoptimised inside build.rs, where reading
//! whole files with a general parser costs ten times as much. Expressions and function bodies are never looked into.

mod cursor;
mod lexer;
mod literal;
mod stream;

pub use cursor::Cursor;
pub use lexer::{LexError, lex};
pub use literal::string_value;
pub use stream::DeriveSource;

/// A piece of a source, in bytes of its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// From the start of this one to the end of the other.
    pub fn to(self, last: Span) -> Span {
        Span { start: self.start, end: last.end.max(self.start) }
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword, perhaps raw.
    Ident,
    /// `'a`.
    Lifetime,
    /// A number, string or character.
    Literal,
    /// An outer doc comment.
    Doc,
    /// One character of an operator or separator.
    Punct,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
}

/// One token of a [`Source`].
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where its text stands.
    pub span: Span,
    /// Of an opening delimiter: the place of the closing one in the list.
    pub close: u32,
}

/// A text and its tokens.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    text: std::borrow::Cow<'a, str>,
    tokens: Vec<Token>,
}

impl Source<'_> {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands at a place.
    pub fn slice(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// A cursor over everything.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::new(self, 0, self.tokens.len())
    }
}
