//! Writing a revision: all of it or nothing, and never over something that is there.
//!
//! The files go into a hidden folder beside the others, which gets its name in one step when everything is on the disk.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use schema_core::history::RevisionId;

/// Why a revision was not written. Nothing is left behind.
#[derive(Debug)]
pub enum WriteError {
    /// There is one of this name.
    Exists {
        /// Its folder.
        folder: PathBuf,
    },
    /// The system refused.
    File {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Exists { folder } => write!(f, "`{}` exists already; nothing was written", folder.display()),
            WriteError::File { path, source } => {
                write!(f, "cannot write `{}`: {source}; nothing was written", path.display())
            }
        }
    }
}

impl std::error::Error for WriteError {}

/// Writes the files of a new revision and gives back its folder.
pub fn write_revision(migrations: &Path, id: &RevisionId, files: &[(&str, &str)]) -> Result<PathBuf, WriteError> {
    let folder = migrations.join(id.as_str());
    if fs::symlink_metadata(&folder).is_ok() {
        return Err(WriteError::Exists { folder });
    }
    at(migrations, fs::create_dir_all(migrations))?;
    let draft = migrations.join(format!(".{id}.{}", std::process::id()));
    let written = fill(&draft, files).and_then(|()| publish(&draft, &folder));
    if written.is_err() {
        let _ = fs::remove_dir_all(&draft);
    }
    written?;
    at(migrations, sync_folder(migrations))?;
    Ok(folder)
}

/// The files of a revision that the tool writes.
const OWN: [&str; 3] = ["up.sql", "down.sql", "revision.toml"];

/// Removes a revision. It is hidden first, so that half of one is never read. Files that are none of the tool's go into the folder of its `heir`, or stay.
pub fn remove_revision(migrations: &Path, id: &RevisionId, heir: Option<&RevisionId>) -> Result<(), WriteError> {
    let (folder, hidden) = (migrations.join(id.as_str()), migrations.join(format!(".{id}.{}", std::process::id())));
    at(&folder, fs::rename(&folder, &hidden))?;
    let mut stays = false;
    for entry in at(&hidden, fs::read_dir(&hidden))? {
        let entry = at(&hidden, entry)?;
        if OWN.iter().any(|own| entry.file_name() == **own) {
            at(&entry.path(), fs::remove_file(entry.path()))?;
        } else if let Some(heir) = heir {
            at(&entry.path(), fs::rename(entry.path(), migrations.join(heir.as_str()).join(entry.file_name())))?;
        } else {
            stays = true;
        }
    }
    match stays {
        true => at(&folder, fs::rename(&hidden, &folder))?,
        false => at(&hidden, fs::remove_dir_all(&hidden))?,
    }
    at(migrations, sync_folder(migrations))
}

/// Replaces a file of a revision in one step.
pub fn replace_file(migrations: &Path, id: &RevisionId, name: &str, text: &str) -> Result<PathBuf, WriteError> {
    let folder = migrations.join(id.as_str());
    let (path, draft) = (folder.join(name), folder.join(format!(".{name}.{}", std::process::id())));
    let written = write_file(&draft, text).and_then(|()| fs::rename(&draft, &path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    at(&path, written)?;
    at(&folder, sync_folder(&folder))?;
    Ok(path)
}

fn fill(draft: &Path, files: &[(&str, &str)]) -> Result<(), WriteError> {
    at(draft, fs::create_dir(draft))?;
    for (name, text) in files {
        let path = draft.join(name);
        at(&path, write_file(&path, text))?;
    }
    at(draft, sync_folder(draft))
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A plain rename would take the place of an empty folder.
fn publish(draft: &Path, folder: &Path) -> Result<(), WriteError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let renamed = match renameat_with(CWD, draft, CWD, folder, RenameFlags::NOREPLACE) {
        // File systems that do not know the flag.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) if !folder.exists() => {
            fs::rename(draft, folder)
        }
        other => other.map_err(Into::into),
    };
    match renamed {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(WriteError::Exists { folder: folder.to_owned() }),
        other => at(folder, other),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, WriteError> {
    result.map_err(|source| WriteError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_tools_own_outlives_its_revision() {
        let migrations = std::env::temp_dir().join(format!("schema-remove-{}", std::process::id())).join("migrations");
        let ids = ["1_a", "2_b", "3_c"].map(|id| RevisionId::new(id).unwrap());
        let files = [("up.sql", "SELECT 1;\n"), ("notes.md", "why")];
        write_revision(&migrations, &ids[0], &files).unwrap();
        write_revision(&migrations, &ids[1], &files[..1]).unwrap();
        remove_revision(&migrations, &ids[0], Some(&ids[1])).unwrap();
        assert!(!migrations.join("1_a").exists());
        assert_eq!(fs::read_to_string(migrations.join("2_b/notes.md")).unwrap(), "why");
        remove_revision(&migrations, &ids[1], None).unwrap();
        assert!(!migrations.join("2_b/up.sql").exists() && migrations.join("2_b/notes.md").exists());
        write_revision(&migrations, &ids[2], &files[..1]).unwrap();
        remove_revision(&migrations, &ids[2], None).unwrap();
        assert!(!migrations.join("3_c").exists());
        fs::remove_dir_all(migrations.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_revision_is_written_whole_or_not_at_all() {
        let migrations = std::env::temp_dir().join(format!("schema-write-{}", std::process::id())).join("migrations");
        let id = RevisionId::new("1_a").unwrap();
        let folder = write_revision(&migrations, &id, &[("up.sql", "SELECT 1;\n")]).unwrap();
        assert_eq!(fs::read_to_string(folder.join("up.sql")).unwrap(), "SELECT 1;\n");

        assert!(matches!(write_revision(&migrations, &id, &[]), Err(WriteError::Exists { .. })));
        let other = RevisionId::new("2_b").unwrap();
        assert!(matches!(write_revision(&migrations, &other, &[("no/up.sql", "")]), Err(WriteError::File { .. })));
        fs::create_dir(migrations.join("3_c")).unwrap();
        assert!(matches!(
            write_revision(&migrations, &RevisionId::new("3_c").unwrap(), &[]),
            Err(WriteError::Exists { .. })
        ));
        let mut left: Vec<_> = fs::read_dir(&migrations).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["1_a", "3_c"]);
        fs::remove_dir_all(migrations.parent().unwrap()).unwrap();
    }
}
