//! Declarations: what one struct, enum or macro says about the schema, before names are resolved.
//!
//! Reading one collects every finding and goes on; a declaration comes out whenever there is a name to hang it on. It does not
//! know other declarations: that is lowering.

mod column;
mod column_settings;
mod constraint;
pub(crate) mod domain;
pub(crate) mod enum_type;
mod foreign_key;
mod index_settings;
mod item;
mod names;
mod object;
mod partition;
mod partition_column;
mod sql;
pub(crate) mod table;
mod table_settings;

use std::collections::BTreeMap;

use schema_core::kinds::{
    ColumnSettings, ForeignKeyAction, ForeignKeyMatch, IdentityMode, IndexElement, KeyIndex, NotNull, PartitionBound,
    SequenceOptions,
};
use schema_core::{Expr, Ident, SqlType};

pub use crate::attr::Spanned;
use crate::token::Span;
use crate::types::Inferred;

use crate::attr::Findings;
use crate::conditions::Conditions;
use crate::token::Cursor;
use crate::types::TypeContext;

pub use item::{Attribute, Header, header};
pub(crate) use item::{Item, inner_truth, item, skip_visibility};
pub use names::{NamePath, name_list};
pub use object::objects;
pub use sql::SqlDecl;
pub use table_settings::TableSettings;

/// What a reader of declarations needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'r> {
    /// Which items are there.
    pub conditions: &'r Conditions,
    /// What the project says about types.
    pub types: &'r TypeContext,
}

/// Reads a struct that derives `Table`: its attributes, its name, its fields.
pub fn table(tokens: Cursor<'_>, reading: &Reading<'_>, findings: &mut Findings) -> Option<TableDecl> {
    let (header, item) = parts(tokens, reading)?;
    table::read(&header, &item, reading, findings)
}

/// Reads an enum that derives `Enum`.
pub fn enum_type(tokens: Cursor<'_>, reading: &Reading<'_>, findings: &mut Findings) -> Option<EnumDecl> {
    let (header, item) = parts(tokens, reading)?;
    enum_type::read(&header, &item, reading, findings)
}

/// Reads a newtype that derives `Domain`.
pub fn domain(tokens: Cursor<'_>, reading: &Reading<'_>, findings: &mut Findings) -> Option<DomainDecl> {
    let (header, item) = parts(tokens, reading)?;
    domain::read(&header, &item, reading, findings)
}

fn parts<'a>(mut tokens: Cursor<'a>, reading: &Reading<'_>) -> Option<(Header<'a>, Item<'a>)> {
    let header = header(&mut tokens, reading.conditions);
    item(&mut tokens).map(|item| (header, item))
}

/// A struct that derives `Table`.
#[derive(Clone, Debug)]
pub struct TableDecl {
    /// The struct's name.
    pub ident: Spanned<String>,
    /// The table's name; the place is the struct's name when no attribute gives it.
    pub name: Spanned<Ident>,
    /// `schema = ".."`.
    pub schema: Option<Spanned<Ident>>,
    /// The comment, from the attribute or the doc comment.
    pub comment: Option<String>,
    /// Storage parameters.
    pub with: BTreeMap<String, String>,
    /// What else belongs to the table as a whole.
    pub settings: TableSettings,
    /// What makes it a partition; then the fields are those of the struct that declares it.
    pub partition: Option<PartitionDecl>,
    /// Its partitions.
    pub partitions: Vec<TableDecl>,
    /// Its old name.
    pub renamed_from: Option<Spanned<NamePath>>,
    /// The fields, in order, skipped ones too.
    pub fields: Vec<FieldDecl>,
    /// The primary key.
    pub primary_key: Option<KeyDecl>,
    /// Unique constraints: those of columns in field order, then those of the table.
    pub uniques: Vec<KeyDecl>,
    /// Exclusion constraints.
    pub exclusions: Vec<ExclusionDecl>,
    /// Indexes, in the same order.
    pub indexes: Vec<IndexDecl>,
    /// Checks, in the same order.
    pub checks: Vec<CheckDecl>,
    /// Foreign keys, in the same order.
    pub foreign_keys: Vec<ForeignKeyDecl>,
}

/// What makes a table a partition.
#[derive(Clone, Debug)]
pub struct PartitionDecl {
    /// The partitioned table.
    pub of: Spanned<NamePath>,
    /// The rows that it takes.
    pub values: PartitionBound,
    /// What it has of its own in columns.
    pub columns: Vec<PartitionColumnDecl>,
}

