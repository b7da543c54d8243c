//! What the recorded changes of a revision write and what they stand on: enough to tell whether another revision is in their way.
//!
//! Two revisions with disjoint footprints give the same schema in both orders. What only PostgreSQL can read, the text of a view or the
//! body of a function, is compared by the names in it, which is too much rather than too little. No SQL of a revision is looked at.

use std::collections::BTreeMap;

use super::record::fold_fitting;
use super::text_marks::TextMarks;
use crate::{
    Change, Diff, Ident, KindName, ObjectId, QualifiedName, Schema, Statement,
    kinds::{Alteration, Column, ColumnValue, NameClaim, Object},
    plan::{Context, Fill, Hints},
    rename::Rename,
};

/// One thing that can be written and read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// An object.
    Object(ObjectId),
    /// A name that no two objects can have.
    Name(NameClaim),
    /// The keys of a table. A foreign key takes any that fits, so another one is no matter of its own.
    Keys(QualifiedName),
    /// A table with its partitions, or with those that inherit from it: PostgreSQL carries an index or a constraint to all of them.
    Family(QualifiedName),
    /// What new objects are granted.
    DefaultPrivileges,
    /// What is there without being declared.
    Extensions,
}

/// How much of a thing a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// It has to be there.
    Read,
    /// A property that nothing else stands on, such as a comment or a further label.
    Property,
    /// It comes, goes, or is something else.
    Whole,
}

impl Depth {
    fn bars(self, other: Depth) -> bool {
        let (less, more) = (self.min(other), self.max(other));
        more == Depth::Whole || (less == Depth::Property && more == Depth::Property)
    }
}

/// What a revision writes and reads.
///
/// ```
/// use schema_core::{Change, Ident, QualifiedName, Schema, SqlType, history::{Footprint, Meeting}, kinds::{Column, Table}};
/// let users = QualifiedName::public(Ident::of("users"));
/// let start: Schema = [Table::new(users.clone()).into()].into_iter().collect();
/// let adds = |name: &str| {
///     let column = Column::new(users.clone(), Ident::of(name), SqlType::parse("text").unwrap());
///     Footprint::of(&[Change::Create(column.into())], &start)
/// };
/// assert_eq!(adds("bio").meets(&adds("age")), Meeting::Apart);
/// assert!(matches!(adds("bio").meets(&adds("bio")), Meeting::Clash(_)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Footprint {
    changes: Vec<Change>,
    /// How deep each mark is touched, and by which change.
    marks: BTreeMap<Mark, (Depth, usize)>,
    texts: TextMarks,
    /// Whether the changes are all that the revision does.
    partial: bool,
}

/// How two revisions stand to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Nothing of one is in the way of the other.
    Apart,
    /// Only PostgreSQL can tell: both orders have to be run.
    Unclear,
    /// One is in the way of the other.
    Clash(Vec<Clash>),
}

/// One thing that two revisions are both about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// What it is.
    pub mark: Mark,
    /// The change of the first revision, and whether it writes the thing; else it stands on it.
    pub left: (Change, bool),
    /// The same of the second.
    pub right: (Change, bool),
}

impl Clash {
    /// Whether both sides make the very same change.
    pub fn is_same(&self) -> bool {
        self.left.0 == self.right.0
    }
}

impl Footprint {
    /// The footprint of changes that start from `before`.
    pub fn of(changes: &[Change], before: &Schema) -> Footprint {
        let after = fold_fitting(before.clone(), changes.iter());
        let mut draft = Draft { before, after: &after, at: 0, marks: BTreeMap::new() };
        for (at, change) in changes.iter().enumerate() {
            draft.at = at;
            draft.change(change);
        }
        let marks = draft.marks;
        let written = marks.iter().filter(|(_, (depth, _))| *depth != Depth::Read).filter_map(|(mark, _)| match mark {
            Mark::Object(id) => Some(id),
            _ => None,
        });
        let texts = TextMarks::of(changes, written, [before, &after]);
        Footprint { changes: changes.to_vec(), marks, texts, partial: false }
    }

    /// The same for a revision that does more than it records.
    #[must_use]
    pub fn partial(self) -> Footprint {
        Footprint { partial: true, ..self }
    }

    /// Whether the revision does more than it records.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// The objects that it makes, changes, drops or renames.
    pub fn written(&self) -> impl Iterator<Item = &ObjectId> {
        self.marks.iter().filter_map(|(mark, (depth, _))| match mark {
            Mark::Object(id) if *depth != Depth::Read => Some(id),
            _ => None,
        })
    }

