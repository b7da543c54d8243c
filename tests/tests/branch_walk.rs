//! A developer walks between git branches with the hook installed, and the database follows: after every `git switch` it is what the branch
//! makes, and every row and value that was written on a branch is there again on the way back.
//!
//! `SCHEMA_WALK_SWITCHES` and `SCHEMA_WALK_SEEDS` make it longer.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use cargo_schema::catalog::{Scope, compare, observe};
use schema_core::Schema;
use schema_tests::cluster::{Database, cluster, database};
use schema_tests::random::Rng;
use schema_tests::walk::Model;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");
const MANIFEST: &str = "[package]\nname = \"walk\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nschema-runtime = \"0.1\"\n\n\
                        [package.metadata.schema]\nmigrations = \"migrations\"\n\n[workspace]\n";

/// What is known of a branch.
struct Branch {
    model: Model,
    /// What its revisions make of an empty database.
    makes: Schema,
    /// The rows that were written on it, by table.
    own: BTreeMap<String, Vec<u64>>,
    /// Those rows with all values, as they were when it was left.
    left: BTreeMap<(String, u64), String>,
}

struct Walk {
    seed: u64,
    rng: Rng,
    root: PathBuf,
    database: Database,
    branches: BTreeMap<String, Branch>,
    rows: u64,
}

