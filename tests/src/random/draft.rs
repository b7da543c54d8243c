//! A schema under construction: names stay unique as PostgreSQL wants them, what is removed takes along what needs it, and what is
//! renamed keeps the memory of its first name.
//!
//! The expressions of a renamed type or sequence are rewritten here and not by the code under test.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::{
    Expr, Ident, KindName, ObjectId, QualifiedName, Schema, SqlType,
    kinds::{ColumnValue, IndexKey, NameClaim, Object},
    rename::Rename,
};

/// A schema, and where its objects come from.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The objects.
    pub schema: Schema,
    /// For each object (and enum label) that was there at the start: its name now, its name then.
    pub origins: BTreeMap<ObjectId, ObjectId>,
}

impl Draft {
    /// A draft that starts from a finished schema.
    pub fn from(schema: &Schema) -> Draft {
        let ids = schema.iter().flat_map(|(id, object)| std::iter::once(id.clone()).chain(labels(object)));
        Draft { schema: schema.clone(), origins: ids.map(|id| (id.clone(), id)).collect() }
    }

    /// Adds an object unless its name is taken.
    pub fn add(&mut self, object: impl Into<Object>) -> bool {
        let object = object.into();
        let free = !self.schema.contains(&object.id()) && self.claims_free(&object, None);
        if free {
            self.schema.insert(object);
        }
        free
    }

    /// Puts another definition in the place of one of the same name, unless it claims a name that is taken.
    pub fn replace(&mut self, object: impl Into<Object>) -> bool {
        let object = object.into();
        let free = self.schema.contains(&object.id()) && self.claims_free(&object, Some(&object.id()));
        if free {
            self.schema.insert(object);
        }
        free
    }

    fn claims_free(&self, object: &Object, except: Option<&ObjectId>) -> bool {
        let wanted: BTreeSet<NameClaim> = object.claims().into_iter().collect();
        let others = self.schema.iter().filter(|(id, _)| Some(*id) != except);
        wanted.len() == object.claims().len()
            && !others.flat_map(|(_, other)| other.claims()).any(|claim| wanted.contains(&claim))
    }

    /// Takes an object out, with everything that cannot be without it.
    pub fn remove(&mut self, id: &ObjectId) {
        let mut gone = BTreeSet::from([id.clone()]);
        loop {
            let needs = |object: &Object| needed_by(object, &self.schema).iter().any(|id| gone.contains(id));
            let more = self.schema.iter().filter(|(id, object)| !gone.contains(*id) && needs(object));
            let more: Vec<ObjectId> = more.map(|(id, _)| id.clone()).collect();
            if more.is_empty() {
                break;
            }
            gone.extend(more);
        }
        for id in gone {
            self.forget(&id);
            self.schema.remove(&id);
        }
    }

    /// From now on the object (with what is in it) has nothing to do with the one at the start.
    pub fn forget(&mut self, id: &ObjectId) {
        self.origins.retain(|now, _| !is_within(now, id));
    }

    /// Gives an object another name, and everything that names it too. Not done when the name is taken.
    pub fn rename(&mut self, before: &ObjectId, after: &ObjectId) -> bool {
        let rename = Rename { before: before.clone(), after: after.clone() };
        let mut other = self.schema.clone();
        let expressions: Vec<(ObjectId, Vec<Expr>)> = other
            .iter()
            .map(|(id, object)| (id.clone(), object.expressions().into_iter().cloned().collect()))
            .collect();
        let mut kept = expressions.into_iter();
        let count = other.iter().count();
        other = other.map(|object| {
            let (_, kept) = kept.next().unwrap_or_else(|| unreachable!("objects are visited in their order"));
            object.follow(&rename);
            rewrite(object, &rename, kept);
        });
        let claims: Vec<NameClaim> = other.iter().flat_map(|(_, object)| object.claims()).collect();
        let unique = claims.iter().collect::<BTreeSet<_>>().len() == claims.len();
        if !unique || other.iter().count() != count {
            return false;
        }
        self.schema = other;
        let origins = std::mem::take(&mut self.origins);
        self.origins = origins.into_iter().map(|(now, then)| (moved(now, &rename), then)).collect();
        true
    }

