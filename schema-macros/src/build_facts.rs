//! What build.rs has told: types of the configuration, what names of types stand for, and what has no migration yet.
//!
//! `schema_runtime::build::verify()` writes the variables, this reads them, and no other code may.
//! Without build.rs none is set and nothing here says anything.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use schema_core::{DEFAULT_SCHEMA, Ident, ObjectId, QualifiedName, SqlType};
use schema_syntax::TypeContext;
use schema_syntax::decl::Spanned;

/// Separates records and fields: characters that no name and no message holds.
const RECORD: char = '\u{1e}';
const FIELD: char = '\u{1f}';

/// The variables, in the order in which they are read.
const VARIABLES: [&str; 4] = ["SCHEMA_TYPES", "SCHEMA_NAMED", "SCHEMA_DEFAULT", "SCHEMA_DRIFT"];
type Texts = [String; 4];

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
    /// Reads the variables, once as long as they stay the same: a crate has a thousand derives, and a language server many crates.
    pub fn of_environment() -> Rc<BuildFacts> {
        thread_local!(static LAST: RefCell<(Texts, Rc<BuildFacts>)> = RefCell::default());
        let texts = VARIABLES.map(|variable| std::env::var(variable).unwrap_or_default());
        LAST.with_borrow_mut(|(last, facts)| {
            if *last != texts {
                *facts = Rc::new(BuildFacts::of_texts(&texts));
                *last = texts;
            }
            Rc::clone(facts)
        })
    }

    fn of_texts([types, named, default_schema, drift]: &Texts) -> BuildFacts {
        let types = records(types).filter_map(|[name, sql]| Some((name, SqlType::parse(&sql).ok()?)));
        BuildFacts {
            types: TypeContext { types: types.collect() },
            named: records(named).map(|[name, sql]| (name, sql)).collect(),
            default_schema: Ident::new(default_schema.as_str()).ok(),
            drift: records(drift).map(|[object, message]| (object, message)).collect(),
        }
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
fn records<const N: usize>(text: &str) -> impl Iterator<Item = [String; N]> {
    let fields = |record: &str| record.split(FIELD).map(str::to_owned).collect::<Vec<_>>().try_into().ok();
    text.split(RECORD).filter_map(fields)
}