impl Walk {
    fn new(seed: u64) -> Walk {
        let root = std::env::temp_dir().join(format!("schema-walk-{}-{seed}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let walk = Walk { seed, rng: Rng::new(seed), root, database: database(), branches: BTreeMap::new(), rows: 0 };
        let wrapper = format!(
            "#!/bin/sh\nif [ \"$1\" = schema ]; then exec '{SUBCOMMAND}' \"$@\"; fi\nexec '{}' \"$@\"\n",
            std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
        );
        fs::create_dir_all(walk.root.join("bin")).unwrap();
        fs::create_dir_all(walk.root.join("repo/src")).unwrap();
        fs::write(walk.root.join("bin/cargo"), wrapper).unwrap();
        fs::set_permissions(walk.root.join("bin/cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(walk.root.join("repo/Cargo.toml"), MANIFEST).unwrap();
        walk
    }

    fn run(&self, program: &str, words: &[&str], database: &Database) -> (bool, String) {
        let mut command = Command::new(program);
        let path = format!("{}:{}", self.root.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.args(words).current_dir(self.root.join("repo")).env("PATH", path).env("DATABASE_URL", &database.url);
        command.env("SCHEMA_DEV_URL", cluster().url("postgres")).env("SCHEMA_CACHE_DIR", self.root.join("cache"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_AUTHOR_NAME", "a").env("GIT_AUTHOR_EMAIL", "a@b");
        command
            .env("GIT_COMMITTER_NAME", "a")
            .env("GIT_COMMITTER_EMAIL", "a@b")
            .env("NO_COLOR", "1")
            .env_remove("CARGO");
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
        let (good, text) = self.run(SUBCOMMAND, &[&["schema"], words].concat(), &self.database);
        assert!(good, "seed {}: cargo schema {words:?}: {text}", self.seed);
        text
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "a commit"]);
    }

    /// Writes the structs, and the revision that leads to them; applies it and writes rows.
    fn revise(&mut self, branch: &str, model: &Model, message: &str, renames: &[String]) {
        fs::write(self.root.join("repo/src/lib.rs"), model.source()).unwrap();
        let mut words = vec!["generate", "--allow-data-loss", "-m", message];
        renames.iter().for_each(|rename| words.extend(["--rename", rename]));
        self.schema(&words);
        self.schema(&["upgrade"]);
        let makes = self.makes();
        let known = self.branches.remove(branch);
        let own = known.map(|known| known.own).unwrap_or_default();
        self.branches.insert(branch.to_owned(), Branch { model: model.clone(), makes, own, left: BTreeMap::new() });
        self.write(branch);
    }

    /// What the revisions of this checkout make of nothing.
    fn makes(&self) -> Schema {
        let fresh = database();
        let (good, text) = self.run(SUBCOMMAND, &["schema", "upgrade"], &fresh);
        assert!(good, "seed {}: {text}", self.seed);
        observe(&mut fresh.client(), &Scope::default()).unwrap().schema
    }

    /// New rows in some tables, and other values in rows that this branch has written before.
    fn write(&mut self, branch: &str) {
        let model = self.branches[branch].model.clone();
        let mut own = self.branches[branch].own.clone();
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
            let sql = match self.rng.choose(known).filter(|_| self.rng.percent(40)) {
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
        self.branches.get_mut(branch).expect("it is known").own = own;
    }

    /// All rows that were written on a branch, with their values.
    fn own_rows(&self, branch: &str) -> BTreeMap<(String, u64), String> {
        let mut client = self.database.client();
        let mut found = BTreeMap::new();
        for (table, ids) in &self.branches[branch].own {
            let list: Vec<String> = ids.iter().map(u64::to_string).collect();
            if list.is_empty() {
                continue;
            }
            let sql = format!("SELECT id, to_jsonb(t)::text FROM {table} AS t WHERE id IN ({})", list.join(", "));
            for row in client.query(&sql, &[]).unwrap_or_else(|error| panic!("seed {}: {sql}: {error:?}", self.seed)) {
                let id: i64 = row.get(0);
                found.insert((table.clone(), u64::try_from(id).unwrap()), row.get(1));
            }
        }
        found
    }

    /// `git switch`, with the hook; then the database is looked at.
    fn switch(&mut self, from: &str, to: &str) {
        let left = self.own_rows(from);
        self.branches.get_mut(from).expect("it is known").left = left;
        let text = self.git(&["switch", to]);
        // For a look at what happened before a failure: nextest shows it then.
        println!("==== {from} to {to}\n{text}");
        let there = observe(&mut self.database.client(), &Scope::default()).unwrap().schema;
        let differences = compare(&self.branches[to].makes, &there);
        assert!(differences.is_empty(), "seed {}: {from} to {to}: {differences:?}\n{text}", self.seed);
        let now = self.own_rows(to);
        for (row, values) in &self.branches[to].left {
            assert_eq!(now.get(row), Some(values), "seed {}: {from} to {to}: {row:?}\n{text}", self.seed);
        }
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn walk(seed: u64, switches: u64) {
    let mut walk = Walk::new(seed);
    walk.git(&["init", "-q", "-b", "main"]);
    let first = Model::first();
    walk.revise("main", &first, "first", &[]);
    walk.commit();
    let names = ["main", "f1", "f2", "f3"];
    for branch in &names[1..] {
        // Some branches start from others.
        let parents: Vec<&str> = names.iter().take_while(|name| name != &branch).copied().collect();
        let parent = *walk.rng.pick(&parents);
        walk.git(&["switch", "-q", parent]);
        walk.schema(&["switch"]);
        walk.git(&["switch", "-qc", branch]);
        let mut model = walk.branches[parent].model.clone();
        for revision in 0..walk.rng.between(2, 4) {
            let before = model.clone();
            let told = model.change(&mut walk.rng, branch);
            if model.source() != before.source() {
                walk.revise(branch, &model, &format!("{branch} {revision}"), &told.renames);
            }
        }
        if !walk.branches.contains_key(*branch) {
            model.tables.insert(format!("t_{branch}"), Vec::new());
            walk.revise(branch, &model, &format!("{branch} table"), &[]);
        }
        walk.commit();
        let left = walk.own_rows(branch);
        walk.branches.get_mut(*branch).expect("it is known").left = left;
    }
    walk.schema(&["hook", "install"]);
    let mut at = names[names.len() - 1];
    for _ in 0..switches {
        let others: Vec<&str> = names.iter().filter(|name| **name != at).copied().collect();
        let to = *walk.rng.pick(&others);
        walk.switch(at, to);
        if walk.rng.percent(60) {
            walk.write(to);
        }
        at = to;
    }
    for to in names {
        if to != at {
            walk.switch(at, to);
            at = to;
        }
    }
}

#[test]
fn every_row_is_there_again() {
    let first = number("SCHEMA_WALK_FIRST", 1);
    for seed in first..first + number("SCHEMA_WALK_SEEDS", 2) {
        walk(seed, number("SCHEMA_WALK_SWITCHES", 12));
    }
}
