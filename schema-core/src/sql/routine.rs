//! Routines as they are declared: the types that tell namesakes apart, and whether one text can replace another in place.
//!
//! Only the head of a definition is read, token by token, by the rules of `func_arg` in PostgreSQL's `gram.y`.
//!
//! <https://www.postgresql.org/docs/current/sql-createfunction.html>

use super::compare::normalized;
use super::lexer::{Token, TokenKind, tokens};
use super::reader::Reader;
use crate::{BaseType, KindName, SqlType, rename::Rename};

/// The words that end what a routine returns.
const ATTRIBUTES: &[&str] = &[
    "language",
    "transform",
    "window",
    "immutable",
    "stable",
    "volatile",
    "not",
    "leakproof",
    "called",
    "strict",
    "external",
    "security",
    "parallel",
    "cost",
    "rows",
    "support",
    "set",
    "as",
    "return",
    "begin",
];

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Argument {
    mode: String,
    name: Option<String>,
    of: String,
    has_default: bool,
}

/// What two definitions must share for CREATE OR REPLACE.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Head {
    arguments: Vec<Argument>,
    returns: String,
}

/// The types of the arguments that callers give, in parentheses; none when the list cannot be read.
pub(super) fn signature(reader: &mut Reader<'_>) -> Option<String> {
    let arguments = arguments(&reader.group()?)?;
    let inputs = arguments.iter().filter(|argument| argument.mode != "out");
    Some(format!("({})", inputs.map(|argument| argument.of.as_str()).collect::<Vec<_>>().join(", ")))
}

