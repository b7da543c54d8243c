//! The changes of a revision as a short list: `+` for what comes, `-` for what goes, `~` for what changes.
//!
//! The parts of a table that comes or goes as a whole are counted and not listed.

use std::collections::BTreeMap;

use schema_core::kinds::Object;
use schema_core::{Change, KindName, ObjectId};
use serde_json::{Value, json};

use super::Paint;
use super::table::{Cell, Color, aligned};

/// For people.
pub fn text(changes: &[Change], paint: Paint) -> String {
    let parts = parts(changes);
    let rows = changes.iter().filter(|change| whole_table(change, &parts).is_none());
    let rows: Vec<Vec<Cell>> = rows.map(|change| row(change, parts.get(&change.id()).copied())).collect();
    aligned(&rows, paint)
}

/// For programs.
pub fn json(changes: &[Change]) -> Vec<Value> {
    let words = |change: &Change| match change {
        Change::Create(_) => "create",
        Change::Drop(_) => "drop",
        Change::Alter(_) => "alter",
        Change::Rename(_) => "rename",
    };
    let value = |change: &Change| {
        let id = change.id();
        let before = match change {
            Change::Rename(rename) => Some(rename.before.to_string()),
            _ => None,
        };
        json!({ "change": words(change), "kind": id.kind.words(), "name": id.to_string(), "before": before })
    };
    changes.iter().map(value).collect()
}

/// How many columns each table has that comes or goes.
pub(super) fn parts(changes: &[Change]) -> BTreeMap<ObjectId, usize> {
    let mut tables: BTreeMap<ObjectId, usize> =
        changes.iter().filter(|change| is_whole(change)).map(|change| (change.id(), 0)).collect();
    for change in changes.iter().filter(|change| change.id().kind == KindName::Column) {
        if let Some(count) = change.id().outer().and_then(|table| tables.get_mut(&ObjectId::table(&table))) {
            *count += 1;
        }
    }
    tables
}

fn is_whole(change: &Change) -> bool {
    matches!(change, Change::Create(Object::Table(_)) | Change::Drop(Object::Table(_)))
}

pub(super) fn whole_table(change: &Change, parts: &BTreeMap<ObjectId, usize>) -> Option<ObjectId> {
    let (Change::Create(object) | Change::Drop(object)) = change else { return None };
    let table = ObjectId::table(object.table()?);
    (parts.contains_key(&table) && object.id() != table).then_some(table)
}

pub(super) fn row(change: &Change, columns: Option<usize>) -> Vec<Cell> {
    let id = change.id();
    let (sign, color) = match change {
        Change::Create(_) => ("+", Color::Good),
        Change::Drop(_) => ("-", Color::Bad),
        Change::Alter(_) | Change::Rename(_) => ("~", Color::Open),
    };
    let name = match change {
        Change::Rename(rename) => format!("{} -> {}", rename.before, rename.after),
        _ => id.to_string(),
    };
    let parent = match change {
        Change::Create(Object::Table(table)) | Change::Drop(Object::Table(table)) => table.partition_of.as_ref(),
        _ => None,
    };
    let more = match columns {
        None => String::new(),
        Some(0) if parent.is_some() => parent.map(|of| format!("partition of {}", of.parent)).unwrap_or_default(),
        Some(1) => "1 column".to_owned(),
        Some(columns) => format!("{columns} columns"),
    };
    vec![Cell::new(sign, color), id.kind.words().into(), Cell::new(name, color), Cell::new(more, Color::Dim)]
}
