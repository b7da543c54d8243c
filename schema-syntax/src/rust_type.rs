//! A Rust type as far as an SQL type can depend on it: the last segment of its path and its arguments.
//!
//! Aliases and imports are not followed: what a name stands for is the compiler's to say, and the derive asserts it.

use crate::token::{Cursor, Kind, Span};

/// A type with the place where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RustType {
    /// What it is.
    pub form: Form,
    /// Where.
    pub span: Span,
}

/// The form of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A path: its last segment and that one's type arguments.
    Path {
        /// Without `r#`.
        name: String,
        /// Type arguments only.
        args: Vec<RustType>,
        /// Whether more segments stand before the last.
        qualified: bool,
    },
    /// `&T`.
    Reference(Box<RustType>),
    /// `[T]` or `[T; N]`.
    Slice(Box<RustType>),
    /// Anything else.
    Other,
}

impl RustType {
    /// Reads a type that takes the whole list.
    pub fn read(tokens: Cursor<'_>) -> RustType {
        let span = tokens.rest_span();
        let mut rest = tokens;
        match form(&mut rest) {
            Some(form) if rest.is_empty() => RustType { form, span },
            _ => RustType { form: Form::Other, span },
        }
    }

    /// The name and arguments of a path.
    pub fn path(&self) -> Option<(&str, &[RustType])> {
        match &self.form {
            Form::Path { name, args, .. } => Some((name, args)),
            _ => None,
        }
    }
}

fn typed(tokens: &mut Cursor<'_>) -> Option<RustType> {
    let start = *tokens;
    let form = form(tokens)?;
    Some(RustType { form, span: tokens.span_since(&start) })
}

fn form(tokens: &mut Cursor<'_>) -> Option<Form> {
    let piece = tokens.peek()?;
    match (piece.kind, piece.text) {
        (Kind::Punct, "&") => {
            tokens.next();
            if tokens.peek().is_some_and(|next| next.kind == Kind::Lifetime) {
                tokens.next();
            }
            tokens.take("mut");
            typed(tokens).map(|inner| Form::Reference(Box::new(inner)))
        }
        (Kind::Open, "[") => {
            let (mut inner, _) = tokens.take_group("[")?;
            let element = typed(&mut inner)?;
            (inner.is_empty() || inner.take(";")).then(|| Form::Slice(Box::new(element)))
        }
        (Kind::Open, "(") => {
            let (mut inner, _) = tokens.take_group("(")?;
            let element = form(&mut inner)?;
            Some(if inner.is_empty() { element } else { Form::Other })
        }
        (Kind::Ident, "dyn" | "impl" | "fn" | "for" | "unsafe" | "extern") => None,
        (Kind::Ident, _) | (Kind::Punct, ":") => path(tokens),
        _ => None,
    }
}

fn path(tokens: &mut Cursor<'_>) -> Option<Form> {
    let mut qualified = false;
    separator(tokens);
    loop {
        let (name, _) = tokens.take_ident()?;
        let more = separator(tokens);
        let args = if tokens.sees("<") { arguments(tokens)? } else { Vec::new() };
        if separator(tokens) || more && args.is_empty() {
            qualified = true;
            continue;
        }
        return Some(Form::Path { name: name.to_owned(), args, qualified });
    }
}

fn separator(tokens: &mut Cursor<'_>) -> bool {
    let seen = tokens.sees_both(":", ":");
    if seen {
        tokens.next();
        tokens.next();
    }
    seen
}

/// `<...>`: lifetimes, constants and associated types are no type arguments.
fn arguments(tokens: &mut Cursor<'_>) -> Option<Vec<RustType>> {
    tokens.next();
    let mut args = Vec::new();
    while !tokens.take(">") {
        match tokens.peek()?.kind {
            Kind::Lifetime | Kind::Literal => {
                tokens.next();
            }
            Kind::Open if tokens.sees_group("{") => {
                tokens.next();
            }
            _ => {
                let arg = typed(tokens)?;
                if tokens.take("=") {
                    typed(tokens)?;
                } else {
                    args.push(arg);
                }
            }
        }
        if !tokens.take(",") && !tokens.sees(">") {
            return None;
        }
    }
    Some(args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::lex;

    fn shown(of: &RustType) -> String {
        match &of.form {
            Form::Path { name, args, .. } if args.is_empty() => name.clone(),
            Form::Path { name, args, .. } => {
                format!("{name}<{}>", args.iter().map(shown).collect::<Vec<_>>().join(","))
            }
            Form::Reference(of) => format!("&{}", shown(of)),
            Form::Slice(of) => format!("[{}]", shown(of)),
            Form::Other => "?".to_owned(),
        }
    }

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let source = lex(text).unwrap();
        assert_eq!(shown(&RustType::read(source.cursor())), expect, "{text}");
    }

    #[test]
    fn the_last_segment_and_its_arguments_are_kept() {
        check("::std::option::Option<chrono::DateTime<chrono::Utc>>", "Option<DateTime<Utc>>");
        check("Cow<'static, str>", "Cow<str>");
        check("Vec::<[u8; 4]>", "Vec<[u8]>");
        check("&'a mut [Option<(i32)>]", "&[Option<i32>]");
        check("HashMap<String, Vec<u8>>", "HashMap<String,Vec<u8>>");
        check("r#type", "type");
    }

    #[test]
    fn what_is_no_path_is_nothing() {
        for text in ["(i32, i64)", "dyn Any", "fn(i32) -> i32", "<A as B>::C", "!", "*const u8", "a!()", "A + B"] {
            check(text, "?");
        }
    }
}
