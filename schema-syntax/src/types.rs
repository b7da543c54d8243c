//! From Rust types to SQL types: the built-in table, the project's own, and what no table can decide.
//!
//! A type is known by the last segment of its path and by its arguments. Names of enums and domains that other structs declare are
//! left open here: only a scan sees them.

use std::collections::BTreeMap;

use schema_core::SqlType;

use crate::finding::{SyntaxFinding, TYPE_AMBIGUOUS, TYPE_UNKNOWN};
use crate::rust_type::{Form, RustType};
use crate::token::Span;

/// The names that the built-in table knows.
pub const BUILT_IN: &[&str] = &[
    "bool",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "String",
    "Uuid",
    "DateTime",
    "NaiveDateTime",
    "NaiveDate",
    "NaiveTime",
    "OffsetDateTime",
    "PrimitiveDateTime",
    "Timestamp",
    "SystemTime",
    "Date",
    "Time",
    "Value",
    "Json",
    "Decimal",
    "IpAddr",
    "IpNetwork",
    "IpInet",
    "BitVec",
    "PgLsn",
    "Bytes",
];

/// What the project says about types.
#[derive(Clone, Debug, Default)]
pub struct TypeContext {
    /// The `[types]` table of the configuration: the last segment of a Rust path, and the SQL type. It comes before the built-in table.
    pub types: BTreeMap<String, SqlType>,
}

/// What a field's type says about its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inferred {
    /// The SQL type; none when only a scan can know it, or when there was a finding.
    pub sql_type: Option<SqlType>,
    /// Whether the column takes NULL.
    pub nullable: bool,
    /// Where the type comes from.
    pub how: How,
    /// The text that decided: of the type, or of `sql = "..."`.
    pub span: Span,
}

/// Where an SQL type comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The built-in table, for this name.
    BuiltIn(String),
    /// The configuration.
    Config,
    /// `sql = "..."`.
    Sql,
    /// The name of a type that another item may declare; `array` when it stands in a `Vec`.
    Named {
        /// The last segment of its path.
        name: String,
        /// Whether the column is an array of it.
        array: bool,
    },
    /// There was a finding.
    Unknown,
}

/// The SQL type of a Rust type.
pub fn infer(of: &RustType, context: &TypeContext) -> Result<Inferred, Box<SyntaxFinding>> {
    let whole = strip_wrappers(of);
    let (nullable, inner) = match argument_of(whole, "Option") {
        Some(inner) => (true, strip_wrappers(inner)),
        None => (false, whole),
    };
    if nullable && argument_of(inner, "Option").is_some() {
        let message = "`Option<Option<..>>` has two kinds of nothing and a column has one NULL";
        return Err(SyntaxFinding::error(TYPE_UNKNOWN, of.span, message).help("take one `Option` away").into());
    }
    let (sql_type, how) = element(inner, context)?;
    Ok(Inferred { sql_type, nullable, how, span: of.span })
}

/// Whether the Rust type says that the column takes NULL, for a field whose SQL type is given.
pub fn is_option(of: &RustType) -> bool {
    argument_of(strip_wrappers(of), "Option").is_some()
}

type Element = (Option<SqlType>, How);

fn element(of: &RustType, context: &TypeContext) -> Result<Element, Box<SyntaxFinding>> {
    if let Form::Slice(item) = &of.form {
        return array(of, item, context);
    }
    let Some((name, args)) = of.path() else { return Err(no_column_type(of).into()) };
    if let Some(known) = context.types.get(name) {
        return Ok((Some(known.clone()), How::Config));
    }
    if let ("Vec", [item]) = (name, args) {
        return array(of, item, context);
    }
    match built_in(name, args) {
        Known::Type(sql) => Ok((Some(SqlType::built_in(sql)), How::BuiltIn(name.to_owned()))),
        Known::Extension(sql) => {
            let name = name.to_owned();
            let named = schema_core::QualifiedName::public(schema_core::Ident::of(sql));
            Ok((Some(SqlType::user(named)), How::BuiltIn(name)))
        }
        Known::Ask(choices) => Err(ask(of, name, choices).into()),
        Known::No if args.is_empty() => Ok((None, How::Named { name: name.to_owned(), array: false })),
        Known::No => Err(no_column_type(of).into()),
    }
}

