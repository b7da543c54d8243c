//! Revisions made of literals, for tests of the engine. Nothing is read from disk.

use schema_runtime::{Migration, RevisionId};

/// A revision with one parent or none, and a down text.
pub fn revision(id: &str, parent: &str, up: &str, down: &str) -> Migration {
    let parents = if parent.is_empty() { vec![] } else { vec![self::id(parent)] };
    Migration {
        id: self::id(id),
        parents,
        message: format!("about {id}"),
        up: up.to_owned().into(),
        down: Some(down.to_owned().into()),
        adopted: None,
        replaces: Vec::new(),
    }
}

/// An id.
pub fn id(text: &str) -> RevisionId {
    RevisionId::new(text).unwrap_or_else(|problem| panic!("`{text}`: {problem}"))
}

/// A base revision, and one of 30 statements that can run in a transaction; its down has 30 as well.
pub fn thirty_in_a_transaction() -> Vec<Migration> {
    let up: Vec<String> = (1..=30).map(counted).collect();
    let down: Vec<String> = (1..=30).rev().map(uncounted).collect();
    vec![base(), revision("2_thirty", "1_base", &up.join("\n"), &down.join("\n"))]
}

/// The same outside a transaction: every third statement cannot run in one.
pub fn thirty_outside() -> Vec<Migration> {
    let up: Vec<String> = (1..=30)
        .map(|n| match n % 9 {
            3 => format!("CREATE INDEX CONCURRENTLY done_{n} ON done (n);"),
            6 => format!("DROP INDEX CONCURRENTLY done_{};", n - 3),
            0 => "VACUUM done;".to_owned(),
            _ => counted(n),
        })
        .collect();
    let down: Vec<String> = (1..=30)
        .rev()
        .map(|n| match n % 9 {
            3 => format!("DROP INDEX CONCURRENTLY done_{n};"),
            6 => format!("CREATE INDEX CONCURRENTLY done_{} ON done (n);", n - 3),
            0 => "REINDEX TABLE CONCURRENTLY done;".to_owned(),
            _ => uncounted(n),
        })
        .collect();
    let outside = |statements: Vec<String>| format!("-- schema: no-transaction\n{}\n", statements.join("\n"));
    vec![base(), revision("2_thirty", "1_base", &outside(up), &outside(down))]
}

/// The statements of the thirty that count themselves.
pub fn counted_of_thirty(outside: bool) -> Vec<u32> {
    (1..=30).filter(|n| !outside || n % 3 != 0).collect()
}

fn base() -> Migration {
    // Deliberately without any unique constraint: a statement that runs twice must show.
    revision("1_base", "", "CREATE TABLE done (n integer NOT NULL);", "DROP TABLE done;")
}

fn counted(n: u32) -> String {
    format!("INSERT INTO done VALUES ({n});")
}

/// Leaves a trace of -n beside the missing n, so that undoing twice shows as well.
fn uncounted(n: u32) -> String {
    format!("INSERT INTO done VALUES (-{n});")
}
