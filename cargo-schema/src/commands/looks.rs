//! Whether structs and history were found equal before, and nothing that was read then has changed since: the next look costs only the
//! reading of the files.
//!
//! A note is a small file in the cache, one a project and its settings: a hash over all that was read, and the paths of the sources.
//! Losing it costs only time.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::declared::{Sources, Structs};
use super::proofs::keys;
use super::world::World;
use crate::project::Project;

/// The note of one project.
pub(super) struct Look {
    /// Where the note is; a machine without such a place has none.
    file: Option<PathBuf>,
    /// The hash of everything but the sources.
    rest: String,
}

impl Look {
    /// The note about these sources and this history.
    pub fn of(world: &World<'_>, sources: &Sources, project: &Project) -> Look {
        // The name is that of the project and its settings, so that a changed setting is another note.
        let name =
            hash([env!("CARGO_PKG_VERSION"), &world.current.to_string_lossy(), &project.shown, &sources.described()]);
        let places = world.dev_options().places();
        let revisions = keys(&project.revisions).pop().unwrap_or_default();
        Look {
            file: places.ok().map(|places| places.cache.join("looks").join(&name)),
            rest: hash([&*name, &revisions]),
        }
    }

    /// Whether all is as it was when structs and history were equal.
    pub fn is_equal(&self) -> bool {
        let Some(note) = self.file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()) else { return false };
        let Some((noted, paths)) = note.split_once('\n') else { return false };
        let paths: Vec<&Path> = paths.lines().map(Path::new).collect();
        noted == self.hash(&paths)
    }

    /// Notes that they are equal and that nothing is to be said about them.
    pub fn note(&self, structs: &Structs) {
        let Some(file) = &self.file else { return };
        let paths: Vec<&Path> = structs.paths().iter().map(PathBuf::as_path).collect();
        let lines: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        // A path that a line cannot hold is not noted, nor is anything else then.
        if lines.iter().zip(&paths).any(|(line, path)| line.contains('\n') || Path::new(line) != *path) {
            return;
        }
        let note = format!("{}\n{}", self.hash(&paths), lines.join("\n"));
        let _ = file.parent().map(std::fs::create_dir_all).transpose().and_then(|_| std::fs::write(file, note));
    }

    /// Over the texts of the sources; a place where no file was is part of it, because a module may come to be there.
    fn hash(&self, paths: &[&Path]) -> String {
        let mut whole = Sha256::new_with_prefix(&self.rest);
        for path in paths {
            let text = std::fs::read(path).ok().or_else(|| listed(path));
            whole.update(text.as_ref().map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
            whole.update(text.unwrap_or_default());
        }
        format!("{:x}", whole.finalize())
    }
}

/// The names in a folder.
fn listed(folder: &Path) -> Option<Vec<u8>> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Some(names.join("\n").into_bytes())
}

fn hash<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut whole = Sha256::new();
    for text in texts {
        whole.update((text.len() as u64).to_le_bytes());
        whole.update(text);
    }
    format!("{:x}", whole.finalize())
}
