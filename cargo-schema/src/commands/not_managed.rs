//! What a database has and the model does not know: named wherever a database is looked at, never dropped silently.

use schema_core::diagnostic::{Code, Diagnostic, Severity};

use super::Outcome;
use crate::catalog::Unmanaged;
use crate::cli::exit::Exit;

/// A database has objects of kinds that are not compared.
pub const NOT_MANAGED: Code = Code::new("not-managed");

/// How many objects are named.
const SHOWN: usize = 20;

/// The finding about the objects of `place`; none when there are none.
pub(super) fn finding(place: &str, objects: &[Unmanaged]) -> Option<Diagnostic> {
    let many = match objects.len() {
        0 => return None,
        1 => "1 object of a kind that is not managed, so it is left as it is".to_owned(),
        many => format!("{many} objects of kinds that are not managed, so they are left as they are"),
    };
    let finding = Diagnostic::warning(NOT_MANAGED, format!("{place} has {many}"));
    let named = objects.iter().take(SHOWN);
    let finding = named.fold(finding, |finding, object| finding.note(format!("{} {}", object.kind, object.name)));
    let rest = objects.len().saturating_sub(SHOWN);
    let finding = if 0 < rest { finding.note(format!("and {rest} more")) } else { finding };
    Some(finding.help("carry them over by hand: write their SQL into a revision of `cargo schema generate --empty`"))
}

/// `--strict`: what is not managed is an error, whatever the command did.
pub(super) fn strict(mut outcome: Outcome) -> Outcome {
    for finding in outcome.findings.iter_mut().filter(|finding| finding.code == NOT_MANAGED) {
        finding.severity = Severity::Error;
        if outcome.exit == Exit::Done {
            outcome.exit = Exit::Findings;
        }
    }
    outcome
}
