//! Idiomatic Rust names for the names of a database, every collision resolved.
//!
//! The same schema gives the same names. Names that structs have already are kept by the caller, who takes them first.

use std::collections::BTreeSet;

use schema_syntax::case::by_rule;
use schema_syntax::types::BUILT_IN;

/// Names that a type of ours would hide from its own fields, besides those that the built-in table of types knows.
const TAKEN: &[&str] = &[
    "Option",
    "Some",
    "None",
    "Ok",
    "Err",
    "Result",
    "Vec",
    "Box",
    "Self",
    "Table",
    "Enum",
    "Domain",
    "Clone",
    "Copy",
    "Debug",
    "PartialEq",
    "Eq",
    "Send",
    "Sync",
    "Sized",
    "Drop",
    "Fn",
    "FnMut",
    "FnOnce",
    "Iterator",
    "Default",
    "From",
    "Into",
    "IpCidr",
    "HashMap",
    "BTreeMap",
    "Duration",
    "TimeDelta",
    "Span",
    "SignedDuration",
    "Zoned",
    "Ipv4Addr",
    "Ipv6Addr",
    "Raw",
];

/// The names of one namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A namespace in which some names are given.
    pub fn with(taken: impl IntoIterator<Item = String>) -> Names {
        Names { taken: taken.into_iter().collect() }
    }

    /// Those of types, where std's are in scope.
    pub fn of_types() -> Names {
        Names::with(TAKEN.iter().chain(BUILT_IN).map(|name| (*name).to_owned()))
    }

    /// The first of the candidates that is free, else the last one with a number.
    pub fn take(&mut self, candidates: &[String]) -> String {
        let free = candidates.iter().find(|name| !self.taken.contains(*name)).cloned();
        let last = candidates.last().cloned().unwrap_or_default();
        let name = free.unwrap_or_else(|| {
            let mut numbers = (2..).map(|number| format!("{last}{number}"));
            numbers.find(|name| !self.taken.contains(name)).unwrap_or_else(|| unreachable!("numbers do not end"))
        });
        self.taken.insert(name.clone());
        name
    }
}

/// What a struct of the table may be called, best first.
pub(super) fn struct_names(schema: Option<&str>, table: &str) -> Vec<String> {
    let (one, many) = (pascal(&singular(table)), pascal(table));
    let prefix = pascal(schema.unwrap_or("Row"));
    vec![
        one.clone(),
        many,
        match schema {
            Some(_) => format!("{prefix}{one}"),
            None => format!("{one}{prefix}"),
        },
    ]
}

/// What an enum or newtype may be called, best first.
pub(super) fn type_names(schema: Option<&str>, name: &str) -> Vec<String> {
    let plain = pascal(name);
    let other = match schema {
        Some(schema) => format!("{}{plain}", pascal(schema)),
        None => format!("{plain}Type"),
    };
    vec![plain, other]
}

/// A name as a type: `order_items` is `OrderItems`.
pub(super) fn pascal(name: &str) -> String {
    let text = by_rule(&cleaned(name), "PascalCase").unwrap_or_default();
    identifier(&text, "Unnamed")
}

/// A name as a field, without `r#`: `createdAt` is `created_at`.
pub(super) fn field(name: &str) -> String {
    if is_snake(name) && is_identifier(name) {
        return name.to_owned();
    }
    identifier(&by_rule(&cleaned(name), "snake_case").unwrap_or_default(), "unnamed")
}

/// A field's or module's name as Rust takes it: `type` is `r#type`.
pub(super) fn raw(name: &str) -> String {
    if syn::parse_str::<syn::Ident>(name).is_ok() { name.to_owned() } else { format!("r#{name}") }
}

/// What rustc's `non_snake_case` accepts.
fn is_snake(name: &str) -> bool {
    !name.trim_matches('_').contains("__") && !name.chars().any(char::is_uppercase)
}

fn is_identifier(name: &str) -> bool {
    syn::parse_str::<syn::Ident>(&raw(name)).is_ok()
}

