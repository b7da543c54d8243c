//! What one index of a table is chosen for: `REPLICA IDENTITY USING INDEX` (`pg_index.indisreplident`) and `CLUSTER ON`
//! (`pg_index.indisclustered`).
//!
//! An object of its own, because the mark goes with the index: whatever builds the index again must set the mark again.
//! <https://www.postgresql.org/docs/current/sql-altertable.html>

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim};
use crate::{Diff, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename};

/// What the index is chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexPurpose {
    /// The order in which `CLUSTER` writes the table.
    Cluster,
    /// The columns that logical replication knows a row by.
    ReplicaIdentity,
}

/// The choice of an index of a table; a table has one for each purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexMark {
    /// The table.
    pub table: QualifiedName,
    /// What for.
    pub purpose: IndexPurpose,
    /// The index, or the constraint that it backs.
    pub index: Ident,
}

/// The kinds that have an index.
const INDEXED: [KindName; 4] = [KindName::PrimaryKey, KindName::Unique, KindName::Exclusion, KindName::Index];

impl IndexMark {
    fn set(&self) -> Statement {
        let index = self.index.quoted();
        Statement::alter(
            &self.table,
            match self.purpose {
                IndexPurpose::Cluster => format!("CLUSTER ON {index}"),
                IndexPurpose::ReplicaIdentity => format!("REPLICA IDENTITY USING INDEX {index}"),
            },
        )
    }
}

impl Kind for IndexMark {
    fn id(&self) -> ObjectId {
        let name = match self.purpose {
            IndexPurpose::Cluster => "cluster",
            IndexPurpose::ReplicaIdentity => "replica identity",
        };
        ObjectId::inner(KindName::IndexMark, &self.table, &Ident::of(name))
    }

    /// The columns of the index are among it: those of a replica identity must be NOT NULL as long as it is one.
    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let indexes = INDEXED.map(|kind| ObjectId::inner(kind, &self.table, &self.index));
        let of_index = indexes.iter().filter_map(|id| schema.get(id)).flat_map(|index| index.requires(schema));
        let of_index: Vec<ObjectId> = of_index.collect();
        let columns = of_index.iter().filter(|id| id.kind == KindName::Column);
        let own = columns.map(|id| ObjectId::inner(KindName::InheritedColumn, &self.table, id.name()));
        let of_index = own.filter(|id| schema.contains(id)).chain(of_index.clone()).collect::<Vec<_>>();
        std::iter::once(ObjectId::table(&self.table)).chain(of_index).chain(indexes.clone()).collect()
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        vec![self.set()]
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        let action = match self.purpose {
            IndexPurpose::Cluster => "SET WITHOUT CLUSTER",
            IndexPurpose::ReplicaIdentity => "REPLICA IDENTITY DEFAULT",
        };
        vec![Statement::alter(&self.table, action)]
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        Alteration::Statements(vec![diff.after.set()])
    }

    fn claims(&self) -> Vec<NameClaim> {
        Vec::new()
    }

    fn follow(&mut self, rename: &Rename) {
        INDEXED.iter().for_each(|kind| rename.follow_inner(*kind, &self.table, &mut self.index));
        rename.follow_table(&mut self.table);
    }

    fn with_name(&self, _name: &Ident) -> Self {
        self.clone()
    }
}
