//! Findings: what is wrong or dangerous in the user's text, as values.
//!
//! A finding has a code, a place, a consequence and the next thing to type. It is rendered elsewhere (terminal, derive, build
//! script, JSON); nothing here prints, and failures of the environment are not findings.

use serde::Serialize;

/// The stable name of a kind of finding, with a page of the same name in `docs/codes/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(&'static str);

impl Code {
    /// Declares a code; stands beside the rule that raises it.
    pub const fn new(slug: &'static str) -> Code {
        Code(slug)
    }

    /// The kebab-case name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// How a command treats a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Shown; changes nothing.
    Note,
    /// Shown; the command goes on.
    Warning,
    /// The command stops before it writes anything.
    Error,
}

/// A piece of a source text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The path as the user would type it.
    pub file: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What, in a few words.
    pub text: String,
}

/// One finding.
///
/// ```
/// use schema_core::diagnostic::{Code, Diagnostic, Severity};
/// const COLUMN_DROPPED: Code = Code::new("column-dropped");
/// let finding = Diagnostic::error(COLUMN_DROPPED, "`users.bio` is dropped and its values are lost")
///     .help("to accept the loss: cargo schema generate --allow-data-loss");
/// assert_eq!(finding.severity, Severity::Error);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Which kind of finding.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// Lower case, names the object in backticks, states the consequence.
    pub message: String,
    /// The smallest text that must change.
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// Facts worth knowing.
    pub notes: Vec<String>,
    /// What to type next.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A finding of the given severity.
    pub fn new(severity: Severity, code: Code, message: impl Into<String>) -> Diagnostic {
        let (secondary, notes, help) = (Vec::new(), Vec::new(), Vec::new());
        Diagnostic { code, severity, message: message.into(), primary: None, secondary, notes, help }
    }

    /// A finding that stops the command.
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message)
    }

    /// A finding that is only shown.
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message)
    }

    /// Points at the text that must change.
    pub fn primary(mut self, place: Option<Place>, text: impl Into<String>) -> Diagnostic {
        self.primary = place.map(|place| Label { place, text: text.into() });
        self
    }

    /// Points at another text.
    pub fn secondary(mut self, place: Option<Place>, text: impl Into<String>) -> Diagnostic {
        self.secondary.extend(place.map(|place| Label { place, text: text.into() }));
        self
    }

    /// Adds a fact.
    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    /// Adds the next thing to type.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }
}

/// Whether any finding stops the command.
pub fn stops(findings: &[Diagnostic]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}
