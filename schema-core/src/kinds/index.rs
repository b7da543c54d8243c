//! Indexes that back no constraint (`pg_index`).
//!
//! <https://www.postgresql.org/docs/current/sql-createindex.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::check::mentioned_columns;
use super::column::expr_requires;
use super::primary_key::include_words;
use super::{
    Alteration, ColumnRef, IndexElement, IndexKey, Kind, NameClaim, comment, is_false, parameter_changes,
    parameter_list,
};
use crate::{
    Diff, Expr, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename,
};

/// The access method of an index (`pg_am`).
pub type IndexMethod = Ident;

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The table.
    pub table: QualifiedName,
    /// The index's name; it lives in the table's PostgreSQL schema.
    pub name: Ident,
    /// The keys, in order.
    pub columns: Vec<IndexElement>,
    /// `UNIQUE`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// `NULLS NOT DISTINCT` (PostgreSQL 15).
    #[serde(default, skip_serializing_if = "is_false")]
    pub nulls_not_distinct: bool,
    /// `USING`.
    #[serde(default = "btree", skip_serializing_if = "is_btree")]
    pub method: IndexMethod,
    /// `INCLUDE` columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Ident>,
    /// `WHERE`.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Expr>,
    /// Storage parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// `SET STATISTICS` of keys that are expressions: the place of each among the keys, from 1, and its target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statistics: Vec<(u16, u16)>,
    /// `COMMENT ON INDEX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

fn btree() -> IndexMethod {
    Ident::of("btree")
}

fn is_btree(method: &IndexMethod) -> bool {
    *method == btree()
}

impl Index {
    /// A btree index over these keys.
    pub fn new(table: QualifiedName, name: Ident, columns: Vec<IndexElement>) -> Index {
        let (unique, nulls_not_distinct, include, predicate) = (false, false, Vec::new(), None);
        let (with, statistics, comment, method) = (BTreeMap::new(), Vec::new(), None, btree());
        Index {
            table,
            name,
            columns,
            unique,
            nulls_not_distinct,
            method,
            include,
            predicate,
            with,
            statistics,
            comment,
        }
    }

    fn set_statistics(&self, place: u16, target: i32) -> Statement {
        let name = self.qualified().quoted();
        Statement::sql(format!("ALTER INDEX {name} ALTER COLUMN {place} SET STATISTICS {target}"))
    }

    /// From one list of targets to another. PostgreSQL carries them to the indexes of all partitions.
    fn statistics_changes(diff: &Diff<&Self>) -> Vec<Statement> {
        let Diff { before, after } = diff;
        let gone =
            before.statistics.iter().filter(|(place, _)| !after.statistics.iter().any(|(other, _)| other == place));
        let set = after.statistics.iter().filter(|set| !before.statistics.contains(set));
        let gone = gone.map(|(place, _)| after.set_statistics(*place, -1));
        gone.chain(set.map(|(place, target)| after.set_statistics(*place, i32::from(*target)))).collect()
    }

    /// What the indexes of a new partition do not take over from those of its parents.
    pub(crate) fn statistics_for_partition(partition: &super::Table, context: &Context) -> Vec<Statement> {
        let above = partition
            .partition_of
            .iter()
            .flat_map(|of| std::iter::once(&of.parent).chain(context.after.ancestors(&of.parent)).collect::<Vec<_>>());
        let indexes = above.flat_map(|table| context.before.inside(KindName::Index, table));
        let stays = indexes.filter_map(|object| match (object, context.after.get(&object.id())) {
            (super::Object::Index(before), Some(super::Object::Index(after))) if before == after => Some(after),
            _ => None,
        });
        let set = stays.flat_map(|index| index.statistics.iter().map(move |(place, target)| (index, place, target)));
        set.map(|(index, place, target)| index.set_statistics(*place, i32::from(*target))).collect()
    }

    fn qualified(&self) -> QualifiedName {
        self.table.sibling(self.name.clone())
    }

    fn target(&self) -> String {
        format!("INDEX {}", self.qualified().quoted())
    }

    fn definition(&self) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let method = if is_btree(&self.method) { String::new() } else { format!("USING {} ", self.method.quoted()) };
        let keys = self.columns.iter().map(IndexElement::sql).collect::<Vec<_>>().join(", ");
        let nulls = if self.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
        let with = if self.with.is_empty() { String::new() } else { format!(" WITH {}", parameter_list(&self.with)) };
        let predicate = self.predicate.iter().map(|expr| format!(" WHERE {expr}")).collect::<String>();
        let (name, table, include) = (self.name.quoted(), self.table.quoted(), include_words(&self.include));
        format!("CREATE {unique}INDEX {name} ON {table} {method}({keys}){include}{nulls}{with}{predicate}")
    }

    /// The columns, when the index is a key that a foreign key can reference: unique, whole, and over columns only.
    pub fn key_columns(&self) -> Option<Vec<Ident>> {
        let columns = self.columns.iter().map(|element| element.column_name().cloned()).collect::<Option<Vec<_>>>();
        columns.filter(|_| self.unique && self.predicate.is_none())
    }

    /// Whether its keys are columns that are compared as the columns themselves are.
    pub(crate) fn has_plain_keys(&self) -> bool {
        let plain = |element: &IndexElement| element.collation.is_none() && element.opclass.is_none();
        self.columns.iter().all(|element| plain(element) && element.column_name().is_some())
    }

    fn mentions(&self, column: &Ident) -> bool {
        self.expressions().into_iter().any(|expr| expr.mentions(column))
    }
}

