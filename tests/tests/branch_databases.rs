//! `switch --template` and `dev branches`: one database a git branch, in a real repository, and never one dropped that was not named.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postgres::{Client, NoTls};
use schema_tests::notes::Notes;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");
const TITLES: &str = "SELECT coalesce(string_agg(title, ' ' ORDER BY title), '') FROM notes";
const HAS_MOOD: &str =
    "SELECT count(*) FROM information_schema.columns WHERE table_name = 'notes' AND column_name = 'mood'";

/// A repository whose branch `main` has one revision and whose branch `mood` has one more, both with the row `base`.
struct Repo(Notes);

impl Repo {
    fn new() -> Repo {
        let repo = Repo(Notes::applied(SUBCOMMAND));
        std::fs::write(repo.0.root.join(".gitignore"), "/cache\n").expect("the copy is the test's own");
        repo.git(&["init", "-q"]);
        repo.commit();
        repo.row("base");
        repo.git(&["switch", "-qc", "mood"]);
        repo.revision("mood", "pub mood: Option<String>");
        repo
    }

    fn git(&self, words: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]);
        let output = command.args(words).current_dir(&self.0.root).output().expect("git is there");
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "a commit"]);
    }

    /// A committed revision that adds a field.
    fn revision(&self, name: &str, field: &str) {
        self.0.edit("src/note.rs", "    pub title: String,\n", &format!("    pub title: String,\n    {field},\n"));
        self.0.run(&["generate", "-m", name]).ends_with(0);
        self.commit();
    }

    /// `git switch` and `cargo schema switch`.
    #[track_caller]
    fn to(&self, branch: &str) -> String {
        self.git(&["switch", "-q", branch]);
        self.schema(&["switch"])
    }

    #[track_caller]
    fn schema(&self, words: &[&str]) -> String {
        self.0.run(words).ends_with(0)
    }

    #[track_caller]
    fn row(&self, title: &str) {
        self.0.sql(&format!(
            "INSERT INTO authors (email) VALUES ('{title}'); INSERT INTO notes (title, author_id) SELECT '{title}', id FROM authors WHERE email = '{title}'"
        ));
    }

    fn value(&self, sql: &str) -> String {
        self.0.database.value(sql)
    }

    /// The names that follow the name of the project's own database, sorted.
    fn waiting(&self) -> Vec<String> {
        let sql =
            "SELECT substr(datname, length($1) + 1) FROM pg_database WHERE starts_with(datname, $1 || '__') ORDER BY 1";
        let rows = self.0.database.client().query(sql, &[&self.0.database.name]).expect("names");
        rows.iter().map(|row| row.get(0)).collect()
    }
}

impl Drop for Repo {
    fn drop(&mut self) {
        for name in self.waiting() {
            let sql = format!("DROP DATABASE \"{}{name}\" WITH (FORCE)", self.0.database.name);
            let _ = self.0.database.client().batch_execute(&sql);
        }
    }
}

#[test]
fn each_branch_has_its_own_rows_under_one_name() {
    let repo = Repo::new();
    let text = repo.schema(&["switch", "--template"]);
    assert!(text.contains("is the database of `mood` now, a copy of that of `main`"), "{text}");
    assert_eq!(repo.waiting(), ["__main"]);
    repo.row("on_mood");
    let text = repo.to("main");
    assert!(text.contains("is the database of `main` now"), "{text}");
    assert_eq!((repo.value(TITLES), repo.value(HAS_MOOD)), ("base".into(), "0".into()));
    repo.row("on_main");
    repo.to("mood");
    assert_eq!((repo.value(TITLES), repo.value(HAS_MOOD)), ("base on_mood".into(), "1".into()));
    assert_eq!(repo.waiting(), ["__main"]);
    let status = repo.schema(&["status"]);
    assert!(status.contains("branch       mood") && status.contains("up to date"), "{status}");
    // `upgrade` finds the branch's own, too.
    repo.git(&["switch", "-q", "main"]);
    assert!(repo.schema(&["status"]).contains("checked out is `main`"));
    repo.schema(&["upgrade"]);
    assert_eq!(repo.value(TITLES), "base on_main");
}

