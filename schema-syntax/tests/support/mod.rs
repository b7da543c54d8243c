//! One way to read sources and one way to show findings, for all tests of this crate.

use schema_core::diagnostic::Diagnostic;
use schema_syntax::TypeContext;
use schema_syntax::conditions::Conditions;
use schema_syntax::decl::Reading;
use schema_syntax::lower::{LowerOptions, Lowered, lower};
use schema_syntax::scan::{Role, SourceFile, parse_source};

/// Reads one file with the feature `on` active.
pub fn parse(path: &str, text: &str) -> SourceFile {
    let (conditions, types) = (Conditions::features(["on"]), TypeContext::default());
    parse_source(path, text, Role::Folder, &Reading { conditions: &conditions, types: &types })
}

/// Lowers one file.
pub fn lowered(text: &str) -> Lowered {
    lower(&[parse("src/lib.rs", text)], &LowerOptions::default())
}

/// Findings as lines: code, the text it points at, message; then notes, other places and help.
pub fn shown(text: &str, findings: &[Diagnostic]) -> String {
    let at = |label: &schema_core::diagnostic::Label| text[label.place.start..label.place.end].to_owned();
    let mut out = String::new();
    for finding in findings {
        let place = finding.primary.as_ref().map(at).unwrap_or_default();
        out.push_str(&format!("{} at {place}: {}\n", finding.code.as_str(), finding.message));
        for label in &finding.secondary {
            out.push_str(&format!("  {}: {}\n", at(label), label.text));
        }
        for note in &finding.notes {
            out.push_str(&format!("  note: {note}\n"));
        }
        for help in &finding.help {
            out.push_str(&format!("  help: {help}\n"));
        }
    }
    out
}
