//! Two people, two migrations: real branches, a real `git merge`, and what the commands make of the heads that are there then.

use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use schema_tests::repository::Repository;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

fn blog(database: &Database) -> Repository {
    Repository::of("blog", SUBCOMMAND, database)
}

const BIO: (&str, &str, &str) = ("src/author.rs", "    // last", "    pub bio: Option<String>,\n    // last");
const AGE: (&str, &str, &str) = ("src/author.rs", "    // first", "    pub age: Option<i32>,\n    // first");
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
