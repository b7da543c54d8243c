//! Two packages with histories of their own in one database: a foreign key across, and neither ever touches the other's tables.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use schema_tests::app::{App, Ran};
use schema_tests::cluster::{Database, cluster, database};

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

/// `auth`, which has users, and `billing`, which has invoices of users, beside one database.
struct Shared {
    root: PathBuf,
    database: Database,
}

impl Shared {
    fn new() -> Shared {
        static COPIES: AtomicUsize = AtomicUsize::new(0);
        let copy = COPIES.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("schema-owners-{}-{copy}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let shared = Shared { root, database: database() };
        shared.package(
            "auth",
            "namespace = \"auth\"",
            "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User {\n    #[column(primary_key, identity)]\n    pub id: i64,\n    #[column(unique)]\n    pub email: String,\n}\n",
        );
        shared.package(
            "billing",
            "namespace = \"billing\"\nafter = [\"../auth/migrations\"]",
            "#[derive(Table)]\n#[table(name = \"invoices\")]\npub struct Invoice {\n    #[column(primary_key, identity)]\n    pub id: i64,\n    #[column(references = \"users\", on_delete = \"restrict\", index)]\n    pub user_id: i64,\n    #[column(references = \"users(email)\")]\n    pub email: Option<String>,\n    pub cents: i64,\n}\n",
        );
        shared
    }

    /// Both with a revision, applied, and a row in each table.
    fn applied() -> Shared {
        let shared = Shared::new();
        for package in ["auth", "billing"] {
            shared.done(package, &["generate", "-m", "first"]);
            shared.done(package, &["upgrade"]);
        }
        shared.sql(
            "INSERT INTO users (email) VALUES ('a'); INSERT INTO invoices (user_id, cents) SELECT id, 5 FROM users",
        );
        shared
    }

    fn package(&self, name: &str, settings: &str, source: &str) {
        let folder = self.root.join(name);
        fs::create_dir_all(folder.join("src")).expect("the temporary folder can be written");
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema-runtime");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nschema-runtime = {{ path = {runtime:?} }}\n\n\
             [package.metadata.schema]\nmigrations = \"migrations\"\n{settings}\n\n[workspace]\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest).expect("it is the test's own");
        let source = format!("//! Tables.\n\nuse schema_runtime::Table;\n\n{source}");
        fs::write(folder.join("src/lib.rs"), source).expect("it is the test's own");
    }

    fn edit(&self, package: &str, from: &str, to: &str) {
        let path = self.root.join(package).join("src/lib.rs");
        let text = fs::read_to_string(&path).expect("it was written");
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).expect("it is the test's own");
    }

    fn run(&self, package: &str, words: &[&str]) -> Ran {
        let mut command = Command::new(SUBCOMMAND);
        command.arg("schema").args(words).args(["--color", "never"]).current_dir(self.root.join(package));
        command.env("DATABASE_URL", &self.database.url).env("SCHEMA_NOW", "20261122131500");
        command.env("SCHEMA_DEV_URL", cluster().url("postgres")).env("SCHEMA_CACHE_DIR", self.root.join("cache"));
        let output = command.output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ran { text: text.into_owned(), code: output.status.code() }
    }

    #[track_caller]
    fn done(&self, package: &str, words: &[&str]) -> String {
        self.run(package, words).ends_with(0)
    }

