//! GRANT, REVOKE and ALTER DEFAULT PRIVILEGES: what every role has on every declared object, once all of them are taken together.
//!
//! Default privileges come first and count for all objects; then GRANT and REVOKE, in the order in which they stand. Whether a privilege
//! can be given on an object of its kind is for PostgreSQL to say.

use std::collections::BTreeMap;

use schema_core::kinds::{
    DefaultPrivileges, Grantee, Kind, ObjectClass, Privileges, Rights, grantees, implied, targets,
};
use schema_core::sql::{Definition, Grant, GrantTarget, GrantedOn};
use schema_core::{DEFAULT_SCHEMA, Ident, ObjectId};

use super::{At, Lowering};
use crate::decl::SqlDecl;
use crate::finding::{SQL_DEFINITION, SQL_OBJECT_UNKNOWN, SyntaxFinding};
use crate::suggest::hint;

/// The privileges so far, by name.
type Given = BTreeMap<ObjectId, (Privileges, At)>;

impl<'a> Lowering<'a> {
    pub(super) fn privileges(&mut self) {
        let grants: Vec<(At, &'a SqlDecl, &'a Grant)> = self.grants();
        let Some((first, ..)) = grants.first() else { return };
        let first = *first;
        self.default_privileges(&grants);
        let targets = targets(&self.out.schema);
        let mut given = self.implied(&targets, first);
        for (at, decl, grant) in grants {
            for target in self.all_granted_on(at, decl, grant, &targets) {
                self.check_words(at, decl, grant, &target);
                for to in &grant.to {
                    if let Some(none) = Privileges::by_default(&target, to.clone()) {
                        let (of, place) = given.entry(none.id()).or_insert((none, at));
                        *place = at;
                        apply(of, grant);
                    }
                }
            }
        }
        for (of, at) in given.into_values().filter(|(of, _)| !of.is_default()) {
            self.insert(of, at);
        }
    }

    fn grants(&self) -> Vec<(At, &'a SqlDecl, &'a Grant)> {
        let grant = |(file, decl): &(usize, &'a SqlDecl)| match &decl.definition {
            Definition::Grants(grant) => Some((At { file: *file, span: decl.span }, *decl, grant)),
            _ => None,
        };
        self.collected.statements.iter().filter_map(grant).collect()
    }

    fn default_privileges(&mut self, grants: &[(At, &'a SqlDecl, &'a Grant)]) {
        let mut made: BTreeMap<ObjectId, (DefaultPrivileges, At)> = BTreeMap::new();
        for (at, _, grant) in grants {
            let GrantedOn::Future { roles, schemas, class } = &grant.on else { continue };
            let owner = [Grantee::Owner];
            let roles = if roles.is_empty() { &owner[..] } else { roles };
            let places: Vec<Option<&Ident>> =
                if schemas.is_empty() { vec![None] } else { schemas.iter().map(Some).collect() };
            for (role, schema) in roles.iter().flat_map(|role| places.iter().map(move |schema| (role, *schema))) {
                for to in &grant.to {
                    let to = if to == role { Grantee::Owner } else { to.clone() };
                    let (role, schema, rights) = (role.clone(), schema.cloned(), Rights::default());
                    let mut of = DefaultPrivileges { role, schema, on: *class, to, rights };
                    of.rights = of.defaults();
                    let (of, place) = made.entry(of.id()).or_insert((of, *at));
                    *place = *at;
                    apply_words(&mut of.rights, grant, *class);
                }
            }
        }
        for (of, at) in made.into_values().filter(|(of, _)| !of.is_default()) {
            self.insert(of, at);
        }
        self.settle();
    }

    /// What default privileges give to the objects that are declared.
    fn implied(&self, targets: &[ObjectId], at: At) -> Given {
        let (mut given, grantees) = (Given::new(), grantees(&self.out.schema));
        for target in targets {
            for to in &grantees {
                let rights = implied(&self.out.schema, target, to);
                let none = Privileges::by_default(target, to.clone());
                if let Some((rights, none)) = rights.zip(none) {
                    given.insert(none.id(), (Privileges { rights, ..none }, at));
                }
            }
        }
        given
    }

    /// The objects that a statement is about.
    fn all_granted_on(&mut self, at: At, decl: &SqlDecl, grant: &Grant, all: &[ObjectId]) -> Vec<ObjectId> {
        match &grant.on {
            GrantedOn::Future { .. } => Vec::new(),
            GrantedOn::AllIn(kinds, schemas) => {
                let inside = |id: &&ObjectId| kinds.contains(&id.kind) && schemas.contains(&id.path[0]);
                all.iter().filter(inside).cloned().collect()
            }
            GrantedOn::Objects(named) => {
                named.iter().filter_map(|target| self.granted_on(at, decl, target, all)).cloned().collect()
            }
        }
    }

