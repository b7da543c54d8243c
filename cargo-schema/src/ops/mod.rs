//! What commands do, apart from how they are called and shown: effects in the order in which a reader would tell them.

pub(crate) mod bodies;
pub mod checkpoint;
pub mod commute;
pub mod drift;
pub mod found;
pub mod generate;
pub mod load;
pub mod prove;
pub mod rebase;
pub mod record;
mod replay;
pub mod roles;
mod scope;
