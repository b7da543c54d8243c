//! The `.sql` files of a package's `schema` folder: what the structs do not say, one statement an object.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::WorkspaceError;

/// The name of the folder, beside the package's manifest.
const FOLDER: &str = "schema";

/// What is in the folder of one package.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements {
    /// The files, by name.
    pub(super) files: Vec<PathBuf>,
    /// The folders that were looked into. The first may be missing.
    pub(super) folders: Vec<PathBuf>,
}

/// Looks for the files, in all folders below.
pub(super) fn statements(manifest: &Path) -> Result<Statements, WorkspaceError> {
    let folder = manifest.with_file_name(FOLDER);
    let mut found = Statements { files: Vec::new(), folders: vec![folder.clone()] };
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in WalkDir::new(&folder).min_depth(1).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| WorkspaceError::Unreadable { path: folder.clone(), source: error.into() })?;
        let is_sql = entry.path().extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"));
        match entry.file_type().is_dir() {
            true => found.folders.push(entry.into_path()),
            false if is_sql => found.files.push(entry.into_path()),
            false => {}
        }
    }
    Ok(found)
}
