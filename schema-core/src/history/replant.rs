//! The changes of one line made on another: what a revision does, on a schema that its author did not have.
//!
//! Where both lines changed the same property of an object, the line that is moved wins; other properties stay what they became. What has
//! no place any more is left out and told. Pure; no SQL is planned here.

use std::collections::BTreeSet;

use super::record::fold_fitting;
use crate::{
    Change, Diff, KindName, ObjectId, Schema,
    kinds::Object,
    moves::{rename_all, renamed_id},
    rename::Rename,
};

/// What was not done, or not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// The other line does the very same.
    Same(ObjectId),
    /// The other line has dropped the object, or what it stands on.
    Gone(ObjectId),
    /// The other line has made something that stands on what goes here, so it goes along.
    WentAlong(ObjectId),
    /// The other line has taken the name.
    Taken(ObjectId),
}

/// Changes on their way to another schema.
///
/// ```
/// use schema_core::{Change, Ident, QualifiedName, Schema, SqlType, history::Replant, kinds::{Column, Object, Table}};
/// let users = QualifiedName::public(Ident::of("users"));
/// let column = |name: &str| Object::from(Column::new(users.clone(), Ident::of(name), SqlType::parse("text").unwrap()));
/// let fork: Schema = [Table::new(users.clone()).into()].into_iter().collect();
/// let mut replant = Replant::new(&fork, &[Change::Create(column("age"))]);
/// replant.revision(&[Change::Create(column("bio"))]);
/// assert_eq!(replant.schema.columns(&users).len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Replant {
    /// The schema on the new place so far.
    pub schema: Schema,
    /// The schema on the old place so far.
    from: Schema,
    /// Renames of the other line that the changes have not seen.
    unseen: Vec<Rename>,
}

/// One revision on its new place.
#[derive(Clone, Debug, Default)]
pub struct Replanted {
    /// Its renames there.
    pub renames: Vec<Rename>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

impl Replant {
    /// From the schema where the lines part to the one where the changes of the other line lead.
    pub fn new<'c>(fork: &Schema, other_line: impl IntoIterator<Item = &'c Change>) -> Replant {
        let other_line: Vec<&Change> = other_line.into_iter().collect();
        let schema = fold_fitting(fork.clone(), other_line.iter().copied());
        let unseen = composed(other_line.into_iter());
        Replant { schema, from: fork.clone(), unseen }
    }

    /// Makes the changes of the next revision of the line.
    pub fn revision(&mut self, changes: &[Change]) -> Replanted {
        let mut done = Replanted::default();
        let mut renames = Vec::new();
        for change in changes {
            self.change(change, &mut done.left_out, &mut renames);
            self.from = stepped(std::mem::take(&mut self.from), change);
        }
        done.renames = composed(renames.iter());
        done.left_out.sort();
        done.left_out.dedup();
        done
    }

    fn change(&mut self, change: &Change, left_out: &mut Vec<LeftOut>, renames: &mut Vec<Change>) {
        match change {
            Change::Create(object) if self.stands(object) => self.create(self.followed(object), left_out),
            Change::Create(object) => self.missed(object, left_out),
            Change::Drop(object) => self.remove(&self.followed(object).id(), left_out),
            Change::Alter(diff) if self.stands(&diff.after) => {
                let diff = Diff { before: self.followed(&diff.before), after: self.followed(&diff.after) };
                self.alter(diff, left_out);
            }
            Change::Alter(diff) => self.missed(&diff.after, left_out),
            Change::Rename(rename) => {
                let here = self.followed_rename(rename);
                self.unseen.retain(|other| other.before != rename.before);
                if self.rename(&here, left_out) {
                    renames.push(Change::Rename(here));
                }
            }
        }
    }

    /// An object that lacks here what it stands on.
    fn missed(&self, object: &Object, left_out: &mut Vec<LeftOut>) {
        let id = self.followed(object).id();
        let there = self.schema.get(&id);
        left_out.push(if there == Some(&self.followed(object)) { LeftOut::Same(id) } else { LeftOut::Gone(id) });
    }

