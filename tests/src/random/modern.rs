//! What PostgreSQL 18 added, put into some of the pairs: foreign keys and checks that are not enforced, NOT NULL that is not inherited or
//! not valid, and keys without overlaps where an exclusion constraint says the same. An older server is not asked about such a pair.

use schema_core::kinds::{Column, ColumnValue, Exclusion, NotNull, Object, Unique};
use schema_core::{Ident, KindName, ObjectId, Schema};

use super::{Pair, rng::Rng};

/// Changes both sides, each by itself.
pub fn add(rng: &mut Rng, pair: &mut Pair) {
    let told: Vec<ObjectId> =
        pair.renames.iter().flat_map(|rename| [rename.before.clone(), rename.after.clone()]).collect();
    for side in [&mut pair.before, &mut pair.after] {
        for object in changed(rng, side, &told) {
            side.insert(object);
        }
    }
}

/// What takes the place of the objects of a schema. A constraint whose rename is told keeps its kind.
fn changed(rng: &mut Rng, schema: &mut Schema, told: &[ObjectId]) -> Vec<Object> {
    let mut changed = Vec::new();
    for (id, object) in schema.iter() {
        match object {
            Object::ForeignKey(key) if rng.percent(40) => {
                let mut key = key.clone();
                (key.not_enforced, key.not_valid) = (true, false);
                changed.push(key.into());
            }
            Object::Check(check) if rng.percent(40) => {
                let mut check = check.clone();
                (check.not_enforced, check.not_valid) = (true, false);
                changed.push(check.into());
            }
            Object::Column(column) if is_free(schema, column) && rng.percent(30) => {
                let not_null = NotNull { no_inherit: rng.percent(50), not_valid: rng.percent(60) };
                changed.push(Column { not_null, ..column.clone() }.into());
            }
            Object::Exclusion(of) if !told.contains(id) && rng.percent(60) => {
                changed.extend(without_overlaps(of).map(Object::from));
            }
            _ => {}
        }
    }
    let gone: Vec<ObjectId> =
        changed.iter().filter(|object| matches!(object, Object::Unique(_))).map(excluded).collect();
    gone.iter().for_each(|id| drop(schema.remove(id)));
    changed
}

/// The exclusion constraint of a key's name.
fn excluded(key: &Object) -> ObjectId {
    ObjectId { kind: KindName::Exclusion, ..key.id() }
}

/// Whether nothing but the column itself asks for its NOT NULL: no key, identity, sequence, parent, child or mark of the table.
fn is_free(schema: &Schema, column: &Column) -> bool {
    let table = schema.table(&column.table);
    let alone = table.is_some_and(|table| table.parents().is_empty() && table.partition_by.is_none());
    let asks = schema.parts_of(&column.table).any(|part| match part {
        Object::PrimaryKey(key) => key.columns.contains(&column.name),
        Object::IndexMark(_) => true,
        _ => false,
    });
    let counts = matches!(column.value, ColumnValue::Identity(_) | ColumnValue::Serial { .. });
    !column.nullable && alone && schema.heirs(&column.table).is_empty() && !asks && !counts
}

/// `EXCLUDE USING gist (a WITH =, b WITH &&)` as `UNIQUE (a, b WITHOUT OVERLAPS)`.
fn without_overlaps(of: &Exclusion) -> Option<Unique> {
    let operators: Vec<&str> = of.elements.iter().map(|element| element.operator.as_str()).collect();
    let columns: Option<Vec<Ident>> = of.elements.iter().map(|element| element.key.column_name().cloned()).collect();
    (operators == ["=", "&&"] && of.predicate.is_none()).then_some(())?;
    Some(Unique {
        table: of.table.clone(),
        name: of.name.clone(),
        columns: columns?,
        without_overlaps: true,
        include: of.include.clone(),
        nulls_not_distinct: false,
        deferrable: of.deferrable,
        initially_deferred: of.initially_deferred,
        comment: of.comment.clone(),
        index: of.index.clone(),
    })
}
