//! The type of a column as PostgreSQL names it, in one canonical spelling.
//!
//! `int4`, `INTEGER` and `integer` are one type and must compare equal, or a respelling would look like a change. Which
//! types exist is PostgreSQL's to say: an unknown name is taken as the name of a user type.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{DEFAULT_SCHEMA, QualifiedName, ident::NameError};

/// Spellings of built-in types and the one this project writes
/// (<https://www.postgresql.org/docs/current/datatype.html>, table 8.1, and `format_type`).
const ALIASES: &[(&str, &str)] = &[
    ("bit varying", "varbit"),
    ("bool", "boolean"),
    ("character varying", "varchar"),
    ("character", "char"),
    ("bpchar", "char"),
    ("dec", "numeric"),
    ("decimal", "numeric"),
    ("float", "double precision"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("national character varying", "varchar"),
    ("national character", "char"),
    ("nchar", "char"),
    ("time with time zone", "timetz"),
    ("time without time zone", "time"),
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
];

/// Built-in names that stand for themselves. Everything else is a user type, perhaps of an extension.
#[rustfmt::skip]
/// In quotes are those whose bare word means something else: a single byte, and bits without a limit.
const BUILT_IN: &[&str] = &[
    "\"bit\"",
    "\"char\"",
    "aclitem", "bigint", "bit", "boolean", "box", "bytea", "char", "cid", "cidr", "circle", "date",
    "datemultirange", "daterange", "double precision", "inet", "int4multirange", "int4range",
    "int2vector", "int8multirange", "int8range", "integer", "interval", "json", "jsonb", "jsonpath", "line", "lseg",
    "macaddr", "macaddr8", "money", "name", "numeric", "nummultirange", "numrange", "oid", "oidvector", "path", "pg_lsn",
    "pg_snapshot", "point", "polygon", "real", "refcursor", "regclass", "regcollation", "regconfig",
    "regdictionary", "regnamespace", "regoper", "regoperator", "regproc", "regprocedure", "regrole",
    "regtype", "smallint", "text", "tid", "time", "timestamp", "timestamptz", "timetz", "tsmultirange",
    "tsquery", "tsrange", "tstzmultirange", "tstzrange", "tsvector", "txid_snapshot", "uuid", "varbit",
    "varchar", "xid", "xid8", "xml",
];

/// A type with its modifier. Two values are equal when PostgreSQL would store the same type.
///
/// ```
/// use schema_core::SqlType;
/// let short = SqlType::parse("varchar(40)").unwrap();
/// assert_eq!(short, SqlType::parse("CHARACTER VARYING (40)").unwrap());
/// assert_eq!(short.to_string(), "varchar(40)");
/// assert_eq!(SqlType::parse("int4[][3]").unwrap().to_string(), "integer[]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SqlType {
    /// The element type of an array, else the type itself.
    pub base: BaseType,
    /// What stands in parentheses, or the fields of an interval, in canonical spelling.
    pub modifier: Option<String>,
    /// Whether it is an array; PostgreSQL ignores the number of dimensions and their bounds.
    pub array: bool,
}

/// The name of a type without modifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BaseType {
    /// A type of `pg_catalog`, in this project's spelling.
    BuiltIn(String),
    /// Any other type: enum, domain, composite, or of an extension.
    User(QualifiedName),
}

/// Why a text is no type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeError {
    /// The name part is no qualified name.
    Name(NameError),
    /// A parenthesis or bracket is not closed, or something follows it.
    Shape,
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeError::Name(problem) => problem.fmt(f),
            TypeError::Shape => {
                f.write_str("expected a type such as `varchar(40)`, `numeric(10, 2)[]` or `schema.type`")
            }
        }
    }
}

impl std::error::Error for TypeError {}

impl SqlType {
    /// A type of `pg_catalog` without modifier.
    pub fn built_in(name: &str) -> SqlType {
        SqlType { base: BaseType::BuiltIn(name.to_owned()), modifier: None, array: false }
    }

