//! Statements as a switch runs them: all in one transaction, whatever their file says.
//!
//! Building an index concurrently spares others who work on the table; on the way to another branch nobody does, and being able to go
//! back matters more.

use std::borrow::Cow;

use schema_core::diagnostic::Diagnostic;
use schema_core::sql::{NotInTransaction, SQL_NEEDS_NO_TRANSACTION, Token, tokens};

use crate::apply::Direction;
use crate::apply::prepare::Script;

/// A statement in a form that runs in a transaction; `None` for one that only tidies up and is left out.
pub(crate) fn inside<'s>(script: &'s Script<'_>, index: usize) -> Option<Cow<'s, str>> {
    use NotInTransaction::{
        CreateIndexConcurrently, DetachConcurrently, DropIndexConcurrently, ReindexConcurrently, ReindexMany, Vacuum,
    };
    let sql = script.sql(index);
    match script.steps[index].outside {
        None => Some(Cow::Borrowed(sql)),
        Some(
            CreateIndexConcurrently { .. } | DropIndexConcurrently { .. } | ReindexConcurrently | DetachConcurrently,
        ) => Some(Cow::Owned(without(sql, &["concurrently"]))),
        Some(Vacuum | ReindexMany) => None,
        // `refused` has stopped the run before.
        Some(_) => Some(Cow::Borrowed(sql)),
    }
}

/// What of a text can run in no transaction at all.
pub(crate) fn refused(script: &Script<'_>) -> Vec<Diagnostic> {
    use NotInTransaction::{
        CreateIndexConcurrently, DetachConcurrently, DropIndexConcurrently, ReindexConcurrently, ReindexMany, Vacuum,
    };
    let stays = |why: &NotInTransaction| {
        !matches!(
            why,
            CreateIndexConcurrently { .. }
                | DropIndexConcurrently { .. }
                | ReindexConcurrently
                | DetachConcurrently
                | ReindexMany
                | Vacuum
        )
    };
    let outside = script.steps.iter().filter(|step| step.outside.as_ref().is_some_and(stays));
    let finding = |line: u32| {
        let file = script.direction.file();
        let message = format!(
            "line {line} of {}/{file} runs in no transaction, so the database could not be given back as it was if the switch failed",
            script.id()
        );
        Diagnostic::error(SQL_NEEDS_NO_TRANSACTION, message)
            .help("apply or undo this revision by itself: cargo schema upgrade +1, or cargo schema downgrade -1")
    };
    outside.map(|step| finding(step.line)).collect()
}

/// `ALTER TABLE t ADD COLUMN c x NOT NULL` in two: without NOT NULL, and setting it once the column has values.
pub(crate) fn relaxed(sql: &str) -> Option<(String, String)> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind.is_significant()).collect();
    let mut depth = 0_i32;
    let mut not_null = None;
    for (at, token) in all.iter().enumerate() {
        depth += i32::from(token.is_punct("(")) - i32::from(token.is_punct(")"));
        if depth == 0 && token.is_punct(",") {
            return None;
        }
        if depth == 0 && token.is_word("not") && all.get(at + 1).is_some_and(|next| next.is_word("null")) {
            not_null = Some((token.start, all[at + 1].end));
        }
    }
    let (from, to) = not_null?;
    let add = all.iter().position(|token| token.is_word("add"))?;
    let skipped = ["column", "if", "not", "exists"];
    let column = all[add + 1..].iter().find(|token| !skipped.iter().any(|word| token.is_word(word)))?;
    if !all.first()?.is_word("alter") || !all.get(1)?.is_word("table") {
        return None;
    }
    let table = sql[all[2].start..all[add].start].trim();
    let without = format!("{}{}", &sql[..from], &sql[to..]);
    Some((without, format!("ALTER TABLE {table} ALTER COLUMN {} SET NOT NULL", column.text)))
}

/// Whether a text does nothing but define: whatever rows there are afterwards were there before, or are none.
pub(crate) fn only_defines(script: &Script<'_>) -> bool {
    const DEFINING: [&str; 10] =
        ["create", "alter", "drop", "comment", "grant", "revoke", "set", "reset", "reindex", "vacuum"];
    (0..script.steps.len()).all(|index| {
        let first = tokens(script.sql(index)).find(|token| token.kind.is_significant());
        first.is_some_and(|token| DEFINING.iter().any(|word| token.is_word(word)))
    })
}

