//! Several owners in one database: what others have made is not ours to compare, to pull or to drop.
//!
//! Whose an object is, is shown by the dev database: the revisions of all owners are run there in the order the ledger has them, and what is
//! there after an owner's turn and was not before is that owner's.

use std::collections::BTreeSet;

use schema_core::history::Migration;
use schema_core::{ObjectId, Schema};
use schema_runtime::ApplyError;

use super::failure::Failure;
use super::world::World;
use crate::devdb::{self, DevServer};
use crate::ops::prove::observed_history;
use crate::report::Problem;

/// What others have in a database.
pub(super) struct Others {
    /// Their revisions and ours, in the order they were applied.
    pub all: Vec<Migration>,
    /// Theirs alone.
    pub theirs: Vec<Migration>,
    /// What theirs have made.
    pub objects: BTreeSet<ObjectId>,
}

/// Whether a database has one owner, which costs one question.
pub(super) fn is_alone(world: &World<'_>, client: &mut postgres::Client) -> Result<bool, Failure> {
    Ok(world.migrator_of(Vec::new(), false).other_owners(client).map_err(failed)?.is_empty())
}

fn failed(error: ApplyError) -> Failure {
    Failure::Environment(Problem::told(&error.to_string()))
}

/// The others in a database; `None` when it has one owner.
pub(super) fn others(world: &World<'_>, client: &mut postgres::Client) -> Result<Option<Others>, Failure> {
    if is_alone(world, client)? {
        return Ok(None);
    }
    let owned = world.migrator_of(Vec::new(), false).of_all_owners(client).map_err(failed)?;
    let all: Vec<Migration> = owned.iter().map(|one| one.migration.clone()).collect();
    let is_theirs = |at: usize| owned[at].namespace != world.config.namespace;
    let objects = made_by(&devdb::open(&world.dev_options())?, &all, is_theirs)?;
    let theirs = (0..all.len()).filter(|at| is_theirs(*at)).map(|at| all[at].clone()).collect();
    Ok(Some(Others { all, theirs, objects }))
}

/// A schema without what others have made, but for what the revisions here build on: that is a part of what the structs say.
pub(super) fn without_others(
    world: &World<'_>,
    client: &mut postgres::Client,
    schema: Schema,
) -> Result<Schema, Failure> {
    let Some(others) = others(world, client)? else { return Ok(schema) };
    let known = world.project()?.others.schema;
    Ok(schema.filter(|id| !others.objects.contains(id) || known.contains(id)))
}

fn made_by(
    server: &DevServer,
    all: &[Migration],
    is_theirs: impl Fn(usize) -> bool,
) -> Result<BTreeSet<ObjectId>, Failure> {
    let (mut objects, mut before) = (BTreeSet::new(), BTreeSet::new());
    for end in 1..=all.len() {
        // Only the end of a turn is looked at.
        if end < all.len() && is_theirs(end) == is_theirs(end - 1) {
            continue;
        }
        let there: BTreeSet<ObjectId> =
            observed_history(server, &all[..end])?.iter().map(|(id, _)| id.clone()).collect();
        if is_theirs(end - 1) {
            objects.extend(there.difference(&before).cloned());
        }
        before = there;
    }
    Ok(objects)
}
