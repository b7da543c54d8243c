//! Output: most of it is text that the compiler's own lexer reads, which costs a tenth of building every token here.
//!
//! Only what must carry the user's spans, such as the type of a field, is put in as tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// Tokens in the making.
#[derive(Default)]
pub(crate) struct Output {
    tokens: TokenStream,
    text: String,
}

/// What the user's own lints would say twice, or of code that is not theirs.
const ALLOWED: &str = "#[allow(deprecated, private_interfaces, unused_qualifications, clippy::all, clippy::pedantic)]";

impl Output {
    /// Adds text; groups in it must be closed in it.
    pub fn text(&mut self, text: &str) -> &mut Output {
        self.text.push_str(text);
        self
    }

    /// Adds tokens as they are.
    pub fn tokens(&mut self, tokens: TokenStream) -> &mut Output {
        self.flush();
        self.tokens.extend(tokens);
        self
    }

    /// Adds text whose tokens stand at a place of the user's.
    pub fn text_at(&mut self, text: &str, span: Span) -> &mut Output {
        self.tokens(spanned(parse(text), span))
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.tokens.extend(parse(&self.text));
            self.text.clear();
        }
    }

    /// What came together.
    pub fn finish(mut self) -> TokenStream {
        self.flush();
        self.tokens
    }

    /// The same between braces, behind `const _: () =`: names inside are nobody else's.
    pub fn in_const(self) -> TokenStream {
        let mut outer = Output::default();
        outer.text(ALLOWED).text("const _: () =").tokens(self.in_braces()).text(";");
        outer.finish()
    }

    /// The same between braces.
    pub fn in_braces(self) -> TokenStream {
        TokenTree::from(Group::new(Delimiter::Brace, self.finish())).into()
    }
}

fn parse(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|error| panic!("the derive writes Rust: {error} in {text}"))
}

/// Only what is not inside a group: that is what a call is shown by.
fn spanned(tokens: TokenStream, span: Span) -> TokenStream {
    let set = |mut tree: TokenTree| {
        tree.set_span(span);
        tree
    };
    tokens.into_iter().map(set).collect()
}

/// A name of SQL, always in quotes: a later version of PostgreSQL may reserve any word.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal of Rust.
pub(crate) fn literal(text: &str) -> String {
    format!("{text:?}")
}
