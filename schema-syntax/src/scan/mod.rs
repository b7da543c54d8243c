//! One source file: the declarations in it, and the files of its modules to read next.
//!
//! Reading the files is the caller's: it asks for the first candidate of each module that exists. Nothing is expanded, so what
//! `macro_rules!` makes is not seen; `schema_runtime::tables!` is.

mod items;
mod module;
mod sql;

use crate::attr::Findings;
use crate::decl::{DomainDecl, EnumDecl, ObjectDecl, Reading, SqlDecl, TableDecl};
use crate::finding::{MODULE_MISSING, RUST_SYNTAX, SyntaxFinding};
use crate::token::{Span, lex};

pub use module::{Candidate, ModuleFile, Role};
pub(crate) use sql::is_rust;
pub use sql::parse_sql;

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct SourceFile {
    /// The path as it was given.
    pub path: String,
    /// The declarations, in the order of the text.
    pub declarations: Vec<Declaration>,
    /// The modules that live in other files.
    pub modules: Vec<ModuleFile>,
    /// What is wrong in it.
    pub findings: Findings,
}

/// One declaration.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all of them are tables")]
pub enum Declaration {
    /// `#[derive(Table)]`.
    Table(TableDecl),
    /// `#[derive(Enum)]`.
    Enum(EnumDecl),
    /// `#[derive(Domain)]`.
    Domain(DomainDecl),
    /// A line of `objects!`.
    Object(ObjectDecl),
    /// A statement of a `.sql` file.
    Sql(SqlDecl),
}

/// Whether a text may hold a declaration. Cheap, and never wrongly false.
pub fn mentions_derive(text: &str) -> bool {
    let derives = ["Table", "Enum", "Domain"].iter().any(|word| text.contains(word)) && text.contains("derive");
    derives || (text.contains("objects!") || text.contains("objects !"))
}

/// Whether a text may name modules in other files.
fn mentions_modules(text: &str) -> bool {
    text.contains("mod ")
}

/// Reads a file. `role` tells where its modules are looked for.
pub fn parse_source(path: &str, text: &str, role: Role, reading: &Reading<'_>) -> SourceFile {
    let mut file = SourceFile { path: path.to_owned(), ..SourceFile::default() };
    let declares = mentions_derive(text);
    if !declares && !mentions_modules(text) {
        return file;
    }
    match lex(text) {
        Ok(source) => items::walk(source.cursor(), path, role, reading, &mut file),
        Err(error) if declares => file.findings.push(unreadable(path, error.span, error.problem)),
        // The compiler will say so; a file that declares nothing is none of our business.
        Err(_) => {}
    }
    file
}

fn unreadable(path: &str, span: Span, problem: &str) -> SyntaxFinding {
    let message = format!("`{path}` is not read, and its tables would be missing: {problem}");
    SyntaxFinding::error(RUST_SYNTAX, span, message).label(problem).help("cargo check shows the place")
}

/// The finding for a module of which no candidate exists.
pub fn missing_module(module: &ModuleFile) -> SyntaxFinding {
    let tried =
        module.candidates.iter().map(|candidate| format!("`{}`", candidate.path)).collect::<Vec<_>>().join(" nor ");
    let message =
        format!("module `{}` has no file, and tables in it would be missing: neither {tried} exists", module.name);
    SyntaxFinding::warning(MODULE_MISSING, module.span, message)
        .help("create the file, or leave the module out of this build with `#[cfg(..)]`")
}