    /// A user type without modifier.
    pub fn user(name: QualifiedName) -> SqlType {
        SqlType { base: BaseType::User(name), modifier: None, array: false }
    }

    /// The array of this type; an array of arrays is the same array.
    pub fn array_of(mut self) -> SqlType {
        self.array = true;
        self
    }

    /// Reads a type as SQL spells it.
    pub fn parse(text: &str) -> Result<SqlType, TypeError> {
        let (text, array) = strip_array(text.trim())?;
        let (name, mut modifier, suffix) = split_modifier(text)?;
        let mut words = fold(&format!("{name} {suffix}"));
        if let Some(fields) = words.strip_prefix("interval ") {
            let precision = modifier.map(|m| format!("({m})")).unwrap_or_default();
            modifier = Some(format!("{fields}{precision}"));
            words = "interval".to_owned();
        }
        let words = words.strip_prefix("pg_catalog.").unwrap_or(&words);
        let base = match canonical(words) {
            Some(built_in) => BaseType::BuiltIn(built_in.to_owned()),
            None => BaseType::User(user_name(name)?),
        };
        let modifier = default_modifier(words, modifier);
        Ok(precise_float(SqlType { base, modifier, array }))
    }

    /// The user type this one is made of, if any.
    pub fn user_type(&self) -> Option<&QualifiedName> {
        match &self.base {
            BaseType::User(name) => Some(name),
            BaseType::BuiltIn(_) => None,
        }
    }

    /// The built-in name, if it is one.
    pub fn built_in_name(&self) -> Option<&str> {
        match &self.base {
            BaseType::BuiltIn(name) => Some(name),
            BaseType::User(_) => None,
        }
    }

    /// The same type under another name, for a rename of the user type.
    pub fn renamed(mut self, before: &QualifiedName, after: &QualifiedName) -> SqlType {
        if self.user_type() == Some(before) {
            self.base = BaseType::User(after.clone());
        }
        self
    }

    /// The type in SQL.
    pub fn sql(&self) -> String {
        let name = match &self.base {
            // `char` alone would be `char(1)`; only this name has no limit.
            BaseType::BuiltIn(name) if name == "char" && self.modifier.is_none() => "bpchar".to_owned(),
            BaseType::BuiltIn(name) => name.clone(),
            BaseType::User(name) => type_name(name),
        };
        let fields =
            |text: &String| self.built_in_name() == Some("interval") && !text.starts_with(|c: char| c.is_ascii_digit());
        let modifier = match &self.modifier {
            Some(text) if fields(text) => format!(" {text}"),
            Some(text) => format!("({text})"),
            None => String::new(),
        };
        format!("{name}{modifier}{}", if self.array { "[]" } else { "" })
    }
}

/// A user type's name in SQL. PostgreSQL looks in `pg_catalog` first, so a type that has the name of a built-in one is never found
/// without its PostgreSQL schema.
pub(crate) fn type_name(name: &QualifiedName) -> String {
    const OTHERS: [&str; 9] =
        ["any", "cstring", "int2vector", "internal", "oidvector", "record", "trigger", "unknown", "void"];
    let text = name.name.as_str();
    let shadowed = canonical(text).is_some() || OTHERS.contains(&text);
    if shadowed && name.schema.as_str() == DEFAULT_SCHEMA {
        format!("{DEFAULT_SCHEMA}.{}", name.name.quoted())
    } else {
        name.quoted()
    }
}

/// Takes `[]`, `[3]` and `ARRAY` off the end.
fn strip_array(mut text: &str) -> Result<(&str, bool), TypeError> {
    let mut array = false;
    while let Some(open) = text.strip_suffix(']') {
        let start = open.rfind('[').ok_or(TypeError::Shape)?;
        if !open[start + 1..].trim().chars().all(|c| c.is_ascii_digit()) {
            return Err(TypeError::Shape);
        }
        (text, array) = (text[..start].trim_end(), true);
    }
    if 6 < text.len() && text.is_char_boundary(text.len() - 6) && text[text.len() - 6..].eq_ignore_ascii_case(" array")
    {
        (text, array) = (text[..text.len() - 6].trim_end(), true);
    }
    Ok((text, array))
}

