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
    /// A procedural language (`pg_language`).
    Language,
    /// A collation (`pg_collation`).
    Collation,
    /// An enum type (`pg_type`, `pg_enum`).
    Enum,
    /// A label of an enum; only renames name it.
    EnumValue,
    /// A composite type (`pg_type`, typtype `c`, that is no table's row type).
    CompositeType,
    /// A range type (`pg_range`).
    RangeType,
    /// A domain (`pg_type`, typtype `d`).
    Domain,
    /// A free-standing sequence (`pg_sequence`).
    Sequence,
    /// A function (`pg_proc`, prokind `f` or `w`).
    Function,
    /// A procedure (prokind `p`).
    Procedure,
    /// An aggregate (prokind `a`).
    Aggregate,
    /// An operator (`pg_operator`).
    Operator,
    /// An operator family (`pg_opfamily`).
    OperatorFamily,
    /// An operator class (`pg_opclass`).
    OperatorClass,
    /// A cast (`pg_cast`).
    Cast,
    /// A conversion between encodings (`pg_conversion`).
    Conversion,
    /// A text search parser (`pg_ts_parser`).
    TextSearchParser,
    /// A text search template (`pg_ts_template`).
    TextSearchTemplate,
    /// A text search dictionary (`pg_ts_dict`).
    TextSearchDictionary,
    /// A text search configuration (`pg_ts_config`).
    TextSearchConfiguration,
    /// A foreign data wrapper (`pg_foreign_data_wrapper`).
    ForeignDataWrapper,
    /// A foreign server (`pg_foreign_server`).
    ForeignServer,
    /// A table (`pg_class`).
    Table,
    /// A column (`pg_attribute`).
    Column,
    /// What an heir has of its own in a column that it takes over (`pg_attribute`).
    InheritedColumn,
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
    /// A foreign table (`pg_foreign_table`).
    ForeignTable,
    /// A view (`pg_class`, relkind `v`).
    View,
    /// A materialized view (relkind `m`).
    MaterializedView,
    /// Extended statistics (`pg_statistic_ext`).
    Statistics,
    /// A rule that is not a view's own (`pg_rewrite`).
    Rule,
    /// A trigger (`pg_trigger`).
    Trigger,
    /// A row security policy (`pg_policy`).
    Policy,
    /// An event trigger (`pg_event_trigger`).
    EventTrigger,
    /// A publication (`pg_publication`).
    Publication,
    /// What a role may do with an object (`aclitem`).
    Privileges,
    /// What a role may do with objects that come (`pg_default_acl`).
    DefaultPrivileges,
}

impl KindName {
    /// The words of PostgreSQL for the kind.
    pub fn words(self) -> &'static str {
        match self {
            KindName::Schema => "schema",
            KindName::Extension => "extension",
            KindName::Language => "language",
            KindName::Collation => "collation",
            KindName::Enum => "enum",
            KindName::EnumValue => "enum value",
            KindName::CompositeType => "composite type",
            KindName::RangeType => "range type",
            KindName::Domain => "domain",
            KindName::Sequence => "sequence",
            KindName::Function => "function",
            KindName::Procedure => "procedure",
            KindName::Aggregate => "aggregate",
            KindName::Operator => "operator",
            KindName::OperatorFamily => "operator family",
            KindName::OperatorClass => "operator class",
            KindName::Cast => "cast",
            KindName::Conversion => "conversion",
            KindName::TextSearchParser => "text search parser",
            KindName::TextSearchTemplate => "text search template",
            KindName::TextSearchDictionary => "text search dictionary",
            KindName::TextSearchConfiguration => "text search configuration",
            KindName::ForeignDataWrapper => "foreign data wrapper",
            KindName::ForeignServer => "foreign server",
            KindName::Table => "table",
            KindName::Column => "column",
            KindName::InheritedColumn => "inherited column",
            KindName::PrimaryKey => "primary key",
            KindName::Unique => "unique constraint",
            KindName::Check => "check",
            KindName::Exclusion => "exclusion constraint",
            KindName::Index => "index",
            KindName::IndexMark => "mark of an index",
            KindName::ForeignKey => "foreign key",
            KindName::ForeignTable => "foreign table",
            KindName::View => "view",
            KindName::MaterializedView => "materialized view",
            KindName::Statistics => "statistics",
            KindName::Rule => "rule",
            KindName::Trigger => "trigger",
            KindName::Policy => "policy",
            KindName::EventTrigger => "event trigger",
            KindName::Publication => "publication",
            KindName::Privileges => "privileges",
            KindName::DefaultPrivileges => "default privileges",
        }
    }

    /// Whether the last part of the path is no name but what tells namesakes apart, such as the types of a routine's arguments.
    pub fn has_signature(self) -> bool {
        matches!(
            self,
            KindName::Function
                | KindName::Procedure
                | KindName::Aggregate
                | KindName::Operator
                | KindName::OperatorFamily
                | KindName::OperatorClass
                | KindName::Cast
                | KindName::Privileges
                | KindName::DefaultPrivileges
        )
    }
}

/// What names an object: its kind and the names that lead to it.
///
/// The path is `[name]` for what is of the database itself, as a PostgreSQL schema or an extension, `[schema, table, name]` for what
/// lives in a table, `[schema, type, label]` for an enum value, `[schema, name, signature]` where names can be shared (see
/// [`KindName::has_signature`]), and `[schema, name]` for the rest.
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
        let signed = self.kind.has_signature() && 2 <= self.path.len();
        let at = self.path.len() - if signed { 2 } else { 1 };
        &self.path[at]
    }

    /// The PostgreSQL schema that it is or lives in; none for other objects of the database. Privileges live where their object does, and say so
    /// themselves.
    ///
    /// ```
    /// use schema_core::{Ident, KindName, ObjectId, QualifiedName};
    /// let users = ObjectId::table(&QualifiedName::public(Ident::of("users")));
    /// assert_eq!(users.namespace().map(Ident::as_str), Some("public"));
    /// assert_eq!(ObjectId::global(KindName::Extension, &Ident::of("citext")).namespace(), None);
    /// ```
    pub fn namespace(&self) -> Option<&Ident> {
        match (self.kind, self.path.as_slice()) {
            (KindName::Privileges | KindName::DefaultPrivileges, _) => None,
            (KindName::Schema, [name]) | (_, [name, _, ..]) => Some(name),
            _ => None,
        }
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
            Some((schema, rest)) if names_more(self.kind, rest) && schema.as_str() == DEFAULT_SCHEMA => rest,
            _ => &self.path[..],
        };
        let (names, signature) = shown.split_at(shown.len() - usize::from(self.kind.has_signature()));
        f.write_str(&join_name(&names.iter().collect::<Vec<_>>()))?;
        signature.iter().try_for_each(|text| f.write_str(text.as_str()))
    }
}

/// Whether the names that are left still name something, so that `public` can go without saying.
fn names_more(kind: KindName, rest: &[Ident]) -> bool {
    let tail = matches!(kind, KindName::Privileges | KindName::DefaultPrivileges);
    usize::from(tail) < rest.len()
}
