//! Why applying stopped: the failing statement with a mark under it, the server's words, and what was already applied.
//!
//! Errors become a [`Problem`] and a JSON value; findings inside them are given back as findings.

use schema_core::diagnostic::{Diagnostic, Place, Severity};
use schema_core::history::RevisionId;
use schema_runtime::ApplyError;
use schema_runtime::apply::{SqlFailure, StatementFailure, StatementPlace};
use serde_json::{Value, json};

use super::{Pointed, Problem, Texts};

/// The findings of an error that has some.
pub fn findings(error: &ApplyError) -> Option<&[Diagnostic]> {
    match error {
        ApplyError::History(findings) | ApplyError::Refused(findings) => Some(findings),
        _ => None,
    }
}

/// The error as it is drawn. `migrations` is the folder as the user would type it.
pub fn problem(error: &ApplyError, migrations: &str, texts: &Texts) -> Problem {
    match error {
        ApplyError::Statement(failure) => statement(failure, migrations, texts),
        other => Problem::told(&other.to_string()),
    }
}

fn statement(failure: &StatementFailure, migrations: &str, texts: &Texts) -> Problem {
    let (id, sql) = (&failure.id, &failure.failure);
    let file = format!("{migrations}/{id}/{}", failure.direction.file());
    let message = match &failure.place {
        Some(place) => format!("statement {} of {} of `{id}` failed: {}", place.index + 1, place.of, sql.message),
        None => format!("`{id}` could not be committed: {}", sql.message),
    };
    let help = match failure.direction {
        schema_runtime::apply::Direction::Up => format!("correct {file} or the rows, then go on: cargo schema upgrade"),
        schema_runtime::apply::Direction::Down => {
            format!("correct {file} or the rows, then type the same command again")
        }
    };
    Problem {
        severity: Severity::Error,
        code: None,
        message,
        places: failure.place.iter().map(|place| pointed(&file, place, sql, texts)).collect(),
        notes: said(sql).into_iter().chain(left(failure)).collect(),
        help: vec![help],
    }
}

fn pointed(file: &str, place: &StatementPlace, sql: &SqlFailure, texts: &Texts) -> Pointed {
    let in_file =
        texts.get(file).is_some_and(|text| text.get(place.start..).is_some_and(|rest| rest.starts_with(&place.sql)));
    let (file, start) = if in_file {
        (file.to_owned(), place.start)
    } else {
        // What was run comes from the ledger and not from the file.
        let shown = format!("{file} (as it was applied)");
        texts.insert(&shown, &place.sql);
        (shown, 0)
    };
    let offset = place.offset - place.start;
    let end = offset + word(place.sql.get(offset..).unwrap_or_default(), sql.position.is_some());
    let text = if sql.position.is_some() { "here" } else { "this statement" };
    Pointed { place: Place { file, start: start + offset, end: start + end }, text: text.to_owned(), primary: true }
}

/// The length of the word an error points at; of the first line when it points at the whole statement.
fn word(text: &str, exact: bool) -> usize {
    let line = text.lines().next().unwrap_or_default();
    if !exact {
        return line.len();
    }
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(quote) => line[1..].find(quote).map(|at| at + 2),
        None => line.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$'),
    };
    let first = line.chars().next().map_or(0, char::len_utf8);
    end.unwrap_or(line.len()).max(first)
}

fn said(failure: &SqlFailure) -> Vec<String> {
    let state = Some(&failure.sqlstate).filter(|state| !state.is_empty()).map(|state| format!("SQLSTATE {state}"));
    let lines = [("detail", &failure.detail), ("hint", &failure.hint), ("context", &failure.context)];
    let lines = lines.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}", text.as_ref()?)));
    state.into_iter().chain(lines).collect()
}

/// What stays of this revision and of the ones before it.
fn left(failure: &StatementFailure) -> Vec<String> {
    let own = match failure.kept {
        0 => format!("`{}` was rolled back, nothing of it is left", failure.id),
        1 => format!("1 statement of `{}` before it is done and recorded; the next run goes on after it", failure.id),
        kept => format!(
            "{kept} statements of `{}` before it are done and recorded; the next run goes on after them",
            failure.id
        ),
    };
    let before = match failure.finished.as_slice() {
        [] => None,
        [one] => Some(format!("`{one}` was finished before and stays")),
        [.., last] => Some(format!(
            "{} revisions were finished before and stay, the last one is `{last}`",
            failure.finished.len()
        )),
    };
    std::iter::once(own).chain(before).collect()
}

/// The facts of a failed statement; null for other errors.
pub fn facts(error: &ApplyError, migrations: &str) -> Value {
    let ApplyError::Statement(failure) = error else { return Value::Null };
    let sql = &failure.failure;
    let place = failure.place.as_ref();
    json!({
        "revision": failure.id.as_str(),
        "file": format!("{migrations}/{}/{}", failure.id, failure.direction.file()),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "index": place.map(|place| place.index),
        "of": place.map(|place| place.of),
        "sql": place.map(|place| &place.sql),
        "sqlstate": sql.sqlstate,
        "message": sql.message,
        "detail": sql.detail,
        "hint": sql.hint,
        "context": sql.context,
        "kept_statements": failure.kept,
        "finished_revisions": failure.finished.iter().map(RevisionId::as_str).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn the_mark_is_as_long_as_the_word() {
        assert_eq!([word("nix FROM t", true), word("\"a b\" x", true), word("(", true), word("", true)], [3, 5, 1, 0]);
        assert_eq!(word("SELECT 1\nFROM t", false), 8);
    }
}
