//! From differences to actions: what must be dropped and created again around a change, and what goes or comes together.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Diff, Found, Ident, KindName, ObjectId, QualifiedName, Schema,
    diff::{Difference, created_order},
    kinds::{Alteration, Column, ColumnRef, Object, Retyped, left_by_parents},
};

use super::{
    Action, Context,
    carry::Carried,
    entangled::entangled,
    vacate::{Vacated, over_again, vacated},
};

/// The actions of the main plan, unordered.
pub(super) fn actions(difference: &Difference, carried: &Carried, context: &Context) -> Vec<Action> {
    let (again, vacated) = rebuilt(difference, carried, context);
    let mut drops: Vec<Object> = difference.drops.clone();
    let mut creates: Vec<Object> = difference.creates.clone();
    drops.extend(again.iter().filter_map(|id| context.before.get(id).cloned()));
    let relabelled = |id: &ObjectId| difference.relabels.iter().find(|rename| rename.before == *id);
    let later = |id: &ObjectId| relabelled(id).map_or_else(|| id.clone(), |rename| rename.after.clone());
    creates.extend(again.iter().filter_map(|id| context.after.get(&later(id)).cloned()));
    creates.sort_by_cached_key(created_order);
    let altered = || difference.alters.iter().filter(|diff| !again.contains(&diff.after.id()));
    let mut actions: Vec<Action> =
        altered().filter(|diff| !vacated.contains_key(&diff.after.id())).cloned().map(Action::Alter).collect();
    for (vacate, alter) in vacated.into_values() {
        actions.extend([Action::Vacate(vacate), Action::Alter(alter)]);
    }
    let releases =
        |diff: &&Diff<Object>| !Object::release(&Diff { before: &diff.before, after: &diff.after }).is_empty();
    actions.extend(altered().filter(releases).cloned().map(Action::Release));
    actions.extend(carried.kept.iter().cloned().map(Action::Save));
    actions.extend(carried.kept.iter().cloned().map(Action::Restore));
    let relabels = difference.relabels.iter().filter(|rename| !again.contains(&rename.before));
    actions.extend(relabels.cloned().map(Action::Relabel));
    actions.extend(folded_drops(drops, context.before).into_iter().map(Action::Drop));
    let changed = difference.alters.iter().filter(|diff| diff.before.finish() != diff.after.finish());
    let changed: Vec<&Object> = changed.map(|diff| &diff.after).collect();
    let kept = context.after.of_kind(KindName::Sequence).filter(|object| carried.takes_sequence(object));
    let kept: Vec<&Object> = kept.filter(|object| !creates.contains(object) && !changed.contains(object)).collect();
    let finished = creates.iter().chain(changed).chain(kept);
    actions.extend(finished.filter(|object| object.finish().is_some()).cloned().map(Action::Finish));
    actions.extend(folded_creates(creates, context.after));
    actions
}

/// The objects of both schemas that must go and come back, and what stays and does without them until then.
fn rebuilt(difference: &Difference, carried: &Carried, context: &Context) -> (BTreeSet<ObjectId>, Vacated) {
    let (mut again, mut retyped) = (carried.objects(difference, context), Vec::new());
    for Diff { before, after } in &difference.alters {
        let diff = Diff { before, after };
        if Object::alter(&diff, context) == Alteration::Recreate {
            again.insert(after.id());
        } else {
            retyped.extend(Object::retypes(&diff, context));
        }
    }
    retyped.extend(moved(difference, context));
    again.extend(stale(context));
    again.extend(between_flipped(difference, context));
    again.extend(on_new_sequences(difference, context));
    again.extend(overwritten(&again, difference, context));
    again.extend(on_moved(difference, context));
    let gone: BTreeSet<ObjectId> = difference.drops.iter().map(Object::id).collect();
    if !(again.is_empty() && retyped.is_empty() && gone.is_empty()) {
        let relabelled: BTreeSet<&ObjectId> = difference.relabels.iter().map(|rename| &rename.before).collect();
        let stays = |id: &ObjectId| context.after.contains(id) || relabelled.contains(id);
        let staying: Vec<(&ObjectId, &Object)> = context.before.iter().filter(|(id, _)| stays(id)).collect();
        loop {
            spread(&mut again, &retyped, &gone, &staying, context);
            let more = over_again(&again, context);
            let vacated = vacated(&again, difference, context);
            let moved = vacated
                .values()
                .flat_map(|(off, on)| [off, on])
                .flat_map(|diff| Object::retypes(&Diff { before: &diff.before, after: &diff.after }, context));
            let moved: Vec<Retyped> = moved.filter(|of| !retyped.contains(of)).collect();
            if more.is_empty() && moved.is_empty() {
                return (again, vacated);
            }
            again.extend(more);
            retyped.extend(moved);
        }
    }
    (again, Vacated::new())
}

