//! What items and fields have in front: attributes, doc comments, visibility.
//!
//! Attributes of other crates are passed over without a look into them.

use crate::attr::{Args, Findings};
use crate::conditions::{Conditions, Truth};
use crate::finding::{ATTRIBUTE_VALUE, SyntaxFinding};
use crate::token::{Cursor, Kind, Span, string_value};

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    /// The last segment of its path.
    pub name: &'a str,
    /// What follows the path.
    pub rest: Cursor<'a>,
    /// Where its path stands.
    pub span: Span,
}

/// The attributes of an item, under the active conditions.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// All attributes but `cfg`; those of `cfg_attr` are among them when its condition holds.
    pub attributes: Vec<Attribute<'a>>,
    /// Whether the item is there.
    pub truth: Truth,
    doc: Option<Cursor<'a>>,
}

/// Reads the attributes that are next.
pub fn header<'a>(tokens: &mut Cursor<'a>, conditions: &Conditions) -> Header<'a> {
    let mut header = Header { attributes: Vec::new(), truth: Truth::Yes, doc: None };
    loop {
        match tokens.peek() {
            Some(piece) if piece.kind == Kind::Doc => {
                header.doc = header.doc.or(Some(*tokens));
                tokens.next();
            }
            Some(piece) if piece.is("#") => {
                let start = *tokens;
                tokens.next();
                tokens.take("!");
                match tokens.take_group("[") {
                    Some((inner, _)) => header.read(inner, conditions, start),
                    None => return header,
                }
            }
            _ => return header,
        }
    }
}

/// Reads the attributes of the file or module itself, `#![..]`; whether it is there.
pub(crate) fn inner_truth(tokens: &mut Cursor<'_>, conditions: &Conditions) -> Truth {
    let mut header = Header { attributes: Vec::new(), truth: Truth::Yes, doc: None };
    while tokens.sees_both("#", "!") {
        let start = *tokens;
        tokens.next();
        tokens.next();
        match tokens.take_group("[") {
            Some((inner, _)) => header.read(inner, conditions, start),
            None => break,
        }
    }
    header.truth
}

impl<'a> Header<'a> {
    fn read(&mut self, mut inner: Cursor<'a>, conditions: &Conditions, start: Cursor<'a>) {
        let path = inner;
        let mut name = "";
        while let Some((segment, _)) = inner.take_ident() {
            name = segment;
            // `#[unsafe(no_mangle)]` has a group where others have a path; it is none of ours.
            if !(inner.take(":") && inner.take(":")) {
                break;
            }
        }
        let span = inner.span_since(&path);
        match name {
            "cfg" => {
                if let Some((mut condition, _)) = inner.take_group("(") {
                    self.holds(conditions.evaluate(&mut condition));
                }
            }
            "cfg_attr" => {
                if let Some((mut list, _)) = inner.take_group("(") {
                    self.conditional(&mut list, conditions);
                }
            }
            "doc" if inner.sees("=") => self.doc = self.doc.or(Some(start)),
            _ => self.attributes.push(Attribute { name, rest: inner, span }),
        }
    }

    fn conditional(&mut self, list: &mut Cursor<'a>, conditions: &Conditions) {
        let truth = conditions.evaluate(list);
        list.take(",");
        while truth != Truth::No && !list.is_empty() {
            let start = *list;
            self.read(list.take_to_comma(), conditions, start);
        }
    }

