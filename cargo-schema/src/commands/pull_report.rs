//! How `pull` shows what it wrote, and what is to be typed next.
//!
//! What is written is decided by [`super::pull`].

use schema_core::KindName;
use schema_core::history::RevisionId;
use serde_json::{Value, json};

use super::Outcome;
use super::pull::Drafted;
use super::pull_manifest::{Manifests, Missing};
use super::world::World;
use crate::project::{Project, SourceDraft};
use crate::report::table::{Cell, Color, aligned};

/// How many files are shown one by one.
const SHOWN: usize = 20;

/// What is shown.
pub(super) struct Report<'r> {
    pub database: &'r str,
    pub drafted: &'r Drafted,
    pub baseline: Option<RevisionId>,
    pub missing: Missing,
    pub manifests: &'r Manifests,
    pub dry_run: bool,
}

pub(super) fn outcome(world: &World<'_>, project: &Project, report: &Report<'_>) -> Outcome {
    let tables = report.drafted.lowered.schema.of_kind(KindName::Table).count();
    let changed: Vec<&SourceDraft> = report.drafted.files.iter().filter(|file| file.before != file.after).collect();
    let mut rows: Vec<Vec<Cell>> =
        changed.iter().take(SHOWN).map(|file| row(report, did(file), world.shown(&file.path))).collect();
    if SHOWN < changed.len() {
        rows.push(vec!["".into(), format!("and {} more", changed.len() - SHOWN).as_str().into()]);
    }
    let folder = report.baseline.as_ref().map(|id| format!("{}/{id}", project.shown));
    rows.extend(folder.iter().map(|folder| row(report, "wrote", folder.clone())));
    let next = next(world, project, report);
    let steps: String = next.iter().map(|step| format!("  {step}\n")).collect();
    let text = match (rows.is_empty(), steps.is_empty()) {
        (true, true) => format!("nothing to do: the structs are what {} has\n", report.database),
        (_, true) => aligned(&rows, world.screen.out),
        _ => format!("{}\nnext:\n{steps}", aligned(&rows, world.screen.out)),
    };
    let files: Vec<Value> = changed
        .iter()
        .map(|file| json!({ "path": world.shown(&file.path), "action": did(file), "text": file.after }))
        .collect();
    let result = json!({
        "written": !report.dry_run,
        "tables": tables,
        "files": files,
        "baseline": report.baseline.as_ref().map(RevisionId::as_str),
        "packages": report.missing.packages,
        "features": report.missing.features,
        "next": next,
    });
    Outcome::done(text, result)
}

fn row(report: &Report<'_>, did: &str, path: String) -> Vec<Cell> {
    let word = match (report.dry_run, did) {
        (false, did) => Cell::new(did, Color::Good),
        (true, "wrote") => Cell::new("would write", Color::Open),
        (true, "changed") => Cell::new("would change", Color::Open),
        (true, _) => Cell::new("would remove", Color::Open),
    };
    vec![word, Cell::new(path, Color::Name)]
}

fn did(file: &SourceDraft) -> &'static str {
    match (&file.before, &file.after) {
        (None, _) => "wrote",
        (_, None) => "removed",
        _ => "changed",
    }
}

/// The commands that lead on.
fn next(world: &World<'_>, project: &Project, report: &Report<'_>) -> Vec<String> {
    let Missing { packages, features, runtime } = &report.missing;
    let mut steps = Vec::new();
    if !features.is_empty() {
        steps.push(format!("cargo add schema-runtime --features {}", features.join(",")));
    } else if *runtime {
        steps.push("cargo add schema-runtime".to_owned());
    }
    if !packages.is_empty() {
        steps.push(format!("cargo add {}", packages.join(" ")));
    }
    steps.extend(report.drafted.mod_line(world, report.manifests));
    if report.baseline.is_some() {
        steps.push("cargo schema stamp      # this database has the baseline already".to_owned());
        steps.push("cargo schema check".to_owned());
    } else if !project.revisions.is_empty() && report.drafted.files.iter().any(|file| file.before != file.after) {
        steps.push("cargo schema generate   # the revision for what changed".to_owned());
    }
    steps
}

impl Drafted {
    /// The line that leads from the crate to the structs, when no module does yet.
    fn mod_line(&self, world: &World<'_>, manifests: &Manifests) -> Option<String> {
        let new = self.files.iter().find(|file| self.is_first && self.is_root(file))?;
        let source = manifests.folder().join("src");
        let root = ["lib.rs", "main.rs"].iter().map(|name| source.join(name)).find(|path| path.is_file())?;
        let below = new.path.strip_prefix(&source).ok()?;
        let module = below.to_string_lossy().replace("/mod.rs", "").replace(".rs", "");
        let plain = !module.contains('/');
        plain.then(|| format!("add to {}: pub mod {module};", world.shown(&root)))
    }

    /// The file that a `mod` line must lead to.
    fn is_root(&self, file: &SourceDraft) -> bool {
        let is_rust = file.path.extension().is_some_and(|end| end == "rs");
        file.path.ends_with("mod.rs")
            || is_rust && self.files.iter().filter(|of| of.path.extension().is_some_and(|end| end == "rs")).count() == 1
    }
}
