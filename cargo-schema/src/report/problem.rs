//! What stops or worries a command, in the one form that is drawn: findings and failures become it.
//!
//! Values only. How it is drawn is in [`super::render`], and its JSON in [`super::json`].

use schema_core::diagnostic::{Diagnostic, Place, Severity};

/// A message with places, facts and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// The code of a finding.
    pub code: Option<schema_core::diagnostic::Code>,
    /// One line.
    pub message: String,
    /// Where.
    pub places: Vec<Pointed>,
    /// Facts.
    pub notes: Vec<String>,
    /// What to type next.
    pub help: Vec<String>,
}

/// A place with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointed {
    /// Where.
    pub place: Place,
    /// What is to be said about it.
    pub text: String,
    /// Whether this is what must change.
    pub primary: bool,
}

impl Problem {
    /// A failure, from text whose later lines may begin with `note:` or `help:`.
    ///
    /// ```
    /// use cargo_schema::report::Problem;
    /// let problem = Problem::told("no server\nhelp: cargo schema dev install");
    /// assert_eq!((problem.message.as_str(), problem.help), ("no server", vec!["cargo schema dev install".to_owned()]));
    /// ```
    pub fn told(text: &str) -> Problem {
        let mut lines = text.lines();
        let message = lines.next().unwrap_or_default().to_owned();
        let (mut notes, mut help): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        // Plain lines that follow each other are one text.
        let mut open = false;
        for line in lines {
            match (line.strip_prefix("help: "), line.strip_prefix("note: "), notes.last_mut()) {
                (Some(line), ..) => help.push(line.to_owned()),
                (_, Some(line), _) => notes.push(line.to_owned()),
                (.., Some(last)) if open => {
                    last.push('\n');
                    last.push_str(line);
                }
                _ => notes.push(line.to_owned()),
            }
            open = !line.starts_with("help: ") && !line.starts_with("note: ");
        }
        Problem { severity: Severity::Error, code: None, message, places: Vec::new(), notes, help }
    }

    /// With what to type next.
    #[must_use]
    pub fn with_help(mut self, help: impl IntoIterator<Item = String>) -> Problem {
        self.help.extend(help);
        self
    }
}

impl From<&Diagnostic> for Problem {
    fn from(finding: &Diagnostic) -> Problem {
        let pointed = |label: &schema_core::diagnostic::Label, primary| Pointed {
            place: label.place.clone(),
            text: label.text.clone(),
            primary,
        };
        let primary = finding.primary.iter().map(|label| pointed(label, true));
        Problem {
            severity: finding.severity,
            code: Some(finding.code),
            message: finding.message.clone(),
            places: primary.chain(finding.secondary.iter().map(|label| pointed(label, false))).collect(),
            notes: finding.notes.clone(),
            help: finding.help.clone(),
        }
    }
}
