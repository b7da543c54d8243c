//! Objects that a SQL statement declares, as files of the package's `schema` folder: written, and edited where they changed.
//!
//! Paths are below that folder; nothing is written here. Which statements are another spelling of the same object is decided before.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::kinds::{Object, SqlObject};
use schema_core::sql::{Definition, same_sql, split};
use schema_core::{Ident, KindName, ObjectId, Schema};
use schema_syntax::lower::is_comment_on;
use schema_syntax::scan::Declaration;

use super::edit::Edits;
use super::files::SourceText;
use super::merge::Existing;
use super::privileges;

/// An object, the file that it goes to when it is new, and all of its statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatementText {
    pub id: ObjectId,
    pub path: String,
    pub text: String,
}

/// The statements of a schema, each behind those that it needs, else by id.
pub(super) fn statements(schema: &Schema, default_schema: &Ident) -> Vec<StatementText> {
    let mut waiting: BTreeSet<&ObjectId> =
        schema.iter().filter(|(_, object)| matches!(object, Object::Sql(_))).map(|(id, _)| id).collect();
    let mut ordered = Vec::new();
    while let Some(first) = waiting.first().copied() {
        let ready = waiting.iter().copied().find(|id| needs(schema, id).all(|needed| !waiting.contains(needed)));
        // Routines may call each other in a circle: any of them can be first.
        let next = ready.unwrap_or(first);
        waiting.remove(next);
        ordered.push(next);
    }
    let text = |id: &ObjectId| match schema.get(id) {
        Some(Object::Sql(of)) => {
            Some(StatementText { id: id.clone(), path: path(of, default_schema), text: joined(&of.texts()) })
        }
        _ => None,
    };
    ordered.into_iter().filter_map(text).chain(privileges::statements(schema)).collect()
}

/// What PostgreSQL found that an object needs, but for itself.
fn needs<'s>(schema: &'s Schema, id: &'s ObjectId) -> impl Iterator<Item = &'s ObjectId> {
    schema.found(id).into_iter().flat_map(|found| &found.needs).filter(move |needed| *needed != id)
}

/// The statements as files.
pub(super) fn statement_files(statements: &[StatementText]) -> Vec<SourceText> {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for of in statements {
        files.entry(&of.path).or_default().push(&of.text);
    }
    files.into_iter().map(|(path, texts)| SourceText { path: path.to_owned(), text: texts.join("\n") }).collect()
}

/// `views.sql`, or `app/views.sql` for another PostgreSQL schema.
fn path(of: &SqlObject, default_schema: &Ident) -> String {
    // What is on a table or view bears the schema of that, and an index stands with its materialized view.
    let words = match of.kind {
        KindName::Index => KindName::MaterializedView.words(),
        kind => kind.words(),
    };
    let words = words.replace(' ', "_");
    let plural = match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if words.ends_with("ss") => format!("{words}es"),
        None if words.ends_with('s') => words,
        None => format!("{words}s"),
    };
    match of.path.as_slice() {
        [schema, _, ..] if schema != default_schema => format!("{}/{plural}.sql", folder(schema)),
        _ => format!("{plural}.sql"),
    }
}

/// A name that every file system takes. Two schemas with one folder share its files.
fn folder(schema: &Ident) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    schema.as_str().to_lowercase().chars().map(plain).collect()
}

fn joined(statements: &[String]) -> String {
    statements.iter().map(|sql| format!("{};\n", sql.trim_end().trim_end_matches(';'))).collect()
}

/// One statement of a file.
struct Place<'e> {
    file: &'e str,
    text: &'e str,
    start: usize,
    end: usize,
    creates: bool,
}

/// Where new statements go.
pub(super) struct StatementFolder<'f> {
    pub default_schema: &'f Ident,
    pub folder: &'f str,
}

