//! Tables (`pg_class`, relkind `r`): what belongs to the table as a whole. Columns, constraints and indexes are objects of their
//! own, which `CREATE TABLE` takes in where it can.
//!
//! <https://www.postgresql.org/docs/current/sql-createtable.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim, comment, is_false, namespace_of, parameter_changes, parameter_list};
use crate::{Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename};

/// A table without what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: QualifiedName,
    /// `UNLOGGED`: not in the write-ahead log, so that it is empty after a crash of the server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unlogged: bool,
    /// `ENABLE ROW LEVEL SECURITY`: without a policy nobody but the owner sees a row.
    #[serde(default, skip_serializing_if = "is_false")]
    pub row_security: bool,
    /// `FORCE ROW LEVEL SECURITY`: policies hold for the owner as well.
    #[serde(default, skip_serializing_if = "is_false")]
    pub force_row_security: bool,
    /// `REPLICA IDENTITY`, unless it is an index; see [`IndexMark`](super::IndexMark).
    #[serde(default, skip_serializing_if = "ReplicaIdentity::is_default")]
    pub replica_identity: ReplicaIdentity,
    /// Storage parameters: `fillfactor`, `autovacuum_enabled`, `toast.autovacuum_enabled` ...
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// `COMMENT ON TABLE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What logical replication is told of a row that goes or changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaIdentity {
    /// The primary key, or an index that is marked.
    #[default]
    Default,
    /// The whole row.
    Full,
    /// Nothing.
    Nothing,
}

impl ReplicaIdentity {
    fn is_default(&self) -> bool {
        *self == ReplicaIdentity::Default
    }

    fn words(self) -> &'static str {
        match self {
            ReplicaIdentity::Default => "DEFAULT",
            ReplicaIdentity::Full => "FULL",
            ReplicaIdentity::Nothing => "NOTHING",
        }
    }
}

impl Table {
    /// A table with nothing said about it.
    pub fn new(name: QualifiedName) -> Table {
        let (unlogged, row_security, force_row_security) = (false, false, false);
        let (replica_identity, with, comment) = (ReplicaIdentity::Default, BTreeMap::new(), None);
        Table { name, unlogged, row_security, force_row_security, replica_identity, with, comment }
    }

    /// `CREATE TABLE` with the clauses of its columns and constraints, which the plan collects.
    pub fn create_with(&self, clauses: &[String]) -> Vec<Statement> {
        let body = if clauses.is_empty() { "()".to_owned() } else { format!("(\n    {}\n)", clauses.join(",\n    ")) };
        let with = if self.with.is_empty() { String::new() } else { format!(" WITH {}", parameter_list(&self.with)) };
        let unlogged = if self.unlogged { "UNLOGGED " } else { "" };
        let create = Statement::sql(format!("CREATE {unlogged}TABLE {} {body}{with}", self.name.quoted()));
        let plain = Table::new(self.name.clone());
        let settings = Diff { before: &plain, after: self }.settings();
        std::iter::once(create).chain(settings).chain(comment::create(&self.target(), &self.comment)).collect()
    }

    fn target(&self) -> String {
        format!("TABLE {}", self.name.quoted())
    }
}

impl Diff<&Table> {
    /// What CREATE TABLE has no words for.
    fn settings(&self) -> Vec<Statement> {
        let Diff { before, after } = self;
        let rules = [
            (before.row_security, after.row_security, ["ENABLE", "DISABLE"]),
            (before.force_row_security, after.force_row_security, ["FORCE", "NO FORCE"]),
        ];
        let rules = rules.into_iter().filter(|(before, after, _)| before != after);
        let rules = rules.map(|(_, after, [on, off])| format!("{} ROW LEVEL SECURITY", if after { on } else { off }));
        let identity = (before.replica_identity != after.replica_identity)
            .then(|| format!("REPLICA IDENTITY {}", after.replica_identity.words()));
        rules.chain(identity).map(|action| Statement::alter(&after.name, action)).collect()
    }

    /// `SET LOGGED` and `SET UNLOGGED` write the whole table again.
    fn persistence(&self) -> Option<Statement> {
        let word = if self.after.unlogged { "SET UNLOGGED" } else { "SET LOGGED" };
        (self.before.unlogged != self.after.unlogged).then(|| Statement::alter(&self.after.name, word))
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
        let mut statements: Vec<Statement> = diff.persistence().into_iter().chain(diff.settings()).collect();
        statements.extend(parameter_changes(&format!("ALTER TABLE {}", diff.after.name.quoted()), &with));
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
