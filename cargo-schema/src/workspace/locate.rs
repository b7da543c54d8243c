//! Finding the workspace from a folder or a `--manifest-path`, by reading manifests only.
//!
//! It follows cargo's rule: the nearest Cargo.toml, then `package.workspace`, else the nearest one above with a `[workspace]` that
//! does not exclude the package. It does not check membership; cargo does that when packages are asked for.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::WorkspaceError;

/// A manifest as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Where.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// A workspace, and the package the user stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The manifest of the workspace's root.
    pub root: Manifest,
    /// The nearest manifest, when it is another one: a member.
    pub member: Option<Manifest>,
}

impl Manifest {
    /// Reads one.
    pub fn read(path: &Path) -> Result<Manifest, WorkspaceError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| WorkspaceError::Unreadable { path: path.to_owned(), source })?;
        Ok(Manifest { path: path.to_owned(), text })
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    fn parsed(&self) -> Result<DeTable<'_>, WorkspaceError> {
        let parsed = DeTable::parse(&self.text);
        parsed.map(toml::Spanned::into_inner).map_err(|error| WorkspaceError::Toml {
            path: self.path.clone(),
            problem: error.to_string().trim_end().to_owned(),
        })
    }
}

impl Location {
    /// The folder of the workspace.
    pub fn folder(&self) -> &Path {
        self.root.folder()
    }
}

/// Finds the workspace of `current`, or of a manifest that was named.
pub fn locate(current: &Path, manifest_path: Option<&Path>) -> Result<Location, WorkspaceError> {
    let nearest = match manifest_path {
        Some(path) => {
            let path = current.join(path);
            Manifest::read(&if path.is_dir() { path.join("Cargo.toml") } else { path })?
        }
        None => nearest(current)?,
    };
    match root_of(&nearest)? {
        Some(root) => Ok(Location { root, member: Some(nearest) }),
        None => Ok(Location { root: nearest, member: None }),
    }
}

fn nearest(current: &Path) -> Result<Manifest, WorkspaceError> {
    let found = current.ancestors().map(|folder| folder.join("Cargo.toml")).find(|path| path.is_file());
    let found = found.ok_or_else(|| WorkspaceError::NoManifest { from: current.to_owned() })?;
    Manifest::read(&found)
}

/// The root, when it is another manifest.
fn root_of(nearest: &Manifest) -> Result<Option<Manifest>, WorkspaceError> {
    let parsed = nearest.parsed()?;
    if parsed.contains_key("workspace") {
        return Ok(None);
    }
    if let Some(named) = at(&parsed, &["package", "workspace"]).and_then(DeValue::as_str) {
        return Manifest::read(&nearest.folder().join(named).join("Cargo.toml")).map(Some);
    }
    for folder in nearest.folder().ancestors().skip(1) {
        let path = folder.join("Cargo.toml");
        if !path.is_file() {
            continue;
        }
        let above = Manifest::read(&path)?;
        let parsed = above.parsed()?;
        if parsed.contains_key("workspace") {
            let outside = excludes(&parsed, folder, nearest.folder());
            drop(parsed);
            return Ok(if outside { None } else { Some(above) });
        }
    }
    Ok(None)
}

fn excludes(root: &DeTable<'_>, folder: &Path, package: &Path) -> bool {
    let excluded = at(root, &["workspace", "exclude"]).and_then(DeValue::as_array);
    let mut paths = excluded.into_iter().flat_map(|list| list.iter()).filter_map(|path| path.get_ref().as_str());
    paths.any(|path| package.starts_with(folder.join(path)))
}

fn at<'t, 'i>(table: &'t DeTable<'i>, path: &[&str]) -> Option<&'t DeValue<'i>> {
    let (last, tables) = path.split_last()?;
    let mut table = table;
    for name in tables {
        table = table.get(*name)?.get_ref().as_table()?;
    }
    Some(table.get(*last)?.get_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_member_belongs_to_the_workspace_above_unless_it_is_excluded() {
        let root = std::env::temp_dir().join(format!("schema-locate-{}", std::process::id()));
        write(root.join("Cargo.toml"), "[workspace]\nmembers = [\"a\"]\nexclude = [\"out\"]\n");
        write(root.join("a/Cargo.toml"), "[package]\nname = \"a\"\n");
        write(root.join("out/b/Cargo.toml"), "[package]\nname = \"b\"\n");
        std::fs::create_dir_all(root.join("a/src")).unwrap();

        let inside = locate(&root.join("a/src"), None).unwrap();
        assert_eq!(inside.folder(), root);
        assert_eq!(inside.member.unwrap().path, root.join("a/Cargo.toml"));
        let outside = locate(&root, Some(Path::new("out/b"))).unwrap();
        assert_eq!((outside.folder(), outside.member.is_none()), (root.join("out/b").as_path(), true));
        std::fs::remove_dir_all(&root).unwrap();
    }
}
