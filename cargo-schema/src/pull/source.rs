//! Where things stand in a source text: structs, enums, their fields and attributes, the lines of `objects!`.
//!
//! What they mean is known from the scan; here are only ranges of bytes, for edits that leave every other byte as it is.

use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;

/// A range of bytes.
pub(super) type Bytes = Range<usize>;

/// One struct or enum.
#[derive(Clone, Debug)]
pub(super) struct ItemPlace {
    /// Its name.
    pub ident: Bytes,
    /// What stands before it, and all of it.
    pub head: Head,
    /// Its fields or variants.
    pub members: Vec<MemberPlace>,
    /// What is between its braces.
    pub body: Bytes,
}

/// An item or member with its attributes.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// From the first attribute or doc comment to the end, with its comma.
    pub whole: Bytes,
    /// The first token behind the attributes.
    pub start: usize,
    /// Attributes by the last segment of their path.
    pub attributes: Vec<(String, Bytes)>,
}

/// A field or variant.
#[derive(Clone, Debug)]
pub(super) struct MemberPlace {
    /// Its name.
    pub ident: Bytes,
    /// What stands before it, and all of it.
    pub head: Head,
    /// Its type; that of a variant is empty.
    pub ty: Bytes,
    /// Whether a comma follows.
    pub comma: bool,
}

/// All that is found in one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Structs and enums, those of inline modules too.
    pub items: Vec<ItemPlace>,
    /// The statements of `objects!` macros, with their semicolons.
    pub statements: Vec<Bytes>,
}

impl Places {
    /// Reads a text; nothing is found in one that is no Rust.
    pub fn of(text: &str) -> Places {
        let mut places = Places::default();
        if let Ok(file) = syn::parse_file(text) {
            places.items(&file.items);
        }
        places
    }

    /// The item whose name stands there.
    pub fn item(&self, ident: usize) -> Option<&ItemPlace> {
        self.items.iter().find(|item| item.ident.start == ident)
    }

    fn items(&mut self, items: &[syn::Item]) {
        for item in items {
            match item {
                syn::Item::Struct(of) => self.items.push(ItemPlace {
                    ident: of.ident.span().byte_range(),
                    head: head(&of.attrs, of.span(), None),
                    members: fields(&of.fields),
                    body: body(&of.fields),
                }),
                syn::Item::Enum(of) => self.items.push(ItemPlace {
                    ident: of.ident.span().byte_range(),
                    head: head(&of.attrs, of.span(), None),
                    members: variants(&of.variants),
                    body: inner(of.brace_token.span),
                }),
                syn::Item::Mod(of) => self.items(of.content.as_ref().map_or(&[], |(_, items)| items.as_slice())),
                syn::Item::Macro(of) => {
                    let name = of.mac.path.segments.last().map(|segment| segment.ident.to_string());
                    match name.as_deref() {
                        Some("objects") => self.statements(of.mac.tokens.clone()),
                        Some("tables") => {
                            if let Ok(inner) = syn::parse2::<syn::File>(of.mac.tokens.clone()) {
                                self.items(&inner.items);
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// `kind(..);`
    fn statements(&mut self, tokens: TokenStream) {
        let mut start = None;
        let mut end = 0;
        for token in tokens {
            let range = token.span().byte_range();
            let semicolon = matches!(&token, TokenTree::Punct(of) if of.as_char() == ';');
            let list = matches!(&token, TokenTree::Group(of) if of.delimiter() == Delimiter::Parenthesis);
            start = start.or((!semicolon).then_some(range.start));
            end = if list || semicolon { range.end } else { end };
            if semicolon {
                self.statements.extend(start.take().map(|start| start..end));
            }
        }
        self.statements.extend(start.map(|start| start..end));
    }
}

fn head(attributes: &[syn::Attribute], item: proc_macro2::Span, comma: Option<proc_macro2::Span>) -> Head {
    let whole = item.byte_range();
    let listed = attributes.iter().map(|of| {
        let name = of.path().segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        (name, of.span().byte_range())
    });
    let attributes: Vec<(String, Bytes)> = listed.collect();
    let end = comma.map_or(whole.end, |comma| comma.byte_range().end);
    let start = attributes.iter().map(|(_, range)| range.end).max().unwrap_or(whole.start);
    let first = attributes.iter().map(|(_, range)| range.start).min().unwrap_or(whole.start);
    Head { whole: first.min(whole.start)..end, start, attributes }
}

fn inner(of: proc_macro2::extra::DelimSpan) -> Bytes {
    of.open().byte_range().end..of.close().byte_range().start
}

fn body(of: &syn::Fields) -> Bytes {
    match of {
        syn::Fields::Named(named) => inner(named.brace_token.span),
        syn::Fields::Unnamed(unnamed) => inner(unnamed.paren_token.span),
        syn::Fields::Unit => 0..0,
    }
}

fn fields(of: &syn::Fields) -> Vec<MemberPlace> {
    let list = match of {
        syn::Fields::Named(named) => &named.named,
        syn::Fields::Unnamed(unnamed) => &unnamed.unnamed,
        syn::Fields::Unit => return Vec::new(),
    };
    let place = |field: &syn::Field, comma: Option<proc_macro2::Span>| {
        let ident = field.ident.as_ref().map_or_else(|| field.ty.span(), |ident| ident.span());
        MemberPlace {
            ident: ident.byte_range(),
            head: head(&field.attrs, field.span(), comma),
            ty: field.ty.span().byte_range(),
            comma: comma.is_some(),
        }
    };
    list.pairs().map(|pair| place(pair.value(), pair.punct().map(|comma| comma.span()))).collect()
}

fn variants(of: &Punctuated<syn::Variant, syn::Token![,]>) -> Vec<MemberPlace> {
    let place = |variant: &syn::Variant, comma: Option<proc_macro2::Span>| MemberPlace {
        ident: variant.ident.span().byte_range(),
        head: head(&variant.attrs, variant.span(), comma),
        ty: 0..0,
        comma: comma.is_some(),
    };
    of.pairs().map(|pair| place(pair.value(), pair.punct().map(|comma| comma.span()))).collect()
}
