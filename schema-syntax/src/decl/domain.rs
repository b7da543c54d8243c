//! A newtype that derives `Domain`.

use schema_core::Expr;

use super::column::{Sql, sql_type};
use super::constraint::check;
use super::item::{Body, Header, Item, header, skip_visibility};
use super::{CheckDecl, DomainDecl, NamePath, Reading, Spanned};
use crate::attr::{Arg, Findings, ident};
use crate::case::snake;
use crate::finding::{ATTRIBUTE_CONFLICT, STRUCT_SHAPE, SyntaxFinding};
use crate::rust_type::RustType;
use crate::token::Cursor;
use crate::types::{How, Inferred, infer};

const WORDS: &[&str] = &["name", "schema", "sql", "default", "not_null", "collate", "comment", "renamed_from", "check"];

/// Reads a newtype that derives `Domain`.
pub(crate) fn read(
    of: &Header<'_>,
    item: &Item<'_>,
    reading: &Reading<'_>,
    findings: &mut Findings,
) -> Option<DomainDecl> {
    let ty = newtype_field(item, reading, findings)?;
    let mut args = of.args("domain", "#[domain(..)]", item.span, findings);
    let given = args.has("name");
    let found = args.name("name", findings);
    let name = found.or_else(|| match given {
        true => ident(snake(item.name), item.span, &mut Vec::new()),
        false => ident(snake(item.name), item.span, findings),
    })?;
    let rust_type = RustType::read(ty);
    let unknown = |span| Inferred { sql_type: None, nullable: false, how: How::Unknown, span };
    let inferred = match sql_type(&mut args, findings) {
        Sql::Given(sql) => Inferred { sql_type: Some(sql.value), nullable: false, how: How::Sql, span: sql.span },
        Sql::Wrong(span) => unknown(span),
        Sql::Absent => infer(&rust_type, reading.types).unwrap_or_else(|finding| {
            findings.push(finding.help("for a domain: `#[domain(sql = \"..\")]`"));
            unknown(rust_type.span)
        }),
    };
    let decl = DomainDecl {
        ident: Spanned { value: item.name.to_owned(), span: item.span },
        name,
        schema: args.name("schema", findings),
        ty: rust_type.span,
        inferred,
        not_null: args.flag("not_null", findings),
        default: args.sql("default", findings).map(|text| Expr::new(text.value)),
        collate: NamePath::argument(&mut args, "collate", findings),
        checks: args.all("check").iter().filter_map(|arg| domain_check(arg, findings)).collect(),
        comment: args.text("comment", findings).map(|text| text.value),
        renamed_from: NamePath::argument(&mut args, "renamed_from", findings),
    };
    args.finish(WORDS, findings);
    Some(decl)
}

/// `check(...)`: a domain has no heirs, and PostgreSQL enforces all its checks.
fn domain_check(arg: &Arg<'_>, findings: &mut Findings) -> Option<CheckDecl> {
    let decl = check(arg, findings)?;
    let said = [("no_inherit", decl.no_inherit), ("not_enforced", decl.not_enforced)];
    for (word, _) in said.iter().filter(|(_, is_said)| *is_said) {
        let message = format!("`{word}` is for checks of tables, and the check of a domain cannot have it");
        findings
            .push(SyntaxFinding::error(ATTRIBUTE_CONFLICT, decl.common.span, message).help(format!("remove `{word}`")));
    }
    Some(decl)
}

/// The type of the one field.
fn newtype_field<'a>(item: &Item<'a>, reading: &Reading<'_>, findings: &mut Findings) -> Option<Cursor<'a>> {
    if let ("struct", Body::Tuple(mut fields)) = (item.keyword, item.body) {
        header(&mut fields, reading.conditions);
        skip_visibility(&mut fields);
        let ty = fields.take_to_comma();
        if fields.is_empty() && !ty.is_empty() {
            return Some(ty);
        }
    }
    let name = item.name;
    let message = format!("`{name}` is no newtype, and a domain is one type with rules");
    let help = format!("write `struct {name}(pub String);`");
    findings.push(SyntaxFinding::error(STRUCT_SHAPE, item.span, message).help(help));
    None
}