/// Splits `name(modifier) suffix`: the suffix is `with time zone` and the like.
fn split_modifier(text: &str) -> Result<(&str, Option<String>, &str), TypeError> {
    let Some(open) = find_unquoted(text, '(') else { return Ok((text, None, "")) };
    let close = text.rfind(')').filter(|close| open < *close).ok_or(TypeError::Shape)?;
    let parts: Vec<&str> = text[open + 1..close].split(',').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(TypeError::Shape);
    }
    Ok((text[..open].trim_end(), Some(parts.join(",")), text[close + 1..].trim()))
}

fn find_unquoted(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.char_indices()
        .find(|(_, c)| {
            quoted ^= *c == '"';
            !quoted && *c == wanted
        })
        .map(|(at, _)| at)
}

/// Lower case and single spaces, as the parser folds key words. A quoted name is left as it is, and so is never built in.
fn fold(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.contains('"') { words } else { words.to_ascii_lowercase() }
}

fn canonical(words: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == words).map(|(_, name)| *name);
    alias.or_else(|| BUILT_IN.iter().copied().find(|name| *name == words))
}

/// An unquoted user name is folded by PostgreSQL.
fn user_name(text: &str) -> Result<QualifiedName, TypeError> {
    let folded = if text.contains('"') { text.to_owned() } else { text.to_lowercase() };
    if folded.contains(char::is_whitespace) && !folded.contains('"') {
        return Err(TypeError::Shape);
    }
    QualifiedName::parse(&folded).map_err(TypeError::Name)
}

/// `char` alone means `char(1)`, `bit` means `bit(1)` and `numeric(10)` means `numeric(10,0)`; `bpchar` alone has no limit.
fn default_modifier(words: &str, modifier: Option<String>) -> Option<String> {
    match (words, modifier) {
        ("char" | "character" | "nchar" | "national character" | "bit", None) => Some("1".to_owned()),
        ("numeric" | "decimal" | "dec", Some(precision)) if !precision.contains(',') => Some(format!("{precision},0")),
        (_, modifier) => modifier,
    }
}

/// `float(n)` is a name for `real` or `double precision`.
fn precise_float(mut of: SqlType) -> SqlType {
    if of.built_in_name() == Some("double precision") {
        if let Some(bits) = of.modifier.take() {
            let single = bits.parse::<u8>().is_ok_and(|bits| bits < 25);
            of.base = BaseType::BuiltIn(if single { "real" } else { "double precision" }.to_owned());
        }
    }
    of
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql())
    }
}

impl TryFrom<String> for SqlType {
    type Error = TypeError;
    fn try_from(text: String) -> Result<SqlType, TypeError> {
        SqlType::parse(&text)
    }
}

impl From<SqlType> for String {
    fn from(of: SqlType) -> String {
        of.to_string()
    }
}

impl std::str::FromStr for SqlType {
    type Err = TypeError;
    fn from_str(text: &str) -> Result<SqlType, TypeError> {
        SqlType::parse(text)
    }
}

