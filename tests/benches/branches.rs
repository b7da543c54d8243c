//! Branches and long histories measured: a switch, the check of two heads, and a history of 1,000 revisions.
//! `cargo bench -p schema-tests --bench branches [switch|heads|history]`.
//!
//! `SCHEMA_BENCH_TABLES`, `SCHEMA_BENCH_REVISIONS` (both 1,000) and `SCHEMA_BENCH_RUNS` (3, the median is shown) change its size. The
//! yardstick is psql running the same SQL in the same minute. `history` ends with the proof of every revision, which takes longest by far.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use schema_tests::cluster::{Database, cluster, database};
use schema_tests::measure::{Cost, number, once, run, show, write};
use schema_tests::synthetic;

/// Where the dev database of the measured commands lives.
const CACHE: &str = "/tmp/schema-bench-branches";

fn main() {
    // `cargo test --all-targets` runs benchmarks too, without this word.
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let named: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let bench = Bench::prepare();
    println!("CPU = user + system of the client process and its children; median of {} runs", bench.runs);
    println!("{:<58} {:>9} {:>9}  ratio", "", "CPU s", "wall s");
    let wanted = |name: &str| named.is_empty() || named.contains(&name);
    if wanted("switch") {
        bench.switch();
    }
    if wanted("heads") {
        bench.heads();
    }
    if wanted("history") {
        bench.history();
    }
}

/// A temporary folder and the built subcommand.
struct Bench {
    folder: PathBuf,
    binary: PathBuf,
    runs: usize,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ =
            Command::new(&self.binary).args(["schema", "dev", "stop", "-q"]).env("SCHEMA_CACHE_DIR", CACHE).status();
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_dir_all(CACHE);
    }
}

impl Bench {
    fn prepare() -> Bench {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
        run(Command::new("cargo")
            .args(["build", "--release", "--quiet", "--package", "cargo-schema"])
            .current_dir(&root));
        let folder = std::env::temp_dir().join(format!("schema-bench-branches-{}", std::process::id()));
        let _ = fs::remove_dir_all(CACHE);
        Bench { folder, binary: target.join("release/cargo-schema"), runs: number("SCHEMA_BENCH_RUNS", 3).max(1) }
    }

    /// A package of these sources.
    fn package(&self, name: &str, sources: Vec<(String, String)>) -> PathBuf {
        let folder = self.folder.join(name);
        fs::create_dir_all(folder.join("src")).expect("the temporary folder can be written");
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").join("schema-runtime");
        let manifest = format!(
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nschema-runtime = {{ path = {runtime:?} }}\n\n[workspace]\n"
        );
        write(&folder.join("Cargo.toml"), &manifest);
        sources.iter().for_each(|(file, text)| write(&folder.join("src").join(file), text));
        folder
    }

