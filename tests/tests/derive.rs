//! Mistakes in attributes as a new user sees them: `fixtures/derive/<cause>.rs` and the compiler's own words beside it.
//!
//! All fixtures are checked by one cargo call. `SCHEMA_BLESS=1` writes the texts instead of comparing them. Each fixture is scanned
//! as well, because the derive and the command line must say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use schema_core::diff::difference;
use schema_core::history::{RevisionId, RevisionRecord, fold};
use schema_syntax::conditions::Conditions;
use schema_syntax::decl::Reading;
use schema_syntax::lower::{LowerOptions, Lowered, lower};
use schema_syntax::scan::{Role, parse_source};
use schema_syntax::types::TypeContext;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are inside the workspace").to_owned()
}

/// The fixtures by name.
fn fixtures() -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(workspace().join("fixtures/derive")).expect("the fixtures are there").flatten();
    let sources = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|of| of == "rs"));
    sources.map(|path| (path.file_stem().expect("a file").to_string_lossy().into_owned(), path)).collect()
}

/// A workspace in the target folder: one package with a binary for each fixture, and a copy of the package that has drifted.
///
/// Resolver 1 and no debug information let build scripts and programs share what is compiled.
fn sandbox(fixtures: &BTreeMap<String, PathBuf>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("derive");
    let runtime =
        format!("schema-runtime = {{ path = {:?}, features = [\"build\"] }}\n", workspace().join("schema-runtime"));
    let package = |name: &str| {
        let head = format!("[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\nautobins = false\n");
        format!("{head}\n[dependencies]\npostgres = \"0.19\"\n{runtime}")
    };
    let bins = fixtures.iter().map(|(name, path)| format!("\n[[bin]]\nname = {name:?}\npath = {path:?}\n"));
    let drift = format!(
        "{}\n[build-dependencies]\n{runtime}\n[[bin]]\nname = \"drift\"\npath = \"src/main.rs\"\n\n[package.metadata.schema]\nmigrations = \"migrations\"\n",
        package("drift")
    );
    let root = "[workspace]\nresolver = \"1\"\nmembers = [\"causes\", \"drift\"]\n\n[profile.dev]\ndebug = false\n";
    let _ = fs::remove_dir_all(folder.join("drift"));
    copy(&workspace().join("fixtures/derive/drift"), &folder.join("drift"));
    write(&folder.join("Cargo.toml"), root);
    write(&folder.join("causes/Cargo.toml"), &(package("causes") + &bins.collect::<String>()));
    write(&folder.join("drift/Cargo.toml"), &drift);
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the workspace has a lock file");
    folder
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the target folder can be written");
    fs::write(path, text).expect("the target folder can be written");
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the fixture is there").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            write(&to, &fs::read_to_string(&from).expect("fixtures are texts"));
        }
    }
}

fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).arg("--offline").current_dir(folder);
    command.env("CARGO_TARGET_DIR", folder.join("target")).env_remove("RUSTFLAGS").env_remove("SCHEMA_BUILD");
    command.output().expect("cargo runs")
}

/// What the compiler says of each fixture, by the name of its binary.
fn said(folder: &Path) -> BTreeMap<String, String> {
    let output = cargo(folder, &["build", "--workspace", "--keep-going", "--message-format=json"]);
    let stopped = || format!("cargo was stopped before it had seen all:\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.code().is_some_and(|code| code < 128), "{}", stopped());
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let of_bin = message["target"]["kind"][0] == "bin" && message["message"]["level"] == "error";
        let (name, rendered) = (message["target"]["name"].as_str(), message["message"]["rendered"].as_str());
        if let (true, Some(name), Some(rendered)) = (of_bin, name, rendered) {
            let text = said.entry(name.to_owned()).or_default();
            if !rendered.starts_with("error: aborting") {
                text.push_str(&plain(rendered));
            }
        }
    }
    assert!(!said.is_empty(), "{}", stopped());
    said
}

