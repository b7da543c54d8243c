//! Writing Rust sources: each file in one step, and never over what nobody has read.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{ReadError, WriteError};

/// A file as it is and as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDraft {
    /// Where.
    pub path: PathBuf,
    /// Its text when it was read; none when it was absent.
    pub before: Option<String>,
    /// Its new text; none when it goes.
    pub after: Option<String>,
    /// Whether no module leads to it, so that what is there may be anybody's.
    pub is_fresh: bool,
}

impl SourceDraft {
    /// Reads what is there.
    pub fn read(path: PathBuf, after: Option<String>) -> Result<SourceDraft, ReadError> {
        let before = current(&path)?;
        Ok(SourceDraft { path, before, after, is_fresh: false })
    }

    /// A file that no module leads to.
    #[must_use]
    pub fn fresh(mut self) -> SourceDraft {
        self.is_fresh = true;
        self
    }
}

fn current(path: &Path) -> Result<Option<String>, ReadError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReadError { path: path.to_owned(), source }),
    }
}

/// Writes what changes. All new texts are on the disk before the first file is touched; a file that somebody has saved meanwhile
/// stops it.
pub fn write_sources(files: &[SourceDraft]) -> Result<(), WriteError> {
    let changed: Vec<&SourceDraft> = files.iter().filter(|file| file.before != file.after).collect();
    let mut drafts: Vec<PathBuf> = Vec::new();
    let result = prepared(&changed, &mut drafts).and_then(|()| published(&changed));
    for draft in drafts {
        // Those that were published have another name by now.
        let _ = fs::remove_file(draft);
    }
    result
}

fn draft_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

fn prepared(files: &[&SourceDraft], drafts: &mut Vec<PathBuf>) -> Result<(), WriteError> {
    for file in files {
        let same = current(&file.path).map_err(|error| WriteError::File { path: error.path, source: error.source })?;
        if same != file.before {
            return Err(WriteError::Exists { folder: file.path.clone() });
        }
        let Some(text) = &file.after else { continue };
        let folder = file.path.parent().unwrap_or(Path::new("."));
        at(folder, fs::create_dir_all(folder))?;
        let draft = draft_path(&file.path);
        drafts.push(draft.clone());
        at(&draft, fs::write(&draft, text))?;
    }
    Ok(())
}

fn published(files: &[&SourceDraft]) -> Result<(), WriteError> {
    for file in files {
        let draft = draft_path(&file.path);
        let done = match (&file.before, &file.after) {
            (_, None) => fs::remove_file(&file.path),
            // A link, unlike a rename, never takes the place of a file.
            (None, Some(_)) => fs::hard_link(&draft, &file.path),
            (Some(_), Some(_)) => fs::rename(&draft, &file.path),
        };
        at(&file.path, done)?;
    }
    Ok(())
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, WriteError> {
    result.map_err(|source| WriteError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_saved_meanwhile_is_kept() {
        let folder = std::env::temp_dir().join(format!("schema-sources-{}", std::process::id()));
        let path = folder.join("a/user.rs");
        let draft = |after: &str| SourceDraft::read(path.clone(), Some(after.to_owned())).unwrap();
        write_sources(&[draft("one")]).unwrap();
        let stale = draft("two");
        fs::write(&path, "by hand").unwrap();
        assert!(matches!(write_sources(&[stale]), Err(WriteError::Exists { .. })));
        write_sources(&[draft("three")]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        write_sources(&[SourceDraft::read(path.clone(), None).unwrap()]).unwrap();
        assert_eq!(fs::read_dir(folder.join("a")).unwrap().count(), 0);
        fs::remove_dir_all(&folder).unwrap();
    }
}
