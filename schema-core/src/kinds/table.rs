//! Tables (`pg_class`, relkind `r`): what belongs to the table as a whole. Columns, constraints and indexes are objects of their
//! own, which `CREATE TABLE` takes in where it can.
//!
//! <https://www.postgresql.org/docs/current/sql-createtable.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Alteration, Kind, NameClaim, Object, PartitionBound, PartitionKey, PartitionOf, comment, is_false, namespace_of,
    parameter_changes, parameter_list,
};
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
    /// `INHERITS`: the tables whose columns and checks it takes over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<QualifiedName>,
    /// `PARTITION BY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_by: Option<PartitionKey>,
    /// `PARTITION OF`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<PartitionOf>,
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
        let (inherits, partition_by, partition_of) = (Vec::new(), None, None);
        let (replica_identity, with, comment) = (ReplicaIdentity::Default, BTreeMap::new(), None);
        Table {
            name,
            unlogged,
            row_security,
            force_row_security,
            replica_identity,
            inherits,
            partition_by,
            partition_of,
            with,
            comment,
        }
    }

    /// The tables that it takes columns over from.
    pub fn parents(&self) -> Vec<&QualifiedName> {
        self.inherits.iter().chain(self.partition_of.iter().map(|of| &of.parent)).collect()
    }

    /// What stands before and after the list of CREATE TABLE.
    fn place(&self) -> (String, String) {
        let before = self.partition_of.iter().map(|of| format!("PARTITION OF {} ", of.parent.quoted())).collect();
        let parents = self.inherits.iter().map(QualifiedName::quoted).collect::<Vec<_>>().join(", ");
        let inherits = if parents.is_empty() { String::new() } else { format!(" INHERITS ({parents})") };
        let values = self.partition_of.iter().map(|of| format!(" {}", of.values.words()));
        let key = self.partition_by.iter().map(PartitionKey::words);
        (before, std::iter::once(inherits).chain(values).chain(key).collect())
    }

    /// `CREATE TABLE` with the clauses of its columns and constraints, which the plan collects.
    pub fn create_with(&self, clauses: &[String]) -> Vec<Statement> {
        let body = match clauses {
            [] if self.partition_of.is_some() => String::new(),
            [] => "()".to_owned(),
            clauses => format!("(\n    {}\n)", clauses.join(",\n    ")),
        };
        let (before, after) = self.place();
        let with = if self.with.is_empty() { String::new() } else { format!(" WITH {}", parameter_list(&self.with)) };
        let unlogged = if self.unlogged { "UNLOGGED " } else { "" };
        let list = format!("{before}{body}");
        let head = format!("CREATE {unlogged}TABLE {} {}", self.name.quoted(), list.trim_end());
        let create = Statement::sql(format!("{head}{after}{with}"));
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

    /// Whether only a new table can be so; its rows are carried over.
    fn is_remade(&self) -> bool {
        let parent = |table: &Table| table.partition_of.as_ref().map(|of| of.parent.clone());
        let partition = (parent(self.before).is_some(), parent(self.after).is_some());
        self.before.inherits != self.after.inherits
            || self.before.partition_by != self.after.partition_by
            || partition.0 != partition.1
    }

    /// Takes a partition to other rows, or to another table; `release` has taken it from where it was.
    fn attach(&self) -> Option<Statement> {
        let of = self.after.partition_of.as_ref().filter(|_| self.before.partition_of != self.after.partition_of)?;
        Some(Statement::alter(
            &of.parent,
            format!("ATTACH PARTITION {} {}", self.after.name.quoted(), of.values.words()),
        ))
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

    /// A partition that sorts its own rows needs the columns for that, which are those of the table above.
    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let parents = self.parents().into_iter().map(ObjectId::table);
        let key = self.partition_by.iter().filter(|_| self.partition_of.is_some());
        let columns = key.flat_map(|key| {
            let above = schema.ancestors(&self.name).into_iter().flat_map(|table| schema.columns(table));
            above.filter(|column| key.keys.mentions(&column.name)).map(Kind::id).collect::<Vec<_>>()
        });
        std::iter::once(namespace_of(&self.name)).chain(parents).chain(columns).collect()
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        self.create_with(&[])
    }

    /// A foreign key to the partitioned table holds the partition (2BP01) until it is detached, which looks for rows that would be
    /// missed.
    fn drop(&self, context: &Context) -> Vec<Statement> {
        let held = |of: &&PartitionOf| {
            let above: Vec<_> = std::iter::once(&of.parent).chain(context.before.ancestors(&of.parent)).collect();
            context.after.of_kind(KindName::ForeignKey).any(|object| match object {
                Object::ForeignKey(key) => above.contains(&&key.references) && context.before.contains(&object.id()),
                _ => false,
            })
        };
        let detach = self
            .partition_of
            .as_ref()
            .filter(held)
            .map(|of| Statement::alter(&of.parent, format!("DETACH PARTITION {}", self.name.quoted())));
        let drop = Statement::sql(format!("DROP TABLE {}", self.name.quoted()));
        detach.into_iter().chain([drop]).collect()
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        if diff.is_remade() {
            return Alteration::Recreate;
        }
        let with = Diff { before: &diff.before.with, after: &diff.after.with };
        let comments = Diff { before: &diff.before.comment, after: &diff.after.comment };
        let mut statements: Vec<Statement> =
            diff.attach().into_iter().chain(diff.persistence()).chain(diff.settings()).collect();
        statements.extend(parameter_changes(&format!("ALTER TABLE {}", diff.after.name.quoted()), &with));
        statements.extend(comment::alter(&diff.after.target(), &comments));
        Alteration::Statements(statements)
    }

    fn claims(&self) -> Vec<NameClaim> {
        vec![NameClaim::Relation(self.name.clone()), NameClaim::Type(self.name.clone())]
    }

    /// Another partition may take over what it gave up, so it goes before anything comes.
    fn release(diff: &Diff<&Self>) -> Vec<Statement> {
        let of = diff.before.partition_of.as_ref().filter(|_| diff.attach().is_some());
        let detach =
            of.map(|of| Statement::alter(&of.parent, format!("DETACH PARTITION {}", diff.after.name.quoted())));
        detach.into_iter().collect()
    }

    fn follow(&mut self, rename: &Rename) {
        if let Some(key) = &mut self.partition_by {
            rename.follow_expr(Some(&self.name), &mut key.keys);
        }
        self.inherits.iter_mut().for_each(|parent| rename.follow_table(parent));
        if let Some(of) = &mut self.partition_of {
            rename.follow_table(&mut of.parent);
        }
        rename.follow_table(&mut self.name);
    }

    fn with_name(&self, name: &Ident) -> Self {
        Table { name: self.name.sibling(name.clone()), ..self.clone() }
    }

    /// A row that waits in the default partition is not moved by a new partition: PostgreSQL refuses the partition (23514).
    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        let Some(of) = &self.partition_of else { return Vec::new() };
        let key = |schema: &Schema| schema.table(&of.parent).and_then(|parent| parent.partition_by.clone());
        let rest = |object: &&Object| match object {
            Object::Table(table) => table.partition_of.as_ref().is_some_and(|other| {
                other.parent == of.parent && other.values == PartitionBound::Default && table.name != self.name
            }),
            _ => false,
        };
        let mut siblings = context.before.of_kind(KindName::Table).filter(rest);
        let (true, Some(rest)) = (key(context.before) == key(context.after), siblings.next()) else {
            return Vec::new();
        };
        let message = format!("partition `{}` fails when `{}` has a row that belongs in it", self.name, rest.id());
        vec![Hazard::may_fail(&self.id(), message, None)]
    }

    fn alter_hazards(diff: &Diff<&Self>, context: &Context) -> Vec<Hazard> {
        let id = diff.after.id();
        if diff.is_remade() {
            let partitioned = diff.after.partition_by.is_some();
            return vec![Hazard::remade(&id, "its parents or its partition key change", partitioned)];
        }
        if diff.attach().is_none() || !context.may_have_rows(&diff.after.name) {
            return Vec::new();
        }
        let message = format!("partition `{id}` takes other rows; a row in it that does not fit fails the migration");
        vec![Hazard::may_fail(&id, message, None)]
    }

    fn drop_hazards(&self) -> Vec<Hazard> {
        vec![Hazard::loss(&self.id(), format!("table `{}` is dropped and its rows are lost", self.name))]
    }
}
