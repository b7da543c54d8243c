//! A difference of two schemas to read: what has no table first, then table by table, each changed attribute with both values.

use std::collections::BTreeMap;

use schema_core::kinds::Object;
use schema_core::{Change, KindName, ObjectId};

use super::Paint;
use super::changes::{parts, row, whole_table};
use super::table::{Cell, Color, aligned};
use super::words;

/// For people.
pub fn text(changes: &[Change], paint: Paint) -> String {
    let whole = parts(changes);
    let mut tables: BTreeMap<ObjectId, Vec<&Change>> = BTreeMap::new();
    let mut others: Vec<(Vec<Cell>, String)> = Vec::new();
    for change in changes.iter().filter(|change| whole_table(change, &whole).is_none()) {
        match table(change).filter(|table| !whole.contains_key(table)) {
            Some(table) => tables.entry(table).or_default().push(change),
            None => others.push(detailed(change, whole.get(&change.id()).copied(), paint)),
        }
    }
    let mut sections: Vec<String> = Vec::new();
    if !others.is_empty() {
        sections.push(section(&others, paint));
    }
    for (table, changes) in tables {
        let rows: Vec<_> = changes.into_iter().map(|change| detailed(change, None, paint)).collect();
        sections.push(format!("{}\n{}", paint.strong(&format!("table {table}")), section(&rows, paint)));
    }
    sections.join("\n")
}

/// The table that a change belongs under.
fn table(change: &Change) -> Option<ObjectId> {
    let of = |object: &Object| match object {
        Object::Table(table) => Some(ObjectId::table(&table.name)),
        other => other.table().map(ObjectId::table),
    };
    match change {
        Change::Create(object) | Change::Drop(object) => of(object),
        Change::Alter(diff) => of(&diff.after),
        Change::Rename(rename) if rename.after.path.len() == 3 && rename.after.kind != KindName::EnumValue => {
            rename.after.outer().map(|table| ObjectId::table(&table))
        }
        Change::Rename(_) => None,
    }
}

/// Rows under each other, each with the lines that belong to it.
fn section(rows: &[(Vec<Cell>, String)], paint: Paint) -> String {
    let (cells, below): (Vec<Vec<Cell>>, Vec<&String>) =
        rows.iter().map(|(cells, below)| (cells.clone(), below)).unzip();
    let text = aligned(&cells, paint);
    text.lines().zip(below).map(|(line, below)| format!("{line}\n{below}")).collect()
}

fn detailed(change: &Change, columns: Option<usize>, paint: Paint) -> (Vec<Cell>, String) {
    let mut cells = row(change, columns);
    let Change::Alter(diff) = change else { return (cells, String::new()) };
    cells.push(Cell::new(words::changed(diff), Color::Dim));
    (cells, words::lines(diff, paint))
}
