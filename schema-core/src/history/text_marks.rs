//! The names in texts that only PostgreSQL reads: views, routines, triggers, and whatever a column or a constraint mentions.
//!
//! A name that is found may stand for something else, or stand in a string. That is decided by PostgreSQL; here it only has to be found.

use std::collections::BTreeSet;

use super::footprint::names;
use crate::{Change, ObjectId, Schema, kinds::Object};

/// What the changes of a revision say in texts, and which names they are about.
#[derive(Clone, Debug, Default)]
pub(super) struct TextMarks {
    /// The texts of statements that come, go or change.
    statements: Vec<String>,
    /// The texts of everything else that does.
    others: Vec<String>,
    /// The names of what is written, and of the statements over it: those are made anew around it.
    names: BTreeSet<String>,
    /// The names of statements that are written.
    statement_names: BTreeSet<String>,
    /// The statements over what is written.
    over: BTreeSet<ObjectId>,
}

impl TextMarks {
    pub(super) fn of<'i>(
        changes: &[Change],
        written: impl Iterator<Item = &'i ObjectId>,
        schemas: [&Schema; 2],
    ) -> TextMarks {
        let mut marks = TextMarks::default();
        for object in changes.iter().flat_map(objects) {
            match object {
                Object::Sql(_) => {
                    marks.statements.push(text(object));
                    marks.statement_names.insert(lowered(object.id().name()));
                }
                _ => marks.others.push(text(object)),
            }
        }
        marks.names = written.flat_map(names).map(lowered).collect();
        marks.spread(schemas);
        marks
    }

    /// Adds the statements that name something written, and those that name them.
    fn spread(&mut self, schemas: [&Schema; 2]) {
        let statements =
            schemas.into_iter().flat_map(Schema::iter).filter(|(_, object)| matches!(object, Object::Sql(_)));
        let mut open: Vec<(&ObjectId, String)> = statements.map(|(id, object)| (id, text(object))).collect();
        loop {
            let (hit, left): (Vec<_>, Vec<_>) =
                open.into_iter().partition(|(_, text)| self.names.iter().any(|name| mentions(text, name)));
            if hit.is_empty() {
                return;
            }
            for (id, _) in hit {
                self.names.insert(lowered(id.name()));
                self.over.insert(id.clone());
            }
            open = left;
        }
    }

    /// Whether a text of one side names what the other writes, or both have to make the same statement anew.
    pub(super) fn meets(&self, other: &TextMarks) -> bool {
        let names_in = |texts: &[String], names: &BTreeSet<String>| {
            texts.iter().any(|text| names.iter().any(|name| mentions(text, name)))
        };
        let one_way =
            |a: &TextMarks, b: &TextMarks| names_in(&a.statements, &b.names) || names_in(&a.others, &b.statement_names);
        one_way(self, other) || one_way(other, self) || !self.over.is_disjoint(&other.over)
    }
}

fn objects(change: &Change) -> Vec<&Object> {
    match change {
        Change::Create(object) | Change::Drop(object) => vec![object],
        Change::Alter(diff) => vec![&diff.before, &diff.after],
        Change::Rename(_) => Vec::new(),
    }
}

/// All strings of a definition, in lower case.
fn text(object: &Object) -> String {
    let mut text = String::new();
    // What a record cannot hold is in no record.
    toml::Value::try_from(object).iter().for_each(|value| collect(value, &mut text));
    text.to_lowercase()
}

fn collect(value: &toml::Value, text: &mut String) {
    match value {
        toml::Value::String(string) => {
            text.push_str(string);
            text.push('\n');
        }
        toml::Value::Array(list) => list.iter().for_each(|value| collect(value, text)),
        toml::Value::Table(table) => table.iter().for_each(|(key, value)| {
            text.push_str(key);
            text.push('\n');
            collect(value, text);
        }),
        _ => {}
    }
}

fn lowered(name: &crate::Ident) -> String {
    name.as_str().to_lowercase()
}

/// Whether a lower-case text has the name as a word; a name that is no word may be anywhere in it.
fn mentions(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    if name.is_empty() || !name.chars().all(is_word) {
        return text.contains(name);
    }
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_words() {
        assert!(mentions("select * from users u", "users") && mentions("\"users\".id", "users"));
        assert!(!mentions("select * from users_old", "users") && !mentions("my_users", "users"));
        assert!(mentions("a === b", "===") && mentions("\"in the middle\"", "in the middle"));
    }
}
