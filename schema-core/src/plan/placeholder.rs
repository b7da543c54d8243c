//! A neutral value for each type: what rows get when the way back adds a NOT NULL column whose values are gone.

use super::Context;
use crate::{Expr, Ident, KindName, ObjectId, SqlType, kinds::Object, quote_literal};

/// The neutral value, when the type has one.
pub(super) fn placeholder(of: &SqlType, context: &Context) -> Option<Expr> {
    if of.array {
        return Some(Expr::new("'{}'"));
    }
    match of.built_in_name() {
        // A bit string of another length is refused (22026).
        Some("bit") => {
            let length = of.modifier.as_ref().and_then(|modifier| modifier.parse().ok()).unwrap_or(1);
            Some(Expr::new(format!("B'{}'", "0".repeat(length))))
        }
        Some(name) => built_in(name).map(Expr::new),
        None => user(of, context),
    }
}

fn built_in(name: &str) -> Option<&'static str> {
    Some(match name {
        "smallint" | "integer" | "bigint" | "real" | "double precision" | "numeric" | "money" | "oid" => "0",
        "text" | "varchar" | "char" | "name" | "bytea" | "tsvector" | "tsquery" => "''",
        "boolean" => "false",
        "date" | "timestamp" | "timestamptz" | "time" | "timetz" => "now()",
        "interval" => "'0'",
        "uuid" => "gen_random_uuid()",
        "json" | "jsonb" => "'{}'",
        "inet" | "cidr" => "'0.0.0.0'",
        "macaddr" => "'00:00:00:00:00:00'",
        "varbit" => "B'0'",
        "point" => "'(0,0)'",
        "int4range" | "int8range" | "numrange" | "tsrange" | "tstzrange" | "daterange" => "'empty'",
        _ => return None,
    })
}

/// The first label of an enum, of those that it had: a new one can be used only after the COMMIT. A domain takes what its type takes,
/// unless a check forbids it.
fn user(of: &SqlType, context: &Context) -> Option<Expr> {
    let name = of.user_type()?;
    let id = ObjectId::top(KindName::Enum, name);
    if let Some(Object::Enum(of)) = context.after.get(&id) {
        let is_old = |label: &&Ident| match context.before.get(&id) {
            Some(Object::Enum(before)) => before.values.contains(label),
            _ => true,
        };
        let label = of.values.iter().find(is_old).or(of.values.first());
        return label.map(|value| Expr::new(quote_literal(value.as_str())));
    }
    match context.after.get(&ObjectId::top(KindName::Domain, name)) {
        Some(Object::Domain(domain)) => domain.default.clone().or_else(|| placeholder(&domain.sql_type, context)),
        _ => None,
    }
}
