//! The command line as a user has it: a project of its own, a stopped clock, no environment but what is given.
//!
//! What the commands decide is tested beside them; here it is what they print, write and end with.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A copy of a fixture project, with a database server's folder of its own.
struct Sandbox {
    root: PathBuf,
}

/// What a command printed and ended with.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Sandbox {
    fn new(name: &str) -> Sandbox {
        let root = std::env::temp_dir().join(format!("schema-cli-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/projects/notes");
        copy(&fixture, &root.join("notes"));
        Sandbox { root }
    }

    fn project(&self) -> PathBuf {
        self.root.join("notes")
    }

    fn run_in(&self, folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(binary());
        command.arg("schema").args(words).current_dir(folder).env_clear();
        for name in ["PATH", "HOME", "CARGO", "RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("SCHEMA_NOW", "20261122131500").env("SCHEMA_CACHE_DIR", self.root.join("cache"));
        let Output { status, stdout, stderr } = command.envs(variables.iter().copied()).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran { code: status.code().expect("no signal"), out: text(stdout), err: text(stderr) }
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.run_in(&self.project(), words, &[])
    }

    #[track_caller]
    fn json(&self, words: &[&str], code: i32) -> Value {
        let ran = self.run(&[words, &["--format", "json"]].concat());
        let object: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err));
        assert_eq!((ran.code, object["exit_code"].as_i64()), (code, Some(code.into())), "{}\n{}", ran.out, ran.err);
        assert_eq!(ran.out.lines().count(), 1, "one object on one line");
        object
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.project().join(file);
        let text = std::fs::read_to_string(&path).expect("a file of the fixture");
        assert!(text.contains(from), "{file} has no {from:?}");
        std::fs::write(path, text.replace(from, to)).expect("it is written");
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if self.root.join("cache").exists() {
            self.run(&["dev", "stop", "-q"]);
        }
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// The subcommand, built with the tests.
fn binary() -> PathBuf {
    env!("CARGO_BIN_EXE_cargo_schema").into()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the fixture") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[test]
fn help_names_every_command_with_an_example() {
    let sandbox = Sandbox::new("help");
    let help = sandbox.run(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for command in [
        "init",
        "generate",
        "upgrade",
        "downgrade",
        "stamp",
        "status",
        "history",
        "show",
        "edit",
        "record",
        "remove",
        "rebase",
        "merge",
        "squash",
        "check",
        "diff",
        "pull",
        "environment",
        "hook",
        "dev",
    ] {
        assert!(help.out.contains(&format!("\n  {command} ")), "{command}\n{}", help.out);
        let own = sandbox.run(&[command, "--help"]);
        assert!(own.out.contains(&format!("Example:\n  cargo schema {command}")), "{}", own.out);
    }
    assert!(!help.out.contains('\u{1b}'), "no colours where there is no terminal");
}

#[test]
fn words_that_are_not_known_are_usage() {
    let sandbox = Sandbox::new("usage");
    let flag = sandbox.run(&["generate", "--alow-data-loss"]);
    assert_eq!(flag.code, 2);
    assert!(flag.err.contains("'--allow-data-loss'"), "{}", flag.err);
    let object = sandbox.json(&["generate", "--rename", "x"], 2);
    assert_eq!(object["failure"]["kind"], "usage");
    assert_eq!(sandbox.run(&["upgrade", "-x"]).code, 2);
}

#[test]
fn outside_of_a_project_the_next_thing_to_type_is_shown() {
    let sandbox = Sandbox::new("outside");
    let ran = sandbox.run_in(&sandbox.root, &["status"], &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("error: there is no Cargo.toml in `"), "{}", ran.err);
    assert!(ran.err.contains("--manifest-path"), "{}", ran.err);
    let named = sandbox.run_in(&sandbox.root, &["history", "--manifest-path", "notes/Cargo.toml"], &[]);
    assert_eq!((named.code, named.out.contains("no revisions in notes/migrations")), (0, true), "{}", named.out);
}

#[test]
fn a_misspelled_setting_is_a_finding_at_its_key() {
    let sandbox = Sandbox::new("setting");
    sandbox.replace("Cargo.toml", "migrations =", "migration =");
    let ran = sandbox.run(&["history"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error[setting-unknown]: `migration` is no setting of cargo schema"), "{}", ran.err);
    assert!(ran.err.contains("Cargo.toml:10:1") && ran.err.contains("help: did you mean `migrations`?"), "{}", ran.err);
    let object = sandbox.json(&["history"], 2);
    let primary = &object["findings"][0]["primary"];
    assert_eq!((&primary["line"], &primary["column"], &primary["end_column"]), (&10.into(), &1.into(), &10.into()));
}

#[test]
fn generate_check_shows_the_changes_and_needs_no_server() {
    let sandbox = Sandbox::new("compare");
    let object = sandbox.json(&["generate", "--check"], 1);
    assert_eq!(
        (&object["command"], &object["outcome"], &object["format"]),
        (&"generate".into(), &"findings".into(), &1.into())
    );
    let result = &object["result"];
    assert_eq!((&result["written"], &result["id"]), (&false.into(), &"20261122131500_create_2_tables".into()));
    assert!(result["up"].as_str().unwrap().contains("CREATE TABLE authors"), "{result}");
    assert!(!sandbox.root.join("cache").exists() && !sandbox.project().join("migrations").exists());
}

#[test]
fn from_structs_to_a_database_and_back() {
    let sandbox = Sandbox::new("life");
    let generated = sandbox.json(&["generate", "-m", "First release"], 0);
    assert_eq!(generated["result"]["folder"], "migrations/20261122131500_first_release");
    assert_eq!(sandbox.json(&["generate"], 0)["result"]["changes"], Value::Array(Vec::new()));

    let applied = sandbox.json(&["upgrade"], 0);
    assert_eq!(applied["result"]["revisions"][0]["id"], "20261122131500_first_release");
    let status = sandbox.json(&["status"], 0);
    assert_eq!((&status["result"]["current"], &status["result"]["structs"]["recorded"]), (&true.into(), &true.into()));

    sandbox.replace("src/note.rs", "pub title", "pub headline");
    let asked = sandbox.json(&["generate"], 1);
    let codes: Vec<&str> =
        asked["findings"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"rename-or-drop"), "{codes:?}");
    let check = sandbox.run(&["check"]);
    assert_eq!(check.code, 1);
    assert!(check.err.contains("error[change-unrecorded]") && check.err.contains("--> src/note.rs:"), "{}", check.err);

    sandbox.json(&["generate", "-m", "headline", "--rename", "notes.title=notes.headline"], 0);
    assert_eq!(sandbox.run(&["check"]).code, 0);
    let heads = sandbox.json(&["history"], 0);
    assert_eq!(heads["result"]["heads"], Value::Array(vec!["20261122131501_headline".into()]));
    sandbox.json(&["upgrade", "+1"], 0);
    let undone = sandbox.json(&["downgrade", "-1"], 0);
    assert_eq!(undone["result"]["revisions"][0]["direction"], "down");
    assert_eq!(sandbox.json(&["status"], 0)["result"]["pending"][0], "20261122131501_headline");
}

#[test]
fn what_was_found_equal_is_compared_again_when_anything_has_changed() {
    let sandbox = Sandbox::new("look");
    sandbox.json(&["generate", "-m", "start"], 0);
    let code = || sandbox.run(&["generate", "--check"]).code;
    assert_eq!((code(), code()), (0, 0));
    let notes = || std::fs::read_dir(sandbox.root.join("cache/looks")).map_or(0, Iterator::count);
    assert_eq!(notes(), 1);
    let record = "migrations/20261122131500_start/revision.toml";
    for (file, from, to) in [
        ("src/note.rs", "pub title: String", "pub title: Option<String>"),
        (record, "name = \"title\"", "name = \"topic\""),
        ("Cargo.toml", "migrations = ", "schemas = [\"other\"]\nmigrations = "),
    ] {
        sandbox.replace(file, from, to);
        assert_eq!((code(), sandbox.run(&["check"]).code), (1, 1), "{file}");
        sandbox.replace(file, to, from);
        assert_eq!((code(), code()), (0, 0), "{file}");
    }
    assert_eq!(sandbox.json(&["status"], 0)["result"]["structs"]["recorded"], true);
}

#[test]
fn a_statement_that_fails_is_shown_with_its_place_and_what_is_left() {
    let sandbox = Sandbox::new("fails");
    sandbox.json(&["generate", "-m", "first"], 0);
    sandbox.json(&["generate", "--empty", "-m", "rows"], 0);
    let sql = "INSERT INTO authors (email) VALUES ('a');\nINSERT INTO authors (emial) VALUES ('b');\n";
    std::fs::write(sandbox.project().join("migrations/20261122131501_rows/up.sql"), sql).unwrap();
    let failed = sandbox.run(&["upgrade"]);
    assert_eq!(failed.code, 4);
    let shown = "\
error: statement 2 of 2 of `20261122131501_rows` failed: column \"emial\" of relation \"authors\" does not exist
 --> migrations/20261122131501_rows/up.sql:2:22
  |
2 | INSERT INTO authors (emial) VALUES ('b');
  |                      ^^^^^ here
  |
  = note: SQLSTATE 42703
  = note: `20261122131501_rows` was rolled back, nothing of it is left
  = note: `20261122131500_first` was finished before and stays
";
    assert!(failed.err.contains(shown), "{}", failed.err);
    let again = sandbox.json(&["upgrade"], 4);
    let statement = &again["failure"]["statement"];
    assert_eq!(
        (&statement["sqlstate"], &statement["line"], &statement["column"]),
        (&"42703".into(), &2.into(), &22.into())
    );
}

#[test]
fn what_loses_rows_is_refused_where_nobody_can_be_asked() {
    let sandbox = Sandbox::new("refused");
    let ran = sandbox.run(&["dev", "reset"]);
    assert_eq!(ran.code, 5);
    assert!(ran.err.contains("cargo schema dev reset --yes"), "{}", ran.err);
}

#[test]
fn passwords_are_never_printed() {
    let sandbox = Sandbox::new("password");
    std::fs::write(sandbox.project().join(".env"), "DATABASE_URL=postgresql://me:hunter2@127.0.0.1:1/x\n").unwrap();
    for words in [&["status"][..], &["upgrade"], &["upgrade", "--format", "json", "-v"]] {
        let ran = sandbox.run(words);
        assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
        assert!(!format!("{}{}", ran.out, ran.err).contains("hunter2"), "{}{}", ran.out, ran.err);
    }
    let other = [("DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:2/x")];
    let ran = sandbox.run_in(&sandbox.project(), &["status"], &other);
    assert!(ran.err.contains("127.0.0.1:2") && !ran.err.contains("hunter2"), "{}", ran.err);
}

#[test]
fn init_prepares_a_package_and_changes_nothing_twice() {
    let sandbox = Sandbox::new("init");
    let bare = "[package]\nname = \"notes\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(sandbox.project().join("Cargo.toml"), bare).unwrap();
    let first = sandbox.json(&["init"], 0);
    let written = |object: &Value| {
        let files = object["result"]["files"].as_array().unwrap().clone();
        files
            .iter()
            .filter(|file| file["written"] == true)
            .map(|file| file["path"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(written(&first), ["Cargo.toml", "build.rs", "migrations"]);
    assert_eq!(written(&sandbox.json(&["init"], 0)), Vec::<String>::new());
    assert_eq!(sandbox.json(&["generate", "--check"], 1)["outcome"], "findings");
}
