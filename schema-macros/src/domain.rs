//! `#[derive(Domain)]`.

use proc_macro2::TokenStream;
use schema_core::{KindName, ObjectId, SqlType};
use schema_syntax::decl::{self, DomainDecl};

use crate::emit::{Output, literal};
use crate::input::Input;

pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let input = Input::read(tokens, decl::domain);
    let mut output = Output::default();
    output.text("use ::schema_runtime::__private as __s;");
    match &input.decl {
        Some(of) if input.findings.is_empty() => written(of, &input, &mut output),
        _ if !input.is_generic() => fallback(&input.name(), &mut output),
        _ => {}
    }
    let mut outer = Output::default();
    outer.tokens(input.errors()).tokens(output.in_const());
    outer.finish()
}

fn written(of: &DomainDecl, input: &Input<DomainDecl>, output: &mut Output) {
    let qualified = input.facts.qualified(of.schema.as_ref(), &of.name.value);
    output.tokens(input.drift(&ObjectId::top(KindName::Domain, &qualified), of.ident.span));
    let (ident, name, sql) =
        (&of.ident.value, literal(of.name.value.as_str()), literal(&SqlType::user(qualified).sql()));
    output.text("type __T =").tokens(input.source.tokens(of.ty)).text(";");
    output.text(&format!(
        "impl __s::SqlType for {ident} {{ const NAME: &'static str = {sql}; }} \
         impl<'a> __s::FromSql<'a> for {ident} {{ \
         fn from_sql(ty: &__s::Type, raw: &'a [u8]) -> __s::Result<Self, __s::BoxError> {{ __s::read_domain(ty, raw).map(Self) }} \
         fn accepts(ty: &__s::Type) -> bool {{ __s::accepts_domain(ty, {name}, <__T as __s::FromSql<'a>>::accepts) }} }} \
         impl __s::ToSql for {ident} {{ \
         fn to_sql(&self, ty: &__s::Type, out: &mut __s::BytesMut) -> __s::Result<__s::IsNull, __s::BoxError> {{ __s::write_domain(&self.0, ty, out) }} \
         fn accepts(ty: &__s::Type) -> bool {{ __s::accepts_domain(ty, {name}, <__T as __s::ToSql>::accepts) }} \
         fn to_sql_checked(&self, ty: &__s::Type, out: &mut __s::BytesMut) -> __s::Result<__s::IsNull, __s::BoxError> {{ __s::checked(self, ty, out) }} }}"
    ));
}

/// What columns of the type need so that the mistakes above are the only errors.
fn fallback(ident: &str, output: &mut Output) {
    output.text(&format!(
        "impl __s::SqlType for {ident} {{ const NAME: &'static str = \"\"; }} \
         impl<'a> __s::FromSql<'a> for {ident} {{ \
         fn from_sql(_: &__s::Type, _: &'a [u8]) -> __s::Result<Self, __s::BoxError> {{ loop {{}} }} \
         fn accepts(_: &__s::Type) -> bool {{ false }} }} \
         impl __s::ToSql for {ident} {{ \
         fn to_sql(&self, _: &__s::Type, _: &mut __s::BytesMut) -> __s::Result<__s::IsNull, __s::BoxError> {{ loop {{}} }} \
         fn accepts(_: &__s::Type) -> bool {{ false }} \
         fn to_sql_checked(&self, _: &__s::Type, _: &mut __s::BytesMut) -> __s::Result<__s::IsNull, __s::BoxError> {{ loop {{}} }} }}"
    ));
}
