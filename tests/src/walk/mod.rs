//! A developer's walk between the branches of a git repository, with the hook installed, and what has to be so after every step: the
//! database is what the branch makes, and every row and value that was written on it is there.

mod model;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use cargo_schema::catalog::{Scope, compare, observe};
use schema_core::Schema;
use serde_json::{Map, Value};

use crate::cluster::{Database, cluster, database};
use crate::random::Rng;
pub use model::{Column, Model, Told, Type};

const MANIFEST: &str = "[package]\nname = \"walk\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nschema-runtime = \"0.1\"\n\n\
                        [package.metadata.schema]\nmigrations = \"migrations\"\n\n[workspace]\n";

/// Rows by table and id.
type Rows = BTreeMap<(String, u64), Map<String, Value>>;

/// What is known of a branch.
#[derive(Clone)]
struct Branch {
    model: Model,
    /// The main branch as far as it is merged.
    main: Model,
    /// What its revisions make of an empty database.
    makes: Schema,
    /// The rows that were written on it, by table.
    own: BTreeMap<String, Vec<u64>>,
    /// Those rows with all values, as they were when it was left.
    left: Rows,
}

/// The repository, the database, and what is expected of them.
pub struct Walk {
    seed: u64,
    /// Decides what happens.
    pub rng: Rng,
    subcommand: &'static str,
    root: PathBuf,
    database: Database,
    branches: BTreeMap<String, Branch>,
    at: String,
    rows: u64,
    steps: u64,
}

