//! One table as a struct: the inverse of `schema-syntax/src/lower/table.rs`.

use std::collections::BTreeSet;

use schema_core::kinds::{
    Column, ColumnSettings, ColumnValue, IdentityMode, IndexPurpose, KeyIndex, Object, PrimaryKey, ReplicaIdentity,
    SequenceOptions, Storage, Table,
};
use schema_core::{Ident, KindName, ObjectId};

use super::Writer;
use super::parts::{PartStyle, Place, comment, only_column, path, with};
use super::text::{Body, FieldText, ItemText, doc_lines, is_doc_line};
use super::words::{Word, attribute};

/// Where a table's comments stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comments {
    /// In the first lines of doc comments.
    Docs,
    /// In `comment = ".."`.
    Words,
}

impl Comments {
    /// `comment = ".."`, where the doc comment does not say it.
    fn word(self, of: &Option<String>) -> Option<Word> {
        let in_doc = self == Comments::Docs && of.as_ref().is_none_or(|text| is_doc_line(text));
        comment("comment", of).filter(|_| !in_doc)
    }
}

impl Writer<'_> {
    /// The struct of a table.
    pub(super) fn table(&mut self, of: &Table) -> ItemText {
        let columns = self.schema.all_columns(&of.name).into_iter();
        let columns: Vec<Column> = columns.map(|column| self.seen(of, column)).collect();
        let comments = self.comments(of, &columns);
        let ident = self.structs[&of.name].clone();
        let idents = self.field_names(of, &columns);
        let columns = self.ordered(of, columns);
        let places = self.places(of, &columns);
        let fields = columns.iter().map(|column| {
            let ident = idents[&column.name].clone();
            let parts = places.iter().filter(|(_, place)| *place == Place::Column(column.name.clone()));
            self.field(of, column, ident, comments, parts.map(|(part, _)| part))
        });
        let fields: Vec<FieldText> = fields.collect();
        let mut words = self.table_words(of, &ident, comments);
        let of_table = places.iter().filter(|(_, place)| *place == Place::Table);
        words.extend(of_table.filter_map(|(part, _)| self.style(part).of_table(part)));
        words.extend(self.partitions(of));
        ItemText {
            id: ObjectId::table(&of.name),
            ident,
            doc: doc_lines(&of.comment),
            derives: "Clone, Debug, Table",
            attribute: attribute("table", &words, 0),
            body: Body::Fields(fields),
        }
    }

    /// A column as the table has it; one that it takes over still names its parent.
    fn seen(&self, of: &Table, column: &Column) -> Column {
        let seen = self.schema.effective_column(&of.name, &column.name);
        seen.map_or_else(|| column.clone(), |seen| Column { table: column.table.clone(), ..seen })
    }

    fn table_words(&self, of: &Table, ident: &str, comments: Comments) -> Vec<Word> {
        let mut words = Vec::new();
        let differs = schema_syntax::case::snake(ident) != of.name.name.as_str();
        words.extend(differs.then(|| Word::text("name", of.name.name.as_str())));
        words.extend((of.name.schema != *self.default_schema).then(|| Word::text("schema", of.name.schema.as_str())));
        words.extend((comments == Comments::Docs).then(|| Word::flag("doc_comments")));
        words.extend(comments.word(&of.comment));
        words.extend(with(&of.with));
        let parents: Vec<String> = of.inherits.iter().map(|name| path(name, self.default_schema)).collect();
        words.extend((!parents.is_empty()).then(|| Word::text("inherits", parents.join(", "))));
        words.extend(self.settings(of));
        words
    }

    /// How the table is stored, split and replicated, and who sees its rows.
    pub(super) fn settings(&self, of: &Table) -> Vec<Word> {
        let flags = [
            ("unlogged", of.unlogged),
            ("row_security", of.row_security),
            ("force_row_security", of.force_row_security),
        ];
        let mut words: Vec<Word> =
            flags.into_iter().filter(|(_, is_set)| *is_set).map(|(word, _)| Word::flag(word)).collect();
        words.extend(of.partition_by.as_ref().map(|key| Word::text("partition_by", key.to_string())));
        words.extend(match of.replica_identity {
            ReplicaIdentity::Default => None,
            ReplicaIdentity::Full => Some(Word::text("replica_identity", "full")),
            ReplicaIdentity::Nothing => Some(Word::text("replica_identity", "nothing")),
        });
        words.extend(self.schema.parts_of(&of.name).filter_map(|part| match part {
            Object::IndexMark(mark) => Some(match mark.purpose {
                IndexPurpose::Cluster => Word::text("cluster_on", mark.index.as_str()),
                IndexPurpose::ReplicaIdentity => {
                    Word::text("replica_identity", format!("index {}", mark.index.as_str()))
                }
            }),
            _ => None,
        }));
        words
    }

    /// Doc comments, when all comments of the table fit there.
    fn comments(&self, of: &Table, columns: &[Column]) -> Comments {
        if let Some(kept) = self.kept.comments.get(&of.name) {
            return *kept;
        }
        let all = of.comment.iter().chain(columns.iter().filter_map(|column| column.comment.as_ref()));
        let mut all = all.peekable();
        if all.peek().is_some() && all.all(|text| is_doc_line(text)) { Comments::Docs } else { Comments::Words }
    }

    /// Fields that are there stay where they are; a new one follows its neighbour of the table.
    fn ordered(&self, of: &Table, columns: Vec<Column>) -> Vec<Column> {
        let Some(kept) = self.kept.fields.get(&of.name) else { return columns };
        let mut ordered: Vec<Column> = Vec::new();
        ordered.extend(kept.iter().filter_map(|(name, _)| columns.iter().find(|column| column.name == *name)).cloned());
        for (at, column) in columns.iter().enumerate() {
            if kept.iter().any(|(name, _)| *name == column.name) {
                continue;
            }
            let before =
                columns[..at].iter().rev().find_map(|other| ordered.iter().position(|of| of.name == other.name));
            ordered.insert(before.map_or(0, |place| place + 1), column.clone());
        }
        ordered
    }

    /// The parts of the table in the order in which they are written, and where each is.
    fn places(&self, of: &Table, columns: &[Column]) -> Vec<(Object, Place)> {
        let names: Vec<&Ident> = columns.iter().map(|column| &column.name).collect();
        let parts = self.schema.parts_of(&of.name).filter(|part| part.kind() != KindName::Column);
        let mut referencing: BTreeSet<Ident> = BTreeSet::new();
        let mut found: Vec<(Object, Place)> = Vec::new();
        for part in parts {
            let natural = match part {
                Object::PrimaryKey(key) if self.is_plain_key(key, &names) => Some(key.columns[0].clone()),
                other => only_column(other, &names),
            };
            let natural = natural.map_or(Place::Table, Place::Column);
            let kept = self.kept.places.get(&part.id()).filter(|kept| match kept {
                Place::Table => true,
                // A check may stand at any column; the others are over the one where they stand.
                Place::Column(column) => **kept == natural || part.kind() == KindName::Check && names.contains(&column),
            });
            let mut place = kept.cloned().unwrap_or(natural);
            // A column has room for one foreign key.
            let crowded = matches!((&place, part), (Place::Column(column), Object::ForeignKey(_)) if !referencing.insert(column.clone()));
            if crowded {
                place = Place::Table;
            }
            found.push((part.clone(), place));
        }
        found
    }

    /// Whether `primary_key` on the fields says all of it.
    fn is_plain_key(&self, of: &PrimaryKey, columns: &[&Ident]) -> bool {
        let PrimaryKey {
            table: _,
            name: _,
            columns: key,
            without_overlaps,
            include,
            deferrable,
            initially_deferred: _,
            comment,
            index,
        } = of;
        let in_order: Vec<&Ident> = columns.iter().copied().filter(|column| key.contains(column)).collect();
        let plain = !without_overlaps
            && include.is_empty()
            && !deferrable
            && comment.is_none()
            && *index == KeyIndex::default();
        plain
            && !self.named.contains(&ObjectId::inner(KindName::PrimaryKey, &of.table, &of.name))
            && in_order == key.iter().collect::<Vec<_>>()
    }

    pub(super) fn style(&self, part: &Object) -> PartStyle<'_> {
        PartStyle { named: self.named.contains(&part.id()), default_schema: self.default_schema }
    }

    fn field<'p>(
        &mut self,
        table: &Table,
        of: &Column,
        ident: String,
        comments: Comments,
        parts: impl Iterator<Item = &'p Object>,
    ) -> FieldText {
        let kept =
            self.kept.field_types.get(&(table.name.clone(), of.name.clone())).filter(|(_, sql)| *sql == of.sql_type);
        let written = match kept {
            Some((text, sql)) => self.types.keep(text, sql),
            None => self.types.write(&of.sql_type, &mut self.crates),
        };
        let mut words = Vec::new();
        let plain = ident.strip_prefix("r#").unwrap_or(&ident);
        words.extend((plain != of.name.as_str()).then(|| Word::text("name", of.name.as_str())));
        words.extend(written.sql.map(|sql| Word::text("sql", sql)));
        words.extend(self.in_plain_key(table, &of.name).then(|| Word::flag("primary_key")));
        // What is not the table's own in a column that it takes over is said once, by the parent's field.
        let own = of.table == table.name;
        if own {
            words.extend(not_null(of));
            words.extend(self.value(of));
            words.extend(
                of.collation
                    .as_ref()
                    .map(|name| Word::text("collate", path(name, &Ident::of(schema_core::DEFAULT_SCHEMA)))),
            );
            words.extend(settings(&of.settings));
        } else if let Some(own) = self.schema.inherited_column(&table.name, &of.name) {
            words.extend(own.default.as_ref().map(|expr| Word::text("default", expr.as_str())));
            words.extend(settings(&own.settings));
        }
        words.extend(parts.flat_map(|part| self.style(part).of_column(part)));
        words.extend(comments.word(&of.comment));
        // Rows that were never looked at may hold NULL, and so may those of heirs that do not have the constraint.
        let may_be_null = of.nullable || of.not_null.not_valid || (!own && of.not_null.no_inherit);
        let ty = if may_be_null { format!("Option<{}>", written.text) } else { written.text };
        FieldText {
            column: of.name.clone(),
            ident,
            doc: doc_lines(&of.comment),
            attribute: attribute("column", &words, 4),
            ty,
        }
    }

    /// Whether the column's attribute says that it is in the key.
    fn in_plain_key(&self, table: &Table, column: &Ident) -> bool {
        let key = self.schema.inside(KindName::PrimaryKey, &table.name).next();
        let Some(Object::PrimaryKey(key)) = key.filter(|key| self.kept.places.get(&key.id()) != Some(&Place::Table))
        else {
            return false;
        };
        let columns = self.ordered(table, self.schema.all_columns(&table.name).into_iter().cloned().collect());
        key.columns.contains(column)
            && self.is_plain_key(key, &columns.iter().map(|column| &column.name).collect::<Vec<_>>())
    }

    fn value(&self, of: &Column) -> Option<Word> {
        let sequence = |name: &Ident| {
            self.named.contains(&ObjectId::column(&of.table, &of.name)).then(|| Word::text("sequence", name.as_str()))
        };
        Some(match &of.value {
            ColumnValue::None => return None,
            ColumnValue::Default(expr) => Word::text("default", expr.as_str()),
            ColumnValue::Generated(expr) => Word::text("generated", expr.as_str()),
            ColumnValue::Virtual(expr) => Word::text("generated_virtual", expr.as_str()),
            ColumnValue::Serial { sequence: name } => Word::list("serial", sequence(name).into_iter().collect()),
            ColumnValue::Identity(identity) => {
                let mut words: Vec<Word> = sequence(&identity.sequence).into_iter().collect();
                words.extend(options(&identity.options));
                match (identity.mode, words.is_empty()) {
                    (IdentityMode::Always, true) => Word::text("identity", "always"),
                    (IdentityMode::Always, false) => {
                        words.insert(0, Word::flag("always"));
                        Word::list("identity", words)
                    }
                    (IdentityMode::ByDefault, _) => Word::list("identity", words),
                }
            }
        })
    }
}

