//! Keys, checks, exclusion constraints and indexes, as the table's attribute and a column's write them.
//!
//! The words of both are the same; what a column's attribute lacks is the list of columns.

use std::collections::BTreeMap;

use schema_core::kinds::{IndexElement, IndexKey, KeyIndex};
use schema_core::sql::{TokenKind, tokens};
use schema_core::{Expr, Ident};

use super::index_settings::{key_index, statistics};
use super::names::{columns, split_outside};
use super::{CheckDecl, Common, ExclusionDecl, IndexDecl, KeyDecl, KeyPart, Spanned};
use crate::attr::{Arg, Args, Findings, Value};
use crate::finding::{ATTRIBUTE_CONFLICT, ATTRIBUTE_VALUE, INDEX_KEY_INVALID, SyntaxFinding};
use crate::token::Span;

const PRIMARY_KEY: &[&str] = &[
    "columns",
    "without_overlaps",
    "name",
    "include",
    "deferrable",
    "initially_deferred",
    "with",
    "index_comment",
    "comment",
];
/// The first two need a table.
const UNIQUE: &[&str] = &[
    "columns",
    "without_overlaps",
    "name",
    "include",
    "nulls_not_distinct",
    "deferrable",
    "initially_deferred",
    "with",
    "index_comment",
    "comment",
    "renamed_from",
];
const INDEX: &[&str] = &[
    "columns",
    "name",
    "unique",
    "method",
    "where",
    "include",
    "with",
    "statistics",
    "nulls_not_distinct",
    "comment",
    "renamed_from",
];
const COLUMN_INDEX: &[&str] = &[
    "name",
    "unique",
    "method",
    "opclass",
    "collate",
    "desc",
    "nulls",
    "where",
    "include",
    "with",
    "nulls_not_distinct",
    "comment",
    "renamed_from",
];
const CHECK: &[&str] = &["expr", "name", "no_inherit", "not_valid", "not_enforced", "comment", "renamed_from"];
const EXCLUDE: &[&str] = &[
    "elements",
    "method",
    "where",
    "name",
    "include",
    "deferrable",
    "initially_deferred",
    "with",
    "index_comment",
    "comment",
    "renamed_from",
];

impl Common {
    /// Nothing said.
    pub(super) fn at(span: Span) -> Common {
        let (name, comment, renamed_from) = (None, None, None);
        Common { name, comment, renamed_from, deferrable: false, initially_deferred: false, span }
    }

    pub(super) fn read(args: &mut Args<'_>, findings: &mut Findings) -> Common {
        Common {
            name: args.name("name", findings),
            comment: args.text("comment", findings).map(|text| text.value),
            renamed_from: args.name("renamed_from", findings),
            deferrable: args.flag("deferrable", findings),
            initially_deferred: args.flag("initially_deferred", findings),
            span: args.span,
        }
    }
}

/// `primary_key(...)` or `unique(...)` of a table.
pub(super) fn key(arg: &Arg<'_>, primary: bool, findings: &mut Findings) -> Option<KeyDecl> {
    let (owner, words) = if primary { ("primary_key(..)", PRIMARY_KEY) } else { ("unique(..)", UNIQUE) };
    let mut args = arg.list(owner, findings)?;
    let found = columns(&mut args, "columns", findings);
    let listed = args.require((!found.is_empty()).then_some(found), "columns", "columns = \"a, b\"", findings);
    let mut decl = key_rest(&mut args, listed.unwrap_or_default(), !primary, findings);
    decl.without_overlaps = args.flag("without_overlaps", findings);
    if decl.without_overlaps {
        range_beside_others("without_overlaps", &decl.columns, args.span, findings);
    }
    args.finish(words, findings);
    Some(decl).filter(|decl| !decl.columns.is_empty())
}

/// What holds for a range needs other columns that say for which rows.
pub(super) fn range_beside_others(word: &str, columns: &[Spanned<Ident>], span: Span, findings: &mut Findings) {
    if columns.len() == 1 {
        let message = format!("`{word}` is about the last of several columns, and PostgreSQL refuses it for one alone");
        let help = "name the columns that are equal first, then the range: `columns = \"room, during\"`";
        findings.push(SyntaxFinding::error(ATTRIBUTE_CONFLICT, span, message).help(help));
    }
}

/// `unique` or `unique(...)` of a column.
pub(super) fn column_unique(arg: &Arg<'_>, column: &Spanned<Ident>, findings: &mut Findings) -> Option<KeyDecl> {
    let columns = vec![column.clone()];
    if !switched_on(arg, "unique(name = \"..\")", findings)? {
        let (include, common, index) = (Vec::new(), Common::at(arg.name_span), KeyIndex::default());
        return Some(KeyDecl { common, columns, include, without_overlaps: false, nulls_not_distinct: false, index });
    }
    let mut args = arg.list("unique(..)", findings)?;
    let decl = key_rest(&mut args, columns, true, findings);
    args.finish(&UNIQUE[2..], findings);
    Some(decl)
}