impl Walk {
    /// A repository with a first revision on its branch `main`.
    pub fn new(seed: u64, subcommand: &'static str) -> Walk {
        let root = std::env::temp_dir().join(format!("schema-walk-{}-{seed}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let (rng, database, branches) = (Rng::new(seed), database(), BTreeMap::new());
        let at = "main".to_owned();
        let mut walk = Walk { seed, rng, subcommand, root, database, branches, at, rows: 0, steps: 0 };
        let wrapper = format!(
            "#!/bin/sh\nif [ \"$1\" = schema ]; then exec '{subcommand}' \"$@\"; fi\nexec '{}' \"$@\"\n",
            // The name alone would find this script again.
            std::env::var("CARGO").expect("cargo runs the tests")
        );
        fs::create_dir_all(walk.root.join("bin")).unwrap();
        fs::create_dir_all(walk.root.join("repo/src")).unwrap();
        fs::write(walk.root.join("bin/cargo"), wrapper).unwrap();
        fs::set_permissions(walk.root.join("bin/cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(walk.root.join("repo/Cargo.toml"), MANIFEST).unwrap();
        walk.git(&["init", "-q", "-b", "main"]);
        let model = Model::first();
        let (main, makes, own, left) = (model.clone(), Schema::default(), BTreeMap::new(), Rows::new());
        walk.branches.insert(walk.at.clone(), Branch { model: model.clone(), main, makes, own, left });
        walk.revise(&model, "first", &[]);
        walk.settle();
        walk
    }

    /// The branches.
    pub fn names(&self) -> Vec<String> {
        self.branches.keys().cloned().collect()
    }

    /// The branch that is checked out.
    pub fn at(&self) -> String {
        self.at.clone()
    }

    fn run(&self, program: &str, words: &[&str], database: &Database) -> (bool, String) {
        let mut command = Command::new(program);
        let path = format!("{}:{}", self.root.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.args(words).current_dir(self.root.join("repo")).env("PATH", path).env("DATABASE_URL", &database.url);
        command.env("SCHEMA_DEV_URL", cluster().url("postgres")).env("SCHEMA_CACHE_DIR", self.root.join("cache"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_AUTHOR_NAME", "a").env("GIT_AUTHOR_EMAIL", "a@b");
        command.env("GIT_COMMITTER_NAME", "a").env("GIT_COMMITTER_EMAIL", "a@b").env("GIT_EDITOR", "true");
        command.env("NO_COLOR", "1").env_remove("CARGO");
        let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text.into_owned())
    }

    #[track_caller]
    fn git(&self, words: &[&str]) -> String {
        let (good, text) = self.run("git", words, &self.database);
        assert!(good, "seed {}: git {words:?}: {text}", self.seed);
        text
    }

    #[track_caller]
    fn schema(&self, words: &[&str]) -> String {
        let (good, text) = self.try_schema(words);
        assert!(good, "seed {}: cargo schema {words:?}: {text}", self.seed);
        text
    }

    fn try_schema(&self, words: &[&str]) -> (bool, String) {
        self.run(self.subcommand, &[&["schema"], words].concat(), &self.database)
    }

    /// Lets the hook call `cargo schema switch` from now on.
    pub fn install_hook(&self) {
        self.schema(&["hook", "install"]);
    }

    fn branch(&mut self) -> &mut Branch {
        self.branches.get_mut(&self.at).expect("it is known")
    }

    fn write_source(&self, model: &Model) {
        fs::write(self.root.join("repo/src/lib.rs"), model.source()).unwrap();
    }

    /// Writes the structs, and the revision that leads to them; applies it and writes rows.
    fn revise(&mut self, model: &Model, message: &str, renames: &[String]) {
        self.write_source(model);
        let mut words = vec!["generate", "--allow-data-loss", "-m", message];
        renames.iter().for_each(|rename| words.extend(["--rename", rename]));
        self.schema(&words);
        self.schema(&["upgrade"]);
        self.branch().model = model.clone();
        self.write();
    }

    /// Commits, and takes what this branch makes of nothing as what it is.
    fn settle(&mut self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", &format!("{} {}", self.at, self.steps)]);
        let fresh = database();
        let (good, text) = self.run(self.subcommand, &["schema", "upgrade"], &fresh);
        assert!(good, "seed {}: {text}", self.seed);
        self.branch().makes = observe(&mut fresh.client(), &Scope::default()).unwrap().schema;
    }

    /// A new branch at one that is there, with so many revisions.
    pub fn grow_branch(&mut self, name: &str, parent: &str, revisions: usize) {
        self.git(&["switch", "-q", parent]);
        self.schema(&["switch"]);
        self.git(&["switch", "-qc", name]);
        let mut branch = self.branches[parent].clone();
        branch.own = BTreeMap::new();
        let mut model = branch.model.clone();
        self.branches.insert(name.to_owned(), branch);
        self.at = name.to_owned();
        for revision in 0..revisions {
            let before = model.source();
            let told = loop {
                let told = model.change(&mut self.rng, name);
                if model.source() != before {
                    break told;
                }
            };
            self.revise(&model, &format!("{name} {revision}"), &told.renames);
        }
        self.settle();
        self.look("made", &Rows::new());
    }

    /// New rows in some tables, and other values in rows that this branch has written before.
    pub fn write(&mut self) {
        let model = self.branch().model.clone();
        let mut own = self.branch().own.clone();
        own.retain(|table, _| model.tables.contains_key(table));
        let mut client = self.database.client();
        for (table, columns) in &model.tables {
            if self.rng.percent(30) {
                continue;
            }
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let mut values: Vec<String> = Vec::new();
            for column in columns {
                values.push(model.value(&mut self.rng, &column.of, &own));
            }
            let known = own.entry(table.clone()).or_default();
            let sql = match self.rng.choose(known).filter(|_| !names.is_empty() && self.rng.percent(40)) {
                Some(id) => {
                    let set: Vec<String> =
                        names.iter().zip(&values).map(|(name, value)| format!("{name} = {value}")).collect();
                    format!("UPDATE {table} SET {} WHERE id = {id}", set.join(", "))
                }
                None => {
                    self.rows += 1;
                    known.push(self.rows);
                    let list = |of: &[String]| of.iter().map(|one| format!(", {one}")).collect::<String>();
                    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
                    format!("INSERT INTO {table} (id{}) VALUES ({}{})", list(&names), self.rows, list(&values))
                }
            };
            client.batch_execute(&sql).unwrap_or_else(|error| panic!("seed {}: {sql}: {error:?}", self.seed));
        }
        self.branch().own = own;
    }

    /// All rows that were written on this branch, with their values.
    fn own_rows(&self) -> Rows {
        let mut client = self.database.client();
        let mut found = Rows::new();
        for (table, ids) in &self.branches[&self.at].own {
            let list: Vec<String> = ids.iter().map(u64::to_string).collect();
            if list.is_empty() {
                continue;
            }
            let sql = format!("SELECT id, to_jsonb(t)::text FROM {table} AS t WHERE id IN ({})", list.join(", "));
            for row in client.query(&sql, &[]).unwrap_or_else(|error| panic!("seed {}: {sql}: {error:?}", self.seed)) {
                let (id, text): (i64, String) = (row.get(0), row.get(1));
                let values = serde_json::from_str(&text).expect("PostgreSQL writes JSON");
                found.insert((table.clone(), u64::try_from(id).unwrap()), values);
            }
        }
        found
    }

    /// What the stash has of a table, to tell where a value is that is not there.
    fn stashed(&self, table: &str) -> String {
        let mut client = self.database.client();
        let sql = "SELECT id, revision || ' ' || direction || ' ' || kind || ' ' || columns FROM cargo_schema_stash.entry \
                   WHERE table_name = $1 ORDER BY id";
        let entries = client.query(sql, &[&table]).unwrap_or_default();
        let mut shown = String::new();
        for entry in entries {
            let (id, of): (i64, String) = (entry.get(0), entry.get(1));
            let sql = format!("SELECT coalesce(string_agg(c::text, ' '), '') FROM cargo_schema_stash.copy_{id} AS c");
            let rows: String = client.query_one(&sql, &[]).map(|row| row.get(0)).unwrap_or_default();
            shown.push_str(&format!("{id} {of}: {rows}\n"));
        }
        shown
    }

    /// The database is what the branch makes, and every one of these values is there.
    fn look(&mut self, text: &str, expected: &Rows) {
        let there = observe(&mut self.database.client(), &Scope::default()).unwrap().schema;
        let differences = compare(&self.branches[&self.at].makes, &there);
        assert!(differences.is_empty(), "seed {}: {}: {differences:?}\n{text}", self.seed, self.at);
        let now = self.own_rows();
        for (row, values) in expected {
            let found =
                now.get(row).unwrap_or_else(|| panic!("seed {}: {}: {row:?} is lost\n{text}", self.seed, self.at));
            for (column, value) in values {
                let found = found.get(column);
                let (seed, at, stashed) = (self.seed, &self.at, || self.stashed(&row.0));
                assert_eq!(found, Some(value), "seed {seed}: {at}: {row:?} {column}\n{text}\n{}", stashed());
            }
        }
        self.branch().left = now;
    }

    /// `git switch`, with the hook; then the database is looked at.
    pub fn switch(&mut self, to: &str) {
        let left = self.own_rows();
        self.branch().left = left;
        let text = self.git(&["switch", to]);
        // For a look at what happened before a failure: nextest shows it then.
        println!("==== {} to {to}\n{text}", self.at);
        self.at = to.to_owned();
        let expected = self.branch().left.clone();
        self.look(&text, &expected);
    }

    /// The main branch goes on, with something that nobody else has.
    pub fn advance(&mut self) {
        self.steps += 1;
        let mark = format!("m{}", self.steps);
        let mut model = self.branch().model.clone();
        let mut rng = self.rng.clone();
        model.grow(&mut rng, &mark);
        self.rng = rng;
        println!("==== {} goes on: {mark}", self.at);
        let expected = self.own_rows();
        self.revise(&model, &mark, &[]);
        self.branch().main = model;
        self.settle();
        let now = self.own_rows();
        // Writing may have changed values since; rows stay.
        let rows = expected.keys().map(|row| (row.clone(), now.get(row).cloned().unwrap_or_default())).collect();
        self.look("advanced", &rows);
    }

    /// Changes the last revision of this branch by hand: a column more.
    pub fn edit(&mut self) {
        let Some(revision) = self.last_own() else { return };
        self.steps += 1;
        let mut model = self.branch().model.clone();
        let tables: Vec<String> = model.tables.keys().cloned().collect();
        let (table, column) = (self.rng.pick(&tables).clone(), format!("e{}", self.steps));
        println!("==== {} edits {revision}: {table}.{column}", self.at);
        let expected = self.own_rows();
        let mut text = self.schema(&["edit", &revision]);
        let folder = self.root.join("repo/migrations").join(&revision);
        let (up, down) = (folder.join("up.sql"), folder.join("down.sql"));
        let was = (fs::read_to_string(&up).unwrap(), fs::read_to_string(&down).unwrap());
        fs::write(&up, format!("{}\nALTER TABLE {table} ADD COLUMN {column} text;\n", was.0)).unwrap();
        fs::write(&down, format!("ALTER TABLE {table} DROP COLUMN {column};\n{}", was.1)).unwrap();
        model.add_column(&table, column);
        self.write_source(&model);
        text += &self.schema(&["record", &revision]);
        text += &self.schema(&["upgrade"]);
        self.branch().model = model;
        self.settle();
        self.look(&text, &expected);
    }

    /// The newest revision that was made on this branch, when nothing else is newer.
    fn last_own(&self) -> Option<String> {
        let folders = fs::read_dir(self.root.join("repo/migrations")).unwrap();
        let mut ids: Vec<String> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        ids.retain(|id| !id.starts_with('.'));
        ids.sort();
        ids.pop().filter(|id| id.contains(&format!("_{}_", self.at)))
    }

    /// Merges the main branch into this one, as git does it; `rebase` puts the commits of this one on top of it. Heads that conflict are
    /// planned again, as are those that do not, when `again` says so.
    pub fn merge_main(&mut self, rebase: bool, again: bool) {
        self.steps += 1;
        let main = self.branches["main"].model.clone();
        let expected = self.own_rows();
        println!("==== {} {} main", self.at, if rebase { "is rebased on" } else { "merges" });
        let words: &[&str] = match rebase {
            true => &["rebase", "-q", "-X", "theirs", "main"],
            false => &["merge", "-q", "--no-commit", "-X", "ours", "main"],
        };
        let mut text = self.git(words);
        let mut model = self.branch().model.clone();
        model.merge(&self.branches[&self.at].main, &main);
        self.write_source(&model);
        let (good, said) = self.try_schema(&["check"]);
        text += &said;
        if !good {
            assert!(said.contains("heads-conflict"), "seed {}: {}: {said}", self.seed, self.at);
        }
        // Where the main branch has nothing new, there is no other head.
        let is_new = self.branches[&self.at].main.source() != main.source();
        if let Some(first) = self.first_own().filter(|_| !good || again && is_new) {
            text += &self.schema(&["rebase", &first, "--keep-sql", "--allow-data-loss"]);
        }
        text += &self.schema(&["switch"]);
        let branch = self.branch();
        (branch.model, branch.main) = (model, main);
        self.settle();
        self.look(&text, &expected);
    }

    /// The first revision that the main branch does not have.
    fn first_own(&self) -> Option<String> {
        let listed = self.git(&["ls-tree", "--name-only", "main", "migrations/"]);
        let folders = fs::read_dir(self.root.join("repo/migrations")).unwrap();
        let mut ids: Vec<String> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        ids.retain(|id| !id.starts_with('.') && !listed.contains(id.as_str()));
        ids.sort();
        (!ids.is_empty()).then(|| ids.remove(0))
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
