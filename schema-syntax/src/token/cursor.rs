//! Reading a list of tokens from left to right.
//!
//! A cursor never goes past the end of its group, and skipping a group costs nothing.

use super::{Kind, Source, Span};

/// A token with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub text: &'a str,
    /// Where.
    pub span: Span,
}

impl<'a> Piece<'a> {
    /// The name, without `r#`, when it is one.
    pub fn ident(&self) -> Option<&'a str> {
        (self.kind == Kind::Ident).then(|| self.text.strip_prefix("r#").unwrap_or(self.text))
    }

    /// Whether it is this punctuation.
    pub fn is(&self, text: &str) -> bool {
        self.text == text && matches!(self.kind, Kind::Punct | Kind::Ident)
    }
}

/// A position in a [`Source`], and where reading must stop.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    source: &'a Source<'a>,
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a Source<'_>, at: usize, end: usize) -> Cursor<'a> {
        Cursor { source, at, end }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.end <= self.at
    }

    /// The source.
    pub fn source(&self) -> &'a Source<'a> {
        self.source
    }

    /// The token `ahead` tokens from here; groups count with all that is in them.
    pub fn peek_at(&self, ahead: usize) -> Option<Piece<'a>> {
        if self.end <= self.at + ahead {
            return None;
        }
        let token = &self.source.tokens[self.at + ahead];
        Some(Piece { kind: token.kind, text: self.source.slice(token.span), span: token.span })
    }

    /// The next token.
    pub fn peek(&self) -> Option<Piece<'a>> {
        self.peek_at(0)
    }

    /// Whether the next token is this punctuation or keyword.
    pub fn sees(&self, text: &str) -> bool {
        self.peek().is_some_and(|piece| piece.is(text))
    }

    /// Whether the next token opens this group.
    pub fn sees_group(&self, open: &str) -> bool {
        self.peek().is_some_and(|piece| piece.kind == Kind::Open && piece.text == open)
    }

    /// Whether the next two tokens are these punctuations or keywords.
    pub fn sees_both(&self, first: &str, second: &str) -> bool {
        self.sees(first) && self.peek_at(1).is_some_and(|piece| piece.is(second))
    }

    /// Takes one token; an opening delimiter takes its whole group along and is given back.
    #[allow(
        clippy::should_implement_trait,
        reason = "a cursor that is an iterator would lose its other methods in a loop"
    )]
    pub fn next(&mut self) -> Option<Piece<'a>> {
        let piece = self.peek()?;
        self.at = if piece.kind == Kind::Open { self.closing() + 1 } else { self.at + 1 };
        Some(piece)
    }

    /// Takes this punctuation or keyword, when it is next.
    pub fn take(&mut self, text: &str) -> bool {
        let seen = self.sees(text);
        self.at += usize::from(seen);
        seen
    }

    /// Takes a name without its `r#`.
    pub fn take_ident(&mut self) -> Option<(&'a str, Span)> {
        let piece = self.peek()?;
        let name = piece.ident()?;
        self.at += 1;
        Some((name, piece.span))
    }

    /// Takes a group that starts with this delimiter; gives back what is in it, and its place.
    pub fn take_group(&mut self, open: &str) -> Option<(Cursor<'a>, Span)> {
        if !self.sees_group(open) {
            return None;
        }
        let close = self.closing();
        let inner = Cursor { source: self.source, at: self.at + 1, end: close };
        let span = self.source.tokens[self.at].span.to(self.source.tokens[close].span);
        self.at = close + 1;
        Some((inner, span))
    }

    fn closing(&self) -> usize {
        self.source.tokens[self.at].close as usize
    }

    /// Takes everything up to the next comma that is in no group and between no angle brackets; the comma is taken too.
    pub fn take_to_comma(&mut self) -> Cursor<'a> {
        let start = self.at;
        let (mut angles, mut dash) = (0i32, false);
        let mut end = self.end;
        while let Some(piece) = self.peek() {
            match piece.text {
                "," if piece.kind == Kind::Punct && angles <= 0 => {
                    end = self.at;
                    self.at += 1;
                    break;
                }
                "<" => angles += 1,
                ">" if !dash => angles -= 1,
                _ => {}
            }
            dash = matches!(piece.text, "-" | "=");
            self.next();
        }
        Cursor { source: self.source, at: start, end }
    }

    /// Goes behind the next token that fits; groups are not looked into.
    pub fn skip_past(&mut self, fits: impl Fn(&Piece<'a>) -> bool) {
        while let Some(piece) = self.next() {
            if fits(&piece) {
                break;
            }
        }
    }

    /// The place of everything that is left; of the end when nothing is.
    pub fn rest_span(&self) -> Span {
        let tokens = &self.source.tokens;
        match (self.at < self.end, self.at.checked_sub(1)) {
            (true, _) => tokens[self.at].span.to(tokens[self.end - 1].span),
            (false, Some(last)) if last < tokens.len() => tokens[last].span,
            _ => Span::default(),
        }
    }

    /// Where tokens were taken since `earlier`.
    pub fn span_since(&self, earlier: &Cursor<'a>) -> Span {
        let tokens = &self.source.tokens;
        if earlier.at < self.at { tokens[earlier.at].span.to(tokens[self.at - 1].span) } else { earlier.rest_span() }
    }

    /// How things are written from here to the end.
    pub fn rest_text(&self) -> &'a str {
        if self.is_empty() { "" } else { self.source.slice(self.rest_span()) }
    }
}
