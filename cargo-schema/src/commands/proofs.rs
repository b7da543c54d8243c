//! Which revisions PostgreSQL has already proven here, so that `check` needs no server when nothing changed.
//!
//! A mark is an empty file named by a hash over the revision, everything before it and this version of the tool. Losing the marks
//! costs only time.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::world::World;
use crate::project::RevisionDir;

/// The marks of this user.
pub(super) struct Proofs {
    folder: Option<PathBuf>,
}

impl Proofs {
    /// Where the dev database keeps its things; a machine without such a place has no marks.
    pub fn open(world: &World<'_>) -> Proofs {
        let places = world.dev_options().places();
        Proofs { folder: places.ok().map(|places| places.cache.join("proofs")) }
    }

    /// Whether the revision with this key is proven.
    pub fn has(&self, key: &str) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.join(key).is_file())
    }

    /// Notes that it is.
    pub fn add(&self, key: &str) {
        let Some(folder) = &self.folder else { return };
        // A mark that cannot be written is made again next time.
        let _ = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(key), ""));
    }
}

/// One key a revision, for revisions in their order.
pub(super) fn keys<'r>(revisions: impl IntoIterator<Item = &'r RevisionDir>) -> Vec<String> {
    let mut chain = Sha256::new_with_prefix(concat!("proof ", env!("CARGO_PKG_VERSION")));
    let key = |revision: &RevisionDir| {
        for text in [revision.id.as_str(), &revision.up, revision.down.as_deref().unwrap_or_default(), &revision.record]
        {
            chain.update((text.len() as u64).to_le_bytes());
            chain.update(text);
        }
        format!("{:x}", chain.clone().finalize())
    };
    revisions.into_iter().map(key).collect()
}