#[test]
fn a_branch_shares_the_closest_database_until_it_needs_its_own() {
    let repo = Repo::new();
    repo.schema(&["switch", "--template"]);
    repo.to("main");
    repo.git(&["switch", "-qc", "feature/Stars"]);
    let text = repo.schema(&["switch"]);
    assert!(text.contains("is the database of `main`; this branch shares it until their revisions differ"), "{text}");
    repo.revision("stars", "pub stars: Option<i32>");
    let text = repo.schema(&["switch", "--dry-run"]);
    assert!(text.contains("the database of `main` would be copied") && text.contains("20261122131501_stars"), "{text}");
    assert_eq!(repo.waiting(), ["__mood"]);
    let text = repo.schema(&["upgrade"]);
    assert!(text.contains("is the database of `feature/Stars` now, a copy of that of `main`"), "{text}");
    assert_eq!(repo.waiting(), ["__main", "__mood"]);
    repo.to("mood");
    let waiting = repo.waiting();
    assert!(waiting[0].starts_with("__feature_stars_") && waiting[1] == "__main", "{waiting:?}");
    // A stacked branch is closest to the one it was made on.
    repo.git(&["switch", "-qc", "more", "feature/Stars"]);
    repo.revision("more", "pub more: Option<i32>");
    let text = repo.schema(&["switch"]);
    assert!(text.contains("a copy of that of `feature/Stars`"), "{text}");
}

#[test]
fn who_works_in_it_is_named_and_who_is_idle_comes_again() {
    let repo = Repo::new();
    let (idle, mut busy) = (repo.0.database.client(), repo.0.database.client());
    busy.batch_execute("SET application_name = 'the shop'; BEGIN; SELECT 42 FROM notes").expect("it reads");
    let before = repo.0.database.dump();
    for words in [["switch", "--template"].as_slice(), &["switch", "--template", "--yes"]] {
        let text = repo.0.run(words).ends_with(5);
        assert!(text.contains("the shop (process ") && text.contains("idle in transaction: "), "{text}");
        assert!(text.contains("nothing was done"), "{text}");
    }
    assert_eq!(repo.waiting(), [""; 0]);
    assert_eq!(repo.0.database.dump(), before);
    busy.batch_execute("COMMIT").expect("it ends");
    // A pool connects again at once.
    let (url, done) = (&repo.0.database.url, AtomicBool::new(false));
    let ended = std::thread::scope(|scope| {
        let pool = scope.spawn(|| {
            let mut ended = 0;
            while !done.load(Ordering::Relaxed) {
                let Ok(mut client) = Client::connect(url, NoTls) else { continue };
                while !done.load(Ordering::Relaxed) && client.batch_execute("SELECT FROM notes").is_ok() {
                    std::thread::sleep(Duration::from_millis(3));
                }
                ended += 1;
            }
            ended
        });
        repo.schema(&["switch", "--template"]);
        done.store(true, Ordering::Relaxed);
        pool.join().expect("it ends")
    });
    assert!(1 < ended, "{ended}");
    assert_eq!(repo.waiting(), ["__main"]);
    for mut session in [idle, busy] {
        assert!(session.batch_execute("SELECT 1").is_err(), "it was ended");
    }
    assert_eq!(repo.value(HAS_MOOD), "1");
}

#[test]
fn what_fails_leaves_all_as_it_was() {
    let repo = Repo::new();
    let up = std::fs::read_dir(repo.0.root.join("migrations")).expect("revisions").flatten();
    let up = up.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with("_mood")).expect("it is there");
    let text = std::fs::read_to_string(up.join("up.sql")).expect("a text");
    std::fs::write(up.join("up.sql"), format!("{text}SELECT 1/0;\n")).expect("the copy is the test's own");
    let before = repo.0.database.dump();
    let text = repo.0.run(&["switch", "--template"]).ends_with(4);
    assert!(text.contains("division by zero"), "{text}");
    assert_eq!((repo.waiting().len(), repo.0.database.dump()), (0, before));
    repo.0.run(&["environment", "production"]).ends_with(0);
    let text = repo.0.run(&["switch", "--template"]).ends_with(5);
    assert!(text.contains("marked as production"), "{text}");
}

