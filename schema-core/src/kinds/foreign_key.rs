//! Foreign keys (`pg_constraint`, contype `f`). They are never part of CREATE TABLE, because cycles of tables are normal.
//!
//! <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK>

use serde::{Deserialize, Serialize};

use super::primary_key::{add_constraint, constraint_target, deferrable_words, drop_constraint};
use super::{Alteration, ColumnRef, Kind, NameClaim, Object, check::validate, comment, is_false, name_list};
use crate::{Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename};

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// The referencing table.
    pub table: QualifiedName,
    /// The constraint's name.
    pub name: Ident,
    /// The referencing columns.
    pub columns: Vec<Ident>,
    /// The referenced table.
    pub references: QualifiedName,
    /// The referenced columns, in the order of `columns`.
    pub referenced: Vec<Ident>,
    /// `PERIOD` (PostgreSQL 18): the last columns are ranges, and the referenced rows together cover that of the referencing row.
    #[serde(default, skip_serializing_if = "is_false")]
    pub period: bool,
    /// `ON DELETE`.
    #[serde(default, skip_serializing_if = "ForeignKeyAction::is_default")]
    pub on_delete: ForeignKeyAction,
    /// `ON UPDATE`.
    #[serde(default, skip_serializing_if = "ForeignKeyAction::is_default")]
    pub on_update: ForeignKeyAction,
    /// `MATCH`.
    #[serde(rename = "match", default, skip_serializing_if = "ForeignKeyMatch::is_default")]
    pub match_type: ForeignKeyMatch,
    /// `DEFERRABLE`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub initially_deferred: bool,
    /// `NOT VALID`: rows that existed before were never looked at.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_valid: bool,
    /// `NOT ENFORCED` (PostgreSQL 18): no row is ever looked at.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_enforced: bool,
    /// `COMMENT ON CONSTRAINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What happens to referencing rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignKeyAction {
    /// `NO ACTION`: refused at the end of the statement, or of the transaction when deferred.
    #[default]
    NoAction,
    /// `RESTRICT`: refused at once.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`, of these columns or of all when none is named (PostgreSQL 15, ON DELETE only).
    SetNull(Vec<Ident>),
    /// `SET DEFAULT`, likewise.
    SetDefault(Vec<Ident>),
}

/// Which rows with NULL in the key must match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignKeyMatch {
    /// `MATCH SIMPLE`: none.
    #[default]
    Simple,
    /// `MATCH FULL`: those that are not NULL in every column.
    Full,
}

impl ForeignKeyMatch {
    fn is_default(&self) -> bool {
        *self == ForeignKeyMatch::Simple
    }
}

impl ForeignKeyAction {
    fn is_default(&self) -> bool {
        *self == ForeignKeyAction::NoAction
    }

    fn words(&self, event: &str) -> String {
        let with = |words: &str, columns: &[Ident]| {
            let list = if columns.is_empty() { String::new() } else { format!(" {}", name_list(columns)) };
            format!(" {event} {words}{list}")
        };
        match self {
            ForeignKeyAction::NoAction => String::new(),
            ForeignKeyAction::Restrict => format!(" {event} RESTRICT"),
            ForeignKeyAction::Cascade => format!(" {event} CASCADE"),
            ForeignKeyAction::SetNull(columns) => with("SET NULL", columns),
            ForeignKeyAction::SetDefault(columns) => with("SET DEFAULT", columns),
        }
    }

    fn columns_mut(&mut self) -> &mut [Ident] {
        match self {
            ForeignKeyAction::SetNull(columns) | ForeignKeyAction::SetDefault(columns) => columns,
            _ => &mut [],
        }
    }
}

impl ForeignKey {
    fn words(&self) -> String {
        let (name, columns) = (self.name.quoted(), period_list(&self.columns, self.period));
        let (target, referenced) = (self.references.quoted(), period_list(&self.referenced, self.period));
        let full = if self.match_type == ForeignKeyMatch::Full { " MATCH FULL" } else { "" };
        let (delete, update) = (self.on_delete.words("ON DELETE"), self.on_update.words("ON UPDATE"));
        let deferrable = deferrable_words(self.deferrable, self.initially_deferred);
        let unseen = match (self.not_enforced, self.not_valid) {
            (true, _) => " NOT ENFORCED",
            (false, true) => " NOT VALID",
            (false, false) => "",
        };
        format!(
            "CONSTRAINT {name} FOREIGN KEY {columns} REFERENCES {target} {referenced}{full}{delete}{update}{deferrable}{unseen}"
        )
    }

    /// The key of the referenced table that makes the reference possible.
    pub fn target_key(&self, schema: &Schema) -> Option<ObjectId> {
        self.target_keys(schema).into_iter().next()
    }

