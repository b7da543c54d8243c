//! Tables that only a new table can replace (other parents, another partition key or type of a column in it), with their rows carried over: kept aside, then put
//! into the new table before anything is built on it.
//!
//! <https://www.postgresql.org/docs/current/ddl-partitioning.html>: neither a partition key nor what a column
//! inherits can be altered.

use std::collections::BTreeSet;

use crate::{
    Diff, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, default_name,
    diff::Difference,
    kinds::{Alteration, Column, Object, conversion, given_to_parent},
    quote_literal,
};

use super::Context;

/// The tables that are made anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    /// All of them: those that changed, and what takes columns over from them.
    pub tables: BTreeSet<QualifiedName>,
    /// Those whose rows are kept aside; the rows of a partition are among those of its parent.
    pub kept: Vec<QualifiedName>,
}

impl Carried {
    /// Finds them.
    pub fn new(difference: &Difference, context: &Context) -> Carried {
        let anew = difference.alters.iter().filter_map(|diff| match (&diff.before, &diff.after) {
            (Object::Table(_), Object::Table(after)) => {
                let sides = Diff { before: &diff.before, after: &diff.after };
                (Object::alter(&sides, context) == Alteration::Recreate).then_some(&after.name)
            }
            _ => None,
        });
        let mut tables: BTreeSet<QualifiedName> = anew.chain(resorted(difference, context)).cloned().collect();
        if tables.is_empty() {
            return Carried::default();
        }
        for table in tables.clone() {
            let heirs = context.before.heirs(&table).into_iter().chain(context.after.heirs(&table));
            let there = heirs.filter(|name| context.may_have_rows(name) && context.after.table(name).is_some());
            tables.extend(there.cloned());
        }
        let inside = |name: &QualifiedName| parent(context.before, name).is_some_and(|parent| tables.contains(parent));
        let kept = tables.iter().filter(|name| !inside(name)).cloned().collect();
        Carried { tables, kept }
    }

    /// Whether the rows of a dropped table are among those that are kept.
    pub fn covers(&self, name: &QualifiedName, before: &Schema) -> bool {
        self.tables.contains(name) || parent(before, name).is_some_and(|parent| self.covers(parent, before))
    }

    /// Whether the object is dropped without a loss.
    pub fn keeps(&self, object: &Object, context: &Context) -> bool {
        match object {
            Object::Table(table) => self.covers(&table.name, context.before),
            // A column that the new table takes over from a parent, or has of its own now.
            Object::Column(column) => {
                let carried = || context.after.any_column(&column.table, &column.name).is_some();
                self.tables.contains(&column.table) && carried() || given_to_parent(column, context)
            }
            _ => false,
        }
    }

    /// What stays and is dropped and created with the tables, by the names before.
    pub fn objects(&self, difference: &Difference, context: &Context) -> BTreeSet<ObjectId> {
        let stays =
            |id: &ObjectId| context.after.contains(id) || difference.relabels.iter().any(|rename| rename.before == *id);
        let parts = self.tables.iter().flat_map(|name| context.before.parts_of(name)).map(Object::id);
        self.tables.iter().map(ObjectId::table).chain(parts.filter(stays)).collect()
    }

    /// Whether the sequence would go with a table that is dropped.
    pub fn takes_sequence(&self, object: &Object) -> bool {
        matches!(object, Object::Sequence(of) if of.owned_by.as_ref().is_some_and(|(table, _)| self.tables.contains(table)))
    }
}

/// The partitioned tables with a column in their key that gets another type: PostgreSQL refuses that (42P16).
fn resorted<'d>(difference: &'d Difference, context: &Context<'d>) -> impl Iterator<Item = &'d QualifiedName> {
    let (before, after) = (context.before, context.after);
    let tables = difference.alters.iter().flat_map(move |diff| match (&diff.before, &diff.after) {
        (Object::Column(old), Object::Column(new)) if old.is_retyped(new) => before.sorted_by(&old.table, &old.name),
        _ => Vec::new(),
    });
    tables.filter(|name| after.table(name).is_some())
}

fn parent<'s>(schema: &'s Schema, name: &QualifiedName) -> Option<&'s QualifiedName> {
    schema.table(name)?.partition_of.as_ref().map(|of| &of.parent)
}

/// Where rows wait.
fn aside(table: &QualifiedName, label: &str) -> String {
    let name = default_name(&table.schema.as_str().replace("public", ""), table.name.as_str(), label);
    format!("pg_temp.{}", name.quoted())
}

