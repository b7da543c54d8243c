//! Tables (`pg_class`, relkind `r`): the name, the storage parameters and the comment. Columns, constraints and indexes are
//! objects of their own, which `CREATE TABLE` takes in where it can.
//!
//! <https://www.postgresql.org/docs/current/sql-createtable.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim, comment, namespace_of, parameter_changes, parameter_list};
use crate::{Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename};

/// A table without what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: QualifiedName,
    /// Storage parameters: `fillfactor`, `autovacuum_enabled`, `toast.autovacuum_enabled` ...
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// `COMMENT ON TABLE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Table {
    /// A table with nothing said about it.
    pub fn new(name: QualifiedName) -> Table {
        Table { name, with: BTreeMap::new(), comment: None }
    }

    /// `CREATE TABLE` with the clauses of its columns and constraints, which the plan collects.
    pub fn create_with(&self, clauses: &[String]) -> Vec<Statement> {
        let body = if clauses.is_empty() { "()".to_owned() } else { format!("(\n    {}\n)", clauses.join(",\n    ")) };
        let with = if self.with.is_empty() { String::new() } else { format!(" WITH {}", parameter_list(&self.with)) };
        let create = Statement::sql(format!("CREATE TABLE {} {body}{with}", self.name.quoted()));
        std::iter::once(create).chain(comment::create(&self.target(), &self.comment)).collect()
    }

    fn target(&self) -> String {
        format!("TABLE {}", self.name.quoted())
    }
}

impl Kind for Table {
    fn id(&self) -> ObjectId {
        ObjectId::table(&self.name)
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        vec![namespace_of(&self.name)]
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        self.create_with(&[])
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP TABLE {}", self.name.quoted()))]
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        let with = Diff { before: &diff.before.with, after: &diff.after.with };
        let comments = Diff { before: &diff.before.comment, after: &diff.after.comment };
        let mut statements = parameter_changes(&format!("ALTER TABLE {}", diff.after.name.quoted()), &with);
        statements.extend(comment::alter(&diff.after.target(), &comments));
        Alteration::Statements(statements)
    }

    fn claims(&self) -> Vec<NameClaim> {
        vec![NameClaim::Relation(self.name.clone()), NameClaim::Type(self.name.clone())]
    }

    fn follow(&mut self, rename: &Rename) {
        rename.follow_name(KindName::Table, &mut self.name);
    }

    fn with_name(&self, name: &Ident) -> Self {
        Table { name: self.name.sibling(name.clone()), ..self.clone() }
    }

    fn drop_hazards(&self) -> Vec<Hazard> {
        vec![Hazard::loss(&self.id(), format!("table `{}` is dropped and its rows are lost", self.name))]
    }
}
