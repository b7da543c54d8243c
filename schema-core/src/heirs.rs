//! Tables that take columns over from others: children (`INHERITS`) and partitions. What they take over is an object of the parent
//! only, and PostgreSQL changes it there and in all heirs at once.

use std::collections::BTreeSet;

use crate::{
    Ident, KindName, ObjectId, QualifiedName, Schema,
    kinds::{Column, Object, Table},
    rename::Rename,
};

impl Schema {
    /// A table itself.
    pub fn table(&self, name: &QualifiedName) -> Option<&Table> {
        match self.get(&ObjectId::table(name)) {
            Some(Object::Table(table)) => Some(table),
            _ => None,
        }
    }

    /// The tables that a table takes columns over from, the nearest first. A circle, which PostgreSQL refuses, ends.
    pub fn ancestors(&self, table: &QualifiedName) -> Vec<&QualifiedName> {
        let mut found: Vec<&QualifiedName> = self.table(table).map(Table::parents).unwrap_or_default();
        let mut at = 0;
        while let Some(next) = found.get(at).copied() {
            let more = self.table(next).map(Table::parents).unwrap_or_default();
            found.extend(more.into_iter().filter(|name| !found.contains(name) && *name != table).collect::<Vec<_>>());
            at += 1;
        }
        found
    }

    /// The tables that take columns over from a table, by name.
    pub fn heirs(&self, table: &QualifiedName) -> Vec<&QualifiedName> {
        let mut found: BTreeSet<&QualifiedName> = BTreeSet::new();
        let tables = || {
            self.of_kind(KindName::Table).filter_map(|object| match object {
                Object::Table(table) => Some(table),
                _ => None,
            })
        };
        let heirs: Vec<&Table> = tables().filter(|table| !table.parents().is_empty()).collect();
        loop {
            let count = found.len();
            for heir in &heirs {
                if heir.parents().into_iter().any(|parent| parent == table || found.contains(parent)) {
                    found.insert(&heir.name);
                }
            }
            if found.len() == count {
                return found.into_iter().collect();
            }
        }
    }

    /// The heirs of a partitioned table, which hold its rows; other heirs have rows of their own.
    pub(crate) fn partitions(&self, table: &QualifiedName) -> Vec<&QualifiedName> {
        let is_split = self.table(table).is_some_and(|table| table.partition_by.is_some());
        if is_split { self.heirs(table) } else { Vec::new() }
    }

    /// The columns that a table has, those it takes over first, as PostgreSQL orders them.
    pub fn all_columns(&self, table: &QualifiedName) -> Vec<&Column> {
        let (mut columns, mut seen) = (Vec::new(), BTreeSet::new());
        self.collect_columns(table, &mut seen, &mut columns);
        columns
    }

    fn collect_columns<'s>(
        &'s self,
        table: &QualifiedName,
        seen: &mut BTreeSet<QualifiedName>,
        columns: &mut Vec<&'s Column>,
    ) {
        if !seen.insert(table.clone()) {
            return;
        }
        for parent in self.table(table).map(Table::parents).unwrap_or_default() {
            self.collect_columns(parent, seen, columns);
        }
        for new in self.columns(table) {
            match columns.iter_mut().find(|old| old.name == new.name) {
                Some(old) => *old = new,
                None => columns.push(new),
            }
        }
    }

    /// One column of a table, its own or one that it takes over.
    pub fn any_column(&self, table: &QualifiedName, name: &Ident) -> Option<&Column> {
        self.column(table, name)
            .or_else(|| self.ancestors(table).into_iter().find_map(|parent| self.column(parent, name)))
    }

    /// The table and those of its heirs whose rows are sorted into partitions by the column. <https://www.postgresql.org/docs/current/ddl-partitioning.html>
    pub(crate) fn sorted_by(&self, table: &QualifiedName, column: &Ident) -> Vec<&QualifiedName> {
        let heirs = self.heirs(table);
        let tables = std::iter::once(table).chain(heirs).filter_map(|name| self.table(name));
        let sorted = tables.filter(|of| of.partition_by.as_ref().is_some_and(|key| key.keys.mentions(column)));
        sorted.map(|of| &of.name).collect()
    }

    /// The object that stands for a column: that of the table which declares it.
    pub(crate) fn home(&self, id: ObjectId) -> ObjectId {
        if id.kind != KindName::Column || self.contains(&id) {
            return id;
        }
        let column = id.outer().and_then(|table| self.any_column(&table, id.name()));
        column.map_or(id, |column| ObjectId::column(&column.table, &column.name))
    }

    /// The renames that an object has to follow: that of a column is one of each heir as well, and a table takes the sequences of its
    /// columns, and those that columns own, to another PostgreSQL schema.
    pub(crate) fn felt(&self, renames: &[Rename]) -> Vec<Rename> {
        let of_column = |rename: &Rename| match rename.before.kind {
            KindName::Column => rename.before.outer(),
            _ => None,
        };
        let of_heirs = renames.iter().filter_map(|rename| Some((rename, of_column(rename)?)));
        let of_heirs = of_heirs.flat_map(|(rename, table)| {
            let id = |heir: &QualifiedName, of: &ObjectId| ObjectId::column(heir, of.name());
            let heirs = self.heirs(&table).into_iter();
            heirs
                .map(|heir| Rename { before: id(heir, &rename.before), after: id(heir, &rename.after) })
                .collect::<Vec<_>>()
        });
        let of_sequences = renames.iter().flat_map(|rename| self.sequences_moved(rename));
        renames.iter().cloned().chain(of_heirs).chain(of_sequences).collect()
    }

    fn sequences_moved(&self, rename: &Rename) -> Vec<Rename> {
        let tables = rename.before.outer().zip(rename.after.outer());
        let moved =
            tables.filter(|(before, after)| rename.before.kind == KindName::Table && before.schema != after.schema);
        let Some((before, after)) = moved else { return Vec::new() };
        let owned = self.of_kind(KindName::Sequence).filter_map(|object| match object {
            Object::Sequence(of) => of.owned_by.as_ref().filter(|(owner, _)| *owner == before).map(|_| &of.name.name),
            _ => None,
        });
        let names = self.columns(&before).into_iter().filter_map(|column| column.value.sequence()).chain(owned);
        let id = |table: &QualifiedName, name: &Ident| ObjectId::top(KindName::Sequence, &table.sibling(name.clone()));
        names.map(|name| Rename { before: id(&before, name), after: id(&after, name) }).collect()
    }
}