/// What a partition has of its own in a column of the struct.
#[derive(Clone, Debug)]
pub struct PartitionColumnDecl {
    /// The column.
    pub name: Spanned<Ident>,
    /// `nullable = false`.
    pub not_null: bool,
    /// `default = ".."`.
    pub default: Option<Spanned<Expr>>,
    /// The comment.
    pub comment: Option<String>,
    /// How it is stored.
    pub settings: ColumnSettings,
    /// What existing rows get.
    pub backfill: Option<Spanned<Expr>>,
}

/// A field of a table.
#[derive(Clone, Debug)]
pub struct FieldDecl {
    /// The field's name without `r#`.
    pub ident: Spanned<String>,
    /// Where its type is written.
    pub ty: Span,
    /// Its place among the fields that are there under the active conditions.
    pub index: usize,
    /// Whether it has no column. Then nothing below means anything.
    pub skip: bool,
    /// The column's name.
    pub name: Spanned<Ident>,
    /// The SQL type and nullability.
    pub inferred: Inferred,
    /// `not_null(..)`.
    pub not_null: NotNull,
    /// Where its value comes from.
    pub value: Option<Spanned<ValueDecl>>,
    /// `collate = ".."`.
    pub collate: Option<Spanned<NamePath>>,
    /// How it is stored.
    pub settings: ColumnSettings,
    /// The comment, from the attribute or the doc comment.
    pub comment: Option<String>,
    /// Its old name.
    pub renamed_from: Option<Spanned<Ident>>,
    /// What existing rows get.
    pub backfill: Option<Spanned<Expr>>,
    /// How values get to another type.
    pub using: Option<Spanned<Expr>>,
}

/// Where the value of a column comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueDecl {
    /// `default = ".."`.
    Default(Expr),
    /// `identity`.
    Identity {
        /// `always` or `by_default`.
        mode: IdentityMode,
        /// The sequence's name, when it is given.
        sequence: Option<Ident>,
        /// Its options.
        options: SequenceOptions,
    },
    /// `serial`.
    Serial {
        /// The sequence's name, when it is given.
        sequence: Option<Ident>,
    },
    /// `generated = ".."`.
    Generated(Expr),
    /// `generated_virtual = ".."`.
    Virtual(Expr),
}

/// What constraints and indexes have in common.
#[derive(Clone, Debug)]
pub struct Common {
    /// Its name, when it is given.
    pub name: Option<Spanned<Ident>>,
    /// Its comment.
    pub comment: Option<String>,
    /// Its old name.
    pub renamed_from: Option<Spanned<Ident>>,
    /// `deferrable`.
    pub deferrable: bool,
    /// `initially_deferred`.
    pub initially_deferred: bool,
    /// The word of the attribute.
    pub span: Span,
}

/// A primary key or unique constraint.
#[derive(Clone, Debug)]
pub struct KeyDecl {
    /// Name, comment and so on.
    pub common: Common,
    /// The columns.
    pub columns: Vec<Spanned<Ident>>,
    /// `include`.
    pub include: Vec<Spanned<Ident>>,
    /// `without_overlaps`.
    pub without_overlaps: bool,
    /// `nulls_not_distinct`.
    pub nulls_not_distinct: bool,
    /// `with(..)` and `index_comment`.
    pub index: KeyIndex,
}

/// An index.
#[derive(Clone, Debug)]
pub struct IndexDecl {
    /// Name, comment and so on.
    pub common: Common,
    /// The keys, with their texts.
    pub keys: Vec<KeyPart>,
    /// `unique`.
    pub unique: bool,
    /// `nulls_not_distinct`.
    pub nulls_not_distinct: bool,
    /// `method`.
    pub method: Option<Ident>,
    /// `where`.
    pub predicate: Option<Expr>,
    /// `include`.
    pub include: Vec<Spanned<Ident>>,
    /// Storage parameters.
    pub with: BTreeMap<String, String>,
    /// Statistics targets of keys that are expressions, by their places.
    pub statistics: Vec<(u16, u16)>,
}

/// One key of an index or exclusion constraint.
#[derive(Clone, Debug)]
pub struct KeyPart {
    /// The key, read as SQL.
    pub element: IndexElement,
    /// Its first word as it is written, which may be a column's name with its case kept.
    pub word: String,
    /// Where.
    pub span: Span,
}

