//! A walk over the significant tokens of a statement, for whoever looks at its first words. It knows no statement.

use super::lexer::{Token, TokenKind, tokens};
use super::literal::ident_value;
use crate::{Ident, QualifiedName};

/// The significant tokens, and how many of them are taken.
pub(super) struct Reader<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Reader<'a> {
        Reader { tokens: tokens(text).filter(|token| token.kind.is_significant()).collect(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    /// Takes the words when all of them come next.
    pub(super) fn words(&mut self, words: &[&str]) -> bool {
        let rest = &self.tokens[self.at.min(self.tokens.len())..];
        let found = words.len() <= rest.len() && words.iter().zip(rest).all(|(word, token)| token.is_word(word));
        self.at += if found { words.len() } else { 0 };
        found
    }

    /// Takes what a pair of parentheses holds, when one opens here.
    pub(super) fn group(&mut self) -> Option<Vec<Token<'a>>> {
        if !self.punct("(") {
            return None;
        }
        let (start, mut depth) = (self.at, 1);
        while let Some(token) = self.take() {
            depth += i32::from(token.is_punct("(")) - i32::from(token.is_punct(")"));
            if depth == 0 {
                return Some(self.tokens[start..self.at - 1].to_vec());
            }
        }
        None
    }

    pub(super) fn take(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.at).copied();
        self.at += usize::from(token.is_some());
        token
    }

    pub(super) fn is_text(&self, text: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.text.eq_ignore_ascii_case(text))
    }

    /// Takes the word when it is the next token.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.is_word(word));
        self.at += usize::from(found);
        found
    }

    pub(super) fn punct(&mut self, punct: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.is_punct(punct));
        self.at += usize::from(found);
        found
    }

    /// Takes a name of one or two parts; a third, in front, is the database, which can only be the current one.
    pub(super) fn name(&mut self) -> Option<QualifiedName> {
        let mut parts = vec![self.ident()?];
        while self.punct(".") {
            parts.push(self.ident()?);
        }
        let name = parts.pop()?;
        Some(match parts.pop() {
            Some(schema) => QualifiedName { schema, name },
            None => QualifiedName::public(name),
        })
    }

    pub(super) fn ident(&mut self) -> Option<Ident> {
        let token =
            self.tokens.get(self.at).filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent))?;
        let ident = Ident::new(ident_value(token)?).ok()?;
        self.at += 1;
        Some(ident)
    }

    /// Whether these words stand one after the other anywhere in the rest.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        let rest = &self.tokens[self.at..];
        rest.windows(words.len()).any(|window| window.iter().zip(words).all(|(token, word)| token.is_word(word)))
    }

    /// `WITH (connect = false)` or `WITH (create_slot = false)`.
    pub(super) fn makes_no_slot(&self) -> bool {
        let makes = |token: &Token<'_>| token.is_word("connect") || token.is_word("create_slot");
        let no = |token: &Token<'_>| {
            let text = token.text.trim_matches('\'').to_ascii_lowercase();
            matches!(text.as_str(), "false" | "off" | "0")
        };
        self.tokens.windows(3).any(|window| makes(&window[0]) && window[1].text == "=" && no(&window[2]))
    }
}