/// Statements whose text is as it was and means something else now: `SELECT *` other columns, a name another table.
fn stale(context: &Context) -> Vec<ObjectId> {
    let stale = |(id, old): (&ObjectId, &Found)| {
        let same = match (context.before.get(id), context.after.get(id)) {
            (Some(Object::Sql(before)), Some(Object::Sql(after))) => before.same_definition(after),
            _ => false,
        };
        let new = context.after.found(id).filter(|new| *new != old);
        (same && new.is_some()).then(|| id.clone())
    };
    context.before.all_found().iter().filter_map(stale).collect()
}

/// The foreign keys between two tables that both become logged or unlogged: a logged table cannot reference an unlogged one, not
/// even for the moment between the two statements (42P16), and two tables may reference each other.
fn between_flipped(difference: &Difference, context: &Context) -> Vec<ObjectId> {
    let flipped = difference.alters.iter().filter_map(|diff| match (&diff.before, &diff.after) {
        (Object::Table(before), Object::Table(after)) if before.unlogged != after.unlogged => Some(&after.name),
        _ => None,
    });
    let flipped: BTreeSet<_> = flipped.collect();
    let between = |object: &&Object| match object {
        Object::ForeignKey(key) => {
            key.table != key.references && flipped.contains(&key.table) && flipped.contains(&key.references)
        }
        _ => false,
    };
    let keys = if flipped.len() < 2 { None } else { Some(context.before.of_kind(KindName::ForeignKey)) };
    let kept = keys.into_iter().flatten().filter(between).map(Object::id);
    kept.filter(|id| context.after.contains(id)).collect()
}

/// The privileges on the sequence of a column that gets another one of that name, as from serial to identity.
fn on_new_sequences(difference: &Difference, context: &Context) -> Vec<ObjectId> {
    let is_new = |id: &ObjectId| {
        difference.alters.iter().any(|diff| match (&diff.before, &diff.after) {
            (Object::Column(before), after @ Object::Column(column)) => {
                after.id() == *id && std::mem::discriminant(&before.value) != std::mem::discriminant(&column.value)
            }
            _ => false,
        })
    };
    let on_new = |object: &&Object| match object {
        Object::Privileges(of) if of.on == KindName::Sequence => {
            of.home(context.before).is_some_and(|home| is_new(&home))
        }
        _ => false,
    };
    let found = context.before.of_kind(KindName::Privileges).filter(on_new).map(Object::id);
    found.filter(|id| context.after.contains(id)).collect()
}

