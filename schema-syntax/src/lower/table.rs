//! Tables and their columns.

use std::collections::BTreeMap;

use schema_core::kinds::{Column, ColumnValue, Identity, Table};
use schema_core::{Ident, ObjectId, QualifiedName, SqlType};

use super::claims::Space;
use super::collect::Named;
use super::inherited_column::plain;
use super::{At, Lowering, comment};
use crate::decl::{FieldDecl, NamePath, Spanned, TableDecl, ValueDecl};
use crate::finding::{
    COLUMN_DUPLICATE, COLUMN_UNKNOWN, IDENTITY_TYPE, NAME_TAKEN, PRIMARY_KEY_NULLABLE, SyntaxFinding,
};
use crate::suggest::hint;
use crate::token::Span;

/// Columns that every table has (<https://www.postgresql.org/docs/current/ddl-system-columns.html>).
const SYSTEM_COLUMNS: &[&str] = &["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

impl<'a> Lowering<'a> {
    /// A table with its columns, checks, keys and indexes, in the order in which PostgreSQL would choose their names.
    pub(super) fn table(&mut self, of: &Named<'a, TableDecl>) {
        let decl = of.decl;
        let at = At { file: of.file, span: decl.name.span };
        let settings = &decl.settings;
        let table = Table {
            unlogged: settings.unlogged,
            row_security: settings.row_security,
            force_row_security: settings.force_row_security,
            replica_identity: settings.replica_identity,
            inherits: self.parents(of),
            partition_by: settings.partition_by.clone(),
            partition_of: self.partition_of(of),
            with: decl.with.clone(),
            comment: comment(&decl.comment),
            ..Table::new(of.name.clone())
        };
        self.insert(table, at);
        if decl.partition.is_none() {
            self.columns(of);
            self.missing_inherited(of);
        } else {
            self.own_of_partition(of);
        }
        self.checks(of);
        self.keys(of);
        self.exclusions(of);
        self.indexes(of);
        self.index_marks(of);
    }

    fn columns(&mut self, of: &Named<'a, TableDecl>) {
        let mut seen: BTreeMap<&Ident, Span> = BTreeMap::new();
        let key = of.decl.primary_key.as_ref().map(|key| key.columns.as_slice()).unwrap_or_default();
        for (ordinal, field) in of.decl.fields.iter().filter(|field| !field.skip).enumerate() {
            let name = &field.name.value;
            if let Some(first) = seen.insert(name, field.name.span) {
                let message = format!("table `{}` has two columns `{name}`", of.name);
                let finding = SyntaxFinding::error(COLUMN_DUPLICATE, field.name.span, message)
                    .secondary(first, "the first one")
                    .help("give one of them another name: `#[column(name = \"..\")]`");
                self.find(of.file, finding);
                continue;
            }
            if SYSTEM_COLUMNS.contains(&name.as_str()) {
                let message =
                    format!("every table has a column `{name}` of PostgreSQL's own, so this one would be refused");
                let help = "choose another name: `#[column(name = \"..\")]`";
                self.find(of.file, SyntaxFinding::error(NAME_TAKEN, field.name.span, message).help(help));
            }
            if self.is_inherited(of, field) {
                continue;
            }
            let in_key = key.iter().any(|column| column.value == *name);
            self.column(of, field, ordinal as u32, in_key);
        }
    }

    fn column(&mut self, of: &Named<'a, TableDecl>, field: &'a FieldDecl, ordinal: u32, in_key: bool) {
        let nullable = field.inferred.nullable;
        if nullable && in_key {
            self.nullable_key(of, field);
        }
        let sql_type = self.resolve(&field.inferred, of.file);
        let value = self.value(of, field, sql_type.as_ref());
        let id = ObjectId::column(&of.name, &field.name.value);
        if let Some(expr) = &field.backfill {
            self.out.hints.backfill.insert(id.clone(), expr.value.clone());
        }
        if let Some(expr) = &field.using {
            self.out.hints.using.insert(id, expr.value.clone());
        }
        let Some(sql_type) = sql_type else { return };
        let column = Column {
            table: of.name.clone(),
            name: field.name.value.clone(),
            sql_type,
            nullable: nullable && !in_key,
            not_null: field.not_null,
            collation: field.collate.as_ref().map(|path| collation(&path.value)),
            value,
            settings: plain(&field.settings),
            comment: comment(&field.comment),
            ordinal,
        };
        self.insert(column, At { file: of.file, span: field.ident.span });
    }

    pub(super) fn nullable_key(&mut self, of: &Named<'a, TableDecl>, field: &FieldDecl) {
        let name = &field.name.value;
        let message =
            format!("`{name}` is in the primary key of `{}`, which takes no NULL, but its field may be empty", of.name);
        let finding = SyntaxFinding::error(PRIMARY_KEY_NULLABLE, field.inferred.span, message)
            .help("take the `Option` away, or make the constraint `unique` instead of `primary_key`");
        self.find(of.file, finding);
    }

    fn value(&mut self, of: &Named<'a, TableDecl>, field: &FieldDecl, sql_type: Option<&SqlType>) -> ColumnValue {
        let Some(value) = &field.value else { return ColumnValue::None };
        let (column, table) = (&field.name.value, &of.name);
        match &value.value {
            ValueDecl::Default(expr) => ColumnValue::Default(expr.clone()),
            ValueDecl::Generated(expr) => ColumnValue::Generated(expr.clone()),
            ValueDecl::Virtual(expr) => ColumnValue::Virtual(expr.clone()),
            ValueDecl::Identity { mode, sequence, options } => {
                self.counts(of, field, sql_type, "identity", value.span);
                let sequence = self.sequence(table, column, sequence);
                ColumnValue::Identity(Identity { mode: *mode, sequence, options: options.clone() })
            }
            ValueDecl::Serial { sequence } => {
                self.counts(of, field, sql_type, "serial", value.span);
                ColumnValue::Serial { sequence: self.sequence(table, column, sequence) }
            }
        }
    }

    fn sequence(&mut self, table: &QualifiedName, column: &Ident, given: &Option<Ident>) -> Ident {
        given.clone().unwrap_or_else(|| self.claims.choose(table, column.as_str(), "seq", Space::Relation))
    }

    /// An identity or serial column is a NOT NULL integer.
    fn counts(
        &mut self,
        of: &Named<'a, TableDecl>,
        field: &FieldDecl,
        sql_type: Option<&SqlType>,
        word: &str,
        span: Span,
    ) {
        let integer = |of: &SqlType| !of.array && matches!(of.built_in_name(), Some("smallint" | "integer" | "bigint"));
        let name = &field.name.value;
        if let Some(wrong) = sql_type.filter(|of| !integer(of)) {
            let message = format!("`{word}` counts, and column `{name}` of type {wrong} cannot");
            let finding = SyntaxFinding::error(IDENTITY_TYPE, span, message)
                .secondary(field.inferred.span, format!("this is {wrong}"))
                .help("make the field an `i16`, `i32` or `i64`");
            self.find(of.file, finding);
        }
        if field.inferred.nullable {
            let message = format!("column `{name}` with `{word}` is never NULL, but its field may be empty");
            let finding = SyntaxFinding::error(IDENTITY_TYPE, field.inferred.span, message)
                .help(format!("take the `Option` away, or `{word}`"));
            self.find(of.file, finding);
        }
    }

    /// Whether the table has the columns; a finding for each that it does not have.
    pub(super) fn knows_columns(&mut self, of: &Named<'a, TableDecl>, columns: &[Spanned<Ident>]) -> bool {
        let missing: Vec<&Spanned<Ident>> =
            columns.iter().filter(|column| column_of(of.decl, &column.value).is_none()).collect();
        for column in &missing {
            self.unknown_column(of, column);
        }
        missing.is_empty()
    }

    /// The same for a list in which PostgreSQL takes no column twice.
    pub(super) fn has_columns(&mut self, of: &Named<'a, TableDecl>, columns: &[Spanned<Ident>]) -> bool {
        let known = self.knows_columns(of, columns);
        let repeated = columns
            .iter()
            .enumerate()
            .find(|(at, column)| columns[..*at].iter().any(|other| other.value == column.value));
        if let Some((_, column)) = repeated {
            let message = format!("column `{}` is listed twice, which PostgreSQL refuses", column.value);
            self.find(of.file, SyntaxFinding::error(COLUMN_DUPLICATE, column.span, message).help("list it once"));
        }
        known && repeated.is_none()
    }

    pub(super) fn unknown_column(&mut self, of: &Named<'a, TableDecl>, column: &Spanned<Ident>) {
        let finding = no_column(of, &column.value, column.span);
        self.find(of.file, finding);
    }
}

/// The finding that a table has no such column.
pub(super) fn no_column(of: &Named<'_, TableDecl>, column: &Ident, span: Span) -> SyntaxFinding {
    let fields = || of.decl.fields.iter().filter(|field| !field.skip);
    let wrong = column.as_str();
    let renamed = fields().find(|field| field.ident.value == wrong);
    let near = match renamed {
        Some(field) => format!("; the column of field `{wrong}` is `{}`", field.name.value),
        None => hint(wrong, fields().map(|field| field.name.value.as_str())),
    };
    let skipped = of.decl.fields.iter().any(|field| field.skip && field.ident.value == wrong);
    let finding =
        SyntaxFinding::error(COLUMN_UNKNOWN, span, format!("table `{}` has no column `{wrong}`{near}", of.name));
    if skipped { finding.note(format!("field `{wrong}` has `skip`")) } else { finding }.help(format!(
        "it has: {}",
        fields().map(|field| format!("`{}`", field.name.value)).collect::<Vec<_>>().join(", ")
    ))
}

/// The field of a column.
pub(super) fn column_of<'d>(decl: &'d TableDecl, name: &Ident) -> Option<&'d FieldDecl> {
    decl.fields.iter().find(|field| !field.skip && field.name.value == *name)
}

/// Collations of `pg_catalog` are written without their PostgreSQL schema.
pub(super) fn collation(of: &NamePath) -> QualifiedName {
    match &of.schema {
        Some(schema) if schema.as_str() != "pg_catalog" => {
            QualifiedName { schema: schema.clone(), name: of.name.clone() }
        }
        _ => QualifiedName::public(of.name.clone()),
    }
}
