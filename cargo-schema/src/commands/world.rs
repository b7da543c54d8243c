//! What a command works on: the settings, the project, the servers.
//!
//! Every effect that several commands need is asked for here; none of them is decided here.

use std::path::PathBuf;

use schema_core::diagnostic::{Diagnostic, stops};
use schema_core::history::{Migration, Target};
use schema_runtime::{ApplyError, Migrator, Options};

use super::failure::Failure;
use crate::catalog::Scope;
use crate::cli::arguments::{Command, Dev, Global};
use crate::config::{Config, Said, resolve};
use crate::devdb;
use crate::project::{Project, git};
use crate::report::{Screen, Texts};
use crate::workspace::{Location, WorkspaceError, locate, shown_path};

/// The surroundings of a command.
pub(super) struct World<'w> {
    /// Where it writes.
    pub screen: &'w Screen,
    /// The texts that findings point into.
    pub texts: &'w Texts,
    /// The folder the user stands in.
    pub current: PathBuf,
    /// The cargo workspace; `None` when only a migrations folder was named.
    pub location: Option<Location>,
    /// The settings.
    pub config: Config,
    /// The entry of `databases` that was named.
    pub named: Option<String>,
    /// Warnings about the settings.
    pub findings: Vec<Diagnostic>,
    /// `--yes`.
    pub yes: bool,
}

impl<'w> World<'w> {
    /// Finds the project and reads the settings.
    pub fn open(
        global: &Global,
        command: &Command,
        screen: &'w Screen,
        current: PathBuf,
        texts: &'w Texts,
    ) -> Result<World<'w>, Failure> {
        // A deploy has the revisions and no cargo project, servers are the user's, not a project's, and two databases have none.
        let alone = global.migrations.is_some()
            || matches!(command, Command::Diff(_) | Command::Dev(Dev::Stop | Dev::Status | Dev::Install { .. }));
        let location = match locate(&current, global.manifest_path.as_deref()) {
            Err(WorkspaceError::NoManifest { .. }) if alone => None,
            other => Some(other?),
        };
        // A database is named by its entry in the configuration, or by its URL.
        let by_url = global.database.as_deref().is_some_and(|name| name.contains("://"));
        let (database, url) =
            if by_url { (None, &global.database) } else { (global.database.clone(), &global.database_url) };
        let said = Said {
            current: current.clone(),
            database,
            migrations: global.migrations.clone(),
            packages: global.package.clone(),
            database_url: url.clone(),
            dev_url: global.dev_url.clone(),
            pg_bin: global.pg_bin.clone(),
            // Variables that are not UTF-8 are none of ours.
            environment: std::env::vars_os()
                .filter_map(|(a, b)| Some((a.into_string().ok()?, b.into_string().ok()?)))
                .collect(),
        };
        let (config, findings) = resolve(location.as_ref(), &said);
        if stops(&findings) {
            return Err(Failure::Configuration(findings));
        }
        Ok(World { screen, texts, current, location, config, named: said.database, findings, yes: global.yes })
    }

    /// A path as the user would type it.
    pub fn shown(&self, path: &std::path::Path) -> String {
        shown_path(path, &self.current)
    }

    /// The workspace, for commands that read structs.
    pub fn location(&self) -> Result<&Location, Failure> {
        self.location
            .as_ref()
            .ok_or_else(|| Failure::Workspace(WorkspaceError::NoManifest { from: self.current.clone() }))
    }

    /// The folder that the embedded database belongs to.
    pub fn root(&self) -> &std::path::Path {
        self.location.as_ref().map_or(self.current.as_path(), Location::folder)
    }

    /// The migrations folder, whatever is wrong with it.
    pub fn project(&self) -> Result<Project, Failure> {
        let mut project = Project::read(&self.config.migrations, &self.shown(&self.config.migrations))?;
        for folder in &self.config.after {
            if !folder.is_dir() {
                let text = format!("`after` names `{}`, and there is no such folder", self.shown(folder));
                return Err(Failure::usage(&text));
            }
            project = project.after(Project::read(folder, &self.shown(folder))?);
        }
        self.screen.detail(&format!("{} revisions in {}", project.revisions.len(), project.shown));
        Ok(project)
    }

    /// The migrations folder, without defects.
    pub fn sound_project(&self) -> Result<Project, Failure> {
        let project = self.project()?;
        if stops(&project.findings) { Err(Failure::Findings(project.findings)) } else { Ok(project) }
    }

    /// The PostgreSQL schemas that are looked at in databases.
    pub fn scope(&self) -> Scope {
        Scope::of(&self.config.schemas)
    }

    /// How the dev database is found.
    pub fn dev_options(&self) -> devdb::Options {
        devdb::Options {
            dev_url: self.config.dev_url.clone(),
            pg_bin: self.config.pg_bin.clone(),
            search_from: Some(self.root().to_owned()),
            ..devdb::Options::from_env()
        }
    }

    /// The engine for these revisions.
    pub fn migrator(&self, project: &Project, dry_run: bool) -> Migrator {
        self.migrator_of(project.all_migrations(), dry_run)
    }

    /// The engine for some of them, or for none.
    pub fn migrator_of(&self, migrations: Vec<Migration>, dry_run: bool) -> Migrator {
        let facts = git::facts(&self.config.migrations);
        Migrator::new(migrations).options(Options {
            namespace: self.config.namespace.clone(),
            dry_run,
            tool_version: concat!("cargo-schema ", env!("CARGO_PKG_VERSION")).to_owned(),
            git_branch: facts.branch,
            git_commit: facts.commit,
            ..Options::default()
        })
    }

    /// What an error of the engine means here.
    pub fn apply_failure(&self, project: &Project, error: ApplyError) -> Failure {
        Failure::Apply { error: Box::new(error), migrations: project.shown.clone() }
    }

    /// Asks before something is lost: `--yes`, an answer on the terminal, or a refusal.
    pub fn confirm(&self, question: &str, refusal: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        match self.screen.ask(&format!("{question} [y/N]")).as_deref() {
            Some("y" | "Y" | "yes" | "Yes") => Ok(()),
            Some(_) => Err(Failure::Refused(crate::report::Problem::told("not confirmed; nothing was done"))),
            None => Err(Failure::Refused(crate::report::Problem::told(refusal))),
        }
    }
}

/// A target as it was typed.
pub(super) fn target(text: &str) -> Result<Target, Failure> {
    text.parse().map_err(|error: schema_core::history::TargetError| Failure::usage(&error.to_string()))
}
