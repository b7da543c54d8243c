//! `objects! { .. }`: the scan reads it; here only its mistakes are shown.

use proc_macro2::TokenStream;
use schema_syntax::decl;
use schema_syntax::token::DeriveSource;

pub(crate) fn objects(tokens: TokenStream) -> TokenStream {
    let source = DeriveSource::new(tokens);
    let mut findings = Vec::new();
    decl::objects(source.source().cursor(), &mut findings);
    findings.iter().map(|finding| source.compile_error(finding)).collect()
}
