//! The texts of another tool's migrations: how each is run, and what forbids to run it.
//!
//! Reading files and nothing else. That PostgreSQL takes them is shown elsewhere.

use std::fs;
use std::path::Path;

use schema_core::diagnostic::{Code, Diagnostic, stops};
use schema_core::history::{AdoptedFile, Adoption, Checksums, Tool, adapted, fits_transaction};
use schema_core::sql::{RunMode, findings};
use sha2::{Digest, Sha384};

use super::layout::{Found, Laid};
use crate::project::ReadError;

/// A file is no text.
const NOT_TEXT: Code = crate::project::REVISION_NOT_TEXT;

/// The paths of the files in a folder and in those directly in it, with `/`.
pub fn listed(folder: &Path) -> Result<Vec<String>, ReadError> {
    let mut files = Vec::new();
    for (name, is_folder) in entries(folder)? {
        if is_folder && !name.starts_with('.') {
            let inner = entries(&folder.join(&name))?;
            files.extend(inner.into_iter().filter(|(_, folder)| !folder).map(|(file, _)| format!("{name}/{file}")));
        } else if !is_folder {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<(String, bool)>, ReadError> {
    let failed = |source| ReadError { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(failed)?;
    entries
        .map(|entry| {
            let entry = entry.map_err(failed)?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()))
        })
        .collect()
}

/// What the record says about these migrations, or all that forbids it. `relative` is their folder from the migrations folder.
pub fn written(
    laid: &Laid,
    folder: &Path,
    shown: &str,
    relative: &str,
) -> Result<Result<Adoption, Vec<Diagnostic>>, ReadError> {
    let mut migrations = Vec::with_capacity(laid.migrations.len());
    let mut found = Vec::new();
    for one in &laid.migrations {
        migrations.push(Reading { tool: laid.tool, folder, shown, found: &mut found }.file(one)?);
    }
    let adoption = Adoption { tool: laid.tool, folder: relative.to_owned(), migrations };
    Ok(if stops(&found) { Err(found) } else { Ok(adoption) })
}

struct Reading<'r> {
    tool: Tool,
    folder: &'r Path,
    shown: &'r str,
    found: &'r mut Vec<Diagnostic>,
}

impl Reading<'_> {
    fn file(&mut self, one: &Found) -> Result<AdoptedFile, ReadError> {
        let mut file = AdoptedFile {
            id: one.id.clone(),
            key: one.key.clone(),
            up: one.up.clone(),
            down: one.down.clone(),
            transaction: true,
            checksum: None,
            sum: None,
        };
        let Some(up) = &one.up else { return Ok(file) };
        let bytes = self.bytes(up)?;
        file.sum =
            (self.tool == Tool::Sqlx).then(|| Sha384::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect());
        let text = self.text(up, bytes);
        file.transaction = !self.says_no_transaction(up, &text) && fits_transaction(&text);
        let mode = if file.transaction { RunMode::Transaction } else { RunMode::Alone };
        self.found.extend(findings(&adapted(&text, true), &format!("{}/{up}", self.shown), mode));
        let down = match &one.down {
            None => None,
            Some(down) => {
                let bytes = self.bytes(down)?;
                Some(self.text(down, bytes))
            }
        };
        file.checksum = Some(Checksums::text_of(&text, down.as_deref()));
        Ok(file)
    }

    /// Whether the tool itself is told to run it without a transaction.
    fn says_no_transaction(&self, up: &str, text: &str) -> bool {
        match self.tool {
            Tool::Sqlx => text.starts_with("-- no-transaction"),
            Tool::Diesel => {
                let metadata = self.folder.join(up).with_file_name("metadata.toml");
                let metadata = fs::read_to_string(metadata).ok().and_then(|text| text.parse::<toml::Table>().ok());
                metadata.and_then(|table| table.get("run_in_transaction")?.as_bool()) == Some(false)
            }
            _ => false,
        }
    }

    fn bytes(&self, file: &str) -> Result<Vec<u8>, ReadError> {
        let path = self.folder.join(file);
        fs::read(&path).map_err(|source| ReadError { path, source })
    }

    fn text(&mut self, file: &str, bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap_or_else(|error| {
            let at = error.utf8_error().valid_up_to();
            let message = format!("`{}/{file}` is not UTF-8 (byte {at}), so it cannot be run", self.shown);
            self.found.push(Diagnostic::error(NOT_TEXT, message).help("save the file as UTF-8"));
            String::new()
        })
    }
}
