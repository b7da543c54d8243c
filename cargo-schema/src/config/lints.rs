//! Levels of findings, as the configuration sets them.
//!
//! Only findings that judge a change can be lowered. Which ones are given to [`LintLevels::apply`] is the command's choice: a text
//! that cannot be read stays an error whatever is written here.

use std::collections::BTreeMap;

use schema_core::diagnostic::{Diagnostic, Severity};

/// What is done with a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LintLevel {
    /// It is not shown.
    Allow,
    /// It is shown and stops nothing.
    Warn,
    /// It stops the command.
    Deny,
}

impl LintLevel {
    /// The words of the configuration.
    pub const ALL: [(&'static str, LintLevel); 3] =
        [("allow", LintLevel::Allow), ("warn", LintLevel::Warn), ("deny", LintLevel::Deny)];

    /// The level of a word.
    pub fn named(text: &str) -> Option<LintLevel> {
        LintLevel::ALL.iter().find(|(name, _)| *name == text).map(|(_, level)| *level)
    }
}

/// The level of each code that has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintLevels(pub BTreeMap<String, LintLevel>);

impl LintLevels {
    /// The findings with their levels, without those that are allowed.
    pub fn apply(&self, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let level = |finding: &Diagnostic| self.0.get(finding.code.as_str()).copied();
        let kept = findings.into_iter().filter(|finding| level(finding) != Some(LintLevel::Allow));
        kept.map(|finding| match level(&finding) {
            Some(LintLevel::Warn) => Diagnostic { severity: Severity::Warning, ..finding },
            Some(LintLevel::Deny) => Diagnostic { severity: Severity::Error, ..finding },
            _ => finding,
        })
        .collect()
    }
}
