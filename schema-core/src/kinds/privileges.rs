//! What one role may do with one object, where it is not what PostgreSQL gives by itself (`relacl`, `attacl`, `proacl` ...).
//!
//! Who granted it is not kept. What new objects get is in [`super::DefaultPrivileges`].
//!
//! <https://www.postgresql.org/docs/current/sql-grant.html>

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::rights::{Step, steps};
use super::{
    Alteration, Grantee, Kind, NameClaim, ObjectClass, Privilege, Rights, default_privileges, rights::is_nothing,
};
use crate::{
    DEFAULT_SCHEMA, Diff, Ident, KindName, ObjectId, QualifiedName, Schema, Statement,
    plan::Context,
    rename::Rename,
    sql::{plain_signature, signature_after},
    sql_type::type_name,
};

/// The role that owns the schema `public` since 15, whoever owns the database.
const OWNER_OF_PUBLIC: &str = "pg_database_owner";

/// The privileges of one role on one object and its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privileges {
    /// What the object is.
    pub on: KindName,
    /// The names that lead to it, outermost first.
    pub path: Vec<Ident>,
    /// What tells a routine from its namesakes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Whose they are.
    pub to: Grantee,
    /// Those on the object as a whole.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub rights: Rights,
    /// Those on its columns.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<Ident, Rights>,
}

impl Privileges {
    /// What PostgreSQL gives by itself to a role on an object.
    ///
    /// ```
    /// use schema_core::{Ident, KindName, ObjectId, kinds::{Grantee, Privileges}};
    /// let f = ObjectId { kind: KindName::Function, path: vec![Ident::of("public"), Ident::of("f"), Ident::of("()")] };
    /// assert!(!Privileges::by_default(&f, Grantee::Public).unwrap().rights.is_empty());
    /// assert!(Privileges::by_default(&f, Grantee::Role(Ident::of("app"))).unwrap().rights.is_empty());
    /// ```
    pub fn by_default(target: &ObjectId, to: Grantee) -> Option<Privileges> {
        ObjectClass::of(target.kind)?;
        let is_public = target.kind == KindName::Schema && target.name().as_str() == DEFAULT_SCHEMA;
        let is_owner = matches!(&to, Grantee::Role(name) if is_public && name.as_str() == OWNER_OF_PUBLIC);
        let to = if is_owner { Grantee::Owner } else { to };
        let (path, signature) = match (target.kind.has_signature(), target.path.split_last()) {
            (true, Some((signature, names))) => (names.to_vec(), Some(signature.as_str().to_owned())),
            _ => (target.path.clone(), None),
        };
        let (rights, columns) = (Rights::default(), BTreeMap::new());
        let mut of = Privileges { on: target.kind, path, signature, to, rights, columns };
        of.rights = of.defaults();
        Some(of)
    }

    /// Whether there is nothing to say, because PostgreSQL gives just that.
    pub fn is_default(&self) -> bool {
        self.columns.values().all(Rights::is_empty) && self.rights == self.defaults() && !self.is_of_public_schema()
    }

    /// What the privileges are on.
    pub fn target(&self) -> ObjectId {
        let signature = self.signature.as_deref().map(Ident::signature);
        ObjectId { kind: self.on, path: self.path.iter().cloned().chain(signature).collect() }
    }

    /// The object that stands for it: the sequence of a column is none by itself.
    pub fn home(&self, schema: &Schema) -> Option<ObjectId> {
        let target = self.target();
        if schema.contains(&target) || self.is_public_schema() {
            return Some(target);
        }
        let name = self.relation().filter(|_| self.on == KindName::Sequence)?;
        schema.of_kind(KindName::Column).map(super::Object::id).find(|id| {
            let column = id.outer().and_then(|table| schema.column(&table, id.name()));
            column
                .is_some_and(|column| column.table.schema == name.schema && column.value.sequence() == Some(&name.name))
        })
    }

    /// Their class.
    pub fn class(&self) -> ObjectClass {
        ObjectClass::of(self.on).unwrap_or(ObjectClass::Others)
    }

    /// The statements that declare them in a schema, on top of its default privileges.
    pub fn texts(&self, schema: &Schema) -> Vec<String> {
        let (mut least, mut most) = self.initial();
        if let Some(implied) = default_privileges::implied(schema, &self.target(), &self.to) {
            (least, most) = (implied.clone(), implied);
        }
        self.changes(&least, &most, &BTreeMap::new()).iter().map(Statement::text).collect()
    }

