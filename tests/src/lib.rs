//! What the integration tests share: a throwaway server, later sandboxed projects and case files. No test lives here.

pub mod app;
pub mod cases;
pub mod cluster;
pub mod dump;
pub mod originals;
pub mod random;
pub mod revisions;
pub mod synthetic;

/// The folder of real schemas, which is not part of the repository: `SCHEMA_CORPUS`, or `../shared/corpus` beside the workspace.
/// Tests that use it say so and pass when it is absent.
pub fn corpus() -> Option<std::path::PathBuf> {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let folder = std::env::var_os("SCHEMA_CORPUS").map_or_else(beside, Into::into);
    folder.is_dir().then_some(folder)
}
