//! What objects get when they are made (`pg_default_acl`): `ALTER DEFAULT PRIVILEGES`.
//!
//! Those of the role that runs the migrations count for every declared object, whenever it was made ([`implied`]): PostgreSQL gives them to
//! new objects only, and then the same files would lead to different databases.
//!
//! <https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html>

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::rights::steps;
use super::{
    Alteration, Column, Grantee, Kind, NameClaim, Object, ObjectClass, Privileges, Rights, rights::is_nothing,
};
use crate::{DEFAULT_SCHEMA, Diff, Ident, KindName, ObjectId, Schema, Statement, plan::Context, rename::Rename};

/// What one role gets on the new objects of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultPrivileges {
    /// Who makes the objects: the owner is the role that runs the migrations.
    pub role: Grantee,
    /// Where; none for everywhere, in place of what PostgreSQL gives by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Ident>,
    /// Which objects.
    pub on: ObjectClass,
    /// Whose they are.
    pub to: Grantee,
    /// What they are.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub rights: Rights,
}

impl DefaultPrivileges {
    /// Whether there is nothing to say.
    pub fn is_default(&self) -> bool {
        self.rights == self.defaults()
    }

    /// What they are where nobody has said anything.
    pub fn defaults(&self) -> Rights {
        match &self.schema {
            Some(_) => Rights::default(),
            None => Rights::default_of(self.on, false, &self.to),
        }
    }

    /// The statements that make them from nothing.
    pub fn texts(&self) -> Vec<String> {
        self.changes(&self.defaults()).iter().map(Statement::text).collect()
    }

    fn changes(&self, before: &Rights) -> Vec<Statement> {
        let role = match &self.role {
            Grantee::Owner => String::new(),
            role => format!(" FOR ROLE {role}"),
        };
        let schema = self.schema.as_ref().map(|name| format!(" IN SCHEMA {}", name.quoted())).unwrap_or_default();
        // Whoever makes an object owns it.
        let to = if self.to == Grantee::Owner { &self.role } else { &self.to };
        let steps = steps(before, before, &self.rights, &self.on.all());
        let sql = steps.iter().map(|step| step.sql(self.on.word(), &to.to_string()));
        sql.map(|sql| Statement::sql(format!("ALTER DEFAULT PRIVILEGES{role}{schema} {sql}"))).collect()
    }
}

impl Kind for DefaultPrivileges {
    fn id(&self) -> ObjectId {
        let of = match &self.role {
            Grantee::Owner => String::new(),
            role => format!(" of {role}"),
        };
        let what = format!("{}{of} to {}", self.on.word().to_lowercase(), self.to);
        let path = match &self.schema {
            Some(schema) => vec![schema.clone(), Ident::signature(&format!(": {what}"))],
            None => vec![Ident::signature(&what)],
        };
        ObjectId { kind: KindName::DefaultPrivileges, path }
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        self.schema.iter().map(|name| ObjectId::global(KindName::Schema, name)).collect()
    }

    /// Those of a PostgreSQL schema go with it.
    fn owner(&self) -> Option<ObjectId> {
        self.schema.as_ref().map(|name| ObjectId::global(KindName::Schema, name))
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        self.changes(&self.defaults())
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        DefaultPrivileges { rights: self.defaults(), ..self.clone() }.changes(&self.rights)
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        Alteration::Statements(diff.after.changes(&diff.before.rights))
    }

    fn claims(&self) -> Vec<NameClaim> {
        Vec::new()
    }

    fn follow(&mut self, rename: &Rename) {
        if let Some(schema) = self
            .schema
            .as_mut()
            .filter(|schema| rename.before.kind == KindName::Schema && *schema == rename.before.name())
        {
            *schema = rename.after.name().clone();
        }
    }

    fn with_name(&self, _name: &Ident) -> Self {
        self.clone()
    }
}

