//! The graph of revisions: what stands before what, what is pending, and the way from one state to another.
//!
//! Revisions name their parents, and applied ones are compared by id: there is no high-water mark, so that a revision with an
//! older id that lands later is an ordinary case. Files and ledgers are read elsewhere.

mod adoption;
mod checkpoint;
mod checksum;
mod defect;
mod graph;
mod id;
mod migration;
#[cfg(test)]
mod properties;
mod record;
mod route;
mod target;

pub use adoption::{ADOPTED_EDITED, ADOPTED_MISSING, Adopted, AdoptedFile, Adoption, Tool, adapted, fits_transaction};
pub use checkpoint::{InForce, Node, Partial, in_force};
pub use checksum::{Checksums, Edit};
pub use defect::{
    Defect, REVISION_CYCLE, REVISION_DUPLICATE, REVISION_OWN_PARENT, REVISION_PARENT_MISSING, REVISION_PARENT_REPEATED,
};
pub use graph::Graph;
pub use id::{RevisionId, RevisionIdError};
pub use migration::{Migration, is_transactional};
pub use record::{FoldError, RecordError, RecordHead, RevisionRecord, fold};
pub use route::{Direction, RouteError};
pub use target::{Target, TargetError};
