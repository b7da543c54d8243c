//! The tokens that a derive macro receives, as a [`Source`], and the way back from places to the compiler's spans.
//!
//! Invisible groups, which `macro_rules!` puts around a `$t:ty`, leave no delimiter: what is in them is read as if it were written.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span as RustSpan, TokenStream, TokenTree};

use super::{Cursor, Kind, Source, Span, Token};
use crate::attr::Findings;
use crate::conditions::Conditions;
use crate::decl::{self, DomainDecl, EnumDecl, ObjectDecl, Reading, TableDecl};
use crate::finding::SyntaxFinding;
use crate::types::TypeContext;

/// The input of one derive or function-like macro.
#[derive(Debug)]
pub struct DeriveSource {
    source: Source<'static>,
    /// What each token of the source was; nothing for a closing delimiter.
    trees: Vec<Option<TokenTree>>,
    /// The compiler's span of each token.
    spans: Vec<RustSpan>,
}

impl DeriveSource {
    /// Takes the tokens over.
    pub fn new(tokens: TokenStream) -> DeriveSource {
        let source = Source { text: String::new().into(), tokens: Vec::new() };
        let mut of = DeriveSource { source, trees: Vec::new(), spans: Vec::new() };
        let mut text = String::new();
        of.read(tokens, &mut text);
        of.source.text = text.into();
        of
    }

    /// The tokens in the shape that the grammar reads.
    pub fn source(&self) -> &Source<'static> {
        &self.source
    }

    fn read(&mut self, tokens: TokenStream, text: &mut String) {
        for tree in tokens {
            match &tree {
                TokenTree::Group(group) => match delimiters(group.delimiter()) {
                    None => self.read(group.stream(), text),
                    Some((open, close)) => {
                        let at = self.source.tokens.len();
                        let stream = group.stream();
                        let (first, last) = (group.span_open(), group.span_close());
                        self.push(Kind::Open, open, first, Some(tree), text);
                        self.read(stream, text);
                        self.source.tokens[at].close = self.source.tokens.len() as u32;
                        self.push(Kind::Close, close, last, None, text);
                    }
                },
                TokenTree::Ident(_) => self.leaf(Kind::Ident, tree, text),
                TokenTree::Literal(_) => self.leaf(Kind::Literal, tree, text),
                TokenTree::Punct(_) => self.leaf(Kind::Punct, tree, text),
            }
        }
    }

    /// A lifetime comes as a tick and a name, which the grammar reads as one token.
    fn leaf(&mut self, kind: Kind, tree: TokenTree, text: &mut String) {
        let (shown, span) = (tree.to_string(), tree.span());
        let after_tick = kind == Kind::Ident
            && self
                .source
                .tokens
                .last()
                .is_some_and(|last| last.kind == Kind::Punct && text[last.span.start as usize..].starts_with('\''));
        if after_tick {
            let tick = self.source.tokens.pop().map_or(0, |tick| tick.span.start as usize);
            text.truncate(tick.saturating_sub(1));
            self.spans.pop();
            self.trees.pop();
            self.push(Kind::Lifetime, &format!("'{shown}"), span, Some(tree), text);
        } else {
            self.push(kind, &shown, span, Some(tree), text);
        }
    }

    fn push(&mut self, kind: Kind, shown: &str, span: RustSpan, tree: Option<TokenTree>, text: &mut String) {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len() as u32;
        text.push_str(shown);
        let place = Span { start, end: text.len() as u32 };
        self.source.tokens.push(Token { kind, span: place, close: 0 });
        self.trees.push(tree);
        self.spans.push(span);
    }

    /// The tokens that stand at a place, as positions in the list.
    fn range(&self, span: Span) -> (usize, usize) {
        let tokens = &self.source.tokens;
        let first = tokens.partition_point(|token| token.span.end <= span.start);
        let end = tokens.partition_point(|token| token.span.start < span.end);
        (first, end.max(first))
    }

    /// The compiler's spans of the first and the last token at a place.
    pub fn spans(&self, span: Span) -> (RustSpan, RustSpan) {
        let (first, end) = self.range(span);
        let at = |index: usize| self.spans.get(index).copied().unwrap_or_else(RustSpan::call_site);
        (at(first), at(end.saturating_sub(1).max(first)))
    }

    /// The compiler's span of a place: of its first token where the compiler cannot join two.
    pub fn span(&self, span: Span) -> RustSpan {
        let (first, last) = self.spans(span);
        first.join(last).unwrap_or(first)
    }

    /// The tokens at a place as the compiler gave them, such as those of a field's type.
    pub fn tokens(&self, span: Span) -> TokenStream {
        let (mut at, end) = self.range(span);
        let mut trees = Vec::new();
        while at < end {
            let token = self.source.tokens[at];
            trees.extend(self.lifetime_tick(&token, at));
            trees.extend(self.trees[at].clone());
            at = if token.kind == Kind::Open { token.close as usize + 1 } else { at + 1 };
        }
        trees.into_iter().collect()
    }

    fn lifetime_tick(&self, token: &Token, at: usize) -> Option<TokenTree> {
        let mut tick = Punct::new('\'', Spacing::Joint);
        tick.set_span(self.spans[at]);
        (token.kind == Kind::Lifetime).then(|| tick.into())
    }

    /// Reads what was derived on as a table.
    pub fn table(&self, types: &TypeContext) -> (Option<TableDecl>, Findings) {
        self.reading(types, decl::table)
    }

    /// Reads what was derived on as an enum type.
    pub fn enum_type(&self, types: &TypeContext) -> (Option<EnumDecl>, Findings) {
        self.reading(types, decl::enum_type)
    }

    /// Reads what was derived on as a domain.
    pub fn domain(&self, types: &TypeContext) -> (Option<DomainDecl>, Findings) {
        self.reading(types, decl::domain)
    }

    /// Reads the inside of `objects!`.
    pub fn objects(&self) -> (Vec<ObjectDecl>, Findings) {
        let mut findings = Findings::new();
        (decl::objects(self.source.cursor(), &mut findings), findings)
    }

    /// The compiler has evaluated every condition before a derive sees its item.
    fn reading<T>(
        &self,
        types: &TypeContext,
        read: impl Fn(Cursor<'_>, &Reading<'_>, &mut Findings) -> Option<T>,
    ) -> (Option<T>, Findings) {
        let (conditions, mut findings) = (Conditions::default(), Findings::new());
        let found = read(self.source.cursor(), &Reading { conditions: &conditions, types }, &mut findings);
        (found, findings)
    }

    /// A finding as the compiler shows it: `compile_error!` at the place of the finding.
    pub fn compile_error(&self, finding: &SyntaxFinding) -> TokenStream {
        compile_error(self.spans(finding.span), &finding.shown())
    }
}