    /// The renames to tell: what has another name than at the start, under its own first name.
    pub fn renames(&self, start: &Schema) -> Vec<Rename> {
        let schemas: BTreeMap<&Ident, &Ident> = self
            .origins
            .iter()
            .filter(|(now, _)| now.kind == KindName::Schema)
            .map(|(now, then)| (then.name(), now.name()))
            .collect();
        let differs = |now: &ObjectId, then: &ObjectId| match now.path.len() {
            2 => {
                now.name() != then.name()
                    || schemas.get(&then.path[0]).copied().unwrap_or(&then.path[0]) != &now.path[0]
            }
            _ => now.name() != then.name(),
        };
        let told = self.origins.iter().filter(|(now, then)| differs(now, then));
        let mut told: Vec<Rename> =
            told.map(|(now, then)| Rename { before: then.clone(), after: now.clone() }).collect();
        // `a` became `b` while both names exist on both sides: nothing but history tells it from a rename done long ago.
        loop {
            let doubtful = |rename: &Rename| {
                let back = told.iter().any(|other| other.after == in_new_place(rename));
                holds(start, &in_old_place(rename)) && holds(&self.schema, &in_new_place(rename)) && !back
            };
            let Some(at) = told.iter().position(doubtful) else { return told };
            told.remove(at);
        }
    }
}

/// The old name, where it would stand now.
fn in_new_place(rename: &Rename) -> ObjectId {
    let mut id = rename.after.clone();
    if let (Some(last), 2..) = (id.path.last_mut(), rename.after.path.len()) {
        *last = rename.before.name().clone();
    } else {
        return rename.before.clone();
    }
    if id.path.len() == 2 { rename.before.clone() } else { id }
}

/// The new name, where it would have stood at the start.
fn in_old_place(rename: &Rename) -> ObjectId {
    let mut id = rename.before.clone();
    if id.path.len() == 3 {
        id.path[2] = rename.after.name().clone();
        id
    } else {
        rename.after.clone()
    }
}

fn holds(schema: &Schema, id: &ObjectId) -> bool {
    match (id.kind, id.outer()) {
        (KindName::EnumValue, Some(of)) => {
            matches!(schema.get(&ObjectId::top(KindName::Enum, &of)), Some(Object::Enum(of)) if of.values.contains(id.name()))
        }
        _ => schema.contains(id),
    }
}

/// The labels of an enum, which are no objects but have names.
fn labels(object: &Object) -> Vec<ObjectId> {
    match object {
        Object::Enum(of) => {
            of.values.iter().map(|value| ObjectId::inner(KindName::EnumValue, &of.name, value)).collect()
        }
        _ => Vec::new(),
    }
}

fn is_within(id: &ObjectId, outer: &ObjectId) -> bool {
    match outer.kind {
        KindName::Schema => id == outer || (2 <= id.path.len() && id.path[0] == outer.path[0]),
        KindName::Table => {
            id == outer || (id.path.len() == 3 && id.kind != KindName::EnumValue && id.path[..2] == outer.path)
        }
        KindName::Enum => id == outer || (id.kind == KindName::EnumValue && id.path[..2] == outer.path),
        _ => id == outer,
    }
}

/// An id after a rename of itself or of what it is in.
fn moved(mut id: ObjectId, rename: &Rename) -> ObjectId {
    if !is_within(&id, &rename.before) {
        return id;
    }
    let new = &rename.after.path;
    id.path[..new.len()].clone_from_slice(new);
    id
}

