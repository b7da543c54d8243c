//! The order of actions: a graph of what must come before what, and a stable way through it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Diff, KindName, ObjectId, QualifiedName, Schema,
    kinds::{Kind, NameClaim, Object},
};

use super::{Action, Context};

/// Sorts the actions so that PostgreSQL accepts them.
pub(super) fn sorted(actions: Vec<Action>, context: &Context) -> Vec<Action> {
    let graph = Graph::new(&actions, context);
    let order = graph.order(&actions);
    let mut slots: Vec<Option<Action>> = actions.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| slots[at].take()).collect()
}

/// Edges between actions, by their place in the list.
struct Graph {
    /// What must come after each.
    after: Vec<BTreeSet<usize>>,
}

/// Where an object is made, changed and removed.
#[derive(Default)]
struct Places {
    drop: BTreeMap<ObjectId, usize>,
    create: BTreeMap<ObjectId, usize>,
    alter: BTreeMap<ObjectId, usize>,
    /// Where a column or domain lets go of what is made anew.
    vacate: BTreeMap<ObjectId, usize>,
    /// Where a type takes a column along.
    moved: BTreeMap<ObjectId, usize>,
    /// Where the rows of a table that is made anew are in it again.
    restore: BTreeMap<ObjectId, usize>,
}

impl Places {
    fn new(actions: &[Action], context: &Context) -> Places {
        let mut places = Places::default();
        for (at, action) in actions.iter().enumerate() {
            match action {
                Action::Drop(object) => drop(places.drop.insert(object.id(), at)),
                Action::Create(object, parts) => {
                    places.create.insert(object.id(), at);
                    places.create.extend(parts.iter().map(|part| (part.id(), at)));
                }
                Action::Alter(diff) => drop(places.alter.insert(diff.after.id(), at)),
                Action::Relabel(rename) => drop(places.alter.insert(rename.after.clone(), at)),
                Action::Restore(table) => drop(places.restore.insert(ObjectId::table(table), at)),
                Action::Vacate(diff) => drop(places.vacate.insert(diff.after.id(), at)),
                Action::Finish(_) | Action::Release(_) | Action::Save(_) => {}
            }
        }
        for (at, action) in actions.iter().enumerate() {
            if let Action::Drop(Object::Table(table)) = action {
                // What goes with its table is gone when the table is.
                let parts = context.before.parts_of(&table.name).map(Object::id);
                parts.for_each(|part| {
                    places.drop.entry(part).or_insert(at);
                });
            }
        }
        for (at, action) in actions.iter().enumerate() {
            if let Action::Alter(diff) = action {
                let sides = Diff { before: &diff.before, after: &diff.after };
                places.alter.extend(Object::takes_along(&sides, context).into_iter().map(|id| (id, at)));
                // A column that a type takes along is ready when the type is, unless it changes by itself as well.
                for column in Object::retypes(&sides, context) {
                    places.moved.insert(column.id.clone(), at);
                    places.alter.entry(column.id).or_insert(at);
                }
            }
        }
        places
    }

    /// The actions before which what needs the object must be gone. Only its comment changes in a PostgreSQL schema.
    fn last(&self, id: &ObjectId) -> impl Iterator<Item = usize> {
        let altered = || self.alter.get(id).filter(|_| id.kind != KindName::Schema);
        self.drop.get(id).or_else(altered).into_iter().chain(self.moved.get(id)).copied()
    }

    /// The action after which the object is as it should be.
    fn ready(&self, id: &ObjectId) -> Option<usize> {
        self.create.get(id).or_else(|| self.alter.get(id)).copied()
    }
}

impl Graph {
    fn new(actions: &[Action], context: &Context) -> Graph {
        let mut graph = Graph { after: vec![BTreeSet::new(); actions.len()] };
        let places = Places::new(actions, context);
        for (at, action) in actions.iter().enumerate() {
            graph.connect(at, action, &places, context);
        }
        graph.separate_names(actions, context);
        graph.separate_partitions(actions, context);
        graph.put_defaults_last(actions);
        graph
    }

