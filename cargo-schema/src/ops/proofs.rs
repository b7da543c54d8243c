//! Which revisions were proven on this machine: one empty file each, named by the hash of what was proven.
//!
//! A mark says that this text, after these texts, does what it records. Losing the folder costs time, never correctness.

use std::fs;
use std::path::{Path, PathBuf};

use schema_core::history::{Migration, RevisionRecord};
use sha2::{Digest, Sha256};

/// The folder of the marks.
#[derive(Clone, Debug)]
pub struct Proofs {
    folder: PathBuf,
}

impl Proofs {
    /// The marks below the tool's cache folder.
    pub fn under(cache: &Path) -> Proofs {
        Proofs { folder: cache.join("proofs") }
    }

    /// Whether the proof of this key was made.
    pub fn has(&self, key: &str) -> bool {
        self.folder.join(key).exists()
    }

    /// Notes a proof. A folder that cannot be written only means that the proof is made again.
    pub fn mark(&self, key: &str) {
        if fs::create_dir_all(&self.folder).is_ok() {
            let _ = fs::write(self.folder.join(key), "");
        }
    }
}

/// One key a revision: its texts and record, and the texts of everything before it.
pub fn keys(history: &[(Migration, RevisionRecord)]) -> Vec<String> {
    let mut chain = Sha256::new_with_prefix("proof 1");
    let keys = history.iter().map(|(revision, record)| {
        chain.update(revision.checksum());
        let own = chain.clone().chain_update(record.to_string());
        format!("{:x}", own.finalize())
    });
    keys.collect()
}
