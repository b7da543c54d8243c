//! `cargo schema init`: what a cargo project needs, written where it is missing.
//!
//! Nothing that exists is changed but the manifest, which only gains entries. Run again, it does nothing.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::failure::Failure;
use super::init_manifest::{Additions, Wanted, has_package, has_settings, with_additions};
use super::world::World;
use super::{Outcome, adopt};
use crate::cli::arguments::Init;
use crate::project::{ReadError, WriteError};
use crate::report::table::{Cell, Color, aligned};
use crate::workspace::Manifest;

const BUILD_RS: &str = "\
//! Compares the structs with the recorded migrations, so that a struct without its migration fails the build.

fn main() {
    schema_runtime::build::verify();
}
";

/// One thing that was looked at.
struct Step {
    path: PathBuf,
    did: Did,
    what: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Did {
    Wrote,
    Kept,
}

pub(super) fn run(world: &World<'_>, options: &Init) -> Result<Outcome, Failure> {
    let Some(tool) = options.from else { return prepare(world, options) };
    let adopted = adopt::run(world, options, tool)?;
    if world.location.is_none() {
        return Ok(adopted);
    }
    let prepared = prepare(world, options)?;
    let mut result = prepared.result;
    result["adopted"] = adopted.result.clone();
    let text = format!("{}\n{}", prepared.text, adopted.text);
    Ok(Outcome { text, result, ..adopted })
}

/// Writes what is missing.
fn prepare(world: &World<'_>, options: &Init) -> Result<Outcome, Failure> {
    let location = world.location()?;
    let mut steps = Vec::new();
    match &location.member {
        // One history for all packages of a workspace.
        Some(member) => {
            if !has_settings(&member.text) {
                steps.push(manifest(&location.root, Wanted::Settings, options.dry_run)?);
            }
            steps.push(manifest(member, Wanted::Dependencies, options.dry_run)?);
            steps.push(build_script(member.folder(), options.dry_run)?);
        }
        None if has_package(&location.root.text) => {
            steps.push(manifest(&location.root, Wanted::All, options.dry_run)?);
            steps.push(build_script(location.folder(), options.dry_run)?);
        }
        None => steps.push(manifest(&location.root, Wanted::Settings, options.dry_run)?),
    }
    steps.push(migrations(&world.config.migrations, options.dry_run)?);
    Ok(outcome(world, options, &steps))
}

fn manifest(manifest: &Manifest, wanted: Wanted, dry_run: bool) -> Result<Step, Failure> {
    let changed = with_additions(&manifest.text, wanted).map_err(|error| {
        let (path, problem) = (manifest.path.clone(), error.to_string());
        Failure::Workspace(crate::workspace::WorkspaceError::Toml { path, problem })
    })?;
    let path = manifest.path.clone();
    match changed {
        None => Ok(Step { path, did: Did::Kept, what: "has all entries".to_owned() }),
        Some(Additions { text, added }) => {
            if !dry_run {
                write(&path, &text)?;
            }
            Ok(Step { path, did: Did::Wrote, what: added.join(", ") })
        }
    }
}

fn migrations(folder: &Path, dry_run: bool) -> Result<Step, Failure> {
    let path = folder.to_owned();
    if folder.is_dir() {
        return Ok(Step { path, did: Did::Kept, what: "is there".to_owned() });
    }
    if !dry_run {
        std::fs::create_dir_all(folder).map_err(|source| WriteError::File { path: path.clone(), source })?;
        // git keeps no empty folder, and the build needs this one.
        write(&folder.join(".gitkeep"), "")?;
    }
    Ok(Step { path, did: Did::Wrote, what: "the folder of the revisions".to_owned() })
}

fn build_script(folder: &Path, dry_run: bool) -> Result<Step, Failure> {
    let path = folder.join("build.rs");
    match std::fs::read_to_string(&path) {
        Ok(text) if text.contains("schema_runtime::build::verify") => {
            Ok(Step { path, did: Did::Kept, what: "verifies".to_owned() })
        }
        Ok(_) => {
            let what = "is yours; add to its main: schema_runtime::build::verify();".to_owned();
            Ok(Step { path, did: Did::Kept, what })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if !dry_run {
                write(&path, BUILD_RS)?;
            }
            Ok(Step { path, did: Did::Wrote, what: "compares structs and revisions in every build".to_owned() })
        }
        Err(source) => Err(ReadError { path, source }.into()),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|source| WriteError::File { path: path.to_owned(), source }.into())
}

fn outcome(world: &World<'_>, options: &Init, steps: &[Step]) -> Outcome {
    let word = |did: Did| match (did, options.dry_run) {
        (Did::Wrote, false) => Cell::new("wrote", Color::Good),
        (Did::Wrote, true) => Cell::new("would write", Color::Open),
        (Did::Kept, _) => Cell::new("kept", Color::Dim),
    };
    let rows: Vec<Vec<Cell>> = steps
        .iter()
        .map(|step| vec![word(step.did), Cell::new(world.shown(&step.path), Color::Name), step.what.as_str().into()])
        .collect();
    let has_build = steps.iter().any(|step| step.path.ends_with("build.rs"));
    let next = if has_build {
        "next: derive `schema_runtime::Table` for a struct, then: cargo schema generate"
    } else {
        "next: type `cargo schema init` again in the folder of the package that will have the tables"
    };
    let text = format!("{}\n{next}\n", aligned(&rows, world.screen.out));
    let files: Vec<Value> = steps
        .iter()
        .map(|step| json!({ "path": world.shown(&step.path), "written": step.did == Did::Wrote, "what": step.what }))
        .collect();
    Outcome::done(text, json!({ "dry_run": options.dry_run, "files": files }))
}
