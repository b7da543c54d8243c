//! The members that have tables, with the root files of their targets, as cargo sees them.
//!
//! `cargo metadata --no-deps` reads manifests only: no network, no lock file, about 20 ms. Sources are read by the scan.

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

use super::WorkspaceError;

/// A crate whose dependants may have tables.
const RUNTIME: &str = "schema-runtime";

/// The packages of a workspace that depend on `schema-runtime`, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The root's folder.
    pub folder: PathBuf,
    /// The packages that are meant.
    pub packages: Vec<Package>,
    /// The others.
    pub others: Vec<Package>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its manifest.
    pub manifest: PathBuf,
    /// Whether its own settings name a migrations folder, so that the workspace's history is not about it.
    pub own_history: bool,
    /// Library first, then programs by name.
    pub targets: Vec<Target>,
    /// The features that are on by default, with what they enable in this package.
    pub features: Vec<String>,
}

/// One crate of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Library or program.
    pub kind: TargetKind,
    /// Its name.
    pub name: String,
    /// Its root file.
    pub file: PathBuf,
}

/// Tests, examples, benchmarks and build scripts declare no tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// A library of any crate type, but no procedural macro.
    Library,
    /// A program.
    Program,
}

/// Asks cargo. `wanted` names packages; all without a history of their own when it is empty.
pub fn discover(manifest: &Path, wanted: &[String]) -> Result<Workspace, WorkspaceError> {
    let metadata = described(manifest)?;
    let packages = with_tables(&metadata);
    for name in wanted {
        if packages.iter().any(|package| &package.name == name) {
            continue;
        }
        named(&metadata, name)?;
        return Err(WorkspaceError::WithoutRuntime { name: name.clone() });
    }
    let meant = |package: &Package| match wanted {
        [] => !package.own_history,
        _ => wanted.contains(&package.name),
    };
    let (packages, others) = packages.into_iter().partition(meant);
    Ok(Workspace { folder: metadata.workspace_root.into(), packages, others })
}

/// The names of all members, whatever they depend on.
pub fn members(manifest: &Path) -> Result<Vec<String>, WorkspaceError> {
    Ok(names(&described(manifest)?))
}

/// The manifest of a member, whatever it depends on.
pub fn manifest_of(manifest: &Path, name: &str) -> Result<PathBuf, WorkspaceError> {
    named(&described(manifest)?, name)
}

fn named(metadata: &Metadata, name: &str) -> Result<PathBuf, WorkspaceError> {
    let found = own(metadata).find(|package| package.name.as_str() == name);
    let found = found.map(|package| package.manifest_path.clone().into());
    found.ok_or_else(|| WorkspaceError::UnknownPackage { name: name.to_owned(), known: names(metadata) })
}

fn names(metadata: &Metadata) -> Vec<String> {
    let mut names: Vec<String> = own(metadata).map(|package| package.name.to_string()).collect();
    names.sort();
    names
}

/// The packages that are members.
fn own(metadata: &Metadata) -> impl Iterator<Item = &cargo_metadata::Package> {
    metadata.packages.iter().filter(|package| metadata.workspace_members.contains(&package.id))
}

fn described(manifest: &Path) -> Result<Metadata, WorkspaceError> {
    let mut command = MetadataCommand::new();
    // The crate runs `$CARGO` where it is set, which spares the proxy that chooses a cargo.
    let command = command.manifest_path(manifest).no_deps().other_options(["--offline".to_owned()]);
    command.exec().map_err(|error| WorkspaceError::Cargo { output: said(error) })
}

fn said(error: cargo_metadata::Error) -> String {
    match error {
        cargo_metadata::Error::CargoMetadata { stderr } => stderr,
        other => other.to_string(),
    }
}

fn with_tables(metadata: &Metadata) -> Vec<Package> {
    let users = own(metadata).filter(|package| {
        let mut dependencies = package.dependencies.iter();
        dependencies
            .any(|dependency| dependency.name == RUNTIME && dependency.kind == cargo_metadata::DependencyKind::Normal)
    });
    let mut packages: Vec<Package> = users.map(package).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    packages
}

fn package(package: &cargo_metadata::Package) -> Package {
    let mut targets: Vec<Target> = package.targets.iter().filter_map(target).collect();
    targets.sort();
    Package {
        name: package.name.to_string(),
        manifest: package.manifest_path.clone().into(),
        own_history: package.metadata.pointer("/schema/migrations").is_some(),
        targets,
        features: default_features(package),
    }
}

fn target(target: &cargo_metadata::Target) -> Option<Target> {
    use cargo_metadata::TargetKind as Cargo;
    let library =
        |kind: &Cargo| matches!(kind, Cargo::Lib | Cargo::RLib | Cargo::DyLib | Cargo::CDyLib | Cargo::StaticLib);
    let kind = match () {
        () if target.kind.iter().any(library) => TargetKind::Library,
        () if target.kind.contains(&Cargo::Bin) => TargetKind::Program,
        () => return None,
    };
    Some(Target { kind, name: target.name.clone(), file: target.src_path.clone().into() })
}

/// `default` and all that it turns on in the package itself.
fn default_features(package: &cargo_metadata::Package) -> Vec<String> {
    let mut on: Vec<String> = Vec::new();
    let mut open = vec!["default".to_owned()];
    while let Some(name) = open.pop() {
        let Some(enables) = package.features.get(&name) else { continue };
        if on.contains(&name) {
            continue;
        }
        open.extend(enables.iter().filter(|feature| !feature.contains([':', '/'])).cloned());
        on.push(name);
    }
    on.sort();
    on
}
