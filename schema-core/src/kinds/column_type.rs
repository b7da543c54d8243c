//! How the values of a column get from one type to another: the `USING` expression, or none where PostgreSQL converts by
//! itself.
//!
//! An explicit USING always rewrites the table, even when it says nothing new (`ddl-safety`, line 61), so it is only written
//! where there is no assignment cast (`pg_cast`).

use crate::{Ident, SqlType};

/// Types that convert among each other on assignment.
const FAMILIES: &[&[&str]] = &[
    &["smallint", "integer", "bigint", "real", "double precision", "numeric", "oid"],
    &["date", "timestamp", "timestamptz"],
    &["time", "timetz"],
    &["time", "interval"],
    &["json", "jsonb"],
    &["inet", "cidr"],
    &["macaddr", "macaddr8"],
    &["bit", "varbit"],
];

/// Types that take any value by its text on assignment.
const STRINGS: [&str; 3] = ["text", "varchar", "char"];

/// The expression that converts `column`, if one must be written.
pub(crate) fn using(column: &Ident, before: &SqlType, after: &SqlType) -> Option<String> {
    let name = column.quoted();
    match (before.array, after.array) {
        (false, true) if same_base(before, after) || assigns(before, &element(after)) => Some(format!("ARRAY[{name}]")),
        (true, false) => Some(cast_text(&format!("{name}[1]"), after)),
        (false, true) => Some(format!("ARRAY[{}]", cast_text(&name, &element(after)))),
        _ if cuts_bits(before, after) => Some(format!("{name}::{}", after.sql())),
        _ if assigns(before, after) => None,
        _ => Some(cast(&name, before, after)),
    }
}

/// Only an explicit cast changes the length of a bit string (22026).
fn cuts_bits(before: &SqlType, after: &SqlType) -> bool {
    let is_bits = |of: &SqlType| matches!(of.built_in_name(), Some("bit" | "varbit"));
    let fixed = after.built_in_name() == Some("bit") || after.modifier.is_some();
    is_bits(before) && is_bits(after) && fixed && before != after
}

fn element(of: &SqlType) -> SqlType {
    SqlType { array: false, ..of.clone() }
}

fn same_base(before: &SqlType, after: &SqlType) -> bool {
    before.base == after.base
}

/// Whether PostgreSQL has an assignment cast.
fn assigns(before: &SqlType, after: &SqlType) -> bool {
    let (Some(from), Some(to)) = (before.built_in_name(), after.built_in_name()) else {
        return same_base(before, after)
            || after.built_in_name().is_some_and(|to| STRINGS.contains(&to) && !before.array);
    };
    let family = FAMILIES.iter().any(|family| family.contains(&from) && family.contains(&to));
    from == to || family || (STRINGS.contains(&to) && (STRINGS.contains(&from) || !before.array))
}

/// A cast that PostgreSQL has, else one through the text of the value.
fn cast(name: &str, before: &SqlType, after: &SqlType) -> String {
    const NUMBERS: [&str; 3] = ["smallint", "integer", "bigint"];
    match (before.built_in_name(), after.built_in_name()) {
        (Some(from), Some("boolean")) if NUMBERS.contains(&from) => format!("{name} <> 0"),
        (Some("boolean"), Some("integer")) => format!("{name}::integer"),
        (Some("boolean"), Some(to)) if NUMBERS.contains(&to) => format!("{name}::integer::{to}"),
        (Some(from), _) if STRINGS.contains(&from) => format!("{name}::{}", after.sql()),
        (Some("timestamp" | "timestamptz"), Some("time" | "timetz")) => format!("{name}::{}", after.sql()),
        (Some("bytea"), Some("uuid")) => format!("encode({name}, 'hex')::uuid"),
        (Some("uuid"), Some("bytea")) => format!("uuid_send({name})"),
        _ => cast_text(name, after),
    }
}

fn cast_text(value: &str, after: &SqlType) -> String {
    format!("{value}::text::{}", after.sql())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, expect: Option<&str>) {
        let of = |text: &str| SqlType::parse(text).unwrap();
        assert_eq!(using(&Ident::of("c"), &of(before), &of(after)).as_deref(), expect, "{before} to {after}");
    }

    #[test]
    fn an_assignment_needs_no_using() {
        for (before, after) in
            [("integer", "bigint"), ("integer", "text"), ("integer[]", "bigint[]"), ("mood", "text"), ("json", "jsonb")]
        {
            check(before, after, None);
        }
    }

    #[test]
    fn everything_else_is_cast() {
        check("text", "uuid", Some("c::uuid"));
        check("text", "integer", Some("c::integer"));
        check("tsrange", "tstzrange", Some("c::text::tstzrange"));
        check("boolean", "integer", Some("c::integer"));
        check("bigint", "boolean", Some("c <> 0"));
        check("text", "text[]", Some("ARRAY[c]"));
        check("text", "mood", Some("c::mood"));
        check("mood", "other", Some("c::text::other"));
    }
}
