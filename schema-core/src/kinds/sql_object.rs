//! Objects that one SQL statement defines: views, routines, triggers, policies and all the rest that no attribute of a struct says.
//!
//! The statement is kept as it is written (or as PostgreSQL spells it) and never taken apart beyond its head. What such an object
//! depends on is in no text: PostgreSQL finds it ([`Schema::found`]).
//!
//! <https://www.postgresql.org/docs/current/sql-commands.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim, Retyped, comment, composite, retype::columns_kept};
use crate::{
    DEFAULT_SCHEMA, Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement,
    plan::Context,
    rename::Rename,
    sql::{attributes, or_replace, replaces_routine, same_sql},
};

/// An object and the statement that makes it. Two are equal when their statements differ in layout at most.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlObject {
    /// What it is.
    pub kind: KindName,
    /// The names that lead to it, outermost first; see [`ObjectId`].
    pub path: Vec<Ident>,
    /// What tells it from its namesakes, such as `(integer, text)`; see [`KindName::has_signature`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The statement, without its semicolon.
    pub sql: String,
    /// Statements that complete it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<String>,
    /// `COMMENT ON` the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `COMMENT ON COLUMN`, by column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub column_comments: BTreeMap<Ident, String>,
}

impl PartialEq for SqlObject {
    fn eq(&self, other: &SqlObject) -> bool {
        let names = self.kind == other.kind && self.path == other.path && self.signature == other.signature;
        let comments = self.comment == other.comment && self.column_comments == other.column_comments;
        names && comments && self.same_definition(other)
    }
}

impl SqlObject {
    /// An object without comments.
    pub fn new(kind: KindName, path: Vec<Ident>, sql: impl Into<String>) -> SqlObject {
        let (signature, then, comment, column_comments) = (None, Vec::new(), None, BTreeMap::new());
        SqlObject { kind, path, signature, sql: sql.into(), then, comment, column_comments }
    }

    /// All of its statements, in order: the one that makes it, those that complete it, and its comments.
    ///
    /// ```
    /// use schema_core::{Ident, KindName, kinds::SqlObject};
    /// let path = vec![Ident::of("public"), Ident::of("ones")];
    /// let mut view = SqlObject::new(KindName::View, path, "CREATE VIEW ones AS SELECT 1");
    /// view.comment = Some("one".to_owned());
    /// assert_eq!(view.texts().len(), 2);
    /// ```
    pub fn texts(&self) -> Vec<String> {
        self.statements().map(|statement| statement.text()).collect()
    }

    fn statements(&self) -> impl Iterator<Item = Statement> {
        let own = std::iter::once(&self.sql).chain(&self.then).map(Statement::sql);
        own.chain(self.comments())
    }

    /// Whether the statements are the same, whatever the comments.
    pub(crate) fn same_definition(&self, other: &SqlObject) -> bool {
        let same = |(ours, theirs): (&String, &String)| same_sql(ours, theirs);
        same((&self.sql, &other.sql))
            && self.then.len() == other.then.len()
            && self.then.iter().zip(&other.then).all(same)
    }

    /// What `DROP` and `COMMENT ON` take.
    fn target(&self) -> String {
        let words = match self.kind {
            KindName::ForeignServer => "SERVER".to_owned(),
            kind => kind.words().to_uppercase(),
        };
        let signature = self.signature.as_deref().unwrap_or_default();
        match (self.kind, self.path.as_slice()) {
            (KindName::CompositeType | KindName::RangeType, [schema, name]) => format!("TYPE {}", quoted(schema, name)),
            (KindName::Cast, _) => format!("CAST {signature}"),
            (KindName::Operator, [schema, name]) if schema.as_str() == DEFAULT_SCHEMA => {
                format!("{words} {name} {signature}")
            }
            (KindName::Operator, [schema, name]) => format!("{words} {}.{name} {signature}", schema.quoted()),
            (KindName::Index, [schema, _, name]) => format!("{words} {}", quoted(schema, name)),
            (_, [schema, table, name]) => format!("{words} {} ON {}", name.quoted(), quoted(schema, table)),
            (_, [schema, name]) => format!("{words} {}{signature}", quoted(schema, name)),
            (_, [name]) => format!("{words} {}", name.quoted()),
            _ => unreachable!("every path is one of these"),
        }
    }

