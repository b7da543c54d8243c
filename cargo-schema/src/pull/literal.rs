//! Defaults as people write them: PostgreSQL puts the type behind every literal, `'new'::text`, where the column says it already.
//!
//! Only where the bare literal means the same by PostgreSQL's rules for literals of unknown type
//! (<https://www.postgresql.org/docs/current/typeconv-query.html>): it becomes one of the column's type. What a modifier
//! would do to the value is not thought about, so columns with one keep the long spelling, but for those of `varchar`.

use schema_core::kinds::{Column, ColumnValue, Object};
use schema_core::sql::{TokenKind, tokens};
use schema_core::{Expr, Schema, SqlType};

/// A schema that was observed, with its defaults as the structs are going to say them: as a person would, but for those that the history
/// records in the long spelling.
///
/// ```
/// use cargo_schema::pull::with_short_defaults;
/// use schema_core::kinds::{Column, ColumnValue};
/// use schema_core::{Expr, Ident, QualifiedName, Schema, SqlType};
/// let column = |default: &str| Column {
///     value: ColumnValue::Default(Expr::new(default)),
///     ..Column::new(QualifiedName::public(Ident::of("jobs")), Ident::of("state"), SqlType::built_in("text"))
/// };
/// let observed: Schema = [column("'new'::text").into()].into_iter().collect();
/// assert_eq!(with_short_defaults(&observed, &Schema::default()), [column("'new'").into()].into_iter().collect());
/// assert_eq!(with_short_defaults(&observed, &observed), observed);
/// ```
pub fn with_short_defaults(schema: &Schema, recorded: &Schema) -> Schema {
    schema.clone().map(|object| match object {
        _ if recorded.get(&object.id()).is_some_and(|before| default(before) == default(object)) => {}
        Object::Column(Column { value: ColumnValue::Default(expr), sql_type, .. }) => shorten(expr, sql_type),
        Object::Domain(of) => {
            if let Some(expr) = &mut of.default {
                shorten(expr, &of.sql_type);
            }
        }
        Object::InheritedColumn(of) => {
            let column = schema.any_column(&of.table, &of.name);
            if let Some((expr, column)) = of.default.as_mut().zip(column) {
                shorten(expr, &column.sql_type);
            }
        }
        _ => {}
    })
}

fn default(object: &Object) -> Option<&Expr> {
    match object {
        Object::Column(of) => of.value.expr(),
        Object::Domain(of) => of.default.as_ref(),
        Object::InheritedColumn(of) => of.default.as_ref(),
        _ => None,
    }
}

fn shorten(expr: &mut Expr, of: &SqlType) {
    if let Some(literal) = bare_literal(expr.as_str(), of) {
        *expr = Expr::new(literal);
    }
}

/// The literal of `'..'::type`, when the type is that of the column.
fn bare_literal<'e>(expr: &'e str, of: &SqlType) -> Option<&'e str> {
    let mut significant = tokens(expr).filter(|token| token.kind.is_significant());
    let (literal, cast) = (significant.next()?, significant.next()?);
    if literal.kind != TokenKind::StringLiteral || cast.text != "::" {
        return None;
    }
    let named = SqlType::parse(&expr[cast.end..]).ok()?;
    if let Some(number) = negative(literal.text, &named) {
        return Some(number);
    }
    let is_varchar = of.built_in_name() == Some("varchar");
    let column = if is_varchar { SqlType { modifier: None, ..of.clone() } } else { of.clone() };
    (column.modifier.is_none() && named == column).then_some(literal.text)
}

/// A number below zero: PostgreSQL folds its sign into the literal and then needs quotes to show it.
fn negative<'e>(literal: &'e str, named: &SqlType) -> Option<&'e str> {
    let number = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let digits = number.strip_prefix('-')?;
    let is_one = match named.built_in_name()? {
        "integer" => number.parse::<i32>().is_ok(),
        "numeric" => {
            digits.split_once('.').is_some_and(|(whole, part)| [whole, part].iter().all(|text| is_digits(text)))
        }
        _ => false,
    };
    (is_one && named.modifier.is_none() && !named.array).then_some(number)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_literal_of_the_columns_own_type_is_shortened() {
        let check = |expr: &str, of: &str, short: Option<&str>| {
            assert_eq!(bare_literal(expr, &SqlType::parse(of).unwrap()), short, "{expr} for {of}");
        };
        check("'new'::text", "text", Some("'new'"));
        check("'it''s'::character varying", "varchar(40)", Some("'it''s'"));
        check("'{}'::text[]", "text[]", Some("'{}'"));
        check("'free'::public.plan", "plan", Some("'free'"));
        check("'2020-01-01 00:00:00'::timestamp without time zone", "timestamp", Some("'2020-01-01 00:00:00'"));
        check("'free'::app.plan", "plan", None);
        check("'new'::text", "varchar", None);
        check("'1.005'::numeric", "numeric(4,2)", None);
        check("'1 day'::interval", "interval(3)", None);
        check("('now'::text)::date", "date", None);
        check("'a'::text || 'b'::text", "text", None);
        check("'-1'::integer", "bigint", Some("-1"));
        check("'-0.5'::numeric", "numeric(4,2)", Some("-0.5"));
        check("'-5'::bigint", "integer", None);
        check("now()", "timestamptz", None);
        check("1", "integer", None);
    }
}