/// `::core::compile_error! { "message" }` between two spans.
pub(crate) fn compile_error((first, last): (RustSpan, RustSpan), message: &str) -> TokenStream {
    let punct = |c: char, spacing: Spacing| {
        let mut punct = Punct::new(c, spacing);
        punct.set_span(first);
        TokenTree::from(punct)
    };
    let mut literal = Literal::string(message);
    literal.set_span(last);
    let mut body = Group::new(Delimiter::Brace, TokenTree::from(literal).into());
    body.set_span(last);
    let path = |name: &str| [punct(':', Spacing::Joint), punct(':', Spacing::Alone), Ident::new(name, first).into()];
    path("core").into_iter().chain(path("compile_error")).chain([punct('!', Spacing::Alone), body.into()]).collect()
}

fn delimiters(of: Delimiter) -> Option<(&'static str, &'static str)> {
    match of {
        Delimiter::Parenthesis => Some(("(", ")")),
        Delimiter::Brace => Some(("{", "}")),
        Delimiter::Bracket => Some(("[", "]")),
        Delimiter::None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_tokens() {
        let tokens: TokenStream = "struct A<'a> { b: &'a Vec<u8>, c: (i64, i32) }".parse().unwrap();
        let of = DeriveSource::new(tokens);
        let text = of.source().text();
        let at = |wanted: &str| {
            let start = text.find(wanted).unwrap() as u32;
            Span { start, end: start + wanted.len() as u32 }
        };
        assert_eq!(of.tokens(at("& 'a Vec < u8 >")).to_string().replace(' ', ""), "&'aVec<u8>");
        assert_eq!(of.tokens(at("( i64 , i32 )")).to_string(), "(i64 , i32)");
        assert!(compile_error(of.spans(at("b")), "no").to_string().contains("compile_error"));
    }

    #[test]
    fn invisible_groups_are_read_through() {
        let inner: TokenStream = "Option<i32>".parse().unwrap();
        let group = TokenTree::from(Group::new(Delimiter::None, inner));
        let of = DeriveSource::new(group.into());
        assert_eq!(of.source().text(), "Option < i32 >");
    }
}
