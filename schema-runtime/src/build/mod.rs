//! Build verification: in build.rs, the structs are compared with the recorded history, with no database and no compiler.
//!
//! Drift is handed to the derives through `cargo::rustc-env`, and they raise it on the very field, so that an editor underlines what
//! has no migration yet. It writes nothing but one file of stamps into `OUT_DIR`, and proves no SQL: that is `cargo schema check`.

mod drift;
mod names;
mod package;
mod sources;
mod stamp;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use package::{Mode, Package};
use stamp::{Read, Stamps};

/// Compares the package's structs with its recorded history.
///
/// ```no_run
/// // The whole `main` of build.rs:
/// schema_runtime::build::verify();
/// ```
///
/// What differs is an error on the field, or a warning with `build = "warn"` in `[package.metadata.schema]` (or `SCHEMA_BUILD=warn`),
/// or nothing with `off`. On docs.rs, in `cargo package`, and where there is no migrations folder it is never more than a warning.
pub fn verify() {
    let Some(folder) = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        println!(
            "cargo::warning=cargo schema: `schema_runtime::build::verify` belongs into build.rs, where cargo says what is built"
        );
        return;
    };
    println!("cargo::rerun-if-env-changed=SCHEMA_BUILD");
    let stamps = Stamps::in_out_dir();
    let package = OnceCell::new();
    let modules = |path: &Path| {
        let package = package.get_or_init(|| Package::read(&folder)).as_ref().ok()?;
        sources::modules(package, path)
    };
    if let Some(output) = stamps.output_if_fresh(modules) {
        print!("{output}");
        return;
    }
    let mut report = Report::default();
    match Package::read(&folder) {
        Ok(package) => verify_package(&package, &mut report),
        Err(problem) => report.warn(&problem),
    }
    stamps.store(&report);
    print!("{}", report.output);
}

/// The finding that the derives show at the field, and this says where there is none.
const MIGRATION_MISSING: &str = "migration-missing";

/// Windows takes 32,767 characters for a variable. What does not fit is not the last thing that is wrong, and comes up later.
const LONGEST_VARIABLE: usize = 24_000;

/// What is told to cargo, and what it stands on.
#[derive(Debug, Default)]
struct Report {
    /// The lines for cargo.
    output: String,
    /// The files and folders that were looked at.
    read: Vec<Read>,
}

impl Report {
    fn line(&mut self, text: &str) {
        self.output.push_str(text);
        self.output.push('\n');
    }

    fn warn(&mut self, text: &str) {
        self.line(&format!("cargo::warning=cargo schema: {}", text.replace('\n', " ")));
    }

    fn depends_on(&mut self, path: PathBuf) {
        self.line(&format!("cargo::rerun-if-changed={}", path.display()));
        self.read.push(Read { path, modules: None });
    }

    /// The file that was looked at last declares nothing.
    fn only_modules(&mut self, modules: String) {
        self.read.iter_mut().last().into_iter().for_each(|read| read.modules = Some(modules.clone()));
    }
}

fn verify_package(package: &Package, report: &mut Report) {
    for manifest in &package.manifests {
        report.depends_on(manifest.clone());
    }
    // The macro that embeds the migrations refuses to work without this: then nothing would notice a new revision.
    report.line(&format!("cargo::rustc-env=SCHEMA_MIGRATIONS_WATCHED={}", package.migrations.display()));
    report.depends_on(package.migrations.clone());
    if package.mode == Mode::Off {
        return;
    }
    let found = drift::find(package, report);
    match found {
        Ok(found) => tell(package, &found, report),
        Err(problem) => report.warn(&problem),
    }
}

/// Passes drift to the derives, or says it here when that is all that is wanted.
fn tell(package: &Package, found: &[drift::Drift], report: &mut Report) {
    if package.mode == Mode::Warn {
        for drift in found {
            report.warn(&format!("{} [{}]", drift.text, drift.code));
        }
        return;
    }
    let (placed, homeless): (Vec<_>, Vec<_>) = found.iter().partition(|drift| drift.declared);
    for drift in homeless {
        report.line(&format!("cargo::error=cargo schema: {} [{}]", drift.text, drift.code));
    }
    let mut entries = String::new();
    for drift in &placed {
        let entry = format!("{}\u{1f}{}\u{1e}", drift.key, drift.text);
        if entries.len() + entry.len() < LONGEST_VARIABLE {
            entries.push_str(&entry);
        }
    }
    if !entries.is_empty() {
        report.line(&format!("cargo::rustc-env=SCHEMA_DRIFT={entries}"));
    }
}
