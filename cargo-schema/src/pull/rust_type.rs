//! The Rust type of a column: the inverse of the table in `schema-syntax/src/types.rs`.
//!
//! Which type infers to the column's own is not repeated here: the text is given back to `schema-syntax`, and `sql = ".."` is
//! written where the answer is another type. A type that no crate reads is kept in PostgreSQL's binary form.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::{QualifiedName, SqlType};
use schema_syntax::TypeContext;
use schema_syntax::rust_type::RustType;
use schema_syntax::token::lex;
use schema_syntax::types::{How, infer};

/// The crate whose types stand for dates and times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moments {
    /// `jiff`
    #[default]
    Jiff,
    /// `chrono`
    Chrono,
    /// `time`
    Time,
}

/// A crate that the structs name, and the feature of `schema-runtime` that knows its types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needed {
    /// As `cargo add` takes it.
    pub package: &'static str,
    /// Of `schema-runtime`.
    pub feature: &'static str,
}

const fn needed(package: &'static str, feature: &'static str) -> Option<Needed> {
    Some(Needed { package, feature })
}

const UUID: Option<Needed> = needed("uuid@1", "with-uuid-1");
const JSON: Option<Needed> = needed("serde_json@1", "with-serde_json-1");
const DECIMAL: Option<Needed> = needed("rust_decimal@1", "with-rust_decimal-1");
const CIDR: Option<Needed> = needed("cidr@0.3", "with-cidr-0_3");
const BITS: Option<Needed> = needed("bit-vec@0.8", "with-bit-vec-0_8");
const MAC: Option<Needed> = needed("eui48@1", "with-eui48-1");
const GEO: Option<Needed> = needed("geo-types@0.7", "with-geo-types-0_7");

/// What types are written with.
pub(super) struct TypeWriter<'t> {
    pub context: &'t TypeContext,
    pub moments: Moments,
    /// Rust paths of the enums and domains that are written too, by their SQL name.
    pub named: BTreeMap<QualifiedName, String>,
}

/// The type of one field, without `Option`.
pub(super) struct Written {
    pub text: String,
    /// `sql = ".."`, where the Rust type says another.
    pub sql: Option<String>,
}

impl TypeWriter<'_> {
    /// The Rust type of a column, and the crates it needs.
    pub fn write(&self, of: &SqlType, crates: &mut BTreeSet<Needed>) -> Written {
        let element = SqlType { array: false, ..of.clone() };
        let text = match self.element(&element) {
            Some((text, needs)) => {
                crates.extend(needs);
                if of.array { format!("Vec<{text}>") } else { text }
            }
            None => "schema_runtime::Raw".to_owned(),
        };
        let sql = (!self.infers(&text, of)).then(|| of.sql());
        Written { text, sql }
    }

    /// A type that a field has already, for the same SQL type.
    pub fn keep(&self, text: &str, of: &SqlType) -> Written {
        Written { text: text.to_owned(), sql: (!self.infers(text, of)).then(|| of.sql()) }
    }

    /// Whether the type by itself says the column's.
    fn infers(&self, text: &str, of: &SqlType) -> bool {
        let Ok(source) = lex(text) else { return false };
        match infer(&RustType::read(source.cursor()), self.context) {
            Ok(found) => match found.how {
                How::Named { name, array } => {
                    let path = of.user_type().and_then(|of| self.named.get(of));
                    let same = path.is_some_and(|path| path.rsplit("::").next() == Some(name.as_str()));
                    same && array == of.array && of.modifier.is_none()
                }
                _ => found.sql_type.as_ref() == Some(of),
            },
            Err(_) => false,
        }
    }

    fn element(&self, of: &SqlType) -> Option<(String, Option<Needed>)> {
        let Some(name) = of.user_type() else { return self.built_in(of.built_in_name()?) };
        if let Some(path) = self.named.get(name) {
            return Some((path.clone(), None));
        }
        // The driver knows these types of extensions by their names.
        let text = match name.name.as_str() {
            "citext" | "ltree" | "lquery" | "ltxtquery" => "String",
            "hstore" => "std::collections::HashMap<String, Option<String>>",
            _ => return None,
        };
        Some((text.to_owned(), None))
    }

    fn built_in(&self, name: &str) -> Option<(String, Option<Needed>)> {
        let (text, needs) = match name {
            "boolean" => ("bool", None),
            "smallint" => ("i16", None),
            "integer" => ("i32", None),
            "bigint" => ("i64", None),
            "real" => ("f32", None),
            "double precision" => ("f64", None),
            "text" | "varchar" | "char" | "name" => ("String", None),
            "\"char\"" => ("i8", None),
            "oid" => ("u32", None),
            "bytea" => ("Vec<u8>", None),
            "inet" => ("std::net::IpAddr", None),
            "uuid" => ("uuid::Uuid", UUID),
            "json" | "jsonb" => ("serde_json::Value", JSON),
            "numeric" => ("rust_decimal::Decimal", DECIMAL),
            "cidr" => ("cidr::IpCidr", CIDR),
            "bit" | "\"bit\"" | "varbit" => ("bit_vec::BitVec", BITS),
            "macaddr" => ("eui48::MacAddress", MAC),
            "point" => ("geo_types::Point<f64>", GEO),
            "box" => ("geo_types::Rect<f64>", GEO),
            "path" => ("geo_types::LineString<f64>", GEO),
            "date" | "time" | "timestamp" | "timestamptz" => self.moment(name),
            _ => return None,
        };
        Some((text.to_owned(), needs))
    }

    fn moment(&self, name: &str) -> (&'static str, Option<Needed>) {
        let (package, texts) = match self.moments {
            Moments::Jiff => (
                needed("jiff@0.2", "with-jiff-0_2"),
                ["jiff::civil::Date", "jiff::civil::Time", "jiff::civil::DateTime", "jiff::Timestamp"],
            ),
            Moments::Chrono => (
                needed("chrono@0.4", "with-chrono-0_4"),
                ["chrono::NaiveDate", "chrono::NaiveTime", "chrono::NaiveDateTime", "chrono::DateTime<chrono::Utc>"],
            ),
            Moments::Time => (
                needed("time@0.3", "with-time-0_3"),
                ["time::Date", "time::Time", "time::PrimitiveDateTime", "time::OffsetDateTime"],
            ),
        };
        let place = ["date", "time", "timestamp", "timestamptz"].iter().position(|of| *of == name).unwrap_or(0);
        (texts[place], package)
    }
}
