//! A difference of two schemas to read: what has no table first, then table by table, each changed attribute with both values.

use std::collections::BTreeMap;

use schema_core::kinds::Object;
use schema_core::{Change, KindName, ObjectId};

use super::Paint;
use super::changes::{parts, row, whole_table};
use super::table::{Cell, Color, aligned};
use crate::catalog::attributes;

/// For people.
pub fn text(changes: &[Change], paint: Paint) -> String {
    let whole = parts(changes);
    let mut tables: BTreeMap<ObjectId, Vec<&Change>> = BTreeMap::new();
    let mut others: Vec<Vec<Cell>> = Vec::new();
    for change in changes.iter().filter(|change| whole_table(change, &whole).is_none()) {
        match table(change).filter(|table| !whole.contains_key(table)) {
            Some(table) => tables.entry(table).or_default().push(change),
            None => others.push(detailed(change, whole.get(&change.id()).copied())),
        }
    }
    let mut sections: Vec<String> = Vec::new();
    if !others.is_empty() {
        sections.push(aligned(&others, paint));
    }
    for (table, changes) in tables {
        let rows: Vec<Vec<Cell>> = changes.into_iter().map(|change| detailed(change, None)).collect();
        sections.push(format!("{}\n{}", paint.strong(&format!("table {table}")), aligned(&rows, paint)));
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

fn detailed(change: &Change, columns: Option<usize>) -> Vec<Cell> {
    let mut cells = row(change, columns);
    if let Change::Alter(diff) = change {
        let plain = |text: Option<String>| text.map_or("nothing".to_owned(), |text| text.trim_matches('"').to_owned());
        let words = attributes(&diff.before, &diff.after)
            .into_iter()
            .map(|one| format!("{}: {} -> {}", one.attribute.unwrap_or_default(), plain(one.before), plain(one.after)));
        cells.push(Cell::new(words.collect::<Vec<_>>().join(", "), Color::Dim));
    }
    cells
}