/// Whether every value of `before` fits `after` unchanged, so that the change of type can lose or refuse nothing.
///
/// The list is PostgreSQL's widening conversions (`pg_cast`, assignment and implicit casts) and text-like targets.
pub fn widens(before: &SqlType, after: &SqlType) -> bool {
    if before == after {
        return true;
    }
    let (Some(from), Some(to)) = (before.built_in_name(), after.built_in_name()) else {
        let citext = after.user_type().is_some_and(|name| name.name.as_str() == "citext") && !after.array;
        if citext && !before.array && matches!(before.built_in_name(), Some("text" | "varchar" | "char")) {
            return true;
        }
        return !before.array && !after.array && after.sql() == "text";
    };
    if before.array != after.array {
        return false;
    }
    let (from_size, to_size) = (numbers(before), numbers(after));
    match (from, to) {
        (_, "text") if !before.array => true,
        (_, "varchar") if after.modifier.is_none() && !before.array => true,
        ("smallint", "integer" | "bigint" | "real" | "double precision")
        | ("integer", "bigint" | "double precision") => true,
        ("smallint" | "integer" | "bigint", "numeric") => after.modifier.is_none(),
        ("real", "double precision") | ("json", "jsonb") | ("cidr", "inet") | ("date", "timestamp" | "timestamptz") => {
            true
        }
        ("timestamp", "timestamptz") | ("timestamptz", "timestamp") => fits_one(from_size, to_size, 6),
        ("numeric", "numeric") => fits_numeric(&from_size, &to_size),
        ("char", "varchar") => fits_one(from_size, to_size, u32::MAX),
        (same, other) if same == other && same != "interval" => fits_one(from_size, to_size, u32::MAX),
        ("interval", "interval") => after.modifier.is_none(),
        _ => false,
    }
}

fn numbers(of: &SqlType) -> Vec<u32> {
    of.modifier.iter().flat_map(|m| m.split(',')).filter_map(|n| n.trim().parse().ok()).collect()
}

/// One size, where none is the largest.
fn fits_one(before: Vec<u32>, after: Vec<u32>, largest: u32) -> bool {
    before.first().copied().unwrap_or(largest) <= after.first().copied().unwrap_or(largest)
}

fn fits_numeric(before: &[u32], after: &[u32]) -> bool {
    match (before, after) {
        (_, []) => true,
        ([p1, s1], [p2, s2]) => s1 <= s2 && p1.saturating_sub(*s1) <= p2.saturating_sub(*s2),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let parsed = SqlType::parse(text).unwrap();
        assert_eq!(parsed.to_string(), expect);
        assert_eq!(SqlType::parse(expect).unwrap(), parsed, "the canonical spelling reads back");
    }

    #[test]
    fn every_spelling_has_one_canonical_form() {
        check("int8", "bigint");
        check("character varying(20)", "varchar(20)");
        check("TIMESTAMP (3) WITH TIME ZONE", "timestamptz(3)");
        check("timestamp(3) without time zone[]", "timestamp(3)[]");
        check("numeric ( 10 , 2 )", "numeric(10,2)");
        check("decimal(5)", "numeric(5,0)");
        check("bit", "bit(1)");
        check("character", "char(1)");
        check("bpchar", "bpchar");
        check("\"char\"[]", "\"char\"[]");
        check("pg_catalog.\"bit\"", "\"bit\"");
        check("float(10)", "real");
        check("interval day to second(3)", "interval day to second(3)");
        check("interval(3)", "interval(3)");
        check("integer ARRAY", "integer[]");
        check("public.mood[]", "mood[]");
        check("app.Mood", "app.mood");
        check("\"Mood\"", "\"Mood\"");
        check("geometry(Point,4326)", "geometry(Point,4326)");
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(SqlType::parse("varchar(").is_err());
        assert!(SqlType::parse("not a type").is_err());
        assert!(SqlType::parse("").is_err());
    }

    #[test]
    fn widening_is_told_from_narrowing() {
        let fits = |a: &str, b: &str| widens(&SqlType::parse(a).unwrap(), &SqlType::parse(b).unwrap());
        for (a, b) in [
            ("integer", "bigint"),
            ("varchar(5)", "text"),
            ("numeric(10,2)", "numeric(12,4)"),
            ("timestamp(3)", "timestamp"),
        ] {
            assert!(fits(a, b) && !fits(b, a), "{a} to {b}");
        }
        assert!(
            !fits("text", "uuid") && !fits("numeric(10,2)", "numeric(10,4)") && !fits("bigint", "double precision")
        );
        assert!(!fits("integer[]", "text") && !fits("integer", "integer[]"));
    }
}
