//! What stands in `schema_runtime::objects!`: PostgreSQL schemas, extensions, sequences.

use super::column::{Sql, sequence_options, sql_type};
use super::names::{NamePath, dotted, shape};
use super::{ObjectDecl, SequenceDecl, Spanned};
use crate::attr::{Args, Findings};
use crate::finding::{ATTRIBUTE_UNKNOWN, ATTRIBUTE_VALUE, SyntaxFinding};
use crate::suggest::hint;
use crate::token::{Cursor, Span};

const KINDS: &[&str] = &["schema", "extension", "sequence"];
const SEQUENCE: &[&str] = &[
    "name",
    "schema",
    "sql",
    "start",
    "increment",
    "min",
    "max",
    "cache",
    "cycle",
    "owned_by",
    "comment",
    "renamed_from",
];

/// Reads the inside of the macro.
pub fn objects(mut tokens: Cursor<'_>, findings: &mut Findings) -> Vec<ObjectDecl> {
    let mut objects = Vec::new();
    while !tokens.is_empty() {
        if tokens.take(";") {
            continue;
        }
        let word = tokens.take_ident();
        match (word, tokens.take_group("(")) {
            (Some((kind, span)), Some((list, _))) => objects.extend(object(kind, span, list, findings)),
            (Some((kind, span)), None) => {
                findings.push(SyntaxFinding::error(
                    ATTRIBUTE_VALUE,
                    span,
                    format!("`{kind}` needs a list, as in `{kind}(name = \"..\")`"),
                ));
                tokens.skip_past(|piece| piece.is(";"));
            }
            (None, _) => {
                let span = tokens.peek().map_or_else(|| tokens.rest_span(), |piece| piece.span);
                let message = "expected `schema(..)`, `extension(..)` or `sequence(..)`";
                findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, span, message));
                tokens.skip_past(|piece| piece.is(";"));
            }
        }
    }
    objects
}

fn object(kind: &str, span: Span, list: Cursor<'_>, findings: &mut Findings) -> Option<ObjectDecl> {
    match kind {
        "schema" => {
            let mut args = Args::of("schema(..)", span, list, findings);
            let (name, comment) = (args.name("name", findings), args.text("comment", findings));
            let renamed_from = args.name("renamed_from", findings);
            let name = args.require(name, "name", "name = \"app\"", findings);
            args.finish(&["name", "comment", "renamed_from"], findings);
            Some(ObjectDecl::Schema { name: name?, comment: comment.map(|text| text.value), renamed_from })
        }
        "extension" => {
            let mut args = Args::of("extension(..)", span, list, findings);
            let (name, schema) = (args.name("name", findings), args.name("schema", findings));
            let name = args.require(name, "name", "name = \"pg_trgm\"", findings);
            args.finish(&["name", "schema"], findings);
            Some(ObjectDecl::Extension { name: name?, schema })
        }
        "sequence" => sequence(Args::of("sequence(..)", span, list, findings), findings).map(ObjectDecl::Sequence),
        other => {
            let near = hint(other, KINDS.iter().copied());
            let message = format!("`objects!` knows no `{other}`{near}");
            let help = "it knows `schema(..)`, `extension(..)` and `sequence(..)`";
            findings.push(SyntaxFinding::error(ATTRIBUTE_UNKNOWN, span, message).help(help));
            None
        }
    }
}

fn sequence(mut args: Args<'_>, findings: &mut Findings) -> Option<SequenceDecl> {
    let name = args.name("name", findings);
    let name = args.require(name, "name", "name = \"invoice_number\"", findings);
    let sql_type = match sql_type(&mut args, findings) {
        Sql::Given(given) => integer(given, findings),
        Sql::Absent | Sql::Wrong(_) => None,
    };
    let decl = SequenceDecl {
        schema: args.name("schema", findings),
        sql_type,
        options: sequence_options(&mut args, findings),
        owned_by: args.text("owned_by", findings).and_then(|text| owner(text, findings)),
        comment: args.text("comment", findings).map(|text| text.value),
        renamed_from: NamePath::argument(&mut args, "renamed_from", findings),
        name: name?,
    };
    args.finish(SEQUENCE, findings);
    Some(decl)
}

fn integer(given: Spanned<schema_core::SqlType>, findings: &mut Findings) -> Option<Spanned<schema_core::SqlType>> {
    if !given.value.array && matches!(given.value.built_in_name(), Some("smallint" | "integer" | "bigint")) {
        return Some(given);
    }
    let message = format!("a sequence cannot count in `{}`", given.value);
    let help = "write `sql = \"smallint\"`, `\"integer\"` or `\"bigint\"`";
    findings.push(SyntaxFinding::error(crate::finding::IDENTITY_TYPE, given.span, message).help(help));
    None
}

/// `table.column` or `schema.table.column`.
fn owner(text: Spanned<String>, findings: &mut Findings) -> Option<Spanned<(NamePath, schema_core::Ident)>> {
    let mut parts = dotted(&text, findings)?;
    let (column, table, schema) = (parts.pop(), parts.pop(), parts.pop());
    match (column, table, parts.is_empty()) {
        (Some(column), Some(name), true) => {
            Some(Spanned { value: (NamePath { schema, name }, column), span: text.span })
        }
        _ => {
            findings.push(shape(text.span, &text.value, "a column, as in `invoices.number`"));
            None
        }
    }
}
