//! Privileges as statements of `privileges.sql`: only what default privileges do not give by themselves.
//!
//! One statement may be about many objects and roles. Where one of them changes, the statement goes and all that it said is written anew.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::kinds::{Kind, Object, Privileges, grantees, implied, targets};
use schema_core::sql::{Definition, GrantedOn, split};
use schema_core::{KindName, ObjectId, Schema};
use schema_syntax::lower::granted;
use schema_syntax::scan::Declaration;

use super::edit::Edits;
use super::merge::Existing;
use super::statements::{StatementText, with_blank};

/// The file for new statements.
const FILE: &str = "privileges.sql";

/// The statements of a schema: default privileges, what differs from them, and what they give too much.
pub(super) fn statements(schema: &Schema) -> Vec<StatementText> {
    let mut found = Vec::new();
    for (id, object) in schema.iter() {
        match object {
            Object::Privileges(of) => found.extend(text(id.clone(), of.texts(schema))),
            Object::DefaultPrivileges(of) => found.extend(text(id.clone(), of.texts())),
            _ => {}
        }
    }
    let grantees = grantees(schema);
    for target in if grantees.is_empty() { Vec::new() } else { targets(schema) } {
        for none in grantees.iter().filter_map(|to| Privileges::by_default(&target, to.clone())) {
            let id = none.id();
            if !schema.contains(&id) && implied(schema, &target, &none.to).is_some() {
                found.extend(text(id, none.texts(schema)));
            }
        }
    }
    found
}

fn text(id: ObjectId, statements: Vec<String>) -> Option<StatementText> {
    let text: String = statements.iter().map(|sql| format!("{sql}\n")).collect();
    (!text.is_empty()).then(|| StatementText { id, path: FILE.to_owned(), text })
}

/// Takes out the statements about what differs; gives back all that they were about, to be written anew.
pub(super) fn take_out<'e>(
    existing: &Existing<'e>,
    after: &Schema,
    aside: &BTreeSet<&ObjectId>,
    edits: &mut BTreeMap<&'e str, Edits>,
) -> BTreeSet<ObjectId> {
    let before = &existing.lowered.schema;
    let of = |schema: &Schema, kind| schema.of_kind(kind).map(Object::id).collect::<BTreeSet<ObjectId>>();
    let both = |kind| &of(before, kind) | &of(after, kind);
    let differs = |id: &ObjectId| !aside.contains(id) && before.get(id) != after.get(id);
    let defaults = both(KindName::DefaultPrivileges);
    let all = both(KindName::Privileges);
    // Default privileges are what all others are said on top of.
    let everything = defaults.iter().any(differs);
    let mut stale: BTreeSet<ObjectId> = all.iter().filter(|id| everything || differs(id)).cloned().collect();
    if everything {
        stale.extend(defaults);
        stale.extend(statements(after).into_iter().map(|new| new.id).filter(|id| id.kind == KindName::Privileges));
    }
    let (gone, new) = (targets(before), targets(after));
    // An object may be without what default privileges give: then a statement is about it, and no privileges.
    let (known, made) = (BTreeSet::from_iter(&gone), BTreeSet::from_iter(&new));
    for target in known.symmetric_difference(&made).filter(|id| !aside.contains(**id)) {
        let of = grantees(before).into_iter().chain(grantees(after));
        stale.extend(of.filter_map(|to| Some(Privileges::by_default(target, to)?.id())));
    }
    let objects = [gone, new].concat();
    let mut open: Vec<(&str, usize, BTreeSet<ObjectId>, bool)> = Vec::new();
    for file in existing.files {
        for declaration in &file.declarations {
            let Declaration::Sql(decl) = declaration else { continue };
            let Definition::Grants(grant) = &decl.definition else { continue };
            let is_future = matches!(grant.on, GrantedOn::Future { .. });
            let about = granted(grant, &objects).into_iter().collect();
            open.push((&file.path, decl.span.start as usize, about, is_future));
        }
    }
    loop {
        let (gone, left): (Vec<_>, Vec<_>) = open
            .into_iter()
            .partition(|(.., about, is_future)| (*is_future && everything) || !about.is_disjoint(&stale));
        if gone.is_empty() {
            return stale;
        }
        for (path, start, about, _) in gone {
            stale.extend(about);
            remove(existing, path, start, edits);
        }
        open = left;
    }
}

fn remove<'e>(existing: &Existing<'e>, path: &'e str, start: usize, edits: &mut BTreeMap<&'e str, Edits>) {
    let Some(text) = existing.texts.get(path) else { return };
    let statements = split(text).unwrap_or_default();
    let Some(statement) = statements.iter().find(|of| of.start == start) else { return };
    let end = start + statement.text.len();
    let rest = text[end..].trim_start();
    let end = if rest.starts_with(';') { text.len() - rest.len() + 1 } else { end };
    edits.entry(path).or_default().replace(start..with_blank(text, end), "");
}
