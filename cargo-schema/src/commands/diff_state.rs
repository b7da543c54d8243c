//! The schemas that `diff` compares: what names one, and how it is read.
//!
//! A declared schema stays as it is declared as long as the other one is declared too. Beside a real database it is built on the dev
//! database and observed there, because only PostgreSQL spells both alike.

use std::path::Path;

use schema_core::Schema;
use schema_core::diagnostic::stops;
use schema_core::plan::Hints;
use schema_core::rename::Rename;
use schema_runtime::connect::{connect, redacted};

use super::database::Database;
use super::declared::Sources;
use super::failure::Failure;
use super::owners::without_others;
use super::show::resolve;
use super::world::World;
use crate::adopt::without_history_table;
use crate::catalog::{Observed, Scope, Unmanaged, observe};
use crate::devdb::DevServer;
use crate::ops::load::loaded;
use crate::ops::prove::{ProofError, built, observed_with_rest};
use crate::project::{Project, export};
use crate::report::Problem;

/// What a word of the command line names.
pub(super) enum State {
    /// The structs, and what they say about old names and existing rows.
    Structs { schema: Schema, renames: Vec<Rename>, hints: Hints },
    /// The recorded history.
    Migrations(Box<Project>),
    /// A database that is there.
    Observed(Box<Observed>),
    /// A script, by name and text.
    File(String, String),
}

/// A schema in one of the two spellings.
pub(super) struct Side {
    pub schema: Schema,
    /// What the model does not know.
    pub unmanaged: Vec<Unmanaged>,
}

impl State {
    /// Reads what `word` names; nothing is built yet.
    pub fn read(world: &World<'_>, word: &str) -> Result<State, Failure> {
        match word {
            "structs" => structs(world),
            "migrations" => Ok(State::Migrations(Box::new(world.sound_project()?))),
            "database" => observed(world, &mut Database::open(world)?.client),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                world.screen.doing("Database", &redacted(url));
                observed(world, &mut connect(url)?)
            }
            file if Path::new(file).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql")) => {
                let text = std::fs::read_to_string(world.current.join(file));
                let text = text
                    .map_err(|error| Failure::Environment(Problem::told(&format!("cannot read `{file}`: {error}"))))?;
                world.texts.insert(file, &text);
                Ok(State::File(file.to_owned(), text))
            }
            other => match (other.strip_prefix("migrations@"), other.strip_prefix("git:")) {
                (Some(revision), _) => {
                    let project = world.sound_project()?;
                    Ok(State::Migrations(Box::new(project.up_to(&resolve(world, &project, revision)?))))
                }
                (_, Some(reference)) => at_commit(world, reference),
                _ => Err(unknown(other)),
            },
        }
    }

    /// Its declared schema, if it has one.
    pub fn declared(&self) -> Result<Option<Schema>, Failure> {
        match self {
            State::Structs { schema, .. } => Ok(Some(schema.clone())),
            State::Migrations(project) => project.schema().map(Some).map_err(Failure::Findings),
            State::Observed(_) | State::File(..) => Ok(None),
        }
    }

    /// As PostgreSQL spells it, where that is known without building anything.
    pub fn given(&self) -> Option<Side> {
        match self {
            State::Observed(observed) => Some(side(observed)),
            _ => None,
        }
    }

    /// As PostgreSQL spells it.
    pub fn observed(&self, server: &DevServer, scope: &Scope) -> Result<Side, Failure> {
        let known = |schema| Side { schema, unmanaged: Vec::new() };
        match self {
            State::Structs { schema, .. } => Ok(known(built(server, schema)?)),
            State::Migrations(project) => Ok(side(&observed_with_rest(server, &project.migrations(), scope)?)),
            State::Observed(observed) => Ok(side(observed)),
            State::File(file, text) => match loaded(server, file, text, scope) {
                Ok(observed) => Ok(side(&observed)),
                Err(ProofError::Split { error, .. }) => Err(Failure::Findings(vec![error.to_diagnostic(file)])),
                Err(other) => Err(other.into()),
            },
        }
    }
}

fn side(observed: &Observed) -> Side {
    Side { schema: observed.schema.clone(), unmanaged: observed.unmanaged.clone() }
}

fn structs(world: &World<'_>) -> Result<State, Failure> {
    let structs = Sources::of(world)?.sound(world)?;
    let declared = structs.declared();
    Ok(State::Structs {
        schema: declared.schema.clone(),
        renames: declared.renames.to_vec(),
        hints: declared.hints.clone(),
    })
}

/// The history that a commit has.
fn at_commit(world: &World<'_>, reference: &str) -> Result<State, Failure> {
    let exported = export(&world.config.migrations, reference)
        .map_err(|problem| Failure::usage(&format!("`git:{reference}` names no schema: {problem}")))?;
    let mut project = Project::read(exported.folder(), &format!("{reference}:migrations"))?;
    // What others have made is not in that commit's folder; it is what it is now.
    project.others = world.project()?.others;
    if stops(&project.findings) {
        Err(Failure::Findings(project.findings))
    } else {
        Ok(State::Migrations(Box::new(project)))
    }
}

/// What a database has, without the history table of the tool whose migrations the project has adopted, and without what others own.
fn observed(world: &World<'_>, client: &mut postgres::Client) -> Result<State, Failure> {
    let observed = observe(client, &world.scope());
    let mut observed = observed.map_err(|error| Failure::Environment(Problem::told(&error.to_string())))?;
    observed.schema = without_history_table(&observed.schema, world.project()?.adopted_tool());
    // Without a project here, nobody's tables are ours.
    if world.location.is_some() {
        observed.schema = without_others(world, client, observed.schema)?;
    }
    Ok(State::Observed(Box::new(observed)))
}

fn unknown(word: &str) -> Failure {
    Failure::usage(&format!(
        "`{word}` names no schema\n\
         help: one of: structs, migrations, migrations@REV, git:COMMIT, database, a URL such as postgres://localhost/shop, a file that ends in .sql\n\
         help: for example: cargo schema diff database structs"
    ))
}
