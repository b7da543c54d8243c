//! Reading the folders of revisions.
//!
//! What is wrong with a revision is a finding that points into its file, and the others are read all the same. Plain files and hidden
//! folders are passed over: editors and a killed command leave some.

use std::io::ErrorKind;
use std::path::Path;

use schema_core::diagnostic::{Code, Diagnostic, Place};
use schema_core::history::{RecordError, RecordHead, RevisionId};

use super::{ReadError, RevisionDir, adopted};

/// The name of a folder is no id.
pub const REVISION_NAME: Code = Code::new("revision-name");
/// A folder with SQL has no `revision.toml`.
pub const REVISION_WITHOUT_RECORD: Code = Code::new("revision-without-record");
/// A revision has no `up.sql`.
pub const REVISION_WITHOUT_UP: Code = Code::new("revision-without-up");
/// A `revision.toml` cannot be read.
pub const REVISION_RECORD: Code = Code::new("revision-record");
/// A file is not UTF-8.
pub const REVISION_NOT_TEXT: Code = Code::new("revision-not-text");

const RECORD: &str = "revision.toml";

type Read = Result<(Vec<RevisionDir>, Vec<Diagnostic>), ReadError>;

/// The revisions of a folder by id, with those of another tool that were adopted.
pub(super) fn revisions(folder: &Path, shown: &str) -> Read {
    let (mut revisions, mut found) = (Vec::new(), Vec::new());
    for name in folder_names(folder)? {
        let reading = Reading { folder: &folder.join(&name), shown: format!("{shown}/{name}") };
        let mut findings = Vec::new();
        match RevisionId::new(name.as_str()) {
            Ok(id) => revisions.extend(reading.revision(id, &mut findings)?),
            Err(problem) => findings.push(
                Diagnostic::error(REVISION_NAME, format!("`{}` is no revision: {problem}", reading.shown))
                    .help(format!("rename it, or move it out of {shown}")),
            ),
        }
        found.push((name, findings));
    }
    // Which folders are another tool's is known when the adoption has been read.
    let adopted = adopted::folders(&revisions);
    let own = found.into_iter().filter(|(name, _)| !adopted.contains(name));
    let mut findings = own.flat_map(|(_, findings)| findings).collect();
    adopted::expanded(folder, shown, &mut revisions, &mut findings)?;
    Ok((revisions, findings))
}

fn folder_names(folder: &Path) -> Result<Vec<String>, ReadError> {
    let failed = |source| ReadError { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && entry.path().is_dir() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

struct Reading<'r> {
    folder: &'r Path,
    shown: String,
}

impl Reading<'_> {
    fn revision(&self, id: RevisionId, findings: &mut Vec<Diagnostic>) -> Result<Option<RevisionDir>, ReadError> {
        let mut file = |name: &str| self.text(name, findings);
        let (record, up, down) = (file(RECORD)?, file("up.sql")?, file("down.sql")?);
        let record = match (record, &up) {
            // A folder for something else.
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                findings.push(self.without_record());
                return Ok(None);
            }
            (Some(text), _) => text,
        };
        if up.is_none() {
            findings.push(self.without_up());
        }
        match (head(&record), up) {
            (Ok(head), Some(up)) => Ok(Some(RevisionDir { up, down, head, record, ..RevisionDir::named(&id) })),
            (Ok(_), None) => Ok(None),
            (Err(error), _) => {
                findings.push(unreadable(&self.shown, &error));
                Ok(None)
            }
        }
    }

    /// A file; `None` when it is not there or is no text.
    fn text(&self, name: &str, findings: &mut Vec<Diagnostic>) -> Result<Option<String>, ReadError> {
        let path = self.folder.join(name);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|source| ReadError { path, source })?,
        };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let message = format!("`{}/{name}` is not UTF-8 (byte {at}), so it cannot be run", self.shown);
                findings.push(Diagnostic::error(REVISION_NOT_TEXT, message).help("save the file as UTF-8"));
                Ok(None)
            }
        }
    }

    fn without_record(&self) -> Diagnostic {
        let message =
            format!("`{}` has SQL and no {RECORD}, so it has no place in the history and would never run", self.shown);
        Diagnostic::error(REVISION_WITHOUT_RECORD, message)
            .help("to make a revision for hand-written SQL: cargo schema generate --empty -m MESSAGE")
            .help(format!("if the file was lost: git log -- {}/{RECORD}", self.shown))
    }

    fn without_up(&self) -> Diagnostic {
        Diagnostic::error(REVISION_WITHOUT_UP, format!("`{}` has no up.sql, so it cannot be applied", self.shown))
            .help(format!("give it back: git log -- {}/up.sql", self.shown))
    }
}

/// The changes come last and are most of the text, and applying a revision does not need them.
fn head(record: &str) -> Result<RecordHead, RecordError> {
    let start = record.split_once("\nchanges = [").map_or(record, |(start, _)| start);
    RecordHead::parse(start).or_else(|_| RecordHead::parse(record))
}

/// The finding about a record in the folder `shown`.
pub(super) fn unreadable(shown: &str, error: &RecordError) -> Diagnostic {
    let file = format!("{shown}/{RECORD}");
    let span = match error {
        RecordError::Toml { span, .. } => span.clone().unwrap_or(0..0),
        RecordError::Newer { .. } => 0..0,
    };
    let place = Place { file: file.clone(), start: span.start, end: span.end };
    Diagnostic::error(REVISION_RECORD, format!("`{file}` cannot be read, so the history is not known"))
        .primary(Some(place), error.to_string())
        .help(format!("look what changed: git diff -- {file}"))
}
