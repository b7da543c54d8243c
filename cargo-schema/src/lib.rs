//! Part of cargo schema.

pub mod devdb;
