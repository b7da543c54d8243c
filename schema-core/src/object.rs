//! What names an object of a schema, whatever its kind.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{DEFAULT_SCHEMA, Ident, QualifiedName, join_name};

/// The kind of an object, in the order in which kinds are created when nothing else decides.
///
/// A type must exist before a column of it, and a foreign key comes last because cycles of tables are normal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// A PostgreSQL schema (`pg_namespace`).
    Schema,
    /// An extension (`pg_extension`).
    Extension,
    /// An enum type (`pg_type`, `pg_enum`).
    Enum,
    /// A label of an enum; only renames name it.
    EnumValue,
    /// A domain (`pg_type`, typtype `d`).
    Domain,
    /// A free-standing sequence (`pg_sequence`).
    Sequence,
    /// A table (`pg_class`).
    Table,
    /// A column (`pg_attribute`).
    Column,
    /// A primary key (`pg_constraint`, contype `p`).
    PrimaryKey,
    /// A unique constraint (contype `u`).
    Unique,
    /// A check constraint (contype `c`).
    Check,
    /// An exclusion constraint (contype `x`).
    Exclusion,
    /// An index that backs no constraint (`pg_index`).
    Index,
    /// What an index is chosen for (`indisreplident`, `indisclustered`).
    IndexMark,
    /// A foreign key (contype `f`).
    ForeignKey,
}

impl KindName {
    /// The words of PostgreSQL for the kind.
    pub fn words(self) -> &'static str {
        match self {
            KindName::Schema => "schema",
            KindName::Extension => "extension",
            KindName::Enum => "enum",
            KindName::EnumValue => "enum value",
            KindName::Domain => "domain",
            KindName::Sequence => "sequence",
            KindName::Table => "table",
            KindName::Column => "column",
            KindName::PrimaryKey => "primary key",
            KindName::Unique => "unique constraint",
            KindName::Check => "check",
            KindName::Exclusion => "exclusion constraint",
            KindName::Index => "index",
            KindName::IndexMark => "mark of an index",
            KindName::ForeignKey => "foreign key",
        }
    }
}

/// What names an object: its kind and the names that lead to it.
///
/// The path is `[name]` for a PostgreSQL schema or an extension, `[schema, table, name]` for what lives in a table,
/// `[schema, type, label]` for an enum value, and `[schema, name]` for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectId {
    /// The kind.
    pub kind: KindName,
    /// The names, outermost first.
    pub path: Vec<Ident>,
}

/// By kind, then name by name. Written out because maps of objects compare little else, and build.rs runs this unoptimised.
impl Ord for ObjectId {
    fn cmp(&self, other: &ObjectId) -> Ordering {
        if self.kind != other.kind {
            return (self.kind as u8).cmp(&(other.kind as u8));
        }
        let (ours, theirs) = (self.path.as_slice(), other.path.as_slice());
        let mut at = 0;
        while at < ours.len() && at < theirs.len() {
            match ours[at].as_str().as_bytes().cmp(theirs[at].as_str().as_bytes()) {
                Ordering::Equal => at += 1,
                different => return different,
            }
        }
        ours.len().cmp(&theirs.len())
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &ObjectId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl ObjectId {
    /// An object directly in a PostgreSQL schema.
    pub fn top(kind: KindName, name: &QualifiedName) -> ObjectId {
        ObjectId { kind, path: vec![name.schema.clone(), name.name.clone()] }
    }

    /// An object inside a table or an enum.
    pub fn inner(kind: KindName, outer: &QualifiedName, name: &Ident) -> ObjectId {
        ObjectId { kind, path: vec![outer.schema.clone(), outer.name.clone(), name.clone()] }
    }

    /// An object of the database itself.
    pub fn global(kind: KindName, name: &Ident) -> ObjectId {
        ObjectId { kind, path: vec![name.clone()] }
    }

    /// A table.
    pub fn table(name: &QualifiedName) -> ObjectId {
        ObjectId::top(KindName::Table, name)
    }

    /// A column.
    pub fn column(table: &QualifiedName, name: &Ident) -> ObjectId {
        ObjectId::inner(KindName::Column, table, name)
    }

    /// The object's own name.
    pub fn name(&self) -> &Ident {
        self.path.last().unwrap_or_else(|| unreachable!("a path has a name"))
    }

    /// The table or enum it lives in, or itself when it lives in a PostgreSQL schema; none for objects of the database.
    pub fn outer(&self) -> Option<QualifiedName> {
        match self.path.as_slice() {
            [schema, name, ..] => Some(QualifiedName { schema: schema.clone(), name: name.clone() }),
            _ => None,
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match self.path.split_first() {
            Some((schema, rest)) if !rest.is_empty() && schema.as_str() == DEFAULT_SCHEMA => rest,
            _ => &self.path[..],
        };
        f.write_str(&join_name(&shown.iter().collect::<Vec<_>>()))
    }
}
