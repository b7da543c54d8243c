//! Part of cargo schema.

pub mod catalog;
pub mod devdb;
pub mod ops;