/// What heirs have of their own in a column that changes above them: PostgreSQL carries the change over it.
fn overwritten(again: &BTreeSet<ObjectId>, difference: &Difference, context: &Context) -> Vec<ObjectId> {
    let carried = |diff: &&Diff<Object>| match (&diff.before, &diff.after) {
        (Object::Column(before), Object::Column(after)) => {
            let mut same = before.clone();
            same.comment.clone_from(&after.comment);
            same.settings.statistics = after.settings.statistics;
            same.settings.options.clone_from(&after.settings.options);
            same != *after
        }
        _ => true,
    };
    let own = |id: &ObjectId| matches!(id.kind, KindName::Column | KindName::InheritedColumn);
    let altered = difference.alters.iter().filter(carried).map(|diff| diff.after.id());
    let others = difference.creates.iter().chain(&difference.drops).map(Object::id);
    let changed: BTreeSet<ObjectId> = altered.chain(others).chain(again.iter().cloned()).filter(own).collect();
    let below = changed.iter().filter_map(|id| Some((id.outer()?, id.name()))).flat_map(|(table, name)| {
        let heirs = context.before.heirs(&table).into_iter();
        heirs.map(|heir| ObjectId::inner(KindName::InheritedColumn, heir, name)).collect::<Vec<_>>()
    });
    below.filter(|id| context.before.contains(id) && context.after.contains(id)).collect()
}

/// The columns that change hands between a table and its heirs, and are new ones or of another type afterwards.
fn moved(difference: &Difference, context: &Context) -> Vec<Retyped> {
    let new = |column: &Column| Retyped { id: ObjectId::column(&column.table, &column.name), rebased: true };
    let given = difference.drops.iter().filter_map(|object| match object {
        Object::Column(column) if context.after.any_column(&column.table, &column.name).is_some() => Some(new(column)),
        _ => None,
    });
    let left = difference.creates.iter().filter_map(|object| match object {
        Object::Column(column) if context.before.any_column(&column.table, &column.name).is_some() => Some(column),
        _ => None,
    });
    let left = left.flat_map(|column| match left_by_parents(column, context) {
        Some(before) => {
            let (before, after) = (Object::from(before), Object::from(column.clone()));
            Object::retypes(&Diff { before: &before, after: &after }, context)
        }
        None => vec![new(column)],
    });
    given.chain(left).collect()
}

/// What stands on a column that changes hands and is a new one afterwards.
fn on_moved(difference: &Difference, context: &Context) -> Vec<ObjectId> {
    let moved = moved(difference, context);
    let columns: Vec<(QualifiedName, &Ident)> =
        moved.iter().filter(|of| of.rebased).filter_map(|of| Some((of.id.outer()?, of.id.name()))).collect();
    if columns.is_empty() {
        return Vec::new();
    }
    let on = |table: &QualifiedName, needed: &ObjectId| {
        needed.outer().is_some_and(|of| of == *table || context.before.heirs(table).contains(&&of))
    };
    let stands = |id: &ObjectId, object: &Object| {
        let needed = object.requires(context.before);
        let mut needed = needed.iter().filter(|id| id.kind == KindName::Column);
        movable(id.kind)
            && context.after.contains(id)
            && needed.any(|needed| columns.iter().any(|(table, name)| needed.name() == *name && on(table, needed)))
    };
    context.before.iter().filter(|(id, object)| stands(id, object)).map(|(id, _)| id.clone()).collect()
}

