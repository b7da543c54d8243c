//! Rows in the tables of a random schema, before a plan runs, and what must be left of them after it.
//!
//! Two rows a table where its constraints allow it. Values are compared as text, for columns that keep their type.

use std::collections::BTreeMap;

use postgres::Client;
use schema_core::{
    KindName, ObjectId, QualifiedName, Schema,
    kinds::{Column, ColumnValue, Object},
};

use super::Pair;
use super::pools::knowledge;

/// Puts rows into as many tables as take them; tables that others reference come first, by trying again.
pub fn insert(client: &mut Client, schema: &Schema) -> usize {
    let mut left: Vec<QualifiedName> = schema.of_kind(KindName::Table).filter_map(|table| table.id().outer()).collect();
    let mut done = 0;
    for _ in 0..3 {
        left.retain(|table| {
            let inserted = (0..2).filter(|at| client.batch_execute(&row(schema, table, *at)).is_ok()).count();
            done += inserted;
            inserted == 0
        });
    }
    done
}

fn row(schema: &Schema, table: &QualifiedName, at: usize) -> String {
    let columns = schema.columns(table).into_iter().filter(|column| !matches!(column.value, ColumnValue::Generated(_)));
    let (names, values): (Vec<String>, Vec<String>) =
        columns.map(|column| (column.name.quoted(), knowledge(schema, &column.sql_type).values[at].clone())).unzip();
    if names.is_empty() {
        return format!("INSERT INTO {} DEFAULT VALUES", table.quoted());
    }
    format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})",
        table.quoted(),
        names.join(", "),
        values.join(", ")
    )
}

/// Empties all tables, for a plan that said that it may fail on rows.
pub fn clear(client: &mut Client, schema: &Schema) {
    let tables: Vec<String> =
        schema.of_kind(KindName::Table).filter_map(|table| table.id().outer()).map(|name| name.quoted()).collect();
    if !tables.is_empty() {
        // Without CASCADE, 18 misses a table that has only foreign keys that are not enforced, though it is listed (0A000).
        client.batch_execute(&format!("TRUNCATE {} CASCADE", tables.join(", "))).expect("tables can be emptied");
    }
}

/// The values of some columns by their first names.
pub type Values = BTreeMap<(ObjectId, Option<ObjectId>), String>;

/// The rows of each kept table and the values of each kept column; `later` tells under which names to look.
pub fn read(client: &mut Client, pair: &Pair, later: bool) -> Values {
    let mut values = Values::new();
    for (now, then) in &pair.kept {
        let here = if later { now } else { then };
        match now.kind {
            KindName::Table => {
                values.insert(
                    (then.clone(), None),
                    scalar(client, &format!("SELECT count(*) FROM {}", outer(here).quoted())),
                );
            }
            KindName::Column if is_comparable(pair, now, then) => {
                let (table, name) = (outer(here).quoted(), here.name().quoted());
                let sql = format!("SELECT string_agg({name}::text, ',' ORDER BY {name}::text) FROM {table}");
                values.insert((table_id(then), Some(then.clone())), scalar(client, &sql));
            }
            _ => {}
        }
    }
    values
}

fn table_id(column: &ObjectId) -> ObjectId {
    ObjectId { kind: KindName::Table, path: column.path[..2].to_vec() }
}

fn outer(id: &ObjectId) -> QualifiedName {
    id.outer().expect("tables and columns are in a PostgreSQL schema")
}

/// Whether nothing but its name has happened to the column, and the rename was told if there was one.
fn is_comparable(pair: &Pair, now: &ObjectId, then: &ObjectId) -> bool {
    let (Some(before), Some(after)) = (find(&pair.before, then), find(&pair.after, now)) else { return false };
    let told = now.name() == then.name() || pair.renames.iter().any(|rename| rename.after == *now);
    let stored =
        !matches!(before.value, ColumnValue::Generated(_)) && !matches!(after.value, ColumnValue::Generated(_));
    let built_in = before.sql_type.user_type().is_none() && before.sql_type == after.sql_type;
    told && stored && built_in && before.nullable == after.nullable && table_is_told(pair, now, then)
}

/// A table that was renamed without a word is another table.
fn table_is_told(pair: &Pair, now: &ObjectId, then: &ObjectId) -> bool {
    pair.kept.iter().any(|(later, first)| *later == table_id(now) && *first == table_id(then))
        && moved_is_told(pair, &table_id(now), &table_id(then))
}

/// Whether a table can be followed from its first name to its later one.
pub fn moved_is_told(pair: &Pair, now: &ObjectId, then: &ObjectId) -> bool {
    let renamed = |id: &ObjectId| pair.renames.iter().any(|rename| rename.after == *id);
    let schema = |id: &ObjectId| ObjectId { kind: KindName::Schema, path: id.path[..1].to_vec() };
    now == then || renamed(now) || (now.name() == then.name() && renamed(&schema(now)))
}

fn find<'a>(schema: &'a Schema, id: &ObjectId) -> Option<&'a Column> {
    match schema.get(id) {
        Some(Object::Column(column)) => Some(column),
        _ => None,
    }
}

fn scalar(client: &mut Client, sql: &str) -> String {
    let messages = client.simple_query(sql).unwrap_or_else(|error| panic!("`{sql}` failed: {error:?}"));
    let value = messages.into_iter().find_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
        _ => None,
    });
    value.unwrap_or_default()
}
