//! The macros of cargo schema: `#[derive(Table)]`, `#[derive(Enum)]`, `#[derive(Domain)]`, `tables!`, `objects!`, `migrations!`.
//!
//! They read with schema-syntax, the front end that the command line and build.rs use, and write as few tokens as they can: the
//! logic is in schema-runtime, which re-exports them.

mod build_facts;
mod domain;
mod emit;
mod enum_type;
mod field;
mod input;
mod migrations;
mod objects;
mod table;

use proc_macro::TokenStream;

/// Makes a struct stand for a table: see the guide on attributes.
#[proc_macro_derive(Table, attributes(table, column))]
pub fn derive_table(input: TokenStream) -> TokenStream {
    table::derive(input.into()).into()
}

/// Makes an enum stand for an enum type of PostgreSQL.
#[proc_macro_derive(Enum, attributes(enum_type, label))]
pub fn derive_enum(input: TokenStream) -> TokenStream {
    enum_type::derive(input.into()).into()
}

/// Makes a newtype stand for a domain.
#[proc_macro_derive(Domain, attributes(domain))]
pub fn derive_domain(input: TokenStream) -> TokenStream {
    domain::derive(input.into()).into()
}

/// Structs that `macro_rules!` would hide from the scan: what is between the braces stays as it is.
#[proc_macro]
pub fn tables(input: TokenStream) -> TokenStream {
    input
}

/// Declares what no struct holds: PostgreSQL schemas, extensions and sequences. It leaves nothing in the program.
#[proc_macro]
pub fn objects(input: TokenStream) -> TokenStream {
    objects::objects(input.into()).into()
}

/// Embeds the revisions of the configured folder: `migrations!()`, or by its path `migrations!("migrations")`.
///
/// A changed revision rebuilds the program by itself. For a new one, the package's build.rs must watch the folder, which
/// `schema_runtime::build::verify()` does; without it the macro refuses.
#[proc_macro]
pub fn migrations(input: TokenStream) -> TokenStream {
    migrations::embed(input.into()).into()
}
