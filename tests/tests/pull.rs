//! `cargo schema pull`: a real database becomes a crate that compiles and passes `check`, and its role needs to read catalogs only.

use std::fs;
use std::path::Path;

use cargo_schema::catalog::{Scope, observe};
use cargo_schema::pull::{Moments, Options, write};
use schema_tests::app::App;
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use schema_tests::originals::{files, load};
use serde_json::Value;

fn app(database: &Database) -> App {
    App::copy("pulled", env!("CARGO_BIN_EXE_cargo_schema"), database)
}

fn run(database: &Database, sql: &str) {
    database.client().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
}

fn read(app: &App, file: &str) -> String {
    fs::read_to_string(app.folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Makes the crate know its structs.
fn declare(app: &App) {
    let lib = app.folder().join("src/lib.rs");
    let text = fs::read_to_string(&lib).unwrap();
    fs::write(lib, format!("{text}\npub mod schema;\n")).unwrap();
}

fn original(name: &str) -> Option<Database> {
    let file = files()?.into_iter().find(|file| file.file_stem().is_some_and(|stem| stem == name));
    Some(load(&fs::read_to_string(file.expect("the schema is in the folder")).unwrap()))
}

/// Pulled, compiled, checked, and an empty database that the baseline builds is the original.
fn becomes_a_crate(name: &str) {
    let Some(original) = original(name) else {
        println!("no folder of real schemas; see `schema_tests::corpus`");
        return;
    };
    let empty = database();
    let app = app(&empty);
    let text = app.schema(&["pull", &original.url]).ends_with(0);
    assert!(text.contains("add to src/lib.rs: pub mod schema;") && text.contains("cargo schema stamp"), "{text}");
    declare(&app);
    app.schema(&["check"]).ends_with(0);
    app.schema(&["generate", "--check"]).ends_with(0);
    app.cargo(&["check"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(diff(&dump(&original), &dump(&empty)), Vec::<String>::new());
    let again = app.schema(&["pull"]).ends_with(0);
    assert!(again.contains("nothing to do"), "{again}");
}

#[test]
fn a_middle_sized_database_becomes_a_crate() {
    becomes_a_crate("zksync_prover");
}

#[test]
fn a_database_in_camel_case_becomes_a_crate() {
    becomes_a_crate("umami");
}

#[test]
fn a_role_that_may_only_connect_is_enough() {
    let database = database();
    run(&database, "CREATE TABLE users (id bigint PRIMARY KEY, \"createdAt\" timestamptz NOT NULL)");
    let _ = database.client().batch_execute("CREATE ROLE pull_reader LOGIN");
    run(&database, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, pull_reader");
    let app = app(&database);
    let url = database.url.replace("postgres@", "pull_reader@").replace("user=postgres", "user=pull_reader");
    assert_ne!(url, database.url, "another role is asked for");
    app.schema(&["pull", &url, "--dry-run"]).ends_with(0);
    assert!(!Path::new(&app.folder().join("src/schema")).exists() && !app.folder().join("migrations").exists());
    app.schema(&["pull", &url, "--single-file", "src/schema.rs"]).ends_with(0);
    let text = read(&app, "src/schema.rs");
    assert!(
        text.contains("    #[column(name = \"createdAt\")]\n    pub created_at: chrono::DateTime<chrono::Utc>,\n"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_in_the_way_is_never_replaced() {
    let database = database();
    run(&database, "CREATE TABLE users (id bigint PRIMARY KEY); CREATE VIEW seen AS SELECT id FROM users");
    let app = app(&database);
    fs::create_dir_all(app.folder().join("src/schema")).unwrap();
    fs::write(app.folder().join("src/schema/user.rs"), "// mine\n").unwrap();
    let refused = app.schema(&["pull"]).ends_with(1);
    assert!(refused.contains("error[pull-file-exists]") && refused.contains("src/schema/user.rs"), "{refused}");
    assert_eq!(read(&app, "src/schema/user.rs"), "// mine\n");
    assert!(!app.folder().join("src/schema/mod.rs").exists() && !app.folder().join("migrations").exists());
    let other = app.schema(&["pull", "--out", "src/tables", "--format", "json"]).ends_with(0);
    let object: Value = serde_json::from_str(other.lines().next().unwrap()).unwrap();
    assert_eq!((&object["result"]["tables"], &object["result"]["written"]), (&1.into(), &true.into()));
    assert!(read(&app, "schema/views.sql").starts_with("CREATE VIEW public.seen AS"));
    assert!(object["result"]["baseline"].as_str().unwrap().ends_with("_baseline"));
}

#[test]
fn what_the_package_lacks_is_told() {
    let database = database();
    run(&database, "CREATE TABLE jobs (id uuid PRIMARY KEY, at inet, many cidr, every interval NOT NULL, mask bit(3))");
    let app = app(&database);
    let text = app.schema(&["pull"]).ends_with(0);
    assert!(text.contains("cargo add schema-runtime --features with-bit-vec-0_8,with-cidr-0_3"), "{text}");
    assert!(text.contains("cargo add bit-vec@0.8 cidr@0.3"), "{text}");
    let text = read(&app, "src/schema/job.rs");
    assert!(text.contains("    #[column(sql = \"interval\")]\n    pub every: schema_runtime::Raw,\n"), "{text}");
}

#[test]
fn what_needs_something_that_is_not_managed_leaves_structs_unproven() {
    let database = database();
    run(
        &database,
        "CREATE TYPE tiny; CREATE FUNCTION tiny_in(cstring) RETURNS tiny LANGUAGE internal IMMUTABLE STRICT AS 'int2in';
         CREATE FUNCTION tiny_out(tiny) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int2out';
         CREATE TYPE tiny (INPUT = tiny_in, OUTPUT = tiny_out, LIKE = int2);
         CREATE TABLE users (id integer PRIMARY KEY, age tiny)",
    );
    let app = app(&database);
    let text = app.schema(&["pull"]).ends_with(1);
    assert!(text.contains("error[statement-refused]") && text.contains("no baseline revision is written"), "{text}");
    assert!(read(&app, "src/schema/user.rs").contains("tiny"));
    assert!(!app.folder().join("migrations").exists());
}

/// A routine that fails whenever it is called is the database's own; the structs and the baseline are right.
#[test]
fn a_routine_that_cannot_run_is_told_and_pulled() {
    let database = database();
    let sql = "SET check_function_bodies = off; CREATE TABLE users (id integer PRIMARY KEY);
         CREATE FUNCTION gone() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM was_dropped'";
    run(&database, sql);
    let app = app(&database);
    let text = app.schema(&["pull"]).ends_with(0);
    assert!(text.contains("warning[routine-body]") && text.contains("was_dropped"), "{text}");
    let baseline = fs::read_dir(app.folder().join("migrations")).unwrap().next().expect("a baseline").unwrap();
    assert!(fs::read_to_string(baseline.path().join("up.sql")).unwrap().contains("gone()"));
}

const BY_HAND: &str = "\
use schema_runtime::Table;

#[derive(Table)]
#[table(
    name = \"events\",
    primary_key(columns = \"id, at\"),
    partition_by = \"range (at)\",
    partition(name = \"events_2026\", values = \"from ('2026-01-01') to ('2027-01-01')\")
)]
pub struct Event { pub id: i64, pub at: jiff::civil::Date }

#[derive(Table)]
#[table(name = \"notes\")]
pub struct Note {
    #[column(primary_key)]
    pub id: i32,
}
";

/// Partitions stand in the attribute of the table that they are of; what the database has not changed stays as it was written.
#[test]
fn partitions_follow_the_database() {
    let database = database();
    let app = app(&database);
    let view = "-- The newest first.\nCREATE VIEW recent AS SELECT id FROM events ORDER BY at DESC";
    fs::write(app.folder().join("src/schema.rs"), BY_HAND).unwrap();
    fs::create_dir(app.folder().join("schema")).unwrap();
    fs::write(app.folder().join("schema/views.sql"), view).unwrap();
    declare(&app);
    app.schema(&["generate", "-m", "start"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    let text = app.schema(&["pull"]).ends_with(0);
    assert!(text.contains("nothing to do") && !text.contains("pull-unsaid"), "{text}");
    run(&database, "ALTER TABLE notes ADD body text");
    let text = app.schema(&["pull"]).ends_with(0);
    assert!(!text.contains("pull-unsaid"), "{text}");
    let structs = BY_HAND.replace("    pub id: i32,\n", "    pub id: i32,\n    pub body: Option<String>,\n");
    assert_eq!((read(&app, "src/schema.rs"), read(&app, "schema/views.sql")), (structs.clone(), view.to_owned()));
    app.schema(&["diff", "structs", "database", "--exit-code"]).ends_with(0);

    run(&database, "ALTER TABLE events ADD kind text");
    app.schema(&["pull"]).ends_with(0);
    let structs = structs.replace(
        "pub struct Event { pub id: i64, pub at: jiff::civil::Date }",
        "pub struct Event { pub id: i64, pub at: jiff::civil::Date,\n    pub kind: Option<String>, }",
    );
    assert_eq!((read(&app, "src/schema.rs"), read(&app, "schema/views.sql")), (structs.clone(), view.to_owned()));

    run(
        &database,
        "CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01') PARTITION BY LIST (id);
         CREATE TABLE events_a PARTITION OF events_2027 (CHECK (id > 0)) FOR VALUES IN (1) WITH (fillfactor = 70);
         ALTER TABLE events_a REPLICA IDENTITY FULL;
         ALTER TABLE events_a ALTER kind SET DEFAULT 'a', ALTER kind SET NOT NULL;
         CREATE TABLE closed_notes (why text, EXCLUDE (why WITH =)) INHERITS (notes);
         ALTER TABLE closed_notes ALTER body SET DEFAULT 'x', ALTER body SET NOT NULL",
    );
    app.schema(&["pull"]).ends_with(0);
    let text = read(&app, "src/schema.rs");
    for words in [
        "partition(\n        name = \"events_2027\",\n        values = \"FROM ('2027-01-01') TO ('2028-01-01')\",\n        partition_by = \"list (id)\"\n    )",
        "of = \"events_2027\"",
        "replica_identity = \"full\"",
        "inherits = \"notes\"",
        "column(name = \"kind\", nullable = false, default = \"'a'\")",
        "#[column(default = \"'x'\")]\n    pub body: String,",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert_eq!(read(&app, "schema/views.sql"), view);
    app.schema(&["diff", "structs", "database", "--exit-code"]).ends_with(0);
    assert!(app.schema(&["pull"]).ends_with(0).contains("nothing to do"));
}

const STATEMENTS: &str = "\
CREATE FUNCTION next_code() RETURNS text LANGUAGE sql AS $$ SELECT 'a' $$;
COMMENT ON FUNCTION next_code() IS 'it''s next';
CREATE TABLE users (code text DEFAULT next_code() PRIMARY KEY, age integer);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE users DISABLE TRIGGER touched;
CREATE VIEW adults AS SELECT code, age FROM users WHERE age > 17;
COMMENT ON VIEW adults IS 'grown up';
COMMENT ON COLUMN adults.age IS 'in years';
CREATE MATERIALIZED VIEW ages AS SELECT age, count(*) FROM users GROUP BY age;
CREATE UNIQUE INDEX ages_age ON ages (age);
ALTER MATERIALIZED VIEW ages CLUSTER ON ages_age;
";

#[test]
fn statements_are_files_that_follow_the_database() {
    let database = database();
    run(&database, STATEMENTS);
    let app = app(&database);
    fs::create_dir_all(app.folder().join("schema")).unwrap();
    fs::write(app.folder().join("schema/views.sql"), "-- mine\n").unwrap();
    let refused = app.schema(&["pull"]).ends_with(1);
    assert!(refused.contains("error[pull-file-exists]") && refused.contains("schema/views.sql"), "{refused}");
    assert_eq!(read(&app, "schema/views.sql"), "-- mine\n");
    fs::remove_file(app.folder().join("schema/views.sql")).unwrap();

    let text = app.schema(&["pull"]).ends_with(0);
    assert!(!text.contains("pull-unsaid"), "{text}");
    declare(&app);
    app.schema(&["check"]).ends_with(0);
    app.schema(&["generate", "--check"]).ends_with(0);
    let empty = schema_tests::cluster::database();
    app.schema(&["upgrade", "--database-url", &empty.url]).ends_with(0);
    assert_eq!(diff(&dump(&database), &dump(&empty)), Vec::<String>::new());
    assert!(read(&app, "schema/triggers.sql").contains("DISABLE TRIGGER touched;\n"));
    app.schema(&["stamp"]).ends_with(0);

    // A spelling of one's own, and a comment.
    let mine = "-- why\nCREATE VIEW adults AS SELECT code, age FROM users -- all\nWHERE age > 17";
    let views = read(&app, "schema/views.sql");
    let (_, rest) = views.split_once(';').unwrap();
    fs::write(app.folder().join("schema/views.sql"), format!("{mine};{rest}")).unwrap();
    let same = app.schema(&["pull"]).ends_with(0);
    assert!(same.contains("nothing to do"), "{same}");

    run(
        &database,
        "COMMENT ON VIEW adults IS 'of age';
         CREATE OR REPLACE FUNCTION next_code() RETURNS text LANGUAGE sql AS $$ SELECT 'b' $$;
         DROP MATERIALIZED VIEW ages;
         CREATE VIEW young AS SELECT code FROM users WHERE age < 18;
         CREATE POLICY own ON users USING (true);",
    );
    let functions = read(&app, "schema/functions.sql");
    app.schema(&["pull"]).ends_with(0);
    let views = read(&app, "schema/views.sql");
    assert!(views.starts_with(&format!("{mine};\nCOMMENT ON VIEW adults IS 'of age';\n")), "{views}");
    assert!(views.contains("\n\nCREATE VIEW public.young AS"), "{views}");
    assert_eq!(read(&app, "schema/functions.sql"), functions.replace("SELECT 'a'", "SELECT 'b'"));
    assert!(!app.folder().join("schema/materialized_views.sql").exists());
    assert!(read(&app, "schema/policies.sql").starts_with("CREATE POLICY own ON public.users"));
    let same = app.schema(&["pull"]).ends_with(0);
    assert!(same.contains("nothing to do"), "{same}");
    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
}

const SHOP: &str = "\
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
CREATE SEQUENCE numbers;
CREATE TABLE owners (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email email NOT NULL UNIQUE, mood mood);
CREATE TABLE items (
    id bigserial PRIMARY KEY,
    \"ownerId\" bigint NOT NULL REFERENCES owners,
    title text DEFAULT 'new' NOT NULL,
    price numeric(10,2) CHECK (price >= 0),
    weight real,
    made date
);
CREATE INDEX items_by_title ON items (lower(title), made);
CREATE TABLE notes (id integer PRIMARY KEY, body text);
COMMENT ON TABLE owners IS 'who owns';
COMMENT ON COLUMN owners.mood IS 'how they feel';
";

/// Ten and more changes of the database, each of another sort.
const CHANGES: &str = "\
ALTER TYPE mood ADD VALUE 'happy' AFTER 'ok';
ALTER TABLE owners ADD COLUMN born timestamptz DEFAULT now() NOT NULL, ADD COLUMN feels mood;
ALTER TABLE items DROP COLUMN weight;
ALTER TABLE items ALTER COLUMN made TYPE timestamp, ALTER COLUMN title DROP NOT NULL;
ALTER TABLE items ADD CONSTRAINT title_ok CHECK (length(title) > 1);
ALTER TABLE items ALTER COLUMN price SET DEFAULT 1.5;
DROP INDEX items_by_title;
CREATE INDEX ON items (made);
CREATE UNIQUE INDEX items_once ON items (\"ownerId\", title) WHERE price > 0;
ALTER TABLE items DROP CONSTRAINT \"items_ownerId_fkey\";
ALTER TABLE items ADD FOREIGN KEY (\"ownerId\") REFERENCES owners ON DELETE CASCADE;
CREATE TABLE tags (item bigint REFERENCES items, tag text, mood mood, PRIMARY KEY (item, tag));
DROP TABLE notes;
DROP SEQUENCE numbers;
CREATE SEQUENCE invoices START 1000;
CREATE DOMAIN amount AS numeric CHECK (VALUE > 0);
ALTER TABLE owners ADD COLUMN paid amount;
COMMENT ON COLUMN owners.mood IS 'how they are';
";

fn replace(app: &App, file: &str, from: &str, to: &str) {
    let text = read(app, file);
    assert!(text.contains(from), "{file} has no `{from}`:\n{text}");
    fs::write(app.folder().join(file), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn pulling_again_changes_only_what_changed() {
    let database = database();
    run(&database, SHOP);
    let app = app(&database);
    app.schema(&["pull"]).ends_with(0);
    declare(&app);
    let owner = "src/schema/owner.rs";
    replace(&app, owner, "#[derive(Clone, Debug, Table)]", "// Ours.\n#[derive(Debug, Clone, Table)]");
    replace(&app, owner, "    pub email: super::Email,\n", "    pub mail : super::Email , // by hand\n");
    replace(&app, owner, "#[column(unique)]", "#[column( name = \"email\", unique )]");
    replace(
        &app,
        owner,
        "}\n",
        "    #[column(skip)]\n    pub cached: bool,\n}\n\nimpl Owner {\n    pub fn known(&self) -> bool { self.cached }\n}\n",
    );
    let item = "src/schema/item.rs";
    replace(&app, item, "    pub title: String,", "    /// Shown on the page.\n    pub title: Box<str>,");
    replace(&app, item, "default = \"'new'\"", "default = \"'new'::text\"");
    let before = read(&app, owner);
    let same = app.schema(&["pull"]).ends_with(0);
    assert!(same.contains("nothing to do"), "{same}");
    assert_eq!(read(&app, owner), before);

    run(&database, CHANGES);
    let dry = app.schema(&["pull", "--dry-run"]).ends_with(0);
    assert!(dry.contains("would change") && read(&app, owner) == before, "{dry}");
    let refused = app.schema(&["pull"]).ends_with(5);
    assert!(refused.contains("does not have table `notes`") && read(&app, owner) == before, "{refused}");
    let text = app.schema(&["pull", "--yes"]).ends_with(0);
    assert!(text.contains("src/schema/tag.rs") && text.contains("cargo schema generate"), "{text}");
    let owner = read(&app, owner);
    for kept in [
        "// Ours.\n#[derive(Debug, Clone, Table)]",
        "    #[column( name = \"email\", unique )]\n    pub mail : super::Email , // by hand\n",
        "    #[column(skip)]\n    pub cached: bool,\n}\n\nimpl Owner {\n    pub fn known(&self) -> bool { self.cached }\n}\n",
        "    /// how they are\n    pub mood: Option<super::Mood>,\n",
        "    pub feels: Option<super::Mood>,\n    pub paid: Option<super::Amount>,\n",
    ] {
        assert!(owner.contains(kept), "{kept}\n{owner}");
    }
    let item = read(&app, item);
    assert!(item.contains("    /// Shown on the page.\n    pub title"), "{item}");
    assert!(item.contains("default = \"'new'::text\"") && item.contains("pub title: Option<Box<str>>,"), "{item}");
    assert!(!item.contains("weight") && !item.contains("items_by_title"), "{item}");
    let root = read(&app, "src/schema/mod.rs");
    assert!(root.contains("mod tag;\n") && !root.contains("note") && !root.contains("numbers"), "{root}");
    assert!(!app.folder().join("src/schema/note.rs").exists());

    app.schema(&["diff", "database", "structs", "--exit-code"]).ends_with(0);
    app.schema(&["generate", "-m", "as it is", "--allow-data-loss"]).ends_with(0);
    app.schema(&["check", "--database-url", &schema_tests::cluster::database().url]).ends_with(0);
    app.cargo(&["check"]).ends_with(0);
    let same = app.schema(&["pull"]).ends_with(0);
    assert!(same.contains("nothing to do"), "{same}");
}

/// All real schemas in one crate, a module each.
#[test]
fn every_real_schema_compiles() {
    let Some(files) = files() else {
        println!("no folder of real schemas; see `schema_tests::corpus`");
        return;
    };
    let app = app(&database());
    let dependencies = "bit-vec = \"0.8\"\ncidr = \"0.3\"\neui48 = { version = \"1\", default-features = false }\ngeo-types = \"0.7\"\n";
    replace(&app, "Cargo.toml", "[dependencies]\n", &format!("[dependencies]\n{dependencies}"));
    let features = "\"with-bit-vec-0_8\", \"with-cidr-0_3\", \"with-eui48-1\", \"with-geo-types-0_7\", ";
    replace(
        &app,
        "Cargo.toml",
        "features = [\"with-chrono-0_4\"",
        &format!("features = [{features}\"with-chrono-0_4\""),
    );
    let mut lib = read(&app, "src/lib.rs");
    let options = Options { moments: Moments::Chrono, ..Options::default() };
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let database = load(&fs::read_to_string(&file).unwrap());
        let observed = observe(&mut database.client(), &Scope::default()).unwrap_or_else(|error| panic!("{error}"));
        let folder = app.folder().join("src").join(&name);
        fs::create_dir_all(&folder).unwrap();
        for file in write(&observed.schema, &options).files {
            fs::write(folder.join(file.path), file.text).unwrap();
        }
        lib.push_str(&format!("pub mod {name};\n"));
    }
    fs::write(app.folder().join("src/lib.rs"), lib).unwrap();
    let text = app.cargo(&["check"]).ends_with(0);
    assert!(!text.contains("warning"), "{text}");
}
