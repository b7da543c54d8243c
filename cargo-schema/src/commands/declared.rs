//! What the structs of the project say, and how it stands to the recorded history.
//!
//! Reading and lowering only; nothing is planned and no database is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schema_core::diagnostic::{Code, Diagnostic, Place, stops};
use schema_core::diff::{Difference, difference};
use schema_core::kinds::Object;
use schema_core::{Change, Ident, KindName, ObjectId, Schema, SqlType};
use schema_syntax::TypeContext;
use schema_syntax::lower::{LowerOptions, Lowered, lower};
use schema_syntax::scan::SourceFile;

use super::failure::Failure;
use super::looks::Look;
use super::world::World;
use crate::catalog::Scope;
use crate::config::SETTING_VALUE;
use crate::ops::generate::Declared;
use crate::ops::prove::Refusal;
use crate::project::Project;
use crate::workspace::{Overlay, Workspace, discover, read_sources, read_sources_with, statement_folders};

/// A change of the structs is in no revision.
pub const CHANGE_UNRECORDED: Code = Code::new("change-unrecorded");

/// Something is declared in a PostgreSQL schema that is not looked at.
pub const SCHEMA_UNLISTED: Code = Code::new("schema-unlisted");

/// How many changes are shown one by one.
const SHOWN: usize = 20;

/// Where structs are, and how they are read.
pub(super) struct Sources {
    workspace: Workspace,
    types: TypeContext,
    options: LowerOptions,
    scope: Scope,
}

/// The declared schema of the project.
pub(super) struct Structs {
    lowered: Lowered,
    paths: Vec<PathBuf>,
    files: Vec<SourceFile>,
}

/// How structs and history stand to each other.
pub(super) struct Standing {
    /// How many changes are in no revision.
    pub differences: usize,
}

impl Sources {
    /// The packages with structs, as cargo knows them.
    pub fn of(world: &World<'_>) -> Result<Sources, Failure> {
        let location = world.location()?;
        let manifest = location.member.as_ref().unwrap_or(&location.root);
        let workspace = discover(&manifest.path, &world.config.packages)?;
        if workspace.packages.is_empty() {
            return Err(without_structs(world, &workspace));
        }
        let types = TypeContext { types: types(world)? };
        Ok(Sources { workspace, types, options: options(world)?, scope: world.scope() })
    }

    /// All that decides what the same files mean.
    pub fn described(&self) -> String {
        format!("{:?} {:?} {:?} {:?}", self.workspace, self.types, self.options, self.scope)
    }

    /// Reads the structs, and gives them with what was found, whatever it is.
    pub fn structs(&self, world: &World<'_>) -> Result<Structs, Failure> {
        let files = read_sources(&self.workspace, &self.types, &world.current)?;
        world.screen.detail(&format!("{} files of {} packages", files.len(), self.workspace.packages.len()));
        let modules = files.iter().flat_map(|file| &file.modules).flat_map(|module| &module.candidates);
        let paths = files.iter().map(|file| &file.path).chain(modules.map(|candidate| &candidate.path));
        let mut paths: BTreeSet<PathBuf> = paths.map(|path| world.current.join(path)).collect();
        paths.extend(statement_folders(&self.workspace)?);
        let mut structs = Structs { lowered: lower(&files, &self.options), paths: paths.into_iter().collect(), files };
        structs.lowered.findings.extend(structs.unlisted(&self.scope, &self.options.others));
        Ok(structs)
    }

    /// What the structs would say if some files had other texts.
    pub fn imagined(&self, world: &World<'_>, overlay: &Overlay) -> Result<Lowered, Failure> {
        let files = read_sources_with(&self.workspace, &self.types, &world.current, overlay)?;
        Ok(lower(&files, &self.options))
    }

    /// Reads the structs; any error among what was found stops the command.
    pub fn sound(&self, world: &World<'_>) -> Result<Structs, Failure> {
        let structs = self.structs(world)?;
        if stops(structs.findings()) { Err(Failure::Findings(structs.lowered.findings)) } else { Ok(structs) }
    }
}

impl Structs {
    /// The files that were read, where modules were looked for, and the folders that were listed.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The files as they were scanned.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// All that was lowered.
    pub fn lowered(&self) -> &Lowered {
        &self.lowered
    }

    /// What was found.
    pub fn findings(&self) -> &[Diagnostic] {
        &self.lowered.findings
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.lowered.schema
    }