    /// All keys that serve, of which PostgreSQL takes the oldest.
    fn target_keys(&self, schema: &Schema) -> Vec<ObjectId> {
        self.keys_of_target(schema).filter(|key| !is_deferrable(key)).map(Object::id).collect()
    }

    /// The key that would serve with `PERIOD`, or without.
    pub fn target_key_otherwise(&self, schema: &Schema) -> Option<ObjectId> {
        let otherwise = ForeignKey { period: !self.period, ..self.clone() };
        otherwise.target_key(schema)
    }

    /// The key that would serve if it were not deferrable.
    pub fn deferrable_target_key(&self, schema: &Schema) -> Option<ObjectId> {
        self.keys_of_target(schema).find(|key| is_deferrable(key)).map(Object::id)
    }

    /// The keys over the referenced columns, those that a partition has from its parents among them. A unique index serves as well as a
    /// constraint.
    fn keys_of_target<'s>(&'s self, schema: &'s Schema) -> impl Iterator<Item = &'s Object> {
        let same = |columns: &[Ident]| {
            columns.len() == self.referenced.len() && columns.iter().all(|column| self.referenced.contains(column))
        };
        let kinds = [KindName::PrimaryKey, KindName::Unique, KindName::Index];
        let tables = std::iter::successors(Some(&self.references), |table| {
            schema.table(table).and_then(|table| table.partition_of.as_ref()).map(|of| &of.parent)
        });
        let keys = tables.flat_map(move |table| kinds.into_iter().flat_map(|kind| schema.inside(kind, table)));
        let fits = move |columns: &[Ident], without_overlaps: bool| {
            let ends_alike = !without_overlaps || columns.last() == self.referenced.last();
            without_overlaps == self.period && ends_alike && same(columns)
        };
        keys.filter(move |object| match object {
            Object::PrimaryKey(key) => fits(&key.columns, key.without_overlaps),
            Object::Unique(unique) => fits(&unique.columns, unique.without_overlaps),
            Object::Index(index) => index.key_columns().is_some_and(|columns| fits(&columns, false)),
            _ => false,
        })
    }

    /// How many rows reference nothing.
    fn probe(&self) -> String {
        let (table, references) = (self.table.quoted(), self.references.quoted());
        let filled = self.columns.iter().map(|column| format!("{} IS NOT NULL", column.quoted()));
        let filled = filled.collect::<Vec<_>>().join(" AND ");
        let pairs: Vec<(String, String)> =
            self.columns.iter().map(Ident::quoted).zip(self.referenced.iter().map(Ident::quoted)).collect();
        if let (Some(((own, theirs), equal)), true) = (pairs.split_last(), self.period) {
            let same = equal.iter().map(|(own, theirs)| format!("other.{theirs} = one.{own}"));
            let same = same.collect::<Vec<_>>().join(" AND ");
            return format!(
                "SELECT count(*) FROM {table} AS one WHERE {filled} \
                 AND NOT coalesce({own} <@ (SELECT range_agg(other.{theirs}) FROM {references} AS other WHERE {same}), false)"
            );
        }
        let (columns, referenced) = (name_list(&self.columns), name_list(&self.referenced));
        format!(
            "SELECT count(*) FROM {table} WHERE {filled} AND {columns} NOT IN (SELECT {} FROM {references})",
            referenced.trim_matches(['(', ')'])
        )
    }

    /// Only what `ALTER CONSTRAINT` can change differs. It looks at all rows when it begins to enforce a key, so none becomes NOT VALID by it.
    fn alters_in_place(diff: &Diff<&Self>) -> bool {
        let plain = |key: &ForeignKey| ForeignKey {
            deferrable: false,
            initially_deferred: false,
            not_valid: key.not_valid && !diff.after.not_enforced,
            not_enforced: false,
            comment: None,
            ..key.clone()
        };
        plain(diff.before) == plain(diff.after)
    }

    fn in_place(diff: &Diff<&Self>) -> Vec<Statement> {
        let (before, after) = (diff.before, diff.after);
        let deferrable = match (after.deferrable, after.initially_deferred) {
            (_, true) => "DEFERRABLE INITIALLY DEFERRED",
            (true, false) => "DEFERRABLE INITIALLY IMMEDIATE",
            (false, false) => "NOT DEFERRABLE",
        };
        let enforced = if after.not_enforced { "NOT ENFORCED" } else { "ENFORCED" };
        let postponed = (before.deferrable, before.initially_deferred) != (after.deferrable, after.initially_deferred);
        let changed = [(postponed, deferrable), (before.not_enforced != after.not_enforced, enforced)];
        let words: Vec<&str> = changed.into_iter().filter(|(changed, _)| *changed).map(|(_, words)| words).collect();
        let action = format!("ALTER CONSTRAINT {} {}", after.name.quoted(), words.join(" "));
        let altered = (!words.is_empty()).then(|| Statement::alter(&after.table, action));
        let comments = Diff { before: &before.comment, after: &after.comment };
        altered.into_iter().chain(comment::alter(&constraint_target(&after.table, &after.name), &comments)).collect()
    }
}