    /// The subcommand in a package.
    fn schema(&self, package: &Path, database: &Database, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("schema").args(words).current_dir(package);
        command.env("SCHEMA_CACHE_DIR", CACHE).env("DATABASE_URL", &database.url);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn median(&self, mut cost: impl FnMut() -> Cost) -> Cost {
        let mut costs: Vec<Cost> = (0..self.runs).map(|_| cost()).collect();
        costs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
        costs[costs.len() / 2]
    }

    /// A package of many tables with its first revision, and that revision's folder.
    fn tables(&self, name: &str) -> (PathBuf, PathBuf) {
        let tables = number("SCHEMA_BENCH_TABLES", 1_000);
        let package = self.package(name, synthetic::sources(tables));
        run(&mut self.schema(&package, &database(), &["generate", "-m", "start"]));
        let first = fs::read_dir(package.join("migrations")).expect("revisions").flatten().next().expect("the first");
        println!("-- {tables} tables");
        (package, first.path())
    }

    /// From a branch with five revisions to another one with five.
    fn switch(&self) {
        let (package, first) = self.tables("switch");
        let parent = name_of(&first);
        let there = database();
        let mut script = String::new();
        for branch in ["one", "two"] {
            let folder = self.folder.join(branch);
            copy(&first, &folder.join(&parent));
            let mut before = parent.clone();
            let (mut ups, mut downs) = (String::new(), String::new());
            for at in 0..5 {
                let (id, new) = (format!("3000010100000{at}_{branch}"), format!("{branch}_{at}"));
                let up = format!(
                    "ALTER TABLE t{at} ADD COLUMN {new} text;\nCREATE INDEX t{at}_{new}_idx ON t{at} ({new});\nCREATE TABLE {new} (id bigint PRIMARY KEY, t bigint REFERENCES t{at} (id));\n"
                );
                let down = format!("DROP TABLE {new};\nALTER TABLE t{at} DROP COLUMN {new};\n");
                revision(&folder, &id, &before, "", &up, &down);
                before = id;
                ups.push_str(&up);
                downs = down + &downs;
            }
            script.push_str(if branch == "one" { &downs } else { &ups });
        }
        let (one, two) = (self.folder.join("one").display().to_string(), self.folder.join("two").display().to_string());
        run(&mut self.schema(&package, &there, &["switch", "--migrations", &one]));
        let file = self.folder.join("switch.sql");
        write(&file, &script);
        let copied = || cluster().copy(&there.name);
        let psql = self.median(|| {
            once(quiet(copied().program("psql").args(["-q", "-1", "-v", "ON_ERROR_STOP=1", "-f"]).arg(&file)))
        });
        show("psql -1 -f: 5 revisions undone, 5 applied", psql, None);
        let switch = self.median(|| once(&mut self.schema(&package, &copied(), &["switch", "--migrations", &two])));
        show("switch: 5 revisions undone, 5 applied", switch, Some(psql));
        let nothing = self.median(|| once(&mut self.schema(&package, &copied(), &["switch", "--migrations", &one])));
        show("switch: nothing to do", nothing, Some(psql));
    }

    /// Two heads that each add a column, where everything else is proven.
    fn heads(&self) {
        let (package, first) = self.tables("heads");
        let parent = name_of(&first);
        let heads: Vec<(String, &str)> =
            vec![("30000101000001_left".to_owned(), "t1"), ("30000101000002_right".to_owned(), "t2")];
        let folders = [vec![0], vec![1], vec![0, 1]].map(|which: Vec<usize>| {
            let folder = self.folder.join(format!("heads_{}", which.iter().map(usize::to_string).collect::<String>()));
            copy(&first, &folder.join(&parent));
            for (id, table) in which.iter().map(|at| &heads[*at]) {
                let change = format!("    {{ create = {{ column = {{ name = \"added\", null = true, table = \"{table}\", type = \"text\" }} }} }},\n");
                let (up, down) =
                    (format!("ALTER TABLE {table} ADD COLUMN added text;\n"), format!("ALTER TABLE {table} DROP COLUMN added;\n"));
                revision(&folder, id, &parent, &change, &up, &down);
            }
            folder.display().to_string()
        });
        // What is proven of each line stays proven; structs are on neither.
        for folder in &folders[..2] {
            let _ = self.schema(&package, &database(), &["check", "--migrations", folder]).status();
        }
        let file = package.join("src/m0.rs");
        let mut text = fs::read_to_string(&file).expect("the project was written");
        for table in [1, 2] {
            let start = format!("pub struct T{table} {{");
            text = text.replacen(&start, &format!("{start}\n    pub added: Option<String>,"), 1);
        }
        write(&file, &text);
        let psql = self.median(|| {
            once(quiet(
                database().program("psql").args(["-q", "-1", "-v", "ON_ERROR_STOP=1", "-f"]).arg(first.join("up.sql")),
            ))
        });
        show("psql -1 -f: the schema built once", psql, None);
        let both = once(&mut self.schema(&package, &database(), &["check", "--migrations", &folders[2]]));
        show("check: both orders of two heads", both, Some(psql));
        let again =
            self.median(|| once(&mut self.schema(&package, &database(), &["check", "--migrations", &folders[2]])));
        show("check: once more", again, Some(psql));
    }

    /// One revision a table. The second command finds what the first has replayed.
    fn history(&self) {
        let revisions = number("SCHEMA_BENCH_REVISIONS", 1_000);
        println!("-- {revisions} revisions");
        let mut source = String::from("//! Tables of the benchmark.\n\nuse schema_runtime::Table;\n\n");
        for at in 0..revisions {
            source.push_str(&format!("#[derive(Table)]\n#[table(name = \"r{at}\")]\npub struct R{at} {{\n    #[column(primary_key)]\n    pub id: i64,\n    pub name: String,\n}}\n\n"));
        }
        let package = self.package("history", vec![("lib.rs".to_owned(), source)]);
        let (folder, mut parent, mut script) = (package.join("migrations"), String::new(), String::new());
        for at in 0..revisions {
            let id = format!("{:014}_r{at}", 20_250_101_000_000_u64 + at as u64);
            let up = format!(
                "CREATE TABLE r{at} (\n    id bigint NOT NULL,\n    name text NOT NULL,\n    CONSTRAINT r{at}_pkey PRIMARY KEY (id)\n);\n"
            );
            let change = format!(
                "    {{ create = {{ table = {{ name = \"r{at}\" }} }} }},\n    {{ create = {{ column = {{ name = \"id\", table = \"r{at}\", type = \"bigint\" }} }} }},\n    \
                 {{ create = {{ column = {{ name = \"name\", table = \"r{at}\", type = \"text\" }} }} }},\n    \
                 {{ create = {{ primary_key = {{ name = \"r{at}_pkey\", table = \"r{at}\", columns = [\"id\"] }} }} }},\n"
            );
            revision(&folder, &id, &parent, &change, &up, &format!("DROP TABLE r{at};\n"));
            script.push_str(&format!("BEGIN;\n{up}COMMIT;\n"));
            parent = id;
        }
        let file = self.folder.join("history.sql");
        write(&file, &script);
        let psql = self
            .median(|| once(quiet(database().program("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(&file))));
        show("psql: the same SQL, one transaction each", psql, None);
        let database = database();
        let time = |words: &[&str]| once(&mut self.schema(&package, &database, words));
        show("upgrade: all of it", time(&["upgrade"]), Some(psql));
        for command in [["status"].as_slice(), &["generate"], &["history"]] {
            let (first, second) = (time(command), time(command));
            show(&format!("{}: the first time", command[0]), first, Some(psql));
            show(&format!("{}: the second time", command[0]), second, Some(psql));
        }
        for round in ["first", "second"] {
            let (from, to) = (
                format!("pub struct R{} {{\n", if round == "first" { 0 } else { 1 }),
                "    pub added: Option<String>,\n",
            );
            let file = package.join("src/lib.rs");
            let text = fs::read_to_string(&file).expect("the project was written");
            write(&file, &text.replacen(&from, &format!("{from}{to}"), 1));
            show(
                &format!("generate -m: one column, replayed and proven, the {round}"),
                time(&["generate", "-m", round]),
                Some(psql),
            );
        }
        let upgrade = time(&["upgrade"]);
        show("upgrade: two revisions", upgrade, Some(psql));
        for round in ["first", "second"] {
            show(
                &format!("status: with the throwaway server at hand, the {round} time"),
                time(&["status"]),
                Some(psql),
            );
        }
        for round in ["first", "second"] {
            show(&format!("check: every revision proven, the {round} time"), time(&["check"]), Some(psql));
        }
    }
}

/// A revision that somebody might have generated.
fn revision(folder: &Path, id: &str, parent: &str, changes: &str, up: &str, down: &str) {
    let place = folder.join(id);
    fs::create_dir_all(&place).expect("the temporary folder can be written");
    let parents = if parent.is_empty() { String::new() } else { format!("\"{parent}\"") };
    let list = if changes.is_empty() { "[]".to_owned() } else { format!("[\n{changes}]") };
    write(&place.join("up.sql"), up);
    write(&place.join("down.sql"), down);
    write(
        &place.join("revision.toml"),
        &format!("format = 1\nmessage = \"r\"\nparents = [{parents}]\nchanges = {list}\n"),
    );
}

fn name_of(folder: &Path) -> String {
    folder.file_name().expect("a folder has a name").to_string_lossy().into_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the temporary folder can be written");
    for file in ["up.sql", "down.sql", "revision.toml"] {
        fs::copy(from.join(file), to.join(file)).expect("a revision has it");
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(Stdio::null()).stderr(Stdio::null())
}
