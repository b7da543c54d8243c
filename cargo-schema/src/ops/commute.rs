//! Two lines of a history in both orders: whether a database that had one and gets the other ends like one that had the other first.
//!
//! The order of the columns in a table is left out: PostgreSQL cannot change it, a new column is the last one wherever it lands, and
//! nothing in this tool reads rows by position. What rows there are is not compared.

use schema_core::diagnostic::Diagnostic;
use schema_core::history::{Graph, HEADS_CONFLICT, Migration, RevisionId, two_branches};
use schema_core::{ObjectId, Schema};

use super::prove::{ProofError, Refusal, built, observed_with_rest};
use crate::catalog::{Observed, ObservedDifference, Scope, Unmanaged, compare};
use crate::devdb::DevServer;

/// How many differences are shown.
const SHOWN: usize = 8;

/// Two lines that parted.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// What both have.
    pub shared: Vec<Migration>,
    /// What one has alone.
    pub left: Vec<Migration>,
    /// What the other has alone.
    pub right: Vec<Migration>,
}

/// Why two lines do not commute.
#[derive(Clone, Debug)]
pub enum Disorder {
    /// PostgreSQL refuses a statement in one of the orders.
    Refused(Box<Refusal>),
    /// The schemas differ: before is where the left line came first.
    Differs(Vec<ObservedDifference>, Vec<Unmanaged>),
}

/// Runs both orders on the dev database; none when they lead to the same schema.
pub fn both_orders(server: &DevServer, lines: &Lines) -> Result<Option<Disorder>, ProofError> {
    let order = |first: &[Migration], then: &[Migration]| -> Vec<Migration> {
        lines.shared.iter().chain(first).chain(then).cloned().collect()
    };
    let run = |history: Vec<Migration>| match observed_with_rest(server, &history, &Scope::default()) {
        Ok(observed) => Ok(Ok(observed)),
        Err(ProofError::Statement(refusal)) => Ok(Err(Disorder::Refused(refusal))),
        Err(other) => Err(other),
    };
    let (one, other) = match (run(order(&lines.left, &lines.right))?, run(order(&lines.right, &lines.left))?) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(disorder), _) | (_, Err(disorder)) => return Ok(Some(disorder)),
    };
    let differences = compare(&one.schema, &other.schema);
    let only = |here: &Observed, there: &Observed| -> Vec<Unmanaged> {
        here.unmanaged.iter().filter(|object| !there.unmanaged.contains(object)).cloned().collect()
    };
    let rest = [only(&one, &other), only(&other, &one)].concat();
    let equal = differences.is_empty() && rest.is_empty();
    Ok((!equal).then_some(Disorder::Differs(differences, rest)))
}

/// Where a revision after several lines must lead, whichever of them came first.
#[derive(Clone, Copy, Debug)]
pub struct Goal<'g> {
    /// The histories, each with the same revisions in another order.
    pub orders: &'g [Vec<Migration>],
    /// What they record.
    pub before: &'g Schema,
    /// What is to be there after the revision.
    pub after: &'g Schema,
}

/// Runs a revision after each order; a finding when one of them does not lead where it must.
pub fn misled(server: &DevServer, goal: &Goal<'_>, revision: &Migration) -> Result<Option<Diagnostic>, ProofError> {
    let mut first: Option<Schema> = None;
    for order in goal.orders {
        let history: Vec<Migration> = order.iter().chain([revision]).cloned().collect();
        let there = match observed_with_rest(server, &history, &Scope::default()) {
            Ok(observed) => observed.schema,
            Err(ProofError::Statement(refusal)) => return Ok(Some(refused(&refusal, order))),
            Err(other) => return Err(other),
        };
        let fresh = built(server, &goal.after.in_order_of(&there))?;
        // What no struct declares was made by hand, and only has to be the same in every order.
        let declared = |id: &ObjectId| fresh.contains(id) || goal.before.contains(id);
        let mut differences = compare(&fresh, &there.filter(declared));
        if let Some(first) = &first {
            differences.extend(compare(first, &there));
        }
        if !differences.is_empty() {
            let message = format!("the heads cannot be merged: {} leads to another schema", shown(order));
            let finding = Diagnostic::error(HEADS_CONFLICT, message);
            let notes = differences.iter().take(SHOWN).map(ToString::to_string);
            let finding = notes.fold(finding, Diagnostic::note);
            return Ok(Some(finding.help(REBASE)));
        }
        first.get_or_insert(there);
    }
    Ok(None)
}

const REBASE: &str =
    "to plan one of them again on the other: cargo schema rebase REV (to choose one: cargo schema history --graph)";

fn refused(refusal: &Refusal, order: &[Migration]) -> Diagnostic {
    let message = format!(
        "the heads cannot be merged: in {}, PostgreSQL refuses {} at line {}: {} ({})",
        shown(order),
        refusal.script,
        refusal.line,
        refusal.message,
        refusal.code
    );
    Diagnostic::error(HEADS_CONFLICT, message).help(REBASE)
}

/// The end of a history, where orders differ.
fn shown(order: &[Migration]) -> String {
    const LAST: usize = 3;
    let last = &order[order.len().saturating_sub(LAST)..];
    let last: Vec<String> = last.iter().map(|migration| format!("`{}`", migration.id)).collect();
    format!("the order {}", last.join(", "))
}

impl Disorder {
    /// The finding.
    pub fn finding(
        &self,
        graph: &Graph,
        left: &RevisionId,
        right: &RevisionId,
        origin: impl Fn(&RevisionId) -> Option<String>,
    ) -> Diagnostic {
        let message = match self {
            Disorder::Refused(refusal) => format!(
                "the heads `{left}` and `{right}` cannot be applied in both orders: PostgreSQL refuses {} at line {}: {} ({})",
                refusal.script, refusal.line, refusal.message, refusal.code
            ),
            Disorder::Differs(..) => format!(
                "the heads `{left}` and `{right}` lead to another schema when `{right}` comes first, so databases would differ for ever"
            ),
        };
        let mut finding = Diagnostic::error(HEADS_CONFLICT, message).note(two_branches(graph, left, right, origin));
        if let Disorder::Differs(differences, rest) = self {
            let objects = differences.iter().map(|one| told(one, left, right));
            let others = rest.iter().map(|of| format!("{} `{}` is there in one of the orders only", of.kind, of.name));
            finding = objects.chain(others).take(SHOWN).fold(finding, Diagnostic::note);
        }
        finding.help(format!("to plan the later one again on the other: cargo schema rebase {right}"))
    }
}

fn told(difference: &ObservedDifference, left: &RevisionId, right: &RevisionId) -> String {
    let object = format!("{} `{}`", difference.object.kind.words(), difference.object);
    let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
    match (&difference.attribute, &difference.before) {
        (None, Some(_)) => format!("{object} is there only when `{left}` comes first"),
        (None, None) => format!("{object} is there only when `{right}` comes first"),
        (Some(attribute), _) => {
            let (one, other) = (text(&difference.before), text(&difference.after));
            format!("{object}: {attribute} is {one} when `{left}` comes first, and {other} when `{right}` does")
        }
    }
}
