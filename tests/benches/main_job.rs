//! The main job measured: CPU seconds of the client beside a yardstick run in the same minute. `cargo bench -p schema-tests`.
//!
//! `SCHEMA_BENCH_TABLES` (default 1,000) and `SCHEMA_BENCH_RUNS` (default 3, the median is shown) change its size. Nothing is
//! asserted: machines are shared and noisy, so only figures of one run can be compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use schema_tests::cluster::{Database, database};
use schema_tests::measure::{Cost, number, once, run, show, write};
use schema_tests::synthetic;

fn main() {
    // `cargo test --all-targets` runs benchmarks too, without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let tables = number("SCHEMA_BENCH_TABLES", 1_000);
    let bench = Bench::prepare(tables);
    println!("{tables} tables; CPU = user + system of the client process and its children, median of {}", bench.runs);
    println!("{:<44} {:>9} {:>9}  ratio", "", "CPU s", "wall s");
    bench.generate_and_check();
    bench.initial_apply();
    bench.small_revisions();
    bench.compile();
}

/// Where the dev database of the measured commands lives.
const CACHE: &str = "/tmp/schema-bench-cache";

/// A project in a temporary folder and the built subcommand.
struct Bench {
    folder: PathBuf,
    binary: PathBuf,
    runs: usize,
    tables: usize,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Bench {
    fn prepare(tables: usize) -> Bench {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
        run(Command::new("cargo")
            .args(["build", "--release", "--quiet", "--package", "cargo-schema"])
            .current_dir(&root));
        let folder = std::env::temp_dir().join(format!("schema-bench-{}", std::process::id()));
        let bench =
            Bench { folder, binary: target.join("release/cargo-schema"), runs: number("SCHEMA_BENCH_RUNS", 3), tables };
        bench.write_project(&root);
        bench
    }

    fn write_project(&self, root: &Path) {
        let (source, runtime) = (self.folder.join("app/src"), root.join("schema-runtime"));
        fs::create_dir_all(&source).expect("the temporary folder can be written");
        fs::create_dir_all(self.folder.join("app/migrations")).expect("the temporary folder can be written");
        let runtime = runtime.display();
        let manifest = format!(
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nschema-runtime = {{ path = \"{runtime}\" }}\n\n\
             [build-dependencies]\nschema-runtime = {{ path = \"{runtime}\", features = [\"build\"] }}\n\n[workspace]\n"
        );
        write(&self.folder.join("app/Cargo.toml"), &manifest);
        write(&self.folder.join("app/build.rs"), "fn main() {\n    schema_runtime::build::verify();\n}\n");
        for (name, text) in synthetic::sources(self.tables) {
            write(&source.join(name), &text);
        }
    }

    /// The subcommand in the project, with its own cache and database.
    fn schema(&self, database: &Database, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("schema").args(arguments).current_dir(self.folder.join("app"));
        command.env("SCHEMA_CACHE_DIR", CACHE).env("DATABASE_URL", &database.url);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn generate_and_check(&self) {
        let database = database();
        let first = once(&mut self.schema(&database, &["generate", "-m", "start"]));
        show("generate: the first revision, proof included", first, None);
        let forgotten = || {
            let _ = fs::remove_dir_all(Path::new(CACHE).join("looks"));
            self.schema(&database, &["generate"])
        };
        show("generate: nothing changed, the first look", self.median(forgotten), None);
        show("generate: nothing changed", self.median(|| self.schema(&database, &["generate"])), None);
        show("check: nothing changed", self.median(|| self.schema(&database, &["check"])), None);
        let file = self.folder.join("app/src/m0.rs");
        let text = fs::read_to_string(&file).expect("the project was written");
        write(&file, &text.replacen("pub name: String,", "pub name: String,\n    pub added: Option<String>,", 1));
        let added = once(&mut self.schema(&database, &["generate", "-m", "one column"]));
        show("generate: one column added, proof included", added, None);
    }

    fn initial_apply(&self) {
        let first = self.revisions().into_iter().next().expect("generate has written a revision");
        let up = first.join("up.sql");
        let (psql, apply) = self.beside(|theirs, ours| {
            let mut psql = theirs.program("psql");
            psql.args(["-q", "-1", "-v", "ON_ERROR_STOP=1", "-f"]).arg(&up);
            (psql, self.schema(ours, &["upgrade", "+1"]))
        });
        show("psql -1 -f of the same SQL", psql, None);
        show("upgrade: the first revision", apply, Some(psql));
        let ours = database();
        run(&mut self.schema(&ours, &["upgrade"]));
        let nothing = self.median(|| self.schema(&ours, &["upgrade"]));
        show("upgrade: nothing pending", nothing, None);
    }

    fn revisions(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join("app/migrations")).expect("the project has migrations");
        let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        folders
    }

    /// 1,000 revisions of one statement each, and psql running the same texts in one transaction each.
    fn small_revisions(&self) {
        let folder = self.folder.join("small");
        let mut script = String::new();
        let mut parent = String::new();
        for number in 0..1_000 {
            let (id, up) = (
                format!("{:014}_r", 20_260_000_000_000_u64 + number),
                format!("CREATE TABLE r{number} (id bigint);\n"),
            );
            let revision = folder.join(&id);
            fs::create_dir_all(&revision).expect("the temporary folder can be written");
            write(&revision.join("up.sql"), &up);
            write(&revision.join("down.sql"), &format!("DROP TABLE r{number};\n"));
            write(
                &revision.join("revision.toml"),
                &format!("format = 1\nmessage = \"r\"\nparents = [{parent}]\nchanges = []\n"),
            );
            parent = format!("\"{id}\"");
            script.push_str(&format!("BEGIN;\n{up}COMMIT;\n"));
        }
        let file = self.folder.join("small.sql");
        write(&file, &script);
        let small = folder.display().to_string();
        let (psql, upgrade) = self.beside(|theirs, ours| {
            let mut psql = theirs.program("psql");
            psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(&file);
            (psql, self.schema(ours, &["upgrade", "--migrations", &small]))
        });
        show("psql: 1,000 small files, one transaction each", psql, None);
        show("upgrade: 1,000 small revisions", upgrade, Some(psql));
    }

    /// What a change of one struct costs the build: build.rs and the derive, unoptimised.
    fn compile(&self) {
        let target = self.folder.join("target");
        let cargo = |arguments: &[&str]| {
            let mut command = Command::new("cargo");
            command.args(arguments).current_dir(self.folder.join("app")).env("CARGO_TARGET_DIR", &target);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        run(&mut cargo(&["check", "--quiet"]));
        let find = |folder: &Path| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .map(|entry| entry.path().join("build-script-build"))
                .find(|path| path.exists() && path.to_string_lossy().contains("/app-"))
        };
        let Some(script) = find(&target.join("debug/build")) else { return println!("build.rs was not built") };
        let out = self.folder.join("out");
        fs::create_dir_all(&out).expect("the temporary folder can be written");
        let verify = || {
            let mut command = Command::new(&script);
            command
                .current_dir(self.folder.join("app"))
                .env("OUT_DIR", &out)
                .env("CARGO_MANIFEST_DIR", self.folder.join("app"));
            command.env("CARGO_PKG_NAME", "app").stdout(Stdio::null());
            command
        };
        show("build.rs verify, unoptimised, the first time", once(&mut verify()), None);
        show("build.rs verify, unoptimised, nothing changed", self.median(verify), None);
        // Without build.rs, whose cost is shown above.
        let touched = || {
            let _ = Command::new("touch").arg(self.folder.join("app/src/main.rs")).status();
            let mut check = cargo(&["check", "--quiet"]);
            check.env("SCHEMA_BUILD", "off");
            check
        };
        run(&mut touched());
        let derived = self.median(touched);
        self.strip_derives();
        let plain = self.median(touched);
        show("cargo check of the plain structs", plain, None);
        show("cargo check of the derived structs", derived, Some(plain));
        let columns: usize =
            synthetic::sources(self.tables).iter().map(|(_, text)| text.matches("    pub ").count()).sum();
        println!(
            "derive: {:.3} ms of CPU a column ({columns} columns)",
            (derived.cpu - plain.cpu) * 1_000.0 / columns as f64
        );
    }

    /// The same structs without any attribute of ours.
    fn strip_derives(&self) {
        for (name, text) in synthetic::sources(self.tables) {
            let ours = |line: &&str| !line.trim_start().starts_with("#[") && !line.starts_with("use schema_runtime");
            let plain = text.lines().filter(ours).flat_map(|line| [line, "\n"]).collect::<String>();
            write(&self.folder.join("app/src").join(name), &plain);
        }
        write(&self.folder.join("app/build.rs"), "fn main() {}\n");
    }

    /// Two commands in turn, each on a new database: what else the machine does hits both.
    fn beside(&self, commands: impl Fn(&Database, &Database) -> (Command, Command)) -> (Cost, Cost) {
        let runs: Vec<(Cost, Cost)> = (0..self.runs.max(1))
            .map(|_| {
                let (theirs, ours) = (database(), database());
                let (mut one, mut two) = commands(&theirs, &ours);
                (once(&mut one), once(&mut two))
            })
            .collect();
        let middle = |mut costs: Vec<Cost>| {
            costs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
            costs[costs.len() / 2]
        };
        let (one, two) = runs.into_iter().unzip();
        (middle(one), middle(two))
    }

    fn median(&self, mut command: impl FnMut() -> Command) -> Cost {
        let mut costs: Vec<Cost> = (0..self.runs.max(1)).map(|_| once(&mut command())).collect();
        costs.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
        costs[costs.len() / 2]
    }
}