    /// What is made gets the default privileges of that moment, so the new ones wait until all else is made: the plan counts with the old.
    fn put_defaults_last(&mut self, actions: &[Action]) {
        let made = |action: &Action| match action {
            Action::Create(object, _) => Some(object.kind()),
            Action::Alter(diff) => Some(diff.after.kind()),
            _ => None,
        };
        let kinds: Vec<Option<KindName>> = actions.iter().map(made).collect();
        let is_default = |at: &usize| kinds[*at] == Some(KindName::DefaultPrivileges);
        for last in (0..actions.len()).filter(is_default) {
            let others = (0..actions.len()).filter(|at| kinds[*at].is_some() && !is_default(at));
            others.for_each(|first| self.edge(first, last));
        }
    }

    fn edge(&mut self, first: usize, then: usize) {
        if first != then {
            self.after[first].insert(then);
        }
    }

    fn connect(&mut self, at: usize, action: &Action, places: &Places, context: &Context) {
        match action {
            Action::Drop(object) => self.connect_drop(at, object, places, context),
            Action::Create(object, parts) => {
                for id in std::iter::once(object).chain(parts).flat_map(|object| object.requires(context.after)) {
                    // Rows first: a foreign key asks for them, and an index is built faster over them.
                    let restore = places.restore.get(&id).filter(|_| !matches!(object, Object::Table(_)));
                    restore.into_iter().for_each(|first| self.edge(*first, at));
                    places.ready(&context.after.home(id)).into_iter().for_each(|first| self.edge(first, at));
                }
                places.drop.get(&object.id()).into_iter().for_each(|first| self.edge(*first, at));
                self.await_other_keys(at, object, places, context);
                self.await_departures(at, object, places, context);
                self.await_columns(at, object, places, context);
                self.await_not_null(at, object, places);
                let columns = std::iter::once(object).chain(parts);
                columns.for_each(|object| self.await_namesakes(at, object, places, context));
            }
            Action::Alter(diff) => self.connect_alter(at, &diff.before, &diff.after, places, context),
            Action::Vacate(diff) => {
                let gone =
                    diff.before.requires(context.before).into_iter().filter_map(|id| places.drop.get(&id).copied());
                gone.chain(places.alter.get(&diff.before.id()).copied()).for_each(|then| self.edge(at, then));
            }
            Action::Relabel(_) | Action::Release(_) => {}
            Action::Save(table) | Action::Restore(table) => self.connect_rows(at, action, table, places, context),
            Action::Finish(object) => {
                let needed = object.finish().map(|(needed, _)| needed).unwrap_or_default();
                for id in needed.iter().chain([&object.id()]) {
                    places.ready(id).into_iter().for_each(|first| self.edge(first, at));
                }
            }
        }
    }

    /// A foreign key takes any key over its columns that it finds, also one that is about to go, and holds each partition.
    fn await_other_keys(&mut self, at: usize, object: &Object, places: &Places, context: &Context) {
        let Object::ForeignKey(key) = object else { return };
        let partitions = context.before.partitions(&key.references).into_iter().map(ObjectId::table);
        partitions.filter_map(|id| places.drop.get(&id)).for_each(|first| self.edge(*first, at));
        let keys = [KindName::PrimaryKey, KindName::Unique, KindName::Index];
        let of_target = |id: &ObjectId| keys.contains(&id.kind) && id.outer().as_ref() == Some(&key.references);
        let gone = places.drop.iter().filter(|(id, _)| of_target(id));
        gone.for_each(|(_, first)| self.edge(*first, at));
    }

    /// What the same text meant before must be gone, or `SELECT *` would take it in again.
    fn await_departures(&mut self, at: usize, object: &Object, places: &Places, context: &Context) {
        let needed = context.before.found(&object.id()).into_iter().flat_map(|found| &found.needs);
        needed.filter_map(|id| places.drop.get(id)).for_each(|first| self.edge(*first, at));
    }

