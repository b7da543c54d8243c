//! What PostgreSQL has already shown here, so that `check` and `status` need no server when nothing changed: that a revision holds, and
//! that a database is what its revisions make.
//!
//! A mark is an empty file named by a hash over all that was looked at and this version of the tool. Losing the marks costs only time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schema_core::history::{Migration, RevisionId, Tool};
use schema_core::kinds::Object;
use sha2::{Digest, Sha256};

use super::world::World;
use crate::catalog::Observed;
use crate::project::{Project, RevisionDir};

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

    /// Whether what has this key was shown.
    pub fn has(&self, key: &str) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.join(key).is_file())
    }

    /// Notes that it was.
    pub fn add(&self, key: &str) {
        let Some(folder) = &self.folder else { return };
        // A mark that cannot be written is made again next time.
        let _ = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(key), ""));
    }
}

/// The key of a database that was read, and of the revisions that it is said to be made by.
pub(super) fn key_of_both(history: &[Migration], there: &Observed, tool: Option<Tool>) -> String {
    let mut whole = start();
    for revision in history {
        whole.update(format!("{} {}\n", revision.checksum(), revision.adopted.is_some()));
    }
    let objects: Vec<&Object> = there.schema.iter().map(|(_, object)| object).collect();
    // What a record can hold can be written down.
    let held = serde_json::to_vec(&(objects, &there.unmanaged)).expect("objects are strings, numbers and lists");
    whole.update(format!("{tool:?} {:?} {}\n", there.scope, held.len()));
    whole.update(held);
    shown(&whole)
}

/// One key a revision, for revisions in their order.
pub(super) fn keys<'r>(revisions: impl IntoIterator<Item = &'r RevisionDir>) -> Vec<String> {
    let mut chain = start();
    let key = |revision: &RevisionDir| {
        add(&mut chain, revision);
        shown(&chain)
    };
    revisions.into_iter().map(key).collect()
}

/// One key a revision of a project, in its order, over the revision and what it names as coming before it: what is parallel to it, and
/// may land any day, does not take its proof away.
pub(super) fn own_keys(project: &Project) -> Vec<String> {
    let mut chains: BTreeMap<&RevisionId, Sha256> = BTreeMap::new();
    let mut keys = Vec::with_capacity(project.revisions.len());
    for revision in &project.revisions {
        let parents = project.graph.parents(&revision.id);
        let mut chain = match parents.as_slice() {
            [] => start(),
            [parent] => chains.get(parent).cloned().unwrap_or_else(start),
            _ => {
                let before: BTreeSet<RevisionId> = project.graph.ancestors(&revision.id).into_iter().collect();
                let mut chain = start();
                project.revisions.iter().filter(|dir| before.contains(&dir.id)).for_each(|dir| add(&mut chain, dir));
                chain
            }
        };
        add(&mut chain, revision);
        keys.push(shown(&chain));
        chains.insert(&revision.id, chain);
    }
    keys
}

fn start() -> Sha256 {
    Sha256::new_with_prefix(concat!("proof ", env!("CARGO_PKG_VERSION")))
}

fn add(chain: &mut Sha256, revision: &RevisionDir) {
    for text in [revision.id.as_str(), &revision.up, revision.down.as_deref().unwrap_or_default(), &revision.record] {
        chain.update((text.len() as u64).to_le_bytes());
        chain.update(text);
    }
}

fn shown(chain: &Sha256) -> String {
    format!("{:x}", chain.clone().finalize())
}
