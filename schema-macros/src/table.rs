//! `#[derive(Table)]`.

use proc_macro2::TokenStream;
use schema_core::ObjectId;
use schema_syntax::SyntaxFinding;
use schema_syntax::decl::{self, TableDecl};
use schema_syntax::finding::{COLUMN_UNKNOWN, STRUCT_SHAPE};

use crate::emit::{Output, literal, quoted};
use crate::field::{Field, type_text};
use crate::input::Input;

/// The largest tuple of `schema_runtime`'s cells.
const GROUP: usize = 12;

pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let mut input = Input::read(tokens, decl::table);
    if let Some(table) = &input.decl {
        input.findings.extend(unknown_key_columns(table));
        if input.is_generic() && input.findings.is_empty() {
            input.findings.push(borrowed(table));
        }
    }
    let mut output = Output::default();
    output.text("use ::schema_runtime::__private as __s;");
    match &input.decl {
        Some(table) if input.findings.is_empty() => written(table, &input, &mut output),
        decl if !input.is_generic() => fallback(decl.as_ref(), &input, &mut output),
        _ => {}
    }
    let mut outer = Output::default();
    outer.tokens(input.errors()).tokens(output.in_const());
    outer.finish()
}

fn borrowed(table: &TableDecl) -> SyntaxFinding {
    let message = format!("`{}` borrows, and what is read from a row has nothing to borrow from", table.ident.value);
    SyntaxFinding::error(STRUCT_SHAPE, table.ident.span, message).help("own the values: `String` instead of `&str`")
}

fn unknown_key_columns(table: &TableDecl) -> Vec<SyntaxFinding> {
    let columns = table.primary_key.iter().flat_map(|key| &key.columns);
    let known = |column: &&decl::Spanned<schema_core::Ident>| {
        table.fields.iter().any(|field| !field.skip && field.name.value == column.value)
    };
    let finding = |column: &decl::Spanned<schema_core::Ident>| {
        let message = format!("the primary key names `{}`, which is no column of `{}`", column.value, table.name.value);
        let columns = table.fields.iter().filter(|field| !field.skip).map(|field| field.name.value.as_str());
        SyntaxFinding::error(COLUMN_UNKNOWN, column.span, message)
            .help(format!("its columns are {}", columns.collect::<Vec<_>>().join(", ")))
    };
    columns.filter(|column| !known(column)).map(finding).collect()
}

fn written(table: &TableDecl, input: &Input<TableDecl>, output: &mut Output) {
    let columns = table.fields.iter().filter(|field| !field.skip).enumerate();
    let fields: Vec<Field<'_>> = columns.map(|(at, field)| Field::new(at, field, &input.source)).collect();
    drift(table, input, output);
    for field in &fields {
        field.constant(table, &input.source, &input.facts, output);
    }
    let span = input.source.span(table.ident.span);
    let expected = fields.iter().filter(|field| field.is_plain()).map(Field::expected).collect::<Vec<_>>().join(", ");
    output.text("const _: () =").text_at("__s", span).text("::check");
    output.text_at(&format!("({}, &[{expected}])", literal(&table.ident.value)), span).text(";");
    output.text(&columns_struct(&table.ident.value, fields.iter().map(|field| (field.ident.as_str(), field.alias()))));
    let key = key_columns(table, &fields);
    output.text(&table_impl(table, &fields, &key, input));
    if !key.is_empty() {
        output.text(&keyed_impl(&table.ident.value, &key));
    }
}

/// Columns of plain types, as many as go into one tuple.
fn groups<'f, 'd>(fields: &'f [Field<'d>]) -> Vec<Vec<&'f Field<'d>>> {
    let plain: Vec<&Field<'d>> = fields.iter().filter(|field| field.is_plain()).collect();
    plain.chunks(GROUP).map(<[_]>::to_vec).collect()
}

/// The statements that read every column into a variable.
fn reads(fields: &[Field<'_>]) -> String {
    let in_groups = groups(fields).into_iter().map(|group| {
        let variables: String = group.iter().map(|field| format!("{},", field.variable())).collect();
        let columns = group.iter().map(|field| field.column.to_string()).collect::<Vec<_>>().join(", ");
        format!("let ({variables}) = match __s::cells(r, &[{columns}]) {{ Ok(v) => v, Err(e) => return Err(e) }};")
    });
    let alone = fields.iter().filter(|field| !field.is_plain()).map(Field::read);
    in_groups.chain(alone).collect()
}

/// What has no migration yet, at the field.
fn drift(table: &TableDecl, input: &Input<TableDecl>, output: &mut Output) {
    let name = input.facts.qualified(table.schema.as_ref(), &table.name.value);
    let of_table = (ObjectId::table(&name), table.ident.span);
    let columns = table.fields.iter().filter(|field| !field.skip);
    let of_fields = columns.map(|field| (ObjectId::column(&name, &field.name.value), field.ident.span));
    for (id, span) in std::iter::once(of_table).chain(of_fields) {
        output.tokens(input.drift(&id, span));
    }
}

fn columns_struct<'f>(table: &str, fields: impl Iterator<Item = (&'f str, String)>) -> String {
    let shown = fields.map(|(ident, ty)| format!("pub {ident}: __s::Column<{table}, {ty}>")).collect::<Vec<_>>();
    format!("pub struct __Columns {{ {} }}", shown.join(", "))
}

/// The columns of the key in its order.
fn key_columns<'f, 'd>(table: &TableDecl, fields: &'f [Field<'d>]) -> Vec<&'f Field<'d>> {
    let names = table.primary_key.iter().flat_map(|key| &key.columns);
    names.filter_map(|name| fields.iter().find(|field| field.decl.name.value == name.value)).collect()
}

