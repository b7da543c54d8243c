//! Histories of real projects, adopted: the ledger after it, one more revision on top, on databases that the original tool has
//! migrated wholly, by half, and not at all. All three end with the same schema, as `pg_dump` sees it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use schema_core::history::{RevisionId, RevisionRecord};
use schema_core::kinds::{Column, Table};
use schema_core::{Change, Ident, QualifiedName, SqlType};
use schema_tests::cluster::{Database, cluster, database};
use schema_tests::corpus::corpus;
use schema_tests::dump::{diff, dump};
use schema_tests::original::{HISTORIES, Original, copy, migrate, migrations, without_history};

#[test]
fn claircore_indexer() {
    check(0);
}
#[test]
fn claircore_matcher() {
    check(1);
}
#[test]
fn concourse() {
    check(2);
}
#[test]
fn crates_io() {
    check(3);
}
#[test]
fn docs_rs() {
    check(4);
}
#[test]
fn lakekeeper() {
    check(5);
}
#[test]
fn langfuse() {
    check(6);
}
#[test]
fn quickwit() {
    check(7);
}
#[test]
fn rauthy() {
    check(8);
}
#[test]
fn svix() {
    check(9);
}
#[test]
fn umami() {
    check(10);
}
#[test]
fn zksync() {
    check(11);
}

#[test]
fn every_history_of_the_corpus_is_here() {
    let Some(corpus) = corpus() else { return };
    let mut names: Vec<String> = fs::read_dir(corpus.join("histories"))
        .expect("the corpus has histories")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, HISTORIES.map(|(name, ..)| name));
}

fn check(at: usize) {
    let (name, from, tool) = HISTORIES[at];
    let Some(corpus) = corpus() else {
        println!("no folder of real histories; see `schema_tests::corpus`");
        return;
    };
    let project = Project::adopted(name, &corpus.join("histories").join(name), from);
    let originals = migrations(tool, &corpus.join("histories").join(name));
    let half = originals.len() / 2;
    let ours = project.one_more();
    let counts = [originals.len(), half, 0].map(|applied| Start { applied, of: originals.len() });
    let databases = counts.map(|start| project.brought_up(start, tool, &originals[..start.applied], &ours));
    let dumps = databases.each_ref().map(|database| without_history(dump(database), tool));
    for (start, other) in [("half", &dumps[1]), ("nothing", &dumps[2])] {
        let differences = diff(&dumps[0], other);
        assert!(differences.is_empty(), "{name}, all and {start}:\n{}", differences.join("\n"));
    }
    println!(
        "{name:<20} {from:<15} {:>4} adopted, {:>4} of a half, {:>5} objects, all three dumps equal",
        originals.len(),
        half,
        dumps[0].len()
    );
}

/// How much of a history the original tool has applied.
#[derive(Clone, Copy)]
struct Start {
    applied: usize,
    of: usize,
}

struct Project {
    root: PathBuf,
    folder: PathBuf,
}

impl Project {
    fn adopted(name: &str, history: &Path, from: &str) -> Project {
        let root = std::env::temp_dir().join(format!("schema-adopt-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let project = Project { folder: root.join("migrations"), root };
        copy(history, &project.folder);
        let before = listed(&project.folder);
        project.schema(&["init", "--from", from], None, 0);
        let after = listed(&project.folder);
        let new: Vec<&String> = after.iter().filter(|file| !before.contains(file)).collect();
        assert_eq!(new.len(), 3, "the files of one revision are written, and no other: {new:?}");
        assert!(before.iter().all(|file| after.contains(file)), "the old files stay");
        project
    }

    fn schema(&self, words: &[&str], database: Option<&Database>, code: i32) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo_schema"));
        command.arg("schema").args(words).args(["--color", "never"]).arg("--migrations").arg(&self.folder);
        command.current_dir(&self.root).env_remove("DATABASE_URL").env("SCHEMA_DEV_URL", cluster().url("postgres"));
        command.env("SCHEMA_NOW", "20300101000000").args(database.iter().flat_map(|of| ["--database-url", &of.url]));
        let output = command.output().expect("the subcommand starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = format!("{words:?}\n{text}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{said}");
        text
    }

    /// A revision of ours behind the adoption, in our format; gives back its id.
    fn one_more(&self) -> RevisionId {
        let id = RevisionId::new("20300101000001_one_more").expect("an id");
        let parent =
            listed(&self.folder).iter().find_map(|file| file.strip_suffix("/revision.toml").map(str::to_owned));
        let parent = RevisionId::new(parent.expect("the adoption is there")).expect("an id");
        let table = QualifiedName::public(Ident::of("one_more"));
        let column = Column::new(table.clone(), Ident::of("n"), SqlType::parse("integer").expect("a type"));
        let changes = vec![Change::Create(Table::new(table).into()), Change::Create(column.into())];
        let record = RevisionRecord::new("one more", vec![parent], changes).to_string();
        let folder = self.folder.join(id.as_str());
        fs::create_dir(&folder).expect("the folder is new");
        let up = "CREATE TABLE public.one_more (\n    n integer\n);\n";
        for (file, text) in [("up.sql", up), ("down.sql", "DROP TABLE public.one_more;\n"), ("revision.toml", &record)]
        {
            fs::write(folder.join(file), text).expect("it is written");
        }
        id
    }

    /// A database that the original tool has begun, brought to the head by us.
    fn brought_up(&self, start: Start, tool: &str, originals: &[Original], ours: &RevisionId) -> Database {
        let database = database();
        if 0 < start.applied {
            migrate(&mut database.client(), tool, originals);
        }
        let by_tool = self.known_before(start, tool, &database);
        self.schema(&["upgrade"], Some(&database), 0);
        let value = |sql: &str| database.value(&format!("SELECT {sql} FROM cargo_schema.revision"));
        assert_eq!(value("count(*)"), (start.of + 2).to_string(), "every migration, the adoption and ours");
        let not_by_us = if tool == "sql" { 0 } else { by_tool };
        assert_eq!(value("count(*) FILTER (WHERE tool_version NOT LIKE 'cargo-schema%')"), not_by_us.to_string());
        assert_eq!(value("max(id) FILTER (WHERE id LIKE '2030%')"), ours.as_str());
        let status = self.schema(&["status", "--format", "json"], Some(&database), 0);
        assert!(status.contains("\"current\":true"), "{status}");
        self.schema(&["downgrade", "-1"], Some(&database), 0);
        assert_eq!(database.value("SELECT to_regclass('public.one_more')"), "");
        self.schema(&["upgrade"], Some(&database), 0);
        database
    }

    /// How many migrations need not be run, which plain SQL has no table to tell.
    fn known_before(&self, start: Start, tool: &str, database: &Database) -> usize {
        if tool == "sql" && 0 < start.applied {
            let history = self.schema(&["history", "--format", "json"], None, 0);
            let history: serde_json::Value = serde_json::from_str(&history).expect("JSON");
            let revisions = history["result"]["revisions"].as_array().expect("revisions");
            let last = revisions[start.applied - 1]["id"].as_str().expect("an id");
            self.schema(&["stamp", last], Some(database), 0);
        }
        let status = self.schema(&["status", "--format", "json"], Some(database), 0);
        let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
        let applied = status["result"]["applied"].as_array().expect("a list").len();
        assert_eq!(applied, start.applied, "{status}");
        applied
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

fn listed(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.path().is_dir() {
            true => files.extend(listed(&entry.path()).into_iter().map(|file| format!("{name}/{file}"))),
            false => files.push(name),
        }
    }
    files.sort();
    files
}