/// Adds what stands on a moving object, until nothing more does.
fn spread(
    again: &mut BTreeSet<ObjectId>,
    retyped: &[Retyped],
    gone: &BTreeSet<ObjectId>,
    staying: &[(&ObjectId, &Object)],
    context: &Context,
) {
    let before = context.before;
    let columns = retyped.iter().filter(|of| of.id.kind == KindName::Column);
    let columns: Vec<_> = columns.filter_map(|of| of.id.outer().map(|table| (table, of))).collect();
    // The columns of heirs change with them.
    let heirs = columns.iter().flat_map(|(table, of)| before.heirs(table).into_iter().map(move |heir| (heir, of)));
    let own = columns.iter().map(|(table, of)| (table, of));
    let columns: Vec<ColumnRef<'_>> =
        own.chain(heirs).map(|(table, of)| ColumnRef { table, name: of.id.name(), rebased: of.rebased }).collect();
    // A generated column of a type that is replaced cannot be converted: it is computed again.
    let stuck = |id: &ObjectId, object: &Object| {
        retyped.iter().any(|of| of.id == *id) && matches!(object, Object::Column(column) if column.value.is_generated())
    };
    let found = |id: &ObjectId| before.found(id).map(|found| &found.needs);
    // What only PostgreSQL can read stands on the column as it is. A composite type that lets go of another changes before that does.
    let later = |id: &ObjectId| context.after.found(id).map(|found| &found.needs);
    let lets_go = |id: &ObjectId, of: &Retyped| {
        id.kind == KindName::CompositeType && later(id).is_none_or(|needs| !needs.contains(&of.id))
    };
    let stands =
        |id: &ObjectId, needs: &BTreeSet<ObjectId>| retyped.iter().any(|of| needs.contains(&of.id) && !lets_go(id, of));
    let over = |id: &ObjectId| movable(id.kind) && found(id).is_some_and(|needs| stands(id, needs));
    let touched = staying.iter().filter(|(id, object)| {
        stuck(id, object)
            || over(id)
            || columns.iter().any(|column| object.rebuilt_by(column) || beside_enum(object, column, before))
    });
    again.extend(touched.map(|(id, _)| (*id).clone()));
    loop {
        let needs = |object: &Object| {
            object.requires(before).iter().any(|id| again.contains(id) || (gone.contains(id) && carries(id)))
                || found(&object.id()).is_some_and(|needs| needs.iter().any(|id| gone.contains(id)))
        };
        let standing = |(id, object): &&(&ObjectId, &Object)| {
            (movable(id.kind) || stays_computed(object, context)) && !again.contains(*id) && needs(object)
        };
        let more: Vec<ObjectId> = staying.iter().filter(standing).map(|(id, _)| (*id).clone()).collect();
        if more.is_empty() {
            return;
        }
        again.extend(more);
    }
}

/// A foreign key over a column and an enum beside it: while the type of the one changes, PostgreSQL looks for a cast of the other and finds
/// none (XX000).
fn beside_enum(object: &Object, column: &ColumnRef<'_>, before: &Schema) -> bool {
    let Object::ForeignKey(key) = object else { return false };
    let touches = (*column.table == key.table && key.columns.contains(column.name))
        || (*column.table == key.references && key.referenced.contains(column.name));
    let is_enum = |name: &Ident| {
        let of = before.any_column(&key.table, name).and_then(|column| column.sql_type.user_type());
        of.is_some_and(|of| before.contains(&ObjectId::top(KindName::Enum, of)))
    };
    touches && key.columns.iter().any(is_enum)
}

/// A dropped key takes the foreign keys on it along; other dropped objects have dependants that changed by themselves.
fn carries(id: &ObjectId) -> bool {
    matches!(id.kind, KindName::PrimaryKey | KindName::Unique | KindName::Index)
}

/// A column that is generated on both sides: a new one is computed again, so nothing is lost with it.
fn stays_computed(object: &Object, context: &Context) -> bool {
    let generated = |object: &Object| matches!(object, Object::Column(column) if column.value.is_generated());
    generated(object) && context.after.get(&object.id()).is_some_and(generated)
}

/// What can be dropped and created without losing rows.
fn movable(kind: KindName) -> bool {
    !matches!(
        kind,
        KindName::Schema
            | KindName::Extension
            | KindName::Enum
            | KindName::Domain
            | KindName::Sequence
            | KindName::Table
            | KindName::Column
    )
}

