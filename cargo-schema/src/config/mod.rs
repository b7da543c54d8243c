//! The settings of a run: flags before the environment, the environment before the manifests, and defaults for the rest.
//!
//! They stand in `[workspace.metadata.schema]` of the workspace's root and `[package.metadata.schema]` of a package, and are
//! explained in `docs/guide/configuration.md`. Servers are not contacted here.

mod layer;
mod lints;
mod setting;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use schema_core::diagnostic::Diagnostic;

use crate::workspace::{Location, Manifest, shown_path, url_from_env_file};
use layer::Layer;

pub use layer::{SETTING_UNKNOWN, SETTING_VALUE};
pub use lints::{LintLevel, LintLevels};

/// What build.rs does when structs and history differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuildMode {
    /// The build fails.
    #[default]
    Deny,
    /// The build warns.
    Warn,
    /// Nothing is compared.
    Off,
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The folder of the revisions.
    pub migrations: PathBuf,
    /// Whose revisions these are in the ledger of a database that several share.
    pub namespace: String,
    /// The migrations folders of other owners whose tables these revisions build on.
    pub after: Vec<PathBuf>,
    /// The PostgreSQL schemas that are managed, all when empty; the first is where tables go that name none, else `public`.
    pub schemas: Vec<String>,
    /// SQL types of Rust types, by the last segment of their path.
    pub types: BTreeMap<String, String>,
    /// What build.rs does.
    pub build: BuildMode,
    /// Levels of findings.
    pub lints: LintLevels,
    /// The packages whose structs are meant; all when empty.
    pub packages: Vec<String>,
    /// The database to work on; `None` for the embedded one.
    pub database_url: Option<DatabaseUrl>,
    /// The environment variable that names it.
    pub database_url_env: String,
    /// A server for throwaway databases.
    pub dev_url: Option<String>,
    /// The folder of the server's binaries.
    pub pg_bin: Option<PathBuf>,
}

/// A database URL and where it was found. It may hold a password, so it is shown through `schema_runtime::redacted` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// The URL.
    pub url: String,
    /// For example `--database-url` or `.env`.
    pub origin: String,
}

/// What was said outside the manifests. Paths count from `current`.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The folder the user stands in.
    pub current: PathBuf,
    /// `--database`
    pub database: Option<String>,
    /// `--migrations`
    pub migrations: Option<PathBuf>,
    /// `--package`
    pub packages: Vec<String>,
    /// `--database-url`
    pub database_url: Option<String>,
    /// `--dev-url`
    pub dev_url: Option<String>,
    /// `--pg-bin`
    pub pg_bin: Option<PathBuf>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
}

/// Puts the settings together. Findings are about the manifests.
pub fn resolve(location: Option<&Location>, said: &Said) -> (Config, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let mut layer = Layer::default();
    let mut databases = BTreeSet::new();
    for (manifest, section) in location.into_iter().flat_map(sections) {
        let read = Layer::read(manifest, section, &shown_path(&manifest.path, &said.current), &mut findings);
        databases.extend(read.databases.keys().cloned());
        let chosen = said.database.as_ref().and_then(|name| read.databases.get(name)).cloned();
        layer = layer.under(read);
        layer = chosen.into_iter().fold(layer, Layer::under);
    }
    if let Some(name) = said.database.as_ref().filter(|name| !databases.contains(*name)) {
        findings.push(setting::unknown_database(name, &databases));
    }
    (merged(layer, location, said), findings)
}

/// The tables that may hold settings, the general before the special.
fn sections(location: &Location) -> Vec<(&Manifest, &'static [&'static str])> {
    const WORKSPACE: &[&str] = &["workspace", "metadata", "schema"];
    const PACKAGE: &[&str] = &["package", "metadata", "schema"];
    let root = [(&location.root, WORKSPACE), (&location.root, PACKAGE)];
    root.into_iter().chain(location.member.as_ref().map(|member| (member, PACKAGE))).collect()
}

