//! `cargo schema hook`: git hooks that let the database follow the branch, put in, taken out and looked at.
//!
//! What the hooks say is in [`crate::hook`]; what they call is `cargo schema switch`.

use std::path::Path;

use serde_json::{Value, json};

use super::Outcome;
use super::failure::Failure;
use super::world::World;
use crate::cli::arguments;
use crate::config::{Said, resolve};
use crate::hook::{Action, Hook, HookError, HookFile, Project, Repository, State};
use crate::report::Problem;
use crate::report::table::{Cell, Color, aligned};
use crate::workspace::Location;

pub(super) fn run(world: &World<'_>, command: &arguments::Hook) -> Result<Outcome, Failure> {
    let (repository, project) = place(world)?;
    match command {
        arguments::Hook::Install => install(world, &repository, &project),
        arguments::Hook::Uninstall => uninstall(world, &repository, &project),
        arguments::Hook::Status => status(world, &repository, &project),
    }
}

/// The repository and what its hooks need to know of this project.
fn place(world: &World<'_>) -> Result<(Repository, Project), Failure> {
    let location = world.location()?;
    let repository = Repository::of(world.root()).map_err(failure)?;
    let project = Project {
        folder: repository.inside(folder(world, location)).map_err(failure)?,
        migrations: repository.inside(&world.config.migrations).map_err(failure)?,
        database: world.named.clone(),
    };
    if project.name().contains(['\n', '\r']) {
        return Err(Failure::usage("the name of the database cannot stand in a hook; rename it"));
    }
    Ok((repository, project))
}

/// Where the command finds the same revisions: the top of the workspace, or the member that has settings of its own.
fn folder<'l>(world: &World<'_>, location: &'l Location) -> &'l Path {
    let Some(member) = &location.member else { return location.folder() };
    let top = Location { root: location.root.clone(), member: None };
    let said = Said { current: world.current.clone(), database: world.named.clone(), ..Said::default() };
    let same = resolve(Some(&top), &said).0.migrations == world.config.migrations;
    if same { location.folder() } else { member.folder() }
}

fn install(world: &World<'_>, repository: &Repository, project: &Project) -> Result<Outcome, Failure> {
    repository.own_hooks().map_err(failure)?;
    let done = each(repository, |file| file.install(project))?;
    let changed = done.iter().any(|(_, action)| *action != Action::Kept);
    let text = if changed {
        format!(
            "{}\nthe database now follows `git switch`, `git merge` and `git rebase`; to skip it once: SCHEMA_HOOK=off git switch BRANCH\n",
            listed(world, &done).trim_end_matches('\n')
        )
    } else {
        "nothing to do: the hooks are installed\n".to_owned()
    };
    Ok(Outcome::done(text, result(world, &done)))
}

fn uninstall(world: &World<'_>, repository: &Repository, project: &Project) -> Result<Outcome, Failure> {
    let done = each(repository, |file| file.uninstall(project))?;
    let changed = done.iter().any(|(_, action)| *action != Action::Kept);
    let text = if changed { listed(world, &done) } else { "nothing to do: no hook is installed\n".to_owned() };
    Ok(Outcome::done(text, result(world, &done)))
}

fn status(world: &World<'_>, repository: &Repository, project: &Project) -> Result<Outcome, Failure> {
    let found = each(repository, |file| file.state(project))?;
    let rows: Vec<Vec<Cell>> = found
        .iter()
        .map(|(file, state)| {
            let (word, color) = shown(*state);
            vec![Cell::new(word, color), world.shown(&file.path).into()]
        })
        .collect();
    let mut text = aligned(&rows, world.screen.out);
    if found.iter().any(|(_, state)| *state != State::Installed) {
        text.push_str("\nto install them: cargo schema hook install\n");
    }
    let hooks: Vec<Value> = found
        .iter()
        .map(|(file, state)| json!({ "hook": file.hook.name(), "path": world.shown(&file.path), "state": shown(*state).0 }))
        .collect();
    Ok(Outcome::done(text, json!({ "project": project.name(), "migrations": project.migrations, "hooks": hooks })))
}

fn shown(state: State) -> (&'static str, Color) {
    match state {
        State::Installed => ("installed", Color::Good),
        State::Outdated => ("outdated", Color::Open),
        State::Missing => ("missing", Color::Dim),
    }
}

fn each<T>(
    repository: &Repository,
    run: impl Fn(&HookFile) -> Result<T, HookError>,
) -> Result<Vec<(HookFile, T)>, Failure> {
    let files = Hook::ALL.into_iter().map(|hook| HookFile::new(&repository.hooks, hook));
    files.map(|file| run(&file).map(|done| (file, done)).map_err(failure)).collect()
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Made => "made",
        Action::Changed => "changed",
        Action::Chained => "chained",
        Action::Removed => "removed",
        Action::Kept => "kept",
    }
}

fn listed(world: &World<'_>, done: &[(HookFile, Action)]) -> String {
    let rows: Vec<Vec<Cell>> = done
        .iter()
        .map(|(file, action)| {
            let aside = match action {
                Action::Chained => format!("what was there is called from it: {}", world.shown(&file.chained())),
                _ => String::new(),
            };
            vec![Cell::new(word(*action), Color::Good), world.shown(&file.path).into(), Cell::new(aside, Color::Dim)]
        })
        .collect();
    format!("{}\n", aligned(&rows, world.screen.out))
}

fn result(world: &World<'_>, done: &[(HookFile, Action)]) -> Value {
    let hooks = done.iter().map(
        |(file, action)| json!({ "hook": file.hook.name(), "path": world.shown(&file.path), "action": word(*action) }),
    );
    json!({ "hooks": hooks.collect::<Vec<_>>() })
}

fn failure(error: HookError) -> Failure {
    let problem = Problem::told(&error.to_string());
    match error {
        HookError::Git { .. } | HookError::File { .. } => Failure::Environment(problem),
        HookError::Outside { .. } | HookError::Path { .. } => Failure::Usage(problem),
        HookError::Shared { .. } => Failure::Refused(problem),
    }
}