/// The types of an aggregate's arguments: `(*)`, or a list with `ORDER BY` in it.
pub(super) fn aggregate_signature(reader: &mut Reader<'_>) -> Option<String> {
    let group = reader.group()?;
    if let [star] = group.as_slice() {
        if star.text == "*" {
            return Some("(*)".to_owned());
        }
    }
    let ordered = group.windows(2).position(|pair| pair[0].is_word("order") && pair[1].is_word("by"));
    // Only the word tells that the same arguments are direct and sorted ones (`makeOrderedSetArgs` in `gram.y`).
    let variadic = |argument: &Argument| ordered.is_some() && argument.mode == "variadic";
    let spelled = |argument: Argument| format!("{}{}", if variadic(&argument) { "VARIADIC " } else { "" }, argument.of);
    let list = |tokens: &[Token<'_>]| Some(arguments(tokens)?.into_iter().map(spelled).collect::<Vec<_>>().join(", "));
    match ordered {
        None => Some(format!("({})", list(&group)?)),
        Some(at) => {
            let (direct, rest) = (list(&group[..at])?, list(&group[at + 2..])?);
            Some(format!("({direct}{}ORDER BY {rest})", if direct.is_empty() { "" } else { " " }))
        }
    }
}

/// A type as signatures spell it: without its modifier, which PostgreSQL does not keep for arguments.
pub(super) fn type_text(of: &SqlType) -> String {
    let name = match &of.base {
        BaseType::BuiltIn(name) if name == "char" => "bpchar".to_owned(),
        BaseType::BuiltIn(name) => name.clone(),
        BaseType::User(name) => name.quoted(),
    };
    format!("{name}{}", if of.array { "[]" } else { "" })
}

/// A signature after the rename of a type in it, or of a type's PostgreSQL schema.
pub(crate) fn signature_after(signature: &str, rename: &Rename) -> String {
    let Some(group) = Reader::new(signature).group() else { return signature.to_owned() };
    let Some(arguments) = arguments(&group) else { return signature.to_owned() };
    let follow = |argument: Argument| {
        let Ok(of) = SqlType::parse(&argument.of) else { return argument.of };
        let Some(before) = of.user_type().cloned() else { return argument.of };
        let mut after = before.clone();
        [KindName::Enum, KindName::Domain].into_iter().for_each(|kind| rename.follow_name(kind, &mut after));
        type_text(&of.renamed(&before, &after))
    };
    format!("({})", arguments.into_iter().map(follow).collect::<Vec<_>>().join(", "))
}

/// Puts `OR REPLACE` into a definition that lacks it.
///
/// ```
/// use schema_core::sql::or_replace;
/// assert_eq!(or_replace("create view v AS SELECT 1"), "create OR REPLACE view v AS SELECT 1");
/// assert_eq!(or_replace("CREATE OR REPLACE VIEW v AS SELECT 1"), "CREATE OR REPLACE VIEW v AS SELECT 1");
/// ```
pub fn or_replace(sql: &str) -> String {
    let mut significant = tokens(sql).filter(|token| token.kind.is_significant());
    match (significant.next(), significant.next()) {
        (Some(create), Some(next)) if create.is_word("create") && !next.is_word("or") => {
            format!("{} OR REPLACE{}", &sql[..create.end], &sql[create.end..])
        }
        _ => sql.to_owned(),
    }
}

/// Whether PostgreSQL takes `after` for `before` in place: the same arguments under the same names, no default less, and the same
/// return type (`CREATE OR REPLACE FUNCTION`, notes).
pub(crate) fn replaces_routine(before: &str, after: &str) -> bool {
    let (Some(before), Some(after)) = (head(before), head(after)) else { return false };
    let fits = |(old, new): (&Argument, &Argument)| {
        old.mode == new.mode
            && old.of == new.of
            && (old.name.is_none() || old.name == new.name)
            && (!old.has_default || new.has_default)
    };
    before.returns == after.returns
        && before.arguments.len() == after.arguments.len()
        && before.arguments.iter().zip(&after.arguments).all(fits)
}

fn head(sql: &str) -> Option<Head> {
    let mut reader = Reader::new(sql);
    reader.words(&["create"]);
    reader.words(&["or", "replace"]);
    if !(reader.word("function") || reader.word("procedure")) {
        return None;
    }
    reader.name()?;
    let arguments = arguments(&reader.group()?)?;
    let start = reader.peek().map_or(sql.len(), |token| token.start);
    let mut end = start;
    let mut depth = 0;
    while let Some(token) = reader.take() {
        depth += i32::from(token.is_punct("(")) - i32::from(token.is_punct(")"));
        let word = |token: &Token<'_>| ATTRIBUTES.iter().any(|word| token.is_word(word));
        let null_input = token.is_word("returns") && reader.peek().is_some_and(|next| next.is_word("null"));
        if depth == 0 && (word(&token) || null_input) {
            break;
        }
        end = token.end;
    }
    Some(Head { arguments, returns: normalized(&sql[start..end]) })
}

fn arguments(list: &[Token<'_>]) -> Option<Vec<Argument>> {
    if list.is_empty() {
        return Some(Vec::new());
    }
    let mut depth = 0;
    let pieces = list.split(|token| {
        depth += i32::from(opens(token)) - i32::from(closes(token));
        depth == 0 && token.is_punct(",")
    });
    pieces.map(argument).collect()
}

fn opens(token: &Token<'_>) -> bool {
    token.is_punct("(") || token.is_punct("[")
}

fn closes(token: &Token<'_>) -> bool {
    token.is_punct(")") || token.is_punct("]")
}

fn argument(piece: &[Token<'_>]) -> Option<Argument> {
    let default = piece.iter().position(|token| token.is_word("default") || token.text == "=" || token.text == ":=");
    let (mut head, has_default) = (&piece[..default.unwrap_or(piece.len())], default.is_some());
    let mut mode = take_mode(&mut head);
    let mut name = None;
    if let [first, rest @ ..] = head {
        if !rest.is_empty() && is_name(first, rest) {
            name = super::literal::ident_value(first).map(std::borrow::Cow::into_owned);
            head = rest;
        }
    }
    mode = mode.or_else(|| take_mode(&mut head));
    let (first, last) = (head.first()?, head.last()?);
    let spelled: String = spelled(head, first.start, last.end);
    let of = type_text(&SqlType::parse(&spelled).ok()?);
    Some(Argument { mode: mode.unwrap_or("in").to_owned(), name, of, has_default })
}

fn take_mode(head: &mut &[Token<'_>]) -> Option<&'static str> {
    let modes = [("inout", "inout"), ("variadic", "variadic"), ("out", "out"), ("in", "in")];
    let first = head.first()?;
    let (_, mode) = modes.into_iter().find(|(word, _)| first.is_word(word))?;
    *head = &head[1..];
    if mode == "in" && head.first().is_some_and(|token| token.is_word("out")) {
        *head = &head[1..];
        return Some("inout");
    }
    Some(mode)
}

/// Whether the first word is the argument's name: it is followed by something that starts a type and goes on no type of several
/// words itself.
fn is_name(first: &Token<'_>, rest: &[Token<'_>]) -> bool {
    const HEADS: &[&str] = &["character", "char", "national", "nchar", "bit", "timestamp", "time", "interval", "setof"];
    let next = &rest[0];
    let starts = matches!(next.kind, TokenKind::Word | TokenKind::QuotedIdent);
    let goes_on = first.kind == TokenKind::Word
        && (HEADS.iter().any(|word| first.is_word(word)) || (first.is_word("double") && next.is_word("precision")));
    starts && !goes_on && !next.is_word("array")
}

/// The tokens with a blank where the text had anything between them.
fn spelled(tokens: &[Token<'_>], start: usize, end: usize) -> String {
    let mut text = String::with_capacity(end - start);
    let mut at = start;
    for token in tokens {
        if at < token.start {
            text.push(' ');
        }
        text.push_str(token.text);
        at = token.end;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, expect: &str) {
        assert_eq!(signature(&mut Reader::new(list)).as_deref(), Some(expect), "{list}");
    }

    #[test]
    fn only_types_of_inputs_count() {
        check("()", "()");
        check("(int, Name text DEFAULT ',', OUT x int)", "(integer, text)");
        check("(a double precision, double precision, double int4)", "(double precision, double precision, integer)");
        check("(VARIADIC args text[] = ARRAY['a', 'b'])", "(text[])");
        check("(at IN timestamp with time zone, timestamp(3), n numeric(10, 2))", "(timestamptz, timestamp, numeric)");
        check(
            "(m public.mood, \"M\" app.\"Mood\"[], character varying(3), c char)",
            "(mood, app.\"Mood\"[], varchar, bpchar)",
        );
        check("(anyelement, internal, IN OUT y public.citext)", "(anyelement, internal, citext)");
    }

    #[test]
    fn aggregates_have_a_list_of_their_own() {
        let check = |list: &str| aggregate_signature(&mut Reader::new(list)).unwrap();
        assert_eq!(check("(*)"), "(*)");
        assert_eq!(check("(a int, text)"), "(integer, text)");
        assert_eq!(check("(p float8 ORDER BY int)"), "(double precision ORDER BY integer)");
        assert_eq!(check("(VARIADIC a int[])"), "(integer[])");
        let hypothetical = check("(VARIADIC \"any\" ORDER BY VARIADIC \"any\")");
        assert_eq!(hypothetical, "(VARIADIC \"any\" ORDER BY VARIADIC \"any\")");
        assert_eq!(super::super::plain_signature(&hypothetical), "(\"any\")");
    }

    #[test]
    fn what_may_be_replaced() {
        let f = |head: &str| format!("CREATE FUNCTION f{head} LANGUAGE sql AS 'SELECT 1'");
        let check = |before: &str, after: &str| replaces_routine(&f(before), &f(after));
        assert!(check("(a int) RETURNS int", "(a integer DEFAULT 1) RETURNS INT IMMUTABLE"));
        assert!(check("(int) RETURNS int", "(a int) RETURNS int"));
        assert!(check("(a int) RETURNS int", "(a int) RETURNS int RETURNS NULL ON NULL INPUT"));
        assert!(!check("(a int = 1) RETURNS int", "(a int) RETURNS int"));
        assert!(!check("(a int) RETURNS int", "(b int) RETURNS int"));
        assert!(!check("(a int) RETURNS int", "(a int) RETURNS bigint"));
        assert!(!check("() RETURNS TABLE (a int)", "() RETURNS TABLE (a int, b int)"));
    }
}
