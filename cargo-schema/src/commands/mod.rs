//! One file a command, each reading as its steps, and what they share.
//!
//! A command gives an [`Outcome`] or a [`failure::Failure`]; it prints nothing but progress, and never ends the process.

mod adopt;
mod branches;
mod check;
mod database;
mod declared;
mod dev;
mod diff;
mod diff_state;
mod downgrade;
mod drift;
mod edit;
mod environment;
pub mod failure;
mod follow;
mod generate;
mod generate_from;
mod generate_report;
mod heads;
mod history;
mod hook;
mod init;
mod init_manifest;
mod looks;
mod merge;
mod not_managed;
mod owners;
mod proofs;
mod pull;
mod pull_again;
mod pull_manifest;
mod pull_report;
mod rebase;
mod rebase_report;
mod record;
mod remove;
mod rename_answers;
mod roles;
mod runs;
mod show;
mod squash;
mod stamp;
mod stash;
mod states;
mod status;
mod status_text;
mod switch;
mod template;
mod upgrade;
mod world;

use std::path::PathBuf;

use schema_core::diagnostic::Diagnostic;
use serde_json::Value;

use crate::cli::arguments::{Arguments, Command};
use crate::cli::exit::Exit;
use crate::report::{Screen, Texts};
use failure::Failure;
use world::World;

/// What a command did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// What was found.
    pub findings: Vec<Diagnostic>,
    /// The result for people.
    pub text: String,
    /// The result for programs.
    pub result: Value,
}

impl Outcome {
    /// Done, without findings.
    pub fn done(text: impl Into<String>, result: Value) -> Outcome {
        Outcome { exit: Exit::Done, findings: Vec::new(), text: text.into(), result }
    }

    /// With findings that stop nothing.
    #[must_use]
    pub fn with_findings(mut self, findings: Vec<Diagnostic>) -> Outcome {
        self.findings.extend(findings);
        self
    }
}

/// Runs a command.
pub fn run(arguments: Arguments, screen: &Screen, current: PathBuf, texts: &Texts) -> Result<Outcome, Failure> {
    let Arguments { global, command } = arguments;
    let world = World::open(&global, &command, screen, current, texts)?;
    let outcome = world.run(command)?.with_findings(world.findings);
    Ok(if global.strict { not_managed::strict(outcome) } else { outcome })
}

impl World<'_> {
    fn run(&self, command: Command) -> Result<Outcome, Failure> {
        let world = self;
        match command {
            Command::Init(options) => init::run(world, &options),
            Command::Generate(options) => generate::run(world, &options),
            Command::Upgrade(options) => upgrade::run(world, &options),
            Command::Downgrade(options) => downgrade::run(world, &options),
            Command::Switch(options) => switch::run(world, &options),
            Command::Stash(command) => stash::run(world, &command),
            Command::Status(_) => status::run(world),
            Command::History(options) => history::run(world, &options),
            Command::Show(options) => show::run(world, &options),
            Command::Remove(options) => remove::run(world, &options),
            Command::Edit(options) => edit::run(world, &options),
            Command::Record(options) => record::run(world, &options),
            Command::Squash(options) => squash::run(world, &options),
            Command::Stamp(options) => stamp::run(world, &options),
            Command::Rebase(options) => rebase::run(world, &options),
            Command::Merge(options) => merge::run(world, &options),
            Command::Check(_) => check::run(world),
            Command::Diff(options) => diff::run(world, &options),
            Command::Pull(options) => pull::run(world, &options),
            Command::Environment(options) => environment::run(world, &options),
            Command::Hook(command) => hook::run(world, &command),
            Command::Dev(command) => dev::run(world, &command),
        }
    }
}
