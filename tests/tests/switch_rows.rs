//! Rows that come back from the stash to a table that is no longer as they left it.

use schema_runtime::Migrator;
use schema_runtime::apply::Direction;
use schema_runtime::switch::RestoreState;
use schema_tests::cluster::database;
use schema_tests::switching::{is_whole, main, rows, run, to, with};

const UNIQUE: (&str, &str, &str) = (
    "2_same_names",
    "ALTER TABLE users DROP CONSTRAINT users_name_key;",
    "ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);",
);

#[test]
fn a_row_whose_key_another_has_taken_meanwhile_stays_in_the_stash() {
    let database = database();
    let mut client = database.client();
    let first = ("1_names", "ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);", "");
    let feature = with(&[first, UNIQUE]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a'), (2, 'a'), (3, 'a')");
    to(&mut client, &with(&[first]));
    assert_eq!(rows(&database, "TABLE users"), "(1,a)");
    // The same key with other values, and the same row again.
    run(&database, "INSERT INTO users VALUES (2, 'new')");
    let report = to(&mut client, &feature);
    assert_eq!(rows(&database, "TABLE users"), "(1,a) (2,new) (3,a)");
    let left: Vec<_> = report.restored.iter().map(|one| (one.left, one.state)).collect();
    assert_eq!(left, [(1, RestoreState::Refused)]);
    let migrator = Migrator::new(feature);
    let stash = migrator.stash(&mut client).unwrap();
    assert_eq!(stash.len(), 1);
    let kept = migrator.stashed_rows(&mut client, stash[0].id, 5).unwrap().unwrap();
    assert_eq!(kept, [[Some("2".to_owned()), Some("a".to_owned())]]);

    // Once the key is free again it can be had.
    run(&database, "DELETE FROM users WHERE id = 2");
    let restored = migrator.restore_stashed(&mut client, stash[0].id).unwrap().unwrap();
    assert_eq!(restored.state, RestoreState::Restored);
    assert_eq!(rows(&database, "TABLE users"), "(1,a) (2,a) (3,a)");
}

#[test]
fn a_row_that_is_there_again_leaves_the_stash() {
    let database = database();
    let mut client = database.client();
    let first = ("1_names", "ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);", "");
    let feature = with(&[first, UNIQUE]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a'), (2, 'a')");
    to(&mut client, &with(&[first]));
    run(&database, "UPDATE users SET name = 'x'; INSERT INTO users VALUES (2, 'a')");
    let report = to(&mut client, &feature);
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE users"), "(1,x) (2,a)");
    assert!(Migrator::new(feature).stash(&mut client).unwrap().is_empty());
}

#[test]
fn rows_that_a_text_writes_are_not_doubled_in_a_table_without_a_key() {
    let database = database();
    let mut client = database.client();
    let kinds = "CREATE TABLE kinds (name text, sort integer);\nINSERT INTO kinds VALUES ('a', 1), ('a', 1), ('b', 2);";
    let feature = with(&[("2_kinds", kinds, "DROP TABLE kinds;")]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO kinds VALUES ('a', 1), ('own', NULL)");
    let before = rows(&database, "TABLE kinds");
    to(&mut client, &main());
    let report = to(&mut client, &feature);
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE kinds"), before);
}

#[test]
fn values_without_a_column_stay_in_the_stash_when_rows_come_back_one_by_one() {
    let database = database();
    let mut client = database.client();
    let posts = "CREATE TABLE posts (id integer PRIMARY KEY, author integer, title text)";
    let down = "DROP TABLE posts;";
    let feature = with(&[("2_posts", &format!("{posts};"), down)]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO posts VALUES (1, 7, 'one'), (2, NULL, 'two'), (3, 8, NULL)");
    to(&mut client, &main());
    // Edited: no title, and an author.
    let edited = with(&[("2_posts", "CREATE TABLE posts (id integer PRIMARY KEY, author integer NOT NULL);", down)]);
    let report = to(&mut client, &edited);
    assert_eq!(rows(&database, "TABLE posts"), "(1,7) (3,8)");
    let left: Vec<_> = report.restored.iter().map(|one| (one.left, one.state)).collect();
    assert_eq!(left, [(1, RestoreState::Refused), (1, RestoreState::NoPlace)]);
    let migrator = Migrator::new(edited);
    let stash = migrator.stash(&mut client).unwrap();
    let shown: Vec<_> = stash
        .iter()
        .map(|entry| (entry.columns.join(" "), migrator.stashed_rows(&mut client, entry.id, 9).unwrap()))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    let row = vec![text("2"), None, text("two")];
    assert_eq!(shown[0], ("id author title".to_owned(), Some(vec![row])));
    assert_eq!(shown[1], ("title".to_owned(), Some(vec![vec![text("(1)"), text("one")]])));

    run(&database, "ALTER TABLE posts ADD title text");
    assert_eq!(migrator.restore_stashed(&mut client, stash[1].id).unwrap().unwrap().state, RestoreState::Restored);
    assert_eq!(rows(&database, "TABLE posts"), "(1,7,one) (3,8,)");
}

#[test]
fn values_and_rows_find_each_other_whichever_revision_comes_first() {
    let database = database();
    let mut client = database.client();
    let names = ("1_names", "ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);", "");
    let (bio, no_bio) = ("ALTER TABLE users ADD bio text;", "ALTER TABLE users DROP bio;");
    let rows_first = with(&[names, UNIQUE, ("3_bio", bio, no_bio)]);
    // The same two, rebased onto each other.
    let values_first = with(&[names, ("4_bio", bio, no_bio), ("5_same_names", UNIQUE.1, UNIQUE.2)]);
    let base = with(&[names]);
    let both = "(1,a,x) (2,a,y)";
    to(&mut client, &rows_first);
    run(&database, "INSERT INTO users VALUES (1, 'a', 'x'), (2, 'a', 'y')");
    for other in [&values_first, &rows_first, &values_first] {
        to(&mut client, &base);
        assert_eq!(rows(&database, "TABLE users"), "(1,a)");
        to(&mut client, other);
        assert_eq!(rows(&database, "TABLE users"), both);
        assert!(Migrator::new(base.clone()).stash(&mut client).unwrap().is_empty());
    }
    // Without the column in between, and with no row in it when the column goes.
    to(&mut client, &with(&[names, UNIQUE]));
    assert_eq!(rows(&database, "TABLE users"), "(1,a) (2,a)");
    to(&mut client, &with(&[names, ("4_bio", bio, no_bio)]));
    assert_eq!(rows(&database, "TABLE users"), "(1,a,x)");
    run(&database, "UPDATE users SET bio = 'new'");
    let report = to(&mut client, &values_first);
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE users"), "(1,a,new) (2,a,y)");
}

#[test]
fn values_come_back_in_a_column_that_a_later_statement_adds() {
    let database = database();
    let mut client = database.client();
    let down = "DROP TABLE posts;";
    let whole = "CREATE TABLE posts (id integer PRIMARY KEY, title text NOT NULL);";
    let parts = "CREATE TABLE posts (id integer PRIMARY KEY);\nALTER TABLE posts ADD title text;";
    to(&mut client, &with(&[("2_posts", whole, down)]));
    run(&database, "INSERT INTO posts VALUES (1, 'one'), (2, 'two')");
    for up in [parts, whole, parts] {
        to(&mut client, &main());
        let report = to(&mut client, &with(&[("2_posts", up, down)]));
        assert!(is_whole(&report), "{:?}", report.restored);
        assert_eq!(rows(&database, "TABLE posts"), "(1,one) (2,two)");
        assert!(Migrator::new(main()).stash(&mut client).unwrap().is_empty());
    }
}

#[test]
fn values_of_a_row_that_was_deleted_leave_the_stash() {
    let database = database();
    let mut client = database.client();
    let first = ("1_names", "ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);", "");
    let rule = "ALTER TABLE users DROP CONSTRAINT users_name_key, ADD bio text;";
    let back = "ALTER TABLE users DROP bio; ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);";
    let feature = with(&[first, ("2_same_names", rule, back)]);
    to(&mut client, &feature);
    run(&database, "INSERT INTO users VALUES (1, 'a', 'x'), (2, 'a', 'y'), (3, 'c', 'z')");
    to(&mut client, &with(&[first]));
    run(&database, "DELETE FROM users WHERE id = 3");
    let report = to(&mut client, &feature);
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE users"), "(1,a,x) (2,a,y)");
    assert!(Migrator::new(feature).stash(&mut client).unwrap().is_empty());
}

#[test]
fn of_two_values_of_a_row_the_later_one_comes_back() {
    let database = database();
    let mut client = database.client();
    let names = ("1_names", "ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);", "");
    let (bio, no_bio) = ("ALTER TABLE users ADD bio text;", "ALTER TABLE users DROP bio;");
    let short = "ALTER TABLE users ADD bio varchar(1);";
    let rows_first = with(&[names, UNIQUE, ("3_bio", bio, no_bio)]);
    let values_first = |bio| with(&[names, ("4_bio", bio, no_bio), ("5_same_names", UNIQUE.1, UNIQUE.2)]);
    let base = with(&[names]);
    to(&mut client, &rows_first);
    run(&database, "INSERT INTO users VALUES (1, 'a', 'x'), (2, 'a', 'long')");
    to(&mut client, &base);
    // It does not fit here, so somebody writes another.
    let report = to(&mut client, &values_first(short));
    assert!(!is_whole(&report));
    assert_eq!(rows(&database, "TABLE users"), "(1,a,x) (2,a,)");
    run(&database, "UPDATE users SET bio = 'n' WHERE id = 2");
    for other in [values_first(bio), rows_first] {
        to(&mut client, &base);
        to(&mut client, &other);
        assert_eq!(rows(&database, "TABLE users"), "(1,a,x) (2,a,n)");
    }
}

#[test]
fn values_that_a_type_cut_are_kept_for_rows_that_are_away() {
    let database = database();
    let mut client = database.client();
    let names = ("1_names", "ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name), ADD bio varchar(3);", "");
    let wide =
        ("ALTER TABLE users ALTER bio TYPE text;", "ALTER TABLE users ALTER bio TYPE varchar(3) USING left(bio, 3);");
    let rows_first = with(&[names, UNIQUE, ("3_bio", wide.0, wide.1)]);
    let values_first = with(&[names, ("4_bio", wide.0, wide.1), ("5_same_names", UNIQUE.1, UNIQUE.2)]);
    let base = with(&[names]);
    to(&mut client, &rows_first);
    run(&database, "INSERT INTO users VALUES (1, 'a', 'first'), (2, 'a', 'second')");
    for other in [&values_first, &rows_first, &values_first] {
        to(&mut client, &base);
        assert_eq!(rows(&database, "TABLE users"), "(1,a,fir)");
        to(&mut client, other);
        assert_eq!(rows(&database, "TABLE users"), "(1,a,first) (2,a,second)");
    }
}

#[test]
fn rows_find_themselves_where_the_type_of_their_key_is_another() {
    let database = database();
    let mut client = database.client();
    let down = "DROP TABLE kinds;";
    let seeds = |data_type: &str| {
        format!("CREATE TABLE kinds (id {data_type} PRIMARY KEY, name text);\nINSERT INTO kinds VALUES (1, 'seed');")
    };
    to(&mut client, &with(&[("2_kinds", &seeds("integer"), down)]));
    run(&database, "UPDATE kinds SET name = 'mine'; INSERT INTO kinds VALUES (2, 'own')");
    to(&mut client, &main());
    let report = to(&mut client, &with(&[("2_kinds", &seeds("numeric(6, 2)"), down)]));
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE kinds"), "(1.00,mine) (2.00,own)");
}

/// A feature that takes a rule away, rows that break it, and the rows that stay while the rule is back.
#[track_caller]
fn moves_aside(first: (&str, &str, &str), feature: (&str, &str, &str), data: &str, stay: &str) {
    let database = database();
    let mut client = database.client();
    let (base, whole) = (with(&[first]), with(&[first, feature]));
    to(&mut client, &whole);
    run(&database, data);
    let all = rows(&database, "TABLE stays");
    to(&mut client, &base);
    assert_eq!(rows(&database, "TABLE stays"), stay);
    let report = to(&mut client, &whole);
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE stays"), all);
}

#[test]
fn rows_that_an_exclusion_constraint_refuses_move_aside() {
    let table = "CREATE TABLE stays (id integer PRIMARY KEY, during int4range, gone boolean NOT NULL DEFAULT false);\n\
                 ALTER TABLE stays ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&) WHERE (NOT gone);";
    moves_aside(
        ("1_stays", table, "DROP TABLE stays;"),
        (
            "2_together",
            "ALTER TABLE stays DROP CONSTRAINT apart;",
            "ALTER TABLE stays ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&) WHERE (NOT gone);",
        ),
        "INSERT INTO stays VALUES (1, '[1,5)', false), (2, '[4,9)', false), (3, '[5,7)', false), (4, '[1,9)', true), (5, NULL, false)",
        "(1,\"[1,5)\",f) (4,\"[1,9)\",t) (5,,f)",
    );
}

/// Keys and foreign keys over time are new in PostgreSQL 18.
#[test]
fn rows_that_a_key_over_time_refuses_move_aside() {
    let version = database().value("SHOW server_version_num");
    if version.as_str() < "180000" {
        println!("nothing to see on {version}");
        return;
    }
    let (key, period) = (
        "ALTER TABLE opened ADD CONSTRAINT apart UNIQUE (room, at WITHOUT OVERLAPS), ADD CONSTRAINT few CHECK (room < 5);",
        "ALTER TABLE stays ADD CONSTRAINT open FOREIGN KEY (room, PERIOD during) REFERENCES opened (room, PERIOD at);",
    );
    let tables = "CREATE EXTENSION btree_gist; CREATE TABLE opened (id integer PRIMARY KEY, room integer, at int4range);\n\
                  CREATE TABLE stays (id integer PRIMARY KEY, room integer, during int4range);";
    let first = format!("{tables} {key} {period}");
    let first = ("1_stays", first.as_str(), "DROP TABLE stays, opened; DROP EXTENSION btree_gist;");
    // The first is covered by two rows; those that reference one that goes go with it, whatever part of it they need.
    let data = "INSERT INTO opened VALUES (1, 1, '[1,5)'), (2, 1, '[5,9)'); \
                INSERT INTO stays VALUES (1, 1, '[2,8)'), (2, NULL, '[8,10)')";
    let missing = format!("{data}, (3, 1, '[8,10)'), (4, 2, '[1,2)')");
    moves_aside(
        first,
        ("2_closed", "ALTER TABLE stays DROP CONSTRAINT open;", period),
        &missing,
        "(1,1,\"[2,8)\") (2,,\"[8,10)\")",
    );
    let many =
        format!("INSERT INTO opened VALUES (7, 7, '[1,5)'), (8, 7, '[5,9)'); {data}, (3, 7, '[2,3)'), (4, 7, '[4,6)')");
    let few = "ALTER TABLE opened ADD CONSTRAINT few CHECK (room < 5);";
    moves_aside(
        first,
        ("2_many", "ALTER TABLE opened DROP CONSTRAINT few;", few),
        &many,
        "(1,1,\"[2,8)\") (2,,\"[8,10)\")",
    );
    let again = "INSERT INTO stays VALUES (1, 1, '[1,5)'), (2, 1, '[4,6)'), (3, 2, '[4,6)'), (4, 1, '[5,7)')";
    let stays = "CREATE EXTENSION btree_gist; CREATE TABLE stays (id integer PRIMARY KEY, room integer, during int4range);\n\
                 ALTER TABLE stays ADD CONSTRAINT apart UNIQUE (room, during WITHOUT OVERLAPS);";
    moves_aside(
        ("1_stays", stays, "DROP TABLE stays; DROP EXTENSION btree_gist;"),
        (
            "2_together",
            "ALTER TABLE stays DROP CONSTRAINT apart;",
            "ALTER TABLE stays ADD CONSTRAINT apart UNIQUE (room, during WITHOUT OVERLAPS);",
        ),
        again,
        "(1,1,\"[1,5)\") (3,2,\"[4,6)\")",
    );
}

#[test]
fn rows_that_a_check_of_a_domain_refuses_move_aside() {
    let table = "CREATE DOMAIN nights AS integer CONSTRAINT positive CHECK (VALUE > 0);\n\
                 CREATE TABLE stays (id integer PRIMARY KEY, first nights, later nights);";
    moves_aside(
        ("1_stays", table, "DROP TABLE stays; DROP DOMAIN nights;"),
        (
            "2_none",
            "ALTER DOMAIN nights DROP CONSTRAINT positive;",
            "ALTER DOMAIN nights ADD CONSTRAINT positive CHECK (VALUE > 0);",
        ),
        "INSERT INTO stays VALUES (1, 1, 1), (2, 0, 1), (3, 1, -1), (4, NULL, 0), (5, NULL, NULL)",
        "(1,1,1) (5,,)",
    );
}

/// A column of a new table and one that is added, whose type an edited revision makes narrower, and wide again.
#[test]
fn values_that_a_narrower_type_rounds_are_whole_again_in_a_wider_one() {
    let database = database();
    let mut client = database.client();
    let items = |price: &str| {
        format!(
            "CREATE TABLE items (id integer PRIMARY KEY, price {price} NOT NULL);\n\
             ALTER TABLE users ADD seen timestamp({}), ADD born {};",
            if price == "numeric(10, 4)" { 6 } else { 0 },
            if price == "numeric(10, 4)" { "timestamp" } else { "date" }
        )
    };
    let revision =
        |price: &str| with(&[("2_items", &items(price), "ALTER TABLE users DROP seen, DROP born;\nDROP TABLE items;")]);
    let (wide, narrow) = (revision("numeric(10, 4)"), revision("numeric(10, 2)"));
    to(&mut client, &wide);
    run(&database, "INSERT INTO items VALUES (1, 1.2345), (2, 2.3456), (3, 3)");
    run(
        &database,
        "INSERT INTO users VALUES (1, 'a', '2026-01-02 03:04:05.678', '2026-01-02 03:04:05'), (2, 'b', '2026-01-01', '2026-01-01')",
    );
    let report = to(&mut client, &narrow);
    assert_eq!(rows(&database, "TABLE items"), "(1,1.23) (2,2.35) (3,3.00)");
    assert_eq!(
        rows(&database, "TABLE users"),
        "(1,a,\"2026-01-02 03:04:06\",2026-01-02) (2,b,\"2026-01-01 00:00:00\",2026-01-01)"
    );
    let left = report.restored.iter().filter(|one| one.state == RestoreState::Refused);
    let left: Vec<_> = left.map(|one| (one.entry.columns[0].as_str(), one.left)).collect();
    assert_eq!(left, [("price", 2), ("seen", 1), ("born", 1)]);
    // What is written meanwhile counts.
    run(&database, "UPDATE items SET price = 9.87 WHERE id = 2");
    let report = to(&mut client, &wide);
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE items"), "(1,1.2345) (2,9.8700) (3,3.0000)");
    assert_eq!(
        rows(&database, "TABLE users"),
        "(1,a,\"2026-01-02 03:04:05.678\",\"2026-01-02 03:04:05\") (2,b,\"2026-01-01 00:00:00\",\"2026-01-01 00:00:00\")"
    );
    assert!(Migrator::new(wide).stash(&mut client).unwrap().is_empty());
}

/// A type that is changed in place, by a revision that is edited.
#[test]
fn values_that_a_changed_type_rounds_are_whole_again_in_a_wider_one() {
    let database = database();
    let mut client = database.client();
    let first = ("1_price", "ALTER TABLE users ADD price numeric(10, 2);", "ALTER TABLE users DROP price;");
    let down = "ALTER TABLE users ALTER price TYPE numeric(10, 2);";
    let to_type = |up: &str| with(&[first, ("2_price", &format!("ALTER TABLE users ALTER price TYPE {up};"), down)]);
    let (wide, narrow) = (to_type("numeric(10, 4)"), to_type("numeric(10, 3)"));
    to(&mut client, &wide);
    run(&database, "INSERT INTO users VALUES (1, 'a', 1.2345), (2, 'b', 2.3456), (3, 'c', 7.5)");
    to(&mut client, &narrow);
    assert_eq!(rows(&database, "TABLE users"), "(1,a,1.235) (2,b,2.346) (3,c,7.500)");
    run(&database, "UPDATE users SET price = 9.875 WHERE id = 2");
    let report = to(&mut client, &wide);
    assert!(is_whole(&report), "{:?}", report.restored);
    assert_eq!(rows(&database, "TABLE users"), "(1,a,1.2345) (2,b,9.8750) (3,c,7.5000)");
    // What applying changed may be wanted when it is undone.
    let stash = Migrator::new(wide).stash(&mut client).unwrap();
    assert!(stash.iter().all(|entry| entry.direction == Direction::Up), "{stash:?}");
}

#[test]
fn a_row_without_a_key_stays_whole_in_the_stash_when_a_type_would_round_it() {
    let database = database();
    let mut client = database.client();
    let down = "DROP TABLE log;";
    let log = |price: &str| with(&[("2_log", &format!("CREATE TABLE log (price {price});"), down)]);
    let (wide, narrow) = (log("numeric(10, 4)"), log("numeric(10, 2)"));
    to(&mut client, &wide);
    run(&database, "INSERT INTO log VALUES (1.2345), (1.2345), (3), (0.1)");
    to(&mut client, &narrow);
    assert_eq!(rows(&database, "TABLE log"), "(0.10) (3.00)");
    to(&mut client, &wide);
    assert_eq!(rows(&database, "TABLE log"), "(0.1000) (1.2345) (1.2345) (3.0000)");
    assert!(Migrator::new(wide).stash(&mut client).unwrap().is_empty());
}

/// Attributes of a composite type go in place, or the type is another one of the same name.
#[test]
fn values_of_a_composite_type_keep_what_it_loses() {
    let first = (
        "1_address",
        "CREATE TYPE address AS (street text);\nALTER TABLE users ADD home address, ADD old address[];",
        "",
    );
    let in_place = (
        "2_town",
        "ALTER TYPE address ADD ATTRIBUTE town text, ADD ATTRIBUTE zip varchar(9);",
        "ALTER TYPE address DROP ATTRIBUTE town, DROP ATTRIBUTE zip;",
    );
    let replaced = (
        "2_town",
        "ALTER TABLE users DROP old;\nALTER TYPE address RENAME TO address_before;\nCREATE TYPE address AS (street text, town text, zip varchar(9));\n\
         ALTER TABLE users ALTER home TYPE address USING ROW((home).street, NULL, NULL)::text::address;\nDROP TYPE address_before;",
        "ALTER TYPE address RENAME TO address_before;\nCREATE TYPE address AS (street text);\n\
         ALTER TABLE users ALTER home TYPE address USING ROW((home).street)::text::address;\nDROP TYPE address_before;\nALTER TABLE users ADD old address[];",
    );
    for feature in [in_place, replaced] {
        let database = database();
        let mut client = database.client();
        let (base, feature) = (with(&[first]), with(&[first, feature]));
        to(&mut client, &feature);
        run(
            &database,
            "INSERT INTO users (id, name, home) VALUES (1, 'a', ROW('s', 't', '12345')), (2, 'b', ROW('u', NULL, NULL))",
        );
        to(&mut client, &base);
        assert_eq!(rows(&database, "SELECT id, home FROM users ORDER BY id"), "(1,\"(s)\") (2,\"(u)\")");
        let report = to(&mut client, &feature);
        assert!(is_whole(&report), "{:?}", report.restored);
        assert_eq!(rows(&database, "SELECT id, home FROM users ORDER BY id"), "(1,\"(s,t,12345)\") (2,\"(u,,)\")");
    }
}
