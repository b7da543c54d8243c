//! A development database follows the checkout: what is not in it is undone, and nothing is lost on the way.

use schema_runtime::switch::{RestoreState, StashKind};
use schema_runtime::{ApplyError, Migration, Migrator, Report, Target};
use schema_tests::cluster::{Database, database};
use schema_tests::revisions::revision;
use schema_tests::switching::{is_whole, main, rows, run, to, tried, with};

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

/// Applies a feature over rows, goes to main and back, and gives what a query sees there and then.
fn there_and_back(feature: &[Migration], data: &str, query: &str, meanwhile: &str) -> (String, String, Report) {
    let database = database();
    let mut client = database.client();
    to(&mut client, feature);
    run(&database, data);
    let before = database.dump();
    to(&mut client, &main());
    let there = rows(&database, "SELECT id, name FROM users");
    run(&database, meanwhile);
    let report = to(&mut client, feature);
    assert_eq!(database.dump(), before);
    (there, rows(&database, query), report)
}

#[test]
fn values_that_the_narrower_type_cut_come_back() {
    let feature = with(&[(
        "2_long",
        "ALTER TABLE users ALTER COLUMN name TYPE varchar(20);",
        "ALTER TABLE users ALTER COLUMN name TYPE varchar(3) USING left(name, 3);",
    )]);
    let data = "INSERT INTO users VALUES (1, 'abcdef'), (2, 'ab'), (3, 'ghijkl')";
    let change = "UPDATE users SET name = 'new' WHERE id = 3; INSERT INTO users VALUES (4, 'xyz')";
    let (there, back, report) = there_and_back(&feature, data, "TABLE users", change);
    assert_eq!(there, "(1,abc) (2,ab) (3,ghi)");
    assert_eq!(back, "(1,abcdef) (2,ab) (3,new) (4,xyz)");
    assert!(is_whole(&report));
}

#[test]
fn rows_that_a_type_cannot_hold_move_aside_with_what_references_them() {
    let up = "CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TABLE users ADD mood mood NOT NULL DEFAULT 'ok';\n\
              CREATE TABLE notes (author integer REFERENCES users ON DELETE CASCADE, text text);";
    let first = ("2_mood", up, "DROP TABLE notes; ALTER TABLE users DROP mood; DROP TYPE mood;");
    let down = "ALTER TABLE users ALTER mood DROP DEFAULT; ALTER TYPE mood RENAME TO mood_before; CREATE TYPE mood AS ENUM ('sad', 'ok');\n\
                ALTER TABLE users ALTER COLUMN mood TYPE mood USING mood::text::mood;\n\
                ALTER TABLE users ALTER mood SET DEFAULT 'ok'; DROP TYPE mood_before;";
    let feature = with(&[first, ("3_happy", "ALTER TYPE mood ADD VALUE 'happy';", down)]);
    let (base, database) = (with(&[first]), database());
    let mut client = database.client();
    to(&mut client, &feature);
    run(
        &database,
        "INSERT INTO users VALUES (1, 'a', 'happy'), (2, 'b', 'sad'); INSERT INTO notes VALUES (1, 'x'), (1, 'x'), (2, 'y')",
    );
    let report = to(&mut client, &base);
    assert_eq!((rows(&database, "TABLE users"), rows(&database, "TABLE notes")), ("(2,b,sad)".into(), "(2,y)".into()));
    let kinds: Vec<_> = report.stashed.iter().map(|entry| (entry.kind, entry.table.as_str(), entry.rows)).collect();
    assert_eq!(kinds, [(StashKind::Rows, "users", 1), (StashKind::Rows, "notes", 2)]);
    // The value can be used only in a transaction after the one that adds it.
    let report = to(&mut client, &feature);
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE users"), "(1,a,happy) (2,b,sad)");
    assert_eq!(rows(&database, "TABLE notes"), "(1,x) (1,x) (2,y)");
}

