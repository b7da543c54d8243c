//! Cases of two revisions on one schema, written as they are recorded: apart, unclear, or what they clash over.
//!
//! Whether PostgreSQL agrees is asked by the merge matrix, on random schemas.

use super::{Footprint, Meeting, RevisionRecord};
use crate::{Change, Schema};

/// A table with two columns and an index, an enum, a view, and a table that references the first.
const START: &str = r#"
    { create = { enum = { name = "mood", values = ["sad", "glad"] } } },
    { create = { table = { name = "users" } } },
    { create = { table = { name = "posts" } } },
    { create = { column = { name = "id", table = "users", type = "bigint" } } },
    { create = { column = { name = "email", table = "users", type = "text" } } },
    { create = { column = { name = "author", table = "posts", type = "bigint" } } },
    { create = { column = { name = "title", table = "posts", type = "text" } } },
    { create = { primary_key = { name = "users_pkey", table = "users", columns = ["id"] } } },
    { create = { sql = { kind = "view", path = ["public", "emails"], sql = "CREATE VIEW emails AS SELECT email FROM users" } } },
"#;

fn changes(lines: &str) -> Vec<Change> {
    let text = format!("format = 1\nmessage = \"\"\nparents = []\nchanges = [\n{lines}\n]\n");
    RevisionRecord::parse(&text).unwrap_or_else(|error| panic!("{error}: {lines}")).changes
}

#[track_caller]
fn meet(left: &str, right: &str) -> String {
    meet_from(START, left, right)
}

#[track_caller]
fn meet_from(start: &str, left: &str, right: &str) -> String {
    let start = changes(start).iter().fold(Schema::default(), |schema, change| change.apply(schema).unwrap());
    let [left, right] = [left, right].map(|lines| Footprint::of(&changes(lines), &start));
    let told = |meeting: Meeting| match meeting {
        Meeting::Apart => "apart".to_owned(),
        Meeting::Unclear => "unclear".to_owned(),
        Meeting::Clash(clashes) => {
            let same = if clashes.iter().all(super::Clash::is_same) { "same" } else { "clash" };
            format!("{same}: {}", clashes.iter().map(super::heads::thing).collect::<Vec<_>>().join(", "))
        }
    };
    let (one, other) = (told(left.meets(&right)), told(right.meets(&left)));
    assert_eq!(one, other, "it does not matter who asks");
    one
}

const BIO: &str = r#"{ create = { column = { name = "bio", table = "posts", type = "text" } } },"#;
const AGE: &str = r#"{ create = { column = { name = "age", table = "posts", type = "integer" } } },"#;
const LABEL: &str = r#"{ alter = { before = { enum = { name = "mood", values = ["sad", "glad"] } }, after = { enum = { name = "mood", values = ["sad", "glad", "calm"] } } } },"#;
const NO_SAD: &str = r#"{ alter = { before = { enum = { name = "mood", values = ["sad", "glad"] } }, after = { enum = { name = "mood", values = ["glad"] } } } },"#;
const FEELS: &str = r#"{ create = { column = { name = "feels", table = "posts", type = "mood" } } },"#;
const FEELS_INDEX: &str = r#"{ create = { index = { name = "posts_feels", table = "posts", columns = ["feels"] } } },"#;
const TITLE_INDEX: &str = r#"{ create = { index = { name = "posts_title", table = "posts", columns = ["title"] } } },"#;
const NO_TITLE: &str = r#"{ drop = { column = { name = "title", table = "posts", type = "text" } } },"#;
const LONG_TITLE: &str = r#"{ alter = { before = { column = { name = "title", table = "posts", type = "text" } }, after = { column = { name = "title", table = "posts", type = "bytea" } } } },"#;
const TITLE_DEFAULT: &str = r#"{ alter = { before = { column = { name = "title", table = "posts", type = "text" } }, after = { column = { name = "title", table = "posts", type = "text", value = { default = "''" } } } } },"#;
const ARTICLES: &str = r#"{ rename = { kind = "table", before = "public.posts", after = "public.articles" } },"#;
const BY: &str = r#"{ create = { foreign_key = { name = "by", table = "posts", columns = ["author"], references = "users", referenced = ["id"] } } },"#;
const USERS_ID: &str = r#"{ create = { unique = { name = "users_id", table = "users", columns = ["id"] } } },"#;
const SECOND_EMAIL: &str = r#"{ create = { column = { name = "second_email", table = "users", type = "text" } } },"#;
const VIEW_OVER_VIEW: &str = r#"{ create = { sql = { kind = "view", path = ["public", "more"], sql = "CREATE VIEW more AS SELECT * FROM emails" } } },"#;
const OTHER_VIEW: &str = r#"{ create = { sql = { kind = "view", path = ["public", "titles"], sql = "CREATE VIEW titles AS SELECT title FROM posts" } } },"#;
const TABLE_TITLES: &str = r#"{ create = { table = { name = "titles" } } },"#;

#[test]
fn columns_of_one_table_are_apart_and_the_same_column_is_not() {
    assert_eq!(meet(BIO, AGE), "apart");
    assert_eq!(meet(BIO, BIO), "same: column `posts.bio`");
    assert_eq!(meet(BIO, TITLE_INDEX), "apart");
}

#[test]
fn labels_of_one_enum_clash_and_a_new_label_bars_no_column() {
    assert_eq!(meet(LABEL, NO_SAD), "clash: enum `mood`");
    assert_eq!(meet(LABEL, FEELS), "apart");
    assert_eq!(meet(NO_SAD, FEELS), "clash: enum `mood`");
}

#[test]
fn what_goes_or_is_another_bars_what_stands_on_it() {
    assert_eq!(meet(NO_TITLE, TITLE_INDEX), "clash: column `posts.title`");
    assert_eq!(meet(LONG_TITLE, TITLE_INDEX), "clash: column `posts.title`");
    assert_eq!(meet(TITLE_DEFAULT, TITLE_INDEX), "apart");
    assert_eq!(meet(ARTICLES, BIO), "clash: table `posts`");
}

#[test]
fn a_type_that_is_made_anew_bars_what_is_written_over_its_columns() {
    let start = format!("{START}{FEELS}");
    assert_eq!(meet_from(&start, NO_SAD, FEELS_INDEX), "clash: column `posts.feels`");
    assert_eq!(meet_from(&start, LABEL, FEELS_INDEX), "apart");
}

#[test]
fn keys_and_names_are_taken_once() {
    assert_eq!(meet(BY, USERS_ID), "clash: the keys of `users`");
    assert_eq!(meet(TABLE_TITLES, OTHER_VIEW), "clash: the name `titles`, the name `titles`");
}

#[test]
fn texts_are_for_postgresql_to_decide() {
    assert_eq!(meet(BIO, OTHER_VIEW), "unclear");
    assert_eq!(meet(SECOND_EMAIL, OTHER_VIEW), "apart");
    // The view over the table is made anew around a change of the table, and another one stands on it.
    assert_eq!(meet(SECOND_EMAIL, VIEW_OVER_VIEW), "unclear");
}

#[test]
fn nothing_is_known_of_what_is_not_recorded() {
    let start = changes(START).iter().fold(Schema::default(), |schema, change| change.apply(schema).unwrap());
    let nothing = Footprint::of(&[], &start);
    let bio = Footprint::of(&changes(BIO), &start);
    assert_eq!(nothing.meets(&bio), Meeting::Apart);
    assert_eq!(nothing.clone().partial().meets(&bio), Meeting::Unclear);
    assert_eq!(bio.meets(&nothing.partial()), Meeting::Unclear);
}
