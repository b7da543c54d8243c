//! Two people, two migrations: real branches, a real `git merge`, and what the commands make of the heads that are there then.

use std::fs;

use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use schema_tests::repository::Repository;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

fn blog(database: &Database) -> Repository {
    Repository::of("blog", SUBCOMMAND, database)
}

const BIO: (&str, &str, &str) = ("src/author.rs", "    // last", "    pub bio: Option<String>,\n    // last");
const AGE: (&str, &str, &str) = ("src/author.rs", "    // first", "    pub age: Option<i32>,\n    // first");
const INDEX: (&str, &str, &str) =
    ("src/author.rs", "name = \"authors\"", "name = \"authors\", index(columns = \"nick\")");
const NARROW: (&str, &str, &str) =
    ("src/author.rs", "    pub nick", "    #[column(sql = \"varchar(80)\")]\n    pub nick");
const VIEWS: (&str, &str, &str) = ("src/post.rs", "    // last", "    #[column(default = \"0\")]\n    pub views: i64,");

#[test]
fn heads_that_commute_need_no_human() {
    let database = database();
    let blog = blog(&database);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.branch("bio", "Ada", &[BIO]);
    blog.branch("age", "Bob", &[AGE, VIEWS]);
    // This database gets one of the branches first.
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.merge(&["bio", "age"]);
    assert_eq!(blog.revisions().len(), 3);
    let text = blog.app.schema(&["check"]).ends_with(0);
    assert!(text.contains("lead to the same schema in every order"), "{text}");
    blog.app.schema(&["generate", "--check"]).ends_with(0);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    blog.app.schema(&["status"]).ends_with(0);
    blog.app.cargo(&["build"]).ends_with(0);

    // The next revision comes after both, and nobody has to do anything.
    blog.app.edit("src/post.rs", "pub title: String", "pub title: Option<String>");
    let text = blog.app.schema(&["generate", "-m", "third", "--format", "json"]).ends_with(0);
    let both = format!(r#""parents":["{}","{}"]"#, blog.revision("age"), blog.revision("bio"));
    let other = format!(r#""parents":["{}","{}"]"#, blog.revision("bio"), blog.revision("age"));
    assert!(text.contains(&both) || text.contains(&other), "{text}");
    blog.app.schema(&["check"]).ends_with(0);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
}

#[test]
fn heads_that_conflict_are_reported_and_rebased() {
    let database = database();
    let blog = blog(&database);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.branch("glad", "Ada", &[("src/mood.rs", "    // last", "    Calm,\n    // last")]);
    blog.branch("happy", "Bob", &[("src/mood.rs", "    // first", "    Angry,\n    // first"), VIEWS]);
    blog.merge(&["glad", "happy"]);
    let before = dump(&database);

    let (glad, happy) = (blog.revision("glad"), blog.revision("happy"));
    for words in [&["check"][..], &["upgrade"], &["generate"], &["generate", "--empty"], &["upgrade", "--sql"]] {
        let text = blog.app.schema(words).ends_with(1);
        let named = [&glad, &happy].iter().all(|id| text.contains(id.as_str()));
        assert!(named && text.contains("heads-conflict") && text.contains("enum `mood`"), "{text}");
        let people = text.contains("Ada on glad") && text.contains("Bob on happy");
        assert!(people && text.contains(&format!("cargo schema rebase {happy}")), "{text}");
    }
    assert_eq!(diff(&before, &dump(&database)), Vec::<String>::new(), "nothing was applied");
    let text = blog.app.cargo(&["build"]).ends_with(101);
    assert!(text.contains("heads-conflict") && text.contains(&happy), "{text}");
    // One of them alone is nobody's matter.
    blog.app.schema(&["upgrade", &glad, "--dry-run"]).ends_with(0);

    let text = blog.app.schema(&["rebase", &happy]).ends_with(0);
    assert!(text.contains(&happy) && blog.revisions().len() == 3, "{text}");
    assert!(!blog.revisions().contains(&happy), "it has a new name");
    blog.app.schema(&["check"]).ends_with(0);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    blog.app.schema(&["downgrade", "-1"]).ends_with(0);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.app.cargo(&["build"]).ends_with(0);
    let fresh = schema_tests::cluster::database();
    blog.app.schema(&["upgrade", "--database-url", &fresh.url]).ends_with(0);
    assert_eq!(diff(&dump(&fresh), &dump(&database)), Vec::<String>::new());
}

#[test]
fn three_heads_commute_as_well() {
    let database = database();
    let blog = blog(&database);
    blog.branch("bio", "Ada", &[BIO]);
    blog.branch("age", "Bob", &[AGE]);
    blog.branch("views", "Eve", &[VIEWS]);
    blog.merge(&["bio", "age", "views"]);
    blog.app.schema(&["check"]).ends_with(0);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    let text = blog.app.schema(&["merge", "-m", "all three"]).ends_with(0);
    assert!(text.contains("in 6 orders of the heads") && text.contains("no SQL is needed"), "{text}");
    let record = blog.app.folder().join("migrations").join(blog.revision("all_three")).join("revision.toml");
    let record = fs::read_to_string(record).expect("it is written");
    for name in ["bio", "age", "views"] {
        assert!(record.contains(&blog.revision(name)), "{record}");
    }
    blog.app.schema(&["check"]).ends_with(0);
    blog.app.schema(&["upgrade"]).ends_with(0);
    let text = blog.app.schema(&["merge"]).ends_with(0);
    assert!(text.contains("nothing to merge"), "{text}");
}

#[test]
fn the_same_change_is_made_once() {
    let database = database();
    let blog = blog(&database);
    blog.branch("bio", "Ada", &[BIO]);
    blog.branch("bio_too", "Bob", &[BIO]);
    blog.merge(&["bio", "bio_too"]);
    let text = blog.app.schema(&["check"]).ends_with(1);
    assert!(text.contains("both add column `authors.bio`, in the same words"), "{text}");
    let twice = blog.app.schema(&["merge"]).ends_with(1);
    assert!(twice.contains("a merge cannot help"), "{twice}");
    let too = blog.revision("bio_too");
    let text = blog.app.schema(&["rebase", &too, "--dry-run"]).ends_with(0);
    assert!(text.contains("nothing is left to do in it") && blog.revisions().len() == 3, "{text}");
    blog.app.schema(&["rebase", &too]).ends_with(0);
    assert_eq!(blog.revisions().len(), 2, "{:?}", blog.revisions());
    blog.app.schema(&["check"]).ends_with(0);
    blog.app.schema(&["rebase", "bio"]).ends_with(2);
}

#[test]
fn a_branch_follows_the_renames_of_the_other() {
    let database = database();
    let blog = blog(&database);
    let renamed = ("src/author.rs", "name = \"authors\"", "name = \"people\", renamed_from = \"authors\"");
    let reference = ("src/post.rs", "references = \"authors(id)\"", "references = \"people(id)\"");
    blog.branch("bio", "Ada", &[BIO]);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.branch("people", "Bob", &[renamed, reference]);
    blog.merge(&["bio", "people"]);
    let text = blog.app.schema(&["check"]).ends_with(1);
    assert!(text.contains("renames table `authors` to `people`"), "{text}");
    let people = blog.revision("people");
    blog.app.schema(&["rebase", &people]).ends_with(0);
    blog.app.schema(&["check"]).ends_with(0);
    database.client().batch_execute("INSERT INTO authors (name, email, bio) VALUES ('a', 'b', 'c')").expect("a row");
    blog.app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(database.value("SELECT bio FROM people"), "c");
    blog.app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
}

#[test]
fn a_column_is_added_where_its_table_has_gone() {
    let database = database();
    let blog = blog(&database);
    let renamed = ("src/author.rs", "name = \"authors\"", "name = \"people\", renamed_from = \"authors\"");
    let reference = ("src/post.rs", "references = \"authors(id)\"", "references = \"people(id)\"");
    blog.branch("people", "Bob", &[renamed, reference]);
    blog.branch("bio", "Ada", &[BIO]);
    blog.merge(&["people", "bio"]);
    let text = blog.app.schema(&["rebase", &blog.revision("bio"), "--onto", &blog.revision("people")]).ends_with(0);
    assert!(text.contains("people.bio"), "{text}");
    blog.app.schema(&["check"]).ends_with(0);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
}

#[test]
fn hand_written_sql_is_tried_in_both_orders() {
    let database = database();
    let blog = blog(&database);
    blog.branch("bio", "Ada", &[BIO]);
    blog.git(&["switch", "-q", "-c", "fill", "main"]);
    blog.app.schema(&["generate", "--empty", "-m", "fill"]).ends_with(0);
    let up = blog.app.folder().join("migrations").join(blog.revision("fill")).join("up.sql");
    fs::write(&up, "UPDATE authors SET nick = name;\n").expect("it is written");
    blog.commit("Bob", "fill");
    blog.merge(&["bio", "fill"]);
    let text = blog.app.schema(&["upgrade", "--dry-run"]).ends_with(0);
    assert!(text.contains("heads-unproven") && text.contains("cargo schema check"), "{text}");
    blog.app.schema(&["check"]).ends_with(0);
    let text = blog.app.schema(&["upgrade"]).ends_with(0);
    assert!(!text.contains("heads-unproven"), "what check has shown is remembered: {text}");

    // What no record says, PostgreSQL shows.
    fs::write(&up, "ALTER TABLE authors ADD COLUMN bio integer;\n").expect("it is written");
    let text = blog.app.schema(&["check"]).ends_with(1);
    assert!(text.contains("heads-conflict") && text.contains("cannot be applied in both orders"), "{text}");
    blog.app.edit("src/post.rs", "pub title: String", "pub title: Option<String>");
    let before = blog.revisions();
    let text = blog.app.schema(&["generate", "-m", "third"]).ends_with(1);
    assert!(text.contains("heads-conflict") && blog.revisions() == before, "{text}");
}

/// Puts an UPDATE before the SQL that was generated.
fn edited(blog: &Repository, id: &str) {
    let up = blog.app.folder().join("migrations").join(id).join("up.sql");
    let text = fs::read_to_string(&up).expect("it is written");
    fs::write(&up, format!("UPDATE authors SET nick = name;\n{text}")).expect("it is edited");
    blog.commit("Bob", "edited");
}

#[test]
fn edited_sql_is_kept_when_somebody_says_so() {
    let database = database();
    let blog = blog(&database);
    blog.branch("index", "Ada", &[INDEX]);
    blog.branch("narrow", "Bob", &[NARROW]);
    let narrow = blog.revision("narrow");
    edited(&blog, &narrow);
    blog.merge(&["index", "narrow"]);
    let before = blog.revisions();
    let text = blog.app.schema(&["rebase", &narrow]).ends_with(5);
    let told = text.contains(&format!("migrations/{narrow}/up.sql")) && text.contains("--keep-sql");
    assert!(told && blog.revisions() == before, "{text}");
    blog.app.schema(&["rebase", &narrow, "--keep-sql"]).ends_with(0);
    let up = blog.app.folder().join("migrations").join(blog.revision("narrow")).join("up.sql");
    assert!(fs::read_to_string(up).expect("it is there").starts_with("UPDATE authors SET nick = name;\n"));
    blog.app.schema(&["check"]).ends_with(0);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
}

#[test]
fn kept_sql_is_proven_on_its_new_place() {
    let database = database();
    let blog = blog(&database);
    blog.branch("calm", "Ada", &[("src/mood.rs", "    // last", "    Calm,\n    // last")]);
    blog.branch("angry", "Bob", &[("src/mood.rs", "    // first", "    Angry,\n    // first")]);
    let angry = blog.revision("angry");
    edited(&blog, &angry);
    blog.merge(&["calm", "angry"]);
    let before = blog.revisions();
    // Its way back makes the type anew, without the label of the other branch.
    let text = blog.app.schema(&["rebase", &angry, "--keep-sql"]).ends_with(1);
    assert!(text.contains("down-differs") && text.contains("calm") && blog.revisions() == before, "{text}");
}

#[test]
fn a_person_says_that_two_heads_go_together() {
    let databases = [database(), database(), database()];
    let blog = blog(&databases[0]);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.branch("index", "Ada", &[INDEX]);
    blog.app.schema(&["upgrade"]).ends_with(0);
    blog.branch("narrow", "Bob", &[NARROW]);
    blog.app.schema(&["upgrade", "--database-url", &databases[1].url]).ends_with(0);
    blog.merge(&["index", "narrow"]);
    blog.app.schema(&["check"]).ends_with(1);
    let text = blog.app.schema(&["merge"]).ends_with(0);
    assert!(text.contains("no SQL is needed"), "{text}");
    blog.app.schema(&["check"]).ends_with(0);
    for database in &databases {
        blog.app.schema(&["upgrade", "--database-url", &database.url]).ends_with(0);
        blog.app.schema(&["diff", &database.url, "structs", "--exit-code"]).ends_with(0);
    }
    assert_eq!(diff(&dump(&databases[0]), &dump(&databases[1])), Vec::<String>::new());
    assert_eq!(diff(&dump(&databases[0]), &dump(&databases[2])), Vec::<String>::new());
}

#[test]
fn heads_whose_order_shows_are_not_merged() {
    let database = database();
    let blog = blog(&database);
    blog.branch("calm", "Ada", &[("src/mood.rs", "    // last", "    Calm,\n    // last")]);
    blog.branch("wild", "Bob", &[("src/mood.rs", "    Glad,", "    Glad,\n    Wild,")]);
    blog.git(&["switch", "-q", "main"]);
    blog.git(&["merge", "-q", "--no-edit", "-X", "ours", "calm"]);
    blog.git(&["merge", "-q", "--no-edit", "-X", "ours", "wild"]);
    let mood = fs::read_to_string(blog.app.folder().join("src/mood.rs")).expect("it is there");
    if !mood.contains("Wild") {
        blog.app.edit("src/mood.rs", "    Calm,", "    Calm,\n    Wild,");
    }
    let before = blog.revisions();
    let text = blog.app.schema(&["merge"]).ends_with(1);
    assert!(text.contains("the heads cannot be merged") && text.contains("cargo schema rebase"), "{text}");
    assert_eq!(blog.revisions(), before);
    blog.app.schema(&["rebase", &blog.revision("wild")]).ends_with(0);
    blog.app.schema(&["check"]).ends_with(0);
}
