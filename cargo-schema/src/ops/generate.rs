//! The draft of a revision: the difference between the recorded history and the structs, planned and judged.
//!
//! Pure. Reading sources and history, asking the user, proving and writing are done by the command.

use schema_core::{
    Change, ObjectId, Schema,
    diagnostic::{Diagnostic, Place, Severity, stops},
    diff::Difference,
    history::{Migration, RevisionId, RevisionRecord},
    lint::{self, Question},
    plan::{Hints, Plan, plan},
    rename::Rename,
};

/// What the structs say.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// What is said about rows that exist.
    pub hints: &'a Hints,
    /// `renamed_from`.
    pub renames: &'a [Rename],
}

/// What the user said on the command line.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// `--rename`, and answers at the prompt.
    pub renames: Vec<Rename>,
    /// `--allow-data-loss`: drops are meant, and what may fail is accepted.
    pub allow_data_loss: bool,
}

/// A revision that is not proven yet.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The plan, both ways.
    pub plan: Plan,
    /// What was found; errors stop the revision.
    pub findings: Vec<Diagnostic>,
    /// What only the user can tell.
    pub questions: Vec<Question>,
}

impl Draft {
    /// Whether structs and history agree.
    pub fn is_empty(&self) -> bool {
        self.plan.difference.is_empty()
    }

    /// Whether a finding or an open question forbids to write it.
    pub fn stops(&self) -> bool {
        stops(&self.findings)
    }

    /// The revision's files.
    pub fn revision(&self, id: RevisionId, message: &str, parents: Vec<RevisionId>) -> (Migration, RevisionRecord) {
        let record = RevisionRecord::new(message, parents.clone(), self.plan.difference.changes());
        let up = self.plan.up.text().into();
        let down = Some(self.plan.down.text().into());
        (Migration { id, parents, message: message.to_owned(), up, down, adopted: None, replaces: Vec::new() }, record)
    }
}

/// Drafts the revision that takes the recorded schema to the declared one.
pub fn draft(
    before: &Schema,
    declared: Declared<'_>,
    answers: &Answers,
    place_of: &dyn Fn(&ObjectId) -> Option<Place>,
) -> Draft {
    let renames: Vec<Rename> = declared.renames.iter().chain(&answers.renames).cloned().collect();
    let plan = plan(before, declared.schema, &renames, declared.hints);
    let questions = if answers.allow_data_loss { Vec::new() } else { lint::questions(&plan.difference) };
    let asked: Vec<&ObjectId> = questions.iter().map(|question| &question.before).collect();
    let open = plan.hazards.iter().filter(|hazard| !asked.contains(&&hazard.object)).cloned().collect::<Vec<_>>();
    let mut findings = lint::unknown_renames(&renames, before, place_of);
    findings.extend(questions.iter().map(|question| question.finding(place_of)));
    findings.extend(lint::hazard_findings(&open, place_of).into_iter().map(|finding| accepted(finding, answers)));
    Draft { plan, findings, questions }
}

/// What the user has accepted is still said, but stops nothing.
fn accepted(finding: Diagnostic, answers: &Answers) -> Diagnostic {
    match answers.allow_data_loss {
        true => Diagnostic { severity: Severity::Warning, help: Vec::new(), ..finding },
        false => finding,
    }
}

/// A message for a revision that got none: what it does, in a few words.
///
/// ```
/// use cargo_schema::ops::generate::default_message;
/// assert_eq!(default_message(&Default::default()), "empty");
/// ```
pub fn default_message(difference: &Difference) -> String {
    let changes = difference.changes();
    let tables = changes.iter().filter(|change| matches!(change, Change::Create(object) if is_table(object))).count();
    let first = changes.iter().min_by_key(|change| weight(change));
    match (tables, first) {
        (_, None) => "empty".to_owned(),
        (2.., _) => format!("create {tables} tables"),
        (_, Some(change)) => words(change),
    }
}

fn is_table(object: &schema_core::kinds::Object) -> bool {
    object.kind() == schema_core::KindName::Table
}

/// Tables say more than columns, and columns more than constraints.
fn weight(change: &Change) -> u8 {
    use schema_core::KindName::{Column, Table};
    match change.id().kind {
        Table => 0,
        Column => 1,
        _ => 2,
    }
}

fn words(change: &Change) -> String {
    let id = change.id();
    let name = id.to_string().replace('.', " ");
    match change {
        Change::Create(object) if is_table(object) => format!("create {name}"),
        Change::Create(_) => format!("add {name}"),
        Change::Drop(_) => format!("drop {name}"),
        Change::Alter(_) => format!("alter {name}"),
        Change::Rename(rename) => format!("rename {} to {}", rename.before.name(), rename.after.name()),
    }
}

/// The folder name of a revision: the time in UTC as `YYYYMMDDHHMMSS`, then the message in letters, digits and underscores.
///
/// ```
/// use cargo_schema::ops::generate::slug;
/// assert_eq!(slug("Add users.bio, at last!"), "add_users_bio_at_last");
/// ```
pub fn slug(message: &str) -> String {
    const LONGEST: usize = 48;
    let mut text = String::new();
    for c in message.chars().flat_map(char::to_lowercase) {
        match c {
            c if c.is_ascii_alphanumeric() => text.push(c),
            _ if !text.is_empty() && !text.ends_with('_') => text.push('_'),
            _ => {}
        }
        if LONGEST <= text.len() {
            break;
        }
    }
    let text = text.trim_end_matches('_');
    if text.is_empty() { "revision".to_owned() } else { text.to_owned() }
}
