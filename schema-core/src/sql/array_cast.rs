//! One spelling for the two in which PostgreSQL prints the cast of an array's elements.
//!
//! `state IN ('a', 'b')` over a varchar is stored as `(ARRAY['a'::character varying, ..])::text[]`, and PostgreSQL reads its own text back as
//! `ARRAY[('a'::character varying)::text, ..]` (`transformArrayExpr` pushes the cast down). Both mean the same, so an expression that was
//! printed and built again must not count as another one.

use super::lexer::{Token, tokens};

/// The text with the cast on each element, where it was on the whole array.
///
/// `s = ANY ((ARRAY['a'::character varying, b])::text[])` becomes `s = ANY (ARRAY[('a'::character varying)::text, (b)::text])`.
pub(super) fn spread_array_casts(text: &str) -> String {
    let mut text = text.to_owned();
    let mut from = 0;
    while let Some(found) = text[from..].find("(ARRAY[") {
        let at = from + found;
        // What is spread may hold another one, so the same place is looked at again from inside.
        if let Some((end, spread)) = spread(&text[at..]) {
            text.replace_range(at..at + end, &spread);
        }
        from = at + 1;
    }
    text
}

/// The length of `(ARRAY[..])::type[]` at the start of the text, and what it becomes.
fn spread(text: &str) -> Option<(usize, String)> {
    let significant: Vec<Token<'_>> = tokens(text).filter(|token| token.kind.is_significant()).collect();
    let mut depth = 0i32;
    let mut commas = Vec::new();
    let mut close = None;
    for (at, token) in significant.iter().enumerate().skip(2) {
        depth += i32::from(token.is_punct("[") || token.is_punct("("))
            - i32::from(token.is_punct("]") || token.is_punct(")"));
        if depth == 1 && token.is_punct(",") {
            commas.push((token.start, token.end));
        }
        if depth == 0 {
            close = Some(at);
            break;
        }
    }
    let close = close?;
    let rest = &significant[close + 1..];
    let cast = rest.first()?.is_punct(")") && rest.get(1)?.text == "::";
    let open = rest.iter().position(|token| token.is_punct("["))?;
    if !cast || open < 3 || !rest.get(open + 1)?.is_punct("]") {
        return None;
    }
    // Only a type's name stands between.
    let is_name = |token: &Token<'_>| token.is_punct(".") || super::literal::ident_value(token).is_some();
    if !rest[2..open].iter().all(is_name) {
        return None;
    }
    let of = &text[rest[2].start..rest[open - 1].end];
    let mut start = significant[2].end;
    let mut elements = Vec::new();
    for (end, next) in commas.into_iter().chain([(significant[close].start, 0)]) {
        elements.push(format!("({})::{of}", text[start..end].trim()));
        start = next;
    }
    Some((rest[open + 1].end, format!("ARRAY[{}]", elements.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_casts_of_arrays_are_spread() {
        let same = |text: &str| assert_eq!(spread_array_casts(text), text);
        same("(ARRAY[1, 2])");
        same("'(ARRAY[1])::text[");
        same("ARRAY[(a)::text]");
        same("(ARRAY[1])::text");
        let spread = spread_array_casts("s = ANY ((ARRAY['a'::character varying, f(1, 2)])::text[])");
        assert_eq!(spread, "s = ANY (ARRAY[('a'::character varying)::text, (f(1, 2))::text])");
        assert_eq!(
            spread_array_casts(
                "x = ANY ((ARRAY['a,]'::varchar])::public.\"T t\"[]) AND (ARRAY[b])::character varying[] IS NULL"
            ),
            "x = ANY (ARRAY[('a,]'::varchar)::public.\"T t\"]) AND ARRAY[(b)::character varying] IS NULL"
        );
    }
}