    /// How this revision stands to another one that starts from the same schema.
    pub fn meets(&self, other: &Footprint) -> Meeting {
        let mut clashes = Vec::new();
        for (mark, (depth, at)) in &self.marks {
            let Some((theirs, their_at)) = other.marks.get(mark) else { continue };
            if depth.bars(*theirs) {
                clashes.push(Clash {
                    mark: mark.clone(),
                    left: (self.changes[*at].clone(), *depth != Depth::Read),
                    right: (other.changes[*their_at].clone(), *theirs != Depth::Read),
                });
            }
        }
        if !clashes.is_empty() {
            return Meeting::Clash(clashes);
        }
        let unclear = self.partial || other.partial || self.texts.meets(&other.texts);
        if unclear { Meeting::Unclear } else { Meeting::Apart }
    }
}

/// A footprint that is being drawn.
struct Draft<'s> {
    before: &'s Schema,
    after: &'s Schema,
    at: usize,
    marks: BTreeMap<Mark, (Depth, usize)>,
}

impl<'s> Draft<'s> {
    fn touch(&mut self, mark: Mark, depth: Depth) {
        let entry = self.marks.entry(mark).or_insert((depth, self.at));
        if entry.0 < depth {
            *entry = (depth, self.at);
        }
    }

    fn change(&mut self, change: &Change) {
        let (before, after) = (self.before, self.after);
        match change {
            Change::Create(object) => self.whole(object, after),
            Change::Drop(object) => self.whole(object, before),
            Change::Alter(diff) => self.alter(diff),
            Change::Rename(rename) => self.rename(rename),
        }
        if let Change::Drop(Object::Extension(_)) | Change::Alter(Diff { before: Object::Extension(_), .. }) = change {
            self.touch(Mark::Extensions, Depth::Whole);
        }
    }

    /// An object that comes or goes, or is no more what it was.
    fn whole(&mut self, object: &Object, schema: &'s Schema) {
        self.touch(Mark::Object(object.id()), Depth::Whole);
        for claim in object.claims() {
            self.touch(Mark::Name(claim), Depth::Whole);
        }
        self.column_of_heirs(object, schema);
        self.reads(object, schema);
        self.others(object, schema);
    }

    fn alter(&mut self, diff: &Diff<Object>) {
        if is_property(diff, self.before, self.after) {
            self.touch(Mark::Object(diff.after.id()), Depth::Property);
            self.reads(&diff.before, self.before);
            self.reads(&diff.after, self.after);
            return;
        }
        self.whole(&diff.before, self.before);
        self.whole(&diff.after, self.after);
        // Columns of a type that is made anew are converted, and what is written over them is made anew around that.
        let hints = Hints::default();
        let context = Context { before: self.before, after: self.after, hints: &hints, fill: Fill::Nothing };
        let sides = Diff { before: &diff.before, after: &diff.after };
        let retyped = Object::retypes(&sides, &context).into_iter().map(|of| of.id);
        for id in retyped.chain(Object::takes_along(&sides, &context)) {
            self.touch(Mark::Object(id), Depth::Whole);
        }
    }

    fn rename(&mut self, rename: &Rename) {
        for (id, schema) in [(&rename.before, self.before), (&rename.after, self.after)] {
            self.touch(Mark::Object(id.clone()), Depth::Whole);
            if let (KindName::EnumValue, Some(of)) = (id.kind, id.outer()) {
                // A default or a check of the other side may say the old label.
                self.touch(Mark::Object(ObjectId::top(KindName::Enum, &of)), Depth::Whole);
            }
            match schema.get(id) {
                Some(object) => self.whole(object, schema),
                None => self.places(id, schema),
            }
        }
    }

    /// What the object stands on.
    fn reads(&mut self, object: &Object, schema: &'s Schema) {
        self.places(&object.id(), schema);
        let finished = object.finish().map(|(needed, _)| needed).unwrap_or_default();
        for id in object.requires(schema).into_iter().chain(finished).chain(object.owner()) {
            self.read(id.clone(), schema);
            self.read(schema.home(id), schema);
        }
        if let Object::ForeignKey(key) = object {
            self.touch(Mark::Keys(key.references.clone()), Depth::Read);
        }
        if may_use_extensions(object) {
            self.touch(Mark::Extensions, Depth::Read);
        }
    }

    fn read(&mut self, id: ObjectId, schema: &'s Schema) {
        self.places(&id, schema);
        self.touch(Mark::Object(id), Depth::Read);
    }