    fn followed(&self, object: &Object) -> Object {
        let schema: Schema = [object.clone()].into_iter().collect();
        let followed =
            self.unseen.iter().fold(schema, |schema, rename| rename_all(schema, std::slice::from_ref(rename)));
        followed.iter().next().map_or_else(|| object.clone(), |(_, object)| object.clone())
    }

    fn followed_rename(&self, rename: &Rename) -> Rename {
        let (mut before, mut after) = (rename.before.clone(), rename.after.clone());
        for other in &self.unseen {
            before = renamed_id(&before, std::slice::from_ref(other));
            if other.before.path.len() < after.path.len() {
                after = renamed_id(&after, std::slice::from_ref(other));
            }
        }
        Rename { before, after }
    }

    /// Whether all that an object stood on where it was written is here too, under whatever name.
    fn stands(&self, object: &Object) -> bool {
        let needed = object.requires(&self.from).into_iter().chain(object.table().map(ObjectId::table));
        let stands = needed.into_iter().filter(|id| self.from.contains(id)).all(|id| {
            let here = self.unseen.iter().fold(id, |id, rename| renamed_id(&id, std::slice::from_ref(rename)));
            self.schema.contains(&here)
        });
        stands && (has_key(&self.followed(object), &self.schema) || !has_key(object, &self.from))
    }

    fn create(&mut self, object: Object, left_out: &mut Vec<LeftOut>) {
        let id = object.id();
        match self.schema.get(&id) {
            Some(there) if *there == object => left_out.push(LeftOut::Same(id)),
            Some(there) => {
                let place = there.clone();
                self.schema.insert(in_place_of(&place, object));
            }
            None => self.schema = stepped(std::mem::take(&mut self.schema), &Change::Create(object)),
        }
    }

    fn alter(&mut self, diff: Diff<Object>, left_out: &mut Vec<LeftOut>) {
        let id = diff.after.id();
        match self.schema.get(&id) {
            None => left_out.push(LeftOut::Gone(id)),
            Some(there) if *there == diff.after => left_out.push(LeftOut::Same(id)),
            Some(there) => {
                let merged = in_place_of(there, three_way(there, &diff));
                self.schema.insert(merged);
                self.without_key(left_out);
            }
        }
    }

    /// Foreign keys of the other line whose key is another one now go along with it.
    fn without_key(&mut self, left_out: &mut Vec<LeftOut>) {
        let lost = |object: &&Object| !has_key(object, &self.schema) && !self.from.contains(&object.id());
        let lost: Vec<ObjectId> = self.schema.of_kind(KindName::ForeignKey).filter(lost).map(Object::id).collect();
        for id in lost {
            self.schema.remove(&id);
            left_out.push(LeftOut::WentAlong(id));
        }
    }

    /// Takes an object out, with all that stands on it.
    fn remove(&mut self, id: &ObjectId, left_out: &mut Vec<LeftOut>) {
        if !self.schema.contains(id) {
            left_out.push(LeftOut::Same(id.clone()));
            return;
        }
        let mut gone = BTreeSet::from([id.clone()]);
        loop {
            let needs = |object: &Object| {
                let needed = object.requires(&self.schema).into_iter().chain(object.table().map(ObjectId::table));
                needed.into_iter().any(|needed| gone.contains(&needed))
            };
            let more = self.schema.iter().filter(|(id, object)| !gone.contains(*id) && needs(object));
            let more: Vec<ObjectId> = more.map(|(id, _)| id.clone()).collect();
            if more.is_empty() {
                break;
            }
            gone.extend(more);
        }
        for id in &gone {
            self.schema.remove(id);
        }
        // What its author had there is dropped by a change of its own.
        let alone = gone.into_iter().filter(|other| other != id && !self.from.contains(other));
        left_out.extend(alone.map(LeftOut::WentAlong));
    }

    fn rename(&mut self, rename: &Rename, left_out: &mut Vec<LeftOut>) -> bool {
        if rename.before == rename.after {
            left_out.push(LeftOut::Same(rename.after.clone()));
            return false;
        }
        if rename.before.kind != KindName::EnumValue && !self.schema.contains(&rename.before) {
            let done = self.schema.contains(&rename.after);
            let id = rename.after.clone();
            left_out.push(if done { LeftOut::Same(id) } else { LeftOut::Gone(id) });
            return false;
        }
        match Change::Rename(rename.clone()).apply(self.schema.clone()) {
            Ok(schema) => {
                self.schema = schema;
                true
            }
            Err(_) => {
                left_out.push(LeftOut::Taken(rename.after.clone()));
                false
            }
        }
    }
}

