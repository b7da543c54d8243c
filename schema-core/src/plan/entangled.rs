//! Parts of tables that cannot come or go with their table, because they need something that needs the table: a check that calls a
//! function of the table's rows, an index over one, a policy over a view of it. They are said for themselves, after it and before it.
//!
//! Foreign keys in circles are not looked at here.

use std::collections::{BTreeMap, BTreeSet};

use crate::{KindName, ObjectId, Schema, kinds::Object};

/// The parts among objects that come together, or go together. `home` is the table that an object would come or go with.
pub(super) fn entangled(
    objects: &[Object],
    schema: &Schema,
    home: impl Fn(&Object) -> Option<ObjectId>,
) -> BTreeSet<ObjectId> {
    if !objects.iter().any(|object| matches!(object, Object::Sql(_))) {
        return BTreeSet::new();
    }
    if !schema.has_found() {
        return calling(objects, &home);
    }
    let mut tangle = Tangle { objects: BTreeMap::new(), parts: BTreeMap::new(), schema };
    for object in objects {
        tangle.objects.insert(object.id(), object);
        if let Some(table) = home(object) {
            tangle.parts.entry(table).or_default().push(object);
        }
    }
    let candidates = objects
        .iter()
        .filter(|object| matches!(object, Object::Check(_) | Object::Index(_) | Object::Exclusion(_) | Object::Sql(_)));
    let of_table = candidates.filter_map(|object| Some((object, home(object)?)));
    of_table.filter(|(object, table)| tangle.leads_back(object, table)).map(|(object, _)| object.id()).collect()
}

/// Where nothing is known of what a function needs, none may be called before all are there.
fn calling(objects: &[Object], home: impl Fn(&Object) -> Option<ObjectId>) -> BTreeSet<ObjectId> {
    let functions = objects.iter().map(Object::id).filter(|id| id.kind == KindName::Function);
    let names: BTreeSet<_> = functions.filter_map(|id| id.path.get(1).cloned()).collect();
    let calls = |object: &&Object| {
        matches!(object, Object::Check(_))
            && object.expressions().iter().any(|expr| names.iter().any(|name| expr.mentions(name)))
    };
    objects.iter().filter(calls).filter(|object| home(object).is_some()).map(Object::id).collect()
}

/// What needs what, with each table standing for what would come or go with it.
struct Tangle<'a> {
    objects: BTreeMap<ObjectId, &'a Object>,
    parts: BTreeMap<ObjectId, Vec<&'a Object>>,
    schema: &'a Schema,
}

impl Tangle<'_> {
    fn leads_back(&self, part: &Object, table: &ObjectId) -> bool {
        let mut open: Vec<ObjectId> = self.needed(part).filter(|id| id != table).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if id == *table {
                return true;
            }
            if !seen.insert(id.clone()) {
                continue;
            }
            let parts = self.parts.get(&id).into_iter().flatten();
            for object in self.objects.get(&id).into_iter().chain(parts) {
                open.extend(self.needed(object));
            }
        }
        false
    }

    /// What an object needs, as far as it comes or goes as well.
    fn needed(&self, object: &Object) -> impl Iterator<Item = ObjectId> {
        object.requires(self.schema).into_iter().filter_map(|id| match (self.objects.get(&id), id.outer()) {
            (Some(_), Some(table))
                if !id.kind.has_signature() && self.objects.contains_key(&ObjectId::table(&table)) =>
            {
                Some(ObjectId::table(&table))
            }
            (Some(_), _) => Some(id),
            (None, _) => None,
        })
    }
}
