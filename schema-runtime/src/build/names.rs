//! What the derives cannot see by themselves: the configured types, the names of enums and domains in other files, and the
//! PostgreSQL schema of what names none. With it they hold every field against what the scan has read.

use std::collections::BTreeMap;

use schema_core::{Ident, QualifiedName, SqlType};
use schema_syntax::decl::Spanned;
use schema_syntax::scan::{Declaration, SourceFile};

use super::{Report, package::Package};

/// Tells the derives.
pub(super) fn tell(package: &Package, files: &[SourceFile], default_schema: &Ident, report: &mut Report) {
    let types = package.types.types.iter().map(|(name, sql)| (name.clone(), sql.sql()));
    records("SCHEMA_TYPES", types, report);
    records("SCHEMA_NAMED", named(files, default_schema).into_iter(), report);
    if default_schema.as_str() != schema_core::DEFAULT_SCHEMA {
        report.line(&format!("cargo::rustc-env=SCHEMA_DEFAULT={default_schema}"));
    }
}

/// Enums and domains by their Rust names; names that two of them share are left out, as in the scan.
fn named(files: &[SourceFile], default_schema: &Ident) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    let sql = |schema: &Option<Spanned<Ident>>, name: &Ident| {
        let schema = schema.as_ref().map_or(default_schema, |schema| &schema.value).clone();
        SqlType::user(QualifiedName { schema, name: name.clone() }).sql()
    };
    for declaration in files.iter().flat_map(|file| &file.declarations) {
        let (ident, sql) = match declaration {
            Declaration::Enum(of) => (&of.ident.value, sql(&of.schema, &of.name.value)),
            Declaration::Domain(of) => (&of.ident.value, sql(&of.schema, &of.name.value)),
            Declaration::Table(_) | Declaration::Object(_) | Declaration::Sql(_) => continue,
        };
        found.entry(ident.clone()).and_modify(|known| *known = None).or_insert(Some(sql));
    }
    found.into_iter().filter_map(|(ident, sql)| Some((ident, sql?))).collect()
}

fn records(variable: &str, pairs: impl Iterator<Item = (String, String)>, report: &mut Report) {
    let shown: Vec<String> = pairs.map(|(name, sql)| format!("{name}\u{1f}{sql}")).collect();
    if !shown.is_empty() {
        report.line(&format!("cargo::rustc-env={variable}={}", shown.join("\u{1e}")));
    }
}
