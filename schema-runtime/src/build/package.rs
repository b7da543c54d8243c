//! The package that is built: its manifest, its targets' root files, its configuration. Read from files, because a build script must
//! not start another cargo.

use std::fs;
use std::path::{Path, PathBuf};

use schema_core::SqlType;
use schema_syntax::TypeContext;
use toml::{Table, Value};

/// What happens with drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// An error on the field.
    Deny,
    /// A warning.
    Warn,
    /// Nothing.
    Off,
}

/// What a build script can know of its package.
#[derive(Debug)]
pub(super) struct Package {
    /// The files that the configuration comes from.
    pub(super) manifests: Vec<PathBuf>,
    pub(super) migrations: PathBuf,
    /// The migrations folders of other owners that these build on.
    pub(super) after: Vec<PathBuf>,
    /// Whether the history belongs to this package alone, so that what it does not declare is gone.
    pub(super) owns_history: bool,
    pub(super) mode: Mode,
    pub(super) types: TypeContext,
    pub(super) default_schema: String,
    pub(super) features: Vec<String>,
    /// The root files of the library and the binaries.
    pub(super) roots: Vec<PathBuf>,
    /// The folder with what the structs do not say.
    pub(super) statements: PathBuf,
}

impl Package {
    pub(super) fn read(folder: &Path) -> Result<Package, String> {
        let own = manifest(&folder.join("Cargo.toml"))?;
        let outer = if own.contains_key("workspace") { None } else { workspace_above(folder) };
        let metadata =
            |table: &Table, place: &str| table.get(place)?.get("metadata")?.get("schema")?.as_table().cloned();
        let mut settings = metadata(&own, "workspace").unwrap_or_default();
        let mut base = folder.to_owned();
        let mut shared = false;
        if let Some((path, table)) = &outer {
            // The history of a workspace belongs to all its packages, unless one has a folder of its own.
            settings.extend(metadata(table, "workspace").unwrap_or_default());
            (base, shared) = (path.clone(), true);
        }
        let package = metadata(&own, "package").unwrap_or_default();
        if package.contains_key("migrations") {
            (base, shared) = (folder.to_owned(), false);
        }
        settings.extend(package);
        let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
        let schemas = settings.get("schemas").and_then(Value::as_array).and_then(|list| list.first()?.as_str());
        let after = settings.get("after").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let manifests =
            std::iter::once(folder.join("Cargo.toml")).chain(outer.map(|(path, _)| path.join("Cargo.toml")));
        Ok(Package {
            manifests: manifests.collect(),
            after: after.map(|folder| base.join(folder)).collect(),
            migrations: base.join(text("migrations").unwrap_or_else(|| "migrations".to_owned())),
            owns_history: !shared,
            mode: mode(text("build").as_deref()),
            types: types(&settings),
            default_schema: schemas.unwrap_or(schema_core::DEFAULT_SCHEMA).to_owned(),
            features: active_features(&own),
            roots: roots(folder, &own),
            statements: folder.join("schema"),
        })
    }
}

fn manifest(path: &Path) -> Result<Table, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.parse().map_err(|error| format!("{}: {error}", path.display()))
}

/// The nearest manifest above that is a workspace's.
fn workspace_above(folder: &Path) -> Option<(PathBuf, Table)> {
    let above = folder.ancestors().skip(1);
    above
        .map(|folder| (folder.to_owned(), manifest(&folder.join("Cargo.toml"))))
        .find_map(|(path, table)| table.ok().filter(|table| table.contains_key("workspace")).map(|table| (path, table)))
}

/// The environment comes before the configuration. What is built for documentation or packed is never denied.
fn mode(configured: Option<&str>) -> Mode {
    let said = std::env::var("SCHEMA_BUILD").ok();
    let mode = match said.as_deref().or(configured) {
        Some("off") => Mode::Off,
        Some("warn") => Mode::Warn,
        _ => Mode::Deny,
    };
    let elsewhere = std::env::var_os("DOCS_RS").is_some()
        || std::env::var_os("CARGO_MANIFEST_DIR").is_some_and(|folder| {
            Path::new(&folder).components().any(|part| part.as_os_str() == "package")
                && Path::new(&folder).join(".cargo_vcs_info.json").exists()
        });
    if elsewhere && mode == Mode::Deny { Mode::Warn } else { mode }
}

fn types(settings: &Table) -> TypeContext {
    let table = settings.get("types").and_then(Value::as_table);
    let pairs =
        table.into_iter().flatten().filter_map(|(name, of)| Some((name.clone(), SqlType::parse(of.as_str()?).ok()?)));
    TypeContext { types: pairs.collect() }
}

/// Cargo tells the active features in capitals with underscores; the manifest has their real names.
fn active_features(manifest: &Table) -> Vec<String> {
    let declared =
        manifest.get("features").and_then(Value::as_table).into_iter().flatten().map(|(name, _)| name.clone());
    let optional =
        manifest.get("dependencies").and_then(Value::as_table).into_iter().flatten().map(|(name, _)| name.clone());
    let active = |name: &String| {
        let variable = format!("CARGO_FEATURE_{}", name.to_uppercase().replace('-', "_"));
        std::env::var_os(variable).is_some()
    };
    let mut names: Vec<String> = declared.chain(optional).filter(active).collect();
    names.sort();
    names.dedup();
    names
}

/// The root files of lib and bin targets: the configured paths and cargo's conventions.
fn roots(folder: &Path, manifest: &Table) -> Vec<PathBuf> {
    let path = |table: &Value| table.get("path").and_then(Value::as_str).map(|path| folder.join(path));
    let mut roots = vec![manifest.get("lib").and_then(path).unwrap_or_else(|| folder.join("src/lib.rs"))];
    roots.push(folder.join("src/main.rs"));
    roots.extend(manifest.get("bin").and_then(Value::as_array).into_iter().flatten().filter_map(path));
    let entries = fs::read_dir(folder.join("src/bin")).into_iter().flatten().flatten().map(|entry| entry.path());
    for entry in entries {
        roots.push(if entry.is_dir() { entry.join("main.rs") } else { entry });
    }
    roots.retain(|root| root.extension().is_some_and(|extension| extension == "rs") && root.is_file());
    roots.sort();
    roots.dedup();
    roots
}