    /// All of it, for a draft.
    pub fn declared(&self) -> Declared<'_> {
        let Lowered { schema, hints, renames, .. } = &self.lowered;
        Declared { schema, hints, renames }
    }

    /// Where an object is declared, or else the table it is in.
    pub fn place_of(&self, id: &ObjectId) -> Option<Place> {
        let spans = &self.lowered.spans;
        let table = || spans.get(&ObjectId::table(&id.outer()?));
        spans.get(id).or_else(table).cloned()
    }

    /// What databases would not be compared with: the first object of each PostgreSQL schema that the settings leave out.
    fn unlisted(&self, scope: &Scope, others: &Schema) -> Vec<Diagnostic> {
        let own = self.schema().iter().map(|(id, _)| id).filter(|id| !others.contains(id));
        let outside =
            own.filter_map(|id| Some((id.namespace()?, id))).filter(|(name, _)| !scope.manages(name.as_str()));
        let mut first: BTreeMap<&Ident, &ObjectId> = BTreeMap::new();
        for (name, id) in outside {
            // What is in it tells more than the PostgreSQL schema, which may be declared by that alone.
            let told = first.entry(name).or_insert(id);
            if told.kind == KindName::Schema {
                *told = id;
            }
        }
        let finding = |(name, id): (&Ident, &ObjectId)| {
            let what = match id.kind {
                KindName::Schema => format!("the PostgreSQL schema `{name}` is declared"),
                kind => format!("{} `{id}` is in the PostgreSQL schema `{name}`", kind.words()),
            };
            let message = format!(
                "{what}, which `schemas` in Cargo.toml does not name, so it would be compared with no database"
            );
            Diagnostic::error(SCHEMA_UNLISTED, message)
                .primary(self.place_of(id), "declared here")
                .help(format!("add \"{name}\" to `schemas`, or take `schemas` out: then all are looked at"))
        };
        first.into_iter().map(finding).collect()
    }

    /// The statement that PostgreSQL refuses, where it is declared.
    pub fn refused(&self, refusal: &Refusal) -> Diagnostic {
        let statement = refusal.statement.trim_end_matches(';');
        let is_it = |object: &Object| match object {
            Object::Sql(object) => object.sql == statement || object.then.iter().any(|then| then == statement),
            _ => false,
        };
        let found = self.schema().iter().find(|(_, object)| is_it(object));
        let place = found.and_then(|(id, _)| self.lowered.spans.get(id).cloned());
        let finding = refusal.finding();
        match place {
            None => finding,
            Some(place) => {
                let help = vec!["correct the statement, or what it names; nothing was written".to_owned()];
                Diagnostic { help, ..finding.primary(Some(place), "refused") }
            }
        }
    }

    /// A finding about an object that it names, at its declaration.
    pub fn placed(&self, finding: Diagnostic) -> Diagnostic {
        let named = |id: &&ObjectId| finding.message.starts_with(&format!("{} `{id}`", id.kind.words()));
        let place = self.lowered.spans.keys().find(named).and_then(|id| self.lowered.spans.get(id)).cloned();
        if finding.primary.is_some() || place.is_none() { finding } else { finding.primary(place, "declared here") }
    }

    /// What takes the recorded schema to the structs.
    pub fn difference(&self, recorded: &Schema) -> Difference {
        difference(recorded, &self.lowered.schema, &self.lowered.renames)
    }
}

/// Compares structs and history, both of which must be sound.
pub(super) fn standing(world: &World<'_>, project: &Project) -> Result<Standing, Failure> {
    let sources = Sources::of(world)?;
    let look = Look::of(world, &sources, project);
    if look.is_equal() {
        return Ok(Standing { differences: 0 });
    }
    let structs = sources.sound(world)?;
    let recorded = project.schema().map_err(Failure::Findings)?;
    let differences = structs.difference(&recorded).changes().len();
    if differences == 0 && structs.findings().is_empty() {
        look.note(&structs);
    }
    Ok(Standing { differences })
}

/// The changes as findings: those that are in no revision.
pub(super) fn unrecorded(structs: &Structs, difference: &Difference) -> Vec<Diagnostic> {
    let changes = difference.changes();
    let shown = changes.iter().take(SHOWN).map(|change| {
        let id = change.id();
        let (kind, what) = (id.kind.words(), words(change));
        Diagnostic::error(
            CHANGE_UNRECORDED,
            format!("{kind} `{id}` {what} in no revision, so no database gets the change"),
        )
        .primary(structs.place_of(&id), "not recorded")
        .help("to write the revision: cargo schema generate")
    });
    let rest = changes.len().saturating_sub(SHOWN);
    let more = (0 < rest).then(|| {
        Diagnostic::error(CHANGE_UNRECORDED, format!("{rest} more changes are in no revision"))
            .help("to see them all: cargo schema generate --check")
    });
    shown.chain(more).collect()
}

fn words(change: &Change) -> &'static str {
    match change {
        Change::Create(_) => "is new and",
        Change::Drop(_) => "is dropped and",
        Change::Alter(_) => "is changed and",
        Change::Rename(_) => "is renamed and",
    }
}

fn without_structs(world: &World<'_>, workspace: &Workspace) -> Failure {
    let own = workspace.others.iter().map(|package| {
        format!("help: for `{}`: cargo schema --manifest-path {}", package.name, world.shown(&package.manifest))
    });
    let own: Vec<String> = own.collect();
    if own.is_empty() {
        let text = "no package here depends on schema-runtime, so there are no structs to read\n\
                    help: to prepare a package: cargo schema init";
        return Failure::usage(text);
    }
    Failure::usage(&format!("every package here has a migrations folder of its own\n{}", own.join("\n")))
}

pub(super) fn types(world: &World<'_>) -> Result<BTreeMap<String, SqlType>, Failure> {
    let (mut types, mut findings) = (BTreeMap::new(), Vec::new());
    for (name, text) in &world.config.types {
        match SqlType::parse(text) {
            Ok(sql_type) => drop(types.insert(name.clone(), sql_type)),
            Err(error) => findings.push(
                Diagnostic::error(SETTING_VALUE, format!("`types.{name}` is no SQL type: {error}"))
                    .help(format!("for example: types = {{ {name} = \"numeric(12,2)\" }}")),
            ),
        }
    }
    if findings.is_empty() { Ok(types) } else { Err(Failure::Configuration(findings)) }
}

pub(super) fn options(world: &World<'_>) -> Result<LowerOptions, Failure> {
    let others = if world.config.after.is_empty() { Schema::default() } else { world.project()?.others.schema };
    let Some(name) = world.config.schemas.first() else {
        return Ok(LowerOptions { others, ..LowerOptions::default() });
    };
    let default_schema = Ident::new(name).map_err(|error| {
        Failure::Configuration(vec![Diagnostic::error(
            SETTING_VALUE,
            format!("`schemas` names `{name}`, which is no name: {error}"),
        )])
    })?;
    Ok(LowerOptions { default_schema, others })
}