/// Whether the key that a foreign key needs is there, whichever it is; other objects need none.
fn has_key(object: &Object, schema: &Schema) -> bool {
    let is_key = |id: &ObjectId| matches!(id.kind, KindName::PrimaryKey | KindName::Unique | KindName::Index);
    object.kind() != KindName::ForeignKey || object.requires(schema).iter().any(is_key)
}

/// The renames among changes, each from its first name to its last: a detour that two of them took is none elsewhere.
pub fn composed<'c>(changes: impl Iterator<Item = &'c Change>) -> Vec<Rename> {
    let mut renames: Vec<Rename> = Vec::new();
    for change in changes {
        let Change::Rename(rename) = change else { continue };
        match renames.iter_mut().find(|known| known.after == rename.before) {
            Some(known) => known.after = rename.after.clone(),
            None => renames.push(rename.clone()),
        }
    }
    renames.retain(|rename| rename.before != rename.after);
    renames
}

/// A change that does not fit is left out: it was told where the history was folded.
fn stepped(schema: Schema, change: &Change) -> Schema {
    change.apply(schema.clone()).unwrap_or(schema)
}

/// A column stays where it is in its table.
fn in_place_of(there: &Object, object: Object) -> Object {
    match (there, object) {
        (Object::Column(there), Object::Column(mut column)) => {
            column.ordinal = there.ordinal;
            Object::Column(column)
        }
        (_, object) => object,
    }
}

/// What `there` becomes when it gets what differs between the two sides, property by property. A definition that makes no sense when it is put together so is
/// taken whole.
fn three_way(there: &Object, diff: &Diff<Object>) -> Object {
    let value = |object: &Object| toml::Value::try_from(object).ok();
    let (Some(here), Some(before), Some(after)) = (value(there), value(&diff.before), value(&diff.after)) else {
        return diff.after.clone();
    };
    let merged = merged(Some(here), Some(before), Some(after));
    merged.and_then(|value| value.try_into().ok()).unwrap_or_else(|| diff.after.clone())
}

fn merged(here: Option<toml::Value>, before: Option<toml::Value>, after: Option<toml::Value>) -> Option<toml::Value> {
    use toml::Value::{Array, Table};
    if before == after {
        return here;
    }
    match (here, before, after) {
        (Some(Table(here)), Some(Table(before)), Some(Table(after))) => {
            let keys: BTreeSet<String> = here.keys().chain(before.keys()).chain(after.keys()).cloned().collect();
            let of = |table: &toml::Table, key: &str| table.get(key).cloned();
            let pairs = keys.into_iter().filter_map(|key| {
                let value = merged(of(&here, &key), of(&before, &key), of(&after, &key))?;
                Some((key, value))
            });
            Some(Table(pairs.collect()))
        }
        (Some(Array(here)), Some(Array(before)), Some(Array(after))) => Some(Array(merged_list(here, &before, &after))),
        (_, _, after) => after,
    }
}

