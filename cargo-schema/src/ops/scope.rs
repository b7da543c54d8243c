//! What a proof looks at: the tables a change touches, whole, and as much of the rest as they stand on.
//!
//! Pure. By induction the untouched rest equals its own fresh build, so only the touched part is built again.

use std::collections::BTreeSet;

use schema_core::{KindName, ObjectId, QualifiedName, Schema, diff::Difference, kinds::Object};

/// The touched part of a schema.
#[derive(Clone, Debug)]
pub(super) struct Neighbourhood {
    /// The objects that are compared with a fresh build.
    pub(super) full: BTreeSet<ObjectId>,
    /// The objects that must exist for that build.
    pub(super) build: Schema,
}

/// The part of `after` that `difference` touches.
pub(super) fn neighbourhood(before: &Schema, after: &Schema, difference: &Difference) -> Neighbourhood {
    let mut full: BTreeSet<ObjectId> = BTreeSet::new();
    let changed = after.iter().filter(|(id, object)| before.get(id) != Some(object)).map(|(_, object)| object);
    let lost = difference.drops.iter().chain(&difference.displaced);
    for object in changed.chain(lost) {
        match home(object) {
            Some(table) => full.extend(whole_table(after, &table)),
            None if after.contains(&object.id()) => drop(full.insert(object.id())),
            None => {}
        }
    }
    full.extend(stale_views(before, after));
    Neighbourhood { build: closure(after, &full), full }
}

/// Views whose text is as it was and means other columns now.
fn stale_views(before: &Schema, after: &Schema) -> Vec<ObjectId> {
    let columns = |schema: &Schema, id: &ObjectId| schema.found(id).map(|found| found.columns.clone());
    let stale =
        |id: &&ObjectId| after.contains(id) && columns(before, id).is_some_and(|old| Some(old) != columns(after, id));
    before.all_found().keys().filter(stale).cloned().collect()
}

fn home(object: &Object) -> Option<QualifiedName> {
    match object {
        Object::Table(table) => Some(table.name.clone()),
        other => other.table().cloned(),
    }
}

fn whole_table(schema: &Schema, table: &QualifiedName) -> Vec<ObjectId> {
    let id = ObjectId::table(table);
    let parts = schema.parts_of(table).map(Object::id);
    if schema.contains(&id) { std::iter::once(id).chain(parts).collect() } else { Vec::new() }
}

/// Everything the objects need, and extensions, whose objects no name betrays.
fn closure(schema: &Schema, start: &BTreeSet<ObjectId>) -> Schema {
    let extensions = schema.of_kind(KindName::Extension).map(Object::id);
    let mut open: Vec<ObjectId> = start.iter().cloned().chain(extensions).collect();
    let mut build = Schema::default();
    while let Some(id) = open.pop() {
        let Some(object) = schema.get(&id).filter(|_| !build.contains(&id)) else { continue };
        build.insert(object.clone());
        open.extend(object.requires(schema));
        open.extend(object.finish().into_iter().flat_map(|(needed, _)| needed));
    }
    build
}
