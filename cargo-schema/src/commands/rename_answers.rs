//! Renames that the user names: with `--rename`, or by answering on the terminal.
//!
//! Only the user knows whether an object was renamed. An answer that fits no object is a finding, and what is not answered stays one.

use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::kinds::Object;
use schema_core::lint::Question;
use schema_core::rename::Rename;
use schema_core::{DEFAULT_SCHEMA, Ident, KindName, ObjectId, Schema, split_name};

use super::world::World;
use crate::cli::arguments::RenameAnswer;

/// A `--rename` names no object.
pub const RENAME_NOT_FOUND: Code = Code::new("rename-not-found");

/// The renames that were named with `--rename`.
pub(super) fn named(answers: &[RenameAnswer], before: &Schema, after: &Schema) -> Result<Vec<Rename>, Vec<Diagnostic>> {
    let (mut renames, mut findings) = (Vec::new(), Vec::new());
    for answer in answers {
        let found =
            paths(&answer.before).zip(paths(&answer.after)).map(|(old, new)| matching(&old, &new, before, after));
        match found.unwrap_or_default().as_slice() {
            [] => findings.push(not_found(answer, before)),
            several => renames.extend_from_slice(several),
        }
    }
    if findings.is_empty() { Ok(renames) } else { Err(findings) }
}

/// The name as it is, and in the default schema.
fn paths(text: &str) -> Option<Vec<Vec<Ident>>> {
    let path = split_name(text).ok()?;
    let default = std::iter::once(Ident::of(DEFAULT_SCHEMA)).chain(path.iter().cloned()).collect();
    Some(vec![path, default])
}

/// Every kind that has the old name before and the new name after; a table and its type cannot both, so it is one in practice.
fn matching(old: &[Vec<Ident>], new: &[Vec<Ident>], before: &Schema, after: &Schema) -> Vec<Rename> {
    let gone = before.iter().flat_map(|(id, object)| names(id, object)).filter(|id| old.contains(&id.path));
    let renames = gone.filter_map(|before| {
        let fits =
            |id: &ObjectId| id.kind == before.kind && id.path.len() == before.path.len() && new.contains(&id.path);
        let after = after.iter().flat_map(|(id, object)| names(id, object)).find(fits)?;
        Some(Rename { before, after })
    });
    renames.collect()
}

/// An object's id, and those of an enum's values.
fn names(id: &ObjectId, object: &Object) -> Vec<ObjectId> {
    let values = match object {
        Object::Enum(of) => {
            of.values.iter().map(|value| ObjectId::inner(KindName::EnumValue, &of.name, value)).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once(id.clone()).chain(values).collect()
}

fn not_found(answer: &RenameAnswer, before: &Schema) -> Diagnostic {
    let RenameAnswer { before: old, after: new } = answer;
    let known = paths(old)
        .is_some_and(|old| before.iter().flat_map(|(id, object)| names(id, object)).any(|id| old.contains(&id.path)));
    let message = if known {
        format!("`--rename {old}={new}`: the structs have no `{new}`, so the rename means nothing")
    } else {
        format!("`--rename {old}={new}`: the history has no `{old}`, so the rename means nothing")
    };
    Diagnostic::error(RENAME_NOT_FOUND, message)
        .help("columns are named with their table: --rename users.mail=users.email")
}

/// Asks on the terminal; a question that is not answered with a number stays open.
pub(super) fn asked(world: &World<'_>, questions: &[Question]) -> Vec<Rename> {
    let mut renames: Vec<Rename> = Vec::new();
    for question in questions {
        let taken = |id: &ObjectId| renames.iter().any(|rename| &rename.after == id);
        let candidates: Vec<usize> =
            (0..question.candidates.len()).filter(|at| !taken(&question.candidates[*at])).collect();
        if candidates.is_empty() {
            continue;
        }
        let Some(answer) = world.screen.ask(&text(question, &candidates)) else { break };
        let number = answer.parse::<usize>().ok().and_then(|number| candidates.get(number.checked_sub(1)?));
        renames.extend(number.and_then(|at| question.answer(*at)));
    }
    renames
}

fn text(question: &Question, candidates: &[usize]) -> String {
    let kind = question.before.kind.words();
    let mut text = format!("{kind} `{}` is gone. Was it renamed?\n", question.before);
    for (number, at) in candidates.iter().enumerate() {
        text.push_str(&format!("  {}  yes, it is `{}` now\n", number + 1, question.candidates[*at]));
    }
    text.push_str("  -  no\n>");
    text
}
