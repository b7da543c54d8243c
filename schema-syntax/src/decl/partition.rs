//! `partition_by` and `partition(...)` of a struct: how its table is split, and into what.
//!
//! A partition is read as a table with the fields of the struct, and with the constraints and indexes that are its alone.

use schema_core::kinds::{PartitionBound, PartitionKey};

use super::constraint::{check, exclusion, index, key, with};
use super::foreign_key::foreign_key;
use super::table_settings::TableSettings;
use super::{NamePath, PartitionDecl, Spanned, TableDecl, partition_column};
use crate::attr::{Arg, Args, Findings};
use crate::finding::{ATTRIBUTE_CONFLICT, ATTRIBUTE_VALUE, SyntaxFinding};

const WORDS: &[&str] = &[
    "name",
    "schema",
    "values",
    "default",
    "of",
    "partition_by",
    "comment",
    "with",
    "unlogged",
    "row_security",
    "force_row_security",
    "replica_identity",
    "cluster_on",
    "renamed_from",
    "primary_key",
    "unique",
    "index",
    "check",
    "foreign_key",
    "exclude",
    "column",
];

/// `partition_by = ".."`.
pub(super) fn partition_by(args: &mut Args<'_>, findings: &mut Findings) -> Option<PartitionKey> {
    let text = args.sql("partition_by", findings)?;
    let key = PartitionKey::parse(&text.value);
    if key.is_none() {
        let message = format!("`{}` does not say how rows are split", text.value);
        let help = "write `range (column)`, `list (column)` or `hash (column)`";
        findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message).help(help));
    }
    key
}

/// The partitions of a struct, when all else of it is read.
pub(super) fn partitions(args: &mut Args<'_>, table: &TableDecl, findings: &mut Findings) -> Vec<TableDecl> {
    let all = args.all("partition");
    if let (Some(first), None) = (all.first(), &table.settings.partition_by) {
        let message = format!("`{}` has partitions, but nothing says how rows are split", table.name.value);
        let help = "add `partition_by = \"range (column)\"`";
        findings.push(SyntaxFinding::error(ATTRIBUTE_CONFLICT, first.name_span, message).help(help));
    }
    let partitions: Vec<TableDecl> = all.iter().filter_map(|arg| partition(arg, table, findings)).collect();
    for decl in std::iter::once(table).chain(&partitions) {
        without_storage(decl, findings);
    }
    partitions
}

/// A partitioned table holds no rows itself.
fn without_storage(decl: &TableDecl, findings: &mut Findings) {
    let word = match &decl.settings {
        settings if settings.partition_by.is_none() => return,
        settings if settings.unlogged => "unlogged",
        _ if !decl.with.is_empty() => "with",
        _ => return,
    };
    let message =
        format!("`{}` is split into partitions, which hold its rows, so `{word}` says nothing of it", decl.name.value);
    let help = format!("write `{word}` in the `partition(..)`s that hold rows");
    findings.push(SyntaxFinding::error(ATTRIBUTE_CONFLICT, decl.name.span, message).help(help));
}

fn partition(arg: &Arg<'_>, parent: &TableDecl, findings: &mut Findings) -> Option<TableDecl> {
    let mut args = arg.list("partition(..)", findings)?;
    let name = args.name("name", findings);
    let name = args.require(name, "name", "name = \"events_2026\"", findings);
    args.exclude("default", "values", "a default partition takes the rows that no other takes", findings);
    let default = args.flag("default", findings).then_some(PartitionBound::Default);
    let values = args.sql("values", findings).map(|text| PartitionBound::from(text.value));
    let values = default.or(values);
    let values = args.require(values, "values", "values = \"from (..) to (..)\"", findings);
    let mut decl = TableDecl {
        schema: args.name("schema", findings).or_else(|| parent.schema.clone()),
        comment: args.text("comment", findings).map(|text| text.value),
        with: with(&mut args, findings),
        settings: TableSettings::of_partition(&mut args, findings),
        renamed_from: NamePath::argument(&mut args, "renamed_from", findings),
        primary_key: args.one("primary_key", findings).and_then(|arg| key(&arg, true, findings)),
        uniques: args.all("unique").iter().filter_map(|arg| key(arg, false, findings)).collect(),
        exclusions: args.all("exclude").iter().filter_map(|arg| exclusion(arg, findings)).collect(),
        indexes: args.all("index").iter().filter_map(|arg| index(arg, findings)).collect(),
        checks: args.all("check").iter().filter_map(|arg| check(arg, findings)).collect(),
        foreign_keys: args.all("foreign_key").iter().filter_map(|arg| foreign_key(arg, findings)).collect(),
        partitions: Vec::new(),
        ..parent.clone()
    };
    let of = NamePath::argument(&mut args, "of", findings);
    let columns = args.all("column").iter().filter_map(|arg| partition_column::read(arg, findings)).collect();
    args.finish(WORDS, findings);
    decl.name = name?;
    let of = of.unwrap_or_else(|| Spanned {
        value: NamePath {
            schema: parent.schema.as_ref().map(|schema| schema.value.clone()),
            name: parent.name.value.clone(),
        },
        span: arg.name_span,
    });
    decl.partition = Some(PartitionDecl { of, values: values?, columns });
    Some(decl)
}
