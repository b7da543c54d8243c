//! The JSON object that a command writes with `--format json`; `docs/guide/json.md` is its contract.
//!
//! One object a command. Keys are added and never change their meaning while `format` stays the same.

use schema_core::diagnostic::{Diagnostic, Place};
use schema_core::sql::line_column;
use serde_json::{Value, json};

use super::{Problem, Texts, page, problem::Pointed};
use crate::cli::exit::Exit;

/// The version of the shape.
pub const FORMAT: u32 = 1;

/// The whole object, on one line.
pub fn report(
    command: &str,
    exit: Exit,
    findings: &[Diagnostic],
    failure: Option<Value>,
    result: Value,
    texts: &Texts,
) -> String {
    let findings: Vec<Value> = findings.iter().map(|found| finding(found, texts)).collect();
    let object = json!({
        "format": FORMAT,
        "command": command,
        "outcome": exit.name(),
        "exit_code": exit.code(),
        "findings": findings,
        "failure": failure,
        "result": result,
    });
    format!("{object}\n")
}

/// One finding.
fn finding(finding: &Diagnostic, texts: &Texts) -> Value {
    let problem = Problem::from(finding);
    let (primary, secondary): (Vec<_>, Vec<_>) = problem.places.iter().partition(|pointed| pointed.primary);
    json!({
        "code": finding.code.as_str(),
        "severity": finding.severity,
        "message": finding.message,
        "primary": primary.first().map(|pointed| place(pointed, texts)),
        "secondary": secondary.iter().map(|pointed| place(pointed, texts)).collect::<Vec<_>>(),
        "notes": finding.notes,
        "help": finding.help,
        "page": page(finding.code),
    })
}

/// A failure without the facts of its kind.
pub fn failure(kind: &str, problem: &Problem, texts: &Texts) -> Value {
    json!({
        "kind": kind,
        "message": problem.message,
        "primary": problem.places.first().map(|pointed| place(pointed, texts)),
        "notes": problem.notes,
        "help": problem.help,
    })
}

fn place(pointed: &Pointed, texts: &Texts) -> Value {
    let Place { file, start, end } = &pointed.place;
    let text = texts.get(file);
    let at = |offset: usize| text.as_ref().map(|text| line_column(text, offset.min(text.len())));
    let (from, to) = (at(*start), at(*end));
    json!({
        "file": file,
        "start": start,
        "end": end,
        "line": from.map(|(line, _)| line),
        "column": from.map(|(_, column)| column),
        "end_line": to.map(|(line, _)| line),
        "end_column": to.map(|(_, column)| column),
        "text": pointed.text,
    })
}
