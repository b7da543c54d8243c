//! The partitions of a table as words of its attribute: the inverse of `schema-syntax/src/decl/partition.rs`.

use schema_core::kinds::{InheritedColumn, Object, PartitionBound, Table};
use schema_core::{KindName, QualifiedName};

use super::Writer;
use super::parts::{comment, path, with};
use super::table::settings;
use super::words::Word;

impl Writer<'_> {
    /// `partition(..)` for each table that rows of this one are in, the outer ones first.
    pub(super) fn partitions(&self, root: &Table) -> Vec<Word> {
        let (mut found, mut words) = (vec![root], Vec::new());
        let mut at = 0;
        while let Some(parent) = found.get(at).copied() {
            for partition in self.partitions_of(&parent.name) {
                words.extend(self.partition(root, partition));
                found.push(partition);
            }
            at += 1;
        }
        words
    }

    /// By name; the one for all other rows comes last.
    fn partitions_of(&self, parent: &QualifiedName) -> Vec<&Table> {
        let tables = self.schema.of_kind(KindName::Table).filter_map(|object| match object {
            Object::Table(table) => Some((table, table.partition_of.as_ref()?)),
            _ => None,
        });
        let mut found: Vec<_> = tables.filter(|(_, of)| of.parent == *parent).collect();
        found.sort_by_key(|(table, of)| (of.values == PartitionBound::Default, &table.name));
        found.into_iter().map(|(table, _)| table).collect()
    }

    fn partition(&self, root: &Table, of: &Table) -> Option<Word> {
        let place = of.partition_of.as_ref()?;
        let mut words = vec![Word::text("name", of.name.name.as_str())];
        words.extend((of.name.schema != root.name.schema).then(|| Word::text("schema", of.name.schema.as_str())));
        words.extend((place.parent != root.name).then(|| Word::text("of", path(&place.parent, self.default_schema))));
        words.push(match &place.values {
            PartitionBound::Default => Word::flag("default"),
            PartitionBound::Values(values) => Word::text("values", values.as_str()),
        });
        words.extend(comment("comment", &of.comment));
        words.extend(with(&of.with));
        words.extend(self.settings(of));
        let parts = self.schema.parts_of(&of.name);
        words.extend(parts.filter_map(|part| match part {
            Object::InheritedColumn(own) => self.own_column(own),
            other => self.style(other).of_table(other),
        }));
        Some(Word::list("partition", words))
    }

    /// `column(..)`; that a column of the partition's own key takes no NULL goes without saying.
    fn own_column(&self, of: &InheritedColumn) -> Option<Word> {
        let keyed = self.schema.inside(KindName::PrimaryKey, &of.table).any(|part| match part {
            Object::PrimaryKey(key) => key.columns.contains(&of.name),
            _ => false,
        });
        let mut words: Vec<Word> = Vec::new();
        words.extend((of.not_null && !keyed).then(|| Word::Bare("nullable".to_owned(), "false".to_owned())));
        words.extend(of.default.as_ref().map(|expr| Word::text("default", expr.as_str())));
        words.extend(settings(&of.settings));
        words.extend(comment("comment", &of.comment));
        let name = Word::text("name", of.name.as_str());
        (!words.is_empty()).then(|| Word::list("column", std::iter::once(name).chain(words).collect()))
    }
}
