//! One column in the output: how it is read and written, and the assertion that the compiler saw the type that the tokens say.
//!
//! A field of a std type goes the cheap way, which costs half the compile time. Any other type goes through one constant, so
//! that a type that does not fit is one error at the field.

use schema_core::SqlType;
use schema_core::kinds::IdentityMode;
use schema_syntax::decl::{FieldDecl, TableDecl, ValueDecl};
use schema_syntax::rust_type::RustType;
use schema_syntax::token::{DeriveSource, lex};
use schema_syntax::types::{How, is_option};

use crate::build_facts::BuildFacts;
use crate::emit::{Output, literal};

/// Types of std that read and write themselves.
const PLAIN: &[&str] = &["bool", "i16", "i32", "i64", "f32", "f64", "String", "SystemTime", "IpAddr", "u8"];
/// Wrappers that the driver does not know, or not for both ways.
const WRAPPED: &[&str] = &["&", "Arc", "Rc", "Cow", "$", "["];

/// A column of the output.
pub(crate) struct Field<'d> {
    /// Its place among the columns.
    pub column: usize,
    pub decl: &'d FieldDecl,
    /// The field's name as it is written, with `r#`.
    pub ident: String,
    ty: String,
    plain: bool,
    /// Whether `nullable` says something else than the type.
    overridden: bool,
}

impl<'d> Field<'d> {
    pub fn new(column: usize, decl: &'d FieldDecl, source: &DeriveSource) -> Field<'d> {
        let (ident, ty) = (source.source().slice(decl.ident.span).to_owned(), type_text(source, decl));
        let overridden = decl.inferred.how != How::Sql && nullable(&ty) != decl.inferred.nullable;
        let named = matches!(&decl.inferred.how, How::BuiltIn(name) if PLAIN.contains(&name.as_str()));
        let plain = named && !overridden && !WRAPPED.iter().any(|word| ty.contains(word));
        Field { column, decl, ident, ty, plain, overridden }
    }

    /// The type in text, for places that only name it.
    pub fn alias(&self) -> String {
        if self.plain { self.ty.clone() } else { format!("__T{}", self.column) }
    }

    /// Whether it is read with its neighbours and needs no constant.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// The variable that holds what was read.
    pub fn variable(&self) -> String {
        format!("v{}", self.column)
    }

    /// The statement that reads it, when it is not read with others.
    pub fn read(&self) -> String {
        let column = self.column;
        format!("let v{column} = match __F{column}.get(r, {column}) {{ Ok(v) => v, Err(e) => return Err(e) }};")
    }

    /// The expression that lends its value, from a place such as `self.id`.
    pub fn value(&self, place: &str) -> String {
        match self.plain {
            true => format!("&{place}"),
            false => format!("__F{}.value(&{place})", self.column),
        }
    }

    /// What the tokens say of a plain column, and what the compiler finds.
    pub fn expected(&self) -> String {
        let sql = self.decl.inferred.sql_type.as_ref().map(SqlType::sql).unwrap_or_default();
        let (field, nullable) = (literal(&self.decl.ident.value), self.decl.inferred.nullable);
        format!("({field}, {}, {nullable}, <{} as __s::SqlType>::FOUND)", literal(&sql), self.ty)
    }

    /// The type and the constant of any other column.
    pub fn constant(&self, table: &TableDecl, source: &DeriveSource, facts: &BuildFacts, output: &mut Output) {
        if self.plain {
            return;
        }
        let (column, ty) = (self.column, source.tokens(self.decl.ty));
        let (first, last) = source.spans(self.decl.ty);
        output.text(&format!("type __T{column} =")).tokens(ty.clone());
        output.text(&format!("; const __F{column}: __s::Of<__T{column}> ="));
        let (function, assertion) = self.expectation(table, facts);
        output.text_at(&format!("__s::{function}::<"), first).tokens(ty).text_at(&format!(">(){assertion}"), last);
        output.text(";");
    }

    /// The function that gives the constant, and what it is held against.
    fn expectation(&self, table: &TableDecl, facts: &BuildFacts) -> (&'static str, String) {
        let (name, nullable) = (self.name(table), self.decl.inferred.nullable);
        let sql = match &self.decl.inferred.how {
            How::Sql | How::Config | How::Unknown => return ("of_any", String::new()),
            How::BuiltIn(_) => self.decl.inferred.sql_type.as_ref().map(SqlType::sql),
            How::Named { name, array } => {
                facts.named.get(name).map(|sql| format!("{sql}{}", if *array { "[]" } else { "" }))
            }
        };
        let assertion = match (sql, self.overridden) {
            (Some(sql), false) => format!(".expect({name}, {}, {nullable})", literal(&sql)),
            (Some(sql), true) => format!(".expect_type({name}, {})", literal(&sql)),
            (None, false) => format!(".expect_null({name}, {nullable})"),
            (None, true) => String::new(),
        };
        ("of", assertion)
    }

    fn name(&self, table: &TableDecl) -> String {
        literal(&format!("{}.{}", table.ident.value, self.decl.ident.value))
    }

    /// The flags of `schema_runtime::table::Shape`, but that of the key.
    pub fn flags(&self) -> u8 {
        match self.decl.value.as_ref().map(|value| &value.value) {
            Some(ValueDecl::Identity { mode: IdentityMode::Always, .. }) => 2 | 4,
            Some(ValueDecl::Identity { .. } | ValueDecl::Serial { .. }) => 2,
            Some(ValueDecl::Generated(_) | ValueDecl::Virtual(_)) => 8,
            Some(ValueDecl::Default(_)) | None => 0,
        }
    }
}

/// A type as Rust reads it again: in the source's own text a path separator is in two pieces.
pub(crate) fn type_text(source: &DeriveSource, decl: &FieldDecl) -> String {
    let text = source.source().slice(decl.ty);
    if text.contains(':') { source.tokens(decl.ty).to_string() } else { text.to_owned() }
}

/// Whether a type shows that it may be nothing.
fn nullable(ty: &str) -> bool {
    ty.contains("Option") && lex(ty).is_ok_and(|source| is_option(&RustType::read(source.cursor())))
}
