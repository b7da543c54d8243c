//! An enum that derives `Enum`.

use std::collections::BTreeMap;

use schema_core::Ident;

use super::item::{Body, Header, Item, header};
use super::{EnumDecl, NamePath, Reading, Spanned, VariantDecl};
use crate::attr::{Args, Findings, ident};
use crate::case::{RULES, by_rule, snake};
use crate::conditions::Truth;
use crate::finding::{ATTRIBUTE_VALUE, LABEL_DUPLICATE, STRUCT_SHAPE, SyntaxFinding};
use crate::suggest::hint;
use crate::token::{Cursor, Span};

const WORDS: &[&str] = &["name", "schema", "comment", "renamed_from", "rename_all"];

/// Reads an enum that derives `Enum`.
pub(crate) fn read(
    of: &Header<'_>,
    item: &Item<'_>,
    reading: &Reading<'_>,
    findings: &mut Findings,
) -> Option<EnumDecl> {
    let (name, Body::Braces(mut variants)) = (item.name, item.body) else { return wrong_shape(item, findings) };
    if item.keyword != "enum" {
        return wrong_shape(item, findings);
    }
    let mut args = of.args("enum_type", "#[enum_type(..)]", item.span, findings);
    let given = args.has("name");
    let found = args.name("name", findings);
    let type_name = found.or_else(|| match given {
        true => ident(snake(name), item.span, &mut Vec::new()),
        false => ident(snake(name), item.span, findings),
    })?;
    let rule = rename_rule(&mut args, findings);
    let mut decl = EnumDecl {
        ident: Spanned { value: name.to_owned(), span: item.span },
        name: type_name,
        schema: args.name("schema", findings),
        comment: args.text("comment", findings).map(|text| text.value),
        renamed_from: NamePath::argument(&mut args, "renamed_from", findings),
        variants: Vec::new(),
    };
    args.finish(WORDS, findings);
    while !variants.is_empty() {
        decl.variants.extend(variant(&mut variants, rule.as_deref(), reading, findings));
    }
    duplicates(&decl, findings);
    if decl.variants.is_empty() {
        let message = format!("`{name}` has no variants, so no column of this type could hold a value");
        findings.push(SyntaxFinding::error(STRUCT_SHAPE, item.span, message).help("add a variant"));
    }
    Some(decl)
}

fn wrong_shape(item: &Item<'_>, findings: &mut Findings) -> Option<EnumDecl> {
    let message = format!("`{}` is a {}, and only an enum becomes an enum type", item.name, item.keyword);
    let help = "derive `schema_runtime::Domain` for a newtype, or `Table` for a struct with columns";
    findings.push(SyntaxFinding::error(STRUCT_SHAPE, item.span, message).help(help));
    None
}

fn rename_rule(args: &mut Args<'_>, findings: &mut Findings) -> Option<String> {
    let text = args.text("rename_all", findings)?;
    if RULES.contains(&text.value.as_str()) {
        return Some(text.value);
    }
    let near = hint(&text.value, RULES.iter().copied());
    let message = format!("`rename_all` knows no `{}`{near}", text.value);
    let shown = RULES.iter().map(|rule| format!("\"{rule}\"")).collect::<Vec<_>>().join(", ");
    findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message).help(format!("it knows {shown}")));
    None
}

fn variant(
    variants: &mut Cursor<'_>,
    rule: Option<&str>,
    reading: &Reading<'_>,
    findings: &mut Findings,
) -> Option<VariantDecl> {
    let of = header(variants, reading.conditions);
    let Some((name, span)) = variants.take_ident() else {
        variants.take_to_comma();
        return None;
    };
    if variants.sees_group("(") || variants.sees_group("{") {
        let message = format!("`{name}` holds values, and a label of an enum type holds none");
        let help = "take its fields away; a column of its own can hold them";
        findings.push(SyntaxFinding::error(STRUCT_SHAPE, span, message).help(help));
    }
    variants.take_to_comma();
    if of.truth == Truth::No {
        return None;
    }
    let mut args = of.args("label", "#[label(..)]", span, findings);
    let given = args.bare();
    let renamed_from = args.name("renamed_from", findings);
    args.finish(&["renamed_from"], findings);
    let label = match given {
        Some(text) => ident(text.value, text.span, findings)?,
        None => default_label(name, rule, span, findings)?,
    };
    Some(VariantDecl { ident: Spanned { value: name.to_owned(), span }, label, renamed_from })
}

fn default_label(name: &str, rule: Option<&str>, span: Span, findings: &mut Findings) -> Option<Spanned<Ident>> {
    let text = rule.and_then(|rule| by_rule(name, rule)).unwrap_or_else(|| snake(name));
    ident(text, span, findings)
}

fn duplicates(decl: &EnumDecl, findings: &mut Findings) {
    let mut seen: BTreeMap<&Ident, Span> = BTreeMap::new();
    for variant in &decl.variants {
        if let Some(first) = seen.insert(&variant.label.value, variant.label.span) {
            let message = format!("two variants of `{}` have the label `{}`", decl.ident.value, variant.label.value);
            findings.push(
                SyntaxFinding::error(LABEL_DUPLICATE, variant.label.span, message)
                    .secondary(first, "the first one")
                    .help("give one of them another label: `#[label(\"..\")]`"),
            );
        }
    }
}