fn key_rest(args: &mut Args<'_>, columns: Vec<Spanned<Ident>>, unique: bool, findings: &mut Findings) -> KeyDecl {
    let include = self::columns(args, "include", findings);
    let nulls_not_distinct = unique && args.flag("nulls_not_distinct", findings);
    let index = key_index(args, findings);
    KeyDecl {
        common: Common::read(args, findings),
        columns,
        include,
        without_overlaps: false,
        nulls_not_distinct,
        index,
    }
}

/// Whether a word has a list (true) or stands alone (false); none when it is switched off or wrong.
fn switched_on(arg: &Arg<'_>, example: &str, findings: &mut Findings) -> Option<bool> {
    match arg.value {
        Value::List(_) => Some(true),
        Value::Flag | Value::Bool(true) => Some(false),
        Value::Bool(false) => None,
        _ => {
            findings.push(arg.wrong(&format!("nothing or a list, as in `{example}`")));
            None
        }
    }
}

/// `index(...)` of a table.
pub(super) fn index(arg: &Arg<'_>, findings: &mut Findings) -> Option<IndexDecl> {
    let mut args = arg.list("index(..)", findings)?;
    let text = args.sql("columns", findings);
    let text = args.require(text, "columns", "columns = \"lower(email), id desc\"", findings);
    let keys = text.map(|text| key_parts(&text, findings)).unwrap_or_default();
    let statistics = statistics(&mut args, &keys, findings);
    let decl = IndexDecl { statistics, ..index_rest(&mut args, keys, findings) };
    args.finish(INDEX, findings);
    Some(decl).filter(|decl| !decl.keys.is_empty())
}

/// `index` or `index(...)` of a column.
pub(super) fn column_index(arg: &Arg<'_>, column: &Spanned<Ident>, findings: &mut Findings) -> Option<IndexDecl> {
    let mut element = IndexElement::column(column.value.clone());
    let part = |element| KeyPart { element, word: column.value.as_str().to_owned(), span: column.span };
    if !switched_on(arg, "index(name = \"..\")", findings)? {
        return Some(index_rest(&mut Args::new("index", arg.name_span), vec![part(element)], findings));
    }
    let mut args = arg.list("index(..)", findings)?;
    element.opclass = args.sql("opclass", findings).map(|text| text.value);
    let collation = super::NamePath::argument(&mut args, "collate", findings);
    element.collation = collation.map(|path| path.value.within(&Ident::of(schema_core::DEFAULT_SCHEMA)));
    element.descending = args.flag("desc", findings);
    let nulls = args.text("nulls", findings);
    element.nulls_first = match nulls.as_ref().map(|text| text.value.as_str()) {
        Some("first") => true,
        Some("last") => false,
        _ => element.descending,
    };
    if let Some(wrong) = nulls.filter(|text| !matches!(text.value.as_str(), "first" | "last")) {
        findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, wrong.span, "`nulls` is `\"first\"` or `\"last\"`"));
    }
    let decl = index_rest(&mut args, vec![part(element)], findings);
    args.finish(COLUMN_INDEX, findings);
    Some(decl)
}

fn index_rest(args: &mut Args<'_>, keys: Vec<KeyPart>, findings: &mut Findings) -> IndexDecl {
    IndexDecl {
        keys,
        unique: args.flag("unique", findings),
        nulls_not_distinct: args.flag("nulls_not_distinct", findings),
        method: args.name("method", findings).map(|method| method.value),
        predicate: args.sql("where", findings).map(|text| Expr::new(text.value)),
        include: columns(args, "include", findings),
        with: with(args, findings),
        statistics: Vec::new(),
        common: Common::read(args, findings),
    }
}

/// Storage parameters: `with(fillfactor = 70, "toast.autovacuum_enabled" = false)`.
pub(super) fn with(args: &mut Args<'_>, findings: &mut Findings) -> BTreeMap<String, String> {
    parameters(args, "with(fillfactor = 70)", findings)
}

/// The parameters of `with(...)`.
pub(super) fn parameters(
    args: &mut Args<'_>,
    example: &'static str,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    let Some(list) = args.one("with", findings).and_then(|arg| arg.list(example, findings)) else {
        return parameters;
    };
    for parameter in list.entries() {
        let value = match &parameter.value {
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.replace('_', ""),
            Value::Bool(value) => value.to_string(),
            _ => {
                findings.push(parameter.wrong("a number, `true`, `false` or a string"));
                continue;
            }
        };
        if parameters.insert(parameter.name.to_ascii_lowercase(), value).is_some() {
            let message = format!("`{}` is set twice", parameter.name);
            findings.push(SyntaxFinding::error(crate::finding::ATTRIBUTE_REPEATED, parameter.name_span, message));
        }
    }
    parameters
}

