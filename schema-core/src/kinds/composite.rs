//! Changing a composite type that columns have: attributes are dropped and added in place, and where that does not give the order or the
//! types that are wanted, the type is replaced and each column moves over.
//!
//! <https://www.postgresql.org/docs/current/sql-altertype.html>: an attribute is added at the end, and while a column has the type, no
//! attribute gets another type.

use super::retype::{columns_kept, columns_moved, replace};
use super::{Alteration, Column, Kind, Retyped, SqlObject};
use crate::{
    Diff, Hazard, KindName, QualifiedName, Statement,
    plan::Context,
    sql::{Attribute, attributes},
};

/// What a change of the type is.
struct Change {
    name: QualifiedName,
    before: Vec<Attribute>,
    after: Vec<Attribute>,
}

impl Change {
    /// None when no column holds the type, or nobody can say how: then it is dropped and created.
    fn new(diff: &Diff<&SqlObject>, context: &Context) -> Option<Change> {
        let [schema, name] = diff.after.path.as_slice() else { return None };
        let name = QualifiedName { schema: schema.clone(), name: name.clone() };
        let (before, after) = (attributes(&diff.before.sql)?, attributes(&diff.after.sql)?);
        let columns = columns_kept(&name, context.before, context.after);
        let plain = diff.after.kind == KindName::CompositeType && diff.before.kind == KindName::CompositeType;
        let in_arrays = columns.iter().any(|column| column.sql_type.array);
        let change = Change { name, before, after };
        // No expression takes the elements of an array apart when the type is replaced.
        (plain && !columns.is_empty() && (!in_arrays || change.added().is_some())).then_some(change)
    }

    fn gone(&self) -> Vec<&Attribute> {
        self.before.iter().filter(|old| self.after.iter().all(|new| new.name != old.name)).collect()
    }

    /// The attributes that are added, when all others stay what and where they are.
    fn added(&self) -> Option<&[Attribute]> {
        let kept = self.before.iter().filter(|old| self.after.iter().any(|new| new.name == old.name));
        let kept: Vec<&Attribute> = kept.collect();
        let (first, added) = self.after.split_at_checked(kept.len())?;
        let same = |(old, new): (&&Attribute, &Attribute)| old.name == new.name && old.has_type_of(new);
        kept.iter().zip(first).all(same).then_some(added)
    }

    /// A row of the new type from one of the old, through its text: a cast would cut what is too long. A row of nothing but NULLs is not NULL.
    fn using(&self, column: &Column) -> String {
        let of = column.name.quoted();
        let value = |new: &Attribute| match self.before.iter().any(|old| old.name == new.name) {
            true => format!("({of}).{}", new.name.quoted()),
            false => "NULL".to_owned(),
        };
        let values: Vec<String> = self.after.iter().map(value).collect();
        let row = format!("ROW({})::text::{}", values.join(", "), column.sql_type.sql());
        format!("CASE WHEN {of} IS DISTINCT FROM NULL THEN {row} END")
    }
}

/// How a type that columns have is changed.
pub(super) enum Altered {
    /// By these statements; its comments are still to be changed.
    InPlace(Vec<Statement>),
    /// By another one, with its comments.
    Replaced(Alteration),
}

/// The statements for a type that columns have.
pub(super) fn alter(diff: &Diff<&SqlObject>, context: &Context) -> Option<Altered> {
    let change = Change::new(diff, context)?;
    let Some(added) = change.added() else {
        let create = diff.after.create(context);
        return Some(Altered::Replaced(replace(&change.name, create, context, |column| change.using(column))));
    };
    let drops = change.gone().into_iter().map(|old| format!("DROP ATTRIBUTE {}", old.name.quoted()));
    let adds = added.iter().map(|new| format!("ADD ATTRIBUTE {} {}", new.name.quoted(), new.sql));
    let actions: Vec<String> = drops.chain(adds).collect();
    let statement = format!("ALTER TYPE {} {}", change.name.quoted(), actions.join(", "));
    let needed = (!actions.is_empty()).then(|| Statement::sql(statement));
    Some(Altered::InPlace(needed.into_iter().collect()))
}

/// What stands on the columns or the type and would hold an attribute that goes, or the type that is replaced.
pub(super) fn retypes(diff: &Diff<&SqlObject>, context: &Context) -> Vec<Retyped> {
    let change = Change::new(diff, context).filter(|change| change.added().is_none() || !change.gone().is_empty());
    change.map(|change| columns_moved(&change.name, context)).unwrap_or_default()
}

/// Values that go with an attribute, and values that may not fit its new type.
pub(super) fn hazards(diff: &Diff<&SqlObject>, context: &Context) -> Vec<Hazard> {
    let Some(change) = Change::new(diff, context) else { return Vec::new() };
    let id = diff.after.id();
    let lost = change.gone().into_iter().map(|old| {
        let message = format!("composite type `{}` loses `{}`, with its value in each row", change.name, old.name);
        Hazard::loss(&id, message)
    });
    let other = change.after.iter().filter_map(|new| {
        let old = change.before.iter().find(|old| old.name == new.name && !old.fits(new))?;
        let message = format!(
            "`{}` of composite type `{}` goes from {} to {}; values that do not fit are rounded or fail the migration",
            new.name, change.name, old.sql, new.sql
        );
        Some(Hazard::narrowing(&id, message))
    });
    lost.chain(other).collect()
}