#[test]
fn rows_that_a_constraint_refuses_move_aside() {
    for (lift, restore, row) in [
        ("ALTER TABLE users DROP CONSTRAINT c", "ALTER TABLE users ADD CONSTRAINT c CHECK (name <> 'b')", "(2, 'b')"),
        ("ALTER TABLE users DROP CONSTRAINT c", "ALTER TABLE users ADD CONSTRAINT c UNIQUE (name)", "(2, 'a')"),
        ("DROP INDEX c", "CREATE UNIQUE INDEX c ON users (lower(name))", "(2, 'A')"),
        ("ALTER TABLE users ALTER name DROP NOT NULL", "ALTER TABLE users ALTER name SET NOT NULL", "(2, NULL)"),
        (
            "ALTER TABLE users DROP CONSTRAINT c",
            "ALTER TABLE users ADD CONSTRAINT c FOREIGN KEY (name) REFERENCES names",
            "(2, 'q')",
        ),
        ("ALTER TABLE users ALTER id TYPE bigint", "ALTER TABLE users ALTER id TYPE integer", "(5000000000, 'b')"),
        ("ALTER TABLE users ALTER name TYPE text", "ALTER TABLE users ALTER name TYPE varchar(2)", "(2, 'abc')"),
        (
            "ALTER TABLE users ALTER name TYPE text",
            "ALTER TABLE users ALTER name TYPE date USING name::date",
            "(2, 'b')",
        ),
        (
            "ALTER TABLE users ALTER CONSTRAINT c NOT ENFORCED",
            "ALTER TABLE users ALTER CONSTRAINT c ENFORCED",
            "(2, 'q')",
        ),
    ] {
        let enforces = restore.ends_with(" ENFORCED");
        if enforces && database().value("SHOW server_version_num").as_str() < "180000" {
            continue;
        }
        let base = "CREATE TABLE names (name text PRIMARY KEY); INSERT INTO names VALUES ('a')";
        let first = match restore {
            cast if cast.ends_with("name::date") => "",
            _ if enforces => "ALTER TABLE users ADD CONSTRAINT c FOREIGN KEY (name) REFERENCES names",
            restore => restore,
        };
        let named = if first.is_empty() { "ALTER TABLE users ALTER name TYPE date USING name::date" } else { first };
        let known = with(&[("2_names", &format!("{base}; {named}"), "SELECT")]);
        let mut feature = known.clone();
        feature.push(revision("3_lift", "2_names", lift, restore));
        let database = database();
        let mut client = database.client();
        to(&mut client, &feature);
        let one = if first.is_empty() { "(1, '2026-01-01')" } else { "(1, 'a')" };
        run(&database, &format!("INSERT INTO users VALUES {one}, {row}"));
        let (before, dump) = (rows(&database, "TABLE users"), database.dump());
        let report = to(&mut client, &known);
        assert_eq!(database.value("SELECT count(*) FROM users"), "1", "{restore}");
        assert_eq!(report.stashed.len(), 1, "{restore}");
        let report = to(&mut client, &feature);
        assert!(is_whole(&report), "{restore}");
        assert_eq!((rows(&database, "TABLE users"), database.dump()), (before, dump), "{restore}");
    }
}

#[test]
fn tables_without_a_key_and_hostile_names() {
    let up = "CREATE TABLE \"a b\" (\"k\" text, \"Sel\"\"ect\" jsonb, r integer[], n bytea);\n\
              ALTER TABLE \"a b\" ADD COLUMN \"v1\" json;";
    let feature = with(&[
        ("2_odd", up, "DROP TABLE \"a b\";"),
        (
            "3_more",
            "ALTER TABLE \"a b\" ADD COLUMN \"$$\" timestamptz DEFAULT now();",
            "ALTER TABLE \"a b\" DROP COLUMN \"$$\";",
        ),
    ]);
    let data = "INSERT INTO \"a b\" SELECT k, j, r, n, j::json, t FROM (VALUES ('x', '{\"a\": \"''\"}'::jsonb, '{1,NULL}'::int[], \
                '\\x00ff'::bytea, '2026-01-01 10:00+02'::timestamptz), ('x', NULL, NULL, NULL, NULL), ('x', NULL, NULL, NULL, 'infinity'), \
                (NULL, NULL, NULL, NULL, NULL)) AS v(k, j, r, n, t)";
    let database = database();
    let mut client = database.client();
    to(&mut client, &feature);
    run(&database, data);
    let before = rows(&database, "TABLE \"a b\"");
    to(&mut client, &with(&[("2_odd", up, "DROP TABLE \"a b\";")]));
    assert_eq!(database.value("SELECT count(*) FROM \"a b\""), "4");
    to(&mut client, &feature);
    assert_eq!(rows(&database, "TABLE \"a b\""), before);
    to(&mut client, &main());
    to(&mut client, &feature);
    assert_eq!(rows(&database, "TABLE \"a b\""), before);
}

