//! `column(...)` of a `partition(...)`: what the partition has of its own in a column of the struct. The words are those of
//! `#[column(...)]` that PostgreSQL lets a partition say.

use schema_core::Expr;

use super::{PartitionColumnDecl, column_settings};
use crate::attr::{Arg, Findings, Spanned};
use crate::finding::{ATTRIBUTE_CONFLICT, SyntaxFinding};

const WORDS: &[&str] = &["name", "nullable", "default", "comment", "backfill"];

pub(super) fn read(arg: &Arg<'_>, findings: &mut Findings) -> Option<PartitionColumnDecl> {
    let mut args = arg.list("column(..)", findings)?;
    let name = args.name("name", findings);
    let name = args.require(name, "name", "name = \"kind\"", findings);
    let nullable_span = args.place_of("nullable");
    let nullable = args.switch("nullable", findings);
    if let (Some(true), Some(span)) = (nullable, nullable_span) {
        let message = "a partition takes NULL where its parent does, and nowhere else";
        let help = "write `nullable = false`, or leave it out";
        findings.push(SyntaxFinding::error(ATTRIBUTE_CONFLICT, span, message).help(help));
    }
    let mut expr = |word: &str, args: &mut crate::attr::Args<'_>| {
        args.sql(word, findings).map(|text| Spanned { value: Expr::new(&text.value), span: text.span })
    };
    let (default, backfill) = (expr("default", &mut args), expr("backfill", &mut args));
    let comment = args.text("comment", findings).map(|text| text.value);
    let settings = column_settings::read(&mut args, findings);
    args.finish(&[WORDS, column_settings::WORDS].concat(), findings);
    Some(PartitionColumnDecl { name: name?, not_null: nullable == Some(false), default, comment, settings, backfill })
}
