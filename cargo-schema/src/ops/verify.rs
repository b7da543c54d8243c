//! `check` against the dev database: every revision that was not proven before does what it records, and its down gives back
//! what was there.

use schema_core::{
    Change, Misfit, Schema,
    diagnostic::Diagnostic,
    diff::{Difference, difference},
    history::{Migration, RevisionRecord, fold},
    rename::Rename,
};

use super::{
    proofs::{Proofs, keys},
    prove::{Job, ProofError, compare_fresh, observe, there_and_back},
    replay,
};
use crate::devdb::{DevError, DevServer};

/// A history in graph order.
pub type History = [(Migration, RevisionRecord)];

/// The revisions that nobody has proven here, by their place.
pub fn unproven(history: &History, proofs: &Proofs) -> Vec<usize> {
    keys(history).iter().enumerate().filter(|(_, key)| !proofs.has(key)).map(|(at, _)| at).collect()
}

/// Proves them, opening the dev database only when there is something to prove.
pub fn verify(
    history: &History,
    proofs: &Proofs,
    open: impl FnOnce() -> Result<DevServer, DevError>,
) -> Result<Vec<Diagnostic>, ProofError> {
    let Some(first) = unproven(history, proofs).first().copied() else { return Ok(Vec::new()) };
    let server = open()?;
    let keys = keys(history);
    let migrations: Vec<Migration> = history.iter().map(|(migration, _)| migration.clone()).collect();
    let (scratch, mut client) = replay::replayed(&server, &migrations[..first])?;
    let mut start = observe(&mut client)?;
    let (mut findings, mut declared) = (Vec::new(), folded(&history[..first]));
    for at in first..history.len() {
        // A record that does not fit is a finding of its own, raised where the history is read.
        let Some(step) = declared.and_then(|before| Step::new(before, &history[at].1).ok()) else { break };
        let job = step.job(&migrations[..at], &migrations[at]);
        let there = match proven_here(&server, &mut client, &job, &start) {
            Ok((there, found)) if found.is_empty() => {
                proofs.mark(&keys[at]);
                there
            }
            Ok((there, found)) => {
                findings.extend(found.into_iter().map(|finding| named(finding, &migrations[at])));
                there
            }
            // What stands after a refused statement cannot be proven.
            Err(ProofError::Statement(refusal)) => {
                findings.push(named(refusal.finding(), &migrations[at]));
                return Ok(findings);
            }
            Err(other) => return Err(other),
        };
        (start, declared) = (there, Some(step.after));
    }
    drop(client);
    replay::keep(&server, &migrations, scratch)?;
    Ok(findings)
}

fn folded(history: &History) -> Option<Schema> {
    fold(history.iter().map(|(migration, record)| (&migration.id, record))).ok()
}

fn proven_here(
    server: &DevServer,
    client: &mut postgres::Client,
    job: &Job<'_>,
    start: &Schema,
) -> Result<(Schema, Vec<Diagnostic>), ProofError> {
    let (there, mut findings) = there_and_back(client, job, start)?;
    findings.extend(compare_fresh(server, job, start, &there)?);
    Ok((there, findings))
}

fn named(finding: Diagnostic, migration: &Migration) -> Diagnostic {
    Diagnostic { message: format!("revision `{}`: {}", migration.id, finding.message), ..finding }
}

/// The declared schemas on both sides of a revision.
struct Step {
    before: Schema,
    after: Schema,
    difference: Difference,
}

impl Step {
    fn new(before: Schema, record: &RevisionRecord) -> Result<Step, Misfit> {
        let after = record.changes.iter().try_fold(before.clone(), |schema, change| change.apply(schema))?;
        let renames: Vec<Rename> = record.changes.iter().filter_map(rename).collect();
        let difference = difference(&before, &after, &renames);
        Ok(Step { before, after, difference })
    }

    fn job<'a>(&'a self, history: &'a [Migration], revision: &'a Migration) -> Job<'a> {
        Job { history, revision, before: &self.before, after: &self.after, difference: &self.difference }
    }
}

fn rename(change: &Change) -> Option<Rename> {
    match change {
        Change::Rename(rename) => Some(rename.clone()),
        _ => None,
    }
}
