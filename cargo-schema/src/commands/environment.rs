//! `cargo schema environment`: what the project's database is for, and what that forbids.
//!
//! The mark is in the database, so it goes with it into every checkout. What a production database refuses is refused by
//! [`refuse_in_production`] and [`confirm_by_name`]; the commands that undo or drop something call them.

use schema_runtime::{Environment, Migrator};
use serde_json::{Value, json};

use super::Outcome;
use super::database::Database;
use super::failure::Failure;
use super::world::World;
use crate::cli::arguments::{self, Environments};
use crate::report::Problem;
use crate::report::table::{Cell, Color};

/// What a database counts as, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effective {
    /// What it counts as.
    pub environment: Environment,
    /// What says so.
    pub why: Why,
}

/// What says what a database is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Its mark.
    Marked,
    /// It has no mark, and is the embedded database of a checkout.
    Embedded,
    /// It has no mark, and is reached by a Unix socket or a loopback address.
    Local,
    /// It has no mark, and is reached over a network: it may be anybody's.
    Remote,
}

impl Why {
    /// For people.
    fn words(self) -> &'static str {
        match self {
            Why::Marked => "marked so",
            Why::Embedded => "not marked; an embedded database",
            Why::Local => "not marked; on this machine",
            Why::Remote => "not marked; on another machine",
        }
    }
}

impl Effective {
    /// Whether it counts as production.
    pub fn is_production(self) -> bool {
        self.environment == Environment::Production
    }

    /// For programs.
    pub fn json(self) -> Value {
        json!({ "name": self.environment.name(), "marked": self.why == Why::Marked })
    }

    /// For people, as two cells of a table.
    pub fn cells(self) -> [Cell; 2] {
        let color = if self.is_production() { Color::Open } else { Color::Good };
        [Cell::new(self.environment.name(), color), Cell::new(self.why.words(), Color::Dim)]
    }
}

/// What the database counts as: its mark decides; without one, an embedded database and one that is reached by a Unix socket or a
/// loopback address are for development, and every other one is production until it is said.
///
/// Every command that undoes revisions, drops stashed rows or resets a database asks here first.
pub(super) fn effective(world: &World<'_>, database: &mut Database) -> Result<Effective, Failure> {
    let marked = migrator(world).environment(&mut database.client);
    let marked = marked.map_err(|error| failure(world, error))?;
    Ok(match (marked, &database.embedded, database.local) {
        (Some(environment), ..) => Effective { environment, why: Why::Marked },
        (None, Some(_), _) => Effective { environment: Environment::Development, why: Why::Embedded },
        (None, None, true) => Effective { environment: Environment::Development, why: Why::Local },
        (None, None, false) => Effective { environment: Environment::Production, why: Why::Remote },
    })
}

/// Refuses in a production database; `what` is what would be done to it, as in "its applied revisions would be undone".
pub(super) fn refuse_in_production(world: &World<'_>, database: &mut Database, what: &str) -> Result<(), Failure> {
    let found = effective(world, database)?;
    if !found.is_production() {
        return Ok(());
    }
    let help = match found.why {
        Why::Marked => "if it is production no longer: cargo schema environment development",
        _ => "if its rows are yours alone: cargo schema environment development",
    };
    let because = match found.why {
        Why::Marked => "is marked as production",
        _ => "counts as production, because it is on another machine and nobody has said otherwise",
    };
    let text = format!("the database {} {because}: {what}, so nothing was done", database.name());
    Err(Failure::Refused(Problem::told(&text).with_help([help.to_owned()])))
}

/// In a production database, asks for its name before rows may be lost; `confirmed` is the answer that was given as a flag.
/// `--yes` alone is not enough: it is typed by habit, and the name of this database is not.
pub(super) fn confirm_by_name(
    world: &World<'_>,
    database: &mut Database,
    what: &str,
    confirmed: Option<&str>,
) -> Result<(), Failure> {
    if !effective(world, database)?.is_production() {
        return Ok(());
    }
    let name = database.own_name()?;
    let question = format!("{} counts as production, and {what}; to go on, type its name:", database.name());
    let answer = confirmed.map(str::to_owned).or_else(|| world.screen.ask(&question));
    match answer.as_deref() {
        Some(typed) if typed == name => Ok(()),
        Some(typed) => {
            let text = format!("the database is not named `{typed}`; nothing was done");
            Err(Failure::Refused(Problem::told(&text).with_help([format!("its name is `{name}`")])))
        }
        None => {
            let text = format!(
                "the database {} counts as production, and {what}; nobody can be asked here, so nothing was done",
                database.name()
            );
            let help = [
                format!("to confirm, add its name: --confirm {name}"),
                "if it is for development: cargo schema environment development".to_owned(),
            ];
            Err(Failure::Refused(Problem::told(&text).with_help(help)))
        }
    }
}

pub(super) fn run(world: &World<'_>, options: &arguments::Environment) -> Result<Outcome, Failure> {
    let mut database = Database::open(world)?;
    let before = effective(world, &mut database)?;
    let Some(wanted) = options.environment.map(wanted) else { return Ok(shown(&database, before)) };
    if before == (Effective { environment: wanted, why: Why::Marked }) {
        let text = format!("nothing to do: {} is marked as {}\n", database.name(), wanted.name());
        return Ok(Outcome::done(text, result(&database, before)));
    }
    if before.environment == Environment::Production && before.why == Why::Marked {
        world.confirm(
            &format!("{} is marked as production; mark it as development?", database.name()),
            "in a development database revisions are undone when their branch is left, and nobody can be asked here; \
             nothing was done\nhelp: to confirm: cargo schema environment development --yes",
        )?;
    }
    migrator(world).set_environment(&mut database.client, wanted).map_err(|error| failure(world, error))?;
    let text = format!("{} is marked as {}\n", database.name(), wanted.name());
    Ok(Outcome::done(text, result(&database, Effective { environment: wanted, why: Why::Marked })))
}

fn wanted(word: Environments) -> Environment {
    match word {
        Environments::Production => Environment::Production,
        Environments::Development => Environment::Development,
    }
}

fn shown(database: &Database, found: Effective) -> Outcome {
    let text = format!("{} ({})\n", found.environment.name(), found.why.words());
    Outcome::done(text, result(database, found))
}

fn result(database: &Database, found: Effective) -> Value {
    json!({ "database": database.shown, "environment": found.json() })
}

/// The mark belongs to the database, whatever its revisions are.
fn migrator(world: &World<'_>) -> Migrator {
    world.migrator_of(Vec::new(), false)
}

fn failure(world: &World<'_>, error: schema_runtime::ApplyError) -> Failure {
    Failure::Apply { error: Box::new(error), migrations: world.shown(&world.config.migrations) }
}
