//! Random schemas, and random changes of one: adds, drops, alterations of every property, renames, moves and swaps.
//!
//! What a change leaves behind is again valid for PostgreSQL 15. Whether a rename is told to the planner is part of the change.

use schema_core::{
    Ident, KindName, ObjectId, QualifiedName,
    kinds::{Column, Object},
};

use super::Rng;
use super::alter;
use super::draft::Draft;
use super::{keys, marks, parts, pools};

/// A schema from nothing.
pub fn schema(rng: &mut Rng) -> Draft {
    let mut draft = Draft::default();
    for _ in 0..rng.below(3) {
        add_kind(rng, &mut draft, KindName::Schema);
    }
    for _ in 0..rng.below(5).saturating_sub(2) {
        add_kind(rng, &mut draft, KindName::Extension);
    }
    for kind in [KindName::Enum, KindName::Domain, KindName::Sequence] {
        for _ in 0..rng.below(3) {
            add_kind(rng, &mut draft, kind);
        }
    }
    for _ in 0..rng.between(1, 5) {
        add_kind(rng, &mut draft, KindName::Table);
    }
    for _ in 0..rng.below(4) {
        add_kind(rng, &mut draft, KindName::ForeignKey);
    }
    draft
}

/// Adds a random object of a kind; nothing when the schema has no place for it.
pub fn add_kind(rng: &mut Rng, draft: &mut Draft, kind: KindName) {
    let schema = &draft.schema;
    let object: Option<Object> = match kind {
        KindName::Schema => Some(parts::namespace(rng).into()),
        KindName::Extension => Some(parts::extension(rng, schema).into()),
        KindName::Enum => Some(parts::enum_type(rng, schema).into()),
        KindName::Domain => Some(parts::domain(rng, schema).into()),
        KindName::Sequence => Some(parts::sequence(rng, schema).into()),
        KindName::Table => return add_table(rng, draft),
        _ => any_table(rng, draft).and_then(|table| part(rng, draft, &table, kind)),
    };
    if let Some(object) = object {
        add_key_aware(draft, object);
    }
}

fn part(rng: &mut Rng, draft: &mut Draft, table: &QualifiedName, kind: KindName) -> Option<Object> {
    match kind {
        KindName::Column => Some(parts::column(rng, draft, table).into()),
        KindName::PrimaryKey => keys::primary_key(rng, draft, table).map(Object::from),
        KindName::Unique => keys::unique(rng, &draft.schema, table).map(Object::from),
        KindName::Check => keys::check(rng, &draft.schema, table).map(Object::from),
        KindName::Exclusion => keys::exclusion(rng, &draft.schema, table).map(Object::from),
        KindName::Index => keys::index(rng, &draft.schema, table).map(Object::from),
        KindName::IndexMark => marks::index_mark(rng, &draft.schema, table).map(Object::from),
        KindName::ForeignKey => keys::foreign_key(rng, draft, table).map(Object::from),
        _ => None,
    }
}

/// A primary key makes its columns NOT NULL.
fn add_key_aware(draft: &mut Draft, object: Object) {
    let key = match &object {
        Object::PrimaryKey(key) => Some(key.clone()),
        _ => None,
    };
    if let (true, Some(key)) = (draft.add(object), key) {
        for name in &key.columns {
            if let Some(column) = draft.schema.column(&key.table, name).cloned() {
                draft.replace(Column { nullable: false, ..column });
            }
        }
    }
}

fn add_table(rng: &mut Rng, draft: &mut Draft) {
    let table = parts::table(rng, &draft.schema);
    let name = table.name.clone();
    if !draft.add(table) {
        return;
    }
    let columns = rng.between(0, 7);
    let mut kinds = vec![KindName::Column; columns];
    kinds.extend(rng.percent(75).then_some(KindName::PrimaryKey));
    for kind in [KindName::Unique, KindName::Check, KindName::Exclusion, KindName::Index, KindName::IndexMark] {
        kinds.extend(std::iter::repeat_n(kind, rng.below(3)));
    }
    for kind in kinds {
        if let Some(object) = part(rng, draft, &name, kind) {
            add_key_aware(draft, object);
        }
    }
}

fn any_table(rng: &mut Rng, draft: &Draft) -> Option<QualifiedName> {
    let tables: Vec<ObjectId> = draft.schema.of_kind(KindName::Table).map(Object::id).collect();
    rng.choose(&tables).and_then(|id| id.outer())
}

const KINDS: [KindName; 14] = [
    KindName::Schema,
    KindName::Extension,
    KindName::Enum,
    KindName::Domain,
    KindName::Sequence,
    KindName::Table,
    KindName::Column,
    KindName::PrimaryKey,
    KindName::Unique,
    KindName::Check,
    KindName::Exclusion,
    KindName::Index,
    KindName::IndexMark,
    KindName::ForeignKey,
];

