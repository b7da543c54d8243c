//! The difference of two schemas.
//!
//! Both sides must be spelled alike: declared with declared, or observed with observed. Renames are given; the only ones
//! inferred are those of constraints and indexes with an unchanged definition, which lose nothing. It knows no kind.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Change, Diff, KindName, ObjectId, Schema,
    kinds::Object,
    moves::{in_steps, make_room, one_by_one, rename_all, with_first_names},
    rename::{Rename, normalized},
};

/// What takes one schema to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Objects whose name another object takes by a rename, with all that depends on them: dropped before anything else.
    pub displaced: Vec<Object>,
    /// The renames that were given and apply, outermost first.
    pub renames: Vec<Rename>,
    /// The same in the steps in which they come about, with detours where names are taken.
    pub moves: Vec<Rename>,
    /// Objects that go later and have another name until then; a rename takes theirs.
    pub asides: Vec<Rename>,
    /// The schema after `displaced` and `renames`.
    pub renamed: Schema,
    /// Objects that go.
    pub drops: Vec<Object>,
    /// Constraints and indexes that only change their name.
    pub relabels: Vec<Rename>,
    /// Objects with another definition.
    pub alters: Vec<Diff<Object>>,
    /// Objects that come, columns in the order of their table.
    pub creates: Vec<Object>,
}

impl Difference {
    /// Whether the schemas are equal.
    pub fn is_empty(&self) -> bool {
        self.displaced.is_empty()
            && self.moves.is_empty()
            && self.drops.is_empty()
            && self.relabels.is_empty()
            && self.alters.is_empty()
            && self.creates.is_empty()
    }

    /// The objects that go, under the names that people know.
    pub fn lost(&self) -> Vec<Object> {
        let drops = self.drops.iter().cloned().map(|mut object| {
            self.asides.iter().for_each(|rename| object.follow(&rename.clone().invert()));
            object
        });
        self.displaced.iter().cloned().chain(drops).collect()
    }

    /// The changes in the order in which they are recorded and folded.
    pub fn changes(&self) -> Vec<Change> {
        let displaced = self.displaced.iter().cloned().map(Change::Drop);
        let renames = self.moves.iter().cloned().map(Change::Rename);
        let drops = self.drops.iter().cloned().map(Change::Drop);
        let relabels = self.relabels.iter().cloned().map(Change::Rename);
        let creates = self.creates.iter().cloned().map(Change::Create);
        let alters = self.alters.iter().cloned().map(Change::Alter);
        displaced.chain(renames).chain(drops).chain(relabels).chain(creates).chain(alters).collect()
    }

    /// The same renames, and then what differs between these two.
    pub(crate) fn over(&self, renamed: Schema, after: &Schema) -> Difference {
        let mut difference = Difference {
            displaced: self.displaced.clone(),
            renames: self.renames.clone(),
            moves: self.moves.clone(),
            asides: self.asides.clone(),
            ..Difference::default()
        };
        compare(&renamed, after, &mut difference);
        relabel(&mut difference);
        difference.creates.sort_by_cached_key(created_order);
        difference.renamed = renamed;
        difference
    }
}

/// Compares two schemas. Renames of objects that `before` does not have are left out: they were recorded long ago.
///
/// ```
/// use schema_core::{Schema, diff};
/// assert!(diff::difference(&Schema::default(), &Schema::default(), &[]).is_empty());
/// ```
pub fn difference(before: &Schema, after: &Schema, renames: &[Rename]) -> Difference {
    with_renames(before, after, renames, is_done)
}

/// The way back: its renames are those of the way there, so all of them are still to do.
pub(crate) fn way_back(before: &Schema, after: &Schema, renames: &[Rename]) -> Difference {
    with_renames(before, after, renames, |_, _, _, _| false)
}

