//! Replacing a type that PostgreSQL cannot alter in place: an enum that loses or reorders values, a domain over another type.
//!
//! The old type steps aside, the new one takes its name, every column moves over, and the old one goes
//! (`ddl-safety`, recipe R12). Expressions over the columns are rebuilt around it by the plan.

use super::{Alteration, Column, Kind, Object, Retyped};
use crate::{KindName, QualifiedName, Schema, Statement, plan::Context};

/// The columns that have the type before and after, by their later definition.
pub(super) fn columns_kept<'a>(name: &QualifiedName, before: &Schema, after: &'a Schema) -> Vec<&'a Column> {
    let of_type = |column: &&Column| column.sql_type.user_type() == Some(name);
    let columns = after.of_kind(KindName::Column).filter_map(|object| match object {
        Object::Column(column) => Some(column),
        _ => None,
    });
    columns
        .filter(of_type)
        .filter(|column| before.column(&column.table, &column.name).is_some_and(|column| of_type(&column)))
        .collect()
}

/// The type's statements: `create` makes the new one, `using` converts one column.
pub(super) fn replace(
    words: &str,
    name: &QualifiedName,
    create: Vec<Statement>,
    context: &Context,
    using: impl Fn(&Column) -> String,
) -> Alteration {
    let aside = name.sibling(crate::default_name(name.name.as_str(), "", "before"));
    let mut statements =
        vec![Statement::sql(format!("ALTER {words} {} RENAME TO {}", name.quoted(), aside.name.quoted()))];
    statements.extend(create);
    for column in columns_kept(name, context.before, context.after) {
        // A generated column is dropped and created around this by the plan.
        if !matches!(column.value, super::ColumnValue::Generated(_)) {
            statements.extend(move_column(column, context, &using(column)));
        }
    }
    statements.push(Statement::sql(format!("DROP {words} {}", aside.quoted())));
    Alteration::Statements(statements)
}

/// A default is an expression of the old type, so it is taken off and put on again.
fn move_column(column: &Column, context: &Context, using: &str) -> Vec<Statement> {
    let alter =
        |action: String| Statement::alter(&column.table, format!("ALTER COLUMN {} {action}", column.name.quoted()));
    let before = context.before.column(&column.table, &column.name).and_then(|column| column.value.expr());
    let dropped = before.map(|_| alter("DROP DEFAULT".to_owned()));
    let moved = alter(format!("TYPE {} USING {using}", column.sql_type.sql()));
    let restored = column.value.expr().map(|expr| alter(format!("SET DEFAULT {}", expr.as_default())));
    dropped.into_iter().chain([moved]).chain(restored).collect()
}

/// The ids of the columns whose values are rewritten.
pub(super) fn columns_moved(name: &QualifiedName, context: &Context) -> Vec<Retyped> {
    let columns = columns_kept(name, context.before, context.after).into_iter();
    columns.map(|column| Retyped { id: column.id(), rebased: true }).collect()
}
