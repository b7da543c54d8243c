//! A struct that derives `Table`.

use super::column::FieldReader;
use super::constraint::{check, exclusion, index, key, with};
use super::foreign_key::foreign_key;
use super::item::{Body, Header, Item};
use super::partition::partitions;
use super::table_settings::{self, TableSettings};
use super::{Common, KeyDecl, NamePath, Reading, Spanned, TableDecl};
use crate::attr::{Args, Findings};
use crate::case::snake;
use crate::finding::{PRIMARY_KEY_REPEATED, STRUCT_SHAPE, SyntaxFinding};
use crate::token::{Cursor, Span};
use schema_core::kinds::KeyIndex;

const WORDS: &[&str] = &[
    "name",
    "schema",
    "comment",
    "doc_comments",
    "with",
    "renamed_from",
    "primary_key",
    "unique",
    "index",
    "check",
    "foreign_key",
    "exclude",
];

/// Reads a struct that derives `Table`.
pub(crate) fn read(
    header: &Header<'_>,
    item: &Item<'_>,
    reading: &Reading<'_>,
    findings: &mut Findings,
) -> Option<TableDecl> {
    let fields = fields_of(item, findings);
    let mut args = header.args("table", "#[table(..)]", item.span, findings);
    let mut table = named(item, &mut args, findings)?;
    let doc_comments = args.flag("doc_comments", findings);
    if doc_comments {
        table.comment = table.comment.or_else(|| header.doc_line());
    }
    let mut reader = FieldReader { reading, doc_comments, key: Vec::new() };
    if let Some(mut fields) = fields {
        while !fields.is_empty() {
            if reader.field(&mut fields, &mut table, findings).is_none() {
                fields.take_to_comma();
            }
        }
    }
    table_constraints(&mut args, &mut table, findings);
    primary_key(&mut args, reader.key, &mut table, findings);
    table.partitions = partitions(&mut args, &table, findings);
    args.finish(&[WORDS, table_settings::WORDS].concat(), findings);
    Some(table)
}

/// The fields, when the struct has the shape of a table.
fn fields_of<'a>(item: &Item<'a>, findings: &mut Findings) -> Option<Cursor<'a>> {
    let name = item.name;
    if let Some(span) = item.type_parameter {
        let message = format!("`{name}` has a type parameter, so its columns would have no fixed types");
        findings.push(SyntaxFinding::error(STRUCT_SHAPE, span, message).help("name the types in the fields"));
    }
    let wrong = match (item.keyword, item.body) {
        ("struct", Body::Braces(fields)) => return Some(fields),
        ("struct", Body::Tuple(_)) => "has fields without names, and columns need names",
        ("struct", Body::Unit) => "has no fields, and a table is made from fields",
        ("enum", _) => {
            "is an enum: `#[derive(schema_runtime::Enum)]` makes an enum type of it, and a table is a struct"
        }
        _ => "is a union, and a table is a struct",
    };
    let help = format!("write `struct {name} {{ id: i64, .. }}`");
    findings.push(SyntaxFinding::error(STRUCT_SHAPE, item.span, format!("`{name}` {wrong}")).help(help));
    None
}

fn named(item: &Item<'_>, args: &mut Args<'_>, findings: &mut Findings) -> Option<TableDecl> {
    let ident = Spanned { value: item.name.to_owned(), span: item.span };
    let given = args.has("name");
    let name = args.name("name", findings);
    let name = name.or_else(|| match given {
        // The wrong name has its finding; the others of the struct are still worth showing.
        true => crate::attr::ident(snake(item.name), item.span, &mut Vec::new()),
        false => crate::attr::ident(snake(item.name), item.span, findings),
    })?;
    Some(TableDecl {
        ident,
        name,
        schema: args.name("schema", findings),
        comment: args.text("comment", findings).map(|text| text.value),
        with: with(args, findings),
        settings: TableSettings::read(args, findings),
        partition: None,
        partitions: Vec::new(),
        renamed_from: NamePath::argument(args, "renamed_from", findings),
        fields: Vec::new(),
        primary_key: None,
        uniques: Vec::new(),
        exclusions: Vec::new(),
        indexes: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
    })
}

fn table_constraints(args: &mut Args<'_>, table: &mut TableDecl, findings: &mut Findings) {
    if args.is_empty() {
        return;
    }
    table.uniques.extend(args.all("unique").iter().filter_map(|arg| key(arg, false, findings)));
    table.indexes.extend(args.all("index").iter().filter_map(|arg| index(arg, findings)));
    table.checks.extend(args.all("check").iter().filter_map(|arg| check(arg, findings)));
    table.foreign_keys.extend(args.all("foreign_key").iter().filter_map(|arg| foreign_key(arg, findings)));
    table.exclusions.extend(args.all("exclude").iter().filter_map(|arg| exclusion(arg, findings)));
}

/// The key of the table's attribute, or the one over the columns that say `primary_key`.
fn primary_key(
    args: &mut Args<'_>,
    columns: Vec<(Spanned<schema_core::Ident>, Span)>,
    table: &mut TableDecl,
    findings: &mut Findings,
) {
    let of_table = args.one("primary_key", findings);
    let first = columns.first().map(|(_, span)| *span);
    if let (Some(arg), Some(span)) = (&of_table, first) {
        let message = format!("`{}` has two primary keys, and PostgreSQL allows one", table.name.value);
        findings.push(
            SyntaxFinding::error(PRIMARY_KEY_REPEATED, span, message)
                .secondary(arg.name_span, "the other one")
                .help("keep `primary_key(columns = \"..\")` of the table, or `primary_key` of the columns"),
        );
    }
    table.primary_key = match (of_table, first) {
        (Some(arg), _) => key(&arg, true, findings),
        (None, Some(span)) => Some(KeyDecl {
            common: Common::at(span),
            columns: columns.into_iter().map(|(column, _)| column).collect(),
            include: Vec::new(),
            without_overlaps: false,
            nulls_not_distinct: false,
            index: KeyIndex::default(),
        }),
        (None, None) => None,
    };
}