fn with_renames(
    before: &Schema,
    after: &Schema,
    renames: &[Rename],
    is_done: impl Fn(&Rename, &[Rename], &Schema, &Schema) -> bool,
) -> Difference {
    let (mut displaced, mut moves, mut applied, mut done) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut asides, mut renamed) = (Vec::new(), before.clone());
    let renames = normalized(renames);
    for level in [renames.schemas, renames.outer, renames.inner] {
        let fits = |rename: &&Rename| applies(rename, &renamed, after) && !is_done(rename, &level, &renamed, after);
        let level: Vec<Rename> = level.iter().filter(fits).cloned().collect();
        if level.is_empty() {
            continue;
        }
        let room = make_room(&mut renamed, &level, after);
        displaced.extend(with_first_names(room.displaced, &done));
        moves.extend(room.aside.iter().cloned().chain(in_steps(&renamed, &level)));
        renamed = rename_all(renamed, &level);
        asides.extend(room.aside.iter().cloned());
        done.extend(one_by_one(&room.aside));
        done.push(level.clone());
        applied.extend(level);
    }
    Difference { displaced, renames: applied, moves, asides, ..Difference::default() }.over(renamed, after)
}

fn applies(rename: &Rename, before: &Schema, after: &Schema) -> bool {
    if rename.before.kind == KindName::EnumValue {
        return holds_value(before, &rename.before)
            && !holds_value(before, &rename.after)
            && holds_value(after, &rename.after);
    }
    before.contains(&rename.before) && after.contains(&rename.after) && rename.before != rename.after
}

/// Whether both names are on both sides and nothing is told of where the object of the old name comes from: then the rename was
/// recorded long ago, and another object has taken the name since.
fn is_done(rename: &Rename, level: &[Rename], before: &Schema, after: &Schema) -> bool {
    let explained = level.iter().any(|other| other.after == rename.before);
    before.contains(&rename.after) && after.contains(&rename.before) && !explained
}

fn holds_value(schema: &Schema, id: &ObjectId) -> bool {
    let outer = id.outer().map(|name| ObjectId::top(KindName::Enum, &name));
    match outer.and_then(|outer| schema.get(&outer)) {
        Some(Object::Enum(of)) => of.values.contains(id.name()),
        _ => false,
    }
}

fn compare(before: &Schema, after: &Schema, difference: &mut Difference) {
    for pair in before.beside(after) {
        match pair {
            (Some(gone), None) => difference.drops.push(gone.clone()),
            (None, Some(new)) => difference.creates.push(new.clone()),
            (Some(before), Some(after)) if before != after => {
                difference.alters.push(Diff { before: before.clone(), after: after.clone() });
            }
            _ => {}
        }
    }
}

/// A constraint or index that goes while one with the same definition comes has only got another name.
fn relabel(difference: &mut Difference) {
    let labelled = [
        KindName::PrimaryKey,
        KindName::Unique,
        KindName::Check,
        KindName::Exclusion,
        KindName::Index,
        KindName::ForeignKey,
    ];
    let mut gone: BTreeMap<usize, Rename> = BTreeMap::new();
    let mut come: BTreeSet<usize> = BTreeSet::new();
    for (at, new) in difference.creates.iter().enumerate().filter(|(_, object)| labelled.contains(&object.kind())) {
        let id = new.id();
        let same =
            |old: &Object| old.kind() == new.kind() && old.table() == new.table() && old.with_name(id.name()) == *new;
        let found = difference.drops.iter().enumerate().find(|(at, old)| !gone.contains_key(at) && same(old));
        if let Some((place, old)) = found {
            gone.insert(place, Rename { before: old.id(), after: id });
            come.insert(at);
        }
    }
    let mut at = 0;
    difference.drops.retain(|_| (!gone.contains_key(&at), at += 1).0);
    at = 0;
    difference.creates.retain(|_| (!come.contains(&at), at += 1).0);
    difference.relabels = gone.into_values().collect();
}

/// By kind and name, but a table's columns in their own order.
pub(crate) fn created_order(object: &Object) -> (KindName, Vec<crate::Ident>, u32, ObjectId) {
    let id = object.id();
    let (outer, ordinal) = match object {
        Object::Column(column) => (id.path[..2].to_vec(), column.ordinal),
        _ => (id.path.clone(), 0),
    };
    (id.kind, outer, ordinal, id)
}
