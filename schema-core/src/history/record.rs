//! `revision.toml`: a revision's parents, its message and the declared changes it makes.
//!
//! One change a line, in the order in which it is folded, so that a diff of two records reads like the change itself. Where the
//! file lies, and the SQL beside it, is known elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::adoption::Adoption;
use super::id::RevisionId;
use crate::{Change, Misfit, Schema};

/// The format this version writes. A reader refuses a higher one instead of misreading it.
const FORMAT: u32 = 1;

/// What `revision.toml` holds.
///
/// ```
/// use schema_core::history::RevisionRecord;
/// let record = RevisionRecord { message: "start".into(), ..RevisionRecord::default() };
/// assert_eq!(RevisionRecord::parse(&record.to_string()).unwrap(), record);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevisionRecord {
    /// The format of the file.
    pub format: u32,
    /// What the revision does, for people.
    pub message: String,
    /// The revisions that come directly before it.
    pub parents: Vec<RevisionId>,
    /// The revisions it stands for, when it is a checkpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<RevisionId>,
    /// The migrations of another tool that come before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Adoption>,
    /// The declared changes, in order. None for a revision that only moves data.
    #[serde(default)]
    pub changes: Vec<Change>,
}

impl Default for RevisionRecord {
    fn default() -> RevisionRecord {
        RevisionRecord::new("", Vec::new(), Vec::new())
    }
}

/// Why a text is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// It is no TOML, or not of this shape.
    Toml {
        /// What is wrong.
        message: String,
        /// Where, in bytes, when it is known.
        span: Option<std::ops::Range<usize>>,
    },
    /// A newer version of the tool has written it.
    Newer {
        /// The format of the file.
        format: u32,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::Toml { message, .. } => f.write_str(message),
            RecordError::Newer { format } => {
                write!(f, "the record has format {format} and this version reads up to {FORMAT}; update cargo-schema")
            }
        }
    }
}

impl std::error::Error for RecordError {}

/// Only the head of a record, for whoever does not need the changes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordHead {
    /// The format of the file.
    pub format: u32,
    /// What the revision does.
    pub message: String,
    /// The revisions that come directly before it.
    pub parents: Vec<RevisionId>,
    /// The revisions it stands for, when it is a checkpoint.
    #[serde(default)]
    pub replaces: Vec<RevisionId>,
    /// The migrations of another tool that come before it.
    #[serde(default)]
    pub adopted: Option<Adoption>,
}

fn toml_error(error: &toml::de::Error) -> RecordError {
    RecordError::Toml { message: error.message().to_owned(), span: error.span() }
}

fn known_format(format: u32) -> Result<(), RecordError> {
    if FORMAT < format { Err(RecordError::Newer { format }) } else { Ok(()) }
}

impl RecordHead {
    /// Reads the head of a record.
    pub fn parse(text: &str) -> Result<RecordHead, RecordError> {
        let head: RecordHead = toml::from_str(text).map_err(|error| toml_error(&error))?;
        known_format(head.format)?;
        Ok(head)
    }
}

impl RevisionRecord {
    /// A record of this version's format.
    pub fn new(message: impl Into<String>, parents: Vec<RevisionId>, changes: Vec<Change>) -> RevisionRecord {
        RevisionRecord {
            format: FORMAT,
            message: message.into(),
            parents,
            replaces: Vec::new(),
            adopted: None,
            changes,
        }
    }

    /// Reads a record.
    pub fn parse(text: &str) -> Result<RevisionRecord, RecordError> {
        match toml::from_str::<RevisionRecord>(text) {
            Ok(record) => known_format(record.format).map(|()| record),
            // What a newer version writes need not be of this shape: its number explains more than the first odd word.
            Err(error) => Err(RecordHead::parse(text)
                .err()
                .filter(|e| matches!(e, RecordError::Newer { .. }))
                .unwrap_or_else(|| toml_error(&error))),
        }
    }
}

impl fmt::Display for RevisionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
        let parents = self.parents.iter().map(|parent| text(parent.as_str())).collect::<Vec<_>>().join(", ");
        writeln!(f, "# Written by cargo schema: what this revision declares. The SQL beside it is what runs.")?;
        writeln!(f, "format = {}", self.format)?;
        writeln!(f, "message = {}", text(&self.message))?;
        writeln!(f, "parents = [{parents}]")?;
        if !self.replaces.is_empty() {
            writeln!(f, "replaces = [")?;
            self.replaces.iter().try_for_each(|id| writeln!(f, "    {},", text(id.as_str())))?;
            writeln!(f, "]")?;
        }
        if let Some(adopted) = &self.adopted {
            let (tool, folder) = (text(adopted.tool.name()), text(&adopted.folder));
            writeln!(f, "adopted = {{ tool = {tool}, folder = {folder}, migrations = [")?;
            for file in &adopted.migrations {
                writeln!(f, "    {},", toml::Value::try_from(file).map_err(|_| fmt::Error)?)?;
            }
            writeln!(f, "] }}")?;
        }
        writeln!(f, "changes = [")?;
        for change in &self.changes {
            let value = toml::Value::try_from(change).map_err(|_| fmt::Error)?;
            writeln!(f, "    {value},")?;
        }
        writeln!(f, "]")
    }
}

