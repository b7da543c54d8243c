//! A schema: the set of objects that should exist, or that do.
//!
//! The set knows no kind. Its order is that of [`ObjectId`], never of insertion, so every text made from it is stable.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{
    Ident, KindName, ObjectId, QualifiedName,
    kinds::{Column, Object},
};

/// The objects of one database, declared or observed. A clone shares them until one side changes.
///
/// ```
/// use schema_core::{Ident, QualifiedName, Schema, kinds::{Object, Table}};
/// let mut schema = Schema::default();
/// schema.insert(Object::Table(Table::new(QualifiedName::public(Ident::of("users")))));
/// assert_eq!(schema.iter().count(), 1);
/// ```
///
/// Two are equal when their objects are: what was found about them besides is no part of what they declare.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    objects: Arc<BTreeMap<ObjectId, Arc<Object>>>,
    found: Arc<BTreeMap<ObjectId, Found>>,
}

const PRIVILEGES: [KindName; 2] = [KindName::Privileges, KindName::DefaultPrivileges];

/// What only PostgreSQL can tell of an object, because no parser of ours reads its definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The objects it cannot be without (`pg_depend`).
    pub needs: BTreeSet<ObjectId>,
    /// The columns of a view with their types, in order.
    pub columns: Vec<(Ident, String)>,
}

impl PartialEq for Schema {
    fn eq(&self, other: &Schema) -> bool {
        self.objects == other.objects
    }
}

impl Eq for Schema {}

impl Schema {
    /// Adds or replaces an object; gives back the one that had its name.
    pub fn insert(&mut self, object: Object) -> Option<Object> {
        self.objects_mut().insert(object.id(), Arc::new(object)).map(Arc::unwrap_or_clone)
    }

    /// Takes an object out.
    pub fn remove(&mut self, id: &ObjectId) -> Option<Object> {
        self.objects_mut().remove(id).map(Arc::unwrap_or_clone)
    }

