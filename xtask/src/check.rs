//! `cargo xtask check`: what CI runs, in the order in which a mistake costs least.

use crate::process::{self, cargo};

/// The crates that are published, in the order of their dependencies.
const PUBLISHED: [&str; 5] = ["schema-core", "schema-syntax", "schema-macros", "schema-runtime", "cargo-schema"];

/// What applications and build scripts choose of the runtime; a warning there is one in their build.
const CHOICES: [&str; 4] = ["", "build", "tokio", "switch"];

/// The task.
pub(crate) fn run() -> Result<(), String> {
    process::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    crate::tidy::run()?;
    process::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]))?;
    for features in CHOICES {
        let of_one = ["clippy", "--package", "schema-runtime", "--features", features, "--", "-D", "warnings"];
        process::run(&mut cargo(&of_one))?;
    }
    process::run(
        cargo(&["doc", "--workspace", "--exclude", "schema-tests", "--no-deps", "--all-features"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    package()?;
    crate::test::run(&[])
}

/// Packs every published crate; what they depend on is taken from this workspace, not from a registry.
fn package() -> Result<(), String> {
    let mut arguments = vec!["package", "--allow-dirty", "--no-verify", "--quiet"];
    arguments.extend(PUBLISHED.iter().flat_map(|name| ["--package", name]));
    process::run(&mut cargo(&arguments))
}
