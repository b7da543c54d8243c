//! The entries that `init` adds to a Cargo.toml.
//!
//! Pure. Comments, order and all that is there stay; an entry that is there in any form is left alone.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

const RUNTIME: &str = "schema-runtime";

/// A manifest with more in it.
pub(super) struct Additions {
    /// The new text.
    pub text: String,
    /// What was added.
    pub added: Vec<String>,
}

/// What a manifest is to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Dependencies only: the settings are the workspace's.
    Dependencies,
    /// Settings only: the packages with tables are others.
    Settings,
    /// Both.
    All,
}

/// Whether a manifest is one of a package, and not only the root of a workspace.
pub(super) fn has_package(text: &str) -> bool {
    text.parse::<DocumentMut>().is_ok_and(|manifest| manifest.contains_key("package"))
}

/// Whether a package has settings of its own.
pub(super) fn has_settings(text: &str) -> bool {
    let found = |manifest: DocumentMut| Some(manifest.get("package")?.get("metadata")?.get("schema").is_some());
    text.parse().ok().and_then(found).unwrap_or(false)
}

/// Adds what is missing; `None` when nothing is.
pub(super) fn with_additions(text: &str, wanted: Wanted) -> Result<Option<Additions>, toml_edit::TomlError> {
    let mut manifest: DocumentMut = text.parse()?;
    let mut added = Vec::new();
    if wanted != Wanted::Settings {
        added.extend(dependency(&mut manifest));
        added.extend(build_dependency(&mut manifest));
    }
    if wanted != Wanted::Dependencies && !has_settings(text) {
        added.extend(settings(&mut manifest));
    }
    Ok((!added.is_empty()).then(|| Additions { text: manifest.to_string(), added }))
}

fn dependency(manifest: &mut DocumentMut) -> Option<String> {
    let dependencies = section(manifest, "dependencies")?;
    if dependencies.contains_key(RUNTIME) {
        return None;
    }
    dependencies.insert(RUNTIME, value(version()));
    Some(format!("dependency {RUNTIME}"))
}

/// With the source that the dependency has: a version, a path or the workspace's.
fn build_dependency(manifest: &mut DocumentMut) -> Option<String> {
    let source = manifest.get("dependencies").and_then(|table| table.get(RUNTIME)).cloned();
    let dependencies = section(manifest, "build-dependencies")?;
    if dependencies.contains_key(RUNTIME) {
        return None;
    }
    let mut entry = InlineTable::new();
    let mut set = |key: &str, from: &dyn TableLike| {
        if let Some(Item::Value(found)) = from.get(key) {
            entry.insert(key, found.clone().decorated(" ", ""));
        }
    };
    match source.as_ref().and_then(Item::as_table_like) {
        Some(table) => {
            ["workspace", "version", "path", "git", "branch", "tag", "rev"].iter().for_each(|key| set(key, table))
        }
        None => {
            let version = source.as_ref().and_then(Item::as_str).map_or_else(version, str::to_owned);
            entry.insert("version", version.into());
        }
    }
    entry.insert("features", Value::Array(["build"].into_iter().collect()));
    dependencies.insert(RUNTIME, value(entry));
    Some(format!("build-dependency {RUNTIME}"))
}

fn settings(manifest: &mut DocumentMut) -> Option<String> {
    let owner = if manifest.contains_key("workspace") { "workspace" } else { "package" };
    let metadata =
        manifest.get_mut(owner)?.as_table_mut()?.entry("metadata").or_insert(implicit()).as_table_like_mut()?;
    if metadata.contains_key("schema") {
        return None;
    }
    let mut schema = Table::new();
    schema.insert("migrations", value("migrations"));
    metadata.insert("schema", Item::Table(schema));
    Some(format!("[{owner}.metadata.schema]"))
}

fn section<'m>(manifest: &'m mut DocumentMut, name: &str) -> Option<&'m mut dyn TableLike> {
    manifest.entry(name).or_insert(Item::Table(Table::new())).as_table_like_mut()
}

/// A table that is only there for the tables in it.
fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// What a new project should ask for.
fn version() -> String {
    format!("{}.{}", env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) {
        let additions = with_additions(before, Wanted::All).unwrap().unwrap();
        assert_eq!(additions.text, after);
        assert!(with_additions(&additions.text, Wanted::All).unwrap().is_none(), "twice is once");
    }

    #[test]
    fn a_new_package_gets_dependencies_and_settings() {
        check(
            "[package]\nname = \"shop\" # ours\n",
            "[package]\nname = \"shop\" # ours\n\n[package.metadata.schema]\nmigrations = \"migrations\"\n\n[dependencies]\nschema-runtime = \"0.1\"\n\n\
             [build-dependencies]\nschema-runtime = { version = \"0.1\", features = [\"build\"] }\n",
        );
    }

    #[test]
    fn the_build_dependency_comes_from_where_the_dependency_does() {
        check(
            "[package]\nname = \"shop\"\n\n[dependencies]\nschema-runtime = { path = \"../rt\", features = [\"tokio\"] }\n",
            "[package]\nname = \"shop\"\n\n[package.metadata.schema]\nmigrations = \"migrations\"\n\n[dependencies]\nschema-runtime = { path = \"../rt\", features = [\"tokio\"] }\n\n\
             [build-dependencies]\nschema-runtime = { path = \"../rt\", features = [\"build\"] }\n",
        );
    }
}
