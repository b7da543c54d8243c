//! A schema: the set of objects that should exist, or that do.
//!
//! The set knows no kind. Its order is that of [`ObjectId`], never of insertion, so every text made from it is stable.

use std::collections::BTreeMap;

use crate::{
    Ident, KindName, ObjectId, QualifiedName,
    kinds::{Column, Object},
};

/// The objects of one database, declared or observed.
///
/// ```
/// use schema_core::{Ident, QualifiedName, Schema, kinds::{Object, Table}};
/// let mut schema = Schema::default();
/// schema.insert(Object::Table(Table::new(QualifiedName::public(Ident::of("users")))));
/// assert_eq!(schema.iter().count(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    objects: BTreeMap<ObjectId, Object>,
}

impl Schema {
    /// Adds or replaces an object; gives back the one that had its name.
    pub fn insert(&mut self, object: Object) -> Option<Object> {
        self.objects.insert(object.id(), object)
    }

    /// Takes an object out.
    pub fn remove(&mut self, id: &ObjectId) -> Option<Object> {
        self.objects.remove(id)
    }

    /// The object of this name.
    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        self.objects.get(id)
    }

    /// Whether the object exists.
    pub fn contains(&self, id: &ObjectId) -> bool {
        self.objects.contains_key(id)
    }

    /// All objects, ordered by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &Object)> {
        self.objects.iter()
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
            .map(|(_, object)| object)
    }

    /// Everything that lives in a table: columns, constraints, indexes.
    pub fn parts_of(&self, table: &QualifiedName) -> impl Iterator<Item = &Object> {
        const PARTS: [KindName; 7] = [
            KindName::Column,
            KindName::PrimaryKey,
            KindName::Unique,
            KindName::Check,
            KindName::Exclusion,
            KindName::Index,
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
        let objects = self.objects.into_values().map(|mut object| {
            change(&mut object);
            (object.id(), object)
        });
        Schema { objects: objects.collect() }
    }
}

impl FromIterator<Object> for Schema {
    fn from_iter<I: IntoIterator<Item = Object>>(objects: I) -> Schema {
        Schema { objects: objects.into_iter().map(|object| (object.id(), object)).collect() }
    }
}
