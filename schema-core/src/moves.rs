//! How renames come about one after the other: what makes room for them, and the detours that swaps need.
//!
//! It only knows which names are taken ([`Object::claims`]), whatever the kind that takes them.

use std::collections::BTreeSet;

use crate::{
    KindName, ObjectId, Schema, default_name,
    kinds::{NameClaim, Object},
    rename::Rename,
};

/// What the renames of one level need first.
#[derive(Default)]
pub(crate) struct Room {
    /// Objects that go before anything else, with all that stands on them.
    pub(crate) displaced: Vec<Object>,
    /// Objects that something stays on, which go later: until then they have another name.
    pub(crate) aside: Vec<Rename>,
}

/// Takes out of the schema what stands where a rename goes. What `after` still needs, or a column that changes its type away from
/// it, is not lost: then the object steps aside.
pub(crate) fn make_room(schema: &mut Schema, renames: &[Rename], after: &Schema) -> Room {
    let mut room = Room::default();
    for taken_along in namesakes_taken_along(schema, renames, after) {
        step_aside(schema, taken_along, &mut room);
    }
    // What is in a table steps aside with it; only then it is known which of its names are still in the way.
    for parts in 1..=3 {
        for holder in holders(schema, renames).into_iter().filter(|id| id.path.len() == parts) {
            make_way(schema, renames, after, holder, &mut room);
        }
    }
    room
}

fn make_way(schema: &mut Schema, renames: &[Rename], after: &Schema, holder: ObjectId, room: &mut Room) {
    let closure = closure(schema, &holder);
    let is_target = renames.iter().any(|rename| rename.after == holder);
    let others = closure.iter().filter(|id| !is_target || **id != holder);
    let stays = others.into_iter().any(|id| after.contains(&renamed_id(id, renames)));
    if !stays {
        let gone = closure.iter().filter_map(|id| schema.remove(id)).collect();
        room.displaced.extend(with_first_names(gone, &one_by_one(&room.aside)));
    } else if is_target || holder.kind != KindName::Column {
        // The name that a column takes is that of its sequence, and the column stays what it is.
        step_aside(schema, holder, room);
    }
}

fn step_aside(schema: &mut Schema, id: ObjectId, room: &mut Room) {
    let away = Rename { after: aside(&id, "before", room.aside.len()), before: id };
    *schema = rename_all(std::mem::take(schema), std::slice::from_ref(&away));
    room.aside.push(away);
}

/// What goes later, but is taken along by a rename to where another object has its name.
fn namesakes_taken_along(schema: &Schema, renames: &[Rename], after: &Schema) -> Vec<ObjectId> {
    let felt = schema.felt(renames);
    let along = felt.iter().filter(|rename| {
        let is_own = rename.before.kind == KindName::Sequence && schema.contains(&rename.before);
        is_own && !renames.contains(rename) && !after.contains(&rename.after)
    });
    let along: Vec<&Rename> = along.collect();
    if along.is_empty() {
        return Vec::new();
    }
    let leaving = |id: &ObjectId| felt.iter().any(|rename| rename.before == *id);
    let standing = schema.iter().filter(|(id, _)| !leaving(id)).flat_map(|(_, object)| object.claims());
    let taken: BTreeSet<NameClaim> = standing.collect();
    let meets = |rename: &&&Rename| rename.after.outer().is_some_and(|name| taken.contains(&NameClaim::Relation(name)));
    along.iter().filter(meets).map(|rename| rename.before.clone()).collect()
}