/// What the default privileges of a schema give to a role on an object; none when they say nothing of it.
pub fn implied(schema: &Schema, target: &ObjectId, to: &Grantee) -> Option<Rights> {
    let class = ObjectClass::of(target.kind)?;
    let is_public = target.kind == KindName::Schema && target.name().as_str() == DEFAULT_SCHEMA;
    let (mut everywhere, mut inside) = (None, None);
    for object in schema.of_kind(KindName::DefaultPrivileges).filter(|_| !is_public) {
        let Object::DefaultPrivileges(of) = object else { continue };
        if of.role != Grantee::Owner || of.on != class || of.to != *to {
            continue;
        }
        match &of.schema {
            None => everywhere = Some(of.rights.clone()),
            Some(name) if target.path.len() > 1 && *name == target.path[0] => inside = Some(of.rights.clone()),
            Some(_) => {}
        }
    }
    match (everywhere, inside) {
        (None, None) => None,
        (global, local) => {
            let global = global.unwrap_or_else(|| Rights::default_of(class, false, to));
            Some(global.or(&local.unwrap_or_default()))
        }
    }
}

/// The objects of a schema that can have privileges, the sequences of columns among them, and the PostgreSQL schema `public`.
pub fn targets(schema: &Schema) -> Vec<ObjectId> {
    let public = ObjectId::global(KindName::Schema, &Ident::of(DEFAULT_SCHEMA));
    let own = schema.iter().filter(|(id, _)| ObjectClass::of(id.kind).is_some()).map(|(id, _)| id.clone());
    let of_column = |object: &Object| match object {
        Object::Column(column) => sequence_of(column),
        _ => None,
    };
    let sequences = schema.of_kind(KindName::Column).filter_map(of_column);
    std::iter::once(public).chain(own).chain(sequences).collect()
}

fn sequence_of(column: &Column) -> Option<ObjectId> {
    let name = column.table.sibling(column.value.sequence()?.clone());
    Some(ObjectId::top(KindName::Sequence, &name))
}

/// The roles that default privileges give something to.
pub fn grantees(schema: &Schema) -> BTreeSet<Grantee> {
    let of = |object: &Object| match object {
        Object::DefaultPrivileges(of) => Some(of.to.clone()),
        _ => None,
    };
    schema.of_kind(KindName::DefaultPrivileges).filter_map(of).collect()
}

/// What PostgreSQL gives to objects that are made while the default privileges of `before` hold, and that the objects shall not have or
/// lose: the statements that put it right where no object says it.
pub(crate) fn corrections(made: &BTreeSet<ObjectId>, context: &Context) -> Vec<Statement> {
    if grantees(context.before).is_empty() {
        return Vec::new();
    }
    let is_new = |target: &ObjectId| {
        let column = |id: &&ObjectId| {
            let column = id.outer().and_then(|table| context.after.column(&table, id.name()));
            column.and_then(sequence_of).as_ref() == Some(target)
        };
        made.contains(target)
            || (target.kind == KindName::Sequence
                && made.iter().filter(|id| id.kind == KindName::Column).any(|id| column(&id)))
    };
    let new = targets(context.after).into_iter().filter(is_new);
    new.flat_map(|target| correction(&target, context)).collect()
}

fn correction(target: &ObjectId, context: &Context) -> Vec<Statement> {
    let unsaid = grantees(context.before).into_iter().filter_map(|to| {
        let of = Privileges::by_default(target, to)?;
        let is_given = implied(context.before, target, &of.to).is_some();
        (is_given && !context.after.contains(&of.id())).then_some(of)
    });
    unsaid.flat_map(|of| of.create(context)).collect()
}

/// What roles have on an object that something else than its own CREATE makes anew: it would be lost with the old one. What only the
/// new one has is given to it by itself.
pub(super) fn given_again(target: &ObjectId, context: &Context) -> Vec<Statement> {
    let Some(name) = target.outer() else { return Vec::new() };
    let kept = context.after.inside(KindName::Privileges, &name).filter_map(|object| match object {
        Object::Privileges(of) if of.target() == *target && context.before.contains(&of.id()) => Some(of),
        _ => None,
    });
    kept.flat_map(|of| of.create(context)).chain(correction(target, context)).collect()
}
