//! What the integration tests share: a throwaway server, later sandboxed projects and case files. No test lives here.

pub mod cluster;
pub mod random;
pub mod revisions;
pub mod synthetic;