    /// The object of this name.
    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        self.objects.get(id).map(Arc::as_ref)
    }

    /// What PostgreSQL told of an object; none when nobody asked or there is nothing to tell.
    pub fn found(&self, id: &ObjectId) -> Option<&Found> {
        self.found.get(id)
    }

    /// Whether PostgreSQL told anything of any object.
    pub(crate) fn has_found(&self) -> bool {
        !self.found.is_empty()
    }

    /// The same objects with what PostgreSQL told of them.
    #[must_use]
    pub fn with_found(mut self, mut found: BTreeMap<ObjectId, Found>) -> Schema {
        for of in found.values_mut() {
            self.complete(&mut of.needs);
        }
        self.found = Arc::new(found);
        self
    }

    /// A column that a table takes over is an object of another table: who needs it needs that object and the table.
    fn complete(&self, needs: &mut BTreeSet<ObjectId>) {
        let taken_over = |id: &&ObjectId| id.kind == KindName::Column && !self.contains(id);
        let taken_over: Vec<ObjectId> = needs.iter().filter(taken_over).cloned().collect();
        for id in taken_over {
            let table = id.outer().map(|table| ObjectId::table(&table)).filter(|table| self.contains(table));
            needs.extend(table);
            needs.remove(&id);
            needs.insert(self.home(id));
        }
    }

    /// All that PostgreSQL told, by object.
    pub fn all_found(&self) -> &BTreeMap<ObjectId, Found> {
        &self.found
    }

    /// Whether the object exists.
    pub fn contains(&self, id: &ObjectId) -> bool {
        self.objects.contains_key(id)
    }

    /// All objects, ordered by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &Object)> {
        self.objects.iter().map(|(id, object)| (id, object.as_ref()))
    }

    /// All objects of one kind.
    pub fn of_kind(&self, kind: KindName) -> impl Iterator<Item = &Object> {
        self.under(ObjectId { kind, path: Vec::new() })
    }

    /// The objects of one kind inside a table (or an enum).
    pub fn inside(&self, kind: KindName, outer: &QualifiedName) -> impl Iterator<Item = &Object> {
        self.under(ObjectId { kind, path: vec![outer.schema.clone(), outer.name.clone()] })
    }

    /// The objects whose path starts with this one's; ids with a common prefix are neighbours.
    fn under(&self, start: ObjectId) -> impl Iterator<Item = &Object> {
        let prefix = start.clone();
        self.objects
            .range(start..)
            .take_while(move |(id, _)| id.kind == prefix.kind && id.path.starts_with(&prefix.path))
            .map(|(_, object)| object.as_ref())
    }

    /// Everything that lives in a table: columns, constraints, indexes, triggers, rules, policies, privileges.
    pub fn parts_of(&self, table: &QualifiedName) -> impl Iterator<Item = &Object> {
        const PARTS: [KindName; 13] = [
            KindName::Column,
            KindName::InheritedColumn,
            KindName::PrimaryKey,
            KindName::Unique,
            KindName::Check,
            KindName::Exclusion,
            KindName::Index,
            KindName::IndexMark,
            KindName::ForeignKey,
            KindName::Rule,
            KindName::Trigger,
            KindName::Policy,
            KindName::Privileges,
        ];
        let parts = PARTS.into_iter().flat_map(move |kind| self.inside(kind, table));
        // A routine may have the name of the table.
        parts.filter(|part| !matches!(part, Object::Privileges(of) if of.on != KindName::Table))
    }

    /// A table's columns in the order in which the table has them.
    pub fn columns(&self, table: &QualifiedName) -> Vec<&Column> {
        let mut columns: Vec<&Column> = self
            .inside(KindName::Column, table)
            .filter_map(|object| match object {
                Object::Column(column) => Some(column),
                _ => None,
            })
            .collect();
        columns.sort_by(|a, b| (a.ordinal, &a.name).cmp(&(b.ordinal, &b.name)));
        columns
    }

    /// One column.
    pub fn column(&self, table: &QualifiedName, name: &Ident) -> Option<&Column> {
        match self.get(&ObjectId::column(table, name)) {
            Some(Object::Column(column)) => Some(column),
            _ => None,
        }
    }

    /// Rewrites every object, as a rename does; names may change.
    pub fn map(self, mut change: impl FnMut(&mut Object)) -> Schema {
        let keeps = self.found.is_empty();
        let mut moved: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
        let objects = Arc::unwrap_or_clone(self.objects).into_iter().map(|(before, mut object)| {
            change(Arc::make_mut(&mut object));
            let id = object.id();
            if !keeps && before != id {
                moved.insert(before, id.clone());
            }
            (id, object)
        });
        let objects = Arc::new(objects.collect());
        let found = if moved.is_empty() { self.found } else { Arc::new(followed(&self.found, &moved)) };
        Schema { objects, found }
    }

    /// The columns of each table in the order in which a database has them: a new one is the last there, and `SELECT *` tells.
    #[must_use]
    pub fn in_order_of(&self, there: &Schema) -> Schema {
        self.clone().map(|object| {
            if let Object::Column(column) = object {
                let ordinal = there.column(&column.table, &column.name).map(|other| other.ordinal);
                column.ordinal = ordinal.unwrap_or(column.ordinal);
            }
        })
    }

    /// The objects that are asked for.
    pub fn filter(&self, keep: impl Fn(&ObjectId) -> bool) -> Schema {
        let kept = self.objects.iter().filter(|(id, _)| keep(id));
        let objects = Arc::new(kept.map(|(id, object)| (id.clone(), Arc::clone(object))).collect());
        Schema { objects, found: Arc::clone(&self.found) }
    }

    /// Whether anything is said of privileges.
    pub fn has_privileges(&self) -> bool {
        PRIVILEGES.into_iter().any(|kind| self.of_kind(kind).next().is_some())
    }

    /// The schema without privileges, for whoever leaves them alone.
    #[must_use]
    pub fn without_privileges(&self) -> Schema {
        self.filter(|id| !PRIVILEGES.contains(&id.kind))
    }

    /// The objects of two schemas side by side, by kind and name; at least one of each pair is there. An object that both share is
    /// left out.
    pub fn beside<'s>(&'s self, other: &'s Schema) -> impl Iterator<Item = (Option<&'s Object>, Option<&'s Object>)> {
        let (mut ours, mut theirs) = (self.objects.iter().peekable(), other.objects.iter().peekable());
        let pairs = std::iter::from_fn(move || {
            let order = match (ours.peek(), theirs.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((our, _)), Some((their, _))) => our.cmp(their),
            };
            let our = if order.is_le() { ours.next() } else { None };
            let their = if order.is_ge() { theirs.next() } else { None };
            Some((our.map(|(_, object)| object), their.map(|(_, object)| object)))
        });
        let shared = |pair: &(Option<&Arc<Object>>, Option<&Arc<Object>>)| matches!(pair, (Some(our), Some(their)) if Arc::ptr_eq(our, their));
        pairs.filter(move |pair| !shared(pair)).map(|(our, their)| (our.map(Arc::as_ref), their.map(Arc::as_ref)))
    }

    fn objects_mut(&mut self) -> &mut BTreeMap<ObjectId, Arc<Object>> {
        Arc::make_mut(&mut self.objects)
    }
}

impl FromIterator<Object> for Schema {
    fn from_iter<I: IntoIterator<Item = Object>>(objects: I) -> Schema {
        let objects = objects.into_iter().map(|object| (object.id(), Arc::new(object)));
        Schema { objects: Arc::new(objects.collect()), found: Arc::default() }
    }
}

/// What was found, under the names that objects have now.
fn followed(found: &BTreeMap<ObjectId, Found>, moved: &BTreeMap<ObjectId, ObjectId>) -> BTreeMap<ObjectId, Found> {
    let now = |id: &ObjectId| moved.get(id).unwrap_or(id).clone();
    let entries = found.iter().map(|(id, of)| {
        let needs = of.needs.iter().map(now).collect();
        (now(id), Found { needs, columns: of.columns.clone() })
    });
    entries.collect()
}