/// What an object needs, in this generator's own view: it knows extensions too.
fn needed_by(object: &Object, schema: &Schema) -> Vec<ObjectId> {
    let mut ids = object.requires(schema);
    let extension = |name: &str| ObjectId::global(KindName::Extension, &Ident::of(name));
    let types: Vec<&SqlType> = match object {
        Object::Column(of) => vec![&of.sql_type],
        Object::Domain(of) => vec![&of.sql_type],
        _ => Vec::new(),
    };
    ids.extend(types.into_iter().filter_map(SqlType::user_type).map(|name| extension(name.name.as_str())));
    match object {
        Object::Sequence(of) => ids.extend(of.owned_by.iter().map(|(table, column)| ObjectId::column(table, column))),
        Object::Index(of)
            if of.columns.iter().any(|key| key.opclass.as_ref().is_some_and(|class| class.contains("trgm"))) =>
        {
            ids.push(extension("pg_trgm"));
        }
        Object::Exclusion(of) if of.elements.iter().any(|element| element.operator == "=") => {
            ids.push(extension("btree_gist"))
        }
        _ => {}
    }
    ids
}

/// The expressions of an object, to be changed.
pub fn expressions_mut(object: &mut Object) -> Vec<&mut Expr> {
    match object {
        Object::Domain(of) => of.default.iter_mut().chain(of.checks.iter_mut().map(|check| &mut check.expr)).collect(),
        Object::Column(of) => match &mut of.value {
            ColumnValue::Default(expr) | ColumnValue::Generated(expr) => vec![expr],
            _ => Vec::new(),
        },
        Object::Check(of) => vec![&mut of.expr],
        Object::Index(of) => {
            let keys = of.columns.iter_mut().filter_map(|key| match &mut key.key {
                IndexKey::Expression(expr) => Some(expr),
                IndexKey::Column(_) => None,
            });
            keys.chain(&mut of.predicate).collect()
        }
        Object::Exclusion(of) => {
            let keys = of.elements.iter_mut().filter_map(|element| match &mut element.key.key {
                IndexKey::Expression(expr) => Some(expr),
                IndexKey::Column(_) => None,
            });
            keys.chain(&mut of.predicate).collect()
        }
        _ => Vec::new(),
    }
}

/// Rewrites what `follow` must not guess: casts to a renamed type, names of sequences and labels in strings.
fn rewrite(object: &mut Object, rename: &Rename, kept: Vec<Expr>) {
    if rename.before.kind == KindName::Column {
        return;
    }
    for (expr, kept) in expressions_mut(object).into_iter().zip(kept) {
        *expr =
            Expr::new(texts(rename).into_iter().fold(kept.to_string(), |text, (old, new)| text.replace(&old, &new)));
    }
    if let (Object::Index(index), KindName::Schema) = (object, rename.before.kind) {
        let (old, new) = (format!("{}.", rename.before.name().quoted()), format!("{}.", rename.after.name().quoted()));
        for class in index.columns.iter_mut().filter_map(|key| key.opclass.as_mut()) {
            *class = class.strip_prefix(&old).map_or(class.clone(), |rest| format!("{new}{rest}"));
        }
    }
}

/// How the old and the new name stand in the generator's expressions.
fn texts(rename: &Rename) -> Vec<(String, String)> {
    let (before, after) = (&rename.before, &rename.after);
    let qualified = |id: &ObjectId| id.outer().as_ref().map(QualifiedName::quoted).unwrap_or_default();
    let literal = |text: &str| text.replace('\'', "''");
    match before.kind {
        KindName::Enum | KindName::Domain => {
            let named =
                |id: &ObjectId| id.outer().map(|name| format!("::{})", SqlType::user(name))).unwrap_or_default();
            vec![(named(before), named(after))]
        }
        KindName::Sequence => {
            let name = |id: &ObjectId| format!("nextval('{}')", literal(&qualified(id)));
            vec![(name(before), name(after))]
        }
        KindName::Schema => {
            let (old, new) = (before.name().quoted(), after.name().quoted());
            vec![
                (format!("::{old}."), format!("::{new}.")),
                (format!("nextval('{}.", literal(&old)), format!("nextval('{}.", literal(&new))),
            ]
        }
        KindName::EnumValue => {
            let text = |id: &ObjectId| schema_core::quote_literal(id.name().as_str());
            vec![(text(before), text(after))]
        }
        _ => Vec::new(),
    }
}