fn table_impl(table: &TableDecl, fields: &[Field<'_>], key: &[&Field<'_>], input: &Input<TableDecl>) -> String {
    let (ident, names) = (&table.ident.value, names(table, fields, input));
    let list = |show: &dyn Fn(&Field<'_>) -> String| fields.iter().map(show).collect::<Vec<_>>().join(", ");
    let flags = list(&|field| {
        let of_key = key.iter().any(|part| part.column == field.column);
        (field.flags() | u8::from(of_key)).to_string()
    });
    let catalog = list(&|field| literal(field.decl.name.value.as_str()));
    let key = key.iter().map(|part| part.column.to_string()).collect::<Vec<_>>().join(", ");
    let columns = list(&|field| format!("{}: __s::Column::at({})", field.ident, field.column));
    let (reads, built) = (reads(fields), list(&|field| format!("{}: {}", field.ident, field.variable())));
    let skipped = table.fields.iter().filter(|field| field.skip).map(|field| {
        format!(", {}: ::core::default::Default::default()", input.source.source().slice(field.ident.span))
    });
    let values =
        fields.iter().map(|field| format!("{} => {},", field.column, field.value(&format!("self.{}", field.ident))));
    format!(
        "impl __s::Table for {ident} {{ {names} const SHAPE: &'static __s::Shape = &__s::Shape {{ names: &[{catalog}], flags: &[{flags}], key: &[{key}] }}; \
         type Columns = __Columns; #[inline] fn columns() -> __Columns {{ __Columns {{ {columns} }} }} \
         #[inline] fn read(r: &__s::Reader<'_>) -> __s::Result<Self, __s::RowError> {{ use __s::{{Ok, Err}}; {reads} Ok(Self {{ {built}{} }}) }} \
         #[inline] fn value(&self, c: usize) -> &(dyn __s::ToSql + __s::Sync) {{ match c {{ {} _ => __s::no_column(c) }} }} }}",
        skipped.collect::<String>(),
        values.collect::<String>(),
    )
}

fn names(table: &TableDecl, fields: &[Field<'_>], input: &Input<TableDecl>) -> String {
    let name = input.facts.qualified(table.schema.as_ref(), &table.name.value);
    let full = format!("{}.{}", quoted(name.schema.as_str()), quoted(name.name.as_str()));
    let columns = fields.iter().map(|field| quoted(field.decl.name.value.as_str())).collect::<Vec<_>>().join(", ");
    format!("const TABLE: &'static str = {}; const COLUMNS: &'static str = {};", literal(&full), literal(&columns))
}

fn keyed_impl(ident: &str, key: &[&Field<'_>]) -> String {
    let (types, parts): (Vec<String>, Vec<String>) = match key {
        [only] => (vec![only.alias()], vec![only.value("*k")]),
        several => {
            let part = |(at, field): (usize, &&Field<'_>)| (field.alias(), field.value(&format!("k.{at}")));
            several.iter().enumerate().map(part).unzip()
        }
    };
    let parts: String = parts.iter().enumerate().map(|(at, value)| format!("{at} => {value},")).collect();
    let key = if let [only] = &types[..] { only.clone() } else { format!("({})", types.join(", ")) };
    format!(
        "impl __s::Keyed for {ident} {{ type Key = {key}; \
         #[inline] fn key(k: &{key}, c: usize) -> &(dyn __s::ToSql + __s::Sync) {{ match c {{ {parts} _ => __s::no_column(c) }} }} }}"
    )
}

/// What the rest of the program needs so that the mistakes above are its only errors.
fn fallback(table: Option<&TableDecl>, input: &Input<TableDecl>, output: &mut Output) {
    let ident = input.name();
    let fields: Vec<Field<'_>> = table.map_or_else(Vec::new, |table| {
        let columns = table.fields.iter().filter(|field| !field.skip).enumerate();
        columns.map(|(at, field)| Field::new(at, field, &input.source)).collect()
    });
    let types: Vec<String> = fields.iter().map(|field| type_text(&input.source, field.decl)).collect();
    let columns = fields.iter().zip(&types).map(|(field, ty)| (field.ident.as_str(), ty.clone()));
    output.text(&columns_struct(&ident, columns));
    output.text(&format!(
        "impl __s::Table for {ident} {{ const TABLE: &'static str = \"\"; const COLUMNS: &'static str = \"\"; \
         const SHAPE: &'static __s::Shape = &__s::Shape {{ names: &[], flags: &[], key: &[] }}; type Columns = __Columns; \
         fn columns() -> __Columns {{ loop {{}} }} fn read(_: &__s::Reader<'_>) -> __s::Result<Self, __s::RowError> {{ loop {{}} }} \
         fn value(&self, c: usize) -> &(dyn __s::ToSql + __s::Sync) {{ __s::no_column(c) }} }}"
    ));
    let key: Vec<&str> = table.map_or_else(Vec::new, |table| {
        key_columns(table, &fields).iter().map(|field| types[field.column].as_str()).collect()
    });
    let key = match &key[..] {
        [] => "__s::AnyKey".to_owned(),
        [only] => (*only).to_owned(),
        several => format!("({})", several.join(", ")),
    };
    output.text(&format!(
        "impl __s::Keyed for {ident} {{ type Key = {key}; fn key(_: &{key}, c: usize) -> &(dyn __s::ToSql + __s::Sync) {{ __s::no_column(c) }} }}"
    ));
}