    /// What a new object has at least and at most. Initdb gives more on `public` before 15.
    fn initial(&self) -> (Rights, Rights) {
        let most = if self.is_of_public_schema() { Rights::of(self.class().all()) } else { self.defaults() };
        (self.defaults(), most)
    }

    fn defaults(&self) -> Rights {
        Rights::default_of(self.class(), self.is_public_schema(), &self.to)
    }

    fn is_public_schema(&self) -> bool {
        self.on == KindName::Schema && self.path[0].as_str() == DEFAULT_SCHEMA
    }

    /// Initdb gives PUBLIC other privileges on `public` before 15, so that what is said of them is never nothing.
    fn is_of_public_schema(&self) -> bool {
        self.is_public_schema() && self.to == Grantee::Public
    }

    fn relation(&self) -> Option<QualifiedName> {
        match self.path.as_slice() {
            [schema, name] => Some(QualifiedName { schema: schema.clone(), name: name.clone() }),
            _ => None,
        }
    }

    /// What stands behind ON.
    fn words(&self) -> String {
        let name = self.relation().map_or_else(|| self.path[0].quoted(), |name| name.quoted());
        let signature = self.signature.as_deref().unwrap_or_default();
        match (self.class(), self.on) {
            (ObjectClass::Tables, _) => name,
            (ObjectClass::Sequences, _) => format!("SEQUENCE {name}"),
            (_, KindName::Procedure) => format!("PROCEDURE {name}{signature}"),
            (ObjectClass::Functions, _) => format!("FUNCTION {name}{}", plain_signature(signature)),
            (ObjectClass::Types, _) => {
                format!("TYPE {}", self.relation().map_or(name, |name| type_name(&name)))
            }
            (ObjectClass::Schemas, _) => format!("SCHEMA {name}"),
            (_, KindName::ForeignServer) => format!("FOREIGN SERVER {name}"),
            (ObjectClass::Others, kind) => format!("{} {name}", kind.words().to_uppercase()),
        }
    }

    /// The statements that lead here from anything between `least` and `most`, with these privileges on columns.
    fn changes(&self, least: &Rights, most: &Rights, columns: &BTreeMap<Ident, Rights>) -> Vec<Statement> {
        let steps = steps(least, most, &self.rights, &self.class().all());
        // Revoked from a table, a privilege is revoked from its columns too.
        let gone: BTreeSet<Privilege> = &most.may - &self.rights.may;
        let is_emptied = |step: &Step| matches!(step, Step::Revoke { words, only_option: false } if words == "ALL");
        let emptied = steps.iter().any(is_emptied);
        let left = |rights: &Rights| {
            let mut rights = rights.clone();
            rights.take(&if emptied { ObjectClass::of_columns() } else { gone.clone() }, false);
            rights
        };
        let columns: BTreeMap<&Ident, Rights> = columns.iter().map(|(name, rights)| (name, left(rights))).collect();
        let to = match self.to {
            Grantee::Owner if self.is_public_schema() => OWNER_OF_PUBLIC.to_owned(),
            ref to => to.to_string(),
        };
        let words = self.words();
        let own = steps.iter().map(|step| step.sql(&words, &to));
        own.chain(self.column_changes(&columns).iter().map(|step| step.sql(&words, &to))).map(Statement::sql).collect()
    }

    fn column_changes(&self, before: &BTreeMap<&Ident, Rights>) -> Vec<Step> {
        let nothing = Rights::default();
        let names: BTreeSet<&Ident> = before.keys().copied().chain(self.columns.keys()).collect();
        let of = |name: &Ident| (before.get(name).unwrap_or(&nothing), self.columns.get(name).unwrap_or(&nothing));
        // Which columns each privilege is about, in one statement.
        let list = |part: &dyn Fn(&Rights, &Rights) -> BTreeSet<Privilege>| {
            let parts: Vec<(&Ident, BTreeSet<Privilege>)> =
                names.iter().map(|name| (*name, part(of(name).0, of(name).1))).collect();
            let words = ObjectClass::of_columns().into_iter().filter_map(|privilege| {
                let about = parts.iter().filter(|(_, set)| set.contains(&privilege));
                let about: Vec<String> = about.map(|(name, _)| name.quoted()).collect();
                (!about.is_empty()).then(|| format!("{} ({})", privilege.word(), about.join(", ")))
            });
            words.collect::<Vec<_>>().join(", ")
        };
        let revoked = list(&|old, new| &old.may - &new.may);
        let fixed = list(&|old, new| &(&old.may_grant - &new.may_grant) & &new.may);
        let plain = list(&|old, new| &(&new.may - &old.may) - &new.may_grant);
        let options = list(&|old, new| &new.may_grant - &old.may_grant);
        let steps = [
            Step::Revoke { words: revoked, only_option: false },
            Step::Revoke { words: fixed, only_option: true },
            Step::Grant { words: plain, with_option: false },
            Step::Grant { words: options, with_option: true },
        ];
        let says = |step: &Step| match step {
            Step::Grant { words, .. } | Step::Revoke { words, .. } => !words.is_empty(),
        };
        steps.into_iter().filter(says).collect()
    }
}

