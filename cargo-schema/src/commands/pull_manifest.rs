//! What the manifest of the package says about the crates that structs may name.
//!
//! Manifests are read, never written: what is missing is for the user to add.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike};

use super::failure::Failure;
use super::init_manifest::has_package;
use super::world::World;
use crate::pull::{Moments, Needed};
use crate::workspace::{Location, Manifest, manifest_of, members};

const RUNTIME: &str = "schema-runtime";

/// The manifest of the package, and the workspace's for what it inherits.
pub(super) struct Manifests {
    folder: PathBuf,
    package: DocumentMut,
    root: DocumentMut,
}

/// What is to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Packages, as `cargo add` takes them.
    pub packages: Vec<&'static str>,
    /// Features of `schema-runtime`.
    pub features: Vec<&'static str>,
    /// Whether `schema-runtime` itself is missing.
    pub runtime: bool,
}

impl Manifests {
    /// Those of the package that is named, or that the user stands in.
    pub fn of(world: &World<'_>) -> Result<Manifests, Failure> {
        let location = world.location()?;
        let package = place(world, location)?;
        let parsed = |text: &str| text.parse::<DocumentMut>().unwrap_or_default();
        Ok(Manifests {
            folder: package.folder().to_owned(),
            package: parsed(&package.text),
            root: parsed(&location.root.text),
        })
    }

    /// The package's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The crate for dates and times that the package has; jiff when it has none.
    pub fn moments(&self) -> Moments {
        match (self.has("jiff"), self.has("chrono"), self.has("time")) {
            (true, ..) | (false, false, false) => Moments::Jiff,
            (_, true, _) => Moments::Chrono,
            _ => Moments::Time,
        }
    }

    /// What the package lacks of these.
    pub fn missing(&self, needed: &BTreeSet<Needed>) -> Missing {
        let features = self.runtime_features();
        let package = |of: &Needed| of.package.split('@').next().unwrap_or_default();
        Missing {
            packages: needed.iter().filter(|of| !self.has(package(of))).map(|of| of.package).collect(),
            features: needed.iter().map(|of| of.feature).filter(|feature| !features.contains(*feature)).collect(),
            runtime: !self.has(RUNTIME),
        }
    }

    fn dependency(&self, name: &str) -> Option<&Item> {
        self.package.get("dependencies")?.get(name)
    }

    fn has(&self, name: &str) -> bool {
        self.dependency(name).is_some()
    }

    fn runtime_features(&self) -> BTreeSet<String> {
        let own = self.dependency(RUNTIME).and_then(Item::as_table_like);
        let inherited =
            self.root.get("workspace").and_then(|table| table.get("dependencies")?.get(RUNTIME)?.as_table_like());
        let inherits = own.is_some_and(|table| table.contains_key("workspace"));
        own.into_iter().chain(inherited.filter(|_| inherits)).flat_map(features).collect()
    }
}

/// The package that is to have the structs: the one that is named, else the one that the user stands in.
fn place(world: &World<'_>, location: &Location) -> Result<Manifest, Failure> {
    let nearest = location.member.as_ref().unwrap_or(&location.root);
    if let [name] = world.config.packages.as_slice() {
        return Ok(Manifest::read(&manifest_of(&nearest.path, name)?)?);
    }
    if has_package(&nearest.text) {
        return Ok(nearest.clone());
    }
    let names: Vec<String> = members(&nearest.path)?.iter().map(|name| format!("-p {name}")).collect();
    Err(Failure::usage(&format!(
        "this workspace has no package at its root, so there is no place for structs\n\
         help: name the package that is to have them: {}",
        names.join(" or ")
    )))
}

fn features(of: &dyn TableLike) -> Vec<String> {
    let list = of.get("features").and_then(Item::as_array);
    list.into_iter().flatten().filter_map(|feature| feature.as_str().map(str::to_owned)).collect()
}
