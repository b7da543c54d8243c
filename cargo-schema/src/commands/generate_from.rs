//! `generate --from database`: the difference starts at the database as it is.
//!
//! Both sides are observed: the structs are built on the dev database and its catalog is compared with the database's, so that
//! PostgreSQL spells both alike. The SQL comes from that comparison; what is recorded is still declared.

use schema_core::Schema;
use schema_core::diagnostic::{Code, Diagnostic, stops};
use schema_core::history::{Migration, RevisionRecord};
use schema_core::kinds::Object;
use schema_core::lint::{OBJECT_DROPPED, hazard_findings, questions};
use schema_core::plan::{Hints, Plan, plan};
use schema_core::rename::Rename;

use super::database::Database;
use super::declared::Structs;
use super::failure::Failure;
use super::generate::{new_id, vouched, write};
use super::generate_report::{Draw, drawn, nothing};
use super::owners::without_others;
use super::world::World;
use super::{Outcome, not_managed, rename_answers};
use crate::adopt::without_history_table;
use crate::catalog::{Observed, compare, observe};
use crate::cli::arguments::Generate;
use crate::cli::exit::Exit;
use crate::devdb::{self, DevServer};
use crate::ops::generate::default_message;
use crate::ops::prove::{Job, built, observed_history, prove};
use crate::project::Project;
use crate::report::Problem;

/// A revision starts at a database that the history does not make.
pub const STARTS_AT_DATABASE: Code = Code::new("starts-at-database");

pub(super) fn run(
    world: &World<'_>,
    options: &Generate,
    project: &Project,
    structs: &Structs,
    recorded: &Schema,
) -> Result<Outcome, Failure> {
    let mut found = observed(world)?;
    found.schema = without_history_table(&found.schema, project.adopted_tool());
    // Privileges that nothing declares are not ours.
    let is_managed = structs.schema().has_privileges() || recorded.has_privileges();
    let there = if is_managed { found.schema } else { found.schema.without_privileges() };
    let server = devdb::open(&world.dev_options())?;
    let wanted = built(&server, structs.schema())?;
    let plan = planned(world, options, structs, &there, &wanted)?;
    let changes = structs.difference(recorded).changes();
    if plan.difference.is_empty() && changes.is_empty() {
        return Ok(nothing(project));
    }
    let message = options.message.clone().unwrap_or_else(|| default_message(&plan.difference));
    let parents = project.graph.heads();
    let record = RevisionRecord::new(message.clone(), parents.clone(), changes);
    let (id, up, down) = (new_id(project, &message), plan.up.text().into(), Some(plan.down.text().into()));
    let revision = Migration { id, parents, message, up, down, adopted: None, replaces: Vec::new() };
    let mut findings: Vec<Diagnostic> = not_managed::finding("the database", &found.unmanaged).into_iter().collect();
    findings.extend(proof(&server, &there, &wanted, &plan, &revision)?);
    findings.extend(beside_history(&server, project, &there)?);
    if stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    if !options.dry_run {
        vouched(world, project)?;
        write(world, project, &revision, &record, false)?;
    }
    let changes = plan.difference.changes();
    let draw = Draw { exit: Exit::Done, written: !options.dry_run, changes: &changes, draft: &revision };
    Ok(drawn(world, project, &draw).with_findings(findings))
}

/// Says so when the revision starts where no other database is.
fn beside_history(server: &DevServer, project: &Project, there: &Schema) -> Result<Option<Diagnostic>, Failure> {
    if compare(&observed_history(server, &project.migrations())?, there).is_empty() {
        return Ok(None);
    }
    let message = "the revision starts at this database, which is not what the revisions before it make: \
                   elsewhere it may fail or lead to another schema";
    let finding = Diagnostic::warning(STARTS_AT_DATABASE, message);
    Ok(Some(
        finding.help("apply it to this database only, or make it the first revision of a history that starts here"),
    ))
}

fn observed(world: &World<'_>) -> Result<Observed, Failure> {
    let mut database = Database::open(world)?;
    let observed = observe(&mut database.client, &world.scope());
    let mut observed = observed.map_err(|error| Failure::Environment(Problem::told(&error.to_string())))?;
    observed.schema = without_others(world, &mut database.client, observed.schema)?;
    Ok(observed)
}

/// The plan, once nothing is open that only the user can tell.
fn planned(
    world: &World<'_>,
    options: &Generate,
    structs: &Structs,
    there: &Schema,
    wanted: &Schema,
) -> Result<Plan, Failure> {
    let declared = structs.declared();
    let mut renames: Vec<Rename> = declared.renames.to_vec();
    renames.extend(rename_answers::named(&options.rename, there, wanted).map_err(Failure::Findings)?);
    let made = plan(there, wanted, &renames, declared.hints);
    if options.allow_data_loss {
        return Ok(made);
    }
    let place_of = |id: &schema_core::ObjectId| structs.place_of(id);
    let open = questions(&made.difference);
    let asked = |object| open.iter().any(|question| &question.before == object);
    let hazards: Vec<_> = made.hazards.iter().filter(|hazard| !asked(&hazard.object)).cloned().collect();
    let mut findings = world.config.lints.apply(hazard_findings(&hazards, &place_of));
    findings.extend(open.iter().map(|question| question.finding(&place_of)));
    findings.extend(made.difference.drops.iter().filter_map(undeclared));
    if stops(&findings) { Err(Failure::Findings(findings)) } else { Ok(made) }
}

/// A view or function that nobody has declared here is more likely forgotten than unwanted.
fn undeclared(object: &Object) -> Option<Diagnostic> {
    if !matches!(object, Object::Sql(_) | Object::Privileges(_) | Object::DefaultPrivileges(_)) {
        return None;
    }
    let id = object.id();
    let message = format!("{} `{id}` is in the database and declared nowhere, so it is dropped", id.kind.words());
    let finding = Diagnostic::error(OBJECT_DROPPED, message);
    Some(
        finding
            .help("to keep it, write its statement into a file of the `schema` folder beside Cargo.toml")
            .help("if it is not wanted: cargo schema generate --from database --allow-data-loss"),
    )
}

/// The database has no history that leads to it, so it is built as it was observed.
fn proof(
    server: &DevServer,
    there: &Schema,
    wanted: &Schema,
    made: &Plan,
    revision: &Migration,
) -> Result<Vec<Diagnostic>, Failure> {
    let start = plan(&Schema::default(), there, &[], &Hints::default());
    let history =
        [Migration { id: revision.id.clone(), parents: Vec::new(), up: start.up.text().into(), ..revision.clone() }];
    let job = Job { history: &history, revision, before: there, after: wanted, difference: &made.difference };
    Ok(server.findings().into_iter().chain(prove(server, &job)?).collect())
}