/// Whether running a text may destroy rows or values. What is only known to be harmless is: new things, words about things, and
/// things without rows that go.
pub(crate) fn may_lose(script: &Script<'_>) -> bool {
    (0..script.steps.len()).any(|index| !is_harmless(script.sql(index)))
}

/// Whether a text that undoes may be refused because of rows: a constraint comes back.
pub(crate) fn may_refuse(script: &Script<'_>) -> bool {
    const DEMANDING: [&str; 6] = ["add", "set", "unique", "validate", "attach", "enforced"];
    let demands = |index| tokens(script.sql(index)).any(|token| DEMANDING.iter().any(|word| token.is_word(word)));
    script.direction == Direction::Down && (0..script.steps.len()).any(demands)
}

fn is_harmless(sql: &str) -> bool {
    const ROWLESS: [&str; 12] = [
        "index",
        "view",
        "materialized",
        "function",
        "procedure",
        "routine",
        "aggregate",
        "trigger",
        "policy",
        "rule",
        "statistics",
        "constraint",
    ];
    let words: Vec<&str> = tokens(sql).filter(|token| token.kind.is_significant()).map(|token| token.text).collect();
    let word = |at: usize, wanted: &str| words.get(at).is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    let has = |wanted: &str| words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
    let rowless = |at: usize| ROWLESS.iter().any(|kind| word(at, kind));
    match words.first().map(|word| word.to_ascii_lowercase()).as_deref() {
        Some("create" | "comment" | "grant" | "revoke" | "set" | "reset") => true,
        Some("drop") => rowless(1) && !has("cascade"),
        // A constraint, an index or a default that goes takes no value with it.
        Some("alter") if word(1, "table") => {
            let dropped = words.iter().enumerate().filter(|(_, word)| word.eq_ignore_ascii_case("drop"));
            let plain = |at: usize| ["constraint", "default", "not"].iter().any(|kind| word(at + 1, kind));
            !has("type") && !has("cascade") && !has("detach") && dropped.into_iter().all(|(at, _)| plain(at))
        }
        Some("alter") => word(1, "type") && has("add") && has("value") || rowless(1) || word(1, "sequence"),
        _ => false,
    }
}

fn without(sql: &str, words: &[&str]) -> String {
    tokens(sql).filter(|token| !words.iter().any(|word| token.is_word(word))).map(|token| token.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_column_gets_its_not_null_later() {
        let (first, then) =
            relaxed("ALTER TABLE \"a b\" ADD COLUMN IF NOT EXISTS bio text DEFAULT f(1, 2) NOT NULL;").unwrap();
        assert_eq!(first, "ALTER TABLE \"a b\" ADD COLUMN IF NOT EXISTS bio text DEFAULT f(1, 2) ;");
        assert_eq!(then, "ALTER TABLE \"a b\" ALTER COLUMN bio SET NOT NULL");
        assert_eq!(relaxed("ALTER TABLE t ADD COLUMN a int"), None);
        assert_eq!(relaxed("ALTER TABLE t ADD a int NOT NULL, ADD b int"), None);
    }

    #[test]
    fn what_may_lose_something_is_tried_first() {
        for sql in [
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD COLUMN a int",
            "alter table t alter a drop not null",
            "ALTER TABLE t DROP CONSTRAINT c",
            "DROP INDEX i",
            "ALTER TYPE mood ADD VALUE 'happy'",
        ] {
            assert!(is_harmless(sql), "{sql}");
        }
        for sql in [
            "DROP TABLE t",
            "ALTER TABLE t DROP COLUMN a",
            "ALTER TABLE t DROP a",
            "ALTER TABLE t ALTER a TYPE int",
            "ALTER TABLE t DROP CONSTRAINT c CASCADE",
            "DROP FUNCTION f CASCADE",
            "UPDATE t SET a = 1",
            "DO $$ BEGIN END $$",
            "SELECT f()",
            "DROP SEQUENCE s",
            "DROP TYPE t CASCADE",
            "TRUNCATE t",
        ] {
            assert!(!is_harmless(sql), "{sql}");
        }
    }

    #[test]
    fn concurrently_is_left_out() {
        assert_eq!(
            without("CREATE INDEX concurrently i ON t ('concurrently')", &["concurrently"]),
            "CREATE INDEX  i ON t ('concurrently')"
        );
    }
}
