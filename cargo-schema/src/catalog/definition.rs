//! The keys of an index as `pg_get_indexdef` writes them: PostgreSQL leaves out what is the default of each key, which no
//! catalog column says for an expression.
//!
//! Only the list of keys is read here; everything else of an index is in the catalog's own columns.

use schema_core::{
    kinds::IndexElement,
    sql::{Token, tokens},
};

/// The keys of a `CREATE INDEX` text; none when it is not one.
pub(super) fn keys(definition: &str) -> Option<Vec<IndexElement>> {
    let significant = tokens(definition).filter(|token| token.kind.is_significant());
    let list = significant.skip_while(|token| !token.is_word("using")).skip_while(|token| !token.is_punct("("));
    let (mut depth, mut start, mut keys) = (0u32, 0usize, Vec::new());
    for token in list {
        if opens(&token) {
            depth += 1;
            start = if depth == 1 { token.end } else { start };
        } else if closes(&token) {
            depth -= 1;
        }
        let ends_key = depth == 0 || (depth == 1 && token.is_punct(","));
        if ends_key {
            keys.push(IndexElement::parse(&definition[start..token.start]).ok()?);
            start = token.end;
        }
        if depth == 0 {
            // Few indexes have as many keys as a list has room for.
            keys.shrink_to_fit();
            return Some(keys);
        }
    }
    None
}

fn opens(token: &Token<'_>) -> bool {
    token.is_punct("(") || token.is_punct("[")
}

fn closes(token: &Token<'_>) -> bool {
    token.is_punct(")") || token.is_punct("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(definition: &str, expect: &[&str]) {
        let found: Vec<String> = keys(definition).unwrap().iter().map(IndexElement::to_string).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn keys_are_told_apart() {
        check(
            "CREATE UNIQUE INDEX \"using (\" ON public.\"t(,\" USING btree (a, lower((b)::text) DESC, ((c || ','::text))) \
             INCLUDE (d) WHERE (a > 0)",
            &["a", "lower((b)::text) desc", "((c || ','::text))"],
        );
        check(
            "CREATE INDEX i ON public.t USING gist (n public.gist_trgm_ops (siglen='32'))",
            &["n public.gist_trgm_ops (siglen='32')"],
        );
        check(
            "CREATE INDEX i ON t USING btree (COALESCE(a, ARRAY[1, 2]) COLLATE \"C\")",
            &["COALESCE(a, ARRAY[1, 2]) COLLATE \"C\""],
        );
        assert!(keys("CREATE TABLE t ()").is_none());
    }
}
