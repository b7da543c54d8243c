//! The roles that pending revisions name, looked for before anything is run: they belong to the server, and no revision makes them.
//!
//! In the embedded database, which is nobody else's, they are made. Passwords and memberships are not this tool's business.

use std::collections::BTreeSet;

use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::{Ident, sql};

use super::database::Database;
use super::failure::Failure;
use super::world::World;
use crate::ops::roles;
use crate::project::Project;
use crate::report::Problem;

/// A revision names a role that the server does not have.
pub const ROLE_MISSING: Code = Code::new("role-missing");

/// Sees to it that the roles are there.
pub(super) fn prepare(
    world: &World<'_>,
    project: &Project,
    database: &mut Database,
    dry_run: bool,
) -> Result<(), Failure> {
    let status = world.migrator(project, false).status(&mut database.client);
    // Whatever is wrong with the database, the run itself tells better.
    let Ok(status) = status else { return Ok(()) };
    let pending = status.pending.iter().chain(&status.edited).filter_map(|id| project.revision(id));
    let wanted: BTreeSet<Ident> = pending.flat_map(|revision| sql::roles(&revision.up)).collect();
    let missing = roles::missing(&mut database.client, &wanted).map_err(|error| told(&error))?;
    match (missing.is_empty(), database.embedded.is_some()) {
        (true, _) => Ok(()),
        (_, true) if dry_run => Ok(()),
        (_, true) => missing.iter().try_for_each(|role| make(world, database, role)),
        _ => Err(Failure::Findings(missing.iter().map(|role| finding(&database.name(), role)).collect())),
    }
}

fn make(world: &World<'_>, database: &mut Database, role: &Ident) -> Result<(), Failure> {
    world.screen.doing("Role", &format!("`{role}` is made in the embedded server, without a login"));
    roles::make(&mut database.client, role).map_err(|error| told(&error))
}

fn told(error: &postgres::Error) -> Failure {
    let message = error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
    Failure::Environment(Problem::told(&message))
}

fn finding(database: &str, role: &Ident) -> Diagnostic {
    let message =
        format!("the server of {database} has no role `{role}`, which a pending revision names; nothing was run");
    Diagnostic::error(ROLE_MISSING, message)
        .help(format!("to make it, on that server: CREATE ROLE {} NOLOGIN", role.quoted()))
}