/// A list with what the other line did to it and what this one did: labels of an enum, columns of a key.
fn merged_list(mut here: Vec<toml::Value>, before: &[toml::Value], after: &[toml::Value]) -> Vec<toml::Value> {
    let kept = |list: &[toml::Value], other: &[toml::Value]| -> Vec<toml::Value> {
        list.iter().filter(|value| other.contains(value)).cloned().collect()
    };
    if kept(after, before) != kept(before, after) {
        // The order changed, which cannot be made twice.
        return after.to_vec();
    }
    here.retain(|value| after.contains(value) || !before.contains(value));
    for (at, value) in after.iter().enumerate() {
        if here.contains(value) || before.contains(value) {
            continue;
        }
        let previous = at.checked_sub(1).and_then(|at| here.iter().position(|known| *known == after[at]));
        // Behind what the other line has put there: that is in databases already.
        let mut place = previous.map_or(0, |previous| previous + 1);
        while place < here.len() && !before.contains(&here[place]) && !after.contains(&here[place]) {
            place += 1;
        }
        here.insert(place, value.clone());
    }
    here
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Ident, QualifiedName, SqlType,
        kinds::{Column, ColumnValue, EnumType, Table},
    };

    fn users() -> QualifiedName {
        QualifiedName::public(Ident::of("users"))
    }

    fn column(name: &str, sql_type: &str) -> Column {
        Column::new(users(), Ident::of(name), SqlType::parse(sql_type).unwrap())
    }

    fn mood(labels: &str) -> Object {
        let values = labels.split_whitespace().map(Ident::of).collect();
        EnumType { name: QualifiedName::public(Ident::of("mood")), values, comment: None }.into()
    }

    fn fork() -> Schema {
        [Table::new(users()).into(), column("mail", "text").into(), mood("sad ok")].into_iter().collect()
    }

    #[track_caller]
    fn check(other_line: &[Change], changes: &[Change], left_out: &[LeftOut]) -> Schema {
        let mut replant = Replant::new(&fork(), other_line);
        assert_eq!(replant.revision(changes).left_out, left_out);
        replant.schema
    }

    fn alter(before: impl Into<Object>, after: impl Into<Object>) -> Change {
        Change::Alter(Diff { before: before.into(), after: after.into() })
    }

    #[test]
    fn the_same_change_is_made_once() {
        let bio = Change::Create(column("bio", "text").into());
        let id = bio.id();
        check(std::slice::from_ref(&bio), std::slice::from_ref(&bio), &[LeftOut::Same(id)]);
    }

    #[test]
    fn properties_are_merged_one_by_one() {
        let set = Column { nullable: true, ..column("mail", "text") };
        let value = ColumnValue::Default(crate::Expr::new("''"));
        let default = Column { value, ..column("mail", "text") };
        let schema =
            check(&[alter(column("mail", "text"), set)], &[alter(column("mail", "text"), default.clone())], &[]);
        let mail = schema.column(&users(), &Ident::of("mail")).unwrap();
        assert_eq!((mail.nullable, &mail.value), (true, &default.value));
    }

    #[test]
    fn labels_of_both_lines_are_there_in_the_order_of_the_lines() {
        let adds = |label: &str| alter(mood("sad ok"), mood(&format!("sad ok {label}")));
        let schema = check(&[adds("happy")], &[adds("angry")], &[]);
        assert!(schema.iter().any(|(_, object)| *object == mood("sad ok happy angry")));
        let first = alter(mood("sad ok"), mood("new sad ok"));
        let schema = check(&[adds("happy")], &[first], &[]);
        assert!(schema.iter().any(|(_, object)| *object == mood("new sad ok happy")));
    }

    #[test]
    fn changes_follow_the_renames_of_the_other_line() {
        let people = QualifiedName::public(Ident::of("people"));
        let rename = Rename { before: ObjectId::table(&users()), after: ObjectId::table(&people) };
        let schema = check(&[Change::Rename(rename)], &[Change::Create(column("bio", "text").into())], &[]);
        assert!(schema.column(&people, &Ident::of("bio")).is_some());
    }

    #[test]
    fn what_has_no_place_any_more_is_told() {
        let drops = Change::Drop(column("mail", "text").into());
        let id = drops.id();
        check(
            std::slice::from_ref(&drops),
            &[alter(column("mail", "text"), column("mail", "bytea"))],
            &[LeftOut::Gone(id.clone())],
        );
        check(std::slice::from_ref(&drops), std::slice::from_ref(&drops), &[LeftOut::Same(id)]);
    }

    #[test]
    fn detours_are_none_elsewhere() {
        let id = |name: &str| ObjectId::column(&users(), &Ident::of(name));
        let steps = [("a", "aside"), ("b", "a"), ("aside", "b")];
        let steps = steps.map(|(before, after)| Change::Rename(Rename { before: id(before), after: id(after) }));
        let found: Vec<String> = composed(steps.iter())
            .iter()
            .map(|rename| format!("{} {}", rename.before.name(), rename.after.name()))
            .collect();
        assert_eq!(found, ["a b", "b a"]);
    }
}
