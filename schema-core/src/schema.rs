//! A schema: the set of objects that should exist, or that do.
//!
//! The set knows no kind. Its order is that of [`ObjectId`], never of insertion, so every text made from it is stable.

use std::cmp::Ordering;
use std::collections::BTreeMap;
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    objects: Arc<BTreeMap<ObjectId, Arc<Object>>>,
}

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

    /// Everything that lives in a table: columns, constraints, indexes.
    pub fn parts_of(&self, table: &QualifiedName) -> impl Iterator<Item = &Object> {
        const PARTS: [KindName; 8] = [
            KindName::Column,
            KindName::PrimaryKey,
            KindName::Unique,
            KindName::Check,
            KindName::Exclusion,
            KindName::Index,
            KindName::IndexMark,
            KindName::ForeignKey,
        ];
        PARTS.into_iter().flat_map(move |kind| self.inside(kind, table))
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
        let objects = Arc::unwrap_or_clone(self.objects).into_values().map(|mut object| {
            change(Arc::make_mut(&mut object));
            (object.id(), object)
        });
        Schema { objects: Arc::new(objects.collect()) }
    }

    /// The objects that are asked for.
    pub fn filter(&self, keep: impl Fn(&ObjectId) -> bool) -> Schema {
        let kept = self.objects.iter().filter(|(id, _)| keep(id));
        Schema { objects: Arc::new(kept.map(|(id, object)| (id.clone(), Arc::clone(object))).collect()) }
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
        Schema { objects: Arc::new(objects.collect()) }
    }
}