    /// A column that goes would be in a new `SELECT *`. What stands on it is made anew, so nothing waits for both.
    fn await_columns(&mut self, at: usize, object: &Object, places: &Places, context: &Context) {
        let Object::Sql(_) = object else { return };
        let needed = context.after.found(&object.id()).into_iter().flat_map(|found| &found.needs);
        let tables: BTreeSet<&[crate::Ident]> = needed.filter_map(|id| id.path.get(..2)).collect();
        let columns = places.drop.iter().filter(|(id, _)| id.kind == KindName::Column);
        let gone = columns.filter(|(id, _)| id.path.get(..2).is_some_and(|table| tables.contains(table)));
        gone.for_each(|(_, first)| self.edge(*first, at));
    }

    /// A key makes the columns of an heir NOT NULL, which are left so when it goes: what an heir has of its own comes before its key, unless
    /// both come with the table, and goes after it.
    fn await_not_null(&mut self, at: usize, object: &Object, places: &Places) {
        let Object::PrimaryKey(key) = object else { return };
        let own = key.columns.iter().map(|name| ObjectId::inner(KindName::InheritedColumn, &key.table, name));
        own.filter_map(|id| places.ready(&id)).for_each(|first| self.edge(first, at));
    }

    /// A column that changes hands between a table and its heirs leaves the one before it comes to the other. What a parent still has, a new
    /// heir would take over, or refuse.
    fn await_namesakes(&mut self, at: usize, object: &Object, places: &Places, context: &Context) {
        let Object::Column(column) = object else { return };
        let around = [context.before, context.after]
            .into_iter()
            .flat_map(|schema| schema.ancestors(&column.table).into_iter().chain(schema.heirs(&column.table)));
        let gone = around.filter_map(|table| places.drop.get(&ObjectId::column(table, &column.name)));
        gone.for_each(|first| self.edge(*first, at));
    }

    /// What needs an object goes before the object changes or goes.
    fn connect_drop(&mut self, at: usize, object: &Object, places: &Places, context: &Context) {
        let parts: Vec<&Object> = match object {
            // A part with a drop of its own has its own place; counted here too, two tables that reference each other would
            // wait for each other.
            Object::Table(table) => {
                let parts = context.before.parts_of(&table.name);
                parts.filter(|part| places.drop.get(&part.id()) == Some(&at)).collect()
            }
            _ => Vec::new(),
        };
        // A foreign key to a partitioned table holds each of its partitions.
        for part in std::iter::once(object).chain(parts.iter().copied()) {
            let Object::ForeignKey(key) = part else { continue };
            let partitions = context.before.partitions(&key.references).into_iter().map(ObjectId::table);
            let goes = partitions.filter_map(|id| places.drop.get(&id));
            goes.for_each(|then| self.edge(at, *then));
        }
        if let Object::PrimaryKey(key) = object {
            let own = key.columns.iter().map(|name| ObjectId::inner(KindName::InheritedColumn, &key.table, name));
            own.for_each(|id| places.last(&id).for_each(|then| self.edge(at, then)));
        }
        for id in std::iter::once(object).chain(parts).flat_map(|object| object.requires(context.before)) {
            let home = context.before.home(id);
            places.last(&home).chain(places.vacate.get(&home).copied()).for_each(|then| self.edge(at, then));
        }
    }

    fn connect_alter(&mut self, at: usize, before: &Object, after: &Object, places: &Places, context: &Context) {
        let (needed, needs) = (before.requires(context.before), after.requires(context.after));
        for id in &needs {
            places.ready(&context.after.home(id.clone())).into_iter().for_each(|first| self.edge(first, at));
        }
        for id in needed.iter().filter(|id| !needs.contains(id)) {
            places.last(&context.before.home(id.clone())).for_each(|then| self.edge(at, then));
        }
        if before != after {
            self.await_columns(at, after, places, context);
        }
    }