impl Kind for Index {
    fn id(&self) -> ObjectId {
        ObjectId::inner(KindName::Index, &self.table, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let keys = self.columns.iter().filter_map(IndexElement::column_name);
        let mut ids = vec![ObjectId::table(&self.table)];
        ids.extend(keys.chain(&self.include).map(|column| ObjectId::column(&self.table, column)));
        if self.columns.iter().any(|key| key.opclass.is_some()) || !is_btree(&self.method) {
            ids.extend(schema.of_kind(KindName::Extension).map(super::Object::id));
        }
        for expr in self.expressions() {
            ids.extend(mentioned_columns(expr, &self.table, schema));
            ids.extend(expr_requires(expr, schema));
        }
        ids
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.columns.iter().filter_map(IndexElement::expression).chain(&self.predicate).collect()
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        let create = Statement::sql(self.definition());
        let set = self.statistics.iter().map(|(place, target)| self.set_statistics(*place, i32::from(*target)));
        std::iter::once(create).chain(set).chain(comment::create(&self.target(), &self.comment)).collect()
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP INDEX {}", self.qualified().quoted()))]
    }

    /// The index of a partitioned table is a name for those of its partitions, and takes no SET (42809).
    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration {
        let (before, after) = (diff.before, diff.after);
        let split = context.after.table(&after.table).is_some_and(|table| table.partition_by.is_some());
        if split && before.with != after.with {
            return Alteration::Recreate;
        }
        let plain =
            |index: &Index| Index { with: BTreeMap::new(), statistics: Vec::new(), comment: None, ..index.clone() };
        if plain(before) != plain(after) {
            return Alteration::Recreate;
        }
        let with = Diff { before: &before.with, after: &after.with };
        let comments = Diff { before: &before.comment, after: &after.comment };
        let mut statements = parameter_changes(&format!("ALTER INDEX {}", after.qualified().quoted()), &with);
        statements.extend(Index::statistics_changes(diff));
        statements.extend(comment::alter(&after.target(), &comments));
        Alteration::Statements(statements)
    }

    /// PostgreSQL rebuilds an index over plain columns by itself. Where it must read an expression back it may store another form than
    /// a fresh build, and a foreign key on an index that includes the column is in its way (2BP01).
    fn rebuilt_by(&self, column: &ColumnRef<'_>) -> bool {
        let mut keys = self.columns.iter().filter(|element| element.column_name() == Some(column.name));
        let is_key = keys.clone().next().is_some();
        // What orders or finds one type need not be there for another (42704).
        let special = column.rebased && keys.any(|key| key.opclass.is_some() || !is_btree(&self.method));
        let is_included = self.include.contains(column.name);
        let touched = is_key || is_included || self.mentions(column.name);
        let written = touched && !self.expressions().is_empty();
        *column.table == self.table && (written || special || (self.unique && is_included))
    }

    fn claims(&self) -> Vec<NameClaim> {
        vec![NameClaim::Relation(self.qualified())]
    }

    fn follow(&mut self, rename: &Rename) {
        for element in &mut self.columns {
            match &mut element.key {
                IndexKey::Column(name) => rename.follow_column(&self.table, name),
                IndexKey::Expression(expr) => rename.follow_expr(Some(&self.table), expr),
            }
        }
        for column in &mut self.include {
            rename.follow_column(&self.table, column);
        }
        if let Some(predicate) = &mut self.predicate {
            rename.follow_expr(Some(&self.table), predicate);
        }
        rename.follow_inner(KindName::Index, &self.table, &mut self.name);
        rename.follow_table(&mut self.table);
    }

    fn with_name(&self, name: &Ident) -> Self {
        Index { name: name.clone(), ..self.clone() }
    }

    fn tightens(diff: &Diff<&Self>) -> bool {
        let (before, after) = (diff.before, diff.after);
        let keys = |index: &Index| index.columns.iter().map(|element| element.key.clone()).collect::<Vec<_>>();
        let wider = before.unique && keys(before).iter().all(|key| keys(after).contains(key));
        let narrower = before.predicate.is_none() || before.predicate == after.predicate;
        !(wider && narrower) || (after.nulls_not_distinct && !before.nulls_not_distinct)
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        if !self.unique || !context.may_have_rows(&self.table) {
            return Vec::new();
        }
        let names: Vec<Ident> = self.columns.iter().filter_map(IndexElement::column_name).cloned().collect();
        if self.has_plain_keys() && !self.nulls_not_distinct && context.is_unique(&self.table, &names) {
            return Vec::new();
        }
        if let Some(columns) = self.key_columns() {
            let nulls = super::unique::Nulls::of(self.nulls_not_distinct);
            return super::unique::duplicates_hazard(&self.id(), &self.table, &columns, nulls, context);
        }
        let keys = self.columns.iter().map(|element| match &element.key {
            IndexKey::Column(name) => name.quoted(),
            IndexKey::Expression(expr) => format!("({expr})"),
        });
        let keys = keys.collect::<Vec<_>>().join(", ");
        let predicate = self.predicate.iter().map(|expr| format!(" WHERE {expr}")).collect::<String>();
        let message =
            format!("unique index `{}` fails when two rows of `{}` share a value of ({keys})", self.name, self.table);
        let probe = format!(
            "SELECT {keys}, count(*) FROM {}{predicate} GROUP BY {keys} HAVING count(*) > 1",
            self.table.quoted()
        );
        vec![Hazard::may_fail(&self.id(), message, probe)]
    }
}