/// Leaves out what goes with its owner.
fn folded_drops(drops: Vec<Object>, before: &Schema) -> Vec<Object> {
    let ids: BTreeSet<ObjectId> = drops.iter().map(Object::id).collect();
    let is_gone = |owner: &ObjectId| ids.contains(owner) || owned_by_dropped_table(owner, &ids);
    let circling = circling(&drops);
    let table = |object: &Object| object.owner().filter(|owner| owner.kind == KindName::Table && ids.contains(owner));
    let entangled = entangled(&drops, before, table);
    // Such a key holds the partitions, which go before their parent.
    let is_partitioned = |table: &QualifiedName| before.table(table).is_some_and(|table| table.partition_by.is_some());
    let goes_along = |object: &Object| match object {
        // Two dropped tables may reference each other, so their foreign keys go first; `graph` sorts it out.
        Object::ForeignKey(key) => {
            let to_itself = key.table == key.references;
            ids.contains(&ObjectId::table(&key.table))
                && if to_itself { !is_partitioned(&key.table) } else { !circling.contains(&key.table) }
        }
        other if entangled.contains(&other.id()) => false,
        Object::Privileges(of) => of.home(before).is_none_or(|home| is_gone(&home)),
        other => other.owner().is_some_and(|owner| is_gone(&owner)),
    };
    drops.iter().filter(|object| !goes_along(object)).cloned().collect()
}

fn owned_by_dropped_table(owner: &ObjectId, ids: &BTreeSet<ObjectId>) -> bool {
    owner.kind == KindName::Column && owner.outer().is_some_and(|table| ids.contains(&ObjectId::table(&table)))
}

/// Dropped tables and those that they reference.
type References<'a> = BTreeMap<&'a QualifiedName, BTreeSet<&'a QualifiedName>>;

/// The dropped tables that reference each other in a circle.
fn circling(drops: &[Object]) -> BTreeSet<QualifiedName> {
    let (mut references, mut referencing) = (References::new(), References::new());
    let keys = drops.iter().filter_map(|object| match object {
        Object::ForeignKey(key) if key.table != key.references => Some(key),
        _ => None,
    });
    for key in keys {
        references.entry(&key.table).or_default().insert(&key.references);
        referencing.entry(&key.references).or_default().insert(&key.table);
    }
    // Circles are rare: whoever references nothing is in none, nor is who references only such.
    let mut ends: Vec<_> = referencing.keys().copied().filter(|table| !references.contains_key(table)).collect();
    while let Some(end) = ends.pop() {
        for table in referencing.remove(end).unwrap_or_default() {
            let Some(left) = references.get_mut(table) else { continue };
            left.remove(end);
            if left.is_empty() {
                references.remove(table);
                ends.push(table);
            }
        }
    }
    references.keys().filter(|table| reaches_itself(table, &references)).map(|table| (*table).clone()).collect()
}

fn reaches_itself(table: &QualifiedName, references: &References<'_>) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![table]);
    while let Some(next) = open.pop() {
        for target in references.get(next).into_iter().flatten() {
            if *target == table {
                return true;
            }
            if seen.insert(*target) {
                open.push(target);
            }
        }
    }
    false
}

/// Puts what CREATE TABLE can hold into it.
fn folded_creates(creates: Vec<Object>, after: &Schema) -> Vec<Action> {
    let tables: BTreeSet<ObjectId> = creates.iter().map(Object::id).filter(|id| id.kind == KindName::Table).collect();
    let clause_of = |object: &Object| {
        object.table().map(ObjectId::table).filter(|id| tables.contains(id) && object.clause().is_some())
    };
    let entangled = entangled(&creates, after, clause_of);
    let home = |object: &Object| clause_of(object).filter(|_| !entangled.contains(&object.id()));
    let mut parts: BTreeMap<ObjectId, Vec<Object>> = BTreeMap::new();
    let mut alone = Vec::new();
    for object in creates {
        let twin = |other: &Object| object.twin_of().is_some() && other.twin_of() == object.twin_of();
        match home(&object) {
            Some(table) if !parts.get(&table).is_some_and(|parts| parts.iter().any(twin)) => {
                parts.entry(table).or_default().push(object);
            }
            _ => alone.push(object),
        }
    }
    alone
        .into_iter()
        .map(|object| {
            let own = parts.remove(&object.id()).unwrap_or_default();
            Action::Create(object, own)
        })
        .collect()
}