/// One object of a kind that is drawn first, so that rare kinds are not drowned by columns.
fn any_object(rng: &mut Rng, draft: &Draft) -> Option<Object> {
    let kind = *rng.pick(&KINDS);
    let objects: Vec<&Object> = draft.schema.of_kind(kind).collect();
    rng.choose(&objects).cloned()
}

/// One random change.
pub fn change(rng: &mut Rng, draft: &mut Draft) {
    match rng.below(20) {
        0..=3 => {
            let kind = *rng.pick(&KINDS);
            add_kind(rng, draft, kind);
        }
        4 | 5 => add_kind(rng, draft, KindName::Column),
        6 | 7 => {
            if let Some(object) = any_object(rng, draft) {
                // Whole PostgreSQL schemas and tables go less often than what is in them.
                let much = matches!(object.kind(), KindName::Schema | KindName::Table | KindName::Extension);
                if !much || rng.percent(40) {
                    draft.remove(&object.id());
                }
            }
        }
        8 => replace_by_namesake(rng, draft),
        9 => swap(rng, draft),
        10..=12 => rename(rng, draft),
        _ => {
            if let Some(object) = any_object(rng, draft) {
                alter::alter(rng, draft, object);
            }
        }
    }
    marks::drop_unfit(draft);
}

/// An object goes, and another one takes its name: of the same kind or not.
fn replace_by_namesake(rng: &mut Rng, draft: &mut Draft) {
    let Some(object) = any_object(rng, draft) else { return };
    let id = object.id();
    draft.remove(&id);
    let heirs: Vec<ObjectId> =
        draft.schema.of_kind(id.kind).map(Object::id).filter(|heir| sibling(heir, &id)).collect();
    match rng.choose(&heirs).filter(|_| takes_a_name(id.kind) && rng.percent(50)) {
        Some(heir) => drop(draft.rename(&heir, &id)),
        None => {
            for _ in 0..3 {
                add_kind(rng, draft, id.kind);
            }
        }
    }
}

fn takes_a_name(kind: KindName) -> bool {
    !matches!(kind, KindName::Extension | KindName::IndexMark)
}

fn sibling(a: &ObjectId, b: &ObjectId) -> bool {
    a.kind == b.kind && a.path.len() == b.path.len() && (a.path.len() < 3 || a.path[..2] == b.path[..2])
}

/// Two objects of a kind take each other's names.
fn swap(rng: &mut Rng, draft: &mut Draft) {
    let Some(one) = any_object(rng, draft).map(|object| object.id()) else { return };
    let others: Vec<ObjectId> =
        draft.schema.of_kind(one.kind).map(Object::id).filter(|other| *other != one && sibling(other, &one)).collect();
    let Some(other) = rng.choose(&others) else { return };
    let apart = one.path[0] != other.path[0] && (is_bound(draft, &one) || is_bound(draft, &other));
    if !takes_a_name(one.kind) || apart {
        return;
    }
    let mut middle = one.clone();
    *middle.path.last_mut().expect("a path has a name") = Ident::of("in the middle");
    let back = draft.clone();
    let steps = [(&one, &middle), (&other, &one), (&middle, &other)];
    if !steps.into_iter().all(|(before, after)| draft.rename(before, after)) {
        *draft = back;
    }
}

/// Whether the object has a sequence or an owner that lives in its PostgreSQL schema and must stay there with it.
fn is_bound(draft: &Draft, id: &ObjectId) -> bool {
    draft.schema.of_kind(KindName::Sequence).any(|object| match object {
        Object::Sequence(of) => {
            let owner = of.owned_by.as_ref().map(|(table, _)| ObjectId::table(table));
            owner.as_ref() == Some(id) || (owner.is_some() && object.id() == *id)
        }
        _ => false,
    })
}

/// Another name, or another PostgreSQL schema, for one object; told or not.
fn rename(rng: &mut Rng, draft: &mut Draft) {
    let Some(object) = any_object(rng, draft) else { return };
    let before = object.id();
    if !takes_a_name(before.kind) {
        return;
    }
    let mut after = before.clone();
    let moves = matches!(before.kind, KindName::Table | KindName::Enum | KindName::Domain | KindName::Sequence);
    if moves && rng.percent(40) {
        after.path[0] = parts::place(rng, &draft.schema);
    }
    if !moves || rng.percent(60) {
        let name = if moves { parts::qualified(rng, &draft.schema).name } else { pools::name(rng) };
        *after.path.last_mut().expect("a path has a name") = name;
    }
    if after == before || (after.path[0] != before.path[0] && is_bound(draft, &before)) {
        return;
    }
    let told = rng.percent(75);
    if draft.rename(&before, &after) && !told {
        draft.forget(&after);
    }
}
