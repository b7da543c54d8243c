//! The draft of `pull` for a project that has structs: edits of their files.
//!
//! Which edits is decided by [`crate::pull::merge`]; here the structs are read, built, and read again as they would be.

use std::collections::BTreeMap;
use std::path::Path;

use schema_core::Schema;
use schema_core::diagnostic::{Diagnostic, Severity};

use super::declared::{Sources, Structs};
use super::failure::Failure;
use super::pull::{Drafted, PULL_DIFFERS};
use super::world::World;
use crate::devdb::DevServer;
use crate::ops::prove::{ProofError, built};
use crate::project::{ReadError, SourceDraft};
use crate::pull::{Existing, Options, merge};
use crate::workspace::{Overlay, WorkspaceError};

/// The structs of the project; none when no package has any.
pub(super) fn existing(world: &World<'_>) -> Result<Option<(Sources, Structs)>, Failure> {
    let sources = match Sources::of(world) {
        Ok(sources) => sources,
        // No package depends on schema-runtime yet.
        Err(Failure::Usage(_) | Failure::Workspace(WorkspaceError::WithoutRuntime { .. })) => return Ok(None),
        Err(other) => return Err(other),
    };
    let structs = sources.sound(world)?;
    let any = structs.schema().iter().next().is_some();
    Ok(any.then_some((sources, structs)))
}

/// The edits that bring the structs to what was observed.
pub(super) fn again(
    world: &World<'_>,
    server: &DevServer,
    (sources, structs): &(Sources, Structs),
    observed: &Schema,
    settings: &Options,
    (folder, statements): (&Path, &Path),
) -> Result<Drafted, Failure> {
    let texts = texts(world, structs)?;
    let built = match built(server, structs.schema()) {
        Err(ProofError::Statement(refusal)) => return Err(Failure::Findings(vec![structs.refused(&refusal)])),
        other => other?,
    };
    let existing = Existing {
        files: structs.files(),
        texts: &texts,
        lowered: structs.lowered(),
        built: &built,
        folder: &world.shown(folder),
        statements: &world.shown(statements),
    };
    let merged = merge(&existing, observed, settings);
    let mut files = Vec::new();
    for (path, after) in merged.texts {
        let (real, scanned) = (world.current.join(&path), texts.get(&path).cloned());
        files.push(match scanned {
            Some(before) => SourceDraft { path: real, before: Some(before), after, is_fresh: false },
            None => SourceDraft::read(real, after)?.fresh(),
        });
    }
    let overlay: Overlay = files.iter().map(|file| (file.path.clone(), file.after.clone())).collect();
    let lowered = sources.imagined(world, &overlay)?;
    let errors = lowered.findings.iter().filter(|found| found.severity == Severity::Error);
    let errors: Vec<&Diagnostic> = errors.collect();
    if !errors.is_empty() {
        let message = "the structs cannot be brought to the database by edits alone; nothing was written";
        let finding = errors.iter().fold(Diagnostic::error(PULL_DIFFERS, message), |finding, error| {
            let place = error.primary.as_ref().map(|label| format!("{}: ", label.place.file)).unwrap_or_default();
            finding.note(format!("{place}{}", error.message))
        });
        return Err(Failure::Findings(vec![finding.help("make these changes by hand, then pull again")]));
    }
    Ok(Drafted {
        files,
        lowered,
        crates: merged.crates,
        unsaid: merged.unsaid,
        is_first: false,
        removed: merged.removed,
    })
}

fn texts(world: &World<'_>, structs: &Structs) -> Result<BTreeMap<String, String>, Failure> {
    let read = |path: &String| {
        let real = world.current.join(path);
        let text = std::fs::read_to_string(&real).map_err(|source| ReadError { path: real, source })?;
        Ok((path.clone(), text))
    };
    structs.files().iter().map(|file| read(&file.path)).collect()
}
