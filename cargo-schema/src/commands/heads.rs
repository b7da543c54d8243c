//! Several heads: what `upgrade` asks before anything runs, and what `check` and `generate` prove about them.
//!
//! Which heads conflict is decided by their records; whether both orders lead to the same schema, by PostgreSQL. What was shown once is
//! noted like any other proof.

use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::history::{Migration, RevisionId, Target};
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::proofs::{Proofs, keys};
use super::world::World;
use crate::devdb;
use crate::ops::commute::{Lines, both_orders};
use crate::project::{Project, RevisionDir};

/// Nobody has shown that two heads lead to the same schema in both orders.
pub const HEADS_UNPROVEN: Code = Code::new("heads-unproven");

/// Refuses heads that conflict; what only PostgreSQL could tell, and has not told here, is a warning. A target that leaves one of the
/// heads out is none of their matter.
pub(super) fn applicable(world: &World<'_>, project: &Project, target: &Target) -> Result<Vec<Diagnostic>, Failure> {
    if project.graph.heads().len() < 2 {
        return Ok(Vec::new());
    }
    let part = match target {
        // What the target is, and whether it is one, is for the engine to say.
        Target::Revision(text) => project.graph.resolve(text).ok().map(|id| project.up_to(&id)),
        _ => None,
    };
    let project = part.as_ref().unwrap_or(project);
    let divided = project.divided(&project.records().map_err(Failure::Findings)?);
    let conflicts = project.conflicts(&divided);
    if !conflicts.is_empty() {
        return Err(Failure::Findings(conflicts));
    }
    let marks = Proofs::open(world);
    let open = divided.unclear.iter().filter(|(left, right)| !marks.has(&pair_key(project, left, right)));
    Ok(open.map(|(left, right)| unproven(left, right)).collect())
}

fn unproven(left: &RevisionId, right: &RevisionId) -> Diagnostic {
    let message = format!(
        "nobody has shown here that `{left}` and `{right}` lead to the same schema in both orders: hand-written SQL is in one of them"
    );
    Diagnostic::warning(HEADS_UNPROVEN, message).help("to try both orders on a throwaway database: cargo schema check")
}

/// Runs every pair of heads in both orders, unless that was done before; findings say what came out differently.
pub(super) fn commute(world: &World<'_>, project: &Project) -> Result<Vec<Diagnostic>, Failure> {
    let heads: Vec<&RevisionId> =
        project.graph.order().iter().filter(|id| project.graph.children(id).is_empty()).collect();
    let (marks, mut server, mut found) = (Proofs::open(world), None, Vec::new());
    for (at, left) in heads.iter().enumerate() {
        for right in &heads[at + 1..] {
            let key = pair_key(project, left, right);
            if marks.has(&key) {
                continue;
            }
            let server = match &mut server {
                Some(server) => server,
                none => none.insert(devdb::open(&world.dev_options())?),
            };
            world.screen.doing("Trying", &format!("both orders of {left} and {right}"));
            let lines = lines(project, left, right);
            match both_orders(server, &lines)? {
                None => marks.add(&key),
                Some(difference) => found.push(difference.finding(&project.graph, left, right, project.origins())),
            }
        }
    }
    Ok(found)
}

/// What two heads share, and what each has alone, in the order of the history.
fn lines(project: &Project, left: &RevisionId, right: &RevisionId) -> Lines {
    let (ours, theirs) = (project.up_to(left), project.up_to(right));
    let (shared, own): (Vec<RevisionDir>, Vec<RevisionDir>) =
        ours.revisions.into_iter().partition(|revision| theirs.graph.contains(&revision.id));
    let others = theirs.revisions.iter().filter(|revision| !ours.graph.contains(&revision.id));
    let migrations = |of: &[RevisionDir]| of.iter().map(RevisionDir::migration).collect::<Vec<_>>();
    let shared = [project.others.migrations.clone(), migrations(&shared)].concat();
    Lines { shared, left: migrations(&own), right: others.map(RevisionDir::migration).collect() }
}

/// The orders in which databases may get the heads: all of them, or, where there are too many, each head first once.
pub(super) fn orders(project: &Project) -> Vec<Vec<Migration>> {
    const ALL: usize = 3;
    let heads: Vec<&RevisionId> =
        project.graph.order().iter().filter(|id| project.graph.children(id).is_empty()).collect();
    let orders = if heads.len() <= ALL { permutations(&heads) } else { rotations(&heads) };
    orders.iter().map(|order| in_order(project, order)).collect()
}

fn in_order(project: &Project, heads: &[&RevisionId]) -> Vec<Migration> {
    let mut revisions: Vec<RevisionDir> = Vec::with_capacity(project.revisions.len());
    for head in heads {
        let line = project.up_to(head).revisions;
        let new: Vec<RevisionDir> =
            line.into_iter().filter(|dir| revisions.iter().all(|known| known.id != dir.id)).collect();
        revisions.extend(new);
    }
    let own = revisions.iter().map(RevisionDir::migration);
    project.others.migrations.iter().cloned().chain(own).collect()
}

fn rotations<'h>(heads: &[&'h RevisionId]) -> Vec<Vec<&'h RevisionId>> {
    (0..heads.len()).map(|at| [&heads[at..], &heads[..at]].concat()).collect()
}

fn permutations<'h>(heads: &[&'h RevisionId]) -> Vec<Vec<&'h RevisionId>> {
    if heads.len() < 2 {
        return vec![heads.to_vec()];
    }
    let first = |turn: Vec<&'h RevisionId>| {
        permutations(&turn[1..]).into_iter().map(move |rest| [vec![turn[0]], rest].concat()).collect::<Vec<_>>()
    };
    rotations(heads).into_iter().flat_map(first).collect()
}

/// The mark of a pair: over all texts of both lines, in the one order that both sides compute alike.
fn pair_key(project: &Project, left: &RevisionId, right: &RevisionId) -> String {
    let (ours, theirs) = (project.up_to(left), project.up_to(right));
    let both = project.revisions.iter().filter(|dir| ours.graph.contains(&dir.id) || theirs.graph.contains(&dir.id));
    let chain = keys(both).pop().unwrap_or_default();
    format!("{:x}", Sha256::digest(format!("both orders 1 {left} {right} {chain}")))
}
