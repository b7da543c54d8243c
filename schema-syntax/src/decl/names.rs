//! Names inside strings: dotted names, lists of columns, targets of foreign keys.
//!
//! They are the catalog's names with their case kept, or stand in double quotes as in SQL.

use schema_core::{Ident, NameError, QualifiedName, split_name};

use super::Spanned;
use crate::attr::{Args, Findings, name_finding};
use crate::finding::{NAME_INVALID, SyntaxFinding};
use crate::token::Span;

/// `name` or `schema.name`, before the default PostgreSQL schema is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePath {
    /// The PostgreSQL schema, when it is written.
    pub schema: Option<Ident>,
    /// The name.
    pub name: Ident,
}

impl NamePath {
    /// The full name, in this PostgreSQL schema when none is written.
    pub fn within(&self, schema: &Ident) -> QualifiedName {
        let schema = self.schema.clone().unwrap_or_else(|| schema.clone());
        QualifiedName { schema, name: self.name.clone() }
    }

    /// Reads `name` or `schema.name`.
    pub fn read(text: Spanned<String>, findings: &mut Findings) -> Option<Spanned<NamePath>> {
        let mut parts = dotted(&text, findings)?;
        let name = parts.pop();
        match (parts.pop(), name, parts.is_empty()) {
            (schema, Some(name), true) => Some(Spanned { value: NamePath { schema, name }, span: text.span }),
            _ => {
                findings.push(shape(text.span, &text.value, "`name` or `schema.name`"));
                None
            }
        }
    }

    /// The argument of a word.
    pub(super) fn argument(args: &mut Args<'_>, word: &str, findings: &mut Findings) -> Option<Spanned<NamePath>> {
        let text = args.text(word, findings)?;
        NamePath::read(text, findings)
    }
}

pub(super) fn dotted(text: &Spanned<String>, findings: &mut Findings) -> Option<Vec<Ident>> {
    match split_name(&text.value) {
        Ok(parts) => Some(parts),
        Err(NameError::Part(problem)) => {
            findings.push(name_finding(&problem, text.span));
            None
        }
        Err(NameError::Shape) => {
            findings.push(shape(text.span, &text.value, "a name, perhaps in double quotes"));
            None
        }
    }
}

pub(super) fn shape(span: Span, found: &str, expected: &str) -> SyntaxFinding {
    SyntaxFinding::error(NAME_INVALID, span, format!("`{found}` is not {expected}"))
}

/// Reads `a, "B c", d`.
pub fn name_list(text: &Spanned<String>, findings: &mut Findings) -> Vec<Spanned<Ident>> {
    let mut names = Vec::new();
    for part in split_outside(&text.value, ',') {
        let part = part.trim();
        let plain =
            part.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map(|name| name.replace("\"\"", "\""));
        match Ident::new(plain.unwrap_or_else(|| part.to_owned())) {
            Ok(value) => names.push(Spanned { value, span: text.span }),
            Err(problem) => findings.push(name_finding(&problem, text.span)),
        }
    }
    names
}

/// The argument of a word that lists columns.
pub(super) fn columns(args: &mut Args<'_>, word: &str, findings: &mut Findings) -> Vec<Spanned<Ident>> {
    args.text(word, findings).map(|text| name_list(&text, findings)).unwrap_or_default()
}

/// Splits where a character stands outside quotes, parentheses and brackets.
pub(super) fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0i32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) => quote = if c == open { None } else { quote },
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, c) if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A table and perhaps columns of it.
pub(super) type Target = (Spanned<NamePath>, Vec<Ident>);

/// Reads `organizations`, `app.organizations(id)` or `organizations(id, owner_id)`.
pub(super) fn target(text: Spanned<String>, findings: &mut Findings) -> Option<Target> {
    let (name, list) = match text.value.split_once('(') {
        None => (text.value.as_str(), None),
        Some((name, rest)) => {
            let Some(list) = rest.trim_end().strip_suffix(')') else {
                findings.push(shape(text.span, &text.value, "a table and its columns, as in `organizations(id)`"));
                return None;
            };
            (name.trim_end(), Some(list.to_owned()))
        }
    };
    let name = NamePath::read(Spanned { value: name.to_owned(), span: text.span }, findings)?;
    let list = list.map(|value| name_list(&Spanned { value, span: text.span }, findings)).unwrap_or_default();
    Some((name, list.into_iter().map(|column| column.value).collect()))
}
