//! What can be wrong with the parents that revisions name, each with a finding that says what to do.
//!
//! Several heads are no defect. Whether two of them conflict needs their changes, and is decided elsewhere.

use super::id::RevisionId;
use crate::diagnostic::{Code, Diagnostic};

/// A revision names a parent that is not there.
pub const REVISION_PARENT_MISSING: Code = Code::new("revision-parent-missing");
/// Revisions stand before themselves.
pub const REVISION_CYCLE: Code = Code::new("revision-cycle");
/// Two revisions have the same id.
pub const REVISION_DUPLICATE: Code = Code::new("revision-duplicate");
/// A revision names itself as parent.
pub const REVISION_OWN_PARENT: Code = Code::new("revision-own-parent");
/// A revision names a parent twice.
pub const REVISION_PARENT_REPEATED: Code = Code::new("revision-parent-repeated");

/// How many ids of a cycle are drawn.
const DRAWN: usize = 6;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// `id` names `parent`, which is not there.
    MissingParent {
        /// The revision.
        id: RevisionId,
        /// What it names.
        parent: RevisionId,
        /// A revision with the same name or time, when there is one: the parent may have been renamed.
        near: Option<RevisionId>,
    },
    /// Each names the next as a parent, and the last names the first.
    Cycle {
        /// The revisions; the smallest id first.
        ids: Vec<RevisionId>,
    },
    /// More than one revision has this id.
    DuplicateId {
        /// The id.
        id: RevisionId,
    },
    /// The revision names itself.
    SelfParent {
        /// The revision.
        id: RevisionId,
    },
    /// `id` names `parent` more than once.
    DuplicateParent {
        /// The revision.
        id: RevisionId,
        /// What it names.
        parent: RevisionId,
    },
}

impl Defect {
    /// The revision whose `revision.toml` is to be changed.
    pub fn revision(&self) -> &RevisionId {
        match self {
            Defect::Cycle { ids } => &ids[0],
            Defect::MissingParent { id, .. }
            | Defect::DuplicateId { id }
            | Defect::SelfParent { id }
            | Defect::DuplicateParent { id, .. } => id,
        }
    }

    /// The finding. `migrations` is the folder of the revisions as the user would type it.
    pub fn to_diagnostic(&self, migrations: &str) -> Diagnostic {
        let file = |id: &RevisionId| format!("{migrations}/{id}/revision.toml");
        match self {
            Defect::MissingParent { id, parent, near } => missing(migrations, id, parent, near.as_ref()),
            Defect::Cycle { ids } => cycle(ids)
                .help(format!("take one of these revisions out of the `parents` in {}", file(&ids[0])))
                .help("then look at the result: cargo schema history --graph"),
            Defect::DuplicateId { id } => Diagnostic::error(
                REVISION_DUPLICATE,
                format!("two revisions are called `{id}`, so only one of them would ever run"),
            )
            .note(format!("{id}  <- one folder\n{id}  <- another folder"))
            .help(format!("rename one of the folders, for example: git mv {migrations}/{id} {migrations}/{id}_2")),
            Defect::SelfParent { id } => Diagnostic::error(
                REVISION_OWN_PARENT,
                format!("`{id}` names itself as its parent, so it could never run"),
            )
            .note(format!("{id} --+\n{} <-+", " ".repeat(id.as_str().len() - 1) + "^"))
            .help(format!("take `{id}` out of the `parents` in {}", file(id))),
            Defect::DuplicateParent { id, parent } => {
                let message = format!(
                    "`{id}` names its parent `{parent}` more than once, which is probably a wrongly resolved git merge"
                );
                Diagnostic::error(REVISION_PARENT_REPEATED, message)
                    .note(format!("{parent}\n  +==> {id}"))
                    .help(format!("name `{parent}` once in the `parents` in {}", file(id)))
            }
        }
    }
}

fn missing(migrations: &str, id: &RevisionId, parent: &RevisionId, near: Option<&RevisionId>) -> Diagnostic {
    let message = format!("`{id}` comes after `{parent}`, which is not in {migrations}, so it cannot be put in order");
    let found = Diagnostic::error(REVISION_PARENT_MISSING, message).note(format!("{parent}  <- missing\n  +--> {id}"));
    let found = match near {
        Some(near) => {
            found.help(format!("if `{near}` is meant, write it in the `parents` in {migrations}/{id}/revision.toml"))
        }
        None => found,
    };
    found.help(format!("to find the branch that has it: git log --all --oneline -- {migrations}/{parent}"))
}

fn cycle(ids: &[RevisionId]) -> Diagnostic {
    let message = format!("`{}` comes after itself, so none of these {} revisions could ever run", ids[0], ids.len());
    let mut drawn: Vec<&str> = ids.iter().take(DRAWN).map(RevisionId::as_str).collect();
    if DRAWN < ids.len() {
        drawn.push("...");
    }
    let line = drawn.join(" comes after ");
    let back = format!("^{}+", "-".repeat(line.len().saturating_sub(2)));
    Diagnostic::error(REVISION_CYCLE, message).note(format!("{line}\n{back}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RevisionId {
        RevisionId::new(text).unwrap()
    }

    #[test]
    fn pictures_have_two_lines() {
        let defects = [
            Defect::MissingParent { id: id("b"), parent: id("a"), near: None },
            Defect::Cycle { ids: (0..9).map(|n| id(&format!("r{n}"))).collect() },
            Defect::DuplicateId { id: id("a") },
            Defect::SelfParent { id: id("a") },
            Defect::DuplicateParent { id: id("b"), parent: id("a") },
        ];
        for defect in defects {
            let found = defect.to_diagnostic("migrations");
            assert_eq!(found.notes[0].lines().count(), 2, "{found:?}");
            assert!(!found.help.is_empty() && found.message.contains(&format!("`{}`", defect.revision())), "{found:?}");
        }
    }

    #[test]
    fn a_cycle_is_drawn_as_one() {
        let found = Defect::Cycle { ids: vec![id("a"), id("bcd")] }.to_diagnostic("m");
        assert_eq!(found.notes, ["a comes after bcd\n^---------------+"]);
    }

    #[test]
    fn a_missing_parent_names_the_file_to_change() {
        let near = Some(id("2_users"));
        let found =
            Defect::MissingParent { id: id("3_bio"), parent: id("1_users"), near }.to_diagnostic("db/migrations");
        assert_eq!(
            found.message,
            "`3_bio` comes after `1_users`, which is not in db/migrations, so it cannot be put in order"
        );
        assert_eq!(
            found.help[0],
            "if `2_users` is meant, write it in the `parents` in db/migrations/3_bio/revision.toml"
        );
    }
}