/// Without what differs from machine to machine, and without the line numbers of files that are not the fixture.
fn plain(rendered: &str) -> String {
    let workspace = format!("{}/", workspace().to_string_lossy());
    let (mut text, mut own) = (String::new(), true);
    for line in rendered.lines() {
        let line = line.replace(&workspace, "").replace(" drift/src/", " fixtures/derive/drift/src/");
        let (gutter, rest) = gutter(&line);
        if let Some(file) = rest.strip_prefix("--> ") {
            own = file.starts_with("fixtures/");
            let shown = if own { file } else { file.split(':').next().unwrap_or_default() };
            let shown = match shown.split_once("/.cargo/registry/src/") {
                Some((_, file)) => format!("$CARGO/{}", file.split_once('/').map_or(file, |(_, file)| file)),
                None => shown.to_owned(),
            };
            text.push_str(&format!("   --> {shown}\n"));
        } else if let Some(number) = gutter {
            let number = if own || number.is_empty() { number } else { "LL" };
            text.push_str(&format!("{number:>4} {}\n", rest.trim_end()));
        } else {
            text.push_str(&format!("{}\n", line.trim_end()));
        }
    }
    text
}

/// The line number in front of a line of source, if it is one, and what follows. Its width depends on the longest number.
fn gutter(line: &str) -> (Option<&str>, &str) {
    let start = line.trim_start();
    let rest = start.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &start[..start.len() - rest.len()];
    let rest = rest.trim_start();
    let of_source = ["|", "=", "+", "-->"].iter().any(|mark| rest.starts_with(mark));
    if of_source { (Some(number), rest) } else { (None, line) }
}

#[test]
fn every_mistake_reads_as_it_is_recorded() {
    let fixtures = fixtures();
    let folder = sandbox(&fixtures);
    let said = said(&folder);
    let bless = std::env::var_os("SCHEMA_BLESS").is_some();
    let drift = workspace().join("fixtures/derive/drift.rs");
    let mut wrong = Vec::new();
    for (name, path) in fixtures.iter().map(|(name, path)| (name.as_str(), path)).chain([("drift", &drift)]) {
        let (text, record) = (said.get(name).map_or("", String::as_str), path.with_extension("stderr"));
        if text.is_empty() {
            wrong.push(format!("{name}: the compiler is content with it"));
        } else if bless {
            fs::write(&record, text).expect("the fixtures can be written");
        } else if fs::read_to_string(&record).unwrap_or_default() != *text {
            wrong.push(format!("{name}: the compiler says (SCHEMA_BLESS=1 accepts it)\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    drift_ends_with_its_revision(&folder.join("drift"));
}

/// A new revision is noticed by build.rs, clears the errors, and is in the program.
fn drift_ends_with_its_revision(package: &Path) {
    let before = RevisionRecord::parse(&read(&package.join("migrations/1_start/revision.toml"))).unwrap();
    let first = RevisionId::new("1_start").unwrap();
    let recorded = fold([(&first, &before)]).unwrap();
    let changes = difference(
        &recorded,
        &lowered(&["main", "mood"].map(|name| read(&package.join(format!("src/{name}.rs"))))).schema,
        &[],
    )
    .changes();
    write(&package.join("migrations/2_rest/up.sql"), "-- what the structs have more\n");
    write(
        &package.join("migrations/2_rest/revision.toml"),
        &RevisionRecord::new("rest", vec![first], changes).to_string(),
    );
    let output = cargo(package, &["run", "--quiet"]);
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out, "2 revisions\n", "{error}");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the command line reads in some files.
fn lowered(texts: &[String]) -> Lowered {
    let (conditions, types) = (Conditions::default(), TypeContext::default());
    let reading = Reading { conditions: &conditions, types: &types };
    let files: Vec<_> = texts.iter().map(|text| parse_source("main.rs", text, Role::Folder, &reading)).collect();
    lower(&files, &LowerOptions::default())
}

/// Mistakes that only the compiler can see, or that only a program that reads rows has.
const OF_THE_COMPILER: &[&str] = &["borrowed_struct", "key_column_unknown", "migrations_without_build_rs"];

#[test]
fn the_derive_and_the_scan_say_the_same() {
    for (name, path) in fixtures().iter().filter(|(name, _)| !OF_THE_COMPILER.contains(&name.as_str())) {
        let record = fs::read_to_string(path.with_extension("stderr")).unwrap_or_default();
        let errors = record.lines().filter_map(|line| line.strip_prefix("error: "));
        let findings = lowered(&[read(path)]).findings;
        let messages: BTreeSet<String> =
            findings.iter().map(|finding| format!("{} [{}]", finding.message, finding.code.as_str())).collect();
        for message in errors {
            assert!(messages.contains(message), "{name}: only the derive says `{message}`; the scan: {messages:#?}");
        }
    }
}