/// `(a, PERIOD b)`.
fn period_list(columns: &[Ident], period: bool) -> String {
    match (columns.split_last(), period) {
        (Some((range, equal)), true) => {
            let equal = equal.iter().map(|column| format!("{}, ", column.quoted())).collect::<String>();
            format!("({equal}PERIOD {})", range.quoted())
        }
        _ => name_list(columns),
    }
}

/// PostgreSQL lets no foreign key point at such a key (55000).
fn is_deferrable(key: &Object) -> bool {
    match key {
        Object::PrimaryKey(key) => key.deferrable,
        Object::Unique(unique) => unique.deferrable,
        _ => false,
    }
}

impl Kind for ForeignKey {
    fn id(&self) -> ObjectId {
        ObjectId::inner(KindName::ForeignKey, &self.table, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let own = self.columns.iter().map(|column| ObjectId::column(&self.table, column));
        let other = self.referenced.iter().map(|column| ObjectId::column(&self.references, column));
        let tables = [ObjectId::table(&self.table), ObjectId::table(&self.references)];
        tables.into_iter().chain(own).chain(other).chain(self.target_keys(schema)).collect()
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        add_constraint(&self.table, &self.name, &self.words(), &self.comment)
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        drop_constraint(&self.table, &self.name)
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        if diff.before.not_valid && *diff.after == (ForeignKey { not_valid: false, ..diff.before.clone() }) {
            return validate(&diff.after.table, &diff.after.name);
        }
        if !ForeignKey::alters_in_place(diff) {
            return Alteration::Recreate;
        }
        Alteration::Statements(ForeignKey::in_place(diff))
    }

    /// While both sides change their type one after the other, there is no operator that compares them.
    fn rebuilt_by(&self, column: &ColumnRef<'_>) -> bool {
        let touches = (*column.table == self.table && self.columns.contains(column.name))
            || (*column.table == self.references && self.referenced.contains(column.name));
        column.rebased && touches
    }

    fn is_deferred(&self) -> bool {
        self.initially_deferred
    }

    fn claims(&self) -> Vec<NameClaim> {
        vec![NameClaim::Constraint(self.table.clone(), self.name.clone())]
    }

    fn follow(&mut self, rename: &Rename) {
        rename.follow_inner(KindName::ForeignKey, &self.table, &mut self.name);
        let actions = self.on_delete.columns_mut().iter_mut().chain(self.on_update.columns_mut());
        for column in self.columns.iter_mut().chain(actions) {
            rename.follow_column(&self.table, column);
        }
        for column in &mut self.referenced {
            rename.follow_column(&self.references, column);
        }
        rename.follow_table(&mut self.table);
        rename.follow_table(&mut self.references);
    }

    fn with_name(&self, name: &Ident) -> Self {
        ForeignKey { name: name.clone(), ..self.clone() }
    }

    fn tightens(diff: &Diff<&Self>) -> bool {
        let (before, after) = (diff.before, diff.after);
        let pairs =
            |key: &ForeignKey| (key.columns.clone(), key.references.clone(), key.referenced.clone(), key.period);
        // With one column there is no row that is NULL in some columns only.
        let full = before.match_type != after.match_type && after.match_type == ForeignKeyMatch::Full;
        pairs(before) != pairs(after) || before.not_valid || before.not_enforced || (full && 1 < after.columns.len())
    }

    fn alter_hazards(diff: &Diff<&Self>, context: &Context) -> Vec<Hazard> {
        let enforced = diff.before.not_enforced && !diff.after.not_enforced && ForeignKey::alters_in_place(diff);
        if enforced { diff.after.create_hazards(context) } else { Vec::new() }
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        // MATCH FULL refuses a row that is NULL in some of the columns only.
        let simple = self.match_type == ForeignKeyMatch::Simple || self.columns.len() == 1;
        let all_null = simple && context.all_null(&self.table, &self.columns);
        if self.not_valid || self.not_enforced || !context.may_have_rows(&self.table) || all_null {
            return Vec::new();
        }
        let message = format!(
            "foreign key `{}` fails when a row of `{}` has no matching row in `{}`",
            self.name, self.table, self.references
        );
        vec![Hazard::may_fail(&self.id(), message, self.probe())]
    }
}