impl Kind for Privileges {
    fn id(&self) -> ObjectId {
        let signature = self.signature.as_deref().unwrap_or_default();
        // Relations and routines have names that nothing else of that path has.
        let label = match self.class() {
            ObjectClass::Tables | ObjectClass::Functions => String::new(),
            _ => format!(" ({})", self.on.words()),
        };
        let tail = Ident::signature(&format!("{signature}{label} to {}", self.to));
        ObjectId { kind: KindName::Privileges, path: self.path.iter().cloned().chain([tail]).collect() }
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let columns = self.relation().filter(|_| self.on == KindName::Table).into_iter();
        let columns = columns.flat_map(|table| self.columns.keys().map(move |name| ObjectId::column(&table, name)));
        std::iter::once(self.home(schema).unwrap_or_else(|| self.target())).chain(columns).collect()
    }

    fn owner(&self) -> Option<ObjectId> {
        Some(self.target())
    }

    fn create(&self, context: &Context) -> Vec<Statement> {
        let (mut least, mut most) = self.initial();
        if let Some(implied) = default_privileges::implied(context.before, &self.target(), &self.to) {
            (least, most) = (least.and(&implied), most.or(&implied));
        }
        self.changes(&least, &most, &BTreeMap::new())
    }

    fn drop(&self, context: &Context) -> Vec<Statement> {
        if self.is_of_public_schema() {
            // What initdb gives is another thing before 15.
            let back = "DO $$ BEGIN IF current_setting('server_version_num')::integer < 150000 THEN \
                GRANT CREATE ON SCHEMA public TO PUBLIC; END IF; END $$";
            return self.to_default(context).into_iter().chain([Statement::sql(back)]).collect();
        }
        self.to_default(context)
    }

    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration {
        let Diff { before, after } = diff;
        if before.target() != after.target() {
            return Alteration::Recreate;
        }
        Alteration::Statements(after.changes(&before.rights, &before.rights, &before.columns_left(context)))
    }

    fn claims(&self) -> Vec<NameClaim> {
        Vec::new()
    }

    fn follow(&mut self, rename: &Rename) {
        if let Some(mut name) = self.relation() {
            let mut columns = std::mem::take(&mut self.columns).into_iter().collect::<Vec<_>>();
            columns.iter_mut().for_each(|(column, _)| rename.follow_column(&name, column));
            self.columns = columns.into_iter().collect();
            rename.follow_name(self.on, &mut name);
            self.path = vec![name.schema, name.name];
        } else if rename.before.kind == self.on && rename.before.path == self.path {
            self.path.clone_from(&rename.after.path);
        }
        if let Some(signature) = &mut self.signature {
            *signature = signature_after(signature, rename);
        }
    }

    fn with_name(&self, _name: &Ident) -> Self {
        self.clone()
    }
}

impl Privileges {
    /// Back to what PostgreSQL gives by itself.
    fn to_default(&self, context: &Context) -> Vec<Statement> {
        let after = Privileges { rights: self.defaults(), columns: BTreeMap::new(), ..self.clone() };
        after.changes(&self.rights, &self.rights, &self.columns_left(context))
    }

    /// The privileges on columns that are still there at the end; those of the others go with them.
    fn columns_left(&self, context: &Context) -> BTreeMap<Ident, Rights> {
        let table = self.relation().filter(|_| self.on == KindName::Table);
        let stays = |name: &Ident| table.as_ref().is_none_or(|table| context.after.any_column(table, name).is_some());
        self.columns
            .iter()
            .filter(|(name, _)| stays(name))
            .map(|(name, rights)| (name.clone(), rights.clone()))
            .collect()
    }
}
