//! What stays while something that it holds is made anew: a default over a routine is taken off and put on again, and the values of a column
//! whose type goes wait as text for the new one.
//!
//! Text is what every type is read from and written to
//! (<https://www.postgresql.org/docs/current/sql-createtype.html>), so it needs no cast between the old type and the new, which would both
//! want the same name.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Diff, KindName, ObjectId, QualifiedName, SqlType,
    diff::Difference,
    kinds::{Column, ColumnValue, Object},
};

use super::Context;

/// Off it and on it again, by what stays.
pub(super) type Vacated = BTreeMap<ObjectId, (Diff<Object>, Diff<Object>)>;

/// Columns and domains that stay and hold something that is made anew: they do without until it is there again.
pub(super) fn vacated(again: &BTreeSet<ObjectId>, difference: &Difference, context: &Context) -> Vacated {
    let stays = |id: &ObjectId| !again.contains(id) && !difference.relabels.iter().any(|rename| rename.before == *id);
    let calls = context.before.all_found().iter().filter(|(_, found)| found.needs.iter().any(|id| again.contains(id)));
    let calling = calls.filter(|(id, _)| stays(id)).filter_map(|(id, _)| {
        let before = context.before.get(id)?;
        Some((id.clone(), before.without_expressions()?))
    });
    let mut bare: BTreeMap<ObjectId, Object> = calling.collect();
    let columns = if again.iter().any(holds_columns) { Some(context.before.of_kind(KindName::Column)) } else { None };
    for object in columns.into_iter().flatten().filter(|object| stays(&object.id())) {
        let Object::Column(column) = object else { continue };
        bare.extend(as_text(column, again, context).map(|column| (object.id(), column.into())));
    }
    let pairs = bare.into_iter().filter_map(|(id, bare)| {
        let (before, after) = (context.before.get(&id)?.clone(), context.after.get(&id)?.clone());
        Some((id, (Diff { before, after: bare.clone() }, Diff { before: bare, after })))
    });
    pairs.collect()
}

/// Domains over a type that is made anew, and generated columns of one: they are made anew with it.
pub(super) fn over_again(again: &BTreeSet<ObjectId>, context: &Context) -> Vec<ObjectId> {
    if !again.iter().any(holds_columns) {
        return Vec::new();
    }
    let over = |object: &Object| match object {
        Object::Domain(of) => is_again(&of.sql_type, of.collation.as_ref(), again, context),
        Object::Column(of) => of.value.is_generated() && is_again(&of.sql_type, of.collation.as_ref(), again, context),
        _ => false,
    };
    let generated = |object: &Object| !matches!(object, Object::Column(of) if !of.value.is_generated());
    let both = |object: &&Object| over(object) && context.after.get(&object.id()).is_some_and(generated);
    let objects = [KindName::Domain, KindName::Column].into_iter().flat_map(|kind| context.before.of_kind(kind));
    objects.filter(both).map(Object::id).filter(|id| !again.contains(id)).collect()
}

fn holds_columns(id: &ObjectId) -> bool {
    matches!(id.kind, KindName::CompositeType | KindName::RangeType | KindName::Collation | KindName::Domain)
}

/// The column while its type or collation is away.
fn as_text(column: &Column, again: &BTreeSet<ObjectId>, context: &Context) -> Option<Column> {
    let plain = matches!(column.value, ColumnValue::None | ColumnValue::Default(_));
    if !plain || !is_again(&column.sql_type, column.collation.as_ref(), again, context) {
        return None;
    }
    let bare = Column { value: ColumnValue::None, collation: None, ..column.clone() };
    let built_in = column.sql_type.user_type().is_none_or(|name| type_again(name, again, context).is_none());
    if built_in {
        return Some(bare);
    }
    let text = SqlType::built_in("text");
    Some(Column { sql_type: if column.sql_type.array { text.array_of() } else { text }, ..bare })
}

fn is_again(of: &SqlType, collation: Option<&QualifiedName>, again: &BTreeSet<ObjectId>, context: &Context) -> bool {
    let collated = collation.is_some_and(|name| again.contains(&ObjectId::top(KindName::Collation, name)));
    collated || of.user_type().is_some_and(|name| type_again(name, again, context).is_some())
}

/// The type when it is made anew and reads what it has written. A composite type of other attributes does not: it would put values where
/// they do not belong.
fn type_again(name: &QualifiedName, again: &BTreeSet<ObjectId>, context: &Context) -> Option<ObjectId> {
    let ids = [KindName::CompositeType, KindName::RangeType, KindName::Domain].map(|kind| ObjectId::top(kind, name));
    ids.into_iter().find(|id| again.contains(id)).filter(|id| match (context.before.get(id), context.after.get(id)) {
        (Some(Object::Sql(before)), Some(Object::Sql(after))) => {
            id.kind == KindName::RangeType || before.same_definition(after)
        }
        (before, after) => before.is_some() && after.is_some(),
    })
}
