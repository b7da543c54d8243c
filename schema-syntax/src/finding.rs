//! Findings in one source, and the codes that this crate raises.
//!
//! A finding knows places of its source only; which file that is, or which compiler spans, is the caller's to say.

use schema_core::diagnostic::{Code, Diagnostic, Place, Severity};

use crate::token::Span;

/// One finding in one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxFinding {
    /// Which kind of finding.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// The smallest text that must change.
    pub span: Span,
    /// Lower case, names the object in backticks, states the consequence.
    pub message: String,
    /// A few words beside the place.
    pub label: String,
    /// Other places of the same source that explain it.
    pub secondary: Vec<(Span, String)>,
    /// Facts worth knowing.
    pub notes: Vec<String>,
    /// What to type next.
    pub help: Vec<String>,
}

impl SyntaxFinding {
    /// A finding that stops the command.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> SyntaxFinding {
        let (label, secondary, notes, help) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        let (severity, message) = (Severity::Error, message.into());
        SyntaxFinding { code, severity, span, message, label, secondary, notes, help }
    }

    /// A finding that is only shown.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> SyntaxFinding {
        SyntaxFinding { severity: Severity::Warning, ..SyntaxFinding::error(code, span, message) }
    }

    /// A few words beside the place.
    pub fn label(mut self, text: impl Into<String>) -> SyntaxFinding {
        self.label = text.into();
        self
    }

    /// Points at another text of the same source.
    pub fn secondary(mut self, span: Span, text: impl Into<String>) -> SyntaxFinding {
        self.secondary.push((span, text.into()));
        self
    }

    /// Adds a fact.
    pub fn note(mut self, text: impl Into<String>) -> SyntaxFinding {
        self.notes.push(text.into());
        self
    }

    /// Adds the next thing to type.
    pub fn help(mut self, text: impl Into<String>) -> SyntaxFinding {
        self.help.push(text.into());
        self
    }

    /// The finding in a file.
    pub fn to_diagnostic(&self, file: &str) -> Diagnostic {
        let mut shown =
            Diagnostic::new(self.severity, self.code, &self.message).primary(Some(place(file, self.span)), &self.label);
        for (span, text) in &self.secondary {
            shown = shown.secondary(Some(place(file, *span)), text);
        }
        shown.notes.clone_from(&self.notes);
        shown.help.clone_from(&self.help);
        shown
    }

    /// The finding as one text, for a compiler error: it has a place but no notes, and no code but rustc's own.
    pub fn shown(&self) -> String {
        let code = self.code.as_str();
        let notes = self.notes.iter().map(|note| format!("\nnote: {note}"));
        let help = self.help.iter().map(|help| format!("\nhelp: {help}"));
        format!("{} [{code}]{}", self.message, notes.chain(help).collect::<String>())
    }
}

/// A place in a file.
pub fn place(file: &str, span: Span) -> Place {
    Place { file: file.to_owned(), start: span.start as usize, end: span.end as usize }
}

/// A source text that cannot be read.
pub const RUST_SYNTAX: Code = Code::new("rust-syntax");
/// A word that no attribute has.
pub const ATTRIBUTE_UNKNOWN: Code = Code::new("attribute-unknown");
/// A word that stands twice.
pub const ATTRIBUTE_REPEATED: Code = Code::new("attribute-repeated");
/// A word with the wrong kind of value.
pub const ATTRIBUTE_VALUE: Code = Code::new("attribute-value");
/// Two words that exclude each other.
pub const ATTRIBUTE_CONFLICT: Code = Code::new("attribute-conflict");
/// A word that is needed.
pub const ATTRIBUTE_MISSING: Code = Code::new("attribute-missing");
/// A name that PostgreSQL would not keep.
pub const NAME_INVALID: Code = Code::new("name-invalid");
/// A name that two objects want.
pub const NAME_TAKEN: Code = Code::new("name-taken");
/// A derive on something that cannot have it.
pub const STRUCT_SHAPE: Code = Code::new("struct-shape");
/// A Rust type that has no SQL type here.
pub const TYPE_UNKNOWN: Code = Code::new("type-unknown");
/// A Rust type that more than one SQL type would fit.
pub const TYPE_AMBIGUOUS: Code = Code::new("type-ambiguous");
/// A text that is no SQL type.
pub const SQL_TYPE_INVALID: Code = Code::new("sql-type-invalid");
/// A column that the table does not have.
pub const COLUMN_UNKNOWN: Code = Code::new("column-unknown");
/// An index that the table does not have.
pub const INDEX_UNKNOWN: Code = Code::new("index-unknown");
/// Two columns of one name.
pub const COLUMN_DUPLICATE: Code = Code::new("column-duplicate");
/// A column that a struct declares otherwise than the parent of its table.
pub const INHERITED_COLUMN: Code = Code::new("inherited-column");
/// A table that no struct declares.
pub const TABLE_UNKNOWN: Code = Code::new("table-unknown");
/// Two labels of one name.
pub const LABEL_DUPLICATE: Code = Code::new("label-duplicate");
/// An index key that cannot be read.
pub const INDEX_KEY_INVALID: Code = Code::new("index-key-invalid");
/// A primary key over a column that takes NULL.
pub const PRIMARY_KEY_NULLABLE: Code = Code::new("primary-key-nullable");
/// A second primary key.
pub const PRIMARY_KEY_REPEATED: Code = Code::new("primary-key-repeated");
/// An identity or serial column that cannot count.
pub const IDENTITY_TYPE: Code = Code::new("identity-type");
/// A foreign key to columns without a key.
pub const FOREIGN_KEY_TARGET: Code = Code::new("foreign-key-target");
/// A key over the same columns as another.
pub const KEY_REDUNDANT: Code = Code::new("key-redundant");
/// `set null` on a column that takes no NULL.
pub const FOREIGN_KEY_SET_NULL: Code = Code::new("foreign-key-set-null");
/// A foreign key between columns of different types.
pub const FOREIGN_KEY_TYPE: Code = Code::new("foreign-key-type");
/// Old names that cannot be what they say.
pub const RENAME_SOURCE: Code = Code::new("rename-source");
/// A statement that declares no object.
pub const SQL_DEFINITION: Code = Code::new("sql-definition");
/// A statement about an object that no statement creates.
pub const SQL_OBJECT_UNKNOWN: Code = Code::new("sql-object-unknown");
/// A module whose file was not found.
pub const MODULE_MISSING: Code = Code::new("module-missing");
/// A condition that only the compiler can decide.
pub const CFG_UNKNOWN: Code = Code::new("cfg-unknown");
/// A derive where the scan does not look.
pub const TABLE_HIDDEN: Code = Code::new("table-hidden");