/// The objects that are not renamed themselves and keep a name that a renamed one takes.
fn holders(schema: &Schema, renames: &[Rename]) -> Vec<ObjectId> {
    if renames.is_empty() {
        return Vec::new();
    }
    let leaving: BTreeSet<&ObjectId> = renames.iter().map(|rename| &rename.before).collect();
    let targets: BTreeSet<&ObjectId> = renames.iter().map(|rename| &rename.after).collect();
    let (mut taken, mut targeted): (BTreeSet<NameClaim>, BTreeSet<NameClaim>) = Default::default();
    let felt = schema.felt(renames);
    let mut standing: Vec<(&Object, Vec<NameClaim>, Vec<NameClaim>)> = Vec::new();
    for (_, object) in schema.iter() {
        let claims = object.claims();
        let later: Vec<NameClaim> = followed(object, &felt).claims();
        let (kept, new): (Vec<NameClaim>, Vec<NameClaim>) = later.into_iter().partition(|claim| claims.contains(claim));
        taken.extend(new.iter().cloned());
        if leaving.contains(&object.id()) {
            targeted.extend(new.iter().cloned());
        }
        standing.push((object, kept, new));
    }
    // A part that moves along with its table may meet the table's own new name.
    let holds = |(object, kept, new): &&(&Object, Vec<NameClaim>, Vec<NameClaim>)| {
        let id = object.id();
        let met = || kept.iter().any(|claim| taken.contains(claim)) || new.iter().any(|claim| targeted.contains(claim));
        !leaving.contains(&id) && (targets.contains(&id) || met())
    };
    standing.iter().filter(holds).map(|(object, ..)| object.id()).collect()
}