    /// Rows are kept before the table or a partition of it goes, and come back when the new table has its partitions.
    fn connect_rows(&mut self, at: usize, action: &Action, table: &QualifiedName, places: &Places, context: &Context) {
        let of = |schema: &Schema| -> Vec<ObjectId> {
            std::iter::once(table).chain(schema.heirs(table)).map(ObjectId::table).collect()
        };
        if matches!(action, Action::Save(_)) {
            let goes = of(context.before).into_iter().filter_map(|id| places.drop.get(&id).copied());
            goes.collect::<Vec<_>>().into_iter().for_each(|then| self.edge(at, then));
        } else {
            // The columns that they take over among them.
            let above = context.after.ancestors(table).into_iter();
            let columns = above.flat_map(|parent| context.after.columns(parent)).map(Kind::id);
            let comes = of(context.after).into_iter().chain(columns).filter_map(|id| places.create.get(&id).copied());
            comes.collect::<Vec<_>>().into_iter().for_each(|first| self.edge(first, at));
        }
    }

    /// Two partitions cannot take one row at a time: what goes or is detached makes room for what comes. What changes in the parent
    /// must reach a partition while it is one.
    fn separate_partitions(&mut self, actions: &[Action], context: &Context) {
        let parent = |object: &Object| match object {
            Object::Table(table) => table.partition_of.as_ref().map(|of| of.parent.clone()),
            _ => None,
        };
        let (mut leaving, mut coming) = (Vec::new(), Vec::new());
        for (at, action) in actions.iter().enumerate() {
            match action {
                Action::Drop(object) => leaving.extend(parent(object).map(|parent| (at, parent))),
                Action::Release(diff) => leaving.extend(parent(&diff.before).map(|parent| (at, parent))),
                Action::Create(object, _) => coming.extend(parent(object).map(|parent| (at, parent))),
                Action::Alter(diff) if parent(&diff.before).is_some() && diff.before != diff.after => {
                    coming.extend(parent(&diff.after).map(|parent| (at, parent)));
                }
                _ => {}
            }
        }
        for (first, from) in &leaving {
            coming.iter().filter(|(_, to)| to == from).for_each(|(then, _)| self.edge(*first, *then));
            if matches!(actions[*first], Action::Release(_)) {
                self.parent_first(*first, from, actions, context);
            }
        }
    }

    fn parent_first(&mut self, then: usize, parent: &QualifiedName, actions: &[Action], context: &Context) {
        let above: Vec<&QualifiedName> = std::iter::once(parent).chain(context.before.ancestors(parent)).collect();
        let of_parent = |object: &Object| object.table().is_some_and(|table| above.contains(&table));
        for (at, action) in actions.iter().enumerate() {
            let first = match action {
                Action::Drop(object) | Action::Create(object, _) => of_parent(object),
                Action::Alter(diff) => of_parent(&diff.after),
                _ => false,
            };
            if first {
                self.edge(at, then);
            }
        }
    }

    /// Two objects cannot have one name at a time.
    fn separate_names(&mut self, actions: &[Action], context: &Context) {
        let (mut released, mut taken): (BTreeMap<NameClaim, usize>, Vec<(NameClaim, usize)>) = Default::default();
        for (at, action) in actions.iter().enumerate() {
            let (before, after) = claims(action, context);
            released.extend(before.iter().filter(|claim| !after.contains(claim)).map(|claim| (claim.clone(), at)));
            taken.extend(after.into_iter().filter(|claim| !before.contains(claim)).map(|claim| (claim, at)));
        }
        for (claim, then) in taken {
            if let Some(first) = released.get(&claim) {
                self.edge(*first, then);
            }
        }
    }

    /// Kahn's algorithm; among the actions that may come next, the one of the lowest rank.
    fn order(&self, actions: &[Action]) -> Vec<usize> {
        let mut waiting = vec![0usize; actions.len()];
        self.after.iter().flatten().for_each(|then| waiting[*then] += 1);
        let ranks: Vec<Rank> = actions.iter().map(rank).collect();
        let mut ready: BTreeSet<(&Rank, usize)> =
            (0..actions.len()).filter(|at| waiting[*at] == 0).map(|at| (&ranks[at], at)).collect();
        let mut left: BTreeSet<(&Rank, usize)> = ranks.iter().zip(0..).collect();
        let mut order = Vec::with_capacity(actions.len());
        // A cycle would be a defect of a kind's dependencies; the proof on the dev database then shows what PostgreSQL refuses.
        while let Some(next) = ready.pop_first().or_else(|| left.first().copied()) {
            if !left.remove(&next) {
                continue;
            }
            order.push(next.1);
            for then in &self.after[next.1] {
                waiting[*then] = waiting[*then].saturating_sub(1);
                if waiting[*then] == 0 {
                    ready.insert((&ranks[*then], *then));
                }
            }
        }
        order
    }
}