fn merged(layer: Layer, location: Option<&Location>, said: &Said) -> Config {
    let folder = location.map_or(said.current.as_path(), Location::folder);
    let from_env = |name: &str| said.environment.get(name).filter(|value| !value.is_empty()).cloned();
    let database_url_env = layer.database_url_env.unwrap_or_else(|| "DATABASE_URL".to_owned());
    Config {
        migrations: match &said.migrations {
            Some(path) => said.current.join(path),
            None => layer.migrations.unwrap_or_else(|| folder.join("migrations")),
        },
        namespace: layer.namespace.unwrap_or_else(|| schema_runtime::Options::default().namespace),
        after: layer.after.unwrap_or_default(),
        schemas: layer.schemas.unwrap_or_default(),
        types: layer.types,
        build: layer.build.unwrap_or_default(),
        lints: layer.lints,
        packages: if said.packages.is_empty() { layer.packages.unwrap_or_default() } else { said.packages.clone() },
        database_url: database_url(folder, said, &database_url_env),
        dev_url: said.dev_url.clone().or_else(|| from_env("SCHEMA_DEV_URL")).or(layer.dev_url),
        pg_bin: match &said.pg_bin {
            Some(path) => Some(said.current.join(path)),
            None => from_env("SCHEMA_PG_BIN").map(PathBuf::from).or(layer.pg_bin),
        },
        database_url_env,
    }
}

fn database_url(folder: &Path, said: &Said, variable: &str) -> Option<DatabaseUrl> {
    let flag = said.database_url.clone().map(|url| DatabaseUrl { url, origin: "--database-url".to_owned() });
    let environment = || {
        let url = said.environment.get(variable).filter(|url| !url.is_empty())?;
        Some(DatabaseUrl { url: url.clone(), origin: variable.to_owned() })
    };
    let file = || {
        let found = url_from_env_file(folder, variable)?;
        Some(DatabaseUrl { url: found.value, origin: shown_path(&found.path, &said.current) })
    };
    flag.or_else(environment).or_else(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(root: &str, member: Option<&str>) -> Location {
        let manifest = |path: &str, text: &str| Manifest { path: PathBuf::from(path), text: text.to_owned() };
        Location {
            root: manifest("/w/Cargo.toml", root),
            member: member.map(|text| manifest("/w/app/Cargo.toml", text)),
        }
    }

    fn said() -> Said {
        Said { current: PathBuf::from("/w"), ..Said::default() }
    }

    #[test]
    fn a_package_says_more_than_its_workspace_and_a_flag_more_than_both() {
        let location = location(
            "[workspace.metadata.schema]\nmigrations = \"db\"\nbuild = \"warn\"\ntypes = { Money = \"numeric\" }\n",
            Some(
                "[package]\nname = \"app\"\n[package.metadata.schema]\nmigrations = \"own\"\ntypes = { Id = \"uuid\" }\n",
            ),
        );
        let (config, findings) = resolve(Some(&location), &said());
        assert_eq!(findings, []);
        assert_eq!(config.migrations, Path::new("/w/app/own"));
        assert_eq!((config.build, config.types.len()), (BuildMode::Warn, 2));
        assert_eq!(config.packages, ["app"], "a history of its own");
        let flag = Said { migrations: Some("m".into()), ..said() };
        assert_eq!(resolve(Some(&location), &flag).0.migrations, Path::new("/w/m"));
    }

    #[test]
    fn a_database_has_settings_of_its_own() {
        let location = location(
            "[workspace.metadata.schema]\nbuild = \"off\"\n[workspace.metadata.schema.databases.stats]\nmigrations = \"stats\"\n",
            None,
        );
        let chosen = Said { database: Some("stats".into()), ..said() };
        let (config, findings) = resolve(Some(&location), &chosen);
        assert_eq!(
            (config.migrations.as_path(), config.build, findings.len()),
            (Path::new("/w/stats"), BuildMode::Off, 0)
        );
        let missing = Said { database: Some("stat".into()), ..said() };
        let findings = resolve(Some(&location), &missing).1;
        assert_eq!(findings[0].message, "`--database stat` names no entry of `databases` in the configuration");
    }

    #[test]
    fn the_database_comes_from_the_flag_or_the_environment() {
        let environment = BTreeMap::from([("DATABASE_URL".to_owned(), "postgresql://h/e".to_owned())]);
        let with = Said { environment, ..said() };
        let url = |said: &Said| resolve(None, said).0.database_url.map(|found| (found.url, found.origin));
        assert_eq!(url(&with), Some(("postgresql://h/e".into(), "DATABASE_URL".into())));
        let flag = Said { database_url: Some("postgresql://h/f".into()), ..with };
        assert_eq!(url(&flag), Some(("postgresql://h/f".into(), "--database-url".into())));
        assert_eq!(url(&said()), None);
    }
}
