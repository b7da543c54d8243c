//! `#[derive(Enum)]`.

use proc_macro2::TokenStream;
use schema_core::{KindName, ObjectId, SqlType};
use schema_syntax::decl::{self, EnumDecl};

use crate::emit::{Output, literal};
use crate::input::Input;

pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let input = Input::read(tokens, decl::enum_type);
    let mut output = Output::default();
    output.text("use ::schema_runtime::__private as __s;");
    match &input.decl {
        Some(of) if input.findings.is_empty() => written(of, &input, &mut output),
        _ if !input.is_generic() => {
            output.text(&implementations(&input.name(), "", "", "", "", "loop {}"));
        }
        _ => {}
    }
    let mut outer = Output::default();
    outer.tokens(input.errors()).tokens(output.in_const());
    outer.finish()
}

fn written(of: &EnumDecl, input: &Input<EnumDecl>, output: &mut Output) {
    let variants: Vec<(String, String)> = of
        .variants
        .iter()
        .map(|variant| {
            let ident = input.source.source().slice(variant.ident.span).to_owned();
            (ident, literal(variant.label.value.as_str()))
        })
        .collect();
    let list = |show: fn(&(String, String)) -> String| variants.iter().map(show).collect::<String>();
    let name = input.facts.qualified(of.schema.as_ref(), &of.name.value);
    output.tokens(input.drift(&ObjectId::top(KindName::Enum, &name), of.ident.span));
    let sql = SqlType::user(name).sql();
    let labels = list(|(_, label)| format!("{label}, "));
    let from = list(|(ident, label)| format!("{label} => Self::{ident},"));
    let to = format!("match self {{ {} }}", list(|(ident, label)| format!("Self::{ident} => {label},")));
    output.text(&implementations(&of.ident.value, &sql, of.name.value.as_str(), &labels, &from, &to));
}

fn implementations(ident: &str, sql: &str, name: &str, labels: &str, from: &str, to: &str) -> String {
    let (sql, name) = (literal(sql), literal(name));
    format!(
        "impl __s::EnumType for {ident} {{ const TYPE: &'static str = {name}; const LABELS: &'static [&'static str] = &[{labels}]; \
         fn label(&self) -> &'static str {{ {to} }} \
         fn from_label(label: &str) -> __s::Option<Self> {{ __s::Some(match label {{ {from} _ => return __s::None }}) }} }} \
         impl __s::SqlType for {ident} {{ const NAME: &'static str = {sql}; }} \
         impl<'a> __s::FromSql<'a> for {ident} {{ \
         fn from_sql(_: &__s::Type, raw: &'a [u8]) -> __s::Result<Self, __s::BoxError> {{ __s::read_label(raw) }} \
         fn accepts(ty: &__s::Type) -> bool {{ __s::accepts_enum(ty, {name}) }} }} \
         impl __s::ToSql for {ident} {{ \
         fn to_sql(&self, _: &__s::Type, out: &mut __s::BytesMut) -> __s::Result<__s::IsNull, __s::BoxError> {{ __s::write_label(self, out) }} \
         fn accepts(ty: &__s::Type) -> bool {{ __s::accepts_enum(ty, {name}) }} \
         fn to_sql_checked(&self, ty: &__s::Type, out: &mut __s::BytesMut) -> __s::Result<__s::IsNull, __s::BoxError> {{ __s::checked(self, ty, out) }} }}"
    )
}
