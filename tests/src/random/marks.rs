//! Random choices of an index: for CLUSTER, and for what replication knows a row by.

use schema_core::{
    Ident, KindName, ObjectId, QualifiedName, Schema,
    kinds::{IndexMark, IndexPurpose, Object, ReplicaIdentity},
};

use super::Rng;
use super::draft::Draft;

/// The choice of an index that PostgreSQL takes for it.
pub fn index_mark(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<IndexMark> {
    let purpose = if rng.percent(50) { IndexPurpose::Cluster } else { IndexPurpose::ReplicaIdentity };
    let index = rng.choose(&fit(schema, table, purpose))?;
    Some(IndexMark { table: table.clone(), purpose, index })
}

/// Takes out the choices that do not fit any more, because the index or its columns have changed.
pub fn drop_unfit(draft: &mut Draft) {
    let unfit = |object: &&Object| match object {
        Object::IndexMark(mark) => !fit(&draft.schema, &mark.table, mark.purpose).contains(&mark.index),
        _ => false,
    };
    let unfit: Vec<ObjectId> = draft.schema.of_kind(KindName::IndexMark).filter(unfit).map(Object::id).collect();
    unfit.iter().for_each(|id| draft.remove(id));
}

fn fit(schema: &Schema, table: &QualifiedName, purpose: IndexPurpose) -> Vec<Ident> {
    let identity = match schema.get(&ObjectId::table(table)) {
        Some(Object::Table(table)) => table.replica_identity,
        _ => return Vec::new(),
    };
    if purpose == IndexPurpose::ReplicaIdentity && identity != ReplicaIdentity::Default {
        return Vec::new();
    }
    let kinds = [KindName::PrimaryKey, KindName::Unique, KindName::Index];
    let indexes = kinds.into_iter().flat_map(|kind| schema.inside(kind, table));
    let fits = |object: &&Object| match purpose {
        IndexPurpose::Cluster => clusters(object),
        IndexPurpose::ReplicaIdentity => identifies(object, schema),
    };
    indexes.filter(fits).map(|object| object.id().name().clone()).collect()
}

fn clusters(object: &Object) -> bool {
    match object {
        Object::Index(index) => index.predicate.is_none() && matches!(index.method.as_str(), "btree" | "gist"),
        _ => true,
    }
}

/// Immediate, whole, over columns that are NOT NULL.
fn identifies(object: &Object, schema: &Schema) -> bool {
    let (table, columns) = match object {
        Object::PrimaryKey(key) if !key.deferrable => (&key.table, key.columns.clone()),
        Object::Unique(key) if !key.deferrable => (&key.table, key.columns.clone()),
        Object::Index(index) => (&index.table, index.key_columns().unwrap_or_default()),
        _ => return false,
    };
    let not_null = |name: &Ident| schema.column(table, name).is_some_and(|column| !column.nullable);
    !columns.is_empty() && columns.iter().all(not_null)
}
