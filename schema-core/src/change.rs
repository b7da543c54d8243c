//! One change of a schema, as it is recorded in a revision.
//!
//! A change holds both sides, so its inverse is computed and a record can be undone without anything else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Diff, ObjectId, Schema, kinds::Object, rename::Rename};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "alterations are as common as the rest, and lists of changes are short")]
pub enum Change {
    /// The object did not exist.
    Create(Object),
    /// The object exists no more.
    Drop(Object),
    /// The object has another definition under the same name.
    Alter(Diff<Object>),
    /// The object has another name; what it holds stays.
    Rename(Rename),
}

impl Change {
    /// The way back.
    pub fn invert(self) -> Change {
        match self {
            Change::Create(object) => Change::Drop(object),
            Change::Drop(object) => Change::Create(object),
            Change::Alter(diff) => Change::Alter(diff.invert()),
            Change::Rename(rename) => Change::Rename(rename.invert()),
        }
    }

    /// The object that it is about, under its later name.
    pub fn id(&self) -> ObjectId {
        match self {
            Change::Create(object) | Change::Drop(object) => object.id(),
            Change::Alter(diff) => diff.after.id(),
            Change::Rename(rename) => rename.after.clone(),
        }
    }

    /// Applies the change to the schema it starts from.
    pub fn apply(&self, schema: Schema) -> Result<Schema, Misfit> {
        let mut schema = schema;
        match self {
            Change::Create(object) if schema.contains(&object.id()) => return Err(Misfit::exists(object)),
            Change::Create(object) => place(&mut schema, object.clone()),
            Change::Drop(object) => {
                schema.remove(&object.id()).ok_or_else(|| Misfit::missing(&object.id()))?;
            }
            Change::Alter(diff) => {
                let old = schema.remove(&diff.before.id()).ok_or_else(|| Misfit::missing(&diff.before.id()))?;
                schema.insert(keep_place(&old, diff.after.clone()));
            }
            Change::Rename(rename) => return apply_rename(schema, rename),
        }
        Ok(schema)
    }
}

fn apply_rename(schema: Schema, rename: &Rename) -> Result<Schema, Misfit> {
    use crate::KindName::EnumValue;
    if rename.before.kind != EnumValue && !schema.contains(&rename.before) {
        return Err(Misfit::missing(&rename.before));
    }
    if rename.before.kind != EnumValue && rename.after != rename.before && schema.contains(&rename.after) {
        return Err(Misfit { id: rename.after.clone(), exists: true });
    }
    let renames = schema.felt(std::slice::from_ref(rename));
    Ok(schema.map(|object| renames.iter().for_each(|rename| object.follow(rename))))
}

/// A new column is the last one of its table, as in PostgreSQL.
fn place(schema: &mut Schema, object: Object) {
    let object = match object {
        Object::Column(mut column) => {
            let last = schema.columns(&column.table).last().map(|column| column.ordinal);
            column.ordinal = last.map_or(0, |last| last + 1);
            Object::Column(column)
        }
        other => other,
    };
    schema.insert(object);
}

fn keep_place(old: &Object, new: Object) -> Object {
    match (old, new) {
        (Object::Column(old), Object::Column(mut new)) => {
            new.ordinal = old.ordinal;
            Object::Column(new)
        }
        (_, new) => new,
    }
}

/// Why a recorded change does not fit the schema it should start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The object in question.
    pub id: ObjectId,
    /// Whether it exists and should not; else it is missing.
    pub exists: bool,
}

impl Misfit {
    fn exists(object: &Object) -> Misfit {
        Misfit { id: object.id(), exists: true }
    }

    fn missing(id: &ObjectId) -> Misfit {
        Misfit { id: id.clone(), exists: false }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.exists { "exists already" } else { "does not exist at that point" };
        write!(f, "{} `{}` {state}", self.id.kind.words(), self.id)
    }
}

impl std::error::Error for Misfit {}