/// `not_null(..)`, where it says more than the type of the field.
fn not_null(of: &Column) -> Option<Word> {
    let words = [("no_inherit", of.not_null.no_inherit), ("not_valid", of.not_null.not_valid)];
    let words: Vec<Word> =
        words.into_iter().filter(|(_, is_said)| *is_said).map(|(word, _)| Word::flag(word)).collect();
    (!words.is_empty()).then(|| Word::list("not_null", words))
}

/// How a column is stored.
pub(super) fn settings(of: &ColumnSettings) -> Vec<Word> {
    let ColumnSettings { storage, compression, statistics, options } = of;
    let storage = storage.map(|storage| match storage {
        Storage::Plain => "plain",
        Storage::External => "external",
        Storage::Extended => "extended",
        Storage::Main => "main",
    });
    let mut words: Vec<Word> = storage.map(|storage| Word::text("storage", storage)).into_iter().collect();
    words.extend(compression.as_ref().map(|name| Word::text("compression", name)));
    words.extend(statistics.map(|number| Word::number("statistics", i64::from(number))));
    words.extend(with(options));
    words
}

/// The options of a sequence.
pub(super) fn options(of: &SequenceOptions) -> Vec<Word> {
    let SequenceOptions { start, increment, min, max, cache, cycle } = of;
    let numbers = [("start", start), ("increment", increment), ("min", min), ("max", max), ("cache", cache)];
    let words = numbers.iter().filter_map(|(name, value)| value.map(|value| Word::number(name, value)));
    words.chain(cycle.then(|| Word::flag("cycle"))).collect()
}