#[test]
fn branches_are_listed_and_only_those_that_may_go_are_removed() {
    let repo = Repo::new();
    let text = repo.schema(&["dev", "branches"]);
    assert!(text.contains("cargo schema switch --template"), "{text}");
    repo.schema(&["switch", "--template"]);
    repo.git(&["switch", "-qc", "gone", "main"]);
    repo.schema(&["switch", "--template"]);
    repo.to("main");
    repo.git(&["branch", "-qD", "gone"]);
    assert!(repo.schema(&["dev", "branches", "remove", "--merged", "--yes"]).contains("1 database removed"));
    assert_eq!(repo.waiting(), ["__mood"]);
    repo.git(&["merge", "-q", "mood"]);
    let list = repo.schema(&["dev", "branches"]);
    let line =
        |branch: &str| list.lines().find(|line| line.starts_with(&format!("  {branch} "))).unwrap_or(&list).to_owned();
    assert!(line("main").contains("in place") && line("main").contains("the first one"), "{list}");
    assert!(line("mood").contains("merged") && line("mood").contains(" MB  used 20"), "{list}");
    let json = repo.0.json(&["dev", "branches"], 0);
    assert!(json.contains("\"state\":\"merged\"") && json.contains("\"first\":true"), "{json}");
    for (words, said) in [
        (["main"].as_slice(), "is in place"),
        (&["--merged"], "would be lost for good"),
        (&["mood"], "would be lost for good"),
    ] {
        let text = repo.0.run(&[&["dev", "branches", "remove"], words].concat()).ends_with(5);
        assert!(text.contains(said), "{text}");
    }
    assert!(repo.0.run(&["dev", "branches", "remove", "nix"]).ends_with(2).contains("`nix` has no database"));
    repo.to("mood");
    for name in ["main", &format!("{}__main", repo.0.database.name)] {
        let text = repo.0.run(&["dev", "branches", "remove", name, "--yes"]).ends_with(5);
        assert!(text.contains("was there first"), "{text}");
    }
    repo.to("main");
    repo.schema(&["dev", "branches", "remove", "--merged", "--yes"]);
    assert_eq!(repo.waiting(), [""; 0]);
    assert_eq!(repo.value(TITLES), "base");
}

#[test]
fn a_renamed_branch_keeps_its_database_and_no_branch_has_one_of_its_own() {
    let repo = Repo::new();
    repo.schema(&["switch", "--template"]);
    repo.row("on_mood");
    repo.git(&["branch", "-qm", "temper"]);
    assert!(repo.schema(&["switch"]).contains("is the database of `temper`"));
    assert_eq!((repo.value(TITLES), repo.waiting()), ("base on_mood".to_owned(), vec!["__main".to_owned()]));
    repo.git(&["switch", "-q", "--detach", "main"]);
    let text = repo.schema(&["switch", "--template"]);
    assert!(text.contains("is the database of checkouts without a branch now, a copy of that of `main`"), "{text}");
    repo.git(&["switch", "-q", "--detach", "temper"]);
    repo.schema(&["switch"]);
    assert_eq!((repo.value(TITLES), repo.value(HAS_MOOD)), ("base".into(), "1".into()));
    repo.to("temper");
    assert_eq!(repo.value(TITLES), "base on_mood");
}

#[test]
fn the_mode_ends_where_it_began() {
    let repo = Repo::new();
    repo.0.sql(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path TO public, pg_catalog', current_database()); \
        EXECUTE format('COMMENT ON DATABASE %I IS ''it''''s ours''', current_database()); END $$",
    );
    repo.schema(&["switch", "--template"]);
    assert_eq!(repo.value("SHOW search_path"), "public, pg_catalog", "settings of a database go with its copy");
    let text = repo.0.run(&["switch", "--in-place"]).ends_with(5);
    assert!(text.contains("git switch main && cargo schema switch"), "{text}");
    repo.to("main");
    repo.schema(&["switch", "--in-place"]);
    let comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()";
    assert_eq!(repo.value(comment), "it's ours");
    repo.to("mood");
    assert_eq!((repo.value(HAS_MOOD), repo.waiting()), ("1".to_owned(), vec!["__mood".to_owned()]));
    assert!(repo.schema(&["status"]).contains("up to date"));
}
