//! The name that an expression gives to its column of an index.
//!
//! Source: `FigureIndexColname` in `src/backend/parser/parse_target.c`. Where the text is one that only a full parser would
//! understand, the answer is PostgreSQL's own for the unknown: `expr`.

use schema_core::SqlType;
use schema_core::sql::{Token, TokenKind, ident_value, tokens};

/// The name.
pub(super) fn expression_name(text: &str) -> String {
    let tokens: Vec<Token<'_>> = tokens(text).filter(|token| token.kind.is_significant()).collect();
    figure(text, &tokens).map_or_else(|| "expr".to_owned(), |(name, _)| name)
}

/// How sure PostgreSQL is of a name: a cast replaces a weak one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strength {
    Weak,
    Strong,
}

type Figure = Option<(String, Strength)>;

fn figure(text: &str, tokens: &[Token<'_>]) -> Figure {
    let end = primary_end(tokens)?;
    let mut name = primary(text, &tokens[..end]);
    let mut rest = &tokens[end..];
    while let Some(token) = rest.first() {
        if token.text == "::" {
            let length = type_length(&rest[1..]);
            name = cast(text, &rest[1..=length], name);
            rest = &rest[length + 1..];
        } else if token.is_word("collate") {
            rest = rest.get(2..)?;
        } else if token.is_punct("[") {
            rest = &rest[closing(rest, "[", "]")? + 1..];
        } else if token.is_punct(".") {
            name = rest.get(1).and_then(ident_value).map(|field| (field.into_owned(), Strength::Strong));
            rest = rest.get(2..)?;
        } else if is_time_zone(rest) && !loose(&rest[3..]) {
            return Some(("timezone".to_owned(), Strength::Strong));
        } else {
            return None;
        }
    }
    name
}

fn is_time_zone(rest: &[Token<'_>]) -> bool {
    3 < rest.len() && rest[0].is_word("at") && rest[1].is_word("time") && rest[2].is_word("zone")
}

/// Whether an operator stands outside parentheses.
fn loose(tokens: &[Token<'_>]) -> bool {
    primary_end(tokens).is_none_or(|end| end < tokens.len() && tokens[end].text != "::")
}

/// How many tokens the operand at the start takes.
fn primary_end(tokens: &[Token<'_>]) -> Option<usize> {
    let first = tokens.first()?;
    if first.is_punct("(") {
        return Some(closing(tokens, "(", ")")? + 1);
    }
    if first.is_word("case") {
        return case_end(tokens);
    }
    if first.is_word("array") && tokens.get(1).is_some_and(|token| token.is_punct("[")) {
        return Some(closing(&tokens[1..], "[", "]")? + 2);
    }
    match first.kind {
        TokenKind::Number | TokenKind::StringLiteral | TokenKind::DollarString => Some(1),
        TokenKind::Word | TokenKind::QuotedIdent if !first.is_word("not") => {
            let mut end = 1;
            while tokens.get(end).is_some_and(|token| token.is_punct(".")) {
                end += 2;
            }
            if tokens.get(end).is_some_and(|token| token.is_punct("(")) {
                end += closing(&tokens[end..], "(", ")")? + 1;
            }
            Some(end)
        }
        _ => None,
    }
}

fn case_end(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        depth += i32::from(token.is_word("case")) - i32::from(token.is_word("end"));
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// Where the group that starts the list is closed.
fn closing(tokens: &[Token<'_>], open: &str, close: &str) -> Option<usize> {
    let mut depth = 0;
    tokens.iter().position(|token| {
        depth += i32::from(token.is_punct(open)) - i32::from(token.is_punct(close));
        depth == 0
    })
}

fn primary(text: &str, tokens: &[Token<'_>]) -> Figure {
    let (first, last) = (tokens.first()?, tokens.last()?);
    let strong = |name: &str| Some((name.to_owned(), Strength::Strong));
    if first.is_punct("(") {
        return figure(text, &tokens[1..tokens.len() - 1]);
    }
    if first.is_word("case") {
        let otherwise = tokens.iter().rposition(|token| token.is_word("else"));
        let name = otherwise.and_then(|at| figure(text, &tokens[at + 1..tokens.len() - 1]));
        return name
            .filter(|(_, strength)| *strength == Strength::Strong)
            .or(Some(("case".to_owned(), Strength::Weak)));
    }
    if first.is_word("array") && last.is_punct("]") {
        return strong("array");
    }
    if !matches!(first.kind, TokenKind::Word | TokenKind::QuotedIdent) {
        return None;
    }
    if !last.is_punct(")") {
        return constant_or_column(last);
    }
    let open = tokens.iter().position(|token| token.is_punct("("))?;
    let inside = &tokens[open + 1..tokens.len() - 1];
    if first.is_word("cast") {
        let at = inside.iter().rposition(|token| token.is_word("as"))?;
        return cast(text, &inside[at + 1..], figure(text, &inside[..at]));
    }
    if first.is_word("trim") {
        let side = inside.first();
        let leading = side.is_some_and(|token| token.is_word("leading"));
        let trailing = side.is_some_and(|token| token.is_word("trailing"));
        return strong(if leading {
            "ltrim"
        } else if trailing {
            "rtrim"
        } else {
            "btrim"
        });
    }
    ident_value(&tokens[open - 1]).and_then(|name| strong(&name))
}

/// A column gives its name; TRUE, FALSE and NULL give none.
fn constant_or_column(token: &Token<'_>) -> Figure {
    let constant = ["true", "false", "null"].iter().any(|word| token.is_word(word));
    ident_value(token).filter(|_| !constant).map(|name| (name.into_owned(), Strength::Strong))
}

/// How many tokens the type behind `::` takes.
fn type_length(tokens: &[Token<'_>]) -> usize {
    let mut length = 0;
    while let Some(token) = tokens.get(length) {
        let word = matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent) && !token.is_word("collate");
        let zone = token.is_word("at") && is_time_zone(&tokens[length..]);
        if token.is_punct("(") || token.is_punct("[") {
            let (open, close) = if token.is_punct("(") { ("(", ")") } else { ("[", "]") };
            length += closing(&tokens[length..], open, close).map_or(1, |at| at + 1);
        } else if (word || token.is_punct(".")) && !zone {
            length += 1;
        } else {
            break;
        }
    }
    length
}

fn cast(text: &str, of: &[Token<'_>], name: Figure) -> Figure {
    if let Some((_, Strength::Strong)) = name {
        return name;
    }
    let (first, last) = (of.first()?, of.last()?);
    let parsed = SqlType::parse(&text[first.start..last.end]).ok()?;
    let written = match parsed.built_in_name() {
        Some(name) => catalog_name(name).to_owned(),
        None => parsed.user_type()?.name.as_str().to_owned(),
    };
    Some((written, Strength::Weak))
}

/// The name in `pg_type` of what SQL spells otherwise (`SystemTypeName` in `gram.y`).
fn catalog_name(name: &str) -> &str {
    match name {
        "bigint" => "int8",
        "integer" => "int4",
        "smallint" => "int2",
        "boolean" => "bool",
        "real" => "float4",
        "double precision" => "float8",
        "char" => "bpchar",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresqls_answers() {
        for (expr, expect) in [
            ("lower(email)", "lower"),
            ("pg_catalog.Lower(email)", "lower"),
            ("data ->> 'x'", "expr"),
            ("(data ->> 'x')::int", "int4"),
            ("email::text", "email"),
            ("a + b", "expr"),
            ("created_at AT TIME ZONE 'utc'", "timezone"),
            ("(created_at AT TIME ZONE 'utc')::date", "timezone"),
            ("coalesce(a, b)", "coalesce"),
            ("CASE WHEN a THEN 1 ELSE b END", "b"),
            ("CASE WHEN a THEN 1 END", "case"),
            ("trim(leading from a)", "ltrim"),
            ("cast(a || b as varchar(3))", "varchar"),
            ("\"Name\" COLLATE \"C\"", "Name"),
            ("a IS NULL", "expr"),
            ("NOT a", "expr"),
            ("ARRAY[a, b]", "array"),
            ("tags[1]", "tags"),
        ] {
            assert_eq!(expression_name(expr), expect, "{expr}");
        }
    }
}
