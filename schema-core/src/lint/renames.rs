//! What may be a rename: one object goes while another of its kind comes in the same place.
//!
//! Nothing is guessed. The question is answered by an attribute, a flag or a prompt, and until then it is a finding.

use std::collections::BTreeSet;

use super::PlaceOf;
use crate::{
    Ident, KindName, ObjectId, Schema,
    diagnostic::{Code, Diagnostic},
    diff::Difference,
    kinds::Object,
    rename::Rename,
};

/// Something goes and something comes: a rename keeps the data, a drop loses it.
pub const RENAME_OR_DROP: Code = Code::new("rename-or-drop");
/// A rename names something that is not there.
pub const RENAME_UNKNOWN: Code = Code::new("rename-unknown");

/// One object that goes, and what it may have become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What goes.
    pub before: ObjectId,
    /// What it may have become, the likeliest first.
    pub candidates: Vec<ObjectId>,
}

impl Question {
    /// The rename that answers it.
    pub fn answer(&self, candidate: usize) -> Option<Rename> {
        let after = self.candidates.get(candidate)?.clone();
        Some(Rename { before: self.before.clone(), after })
    }

    /// The question as a finding that shows both commands.
    pub fn finding(&self, place_of: PlaceOf<'_>) -> Diagnostic {
        let kind = self.before.kind.words();
        let shown = self.candidates.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" or ");
        let lost = if self.before.kind == KindName::Table { "its rows" } else { "its values" };
        let message = format!(
            "{kind} `{}` is gone and {shown} is new: was it renamed, or is it dropped with {lost}?",
            self.before
        );
        let mut finding = Diagnostic::error(RENAME_OR_DROP, message);
        for candidate in &self.candidates {
            let (before, after) = (&self.before, candidate);
            finding = finding
                .secondary(place_of(candidate), "new here")
                .help(format!("renamed, {lost} stay: cargo schema generate --rename {before}={after}"));
        }
        finding.help(format!("dropped, {lost} are lost: cargo schema generate --allow-data-loss"))
    }
}

/// The questions that a difference leaves open.
pub fn questions(difference: &Difference) -> Vec<Question> {
    let asked =
        [KindName::Schema, KindName::Table, KindName::Column, KindName::Enum, KindName::Domain, KindName::Sequence];
    let gone = difference.drops.iter().filter(|object| asked.contains(&object.kind()));
    let tables: BTreeSet<ObjectId> =
        difference.drops.iter().map(Object::id).filter(|id| id.kind == KindName::Table).collect();
    // A column of a dropped table goes with it.
    let gone = gone.filter(|object| object.table().is_none_or(|table| !tables.contains(&ObjectId::table(table))));
    let objects = gone.filter_map(|object| question(object, &difference.creates));
    objects.chain(difference.alters.iter().flat_map(|diff| value_questions(&diff.before, &diff.after))).collect()
}

fn question(gone: &Object, creates: &[Object]) -> Option<Question> {
    let mut candidates: Vec<&Object> =
        creates.iter().filter(|new| new.kind() == gone.kind() && new.table() == gone.table()).collect();
    candidates.retain(|new| match (gone, new) {
        // A partition for other rows is another partition, as when the oldest one goes and the next one comes.
        (Object::Table(gone), Object::Table(new)) => gone.partition_of == new.partition_of,
        _ => true,
    });
    candidates.sort_by_key(|new| likeness(gone, new));
    let candidates: Vec<ObjectId> = candidates.into_iter().map(Object::id).collect();
    (!candidates.is_empty()).then(|| Question { before: gone.id(), candidates })
}

/// Lower is likelier: the same definition under another name, then the same type, then names that look alike.
fn likeness(gone: &Object, new: &Object) -> (bool, bool, usize) {
    let name = new.id().name().clone();
    let same = gone.with_name(&name) == *new;
    let same_type = match (gone, new) {
        (Object::Column(a), Object::Column(b)) => a.sql_type == b.sql_type,
        _ => true,
    };
    (!same, !same_type, edit_distance(gone.id().name().as_str(), name.as_str()))
}

fn value_questions(before: &Object, after: &Object) -> Vec<Question> {
    let (Object::Enum(before), Object::Enum(after)) = (before, after) else { return Vec::new() };
    let id = |value: &Ident| ObjectId::inner(KindName::EnumValue, &after.name, value);
    let new: Vec<ObjectId> = after.values.iter().filter(|value| !before.values.contains(value)).map(id).collect();
    let gone = before.values.iter().filter(|value| !after.values.contains(value));
    gone.filter(|_| !new.is_empty()).map(|value| Question { before: id(value), candidates: new.clone() }).collect()
}

/// The number of letters to change, add or leave out (Levenshtein).
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = if x == *y { corner } else { corner.min(row[j]).min(row[j + 1]) + 1 };
            corner = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

/// Renames whose old name is in no schema before, and whose new name is not either: probably a slip of the pen.
///
/// A rename that was recorded long ago has its new name in `before`, and is silent.
pub fn unknown_renames(renames: &[Rename], before: &Schema, place_of: PlaceOf<'_>) -> Vec<Diagnostic> {
    let known = |id: &ObjectId| match id.kind {
        KindName::EnumValue => holds_value(before, id),
        _ => before.contains(id),
    };
    let inside_new = |rename: &&Rename| {
        // In a table that is new or itself renamed the old column is looked for under the old table; that one is judged alone.
        rename.before.outer().is_none_or(|outer| {
            rename.before.path.len() < 3
                || before.contains(&ObjectId::table(&outer))
                || rename.before.kind == KindName::EnumValue
        })
    };
    let odd = renames.iter().filter(|rename| !known(&rename.before) && !known(&rename.after)).filter(inside_new);
    odd.map(|rename| {
        let (kind, old, new) = (rename.before.kind.words(), &rename.before, &rename.after);
        let message =
            format!("{kind} `{new}` says that it was `{old}`, which no revision recorded; it would be made anew");
        Diagnostic::warning(RENAME_UNKNOWN, message)
            .primary(place_of(new), "the old name is not in the history")
            .help("correct the old name, or take `renamed_from` away")
    })
    .collect()
}

fn holds_value(schema: &Schema, id: &ObjectId) -> bool {
    let of = id.outer().map(|name| ObjectId::top(KindName::Enum, &name));
    matches!(of.and_then(|of| schema.get(&of)), Some(Object::Enum(of)) if of.values.contains(id.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_letter_by_letter() {
        assert_eq!(edit_distance("mail", "email"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }

    fn partition(name: &str, values: &str) -> Object {
        use crate::kinds::{PartitionOf, Table};
        let public = |name: &str| crate::QualifiedName::public(Ident::of(name));
        let partition_of = Some(PartitionOf { parent: public("events"), values: values.to_owned().into() });
        Object::Table(Table { partition_of, ..Table::new(public(name)) })
    }

    #[test]
    fn a_partition_for_other_rows_is_no_rename() {
        let gone = partition("events_2023", "in (2023)");
        assert!(question(&gone, &[partition("events_2026", "in (2026)")]).is_none());
        assert!(question(&gone, &[partition("events_old", "in (2023)")]).is_some());
    }
}