fn array(of: &RustType, item: &RustType, context: &TypeContext) -> Result<Element, Box<SyntaxFinding>> {
    let item = strip_wrappers(item);
    // An array may hold NULLs whatever the column says, so the `Option` of an element changes nothing.
    let item = argument_of(item, "Option").map_or(item, strip_wrappers);
    if item.path() == Some(("u8", &[])) {
        return Ok((Some(SqlType::built_in("bytea")), How::BuiltIn("u8".to_owned())));
    }
    let (sql_type, how) = element(item, context)?;
    if sql_type.as_ref().is_some_and(|element| element.array) {
        return Err(SyntaxFinding::error(
            TYPE_AMBIGUOUS,
            of.span,
            "an array of arrays has one SQL type only when every part has one length",
        )
        .help("say which type the column has: `#[column(sql = \"integer[]\")]`")
        .into());
    }
    let how = match how {
        How::Named { name, .. } => How::Named { name, array: true },
        how => how,
    };
    Ok((sql_type.map(SqlType::array_of), how))
}

fn no_column_type(of: &RustType) -> SyntaxFinding {
    SyntaxFinding::error(TYPE_UNKNOWN, of.span, "this type has no SQL type of its own")
        .help("say which type the column has: `#[column(sql = \"..\")]`, or leave the field out: `#[column(skip)]`")
}

fn ask(of: &RustType, name: &str, choices: &[&str]) -> SyntaxFinding {
    let shown = choices.iter().map(|sql| format!("`sql = \"{sql}\"`")).collect::<Vec<_>>().join(" or ");
    SyntaxFinding::error(
        TYPE_AMBIGUOUS,
        of.span,
        format!("`{name}` fits no SQL type exactly, so the column's type is yours to choose"),
    )
    .help(format!("add {shown} to `#[column(...)]`"))
}

/// Takes away what holds a value without changing it.
fn strip_wrappers(of: &RustType) -> &RustType {
    match (&of.form, of.path()) {
        (Form::Reference(inner), _) => strip_wrappers(inner),
        (_, Some(("Box" | "Rc" | "Arc" | "Cow", [inner]))) => strip_wrappers(inner),
        _ => of,
    }
}

fn argument_of<'a>(of: &'a RustType, name: &str) -> Option<&'a RustType> {
    match of.path() {
        Some((found, [inner])) if found == name => Some(inner),
        _ => None,
    }
}

