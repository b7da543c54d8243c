//! What has changed in an object, in the words of SQL: what `diff` shows to people. Programs get the values as they are recorded.

use schema_core::Diff;
use schema_core::kinds::Object;
use serde_json::Value;

use super::Paint;
use crate::catalog::{ObservedDifference, attributes};

/// The lines of two statements that are compared; beyond, all of both are shown.
const MOST_LINES: usize = 2_000;

/// The attributes that have changed, on one line; those of [`lines`] are not among them.
///
/// ```
/// use cargo_schema::report::words::changed;
/// use schema_core::{Diff, Expr, Ident, QualifiedName, SqlType, kinds::{Column, ColumnValue}};
/// let name = QualifiedName::public(Ident::of("users"));
/// let before = Column::new(name, Ident::of("age"), SqlType::built_in("integer"));
/// let after = Column { nullable: true, value: ColumnValue::Default(Expr::new("18")), ..before.clone() };
/// let diff = Diff { before: before.into(), after: after.into() };
/// assert_eq!(changed(&diff), "NOT NULL -> NULL, nothing -> DEFAULT 18");
/// ```
pub fn changed(diff: &Diff<Object>) -> String {
    let found = attributes(&diff.before, &diff.after);
    let shown = found.iter().filter(|one| !is_statement(one)).map(phrase);
    shown.collect::<Vec<_>>().join(", ")
}

/// The lines of its statements that go and come.
pub fn lines(diff: &Diff<Object>, paint: Paint) -> String {
    let (Object::Sql(before), Object::Sql(after)) = (&diff.before, &diff.after) else { return String::new() };
    if !attributes(&diff.before, &diff.after).iter().any(is_statement) {
        return String::new();
    }
    let all =
        |sql: &str, then: &[String]| std::iter::once(sql.to_owned()).chain(then.iter().cloned()).collect::<Vec<_>>();
    let (before, after) = (all(&before.sql, &before.then).join("\n"), all(&after.sql, &after.then).join("\n"));
    let shown = compared(&before.lines().collect::<Vec<_>>(), &after.lines().collect::<Vec<_>>());
    shown
        .into_iter()
        .map(|(sign, line)| {
            let line = format!("{sign} {line}");
            format!("       {}\n", if sign == '-' { paint.bad(line.trim_end()) } else { paint.good(line.trim_end()) })
        })
        .collect()
}

fn is_statement(one: &ObservedDifference) -> bool {
    matches!(one.attribute.as_deref(), Some("sql" | "then"))
}

/// One attribute with both values.
fn phrase(one: &ObservedDifference) -> String {
    let name = one.attribute.as_deref().unwrap_or_default();
    let value = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (before, after) = (value(&one.before), value(&one.after));
    let is_flag = |value: &Option<Value>| matches!(value, Some(Value::Bool(_)));
    let absent = if is_flag(&before) || is_flag(&after) { "no" } else { "nothing" };
    let side = |value: &Option<Value>| match (name, value) {
        ("null", value) => if is_true(value) { "NULL" } else { "NOT NULL" }.to_owned(),
        ("value", Some(value)) => source(value),
        (_, Some(value)) => words(value),
        (_, None) => absent.to_owned(),
    };
    let (before, after) = (side(&before), side(&after));
    match name {
        "null" | "value" => format!("{before} -> {after}"),
        _ => format!("{}: {before} -> {after}", name.replace('_', " ")),
    }
}

fn is_true(value: &Option<Value>) -> bool {
    *value == Some(Value::Bool(true))
}

/// Where the values of a column come from, as its definition says it.
fn source(value: &Value) -> String {
    let found = value.as_object().and_then(|object| object.iter().next());
    match found {
        Some((kind, Value::String(expr))) if kind == "default" => format!("DEFAULT {expr}"),
        Some((kind, Value::String(expr))) if kind == "generated" => format!("GENERATED ALWAYS AS ({expr}) STORED"),
        Some((kind, Value::String(expr))) if kind == "virtual" => format!("GENERATED ALWAYS AS ({expr}) VIRTUAL"),
        Some((kind, Value::Object(identity))) if kind == "identity" => {
            let mode = identity.get("mode").map(words).unwrap_or_default().to_uppercase().replace('_', " ");
            let options = identity.get("options").map(|options| format!(" ({})", words(options))).unwrap_or_default();
            let sequence = identity.get("sequence").map(words).unwrap_or_default();
            format!("GENERATED {mode} AS IDENTITY{options} with {sequence}")
        }
        Some((kind, Value::Object(serial))) if kind == "serial" => {
            format!("serial with {}", serial.get("sequence").map(words).unwrap_or_default())
        }
        _ => words(value),
    }
}

/// A recorded value without the marks of JSON.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.lines().collect::<Vec<_>>().join(" / "),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(map) => {
            let nested = map.values().any(Value::is_object);
            let parts = map.iter().map(|(key, value)| format!("{key} {}", words(value)));
            parts.collect::<Vec<_>>().join(if nested { "; " } else { ", " })
        }
    }
}

/// The lines that only one side has, in order: a longest common subsequence stays unsaid.
fn compared<'t>(before: &[&'t str], after: &[&'t str]) -> Vec<(char, &'t str)> {
    let all = || before.iter().map(|line| ('-', *line)).chain(after.iter().map(|line| ('+', *line))).collect();
    if MOST_LINES < before.len().max(after.len()) {
        return all();
    }
    // How many lines are common from each pair of places on.
    let mut common = vec![vec![0usize; after.len() + 1]; before.len() + 1];
    for at in (0..before.len()).rev() {
        for to in (0..after.len()).rev() {
            common[at][to] = match before[at] == after[to] {
                true => common[at + 1][to + 1] + 1,
                false => common[at + 1][to].max(common[at][to + 1]),
            };
        }
    }
    let (mut at, mut to, mut shown) = (0, 0, Vec::new());
    while at < before.len() || to < after.len() {
        if at < before.len() && to < after.len() && before[at] == after[to] {
            (at, to) = (at + 1, to + 1);
        } else if to == after.len() || (at < before.len() && common[at][to + 1] <= common[at + 1][to]) {
            shown.push(('-', before[at]));
            at += 1;
        } else {
            shown.push(('+', after[to]));
            to += 1;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_one_side_are_shown() {
        let found = compared(&["a", "b", "c", "d"], &["a", "x", "c", "d", "e"]);
        assert_eq!(found, [('-', "b"), ('+', "x"), ('+', "e")]);
        assert_eq!(compared(&[], &["a"]), [('+', "a")]);
    }

    #[test]
    fn recorded_values_have_no_marks() {
        let text = |json: &str| words(&serde_json::from_str(json).expect("it is JSON"));
        assert_eq!(text(r#"["a","b"]"#), "a, b");
        assert_eq!(text(r#"{"set_null":["b"]}"#), "set_null b");
        assert_eq!(text(r#"{"a":{"may":["select"]},"b":{"may":["update"]}}"#), "a may select; b may update");
        assert_eq!(text(r#""it's\ntwo""#), "it's / two");
    }

    #[test]
    fn sources_of_values_are_said_in_sql() {
        let text = |json: &str| source(&serde_json::from_str(json).expect("it is JSON"));
        assert_eq!(text(r#"{"generated":"n * 2"}"#), "GENERATED ALWAYS AS (n * 2) STORED");
        let identity = r#"{"identity":{"mode":"by_default","options":{"start":100},"sequence":"t_id_seq"}}"#;
        assert_eq!(text(identity), "GENERATED BY DEFAULT AS IDENTITY (start 100) with t_id_seq");
    }
}