    /// The table, its ancestors and the PostgreSQL schema that an object is in.
    fn places(&mut self, id: &ObjectId, schema: &'s Schema) {
        if id.path.len() < 2 {
            return;
        }
        self.touch(Mark::Object(ObjectId::global(KindName::Schema, &id.path[0])), Depth::Read);
        let Some(table) = id.outer().filter(|table| schema.table(table).is_some()) else { return };
        for ancestor in schema.ancestors(&table) {
            self.touch(Mark::Object(ObjectId::table(ancestor)), Depth::Read);
        }
        if id.path.len() == 3 {
            self.touch(Mark::Object(ObjectId::table(&table)), Depth::Read);
        }
    }

    /// A column of a table is one of all its heirs.
    fn column_of_heirs(&mut self, object: &Object, schema: &Schema) {
        let Object::Column(column) = object else { return };
        for heir in schema.heirs(&column.table) {
            self.touch(Mark::Object(ObjectId::column(heir, &column.name)), Depth::Whole);
        }
    }

    /// What is touched besides the object itself.
    fn others(&mut self, object: &Object, schema: &Schema) {
        match object {
            Object::DefaultPrivileges(_) => self.touch(Mark::DefaultPrivileges, Depth::Whole),
            Object::PrimaryKey(_) | Object::Unique(_) => self.keys(object),
            Object::Index(index) if index.unique => self.keys(object),
            _ => {}
        }
        if is_granted(object) {
            self.touch(Mark::DefaultPrivileges, Depth::Read);
        }
        let table = match object {
            Object::Table(table) => Some(&table.name),
            other => other.table(),
        };
        let Some(table) = table else { return };
        let root = schema.ancestors(table).into_iter().next_back().unwrap_or(table).clone();
        if root != *table || !schema.heirs(table).is_empty() {
            let own_column = root == *table && matches!(object, Object::Column(_));
            self.touch(Mark::Family(root), if own_column { Depth::Read } else { Depth::Whole });
        }
    }

    fn keys(&mut self, object: &Object) {
        if let Some(table) = object.table() {
            self.touch(Mark::Keys(table.clone()), Depth::Whole);
        }
    }
}

/// Whether an alteration leaves alone whatever else stands on the object.
fn is_property(diff: &Diff<Object>, before: &Schema, after: &Schema) -> bool {
    match (&diff.before, &diff.after) {
        (Object::Enum(_), Object::Enum(_)) => {
            let hints = Hints::default();
            let context = Context { before, after, hints: &hints, fill: Fill::Nothing };
            let sides = Diff { before: &diff.before, after: &diff.after };
            // A type that is made anew takes its columns along, those of the other side too.
            let in_place = |statement: &Statement| !statement.text().starts_with("DROP");
            match Object::alter(&sides, &context) {
                Alteration::Statements(statements) => statements.iter().all(in_place),
                Alteration::Recreate => false,
            }
        }
        (Object::Column(old), Object::Column(new)) => {
            let plain = |column: &Column| matches!(column.value, ColumnValue::None | ColumnValue::Default(_));
            let same = Column { value: old.value.clone(), comment: old.comment.clone(), ..new.clone() };
            plain(old) && plain(new) && same == *old
        }
        (Object::Table(old), Object::Table(new)) => {
            let mut same = new.clone();
            same.comment.clone_from(&old.comment);
            same == *old
        }
        _ => false,
    }
}

/// Whether PostgreSQL grants something on it when it is made.
fn is_granted(object: &Object) -> bool {
    match object {
        Object::Column(column) => column.value.sequence().is_some(),
        Object::Schema(_) | Object::Enum(_) | Object::Domain(_) | Object::Sequence(_) | Object::Table(_) => true,
        Object::Sql(_) | Object::Privileges(_) => true,
        _ => false,
    }
}

/// Whether a type, an operator class or a function of an extension may be in it. An extension that goes is in the way of all of them;
/// one that comes is in nobody's way.
fn may_use_extensions(object: &Object) -> bool {
    match object {
        Object::Column(column) => column.sql_type.user_type().is_some() || !object.expressions().is_empty(),
        Object::Domain(_) | Object::Index(_) | Object::Exclusion(_) | Object::Check(_) | Object::Sql(_) => true,
        _ => false,
    }
}

/// The names that stand for an object in a text: its own, and that of the table it is in.
pub(super) fn names(id: &ObjectId) -> Vec<&Ident> {
    match id.path.as_slice() {
        [_, outer, own] if !matches!(id.kind, KindName::Column | KindName::EnumValue) && !id.kind.has_signature() => {
            vec![outer, own]
        }
        [_, outer, _] if !id.kind.has_signature() => vec![outer],
        _ => vec![id.name()],
    }
}
