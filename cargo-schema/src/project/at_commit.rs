//! The migrations folder as a commit has it: git writes its files into a folder that goes with the value.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The files of a folder at a commit.
#[derive(Debug)]
pub struct Exported {
    folder: PathBuf,
}

impl Exported {
    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        // What stays is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Writes out what `folder` holds at `reference`, which git understands; the error is what git or the file system says. A folder that the
/// commit does not have gives an empty one.
pub fn export(folder: &Path, reference: &str) -> Result<Exported, String> {
    static EXPORTS: AtomicUsize = AtomicUsize::new(0);
    let number = EXPORTS.fetch_add(1, Ordering::Relaxed);
    let place = std::env::temp_dir().join(format!("cargo-schema-{}-{number}", std::process::id()));
    let exported = Exported { folder: place };
    // git is asked from a folder that is there, whatever the commit has.
    let above = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder);
    let top = git(above, &["rev-parse", "--show-toplevel"])?;
    let top = PathBuf::from(String::from_utf8_lossy(&top).trim_end());
    let real =
        above.canonicalize().map_err(|error| error.to_string())?.join(folder.strip_prefix(above).unwrap_or(folder));
    let inside = real.strip_prefix(&top).unwrap_or(&real).to_string_lossy().into_owned();
    let commit = git(&top, &["rev-parse", "--verify", "--quiet", &format!("{reference}^{{commit}}")]);
    let commit = commit.map_err(|_| format!("git knows no commit `{reference}` here"))?;
    let commit = String::from_utf8_lossy(&commit).trim_end().to_owned();
    let names = git(&top, &["ls-tree", "-r", "-z", "--name-only", &commit, "--", &inside])?;
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let name = String::from_utf8_lossy(name).into_owned();
        let text = git(&top, &["show", &format!("{commit}:{name}")])?;
        let file = exported.folder.join(Path::new(&name).strip_prefix(&inside).unwrap_or(Path::new(&name)));
        let write =
            || std::fs::create_dir_all(file.parent().unwrap_or(&file)).and_then(|()| std::fs::write(&file, &text));
        write().map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(exported)
}

fn git(folder: &Path, words: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git").arg("-C").arg(folder).args(words).output();
    let output = output.map_err(|error| format!("git could not be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
