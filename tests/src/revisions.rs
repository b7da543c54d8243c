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

/// Two branches over a common base: `mood` adds a value to an enum, a column, and a table with a reference; `main` drops a column of the base.
pub fn branch(name: &str) -> Vec<Migration> {
    let base =
        "CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE TABLE users (id integer PRIMARY KEY, mood mood, nick text);";
    let mut all = vec![revision("1_base", "", base, "DROP TABLE users;\nDROP TYPE mood;")];
    if name == "mood" {
        let narrower = "ALTER TYPE mood RENAME TO mood_before;\nCREATE TYPE mood AS ENUM ('sad', 'ok');\n\
                        ALTER TABLE users ALTER COLUMN mood TYPE mood USING mood::text::mood;\nDROP TYPE mood_before;";
        all.push(revision("2_happy", "1_base", "ALTER TYPE mood ADD VALUE 'happy';", narrower));
        let renamed = "ALTER TABLE users RENAME COLUMN nick TO name;\nALTER TABLE users ADD COLUMN bio text;";
        let back = "ALTER TABLE users DROP COLUMN bio;\nALTER TABLE users RENAME COLUMN name TO nick;";
        all.push(revision("3_bio", "2_happy", renamed, back));
        let posts = "CREATE TABLE posts (id serial PRIMARY KEY, author integer REFERENCES users);";
        all.push(revision("4_posts", "3_bio", posts, "DROP TABLE posts;"));
    } else {
        all.push(revision(
            "2_lean",
            "1_base",
            "ALTER TABLE users DROP COLUMN nick;",
            "ALTER TABLE users ADD COLUMN nick text;",
        ));
    }
    all
}