/// A check of a table.
#[derive(Clone, Debug)]
pub struct CheckDecl {
    /// Name, comment and so on.
    pub common: Common,
    /// What must not be false.
    pub expr: Expr,
    /// `no_inherit`.
    pub no_inherit: bool,
    /// `not_valid`.
    pub not_valid: bool,
    /// `not_enforced`.
    pub not_enforced: bool,
}

/// A foreign key.
#[derive(Clone, Debug)]
pub struct ForeignKeyDecl {
    /// Name, comment and so on.
    pub common: Common,
    /// The columns.
    pub columns: Vec<Spanned<Ident>>,
    /// The referenced table.
    pub references: Spanned<NamePath>,
    /// The referenced columns; the primary key when empty.
    pub referenced: Vec<Ident>,
    /// `period`.
    pub period: bool,
    /// `on_delete`.
    pub on_delete: ForeignKeyAction,
    /// `on_update`.
    pub on_update: ForeignKeyAction,
    /// `match`.
    pub match_type: ForeignKeyMatch,
    /// `not_valid`.
    pub not_valid: bool,
    /// `not_enforced`.
    pub not_enforced: bool,
}

/// An exclusion constraint.
#[derive(Clone, Debug)]
pub struct ExclusionDecl {
    /// Name, comment and so on.
    pub common: Common,
    /// The keys and their operators.
    pub elements: Vec<(KeyPart, String)>,
    /// `method`.
    pub method: Option<Ident>,
    /// `where`.
    pub predicate: Option<Expr>,
    /// `include`.
    pub include: Vec<Spanned<Ident>>,
    /// `with(..)` and `index_comment`.
    pub index: KeyIndex,
}

/// An enum that derives `Enum`.
#[derive(Clone, Debug)]
pub struct EnumDecl {
    /// The Rust enum's name.
    pub ident: Spanned<String>,
    /// The type's name.
    pub name: Spanned<Ident>,
    /// `schema = ".."`.
    pub schema: Option<Spanned<Ident>>,
    /// The comment.
    pub comment: Option<String>,
    /// Its old name.
    pub renamed_from: Option<Spanned<NamePath>>,
    /// The variants, in order.
    pub variants: Vec<VariantDecl>,
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub struct VariantDecl {
    /// Its Rust name.
    pub ident: Spanned<String>,
    /// Its label in the database.
    pub label: Spanned<Ident>,
    /// Its old label.
    pub renamed_from: Option<Spanned<Ident>>,
}

/// A newtype that derives `Domain`.
#[derive(Clone, Debug)]
pub struct DomainDecl {
    /// The struct's name.
    pub ident: Spanned<String>,
    /// The domain's name.
    pub name: Spanned<Ident>,
    /// `schema = ".."`.
    pub schema: Option<Spanned<Ident>>,
    /// Where the type of the one field is written.
    pub ty: Span,
    /// The type it is over.
    pub inferred: Inferred,
    /// `not_null`.
    pub not_null: bool,
    /// `default`.
    pub default: Option<Expr>,
    /// `collate`.
    pub collate: Option<Spanned<NamePath>>,
    /// Its checks.
    pub checks: Vec<CheckDecl>,
    /// The comment.
    pub comment: Option<String>,
    /// Its old name.
    pub renamed_from: Option<Spanned<NamePath>>,
}

/// What stands in `schema_runtime::objects!`.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a database has a handful of them")]
pub enum ObjectDecl {
    /// `schema(...)`.
    Schema {
        /// Its name.
        name: Spanned<Ident>,
        /// Its comment.
        comment: Option<String>,
        /// Its old name.
        renamed_from: Option<Spanned<Ident>>,
    },
    /// `extension(...)`.
    Extension {
        /// Its name.
        name: Spanned<Ident>,
        /// The PostgreSQL schema of its objects.
        schema: Option<Spanned<Ident>>,
    },
    /// `sequence(...)`.
    Sequence(SequenceDecl),
}

/// A sequence that stands by itself.
#[derive(Clone, Debug)]
pub struct SequenceDecl {
    /// Its name.
    pub name: Spanned<Ident>,
    /// Its PostgreSQL schema.
    pub schema: Option<Spanned<Ident>>,
    /// Its type; bigint when none is given.
    pub sql_type: Option<Spanned<SqlType>>,
    /// Its options.
    pub options: SequenceOptions,
    /// The table and column that own it.
    pub owned_by: Option<Spanned<(NamePath, Ident)>>,
    /// Its comment.
    pub comment: Option<String>,
    /// Its old name.
    pub renamed_from: Option<Spanned<NamePath>>,
}
