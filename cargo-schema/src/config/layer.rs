//! One table of settings in a manifest: read with the place of every key, so that a finding points at it.
//!
//! A setting that is wrong is a finding and counts as not given. What settings mean together is decided by the caller.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use schema_core::diagnostic::{Code, Diagnostic, Place};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::lints::{LintLevel, LintLevels};
use super::{BuildMode, setting};
use crate::workspace::Manifest;

/// A key that is no setting.
pub const SETTING_UNKNOWN: Code = Code::new("setting-unknown");
/// A value of the wrong kind.
pub const SETTING_VALUE: Code = Code::new("setting-value");

/// What one table says; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layer {
    pub migrations: Option<PathBuf>,
    pub namespace: Option<String>,
    pub after: Option<Vec<PathBuf>>,
    pub schemas: Option<Vec<String>>,
    pub types: BTreeMap<String, String>,
    pub build: Option<BuildMode>,
    pub packages: Option<Vec<String>>,
    pub database_url_env: Option<String>,
    pub dev_url: Option<String>,
    pub pg_bin: Option<PathBuf>,
    pub lints: LintLevels,
    pub databases: BTreeMap<String, Layer>,
}

impl Layer {
    /// The table `section` of a manifest; nothing when it is not there.
    pub(super) fn read(manifest: &Manifest, section: &[&str], shown: &str, findings: &mut Vec<Diagnostic>) -> Layer {
        let Ok(parsed) = DeTable::parse(&manifest.text) else { return Layer::default() };
        let mut table = parsed.get_ref();
        for name in section {
            match table.get(*name).and_then(|value| value.get_ref().as_table()) {
                Some(inner) => table = inner,
                None => return Layer::default(),
            }
        }
        let old = findings.len();
        let mut layer = Reader { manifest, shown, findings }.layer(table);
        // A table of TOML has its keys sorted by name; people read from top to bottom.
        findings[old..].sort_by_key(|finding| finding.primary.as_ref().map(|label| label.place.start));
        if layer.migrations.is_some() && section.first() == Some(&"package") {
            // A package with a migrations folder of its own has a history of its own.
            layer.packages = layer.packages.or_else(|| package_name(parsed.get_ref()).map(|name| vec![name]));
        }
        layer
    }

    /// This layer below `other`, which wins where it says something.
    pub(super) fn under(mut self, other: Layer) -> Layer {
        self.types.extend(other.types);
        self.lints.0.extend(other.lints.0);
        Layer {
            migrations: other.migrations.or(self.migrations),
            namespace: other.namespace.or(self.namespace),
            after: other.after.or(self.after),
            schemas: other.schemas.or(self.schemas),
            types: self.types,
            build: other.build.or(self.build),
            packages: other.packages.or(self.packages),
            database_url_env: other.database_url_env.or(self.database_url_env),
            dev_url: other.dev_url.or(self.dev_url),
            pg_bin: other.pg_bin.or(self.pg_bin),
            lints: self.lints,
            databases: BTreeMap::new(),
        }
    }
}

fn package_name(manifest: &DeTable<'_>) -> Option<String> {
    Some(manifest.get("package")?.get_ref().get("name")?.get_ref().as_str()?.to_owned())
}