/// An object and all that needs it.
fn closure(schema: &Schema, id: &ObjectId) -> BTreeSet<ObjectId> {
    let mut gone = BTreeSet::from([id.clone()]);
    loop {
        let needs = |object: &Object| object.requires(schema).iter().any(|needed| gone.contains(needed));
        let more = schema.iter().filter(|(id, object)| !gone.contains(*id) && needs(object));
        let more: Vec<ObjectId> = more.map(|(id, _)| id.clone()).collect();
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}

/// What is displaced goes before anything is renamed, so it still has the names of the start.
pub(crate) fn with_first_names(displaced: Vec<Object>, done: &[Vec<Rename>]) -> Vec<Object> {
    let back = |schema: Schema, level: &Vec<Rename>| {
        rename_all(schema, &level.iter().cloned().map(Rename::invert).collect::<Vec<_>>())
    };
    let schema = done.iter().rev().fold(displaced.into_iter().collect(), back);
    schema.iter().map(|(_, object)| object.clone()).collect()
}

/// Each rename a level of its own, for those that follow upon each other.
pub(crate) fn one_by_one(renames: &[Rename]) -> Vec<Vec<Rename>> {
    renames.iter().map(|rename| vec![rename.clone()]).collect()
}

/// All renames of a level happen at once, so that two objects can swap their names.
pub(crate) fn rename_all(schema: Schema, renames: &[Rename]) -> Schema {
    let renames = schema.felt(renames);
    schema.map(|object| *object = followed(object, &renames))
}

fn followed(object: &Object, renames: &[Rename]) -> Object {
    let mut object = object.clone();
    let staged = renames.iter().any(|rename| renames.iter().any(|other| other.before == rename.after));
    if !staged {
        renames.iter().for_each(|rename| object.follow(rename));
        return object;
    }
    let middles: Vec<ObjectId> =
        renames.iter().enumerate().map(|(at, rename)| aside(&rename.after, "between", at)).collect();
    for (rename, middle) in renames.iter().zip(&middles) {
        object.follow(&Rename { before: rename.before.clone(), after: middle.clone() });
    }
    for (rename, middle) in renames.iter().zip(&middles) {
        object.follow(&Rename { before: middle.clone(), after: rename.after.clone() });
    }
    object
}

/// Where the renames of a level lead an id to, whether it is its own or that of what it is in.
pub(crate) fn renamed_id(id: &ObjectId, renames: &[Rename]) -> ObjectId {
    let mut id = id.clone();
    let own = renames.iter().find(|rename| rename.before == id);
    let outer = renames.iter().find(|rename| {
        let holds = matches!(rename.before.kind, KindName::Schema | KindName::Table);
        holds && rename.before.path.len() < id.path.len() && id.path.starts_with(&rename.before.path)
    });
    if let Some(rename) = own.or(outer) {
        id.path[..rename.after.path.len()].clone_from_slice(&rename.after.path);
    }
    id
}

/// A name that no user object has, for an object on its way; the label tells one kind of way from another.
fn aside(id: &ObjectId, label: &str, at: usize) -> ObjectId {
    let mut path = id.path.clone();
    if let Some(last) = path.last_mut() {
        *last = default_name(last.as_str(), "", &format!("{label}{at}"));
    }
    ObjectId { kind: id.kind, path }
}

/// The renames of one level, each in steps that PostgreSQL can make: a name that is still taken is waited for, a swap goes through a
/// name aside, and a move to another PostgreSQL schema never meets a namesake on its way.
pub(crate) fn in_steps(schema: &Schema, renames: &[Rename]) -> Vec<Rename> {
    let mut state = schema.clone();
    let mut left: Vec<Rename> = renames.to_vec();
    let mut steps = Vec::new();
    let mut detours = 0;
    while !left.is_empty() {
        let found = left.iter().enumerate().find_map(|(at, rename)| way(&state, rename).map(|found| (at, found)));
        let (way, later) = match found {
            Some((at, (way, later))) => {
                left.remove(at);
                (way, later)
            }
            None => {
                let middle = aside(&left[0].before, "aside", detours);
                detours += 1;
                let away = Rename { before: left[0].before.clone(), after: middle.clone() };
                left[0].before = middle;
                let later = rename_all(state, std::slice::from_ref(&away));
                (vec![away], later)
            }
        };
        steps.extend(way);
        state = later;
        if 2 * renames.len() < detours {
            // Names that are taken for good are shown by the proof on the dev database.
            steps.append(&mut left);
        }
    }
    steps
}

/// The steps of one rename and the schema after them, when every name on the way is free.
fn way(state: &Schema, rename: &Rename) -> Option<(Vec<Rename>, Schema)> {
    let (before, after) = (&rename.before, &rename.after);
    if before.path.len() != 2 || before.path[0] == after.path[0] || before.path[1] == after.path[1] {
        let later = step(state, rename)?;
        return Some((vec![rename.clone()], later));
    }
    let place = |schema: &ObjectId, name: crate::Ident| ObjectId {
        kind: before.kind,
        path: vec![schema.path[0].clone(), name],
    };
    let free = default_name(after.name().as_str(), "", "aside");
    let ways = [
        vec![place(after, before.name().clone())],
        vec![place(before, after.name().clone())],
        vec![place(before, free.clone()), place(after, free)],
    ];
    ways.into_iter().find_map(|middles| {
        let stops: Vec<&ObjectId> = std::iter::once(before).chain(&middles).chain([after]).collect();
        let steps = stops.windows(2).map(|pair| Rename { before: pair[0].clone(), after: pair[1].clone() });
        let steps: Vec<Rename> = steps.collect();
        let later = steps.iter().try_fold(state.clone(), |state, rename| step(&state, rename))?;
        Some((steps, later))
    })
}

/// The schema after one rename, unless a name is taken.
fn step(state: &Schema, rename: &Rename) -> Option<Schema> {
    let later = rename_all(state.clone(), std::slice::from_ref(rename));
    let same_label = rename.before.kind == KindName::EnumValue && label_twice(&later, &rename.after);
    (later.iter().count() == state.iter().count() && clashes(&later) <= clashes(state) && !same_label).then_some(later)
}

/// How many names are taken more than once.
fn clashes(schema: &Schema) -> usize {
    let claims: Vec<NameClaim> = schema.iter().flat_map(|(_, object)| object.claims()).collect();
    claims.len() - claims.iter().collect::<BTreeSet<_>>().len()
}

fn label_twice(schema: &Schema, label: &ObjectId) -> bool {
    let of = label.outer().map(|name| ObjectId::top(KindName::Enum, &name));
    match of.and_then(|of| schema.get(&of)) {
        Some(Object::Enum(of)) => 1 < of.values.iter().filter(|value| *value == label.name()).count(),
        _ => false,
    }
}
