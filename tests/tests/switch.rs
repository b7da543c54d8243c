//! A development database follows the checkout: what is not in it is undone, and nothing is lost on the way.

use postgres::Client;
use schema_runtime::switch::{RestoreState, StashKind};
use schema_runtime::{ApplyError, Migration, Migrator, Report, Target};
use schema_tests::cluster::{Database, database};
use schema_tests::revisions::revision;

fn to(client: &mut Client, migrations: &[Migration]) -> Report {
    tried(client, migrations).unwrap_or_else(|error| panic!("{error}"))
}

fn tried(client: &mut Client, migrations: &[Migration]) -> Result<Report, ApplyError> {
    Migrator::new(migrations.to_vec()).switch(client, &Target::Heads, &mut |_| None)
}

fn main() -> Vec<Migration> {
    vec![revision("1_users", "", "CREATE TABLE users (id integer PRIMARY KEY, name text);", "DROP TABLE users;")]
}

fn with(more: &[(&str, &str, &str)]) -> Vec<Migration> {
    let mut all = main();
    for (id, up, down) in more {
        let parent = all.last().map(|last| last.id.to_string()).unwrap_or_default();
        all.push(revision(id, &parent, up, down));
    }
    all
}

fn run(database: &Database, sql: &str) {
    database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// All rows of a query in one line.
fn rows(database: &Database, query: &str) -> String {
    database.value(&format!("SELECT coalesce(string_agg(r::text, ' ' ORDER BY r::text), '') FROM ({query}) AS r"))
}

#[test]
fn columns_and_tables_come_back_with_their_rows() {
    let database = database();
    let mut client = database.client();
    let feature = with(&[
        ("2_bio", "ALTER TABLE users ADD COLUMN bio text NOT NULL;", "ALTER TABLE users DROP COLUMN bio;"),
        (
            "3_posts",
            "CREATE TABLE posts (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author integer NOT NULL, title text);\n\
             ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES users (id);\n\
             CREATE INDEX posts_title_idx ON posts (title);",
            "ALTER TABLE posts DROP CONSTRAINT posts_author_fkey;\nDROP TABLE posts;",
        ),
    ]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a', 'x'), (2, 'b', 'it''s \"y\", \\ {z}')");
    run(&database, "INSERT INTO posts (author, title) VALUES (1, 'one'), (2, NULL), (2, '')");
    let (before, posts) = (database.dump(), rows(&database, "TABLE posts"));

    let report = to(&mut client, &main());
    assert_eq!(report.revisions.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["3_posts", "2_bio"]);
    let kinds: Vec<_> = report.stashed.iter().map(|entry| (entry.kind, entry.table.as_str(), entry.rows)).collect();
    assert_eq!(
        kinds,
        [(StashKind::Table, "posts", 3), (StashKind::Sequence, "posts_id_seq", 0), (StashKind::Column, "users", 2)]
    );
    assert_eq!(rows(&database, "TABLE users"), "(1,a) (2,b)");

    // Somebody goes on working on the other branch.
    run(&database, "UPDATE users SET name = 'c' WHERE id = 2");
    let report = to(&mut client, &feature);
    assert!(report.restored.iter().all(|one| one.state == RestoreState::Restored), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE users"), "(1,a,x) (2,c,\"it's \"\"y\"\", \\\\ {z}\")");
    assert_eq!(rows(&database, "TABLE posts"), posts);
    assert_eq!(database.dump(), before);
    run(&database, "INSERT INTO posts (author) VALUES (1)");
    assert_eq!(database.value("SELECT max(id) FROM posts"), "4");
    assert!(Migrator::new(feature).stash(&mut client).unwrap().is_empty());
}