    fn check_words(&mut self, at: At, decl: &SqlDecl, grant: &Grant, target: &ObjectId) {
        let all = ObjectClass::of(target.kind).map(ObjectClass::all).unwrap_or_default();
        for (privilege, columns) in &grant.words {
            let Some(privilege) = privilege else { continue };
            let known = if columns.is_empty() { &all } else { &ObjectClass::of_columns() };
            if !known.contains(privilege) {
                let of = if columns.is_empty() { target.kind.words() } else { "column" };
                let message =
                    format!("{} is no privilege on a {of}, so it cannot be given on `{target}`", privilege.word());
                let words: Vec<&str> = known.iter().map(|one| one.word()).collect();
                let finding = SyntaxFinding::error(SQL_DEFINITION, decl.span, message);
                self.find(at.file, finding.help(format!("there are: {}", words.join(", "))));
            }
        }
    }

    fn granted_on<'t>(
        &mut self,
        at: At,
        decl: &SqlDecl,
        named: &GrantTarget,
        all: &'t [ObjectId],
    ) -> Option<&'t ObjectId> {
        let found: Vec<&ObjectId> = all.iter().filter(|id| named.is(id)).collect();
        if let [one] = found.as_slice() {
            return Some(one);
        }
        let name = shown(named);
        let finding = match found.is_empty() {
            true => {
                let names: Vec<String> = all.iter().map(ToString::to_string).collect();
                let near = hint(&name, names.iter().map(String::as_str));
                let message = format!(
                    "nothing that is declared here is called `{name}`{near}, so nobody can get privileges on it"
                );
                SyntaxFinding::error(SQL_OBJECT_UNKNOWN, decl.span, message)
                    .help("correct the name, or declare the object here too")
            }
            false => {
                let message =
                    format!("`{name}` names {} routines, so it is not clear whose privileges these are", found.len());
                SyntaxFinding::error(SQL_OBJECT_UNKNOWN, decl.span, message)
                    .help(format!("write the types of its arguments, as in `{}`", found[0]))
            }
        };
        self.find(at.file, finding);
        None
    }
}

/// The names of the privileges, or default privileges, that a statement gives or takes where these are the objects.
pub fn granted(grant: &Grant, targets: &[ObjectId]) -> Vec<ObjectId> {
    let is_on = |id: &&ObjectId| match &grant.on {
        GrantedOn::Future { .. } => false,
        GrantedOn::AllIn(kinds, schemas) => kinds.contains(&id.kind) && schemas.contains(&id.path[0]),
        GrantedOn::Objects(named) => named.iter().any(|named| named.is(id)),
    };
    let on = targets.iter().filter(is_on);
    let each = on.flat_map(|target| grant.to.iter().filter_map(|to| Privileges::by_default(target, to.clone())));
    each.map(|of| of.id()).collect()
}

fn shown(named: &GrantTarget) -> String {
    let names = match named.path.as_slice() {
        [schema, rest @ ..] if !rest.is_empty() && schema.as_str() == DEFAULT_SCHEMA => rest,
        all => all,
    };
    let names: Vec<&str> = names.iter().map(Ident::as_str).collect();
    format!("{}{}", names.join("."), named.signature.as_deref().unwrap_or_default())
}

fn apply(of: &mut Privileges, grant: &Grant) {
    let class = ObjectClass::of(of.on).unwrap_or(ObjectClass::Others);
    // What a role may not do with a table, it may not do with any column of it.
    if !grant.gives {
        let mut words = grant.words.iter().filter(|(_, columns)| columns.is_empty());
        for (privilege, _) in words.by_ref() {
            let set = privilege.map_or_else(ObjectClass::of_columns, |one| [one].into());
            of.columns.values_mut().for_each(|rights| rights.take(&set, grant.option));
        }
    }
    apply_words(&mut of.rights, grant, class);
    for (privilege, columns) in &grant.words {
        let set = privilege.map_or_else(ObjectClass::of_columns, |one| [one].into());
        for column in columns {
            let rights = of.columns.entry(column.clone()).or_default();
            if grant.gives { rights.give(&set, grant.option) } else { rights.take(&set, grant.option) }
        }
    }
    of.columns.retain(|_, rights| !rights.is_empty());
}

fn apply_words(rights: &mut Rights, grant: &Grant, class: ObjectClass) {
    for (privilege, _) in grant.words.iter().filter(|(_, columns)| columns.is_empty()) {
        let set = privilege.map_or_else(|| class.all(), |one| [one].into());
        if grant.gives { rights.give(&set, grant.option) } else { rights.take(&set, grant.option) }
    }
}