    /// The relation whose columns have the comments.
    fn relation(&self) -> Option<QualifiedName> {
        match self.path.as_slice() {
            [schema, name] => Some(QualifiedName { schema: schema.clone(), name: name.clone() }),
            _ => None,
        }
    }

    fn column_comment(&self, column: &Ident, text: Option<&String>) -> Option<Statement> {
        let target = format!("COLUMN {}.{}", self.relation()?.quoted(), column.quoted());
        comment::create(&target, &text.cloned())
            .or_else(|| Some(Statement::sql(format!("COMMENT ON {target} IS NULL"))))
    }

    fn comments(&self) -> impl Iterator<Item = Statement> {
        let columns = self.column_comments.iter().filter_map(|(column, text)| self.column_comment(column, Some(text)));
        comment::create(&self.target(), &self.comment).into_iter().chain(columns)
    }

    /// Whether `CREATE OR REPLACE` takes it from one definition to the other.
    fn replaces(diff: &Diff<&Self>, context: &Context) -> bool {
        let Diff { before, after } = diff;
        if before.then.iter().any(|statement| !after.then.contains(statement)) {
            return false;
        }
        // What stands on a column that goes must change before that, and `SELECT *` would still take the column in.
        let found = context.before.found(&before.id());
        let mut columns = found.into_iter().flat_map(|found| &found.needs).filter(|id| id.kind == KindName::Column);
        if columns.any(|column| !context.after.contains(column)) {
            return false;
        }
        match after.kind {
            KindName::Function | KindName::Procedure => replaces_routine(&before.sql, &after.sql),
            KindName::View => {
                let columns = |schema: &Schema| schema.found(&after.id()).map(|found| found.columns.clone());
                match (columns(context.before), columns(context.after)) {
                    (Some(old), Some(new)) => new.starts_with(&old),
                    _ => false,
                }
            }
            KindName::Rule => true,
            _ => false,
        }
    }

    /// The new statements about a materialized view that is completed by more than before, so that it need not be filled again.
    fn settings_added(diff: &Diff<&Self>) -> Option<Vec<Statement>> {
        let Diff { before, after } = diff;
        let known = |sql: &&String| before.then.iter().any(|other| same_sql(other, sql));
        let (old, new): (Vec<&String>, Vec<&String>) = after.then.iter().partition(known);
        let only_more = old.len() == before.then.len() && same_sql(&before.sql, &after.sql);
        (after.kind == KindName::MaterializedView && only_more).then(|| new.into_iter().map(Statement::sql).collect())
    }

    fn refresh(&self) -> Vec<Statement> {
        let then = self.then.iter().map(Statement::sql);
        std::iter::once(Statement::sql(or_replace(&self.sql))).chain(then).collect()
    }

    fn comment_changes(diff: &Diff<&Self>) -> Vec<Statement> {
        let Diff { before, after } = diff;
        let comments = Diff { before: &before.comment, after: &after.comment };
        let mut statements: Vec<Statement> = comment::alter(&after.target(), &comments).into_iter().collect();
        let names = before
            .column_comments
            .keys()
            .chain(after.column_comments.keys().filter(|name| !before.column_comments.contains_key(*name)));
        let attributes = attributes(&after.sql);
        let is_gone = |name: &&Ident| attributes.as_ref().is_some_and(|all| all.iter().all(|own| own.name != **name));
        let changed = names.filter(|name| before.column_comments.get(*name) != after.column_comments.get(*name));
        let changed = changed.filter(|name| !is_gone(name));
        statements.extend(changed.filter_map(|name| after.column_comment(name, after.column_comments.get(name))));
        statements
    }
}

/// Values of a range type that is made anew are read from their text.
fn range_hazard(diff: &Diff<&SqlObject>, context: &Context) -> Option<Hazard> {
    let name = diff.after.relation().filter(|_| diff.after.kind == KindName::RangeType)?;
    let holds = !columns_kept(&name, context.before, context.after).is_empty();
    let message = format!(
        "range type `{name}` is made anew, and its values are read from their text; a row that holds one that it does not take fails the migration"
    );
    (holds && !diff.before.same_definition(diff.after)).then(|| Hazard::narrowing(&diff.after.id(), message))
}