    fn holds(&mut self, truth: Truth) {
        self.truth = match (self.truth, truth) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
            _ => Truth::Unknown,
        };
    }

    /// The arguments of all attributes of one name.
    pub(super) fn args(&self, name: &str, owner: &'static str, item: Span, findings: &mut Findings) -> Args<'a> {
        let mut args = Args::new(owner, item);
        for attribute in self.attributes.iter().filter(|attribute| attribute.name == name) {
            let mut rest = attribute.rest;
            args.span = attribute.span;
            match rest.take_group("(") {
                Some((list, _)) => args.read(list, findings),
                None => {
                    let message = format!("`#[{name}]` says nothing without a list");
                    let help = format!("write `{owner}`, or remove the attribute");
                    findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, attribute.span, message).help(help));
                }
            }
        }
        args
    }

    /// The first line of the doc comment.
    pub(super) fn doc_line(&self) -> Option<String> {
        let mut tokens = self.doc?;
        while let Some(piece) = tokens.peek() {
            let text = match piece.kind {
                Kind::Doc => doc_text(piece.text).to_owned(),
                _ => attribute_text(&mut tokens)?,
            };
            if let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) {
                return Some(line.trim_start_matches("* ").to_owned());
            }
            if piece.kind == Kind::Doc {
                tokens.next();
            }
        }
        None
    }
}

fn doc_text(comment: &str) -> &str {
    match comment.strip_prefix("///") {
        Some(line) => line,
        None => comment.trim_start_matches("/**").trim_end_matches("*/"),
    }
}

/// The text of `#[doc = ".."]`, when that is what comes next.
fn attribute_text(tokens: &mut Cursor<'_>) -> Option<String> {
    tokens.take("#").then_some(())?;
    let (mut inner, _) = tokens.take_group("[")?;
    let named = inner.take("doc") && inner.take("=");
    inner.next().filter(|_| named).and_then(|piece| string_value(piece.text))
}

/// Passes over `pub`, `pub(crate)` and the like.
pub fn skip_visibility(tokens: &mut Cursor<'_>) {
    if tokens.take("pub") && tokens.sees_group("(") {
        tokens.next();
    }
}

/// What comes after the name of a struct or enum.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    /// `{ .. }`.
    Braces(Cursor<'a>),
    /// `( .. );`.
    Tuple(Cursor<'a>),
    /// `;`.
    Unit,
}

/// A struct, enum or union without its header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    /// `struct`, `enum` or `union`.
    pub keyword: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where its name stands.
    pub span: Span,
    /// Where type parameters stand, when it has any.
    pub type_parameter: Option<Span>,
    /// Its fields or variants.
    pub body: Body<'a>,
}

/// Reads from the visibility to the end of the item.
pub(crate) fn item<'a>(tokens: &mut Cursor<'a>) -> Option<Item<'a>> {
    skip_visibility(tokens);
    let (keyword, _) = tokens.take_ident()?;
    if !matches!(keyword, "struct" | "enum" | "union") {
        return None;
    }
    let (name, span) = tokens.take_ident()?;
    let type_parameter = if tokens.sees("<") { generics(tokens) } else { None };
    loop {
        if let Some((body, _)) = tokens.take_group("{") {
            return Some(Item { keyword, name, span, type_parameter, body: Body::Braces(body) });
        }
        if let Some((body, _)) = tokens.take_group("(") {
            tokens.skip_past(|piece| piece.is(";"));
            return Some(Item { keyword, name, span, type_parameter, body: Body::Tuple(body) });
        }
        if tokens.take(";") || tokens.is_empty() {
            return Some(Item { keyword, name, span, type_parameter, body: Body::Unit });
        }
        // A `where` clause; the parentheses of `Fn(..)` in one would be taken for fields, which no table has.
        tokens.next();
    }
}

/// Passes over `<..>`; the place of the first parameter that is no lifetime.
fn generics(tokens: &mut Cursor<'_>) -> Option<Span> {
    tokens.next();
    let mut depth = 1;
    let mut found = None;
    let mut first = true;
    while 0 < depth {
        let piece = tokens.next()?;
        match piece.text {
            "<" => depth += 1,
            ">" => depth -= 1,
            _ => {}
        }
        if first && depth == 1 && piece.kind == Kind::Ident {
            found = found.or(Some(piece.span));
        }
        first = depth == 1 && piece.is(",");
    }
    found
}
