//! What build.rs has told: types of the configuration, what names of types stand for, and what has no migration yet.
//!
//! `schema_runtime::build::verify()` writes the variables, this reads them, and no other code may.
//! Without build.rs none is set and nothing here says anything.

use std::collections::BTreeMap;

use schema_core::{DEFAULT_SCHEMA, Ident, ObjectId, QualifiedName, SqlType};
use schema_syntax::TypeContext;
use schema_syntax::decl::Spanned;

/// Separates records and fields: characters that no name and no message holds.
const RECORD: char = '\u{1e}';
const FIELD: char = '\u{1f}';

/// The facts of one build.
#[derive(Default)]
pub(crate) struct BuildFacts {
    /// The `[types]` table of the configuration.
    pub types: TypeContext,
    /// The SQL types of enums and domains by the last segment of their Rust paths.
    pub named: BTreeMap<String, String>,
    /// The PostgreSQL schema of tables that name none.
    default_schema: Option<Ident>,
    /// What is told, by the object's kind and name.
    drift: BTreeMap<String, String>,
}

impl BuildFacts {
    /// Reads the variables.
    pub fn of_environment() -> BuildFacts {
        let mut facts = BuildFacts::default();
        for [name, sql] in records("SCHEMA_TYPES") {
            facts.types.types.extend(SqlType::parse(&sql).ok().map(|of| (name, of)));
        }
        facts.named = records("SCHEMA_NAMED").map(|[name, sql]| (name, sql)).collect();
        facts.default_schema = std::env::var("SCHEMA_DEFAULT").ok().and_then(|name| Ident::new(name).ok());
        facts.drift = records("SCHEMA_DRIFT").map(|[object, message]| (object, message)).collect();
        facts
    }

    /// What the recorded history does not say of an object.
    pub fn drift(&self, id: &ObjectId) -> Option<&str> {
        if self.drift.is_empty() {
            return None;
        }
        self.drift.get(&format!("{} {id}", id.kind.words())).map(String::as_str)
    }

    /// A name in the PostgreSQL schema that was given, or in the default one.
    pub fn qualified(&self, schema: Option<&Spanned<Ident>>, name: &Ident) -> QualifiedName {
        let default = || self.default_schema.clone().unwrap_or_else(|| Ident::of(DEFAULT_SCHEMA));
        QualifiedName { schema: schema.map_or_else(default, |schema| schema.value.clone()), name: name.clone() }
    }
}

/// The records of one variable, those of another shape left out: a newer schema-runtime may write more.
fn records<const N: usize>(variable: &str) -> impl Iterator<Item = [String; N]> {
    let text = std::env::var(variable).unwrap_or_default();
    let records: Vec<[String; N]> = text
        .split(RECORD)
        .filter_map(|record| record.split(FIELD).map(str::to_owned).collect::<Vec<_>>().try_into().ok())
        .collect();
    records.into_iter()
}
