//! A column that changes hands between a table and one that inherits from it: what the parent loses stays with the heir, and what the heir
//! gives up comes back to it from the parent, with its values.
//!
//! PostgreSQL leaves a column to the heirs when it is dropped from `ONLY` the parent. The other way round `ADD COLUMN` would merge with the
//! heir's column, which then stays its own as well (`attislocal`), so the values go over into a new one. Partitions have no such columns.
//! <https://www.postgresql.org/docs/current/ddl-inherit.html>

use super::{Column, ColumnValue, Table, column_type};
use crate::{Diff, Expr, Ident, QualifiedName, Schema, Statement, default_name, plan::Context};

/// Whether the table inherits what it inherited, so that it is the same table on both sides.
fn inherits_on(table: &QualifiedName, context: &Context) -> bool {
    let parents = |schema: &Schema| schema.table(table).map(|table: &Table| table.inherits.clone());
    parents(context.before).is_some_and(|parents| !parents.is_empty())
        && parents(context.before) == parents(context.after)
}

fn is_plain(value: &ColumnValue) -> bool {
    matches!(value, ColumnValue::None | ColumnValue::Default(_))
}

/// The new column of an heir as it is before, when its parents lose it and leave it to the heir.
pub(crate) fn left_by_parents(column: &Column, context: &Context) -> Option<Column> {
    let Column { table, name, .. } = column;
    if !inherits_on(table, context) || context.before.column(table, name).is_some() {
        return None;
    }
    let above = context.before.ancestors(table).into_iter().filter_map(|parent| context.before.column(parent, name));
    let owned = above.map(|column| &column.value).chain([&column.value]).all(is_plain);
    let before = context.before.effective_column(table, name)?;
    (owned && context.after.taken_over(table, name).is_none()).then_some(before)
}

/// Whether the column goes because a parent gets it, so that its values go over.
pub(crate) fn given_to_parent(column: &Column, context: &Context) -> bool {
    let Column { table, name, .. } = column;
    let comes = || context.after.taken_over(table, name).is_some_and(|after| !after.value.is_generated());
    inherits_on(table, context)
        && context.after.column(table, name).is_none()
        && context.before.taken_over(table, name).is_none()
        && comes()
}

/// The name of a column that has given its name away.
fn aside(name: &Ident) -> Ident {
    default_name(name.as_str(), "", "before")
}

/// Makes room for the column that comes from the parent.
pub(super) fn step_aside(column: &Column) -> Vec<Statement> {
    let (name, aside) = (column.name.quoted(), aside(&column.name).quoted());
    vec![Statement::alter(&column.table, format!("RENAME COLUMN {name} TO {aside}"))]
}

/// The columns of heirs that a new column of their parent replaces.
pub(super) fn replaced<'s>(column: &Column, context: &Context<'s>) -> Vec<&'s Column> {
    let heirs = context.before.heirs(&column.table).into_iter();
    let own = heirs.filter_map(|heir| context.before.column(heir, &column.name));
    own.filter(|own| given_to_parent(own, context)).collect()
}

/// Takes the values over into the new column of the parent, those of the heirs' own heirs among them.
pub(super) fn take_over(column: &Column, replaced: &[&Column], fill: Option<&Expr>) -> Vec<Statement> {
    let each = replaced.iter().flat_map(|own| {
        let (table, name, aside) = (own.table.quoted(), own.name.quoted(), aside(&own.name));
        let converted = column_type::using(&aside, &own.sql_type, &column.sql_type);
        let value = converted.unwrap_or_else(|| aside.quoted());
        let value = match fill.filter(|_| own.nullable) {
            Some(fill) => format!("coalesce({value}, {fill})"),
            None => value,
        };
        [
            Statement::sql(format!("UPDATE {table} SET {name} = {value}")),
            Statement::alter(&own.table, format!("DROP COLUMN {}", aside.quoted())),
        ]
    });
    each.collect()
}

/// Drops a column of a parent and leaves it to the heirs that have it of their own afterwards; none when no heir has.
pub(super) fn leave_to_heirs(column: &Column, context: &Context) -> Option<Vec<Statement>> {
    let left = |heir: &&QualifiedName| {
        let own = context.after.column(heir, &column.name);
        own.is_some_and(|own| left_by_parents(own, context).is_some())
    };
    let keeping: Vec<&QualifiedName> = context.before.heirs(&column.table).into_iter().filter(left).collect();
    if keeping.is_empty() {
        return None;
    }
    let loosened = loosens(column, context).then(|| column.drop_not_null());
    Some(loosened.into_iter().chain(drop_above(&column.table, &column.name, &keeping, context)).collect())
}

/// Whether NOT NULL goes before the column does: 18 would leave the heirs a constraint that nobody can drop, because it still counts as
/// inherited. A key of an heir holds it.
fn loosens(column: &Column, context: &Context) -> bool {
    let keyed = |heir: &QualifiedName| context.before.is_keyed(heir, &column.name);
    !column.nullable && !context.before.heirs(&column.table).into_iter().any(keyed)
}

/// Drops the column of a table whose heirs have some that keep theirs.
fn drop_above(table: &QualifiedName, name: &Ident, keeping: &[&QualifiedName], context: &Context) -> Vec<Statement> {
    let drop = |only: &str, table: &QualifiedName| {
        Statement::sql(format!("ALTER TABLE {only}{} DROP COLUMN {}", table.quoted(), name.quoted()))
    };
    let mut statements = vec![drop("ONLY ", table)];
    for heir in context.before.heirs(table) {
        let direct = context.before.table(heir).is_some_and(|heir| heir.inherits.contains(table));
        let has = context.after.any_column(heir, name).is_some();
        if !direct || has || context.after.table(heir).is_none() {
            continue;
        }
        match context.before.heirs(heir).iter().any(|below| keeping.contains(below)) {
            true => statements.extend(drop_above(heir, name, keeping, context)),
            false => statements.push(drop("", heir)),
        }
    }
    statements
}

/// From the column that the parents leave to the one that the heir has of its own.
pub(super) fn keep(before: &Column, after: &Column, context: &Context) -> Vec<Statement> {
    let above = context.before.ancestors(&after.table).into_iter();
    let mut homes = above.filter_map(|parent| context.before.column(parent, &after.name));
    let loosened = homes.any(|home| loosens(home, context));
    // Its NOT NULL is gone by then, and comes back at the end.
    let before = &match loosened {
        true => Column { nullable: after.nullable, not_null: after.not_null, ..before.clone() },
        false => before.clone(),
    };
    let mut statements = match super::column_alter::alter(&Diff { before, after }, context) {
        super::Alteration::Statements(statements) => statements,
        super::Alteration::Recreate => unreachable!("neither side is generated"),
    };
    if loosened && !after.nullable {
        statements.push(after.set_not_null());
    }
    statements
}
