//! Foreign keys, as the table's attribute and `references` of a column write them.
//!
//! Whether the key that they reference is there is found when all structs are known.

use schema_core::Ident;
use schema_core::kinds::{ForeignKeyAction, ForeignKeyMatch};

use super::constraint::{looked_at, range_beside_others};
use super::names::{columns, name_list, target};
use super::{Common, ForeignKeyDecl, Spanned};
use crate::attr::{Arg, Args, Findings};
use crate::finding::{ATTRIBUTE_VALUE, SyntaxFinding};
use crate::suggest::hint;

const FOREIGN_KEY: &[&str] = &[
    "columns",
    "references",
    "period",
    "name",
    "on_delete",
    "on_update",
    "match",
    "deferrable",
    "initially_deferred",
    "not_valid",
    "not_enforced",
    "comment",
    "renamed_from",
];

/// `foreign_key(...)` of a table.
pub(super) fn foreign_key(arg: &Arg<'_>, findings: &mut Findings) -> Option<ForeignKeyDecl> {
    let mut args = arg.list("foreign_key(..)", findings)?;
    let found = columns(&mut args, "columns", findings);
    let listed = args.require((!found.is_empty()).then_some(found), "columns", "columns = \"a, b\"", findings);
    let references = args.sql("references", findings);
    let references = args.require(references, "references", "references = \"table(a, b)\"", findings);
    let common = Common::read(&mut args, findings);
    let decl = references.zip(listed).and_then(|(text, columns)| {
        let target = target(text, findings)?;
        let mut decl = foreign_key_rest(&mut args, common, columns, target, findings);
        decl.period = args.flag("period", findings);
        if decl.period {
            range_beside_others("period", &decl.columns, args.span, findings);
        }
        Some(decl)
    });
    if decl.is_some() {
        args.finish(FOREIGN_KEY, findings);
    }
    decl
}

/// `references = ".."` of a column and the words that belong to it.
pub(super) fn column_foreign_key(
    args: &mut Args<'_>,
    column: &Spanned<Ident>,
    findings: &mut Findings,
) -> Option<ForeignKeyDecl> {
    let arg = args.one("references", findings)?;
    let text = arg.text(findings)?;
    let span = text.span;
    let common = Common {
        name: args.name("constraint", findings),
        comment: args.text("fk_comment", findings).map(|text| text.value),
        renamed_from: args.name("fk_renamed_from", findings),
        deferrable: args.flag("deferrable", findings),
        initially_deferred: args.flag("initially_deferred", findings),
        span,
    };
    let target = target(text, findings);
    let fallback =
        || (Spanned { value: super::NamePath { schema: None, name: Ident::of("unknown") }, span }, Vec::new());
    let readable = target.is_some();
    let decl = foreign_key_rest(args, common, vec![column.clone()], target.unwrap_or_else(fallback), findings);
    readable.then_some(decl)
}

fn foreign_key_rest(
    args: &mut Args<'_>,
    common: Common,
    columns: Vec<Spanned<Ident>>,
    (references, referenced): super::names::Target,
    findings: &mut Findings,
) -> ForeignKeyDecl {
    let on_delete = action(args, "on_delete", findings);
    let on_update = action(args, "on_update", findings);
    let match_type = match_type(args, findings);
    let (not_valid, not_enforced) = looked_at(args, findings);
    let period = false;
    ForeignKeyDecl {
        common,
        columns,
        references,
        referenced,
        period,
        on_delete,
        on_update,
        match_type,
        not_valid,
        not_enforced,
    }
}

fn match_type(args: &mut Args<'_>, findings: &mut Findings) -> ForeignKeyMatch {
    let Some(text) = args.text("match", findings) else { return ForeignKeyMatch::Simple };
    match text.value.to_ascii_lowercase().as_str() {
        "full" => ForeignKeyMatch::Full,
        "simple" => ForeignKeyMatch::Simple,
        other => {
            let message = format!("`match` is `\"simple\"` or `\"full\"`, not `{other}`");
            findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message));
            ForeignKeyMatch::Simple
        }
    }
}

const ACTIONS: &[&str] = &["no action", "restrict", "cascade", "set null", "set default"];

fn action(args: &mut Args<'_>, word: &str, findings: &mut Findings) -> ForeignKeyAction {
    let Some(text) = args.text(word, findings) else { return ForeignKeyAction::NoAction };
    let (verb, list) =
        text.value.split_once('(').map_or((text.value.as_str(), None), |(verb, list)| (verb, Some(list)));
    let verb = verb.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let list = list.map(|list| list.trim_end().trim_end_matches(')').to_owned());
    let columns: Vec<Ident> = list
        .map(|value| name_list(&Spanned { value, span: text.span }, findings))
        .unwrap_or_default()
        .into_iter()
        .map(|column| column.value)
        .collect();
    let some = !columns.is_empty();
    let found = match verb.as_str() {
        "no action" => ForeignKeyAction::NoAction,
        "restrict" => ForeignKeyAction::Restrict,
        "cascade" => ForeignKeyAction::Cascade,
        "set null" => ForeignKeyAction::SetNull(columns),
        "set default" => ForeignKeyAction::SetDefault(columns),
        other => {
            let near = hint(&other.replace('_', " "), ACTIONS.iter().copied());
            let shown = ACTIONS.iter().map(|action| format!("\"{action}\"")).collect::<Vec<_>>().join(", ");
            let message = format!("`{word}` knows no `{}`{near}", text.value);
            findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message).help(format!("it knows {shown}")));
            return ForeignKeyAction::NoAction;
        }
    };
    let takes_columns = word == "on_delete" && matches!(verb.as_str(), "set null" | "set default");
    if some && !takes_columns {
        let message =
            format!("`{word} = \"{verb}\"` takes no columns; only `on_delete` with `set null` and `set default` does");
        findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message));
    }
    found
}