/// A recorded change that does not fit what comes before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldError {
    /// The revision.
    pub revision: RevisionId,
    /// What does not fit.
    pub misfit: Misfit,
}

impl fmt::Display for FoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revision `{}` does not fit the history before it: {}", self.revision, self.misfit)
    }
}

impl std::error::Error for FoldError {}

/// Folds the changes of all revisions, given in graph order, into the schema at the head.
pub fn fold<'a>(records: impl IntoIterator<Item = (&'a RevisionId, &'a RevisionRecord)>) -> Result<Schema, FoldError> {
    fold_onto(Schema::default(), records)
}

/// The same on top of what others have made before.
pub fn fold_onto<'a>(
    mut schema: Schema,
    records: impl IntoIterator<Item = (&'a RevisionId, &'a RevisionRecord)>,
) -> Result<Schema, FoldError> {
    for (id, record) in records {
        for change in &record.changes {
            schema = change.apply(schema).map_err(|misfit| FoldError { revision: id.clone(), misfit })?;
        }
    }
    Ok(schema)
}

/// Makes all changes that fit. What does not is a finding where the whole history is folded, and no reason to know nothing of a part
/// of it.
pub fn fold_fitting<'c>(start: Schema, changes: impl Iterator<Item = &'c Change> + Clone) -> Schema {
    let all = changes.clone().try_fold(start.clone(), |schema, change| change.apply(schema));
    // A schema is shared until it changes, so that trying costs one copy and not one a change.
    all.unwrap_or_else(|_| changes.fold(start, |schema, change| change.apply(schema.clone()).unwrap_or(schema)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Diff, Ident, QualifiedName, SqlType,
        kinds::{Column, Object, Table},
        rename::Rename,
    };

    fn users() -> QualifiedName {
        QualifiedName::public(Ident::of("users"))
    }

    fn column(name: &str, sql_type: &str) -> Object {
        Column::new(users(), Ident::of(name), SqlType::parse(sql_type).unwrap()).into()
    }

    fn record() -> RevisionRecord {
        let id = |name: &str| crate::ObjectId::column(&users(), &Ident::of(name));
        let changes = vec![
            Change::Create(Table::new(users()).into()),
            Change::Create(column("mail", "text")),
            Change::Create(column("age", "integer")),
            Change::Rename(Rename { before: id("mail"), after: id("email") }),
            Change::Alter(Diff { before: column("age", "integer"), after: column("age", "bigint") }),
        ];
        RevisionRecord::new("it's \"quoted\"\n", vec![RevisionId::new("20261122131500_start").unwrap()], changes)
    }

    #[test]
    fn a_record_reads_back_and_has_one_change_a_line() {
        let text = record().to_string();
        assert_eq!(RevisionRecord::parse(&text).unwrap(), record());
        assert_eq!(text.lines().filter(|line| line.starts_with("    {")).count(), 5, "{text}");
        assert!(
            text.contains(r#"{ create = { column = { name = "mail", table = "users", type = "text" } } },"#),
            "{text}"
        );
    }

    #[test]
    fn folding_applies_every_change_in_order() {
        let (id, record) = (RevisionId::new("1_a").unwrap(), record());
        let schema = fold([(&id, &record)]).unwrap();
        let names: Vec<_> =
            schema.columns(&users()).iter().map(|column| format!("{} {}", column.name, column.sql_type)).collect();
        assert_eq!(names, ["email text", "age bigint"]);
    }

    #[test]
    fn what_fits_is_folded_beside_what_does_not() {
        let changes = [
            Change::Create(Table::new(users()).into()),
            Change::Drop(column("age", "integer")),
            Change::Create(column("mail", "text")),
        ];
        let schema = fold_fitting(Schema::default(), changes.iter());
        assert_eq!(schema.iter().count(), 2);
    }

    #[test]
    fn a_change_that_does_not_fit_names_its_revision() {
        let id = RevisionId::new("1_a").unwrap();
        let record = RevisionRecord::new("", vec![], vec![Change::Drop(column("age", "integer"))]);
        let problem = fold([(&id, &record)]).unwrap_err();
        assert!(problem.to_string().contains("column `users.age` does not exist"), "{problem}");
    }

    #[test]
    fn a_newer_format_is_refused_by_its_number() {
        let text = "format = 9\nmessage = \"\"\nparents = []\nodd = 1\n";
        assert_eq!(RevisionRecord::parse(text), Err(RecordError::Newer { format: 9 }));
    }
}
