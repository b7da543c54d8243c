//! What commands do, apart from how they are called and shown: effects in the order in which a reader would tell them.

pub mod drift;
pub mod generate;
pub mod load;
pub mod prove;
mod replay;
mod scope;