    #[track_caller]
    fn sql(&self, sql: &str) {
        self.database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn rows(&self) -> String {
        self.database.value("SELECT concat((SELECT count(*) FROM users), ' ', (SELECT count(*) FROM invoices))")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

#[test]
fn each_has_its_own_history_and_a_key_leads_across() {
    let shared = Shared::applied();
    let keys = "SELECT string_agg(conname || ' ' || confrelid::regclass, ', ' ORDER BY conname) FROM pg_constraint WHERE contype = 'f'";
    assert_eq!(shared.database.value(keys), "invoices_email_fkey users, invoices_user_id_fkey users");
    let ledger = "SELECT string_agg(namespace || ' ' || id, ', ' ORDER BY ordinal) FROM cargo_schema.revision";
    assert_eq!(shared.database.value(ledger), "auth 20261122131500_first, billing 20261122131500_first");
    let up =
        fs::read_to_string(shared.root.join("billing/migrations/20261122131500_first/up.sql")).expect("a revision");
    assert!(!up.contains("CREATE TABLE users"), "{up}");
    for package in ["auth", "billing"] {
        let check = shared.done(package, &["check"]);
        assert!(check.contains("is what they make"), "{check}");
        assert!(shared.done(package, &["status"]).contains("up to date"));
        for words in [["generate"].as_slice(), &["generate", "--from", "database"], &["upgrade"], &["switch"]] {
            let text = shared.done(package, words);
            assert!(text.contains("nothing to do"), "{package} {words:?}: {text}");
        }
        let diff = shared.done(package, &["diff", "database", "structs", "--sql"]);
        assert!(!diff.contains("DROP") && !diff.contains("CREATE"), "{package}: {diff}");
    }
}

#[test]
fn drift_of_one_is_none_of_the_other() {
    let shared = Shared::applied();
    shared.sql("ALTER TABLE users ADD COLUMN drifted text");
    let text = shared.run("auth", &["check"]).ends_with(1);
    assert!(text.contains("DROP COLUMN drifted") && !text.contains("invoices"), "{text}");
    shared.sql("ALTER TABLE users DROP COLUMN drifted; DROP TABLE invoices");
    shared.done("auth", &["check"]);
    let text = shared.run("billing", &["check"]).ends_with(1);
    assert!(text.contains("CREATE TABLE invoices") && !text.contains("TABLE users"), "{text}");
}

#[test]
fn what_the_other_builds_on_is_not_dropped() {
    let shared = Shared::applied();
    let before = shared.database.dump();
    let text = shared.run("auth", &["downgrade", "base", "--yes"]).ends_with(4);
    assert!(text.contains("invoices"), "{text}");
    assert_eq!(shared.database.dump(), before);
    shared.done("billing", &["downgrade", "base", "--yes"]);
    assert_eq!(shared.database.value("SELECT count(*) FROM users"), "1");
    assert_eq!(shared.database.value("SELECT to_regclass('invoices')"), "");
    assert!(shared.done("auth", &["check"]).contains("is what they make"));
    assert!(shared.done("auth", &["stash", "list"]).contains("the stash is empty"), "the rows are billing's");
    assert!(shared.done("billing", &["stash", "list"]).contains("table invoices (1 row)"));
    // What the other applies meanwhile gives nothing back.
    shared.edit("auth", "    pub email: String,\n", "    pub email: String,\n    pub name: Option<String>,\n");
    shared.done("auth", &["generate", "-m", "name"]);
    shared.done("auth", &["upgrade"]);
    shared.done("billing", &["upgrade"]);
    assert_eq!(shared.rows(), "1 1");
    for package in ["auth", "billing"] {
        assert!(shared.done(package, &["check"]).contains("is what they make"));
    }
}

#[test]
fn a_revision_of_one_is_proven_on_top_of_the_other() {
    let shared = Shared::applied();
    shared.edit(
        "billing",
        "    pub cents: i64,\n",
        "    pub cents: i64,\n    #[column(references = \"users(id)\")]\n    pub payer: Option<i64>,\n",
    );
    let text = shared.done("billing", &["generate", "-m", "payer"]);
    assert!(text.contains("REFERENCES users (id)") && text.contains("Proven"), "{text}");
    shared.done("billing", &["upgrade"]);
    assert!(shared.done("billing", &["check"]).contains("is what they make"));
    // Not even a revision that auth has not applied yet is billing's matter.
    shared.edit("auth", "    pub email: String,\n", "    pub email: String,\n    pub name: Option<String>,\n");
    shared.done("auth", &["generate", "-m", "name"]);
    for words in [["generate"].as_slice(), &["upgrade"]] {
        assert!(shared.done("billing", words).contains("nothing to do"));
    }
}

#[test]
fn tables_of_the_other_cannot_be_declared_or_misnamed() {
    let shared = Shared::applied();
    shared.edit("billing", "references = \"users(email)\"", "references = \"user(email)\"");
    let text = shared.run("billing", &["generate", "-m", "no"]).ends_with(1);
    assert!(text.contains("no struct declares table `user`"), "{text}");
    shared.edit("billing", "references = \"user(email)\"", "references = \"users(mail)\"");
    let text = shared.run("billing", &["generate", "-m", "no", "--allow-data-loss"]).ends_with(1);
    assert!(text.contains("mail"), "{text}");
    shared.edit("billing", "references = \"users(mail)\"", "references = \"users(email)\"");
    shared.edit("billing", "name = \"invoices\"", "name = \"users\"");
    let text = shared.run("billing", &["generate", "-m", "no"]).ends_with(1);
    assert!(text.contains("table `users` belongs to another owner of the database"), "{text}");
}

/// build.rs looks at the structs as `check` does: on top of what others have recorded.
#[test]
fn the_build_looks_at_what_the_package_comes_after() {
    let database = database();
    let app = App::copy("blog", SUBCOMMAND, &database);
    let theirs = app.folder().join("auth/20250101000000_users");
    fs::create_dir_all(&theirs).expect("the copy is the test's own");
    let record = |table: &str| {
        format!(
            "format = 1\nmessage = \"users\"\nparents = []\nchanges = [\n    {{ create = {{ table = {{ name = \"{table}\" }} }} }},\n    \
             {{ create = {{ column = {{ name = \"id\", table = \"{table}\", type = \"bigint\" }} }} }},\n    \
             {{ create = {{ primary_key = {{ name = \"{table}_pkey\", table = \"{table}\", columns = [\"id\"] }} }} }},\n]\n"
        )
    };
    for (file, text) in [
        ("revision.toml", record("users")),
        ("up.sql", "CREATE TABLE users (id bigint CONSTRAINT users_pkey PRIMARY KEY);\n".to_owned()),
        ("down.sql", "DROP TABLE users;\n".to_owned()),
    ] {
        fs::write(theirs.join(file), text).expect("the copy is the test's own");
    }
    app.edit("Cargo.toml", "migrations = \"migrations\"", "migrations = \"migrations\"\nafter = [\"auth\"]");
    app.edit("src/author.rs", "    // last", "    #[column(references = \"users\")]\n    pub login: i64,\n    // last");
    app.schema(&["generate", "-m", "first"]).ends_with(0);
    app.cargo(&["build"]).ends_with(0);
    // A release of theirs that has the table no more.
    fs::write(theirs.join("revision.toml"), record("people")).expect("the copy is the test's own");
    let text = app.cargo(&["build"]).ends_with(101);
    assert!(text.contains("`authors.authors_login_fkey`") && text.contains("src/author.rs"), "{text}");
    fs::write(theirs.join("revision.toml"), record("users")).expect("the copy is the test's own");
    app.cargo(&["build"]).ends_with(0);
}