fn claims(action: &Action, context: &Context) -> (Vec<NameClaim>, Vec<NameClaim>) {
    let of =
        |object: &Object, parts: &[Object]| std::iter::once(object).chain(parts).flat_map(Object::claims).collect();
    match action {
        Action::Drop(Object::Table(table)) => {
            let mut parts: Vec<Object> = context.before.parts_of(&table.name).cloned().collect();
            parts.extend(owned_sequences(&table.name, None, context).cloned());
            (of(&Object::Table(table.clone()), &parts), Vec::new())
        }
        Action::Drop(object @ Object::Column(column)) => {
            let owned: Vec<Object> = owned_sequences(&column.table, Some(&column.name), context).cloned().collect();
            (of(object, &owned), Vec::new())
        }
        Action::Drop(object) => (of(object, &[]), Vec::new()),
        Action::Create(object, parts) => (Vec::new(), of(object, parts)),
        Action::Alter(diff) => (of(&diff.before, &[]), of(&diff.after, &[])),
        Action::Relabel(rename) => (vec![label(&rename.before)], vec![label(&rename.after)]),
        Action::Finish(_) | Action::Release(_) | Action::Vacate(_) | Action::Save(_) | Action::Restore(_) => {
            (Vec::new(), Vec::new())
        }
    }
}

/// The sequences that go with a table, or with a column of it.
fn owned_sequences<'s>(
    table: &'s QualifiedName,
    column: Option<&'s crate::Ident>,
    context: &Context<'s>,
) -> impl Iterator<Item = &'s Object> {
    let after = context.after;
    context.before.of_kind(KindName::Sequence).filter(move |object| {
        let owner = match object {
            Object::Sequence(of) => of.owned_by.as_ref(),
            _ => None,
        };
        let goes = owner.is_some_and(|(owner, of)| owner == table && column.is_none_or(|column| column == of));
        goes && !after.contains(&object.id())
    })
}

/// What a constraint or index claims by its name alone.
fn label(id: &ObjectId) -> NameClaim {
    let Some(table) = id.outer() else { unreachable!("constraints and indexes live in a table") };
    match id.kind {
        KindName::Check | KindName::ForeignKey => NameClaim::Constraint(table, id.name().clone()),
        _ => NameClaim::Relation(table.sibling(id.name().clone())),
    }
}

/// The tie-break: constraints and indexes that go; everything that comes or changes, by kind; what holds rows goes last.
type Rank = (u8, i32, Vec<crate::Ident>, u32, ObjectId);

fn rank(action: &Action) -> Rank {
    let (id, ordinal) = match action {
        Action::Drop(object) | Action::Create(object, _) | Action::Finish(object) => (object.id(), ordinal(object)),
        Action::Alter(diff) => (diff.after.id(), ordinal(&diff.after)),
        Action::Relabel(rename) => (rename.after.clone(), 0),
        Action::Release(diff) | Action::Vacate(diff) => (diff.after.id(), 0),
        Action::Save(table) | Action::Restore(table) => (ObjectId::table(table), 0),
    };
    let kind = id.kind as i32;
    let group = if id.kind == KindName::Column { id.path[..2].to_vec() } else { id.path.clone() };
    let holds_data = id.kind <= KindName::Column;
    match action {
        Action::Drop(_) if holds_data => (3, -kind, group, ordinal, id),
        Action::Drop(_) => (0, -kind, group, ordinal, id),
        Action::Save(_) | Action::Release(_) | Action::Vacate(_) => (0, -kind, group, ordinal, id),
        Action::Finish(_) => (2, kind, group, ordinal, id),
        _ => (1, kind, group, ordinal, id),
    }
}

fn ordinal(object: &Object) -> u32 {
    match object {
        Object::Column(column) => column.ordinal,
        _ => 0,
    }
}