/// Edits the files until they declare what `after` has. What is `aside` is in the database too, and stays as it is declared.
pub(super) fn merge_statements(
    existing: &Existing<'_>,
    after: &Schema,
    aside: &BTreeSet<&ObjectId>,
    new_files: &StatementFolder<'_>,
) -> BTreeMap<String, Option<String>> {
    let mut edits: BTreeMap<&str, Edits> = BTreeMap::new();
    for (id, object) in existing.lowered.schema.iter().filter(|(id, _)| !aside.contains(id)) {
        let Object::Sql(before) = object else { continue };
        let found = after.get(id);
        if found == Some(object) {
            continue;
        }
        let found = match found {
            Some(Object::Sql(found)) => Some(found),
            _ => None,
        };
        for place in places(existing, id) {
            let edits = edits.entry(place.file).or_default();
            match found.filter(|_| place.creates) {
                Some(found) => replace(edits, &place, before, found),
                None if found.is_some() => {
                    // The blank line behind it parts the object from the next, which stay both.
                    let line = usize::from(place.text[..place.start].ends_with('\n'));
                    edits.replace(place.start - line..place.end, "");
                }
                None => edits.replace(place.start..with_blank(place.text, place.end), ""),
            }
        }
    }
    let stale = privileges::take_out(existing, after, aside, &mut edits);
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (path, edits) in edits {
        let text = edits.apply(existing.texts.get(path).map_or("", String::as_str));
        texts.insert(path.to_owned(), text);
    }
    let StatementFolder { default_schema, folder } = new_files;
    let is_new = |new: &&StatementText| match new.id.kind {
        KindName::Privileges | KindName::DefaultPrivileges => stale.contains(&new.id),
        _ => !existing.lowered.schema.contains(&new.id),
    };
    for new in statements(after, default_schema).iter().filter(is_new) {
        let path = format!("{folder}/{}", new.path);
        let text = texts.remove(&path).or_else(|| existing.texts.get(&path).cloned()).unwrap_or_default();
        let before = text.trim_end();
        // The last statement of a file may go without its semicolon.
        let open =
            split(before).is_ok_and(|all| all.last().is_some_and(|last| last.start + last.text.len() == before.len()));
        let gap = if before.is_empty() { "" } else { "\n\n" };
        texts.insert(path, format!("{before}{}{gap}{}", if open { ";" } else { "" }, new.text));
    }
    texts.into_iter().map(|(path, text)| (path, (!text.trim().is_empty()).then_some(text))).collect()
}

/// Where the statements about an object are.
fn places<'e>(existing: &'e Existing<'_>, id: &ObjectId) -> Vec<Place<'e>> {
    let mut places = Vec::new();
    for file in existing.files {
        let Some(text) = existing.texts.get(&file.path) else { continue };
        let about = file.declarations.iter().filter_map(|declaration| match declaration {
            Declaration::Sql(decl) => match &decl.definition {
                Definition::Creates(named) => (named.id() == *id).then_some((decl.span, true)),
                Definition::Completes(named) => (named.id() == *id).then_some((decl.span, false)),
                Definition::Comments { on, .. } => is_comment_on(on, id).then_some((decl.span, false)),
                Definition::Grants(_) => None,
            },
            _ => None,
        });
        let about: Vec<_> = about.collect();
        if about.is_empty() {
            continue;
        }
        let statements = split(text).unwrap_or_default();
        for (span, creates) in about {
            let start = span.start as usize;
            let Some(statement) = statements.iter().find(|of| of.start == start) else { continue };
            let end = start + statement.text.len();
            let rest = text[end..].trim_start();
            let end = if rest.starts_with(';') { text.len() - rest.len() + 1 } else { end };
            places.push(Place { file: &file.path, text, start, end, creates });
        }
    }
    places
}

/// The statement stays when it means the same; what stands behind it is written anew.
fn replace(edits: &mut Edits, place: &Place<'_>, before: &SqlObject, after: &SqlObject) {
    let texts = after.texts();
    if same_sql(&before.sql, &after.sql) {
        let semicolon = if place.text[..place.end].ends_with(';') { "" } else { ";" };
        if 1 < texts.len() {
            edits.insert(place.end, format!("{semicolon}\n{}", joined(&texts[1..]).trim_end()));
        }
    } else {
        edits.replace(place.start..place.end, joined(&texts).trim_end());
    }
}

/// The end with the line end behind it, and the blank line that parted it from the next.
pub(super) fn with_blank(text: &str, end: usize) -> usize {
    end + text[end..].bytes().take(2).take_while(|byte| *byte == b'\n').count()
}