struct Reader<'r> {
    manifest: &'r Manifest,
    shown: &'r str,
    findings: &'r mut Vec<Diagnostic>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn layer(&mut self, table: &DeTable<'_>) -> Layer {
        let mut layer = Layer::default();
        for (key, value) in table {
            // Attributes of structs are spelled with `_`, manifests with `-`; both are understood.
            let name = key.get_ref().replace('_', "-");
            match name.as_str() {
                "migrations" => layer.migrations = self.path(&name, value),
                "namespace" => layer.namespace = self.text(&name, value),
                "after" => {
                    let folders = self.texts(&name, value);
                    let folder = self.manifest.folder();
                    layer.after = folders.map(|list| list.iter().map(|text| folder.join(text)).collect());
                }
                "schemas" => layer.schemas = self.texts(&name, value),
                "types" => layer.types = self.table_of(&name, value, |text| Some(text.to_owned()), "a table of texts"),
                "build" => layer.build = self.build(&name, value),
                "packages" => layer.packages = self.texts(&name, value),
                "database-url-env" => layer.database_url_env = self.text(&name, value),
                "dev-url" => layer.dev_url = self.text(&name, value),
                "pg-bin" => layer.pg_bin = self.path(&name, value),
                "lints" => layer.lints = self.lints(&name, value),
                "databases" => layer.databases = self.databases(&name, value),
                _ => self.findings.push(setting::unknown(key.get_ref(), self.place(key.span()))),
            }
        }
        layer
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place { file: self.shown.to_owned(), start: span.start, end: span.end }
    }

    fn checked<T>(
        &mut self,
        key: &str,
        value: &Value<'_>,
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
        wanted: &str,
    ) -> Option<T> {
        let found = read(value.get_ref());
        if found.is_none() {
            self.findings.push(setting::wrong(key, self.place(value.span()), wanted));
        }
        found
    }

    fn text(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        self.checked(key, value, |value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned), "a text")
    }

    /// Paths count from the folder of the manifest that has them.
    fn path(&mut self, key: &str, value: &Value<'_>) -> Option<PathBuf> {
        self.text(key, value).map(|text| self.manifest.folder().join(text))
    }

    fn texts(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
        let read = |value: &DeValue<'_>| {
            let list = value.as_array()?.iter();
            list.map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
        };
        self.checked(key, value, read, "a list of texts")
    }

    fn build(&mut self, key: &str, value: &Value<'_>) -> Option<BuildMode> {
        let read = |value: &DeValue<'_>| match value.as_str()? {
            "deny" => Some(BuildMode::Deny),
            "warn" => Some(BuildMode::Warn),
            "off" => Some(BuildMode::Off),
            _ => None,
        };
        self.checked(key, value, read, "\"deny\", \"warn\" or \"off\"")
    }

    fn lints(&mut self, key: &str, value: &Value<'_>) -> LintLevels {
        LintLevels(self.table_of(key, value, LintLevel::named, "\"allow\", \"warn\" or \"deny\" for each code"))
    }

    fn table_of<T>(
        &mut self,
        key: &str,
        value: &Value<'_>,
        read: impl Fn(&str) -> Option<T>,
        wanted: &str,
    ) -> BTreeMap<String, T> {
        let Some(table) = value.get_ref().as_table() else {
            self.findings.push(setting::wrong(key, self.place(value.span()), wanted));
            return BTreeMap::new();
        };
        let read_entry = |(name, value): (&Spanned<_>, &Value<'_>)| -> Option<(String, T)> {
            let name: &str = AsRef::<str>::as_ref(name.get_ref() as &std::borrow::Cow<'_, str>);
            Some((name.to_owned(), self.checked(key, value, |value| read(value.as_str()?), wanted)?))
        };
        table.iter().filter_map(read_entry).collect()
    }

    fn databases(&mut self, key: &str, value: &Value<'_>) -> BTreeMap<String, Layer> {
        let mut databases = BTreeMap::new();
        let Some(table) = value.get_ref().as_table() else {
            self.findings.push(setting::wrong(key, self.place(value.span()), "a table of tables"));
            return databases;
        };
        for (name, value) in table {
            match value.get_ref().as_table() {
                Some(inner) => drop(databases.insert(name.get_ref().to_string(), self.layer(inner))),
                None => self.findings.push(setting::wrong(key, self.place(value.span()), "a table of tables")),
            }
        }
        databases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<(String, Vec<String>, String)> {
        let manifest = Manifest { path: PathBuf::from("/w/Cargo.toml"), text: text.to_owned() };
        let mut findings = Vec::new();
        Layer::read(&manifest, &["package", "metadata", "schema"], "Cargo.toml", &mut findings);
        let pointed = |finding: &Diagnostic| {
            let place = &finding.primary.as_ref().unwrap().place;
            text[place.start..place.end].to_owned()
        };
        findings.iter().map(|finding| (finding.message.clone(), finding.help.clone(), pointed(finding))).collect()
    }

    #[test]
    fn a_misspelled_setting_is_answered_with_the_right_one() {
        let found = findings("[package.metadata.schema]\nmigration = \"m\"\n");
        assert_eq!(found[0].1, ["did you mean `migrations`?"]);
        assert_eq!(found[0].2, "migration");
    }

    #[test]
    fn every_wrong_value_is_found_at_once() {
        let found = findings(
            "[package.metadata.schema]\nbuild = \"maybe\"\nschemas = \"public\"\npg_bin = 1\n[package.metadata.schema.lints]\ncolumn-dropped = \"error\"\n",
        );
        let pointed: Vec<&str> = found.iter().map(|(_, _, pointed)| pointed.as_str()).collect();
        assert_eq!(pointed, ["\"maybe\"", "\"public\"", "1", "\"error\""]);
        assert_eq!(found[0].0, "`build` must be \"deny\", \"warn\" or \"off\"; the setting would have no effect");
    }
}
