//! Files of SQL statements, each of which declares one object. Their texts are kept as they are; no server is asked.

use schema_core::diagnostic::Diagnostic;
use schema_core::sql::{Definition, definition, split};

use super::{Declaration, SourceFile};
use crate::decl::SqlDecl;
use crate::finding::{SQL_DEFINITION, SyntaxFinding};
use crate::token::Span;

/// How much of a statement is underlined: its first words.
const SHOWN: usize = 40;

/// Reads a `.sql` file of a `schema` folder.
///
/// ```
/// use schema_syntax::scan::parse_sql;
/// let file = parse_sql("schema/views.sql", "CREATE VIEW ones AS SELECT 1; COMMENT ON VIEW ones IS 'one';");
/// assert_eq!((file.declarations.len(), file.findings.len()), (2, 0));
/// assert_eq!(parse_sql("schema/a.sql", "UPDATE users SET name = ''").findings.len(), 1);
/// ```
pub fn parse_sql(path: &str, text: &str) -> SourceFile {
    let mut file = SourceFile { path: path.to_owned(), ..SourceFile::default() };
    let statements = match split(text) {
        Ok(statements) => statements,
        Err(error) => {
            file.findings.push(uncut(&error.to_diagnostic(path)));
            return file;
        }
    };
    for statement in statements {
        let span = span(statement.start, statement.text);
        match definition(statement.text) {
            Some(definition) => {
                let sql = statement.text.trim().trim_end_matches(';').trim_end().to_owned();
                file.declarations.push(Declaration::Sql(SqlDecl { span, definition, sql }));
            }
            None => file.findings.push(no_definition(span, statement.text)),
        }
    }
    file
}

/// A text that cannot be cut into statements.
fn uncut(found: &Diagnostic) -> SyntaxFinding {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let label = found.primary.iter().next();
    let span = label.map_or(Span { start: 0, end: 0 }, |label| Span {
        start: place(label.place.start),
        end: place(label.place.end),
    });
    let mut finding = SyntaxFinding::error(found.code, span, &found.message);
    finding.label = label.map(|label| label.text.clone()).unwrap_or_default();
    finding.help.clone_from(&found.help);
    finding
}

fn span(start: usize, text: &str) -> Span {
    let line = text.lines().next().unwrap_or_default();
    let end = line.char_indices().nth(SHOWN).map_or(line.len(), |(at, _)| at);
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: place(start), end: place(start + end) }
}

/// What to write instead, as far as the first words tell.
fn no_definition(span: Span, text: &str) -> SyntaxFinding {
    let words: Vec<String> = text.split_whitespace().take(4).map(str::to_ascii_lowercase).collect();
    let has = |word: &str| words.iter().any(|other| other == word);
    let help = match words.first().map(String::as_str) {
        Some("create") if has("table") => "declare the table as a struct with `#[derive(Table)]`",
        Some("create") if has("domain") => "declare the domain as a struct with `#[derive(Domain)]`",
        Some("create") if has("sequence") || has("extension") || has("schema") => {
            "declare it in `schema_runtime::objects! { .. }`"
        }
        Some("alter") if has("privileges") => {
            "default privileges can be on TABLES, SEQUENCES, FUNCTIONS, TYPES and SCHEMAS, TO or FROM roles"
        }
        Some("create" | "alter" | "comment") => {
            "write one CREATE statement an object, such as CREATE VIEW or CREATE FUNCTION"
        }
        Some("grant" | "revoke") if !has("on") && !text.to_ascii_lowercase().contains(" on ") => {
            "memberships of roles belong to the server: run it there"
        }
        Some("grant" | "revoke") => {
            "privileges can be on tables, columns, views, sequences, routines, types, schemas, foreign data wrappers and servers; what is on the database or the server, run there"
        }
        _ => "statements that change rows belong into a revision: cargo schema generate --empty",
    };
    SyntaxFinding::error(SQL_DEFINITION, span, "this statement declares no object that a file of SQL can hold")
        .help(help)
}

/// Whether the statement is of a kind that is declared in Rust.
pub(crate) fn is_rust(definition: &Definition) -> Option<&'static str> {
    match definition {
        Definition::Creates(named) if named.kind == schema_core::KindName::Enum => {
            Some("declare the enum as a Rust enum with `#[derive(Enum)]`")
        }
        _ => None,
    }
}
