//! A column or table renamed inside an expression, and whether an expression names something at all.
//!
//! Both look at tokens only. They do not resolve names: in `a.id = b.id` both `id` are taken, and the proof on the dev database is
//! what catches the case where that was wrong.

use super::lexer::{Token, TokenKind, tokens};
use super::literal::ident_value;
use crate::quote_ident;

/// Keywords that may name a column without quotes (`pg_get_keywords()`, catcode C). The other reserved words name a column
/// only in quotes, so that a bare `user` is never the column.
const BARE_KEYWORDS: &[&str] = &[
    "between",
    "bigint",
    "bit",
    "boolean",
    "char",
    "character",
    "coalesce",
    "dec",
    "decimal",
    "exists",
    "extract",
    "float",
    "greatest",
    "grouping",
    "inout",
    "int",
    "integer",
    "interval",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "least",
    "merge_action",
    "national",
    "nchar",
    "none",
    "normalize",
    "nullif",
    "numeric",
    "out",
    "overlay",
    "position",
    "precision",
    "real",
    "row",
    "setof",
    "smallint",
    "substring",
    "time",
    "timestamp",
    "treat",
    "trim",
    "values",
    "varchar",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// Replaces the name `old` by `new` and keeps every other byte. Functions (`old(`), types (`::old`, `AS old`, `old 'text'`) and
/// collations of that name are left alone, and so are strings and comments.
///
/// ```
/// use schema_core::sql::rename_word;
/// assert_eq!(rename_word("Age >= 0 AND age(age) <> 'age'", "age", "Years"), "\"Years\" >= 0 AND age(\"Years\") <> 'age'");
/// ```
pub fn rename_word(text: &str, old: &str, new: &str) -> String {
    renamed(text, old, new, |tokens, at| {
        let before = first_of_path(tokens, at).checked_sub(1).map(|at| &tokens[at]);
        !is_attribute(tokens, at) && !is_other_kind(before, tokens.get(at + 1))
    })
}

/// Whether the name at this place is part of a value of a composite type: `(home).street`.
fn is_attribute(tokens: &[Token<'_>], at: usize) -> bool {
    2 <= at && tokens[at - 1].is_punct(".") && [")", "]"].iter().any(|mark| tokens[at - 2].is_punct(mark))
}

/// Where the name at this place begins when others qualify it: `app.mood` at `app`.
fn first_of_path(tokens: &[Token<'_>], mut at: usize) -> usize {
    while 2 <= at && tokens[at - 1].is_punct(".") {
        at -= 2;
    }
    at
}

/// Replaces the name only where it qualifies another one, as a table or a PostgreSQL schema does.
///
/// ```
/// use schema_core::sql::rename_qualifier;
/// assert_eq!(rename_qualifier("app.f(app) = 'app'::app.mood", "app", "shop"), "shop.f(app) = 'app'::shop.mood");
/// ```
pub fn rename_qualifier(text: &str, old: &str, new: &str) -> String {
    renamed(text, old, new, |tokens, at| tokens.get(at + 1).is_some_and(|token| token.is_punct(".")))
}

/// Replaces the name only where a type stands: after `::` or `AS`, or before a string.
///
/// ```
/// use schema_core::sql::rename_type;
/// assert_eq!(rename_type("mood = 'ok'::mood", "mood", "feeling"), "mood = 'ok'::feeling");
/// ```
pub fn rename_type(text: &str, old: &str, new: &str) -> String {
    renamed(text, old, new, |tokens, at| {
        let before = first_of_path(tokens, at).checked_sub(1).map(|at| &tokens[at]);
        let cast = before.is_some_and(|token| token.text == "::" || token.is_word("as"));
        let qualifies = tokens.get(at + 1).is_some_and(|token| token.is_punct("."));
        (cast && !qualifies) || tokens.get(at + 1).is_some_and(|token| token.kind == TokenKind::StringLiteral)
    })
}

/// Replaces the tokens that are the name and stand where `fits` says, and keeps every other byte.
fn renamed(text: &str, old: &str, new: &str, fits: impl Fn(&[Token<'_>], usize) -> bool) -> String {
    let significant: Vec<Token<'_>> = tokens(text).filter(|token| token.kind.is_significant()).collect();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (index, token) in significant.iter().enumerate() {
        if names(token, old) && fits(&significant, index) {
            out.push_str(&text[copied..token.start]);
            out.push_str(&quote_ident(new));
            copied = token.end;
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// Whether the name stands anywhere outside strings and comments, as a column, table, type or function.
pub fn mentions_word(text: &str, name: &str) -> bool {
    tokens(text).any(|token| names(&token, name))
}

fn names(token: &Token<'_>, name: &str) -> bool {
    if ident_value(token).as_deref() != Some(name) {
        return false;
    }
    token.kind == TokenKind::QuotedIdent || !is_keyword(name) || BARE_KEYWORDS.binary_search(&name).is_ok()
}

/// Whether a word can only be a name in quotes. Words with other letters than `quote_ident` leaves bare are no keywords.
fn is_keyword(word: &str) -> bool {
    word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_') && quote_ident(word) != word
}

/// Whether the neighbours show that the name between them is a function, a type, a collation, or what qualifies another name.
fn is_other_kind(before: Option<&Token<'_>>, after: Option<&Token<'_>>) -> bool {
    let typed = |token: &Token<'_>| token.text == "::" || token.is_word("as") || token.is_word("collate");
    before.is_some_and(typed)
        || after.is_some_and(|token| {
            ["(", "."].iter().any(|mark| token.is_punct(mark)) || token.kind == TokenKind::StringLiteral
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, old: &str, new: &str, expected: &str) {
        assert_eq!(rename_word(text, old, new), expected);
    }

    #[test]
    fn names_are_replaced_and_bytes_kept() {
        check("  a+ A /*a*/ || 'a' || \"a\" || $$a$$", "a", "b", "  b+ b /*a*/ || 'a' || b || $$a$$");
        check("\"A\" + a", "A", "a b", "\"a b\" + a");
        check("x = order_id", "order", "o", "x = order_id");
    }

    #[test]
    fn functions_types_and_collations_of_the_name_stay() {
        check("date(date::date)", "date", "day", "date(day::date)");
        check("date > date '2020-01-01'", "date", "day", "day > date '2020-01-01'");
        check("CAST(mood AS mood)", "mood", "m", "CAST(m AS mood)");
        check("name COLLATE name", "name", "title", "title COLLATE name");
        check("mood = 'ok'::app.mood", "mood", "m", "m = 'ok'::app.mood");
        check("mood > 'a' COLLATE app.mood", "mood", "m", "m > 'a' COLLATE app.mood");
        check("mood.mood = 1 AND (mood).mood", "mood", "m", "mood.m = 1 AND (m).mood");
    }

    #[test]
    fn reserved_words_are_names_only_in_quotes() {
        check("user = \"user\"", "user", "owner", "user = owner");
        check("time > 0", "time", "at", "at > 0");
        assert!(BARE_KEYWORDS.is_sorted());
    }

    #[test]
    fn mentions_include_types_and_functions() {
        assert!(mentions_word("x::Mood", "mood") && mentions_word("f(1)", "f") && mentions_word("\"F\"", "F"));
        assert!(!mentions_word("'mood' -- mood", "mood") && !mentions_word("user", "user"));
    }
}