/// A sequence of a column on both sides: its place is kept too.
fn counted(table: &QualifiedName, context: &Context) -> Vec<(QualifiedName, QualifiedName, Ident)> {
    let sequence = |column: &Column| column.value.sequence().map(|of| table.sibling(of.clone()));
    let columns = context.after.columns(table).into_iter();
    let pairs = columns.filter_map(|column| {
        let before = context.before.column(table, &column.name)?;
        Some((sequence(before)?, sequence(column)?, column.name.clone()))
    });
    pairs.collect()
}

/// Keeps the rows of a table aside.
pub(super) fn save(table: &QualifiedName, context: &Context) -> Vec<Statement> {
    let of = table.quoted();
    let partitioned = context.before.table(table).is_some_and(|table| table.partition_by.is_some());
    // The rows of a table that inherits are its own; those of a partitioned table are all in its partitions.
    let only = if partitioned { "" } else { "ONLY " };
    let mut statements = vec![
        Statement::sql(format!("LOCK TABLE {of} IN ACCESS EXCLUSIVE MODE")),
        Statement::sql(format!("CREATE TEMPORARY TABLE {} AS SELECT * FROM {only}{of}", bare(&aside(table, "kept")))),
    ];
    for (before, _, column) in counted(table, context) {
        let place = aside(table, &format!("{}_at", column.as_str()));
        let place = bare(&place);
        let select = format!("SELECT last_value, is_called FROM {}", before.quoted());
        statements.push(Statement::sql(format!("CREATE TEMPORARY TABLE {place} AS {select}")));
    }
    let owned = |object: &Object| match object {
        Object::Sequence(of) if of.owned_by.as_ref().is_some_and(|(owner, _)| owner == table) => {
            Some(Statement::sql(format!("ALTER SEQUENCE {} OWNED BY NONE", of.name.quoted())))
        }
        _ => None,
    };
    let sequences = context.before.of_kind(KindName::Sequence);
    statements.extend(sequences.filter(|object| context.after.contains(&object.id())).filter_map(owned));
    statements
}

fn bare(temporary: &str) -> &str {
    temporary.trim_start_matches("pg_temp.")
}

/// Puts the rows into the new table.
pub(super) fn restore(table: &QualifiedName, context: &Context) -> Vec<Statement> {
    let (names, values): (Vec<String>, Vec<String>) = context
        .after
        .all_columns(table)
        .into_iter()
        .filter(|column| !column.value.is_generated())
        .filter_map(|column| Some((column.name.quoted(), value(table, column, context)?)))
        .unzip();
    let (of, kept) = (table.quoted(), aside(table, "kept"));
    let list =
        if names.is_empty() { String::new() } else { format!(" ({}) OVERRIDING SYSTEM VALUE", names.join(", ")) };
    let select = if values.is_empty() { String::new() } else { format!(" {}", values.join(", ")) };
    let mut statements = vec![
        Statement::sql(format!("INSERT INTO {of}{list} SELECT{select} FROM {kept}")),
        Statement::sql(format!("DROP TABLE {kept}")),
    ];
    for (_, after, column) in counted(table, context) {
        let (place, after) = (aside(table, &format!("{}_at", column.as_str())), quote_literal(&after.quoted()));
        statements.push(Statement::sql(format!("SELECT setval({after}, last_value, is_called) FROM {place}")));
        statements.push(Statement::sql(format!("DROP TABLE {place}")));
    }
    statements
        .extend(context.after.columns(table).into_iter().filter_map(|column| start_after(table, column, context)));
    statements
}

/// A sequence that the column did not have before must not give the values of its rows again.
fn start_after(table: &QualifiedName, column: &Column, context: &Context) -> Option<Statement> {
    let sequence = column.value.sequence()?;
    let before = context.before.any_column(table, &column.name)?;
    if before.table == *table && before.value.sequence().is_some() {
        return None;
    }
    let sequence = quote_literal(&table.sibling(sequence.clone()).quoted());
    let name = column.name.quoted();
    Some(Statement::sql(format!(
        "SELECT setval({sequence}, coalesce(max({name}) + 1, 1), false) FROM {}",
        table.quoted()
    )))
}

/// What a row gets in a column; none when PostgreSQL fills it.
fn value(table: &QualifiedName, column: &Column, context: &Context) -> Option<String> {
    let Some(before) = context.before.any_column(table, &column.name) else {
        return context.fill(column).map(|fill| fill.to_string());
    };
    let id = ObjectId::column(&column.table, &column.name);
    let told = context.hints.using.get(&id).map(ToString::to_string);
    let converted = told.or_else(|| conversion(&column.name, &before.sql_type, &column.sql_type));
    let value = converted.unwrap_or_else(|| column.name.quoted());
    let fill = if before.may_hold_null() && !column.nullable { context.fill_nulls(column) } else { None };
    Some(fill.map_or(value.clone(), |fill| format!("coalesce({value}, {fill})")))
}
