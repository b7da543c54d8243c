//! What the integration tests share: a throwaway server, later sandboxed projects and case files. No test lives here.

pub mod app;
pub mod cases;
pub mod cluster;
pub mod corpus;
pub mod dump;
pub mod measure;
pub mod notes;
pub mod original;
pub mod originals;
pub mod random;
pub mod repository;
pub mod revisions;
pub mod switching;
pub mod synthetic;
pub mod walk;
pub mod way;