/// Reads index keys as SQL writes them.
fn key_parts(text: &Spanned<String>, findings: &mut Findings) -> Vec<KeyPart> {
    let parts = split_outside(&text.value, ',');
    parts.into_iter().filter_map(|part| key_part(part.trim(), text.span, findings)).collect()
}

fn key_part(text: &str, span: Span, findings: &mut Findings) -> Option<KeyPart> {
    match IndexElement::parse(text) {
        Ok(element) => {
            let plain = matches!(element.key, IndexKey::Column(_));
            let first = tokens(text).find(|token| token.kind.is_significant());
            let word = first.filter(|token| plain && token.kind == TokenKind::Word).map(|token| token.text.to_owned());
            Some(KeyPart { element, word: word.unwrap_or_default(), span })
        }
        Err(problem) => {
            let message = format!("`{text}` is no index key: {problem}");
            let help = "write it as CREATE INDEX does: `columns = \"lower(email) desc, id\"`";
            findings.push(SyntaxFinding::error(INDEX_KEY_INVALID, span, message).help(help));
            None
        }
    }
}

/// `check(...)` or `check = ".."`.
pub(super) fn check(arg: &Arg<'_>, findings: &mut Findings) -> Option<CheckDecl> {
    if let Value::Text(_) = arg.value {
        let mut args = Args::new("check", arg.name_span);
        let text = arg.text(findings)?;
        if text.value.trim().is_empty() {
            let message = "`check` is empty, and PostgreSQL could not read it";
            findings.push(
                SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message)
                    .help("write SQL between the quotes, or remove `check`"),
            );
            return None;
        }
        return Some(check_rest(&mut args, Expr::new(text.value), findings));
    }
    let mut args = arg.list("check(expr = \"..\")", findings)?;
    let text = args.sql("expr", findings);
    let text = args.require(text, "expr", "expr = \"age >= 0\"", findings);
    let decl = check_rest(&mut args, Expr::new(text.as_ref().map_or("", |text| &text.value)), findings);
    args.finish(CHECK, findings);
    text.map(|_| decl)
}

fn check_rest(args: &mut Args<'_>, expr: Expr, findings: &mut Findings) -> CheckDecl {
    let no_inherit = args.flag("no_inherit", findings);
    let (not_valid, not_enforced) = looked_at(args, findings);
    CheckDecl { expr, no_inherit, not_valid, not_enforced, common: Common::read(args, findings) }
}

/// `not_valid` and `not_enforced`.
pub(super) fn looked_at(args: &mut Args<'_>, findings: &mut Findings) -> (bool, bool) {
    args.exclude("not_valid", "not_enforced", "what is not enforced is looked at in no row, old or new", findings);
    (args.flag("not_valid", findings), args.flag("not_enforced", findings))
}

/// `exclude(...)`.
pub(super) fn exclusion(arg: &Arg<'_>, findings: &mut Findings) -> Option<ExclusionDecl> {
    let mut args = arg.list("exclude(..)", findings)?;
    let text = args.sql("elements", findings);
    let text = args.require(text, "elements", "elements = \"room with =, during with &&\"", findings);
    let elements = text.map(|text| exclusion_elements(&text, findings)).unwrap_or_default();
    let method = args.name("method", findings).map(|method| method.value);
    let predicate = args.sql("where", findings).map(|text| Expr::new(text.value));
    let include = columns(&mut args, "include", findings);
    let index = key_index(&mut args, findings);
    let common = Common::read(&mut args, findings);
    args.finish(EXCLUDE, findings);
    let decl = ExclusionDecl { common, elements, method, predicate, include, index };
    Some(decl).filter(|decl| !decl.elements.is_empty())
}

fn exclusion_elements(text: &Spanned<String>, findings: &mut Findings) -> Vec<(KeyPart, String)> {
    let mut elements = Vec::new();
    for part in split_outside(&text.value, ',') {
        let with = tokens(part).filter(|token| token.is_word("with")).last();
        let Some(with) = with else {
            let message = format!("`{}` has no operator, so nothing could be compared", part.trim());
            let help = "write each as `column with operator`: `elements = \"room with =, during with &&\"`";
            findings.push(SyntaxFinding::error(INDEX_KEY_INVALID, text.span, message).help(help));
            continue;
        };
        let key = key_part(part[..with.start].trim(), text.span, findings);
        elements.extend(key.map(|key| (key, part[with.end..].trim().to_owned())));
    }
    elements
}
