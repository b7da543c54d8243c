//! `cargo xtask demo`.

/// The task.
pub(crate) fn run() -> Result<(), String> {
    Err("not written yet".to_owned())
}
