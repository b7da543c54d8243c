//! The declared changes of a revision, derived from what its SQL was observed to do.
//!
//! The revision is run on the dev database; what differs between the catalogs before and after is put on the declared schema before it.
//! PostgreSQL spells a new object in its own way, so where the structs declare the same object in other words, theirs are taken. Whether
//! the result is right is for the proof to say.

use std::collections::BTreeMap;

use postgres::Client;
use schema_core::diff::{Difference, difference};
use schema_core::history::Migration;
use schema_core::kinds::Object;
use schema_core::rename::Rename;
use schema_core::{Change, Diff, Ident, KindName, ObjectId, Schema};

use super::prove::{ProofError, Script};
use super::replay;
use crate::catalog::{Observed, Scope, attributes, observe};
use crate::devdb::DevServer;

/// What the SQL of a revision was observed to do.
#[derive(Debug)]
pub struct Step {
    /// What was there before.
    pub before: Observed,
    /// What is there after.
    pub after: Observed,
    /// What is the same object under another name.
    pub renames: Vec<Rename>,
}

/// A declared schema, and how PostgreSQL spells it.
#[derive(Clone, Copy, Debug)]
pub struct Spelled<'s> {
    /// What the structs say.
    pub declared: &'s Schema,
    /// The same, built and observed.
    pub observed: &'s Schema,
}

/// Runs a revision on its history.
pub fn step(server: &DevServer, history: &[Migration], revision: &Migration) -> Result<Step, ProofError> {
    let (scratch, mut client) = replay::replayed(server, history)?;
    let (before, named) = seen(&mut client)?;
    replay::run(&mut client, &revision.up, || Script::Up)?;
    let (after, renamed) = seen(&mut client)?;
    drop((client, scratch));
    Ok(Step { before, after, renames: renames(&named, &renamed) })
}

/// The declared schema after a step, or the objects that it changes and that nothing before it declares.
pub fn declared_after(before: &Schema, step: &Step, structs: Option<Spelled<'_>>) -> Result<Schema, Vec<ObjectId>> {
    // Privileges that nothing declares are not ours.
    let is_managed = before.has_privileges() || structs.is_some_and(|structs| structs.declared.has_privileges());
    let side = |observed: &Observed| {
        if is_managed { observed.schema.clone() } else { observed.schema.without_privileges() }
    };
    let observed: Difference = difference(&side(&step.before), &side(&step.after), &step.renames);
    let (mut after, mut unknown) = (before.clone(), Vec::new());
    for change in observed.changes() {
        let declared = match change {
            Change::Create(object) => Change::Create(spelled(object, structs)),
            Change::Alter(diff) => match after.get(&diff.before.id()) {
                Some(old) => Change::Alter(Diff { before: old.clone(), after: altered(old, diff, structs) }),
                None => Change::Alter(diff),
            },
            other => other,
        };
        match declared.apply(after.clone()) {
            Ok(next) => after = next,
            // What goes and was never declared leaves nothing to record.
            Err(_) if matches!(declared, Change::Drop(_)) => {}
            Err(misfit) => unknown.push(misfit.id),
        }
    }
    if unknown.is_empty() { Ok(after) } else { Err(unknown) }
}

/// A new object in the words of the structs, when they declare the same.
fn spelled(object: Object, structs: Option<Spelled<'_>>) -> Object {
    structs.and_then(|structs| structs.same(&object)).unwrap_or(object)
}

impl Spelled<'_> {
    fn same(&self, object: &Object) -> Option<Object> {
        let id = object.id();
        let is_same = self.observed.get(&id).is_some_and(|built| attributes(built, object).is_empty());
        if is_same { self.declared.get(&id).cloned() } else { None }
    }
}

/// An altered object: in the words of the structs, or the declared one with what PostgreSQL has otherwise by now.
fn altered(old: &Object, diff: Diff<Object>, structs: Option<Spelled<'_>>) -> Object {
    if let Some(same) = structs.and_then(|structs| structs.same(&diff.after)) {
        return same;
    }
    let changed: Vec<String> =
        attributes(&diff.before, &diff.after).into_iter().filter_map(|change| change.attribute).collect();
    patched(old, &diff.after, &changed).unwrap_or(diff.after)
}

/// The object with some of its attributes taken from another one of its kind.
fn patched(old: &Object, new: &Object, names: &[String]) -> Option<Object> {
    let (mut old, new) = (serde_json::to_value(old).ok()?, serde_json::to_value(new).ok()?);
    let into = old.as_object_mut()?.values_mut().next()?.as_object_mut()?;
    let from = new.as_object()?.values().next()?.as_object()?;
    for name in names {
        match from.get(name) {
            Some(value) => into.insert(name.clone(), value.clone()),
            None => into.remove(name),
        };
    }
    serde_json::from_value(old).ok()
}

/// Objects by what stays when they are renamed: their catalog, their identifier, and their number in it.
type Named = BTreeMap<(KindName, i64, i32), ObjectId>;

/// A column keeps its number and a label its row; constraints and indexes are told by their definition.
const NAMES: &str = "\
    SELECT 'schema', oid::bigint, 0, nspname::text, NULL, NULL FROM pg_namespace \
    UNION ALL SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, c.oid::bigint, 0, n.nspname, c.relname, NULL \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'S') \
    UNION ALL SELECT 'column', c.oid::bigint, a.attnum, n.nspname, c.relname, a.attname \
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p') AND 0 < a.attnum AND NOT a.attisdropped \
    UNION ALL SELECT CASE t.typtype WHEN 'e' THEN 'enum' ELSE 'domain' END, t.oid::bigint, 0, n.nspname, t.typname, NULL \
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd') \
    UNION ALL SELECT 'value', e.oid::bigint, 0, n.nspname, t.typname, e.enumlabel \
    FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace";

fn seen(client: &mut Client) -> Result<(Observed, Named), ProofError> {
    let scope = Scope::default();
    let observed = observe(client, &scope).map_err(|error| ProofError::Server(error.to_string()))?;
    let rows = client.query(NAMES, &[]).map_err(|error| ProofError::Server(error.to_string()))?;
    let named = rows.iter().filter_map(|row| {
        let kind = match row.get::<_, &str>(0) {
            "schema" => KindName::Schema,
            "sequence" => KindName::Sequence,
            "table" => KindName::Table,
            "column" => KindName::Column,
            "enum" => KindName::Enum,
            "domain" => KindName::Domain,
            _ => KindName::EnumValue,
        };
        let words: Vec<&str> = (3..6).filter_map(|at| row.get::<_, Option<&str>>(at)).collect();
        let path: Option<Vec<Ident>> = words.iter().map(|word| Ident::new(*word).ok()).collect();
        Some(((kind, row.get(1), row.get(2)), ObjectId { kind, path: path.filter(|_| scope.manages(words[0]))? }))
    });
    Ok((observed, named.collect()))
}

/// What has another name of its own; that something around it was renamed does not count.
fn renames(before: &Named, after: &Named) -> Vec<Rename> {
    let pairs = before.iter().filter_map(|(key, id)| Some((id, after.get(key)?)));
    let moved = |before: &ObjectId, after: &ObjectId| match before.kind {
        KindName::Column | KindName::EnumValue => before.name() != after.name(),
        _ => before != after,
    };
    let renamed = pairs.filter(|(before, after)| moved(before, after));
    renamed.map(|(before, after)| Rename { before: before.clone(), after: after.clone() }).collect()
}
