//! The order of what happens before the main plan: objects that make room for a rename, and the renames.

use std::collections::BTreeSet;

use crate::{KindName, ObjectId, Schema, Statement, diff::aside, kinds::Object, rename::Rename};

/// Displaced objects, what needs another one first.
pub(super) fn displaced(objects: &[Object]) -> Vec<&Object> {
    let schema: Schema = objects.iter().cloned().collect();
    let mut left: Vec<&Object> = objects.iter().collect();
    let mut ordered: Vec<&Object> = Vec::new();
    let tables: BTreeSet<ObjectId> = objects.iter().map(Object::id).filter(|id| id.kind == KindName::Table).collect();
    // A part goes with its table, except a foreign key, which another displaced table may stand behind.
    left.retain(|object| {
        let with_table = object.table().is_some_and(|table| tables.contains(&ObjectId::table(table)));
        !with_table || object.kind() == KindName::ForeignKey
    });
    while !left.is_empty() {
        let needed: BTreeSet<ObjectId> = left
            .iter()
            .flat_map(|object| object.requires(&schema).into_iter().filter(|id| *id != object.id()).collect::<Vec<_>>())
            .collect();
        let free: Vec<&Object> = left.iter().rev().copied().filter(|object| !needed.contains(&object.id())).collect();
        // A cycle cannot be: foreign keys are objects of their own.
        let now = if free.is_empty() { left.clone() } else { free };
        left.retain(|object| !now.iter().any(|done| std::ptr::eq(*done, *object)));
        ordered.extend(now);
    }
    ordered
}

/// The statements of the renames. One that goes where another still stands waits; a swap goes through a name aside.
pub(super) fn renames(renames: &[Rename]) -> Vec<Statement> {
    let mut left: Vec<Rename> = renames.to_vec();
    let mut statements = Vec::new();
    let mut detours = 0;
    while !left.is_empty() {
        let free = left.iter().position(|rename| !left.iter().any(|other| other.before == rename.after));
        match free {
            Some(at) => statements.extend(left.remove(at).statements()),
            None => {
                let middle = aside(&left[0].after, detours);
                detours += 1;
                let away = Rename { before: left[0].before.clone(), after: middle.clone() };
                statements.extend(away.statements());
                left[0].before = middle;
            }
        }
    }
    statements
}
