//! A sequence that a serial column has of its own on one side and that stands by itself on the other: it stays, with its position.
//!
//! `ALTER COLUMN id TYPE bigint` alone makes such a pair: the sequence keeps its type, so it is no longer what `serial` makes. Here
//! the serial side is spelled out as a default and a sequence, and both are compared again; what is recorded stays as it was.

use std::borrow::Cow;

use crate::{
    Diff, Expr, KindName, ObjectId, Schema,
    diff::Difference,
    kinds::{Column, ColumnValue, Object, Sequence, SequenceOptions},
    quote_literal,
};

/// The difference that statements are made from, and the schema that it leads to.
pub(super) fn spelled<'a>(difference: &'a Difference, after: &'a Schema) -> (Cow<'a, Difference>, Cow<'a, Schema>) {
    let columns = difference.alters.iter().filter_map(|diff| match (&diff.before, &diff.after) {
        (Object::Column(before), Object::Column(after)) => Some(Diff { before, after }),
        _ => None,
    });
    let (mut given, mut taken) = (Vec::new(), Vec::new());
    for diff in columns {
        given.extend(spelled_out(diff.before, after));
        taken.extend(spelled_out(diff.after, &difference.renamed));
    }
    if given.is_empty() && taken.is_empty() {
        return (Cow::Borrowed(difference), Cow::Borrowed(after));
    }
    let with = |schema: &Schema, objects: Vec<[Object; 2]>| {
        let mut schema = schema.clone();
        objects.into_iter().flatten().for_each(|object| drop(schema.insert(object)));
        schema
    };
    let (before, after) = (with(&difference.renamed, given), with(after, taken));
    (Cow::Owned(difference.over(before, &after)), Cow::Owned(after))
}

/// A serial column and its sequence as two objects, if the sequence is one by itself in the other schema.
fn spelled_out(column: &Column, other: &Schema) -> Option<[Object; 2]> {
    let ColumnValue::Serial { sequence } = &column.value else { return None };
    let name = column.table.sibling(sequence.clone());
    if !other.contains(&ObjectId::top(KindName::Sequence, &name)) {
        return None;
    }
    let written = format!("{}.{}", name.schema.quoted(), name.name.quoted());
    let value = ColumnValue::Default(Expr::new(format!("nextval({}::regclass)", quote_literal(&written))));
    let sequence = Sequence {
        name,
        sql_type: column.sql_type.clone(),
        options: SequenceOptions::default(),
        owned_by: Some((column.table.clone(), column.name.clone())),
        comment: None,
    };
    Some([Column { value, ..column.clone() }.into(), sequence.into()])
}
