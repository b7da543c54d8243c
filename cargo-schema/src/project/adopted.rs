//! The files of another tool's migrations that an adoption lists, read as revisions before it.
//!
//! What a file means is known to `schema_core::history`; which files a tool has is decided when they are adopted.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use schema_core::diagnostic::Diagnostic;
use schema_core::history::{Adoption, RecordHead, RevisionId, RevisionRecord};

use super::{AdoptedDir, ReadError, RevisionDir};

/// The revisions that adoptions stand for, and the adoptions put behind them.
pub(super) fn expanded(
    folder: &Path,
    shown: &str,
    revisions: &mut Vec<RevisionDir>,
    findings: &mut Vec<Diagnostic>,
) -> Result<(), ReadError> {
    let mut before = Vec::new();
    for revision in revisions.iter_mut() {
        let Some(adoption) = revision.head.adopted.clone() else { continue };
        revision.head.parents.extend(adoption.last().cloned());
        revision.adopted = adoption.as_one();
        before.extend(read(&Place::of(folder, shown, &adoption), &adoption, findings)?);
    }
    revisions.extend(before);
    revisions.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(())
}

/// The names of the folders in `folder` that hold adopted migrations.
pub(super) fn folders(revisions: &[RevisionDir]) -> BTreeSet<String> {
    let adoptions = revisions.iter().filter_map(|revision| revision.head.adopted.as_ref());
    let inside = adoptions.filter(|adoption| adoption.folder == ".").flat_map(|adoption| &adoption.migrations);
    inside.filter_map(|file| Some(file.up.as_deref()?.split_once('/')?.0.to_owned())).collect()
}

/// Where the adopted files are.
struct Place {
    folder: PathBuf,
    shown: String,
}

impl Place {
    fn of(folder: &Path, shown: &str, adoption: &Adoption) -> Place {
        match adoption.folder.as_str() {
            "." => Place { folder: folder.to_owned(), shown: shown.to_owned() },
            other => Place { folder: folder.join(other), shown: format!("{shown}/{other}") },
        }
    }

    /// The text of a file; `None` with a finding when it is gone.
    fn text(&self, file: &str) -> Result<Option<String>, ReadError> {
        let path = self.folder.join(file);
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some).map_err(|source| ReadError { path, source }),
        }
    }
}

fn read(place: &Place, adoption: &Adoption, findings: &mut Vec<Diagnostic>) -> Result<Vec<RevisionDir>, ReadError> {
    let mut revisions = Vec::new();
    if !adoption.is_readable() {
        return Ok(revisions);
    }
    for (at, file) in adoption.migrations.iter().enumerate() {
        let name = file.up.as_deref().unwrap_or_default();
        let shown = format!("{}/{name}", place.shown);
        let Some(up) = place.text(name)? else {
            findings.push(file.missing(&shown));
            continue;
        };
        let down = match &file.down {
            None => None,
            Some(down) => place.text(down)?,
        };
        findings.extend(file.edit(&shown, &up, down.as_deref()));
        let migration = adoption.migration(at, &up, down.as_deref());
        let record = RevisionRecord::new(migration.message.clone(), migration.parents.clone(), Vec::new());
        let shown_down = file.down.as_ref().map(|down| format!("{}/{down}", place.shown));
        revisions.push(RevisionDir {
            up: migration.up.into_owned(),
            down: migration.down.map(Into::into),
            head: RecordHead {
                message: migration.message,
                parents: migration.parents,
                ..RevisionDir::named(&file.id).head
            },
            record: record.to_string(),
            adopted: migration.adopted,
            files: Some(AdoptedDir { up: shown, down: shown_down }),
            ..RevisionDir::named(&file.id)
        });
    }
    Ok(revisions)
}

impl RevisionDir {
    /// A revision without texts.
    pub fn named(id: &RevisionId) -> RevisionDir {
        let head =
            RecordHead { format: 0, message: String::new(), parents: Vec::new(), replaces: Vec::new(), adopted: None };
        let (up, record) = (String::new(), String::new());
        RevisionDir { id: id.clone(), up, down: None, head, record, adopted: None, files: None }
    }
}
