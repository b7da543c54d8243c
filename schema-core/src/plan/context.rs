//! What a kind may know while it writes its statements: both schemas, and what rows get.

use std::collections::BTreeMap;

use crate::{
    Expr, Ident, KindName, ObjectId, QualifiedName, Schema,
    kinds::{Column, ColumnValue, Object},
};

use super::placeholder::placeholder;

/// What the user said about rows that exist: part of no schema, used once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `#[column(backfill = "...")]`: what rows get in a new or newly NOT NULL column.
    pub backfill: BTreeMap<ObjectId, Expr>,
    /// `#[column(using = "...")]`: how values get to another type.
    pub using: BTreeMap<ObjectId, Expr>,
}

/// Where the values of a new NOT NULL column come from when the user said nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// From nowhere: the statement fails if there are rows, and a finding has said so.
    Nothing,
    /// The neutral value of the type: a way back must not fail on the rows that are there.
    Placeholder,
}

/// The plan's surroundings. `before` has the new names already.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The schema that the statements start from, after renames.
    pub before: &'a Schema,
    /// The schema that they lead to.
    pub after: &'a Schema,
    /// What the user said about rows.
    pub hints: &'a Hints,
    /// What happens where the user said nothing.
    pub fill: Fill,
}

impl Context<'_> {
    /// What existing rows get in a new column that PostgreSQL would not fill itself.
    pub(crate) fn fill(&self, column: &Column) -> Option<Expr> {
        let said = self.said(column);
        let fills_itself =
            (column.may_hold_null() || column.value != ColumnValue::None) && !column.refuses_null(self.after);
        said.or_else(|| if fills_itself { None } else { self.placeholder(column) })
    }

    /// What rows with NULL get when the column becomes NOT NULL.
    pub(crate) fn fill_nulls(&self, column: &Column) -> Option<Expr> {
        let said = self.said(column);
        said.or_else(|| column.value.expr().filter(|_| matches!(column.value, ColumnValue::Default(_))).cloned())
            .or_else(|| self.placeholder(column))
    }

    fn said(&self, column: &Column) -> Option<Expr> {
        self.hints.backfill.get(&ObjectId::column(&column.table, &column.name)).cloned()
    }

    fn placeholder(&self, column: &Column) -> Option<Expr> {
        match self.fill {
            Fill::Nothing => None,
            Fill::Placeholder => placeholder(&column.sql_type, self),
        }
    }

    /// Whether the table existed before, so that somebody may have put rows in.
    pub(crate) fn may_have_rows(&self, table: &QualifiedName) -> bool {
        self.before.contains(&ObjectId::table(table))
    }

    /// Whether one of the columns is NULL in every row that exists, because it is new and nothing fills it.
    pub(crate) fn all_null(&self, table: &QualifiedName, columns: &[Ident]) -> bool {
        columns.iter().any(|name| {
            let id = ObjectId::column(table, name);
            let filled = self.hints.backfill.contains_key(&id);
            let empty =
                |column: &Column| column.nullable && column.value == ColumnValue::None && !self.has_default(column);
            !filled && !self.before.contains(&id) && self.after.column(table, name).is_some_and(empty)
        })
    }

    /// Whether no two rows that exist share a value of the columns, because a key over some of them has seen to it and their values
    /// stay. Two NULLs are no shared value.
    pub(crate) fn is_unique(&self, table: &QualifiedName, columns: &[Ident]) -> bool {
        self.is_held(table, columns, |_| true)
    }

    /// Likewise, whether no two rows that are equal in all columns but the last overlap in it.
    pub(crate) fn is_apart(&self, table: &QualifiedName, columns: &[Ident]) -> bool {
        let apart = |key: &[Ident], without_overlaps: bool| without_overlaps && key.last() == columns.last();
        self.is_held(table, columns, |part| match part {
            Object::PrimaryKey(key) => apart(&key.columns, key.without_overlaps),
            Object::Unique(key) => apart(&key.columns, key.without_overlaps),
            _ => false,
        })
    }

    fn is_held(&self, table: &QualifiedName, columns: &[Ident], serves: impl Fn(&Object) -> bool) -> bool {
        let stays = |name: &Ident| match (self.before.column(table, name), self.after.column(table, name)) {
            (Some(before), Some(after)) => {
                // What is NULL now may all get one value.
                (!before.may_hold_null() || after.may_hold_null())
                    && (&before.sql_type, &before.collation) == (&after.sql_type, &after.collation)
                    && !before.value.is_generated()
                    && !after.value.is_generated()
            }
            _ => false,
        };
        let covers = |key: &[Ident]| key.iter().all(|name| columns.contains(name) && stays(name));
        let held = self.before.parts_of(table).filter(|part| serves(part)).any(|part| match part {
            Object::PrimaryKey(key) => covers(&key.columns),
            Object::Unique(key) => covers(&key.columns),
            Object::Index(index) => index.has_plain_keys() && index.key_columns().is_some_and(|key| covers(&key)),
            _ => false,
        });
        // A partition that is attached brings rows along.
        held && self.after.table(table).is_some_and(|table| table.partition_by.is_none())
    }

    /// Whether the column's type is a domain that fills it.
    fn has_default(&self, column: &Column) -> bool {
        let of = column.sql_type.user_type().filter(|_| !column.sql_type.array);
        let domain = of.and_then(|name| self.after.get(&ObjectId::top(KindName::Domain, name)));
        matches!(domain, Some(Object::Domain(domain)) if domain.default.is_some())
    }

    /// Whether an expression that this plan writes has the label as a string literal.
    pub(crate) fn newly_quoted(&self, label: &Ident) -> bool {
        let quoted = |expr: &Expr| crate::sql::string_literals(expr.as_str()).iter().any(|text| text == label.as_str());
        let new = |id: &ObjectId, object: &Object| self.before.get(id) != Some(object);
        let hints = self.hints.backfill.values().chain(self.hints.using.values());
        hints.into_iter().any(quoted)
            || self.after.iter().any(|(id, object)| new(id, object) && object.expressions().into_iter().any(quoted))
    }
}
