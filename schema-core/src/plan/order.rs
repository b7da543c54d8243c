//! The order of what happens before the main plan: objects that make room for a rename, and where renames lead to.

use std::collections::BTreeSet;

use crate::{Ident, KindName, ObjectId, Schema, diff::Difference, kinds::Object};

/// Displaced objects of a schema, what needs another one first.
pub(super) fn displaced<'o>(objects: &'o [Object], before: &Schema) -> Vec<&'o Object> {
    if objects.is_empty() {
        return Vec::new();
    }
    let schema = objects.iter().cloned().collect::<Schema>().with_found(before.all_found().clone());
    let mut left: Vec<&Object> = objects.iter().collect();
    let mut ordered: Vec<&Object> = Vec::new();
    let tables: BTreeSet<ObjectId> = objects.iter().map(Object::id).filter(|id| id.kind == KindName::Table).collect();
    // A part goes with its table, except a foreign key, which another displaced table may stand behind.
    left.retain(|object| {
        let with_table = object.table().is_some_and(|table| tables.contains(&ObjectId::table(table)));
        !with_table || object.kind() == KindName::ForeignKey
    });
    while !left.is_empty() {
        // What needs a column needs its table, with which the column goes.
        let with_table = |id: ObjectId| {
            let table = schema.get(&id).and_then(Object::table).map(ObjectId::table);
            std::iter::once(id).chain(table)
        };
        let needed: BTreeSet<ObjectId> = left
            .iter()
            .flat_map(|object| {
                let ids = with_parts(object, &schema).flat_map(|part| part.requires(&schema)).flat_map(with_table);
                ids.filter(|id| *id != object.id()).collect::<Vec<_>>()
            })
            .collect();
        let free: Vec<&Object> = left.iter().rev().copied().filter(|object| !needed.contains(&object.id())).collect();
        // A cycle cannot be: foreign keys are objects of their own.
        let now = if free.is_empty() { left.clone() } else { free };
        left.retain(|object| !now.iter().any(|done| std::ptr::eq(*done, *object)));
        ordered.extend(now);
    }
    ordered
}

/// An object, and what goes with it: the columns of a table need their types.
fn with_parts<'s>(object: &'s Object, schema: &'s Schema) -> impl Iterator<Item = &'s Object> {
    let table = match object {
        Object::Table(table) => Some(&table.name),
        _ => None,
    };
    let parts = table.into_iter().flat_map(|name| schema.parts_of(name));
    std::iter::once(object).chain(parts.filter(|part| part.kind() != KindName::ForeignKey))
}

/// The PostgreSQL schemas that something moves to: they must be there before the main plan makes the rest.
pub(super) fn destinations(difference: &Difference) -> Vec<&Object> {
    let homes: BTreeSet<&Ident> = difference
        .moves
        .iter()
        .filter(|rename| rename.after.path.len() == 2)
        .map(|rename| &rename.after.path[0])
        .collect();
    let is_home = |object: &&Object| object.kind() == KindName::Schema && homes.contains(object.id().name());
    difference.creates.iter().filter(is_home).collect()
}