#[test]
fn statements_that_change_rows_lose_nothing() {
    for down in [
        "UPDATE users SET name = 'gone' WHERE id = 1; DELETE FROM users WHERE id = 2;",
        "DO $$ BEGIN UPDATE users SET name = NULL WHERE id = 1; DELETE FROM users WHERE id = 2; END $$;",
        "TRUNCATE users;",
        "CREATE TABLE other AS SELECT id, upper(name) AS name FROM users WHERE id = 1; DROP TABLE users; \
         ALTER TABLE other RENAME TO users; ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY (id);",
    ] {
        let database = database();
        let mut client = database.client();
        let feature = with(&[("2_rows", "SELECT 1;", down)]);
        to(&mut client, &feature);
        run(&database, "INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, 'c')");
        let before = rows(&database, "TABLE users");
        to(&mut client, &main());
        assert_ne!(rows(&database, "TABLE users"), before);
        to(&mut client, &feature);
        assert_eq!(rows(&database, "TABLE users"), before, "{down}");
    }
}

#[test]
fn an_edited_revision_is_undone_and_applied_as_it_is_now() {
    let database = database();
    let mut client = database.client();
    let posts = |up: &str| {
        with(&[
            ("2_posts", up, "DROP TABLE posts;"),
            ("3_bio", "ALTER TABLE users ADD bio text;", "ALTER TABLE users DROP bio;"),
        ])
    };
    to(&mut client, &posts("CREATE TABLE posts (id integer PRIMARY KEY, title text, draft text);"));
    run(&database, "INSERT INTO posts VALUES (1, 'a', 'x'), (2, 'b', NULL); INSERT INTO users VALUES (1, 'u', 'bio')");
    let now = posts("CREATE TABLE posts (id bigint PRIMARY KEY, title text NOT NULL, views integer DEFAULT 0);");
    let report = to(&mut client, &now);
    assert_eq!(report.revisions.len(), 4);
    assert_eq!(rows(&database, "TABLE posts"), "(1,a,0) (2,b,0)");
    assert_eq!(rows(&database, "TABLE users"), "(1,u,bio)");
    // The column that the edited revision no longer has is still there.
    let left = Migrator::new(now).stash(&mut client).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].kind, left[0].columns.as_slice(), left[0].rows),
        (StashKind::Column, ["draft".to_owned()].as_slice(), 1)
    );
    to(&mut client, &posts("CREATE TABLE posts (id integer PRIMARY KEY, title text, draft text);"));
    assert_eq!(rows(&database, "TABLE posts"), "(1,a,x) (2,b,)");
}

#[test]
fn a_rebased_revision_gets_the_rows_of_the_one_it_was() {
    let database = database();
    let mut client = database.client();
    to(&mut client, &with(&[("2_posts", "CREATE TABLE posts (id integer);", "DROP TABLE posts;")]));
    run(&database, "INSERT INTO posts VALUES (7)");
    let mut rebased = with(&[("3_other", "CREATE TABLE other ();", "DROP TABLE other;")]);
    rebased.push(revision("4_posts", "3_other", "CREATE TABLE posts (id integer);", "DROP TABLE posts;"));
    to(&mut client, &rebased);
    assert_eq!(rows(&database, "TABLE posts"), "(7)");
}