enum Known {
    Type(&'static str),
    Extension(&'static str),
    Ask(&'static [&'static str]),
    No,
}

/// The table of docs/guide/types.md.
fn built_in(name: &str, args: &[RustType]) -> Known {
    let generic = !args.is_empty();
    let plain = match name {
        "bool" => "boolean",
        "i16" => "smallint",
        "i32" => "integer",
        "i64" => "bigint",
        "f32" => "real",
        "f64" => "double precision",
        "String" | "str" => "text",
        "Bytes" => "bytea",
        "Uuid" => "uuid",
        "DateTime" if !generic => "timestamp",
        "NaiveDateTime" | "PrimitiveDateTime" => "timestamp",
        "OffsetDateTime" | "Timestamp" | "SystemTime" => "timestamptz",
        "NaiveDate" | "Date" => "date",
        "NaiveTime" | "Time" => "time",
        "Value" => "jsonb",
        "Decimal" => "numeric",
        "IpAddr" | "IpNetwork" | "IpInet" => "inet",
        "IpCidr" => "cidr",
        "BitVec" => "varbit",
        "PgLsn" => "pg_lsn",
        _ => return generic_or_asked(name, args),
    };
    if generic { Known::No } else { Known::Type(plain) }
}

fn generic_or_asked(name: &str, args: &[RustType]) -> Known {
    match (name, args) {
        ("DateTime", [_]) => Known::Type("timestamptz"),
        ("Json", [_]) => Known::Type("jsonb"),
        ("HashMap" | "BTreeMap", [key, value, ..])
            if is_text(key) && argument_of(value, "Option").is_some_and(is_text) =>
        {
            Known::Extension("hstore")
        }
        ("i8", []) => Known::Ask(&["smallint"]),
        ("u8", []) => Known::Ask(&["smallint"]),
        ("u16", []) => Known::Ask(&["integer"]),
        ("u32", []) => Known::Ask(&["oid", "bigint"]),
        ("u64" | "usize" | "isize", []) => Known::Ask(&["bigint", "numeric(20, 0)"]),
        ("i128" | "u128", []) => Known::Ask(&["numeric(39, 0)"]),
        ("char", []) => Known::Ask(&["text", "char(1)"]),
        ("Duration" | "TimeDelta" | "Span" | "SignedDuration", []) => Known::Ask(&["interval", "bigint"]),
        ("Zoned", []) => Known::Ask(&["timestamptz"]),
        ("Ipv4Addr" | "Ipv6Addr", []) => Known::Ask(&["inet"]),
        _ => Known::No,
    }
}

fn is_text(of: &RustType) -> bool {
    matches!(strip_wrappers(of).path(), Some(("String" | "str", [])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::lex;

    fn inferred(text: &str) -> Result<Inferred, Box<SyntaxFinding>> {
        let source = lex(text).unwrap();
        let context = TypeContext { types: [("Money".to_owned(), SqlType::parse("numeric(12,2)").unwrap())].into() };
        infer(&RustType::read(source.cursor()), &context)
    }

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let shown = match inferred(text) {
            Ok(of) => {
                let sql = match (of.sql_type, of.how) {
                    (Some(sql), _) => sql.to_string(),
                    (None, How::Named { name, array }) => format!("{name}?{}", if array { "[]" } else { "" }),
                    other => panic!("{other:?}"),
                };
                format!("{sql}{}", if of.nullable { "" } else { " not null" })
            }
            Err(finding) => finding.shown(),
        };
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn the_built_in_table() {
        check("i64", "bigint not null");
        check("Option<i32>", "integer");
        check("std::option::Option<std::string::String>", "text");
        check("Box<str>", "text not null");
        check("Cow<'a, str>", "text not null");
        check("&'static str", "text not null");
        check("Vec<u8>", "bytea not null");
        check("&[u8]", "bytea not null");
        check("[u8; 32]", "bytea not null");
        check("Option<Vec<Vec<u8>>>", "bytea[]");
        check("Vec<Option<String>>", "text[] not null");
        check("Box<[i32]>", "integer[] not null");
        check("chrono::DateTime<Utc>", "timestamptz not null");
        check("jiff::civil::DateTime", "timestamp not null");
        check("serde_json::Value", "jsonb not null");
        check("Json<Settings>", "jsonb not null");
        check("HashMap<String, Option<String>>", "hstore not null");
        check("Option<Arc<Uuid>>", "uuid");
        check("Money", "numeric(12,2) not null");
        check("Option<(i64)>", "bigint");
    }

    #[test]
    fn other_names_are_left_open() {
        check("crate::Mood", "Mood? not null");
        check("Option<Vec<r#Mood>>", "Mood?[]");
    }

    #[test]
    fn what_no_table_can_decide_is_asked() {
        check(
            "u32",
            "`u32` fits no SQL type exactly, so the column's type is yours to choose [type-ambiguous]\n\
             help: add `sql = \"oid\"` or `sql = \"bigint\"` to `#[column(...)]`",
        );
        check(
            "Option<Option<i32>>",
            "`Option<Option<..>>` has two kinds of nothing and a column has one NULL [type-unknown]\n\
             help: take one `Option` away",
        );
        for text in ["(i32, i32)", "HashSet<i32>", "Vec<Vec<i32>>", "Duration", "i8"] {
            assert!(inferred(text).is_err(), "{text}");
        }
    }
}
