//! `cargo schema stamp`: the ledger is written so that the database counts as being at a revision; nothing is run.
//!
//! The database is looked at first: a ledger that says what is not so would make every later upgrade fail, or lose something.

use schema_core::diagnostic::{Code, Diagnostic, Severity};
use schema_core::history::{Migration, RevisionId};
use schema_runtime::migrator::Stamped;
use serde_json::json;

use super::Outcome;
use super::database::Database;
use super::drift::notes;
use super::failure::Failure;
use super::owners::others;
use super::world::{World, target};
use crate::catalog::observe;
use crate::cli::arguments::Stamp;
use crate::cli::exit::Exit;
use crate::devdb;
use crate::ops::drift::drift;
use crate::project::{Project, RevisionDir};
use crate::report::Problem;
use crate::report::table::{Cell, Color, aligned};

/// The database is not what the revisions up to the target make.
pub const STAMP_DIFFERS: Code = Code::new("stamp-differs");

pub(super) fn run(world: &World<'_>, options: &Stamp) -> Result<Outcome, Failure> {
    let target = target(&options.revision)?;
    let project = world.sound_project()?;
    let migrator = world.migrator(&project, options.dry_run);
    let at = migrator.at(&target).map_err(|error| world.apply_failure(&project, error))?;
    let mut database = Database::open(world)?;
    let differs = compared(world, &project, &at, &mut database)?;
    if let Some(finding) = differs.iter().find(|_| !options.unchecked) {
        let refused = Outcome::done("", json!({ "database": database.shown, "stamped": false }));
        return Ok(Outcome { exit: Exit::Refused, ..refused }.with_findings(vec![finding.clone()]));
    }
    let stamped = migrator.stamp(&mut database.client, &target);
    let stamped = stamped.map_err(|error| world.apply_failure(&project, error))?;
    let accepted = differs.into_iter().map(|finding| Diagnostic {
        severity: Severity::Warning,
        help: vec!["to see what would mend it: cargo schema check".to_owned()],
        ..finding
    });
    Ok(outcome(world, &database.shown, &stamped).with_findings(accepted.collect()))
}

/// The finding that the database is not what the revisions make.
fn compared(
    world: &World<'_>,
    project: &Project,
    at: &[RevisionId],
    database: &mut Database,
) -> Result<Option<Diagnostic>, Failure> {
    let told = |text: String| Failure::Environment(Problem::told(&text));
    let there = observe(&mut database.client, &world.scope()).map_err(|error| told(error.to_string()))?;
    let others = others(world, &mut database.client)?;
    let server = devdb::open(&world.dev_options())?;
    let own = project.revisions.iter().map(RevisionDir::migration).filter(|migration| at.contains(&migration.id));
    let history: Vec<Migration> = own.collect();
    let found = match &others {
        Some(others) => {
            let all = [others.theirs.as_slice(), &history].concat();
            drift(&server, &all, &there, project.adopted_tool())?.without(&others.objects)
        }
        None => drift(&server, &history, &there, project.adopted_tool())?,
    };
    if found.is_empty() {
        return Ok(None);
    }
    let last = history.last().map_or("`base`".to_owned(), |migration| format!("`{}`", migration.id));
    let message =
        format!("the database {} is not what the revisions up to {last} make, so it was not stamped", database.name());
    let finding = notes(Diagnostic::error(STAMP_DIFFERS, message), &found);
    Ok(Some(
        finding.help("stamp the revision that it really is at; to list them: cargo schema history").help(format!(
            "or, if the difference is known and meant: cargo schema stamp {} --unchecked",
            target_word(at)
        )),
    ))
}

fn target_word(at: &[RevisionId]) -> &str {
    at.last().map_or("base", AsRef::as_ref)
}

fn outcome(world: &World<'_>, database: &str, stamped: &Stamped) -> Outcome {
    let list = |ids: &[RevisionId]| ids.iter().map(|id| id.to_string()).collect::<Vec<_>>();
    let result = json!({
        "database": database,
        "dry_run": stamped.dry_run,
        "stamped": !stamped.dry_run,
        "recorded": list(&stamped.recorded),
        "renewed": list(&stamped.renewed),
        "removed": list(&stamped.removed),
    });
    let row =
        |word: &str, color: Color, id: &RevisionId| vec![Cell::new(word, color), Cell::new(id.as_str(), Color::Name)];
    let recorded = stamped.recorded.iter().map(|id| row("recorded", Color::Good, id));
    let renewed = stamped.renewed.iter().map(|id| row("renewed", Color::Open, id));
    let removed = stamped.removed.iter().map(|id| row("removed", Color::Bad, id));
    let rows: Vec<Vec<Cell>> = recorded.chain(renewed).chain(removed).collect();
    let text = match (rows.is_empty(), stamped.dry_run) {
        (true, _) => "nothing to do: the ledger says so already\n".to_owned(),
        (_, true) => format!("the ledger would be written so, and nothing run:\n{}", aligned(&rows, world.screen.out)),
        (_, false) => format!("the ledger was written, and nothing was run:\n{}", aligned(&rows, world.screen.out)),
    };
    Outcome::done(text, result)
}