#[test]
fn a_switch_that_fails_changes_nothing() {
    let database = database();
    let mut client = database.client();
    let feature = with(&[
        ("2_bio", "ALTER TABLE users ADD bio text;", "ALTER TABLE users DROP bio;"),
        ("3_posts", "CREATE TABLE posts (id integer);", "DROP TABLE posts; SELECT nix;"),
    ]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a', 'x'); INSERT INTO posts VALUES (1)");
    let state = |database: &Database| {
        (database.dump(), rows(database, "TABLE posts"), rows(database, "SELECT id FROM cargo_schema.revision"))
    };
    let before = state(&database);
    let error = tried(&mut client, &main()).unwrap_err();
    assert!(error.to_string().contains("column \"nix\" does not exist"), "{error}");
    assert_eq!(state(&database), before);
    // What comes after the undoing fails.
    let mut other = main();
    other.push(revision("2_other", "1_users", "CREATE TABLE other (); SELECT nix;", ""));
    let feature = with(&[("2_bio", "ALTER TABLE users ADD bio text;", "ALTER TABLE users DROP bio;")]);
    run(&database, "DELETE FROM cargo_schema.revision WHERE id = '3_posts'; DROP TABLE posts");
    let before = (database.dump(), rows(&database, "TABLE users"));
    tried(&mut client, &other).unwrap_err();
    assert_eq!((database.dump(), rows(&database, "TABLE users")), before);
    assert!(Migrator::new(feature).stash(&mut client).unwrap().is_empty());
}

#[test]
fn triggers_do_not_fire_and_stay_as_they_are() {
    let up = "CREATE TABLE log (text text); CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS \
              $$ BEGIN INSERT INTO log VALUES (TG_OP); RETURN NULL; END $$;\n\
              CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION noted();\n\
              CREATE TRIGGER quiet AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION noted(); ALTER TABLE users DISABLE TRIGGER quiet;";
    let first =
        ("2_log", up, "DROP TRIGGER quiet ON users; DROP TRIGGER noted ON users; DROP FUNCTION noted; DROP TABLE log;");
    let unique =
        ("3_free", "ALTER TABLE users DROP CONSTRAINT c;", "ALTER TABLE users ADD CONSTRAINT c UNIQUE (name);");
    let base = with(&[
        first,
        ("2b_key", "ALTER TABLE users ADD CONSTRAINT c UNIQUE (name);", "ALTER TABLE users DROP CONSTRAINT c;"),
    ]);
    let mut feature = base.clone();
    feature.push(revision(unique.0, "2b_key", unique.1, unique.2));
    let database = database();
    let mut client = database.client();
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a'), (2, 'a')");
    let dump = database.dump();
    to(&mut client, &base);
    to(&mut client, &feature);
    assert_eq!(rows(&database, "TABLE users"), "(1,a) (2,a)");
    assert_eq!(database.value("SELECT count(*) FROM log"), "2");
    assert_eq!(database.dump(), dump);
}

#[test]
fn partitions_keep_their_rows() {
    let up = "CREATE TABLE events (at date NOT NULL, what text) PARTITION BY RANGE (at);\n\
              CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');\n\
              CREATE TABLE events_2 PARTITION OF events DEFAULT;";
    let feature = with(&[
        ("2_events", up, "DROP TABLE events;"),
        ("3_more", "ALTER TABLE events ADD who text;", "ALTER TABLE events DROP who;"),
    ]);
    let data = "INSERT INTO events VALUES ('2026-02-01', 'a', 'x'), ('2026-09-01', 'b', 'y'), ('2026-09-01', 'b', 'y')";
    let (_, back, report) = there_and_back(&feature, data, "SELECT tableoid::regclass, * FROM events", "SELECT");
    assert_eq!(back, "(events_1,2026-02-01,a,x) (events_2,2026-09-01,b,y) (events_2,2026-09-01,b,y)");
    assert!(is_whole(&report));
}

#[test]
fn rows_that_no_longer_fit_stay_in_the_stash_and_are_told() {
    let database = database();
    let mut client = database.client();
    let up = "CREATE TABLE posts (id integer PRIMARY KEY, author integer REFERENCES users);";
    let feature = with(&[("2_posts", up, "DROP TABLE posts;")]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a'), (2, 'b'); INSERT INTO posts VALUES (1, 1), (2, 2), (3, 2)");
    to(&mut client, &main());
    run(&database, "DELETE FROM users WHERE id = 2");
    let report = to(&mut client, &feature);
    let [one] = report.restored.as_slice() else { panic!("{:?}", report.restored) };
    assert_eq!((one.state, one.left), (RestoreState::Refused, 2));
    assert_eq!(rows(&database, "TABLE posts"), "(1,1)");
    assert_eq!(Migrator::new(feature).stash(&mut client).unwrap()[0].rows, 2);
}

#[test]
fn texts_outside_transactions_are_undone_inside_one() {
    let up = "-- schema: no-transaction\nCREATE INDEX CONCURRENTLY users_name_idx ON users (name);\nVACUUM users;";
    let down = "-- schema: no-transaction\nDROP INDEX CONCURRENTLY users_name_idx;";
    let feature = with(&[("2_index", up, down)]);
    let (_, back, _) = there_and_back(&feature, "INSERT INTO users VALUES (1, 'a')", "TABLE users", "SELECT");
    assert_eq!(back, "(1,a)");
    let database = database();
    let mut client = database.client();
    let system = with(&[(
        "2_system",
        "-- schema: no-transaction\nSELECT 1;",
        "-- schema: no-transaction\nALTER SYSTEM RESET work_mem;",
    )]);
    to(&mut client, &system);
    let error = tried(&mut client, &main()).unwrap_err();
    assert!(matches!(&error, ApplyError::Refused(found) if found.len() == 1), "{error}");
}

#[test]
fn a_missing_down_is_asked_for_and_refused() {
    let database = database();
    let mut client = database.client();
    let mut feature = with(&[("2_bio", "ALTER TABLE users ADD bio text;", "")]);
    feature[1].down = None;
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a', 'x')");
    let error = tried(&mut client, &main()).unwrap_err();
    assert!(matches!(&error, ApplyError::Irreversible(ids) if ids.len() == 1), "{error}");
    let mut plan = |id: &schema_runtime::RevisionId, down: Option<&str>| {
        assert_eq!((id.as_str(), down), ("2_bio", None));
        Some("ALTER TABLE users DROP bio".to_owned())
    };
    Migrator::new(main()).switch(&mut client, &Target::Heads, &mut plan).unwrap();
    to(&mut client, &feature);
    assert_eq!(rows(&database, "TABLE users"), "(1,a,x)");
}

#[test]
fn a_role_that_is_no_superuser_can_switch() {
    let database = database();
    run(
        &database,
        "DROP ROLE IF EXISTS switcher; CREATE ROLE switcher LOGIN; GRANT CREATE ON SCHEMA public TO switcher",
    );
    run(&database, "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO switcher', current_database()); END $$");
    let mut client = database.client();
    client.batch_execute("SET SESSION AUTHORIZATION switcher").unwrap();
    let up =
        "CREATE TABLE posts (id serial PRIMARY KEY, reply integer REFERENCES posts, author integer REFERENCES users);";
    let feature = with(&[("2_posts", up, "DROP TABLE posts;")]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a'); INSERT INTO posts (reply, author) VALUES (2, 1), (1, NULL)");
    let before = rows(&database, "TABLE posts");
    to(&mut client, &main());
    to(&mut client, &feature);
    assert_eq!(rows(&database, "TABLE posts"), before);
    client.batch_execute("RESET SESSION AUTHORIZATION").unwrap();
    run(&database, "DROP OWNED BY switcher; DROP ROLE switcher");
}

#[test]
fn what_applying_destroys_comes_back_when_it_is_undone() {
    let database = database();
    let mut client = database.client();
    to(&mut client, &main());
    run(&database, "INSERT INTO users VALUES (1, 'abcdef'), (2, 'ab')");
    let before = rows(&database, "TABLE users");
    for (up, down) in [
        ("ALTER TABLE users DROP COLUMN name;", "ALTER TABLE users ADD COLUMN name text;"),
        (
            "ALTER TABLE users ALTER name TYPE varchar(3) USING left(name, 3);",
            "ALTER TABLE users ALTER name TYPE text;",
        ),
        ("DROP TABLE users;", "CREATE TABLE users (id integer PRIMARY KEY, name text);"),
        ("DELETE FROM users WHERE id = 2; UPDATE users SET name = upper(name);", "SELECT;"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; DELETE FROM users;", "SELECT;"),
    ] {
        let report = to(&mut client, &with(&[("2_lossy", up, down)]));
        assert!(!report.stashed.is_empty(), "{up}");
        let report = to(&mut client, &main());
        assert!(is_whole(&report), "{up}");
        assert_eq!(rows(&database, "TABLE users"), before, "{up}");
    }
}
