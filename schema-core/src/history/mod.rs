//! The graph of revisions: what stands before what, what is pending, and the way from one state to another.
//!
//! Revisions name their parents, and applied ones are compared by id: there is no high-water mark, so that a revision with an
//! older id that lands later is an ordinary case. Files and ledgers are read elsewhere.

mod adoption;
mod checkpoint;
mod checksum;
mod defect;
mod footprint;
#[cfg(test)]
mod footprint_cases;
mod graph;
mod heads;
mod id;
mod migration;
#[cfg(test)]
mod properties;
mod record;
mod replant;
mod route;
mod target;
mod text_marks;

pub use adoption::{ADOPTED_EDITED, ADOPTED_MISSING, Adopted, AdoptedFile, Adoption, Tool, adapted, fits_transaction};
pub use checkpoint::{InForce, Node, Partial, in_force};
pub use checksum::{Checksums, Edit};
pub use defect::{
    Defect, REVISION_CYCLE, REVISION_DUPLICATE, REVISION_OWN_PARENT, REVISION_PARENT_MISSING, REVISION_PARENT_REPEATED,
};
pub use footprint::{Clash, Footprint, Mark, Meeting};
pub use graph::Graph;
pub use heads::{Conflict, Divided, HEADS_CONFLICT, two_branches};
pub use id::{RevisionId, RevisionIdError};
pub use migration::{Migration, is_transactional};
pub use record::{FoldError, RecordError, RecordHead, RevisionRecord, fold, fold_fitting, fold_onto};
pub use replant::{LeftOut, Replant, Replanted, composed};
pub use route::{Direction, RouteError};
pub use target::{Target, TargetError};
