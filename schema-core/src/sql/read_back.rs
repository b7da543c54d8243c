//! One spelling for what PostgreSQL prints and reads back in another form.
//!
//! An expression that was printed and built again must not count as another one. PostgreSQL keeps what the parser made of the user's text:
//! `a BETWEEN 1 AND 3 AND b` is stored as one AND in another, and printed so; its own text is read back as one AND of three
//! (`makeAndExpr` in `gram.y`), and the join that has no condition (NATURAL without common columns) as one with the condition `true`.
//! Only text of PostgreSQL's own printer may come here: it puts each AND and OR into parentheses.

use super::array_cast::spread_array_casts;
use super::lexer::{Token, tokens};

/// The text as PostgreSQL prints it once it has read it back.
///
/// ```
/// use schema_core::sql::read_back;
/// assert_eq!(read_back("(((a >= 1) AND (a <= 3)) AND (b > 2))"), "((a >= 1) AND (a <= 3) AND (b > 2))");
/// assert_eq!(read_back("((a > 1) AND ((b > 2) AND (c > 3)))"), "((a > 1) AND ((b > 2) AND (c > 3)))");
/// ```
pub fn read_back(text: &str) -> String {
    let text = spread_array_casts(text);
    if ![") AND ", ") OR ", "ON TRUE"].iter().any(|found| text.contains(found)) {
        return text;
    }
    let significant: Vec<Token<'_>> = tokens(&text).filter(|token| token.kind.is_significant()).collect();
    let mut edits = joins(&significant);
    edits.extend(flattened(&significant));
    if edits.is_empty() {
        return text;
    }
    edits.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end, instead) in edits {
        out.push_str(&text[from..start]);
        out.push_str(instead);
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

/// Where something stands that becomes something else.
type Edit = (usize, usize, &'static str);

fn joins(significant: &[Token<'_>]) -> Vec<Edit> {
    let bare = |pair: &&[Token<'_>]| pair[0].text == "ON" && pair[1].text == "TRUE";
    significant.windows(2).filter(bare).map(|pair| (pair[1].start, pair[1].end, "(true)")).collect()
}

/// A pair of parentheses while it is open.
struct Open {
    at: usize,
    has_and: bool,
    has_or: bool,
}

/// The parentheses around an AND that is the first operand of an AND, and the same for OR.
fn flattened(significant: &[Token<'_>]) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (at, token) in significant.iter().enumerate() {
        if token.is_punct("(") {
            open.push(Open { at, has_and: false, has_or: false });
        } else if token.is_punct(")") {
            let Some(group) = open.pop() else { return Vec::new() };
            if is_absorbed(&group, at, significant) {
                let (start, end) = (&significant[group.at], token);
                edits.extend([(start.start, start.end, ""), (end.start, end.end, "")]);
            }
        } else if let Some(group) = open.last_mut() {
            group.has_and |= token.is_word("and");
            group.has_or |= token.is_word("or");
        }
    }
    edits
}

fn is_absorbed(group: &Open, end: usize, significant: &[Token<'_>]) -> bool {
    let is_first = group.at == 0 || significant[group.at - 1].is_punct("(");
    let is_query = ["select", "with", "values"].iter().any(|word| significant[group.at + 1].is_word(word));
    let next = significant.get(end + 1);
    let follows = |word: &str| next.is_some_and(|next| next.is_word(word));
    let same = (group.has_and && !group.has_or && follows("and")) || (group.has_or && !group.has_and && follows("or"));
    is_first && !is_query && same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(text: &str, expect: &str) {
        assert_eq!(read_back(text), expect);
        assert_eq!(read_back(expect), expect);
    }

    #[test]
    fn only_the_first_operand_is_taken_in() {
        becomes("(((a AND b) AND c) AND d)", "(a AND b AND c AND d)");
        becomes("((a >= 1) AND (a <= 3)) AND (b > 1)", "(a >= 1) AND (a <= 3) AND (b > 1)");
        becomes("(((a < 1) OR (a > 3)) OR b)", "((a < 1) OR (a > 3) OR b)");
        becomes("((a AND b) OR c)", "((a AND b) OR c)");
        becomes("(c AND (a AND b))", "(c AND (a AND b))");
        becomes("(c OR ((a AND b) AND d))", "(c OR (a AND b AND d))");
        becomes("f((a AND b), c)", "f((a AND b), c)");
    }

    #[test]
    fn strings_and_queries_stay() {
        becomes("(('(a AND b) AND c'::text = d) AND e)", "(('(a AND b) AND c'::text = d) AND e)");
        becomes("(( SELECT (a AND b) FROM t) AND (c))", "(( SELECT (a AND b) FROM t) AND (c))");
        becomes(
            "sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING) AND (c)",
            "sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING) AND (c)",
        );
    }

    #[test]
    fn a_join_without_a_condition() {
        becomes("(a LEFT JOIN b ON TRUE)", "(a LEFT JOIN b ON (true))");
    }
}