fn quoted(schema: &Ident, name: &Ident) -> String {
    QualifiedName { schema: schema.clone(), name: name.clone() }.quoted()
}

impl Kind for SqlObject {
    fn id(&self) -> ObjectId {
        let signature = self.signature.as_deref().map(Ident::signature);
        ObjectId { kind: self.kind, path: self.path.iter().cloned().chain(signature).collect() }
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        match self.path.as_slice() {
            [schema, table, _] => {
                let outer = QualifiedName { schema: schema.clone(), name: table.clone() };
                [KindName::Table, KindName::View, KindName::MaterializedView, KindName::ForeignTable]
                    .map(|kind| ObjectId::top(kind, &outer))
                    .into()
            }
            [schema, _] => vec![ObjectId::global(KindName::Schema, schema)],
            _ => Vec::new(),
        }
    }

    /// What is on a view goes with the view: the table is there for a trigger, a rule, a policy, and then it is the same.
    fn owner(&self) -> Option<ObjectId> {
        match self.path.as_slice() {
            [schema, table, _] => {
                let outer = QualifiedName { schema: schema.clone(), name: table.clone() };
                Some(ObjectId::table(&outer))
            }
            _ => None,
        }
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        self.statements().collect()
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP {}", self.target()))]
    }

    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration {
        let comments = SqlObject::comment_changes(diff);
        if diff.before.same_definition(diff.after) {
            return Alteration::Statements(comments);
        }
        if let Some(new) = SqlObject::settings_added(diff) {
            return Alteration::Statements(new.into_iter().chain(comments).collect());
        }
        match composite::alter(diff, context) {
            Some(composite::Altered::InPlace(statements)) => {
                return Alteration::Statements(statements.into_iter().chain(comments).collect());
            }
            Some(composite::Altered::Replaced(alteration)) => return alteration,
            None => {}
        }
        match SqlObject::replaces(diff, context) {
            true => Alteration::Statements(diff.after.refresh().into_iter().chain(comments).collect()),
            false => Alteration::Recreate,
        }
    }

    fn retypes(diff: &Diff<&Self>, context: &Context) -> Vec<Retyped> {
        if diff.before.same_definition(diff.after) { Vec::new() } else { composite::retypes(diff, context) }
    }

    fn alter_hazards(diff: &Diff<&Self>, context: &Context) -> Vec<Hazard> {
        composite::hazards(diff, context).into_iter().chain(range_hazard(diff, context)).collect()
    }

    fn claims(&self) -> Vec<NameClaim> {
        let name = |schema: &Ident, name: &Ident| QualifiedName { schema: schema.clone(), name: name.clone() };
        match (self.kind, self.path.as_slice()) {
            (
                KindName::View | KindName::MaterializedView | KindName::ForeignTable | KindName::CompositeType,
                [schema, own],
            ) => {
                vec![NameClaim::Relation(name(schema, own)), NameClaim::Type(name(schema, own))]
            }
            (KindName::RangeType, [schema, own]) => vec![NameClaim::Type(name(schema, own))],
            (KindName::Index, [schema, _, own]) => vec![NameClaim::Relation(name(schema, own))],
            (KindName::Function | KindName::Procedure | KindName::Aggregate, [schema, own]) => {
                vec![NameClaim::Routine(name(schema, own), self.signature.clone().unwrap_or_default())]
            }
            _ => Vec::new(),
        }
    }

    fn follow(&mut self, rename: &Rename) {
        match self.path.as_mut_slice() {
            [schema, table, _] => {
                let mut outer = QualifiedName { schema: schema.clone(), name: table.clone() };
                rename.follow_table(&mut outer);
                (*schema, *table) = (outer.schema, outer.name);
            }
            [schema, ..] if rename.before.kind == KindName::Schema && *schema == *rename.before.name() => {
                *schema = rename.after.name().clone();
            }
            _ => {}
        }
        if let (KindName::Schema | KindName::Enum | KindName::Domain, Some(signature)) =
            (rename.before.kind, &mut self.signature)
        {
            *signature = crate::sql::signature_after(signature, rename);
        }
    }

    fn with_name(&self, name: &Ident) -> Self {
        let mut other = self.clone();
        if let Some(last) = other.path.last_mut() {
            *last = name.clone();
        }
        other
    }
}