fn cleaned(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

/// The name, made an identifier where it is none: `2fa`, `self`.
fn identifier(name: &str, empty: &str) -> String {
    let digits = name.starts_with(|c: char| c.is_numeric());
    let name = if digits { format!("_{name}") } else { name.to_owned() };
    match name.as_str() {
        "" => empty.to_owned(),
        text if is_identifier(text) => name,
        // `self`, `super`, `crate` and `Self` cannot be raw.
        _ => format!("{name}_"),
    }
}

/// The English singular of the last word.
fn singular(name: &str) -> String {
    let start = name.char_indices().rev().find(|(at, c)| *c == '_' || c.is_uppercase() && 0 < *at);
    let start = start.map_or(0, |(at, c)| if c == '_' { at + 1 } else { at });
    let (head, last) = name.split_at(start);
    let lower = last.to_lowercase();
    let irregular = [
        ("people", "person"),
        ("children", "child"),
        ("indices", "index"),
        ("vertices", "vertex"),
        ("matrices", "matrix"),
        ("movies", "movie"),
        ("cookies", "cookie"),
    ];
    if let Some((_, one)) = irregular.iter().find(|(many, _)| *many == lower) {
        let capital = last.starts_with(char::is_uppercase);
        return format!("{head}{}", if capital { pascal(one) } else { (*one).to_owned() });
    }
    let same = ["series", "species", "news", "data", "metadata", "media", "address", "kubernetes"];
    let ends = |ending: &str| lower.ends_with(ending);
    let cut = if !ends("s")
        || same.contains(&lower.as_str())
        || lower.len() < 4
        || ends("ss")
        || ends("us")
        || ends("is")
        || ends("os")
    {
        0
    } else if ends("ies") {
        return format!("{head}{}y", &last[..last.len() - 3]);
    } else if ["sses", "xes", "ches", "shes", "zzes"].iter().any(|ending| ends(ending))
        || ends("uses") && !ends("auses") && !ends("ouses")
    {
        2
    } else {
        1
    };
    format!("{head}{}", &last[..last.len() - cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_singular_structs() {
        for (table, expect) in [
            ("users", "User"),
            ("order_items", "OrderItem"),
            ("OrderItems", "OrderItem"),
            ("categories", "Category"),
            ("addresses", "Address"),
            ("statuses", "Status"),
            ("warehouses", "Warehouse"),
            ("boxes", "Box"),
            ("people", "Person"),
            ("status", "Status"),
            ("dns", "Dns"),
            ("_prisma_migrations", "PrismaMigration"),
            ("2fa_codes", "_2faCode"),
            ("éclairs", "Éclair"),
        ] {
            assert_eq!(struct_names(None, table)[0], expect, "{table}");
        }
    }

    #[test]
    fn columns_become_fields_that_rust_takes() {
        for (column, expect) in [
            ("email", "email"),
            ("createdAt", "created_at"),
            ("_id", "_id"),
            ("a b", "a_b"),
            ("2fa", "_2fa"),
            ("self", "self_"),
            ("type", "type"),
            ("a__b", "a_b"),
            ("%", "unnamed"),
        ] {
            assert_eq!(field(column), expect, "{column}");
        }
        assert_eq!((raw("type"), raw("email")), ("r#type".to_owned(), "email".to_owned()));
    }

    #[test]
    fn a_taken_name_gives_way() {
        let mut names = Names::of_types();
        let take = |names: &mut Names, schema: Option<&str>, table: &str| names.take(&struct_names(schema, table));
        assert_eq!(take(&mut names, None, "user"), "User");
        assert_eq!(take(&mut names, None, "users"), "Users");
        assert_eq!(take(&mut names, Some("audit"), "users"), "AuditUser");
        assert_eq!(take(&mut names, None, "options"), "Options");
        assert_eq!(take(&mut names, None, "table"), "TableRow");
        assert_eq!(take(&mut names, None, "tables"), "Tables");
    }
}
