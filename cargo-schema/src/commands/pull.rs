//! `cargo schema pull`: a database becomes structs, and the structs follow it when it is pulled again.
//!
//! The database is only read. What is written is proven first: the structs are built on the dev database, and what PostgreSQL
//! makes of them must be what was observed. Files that pull did not write, or that somebody has edited, are never replaced.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schema_core::diagnostic::{Code, Diagnostic, Severity, stops};
use schema_core::history::{Migration, RevisionRecord};
use schema_core::{ObjectId, Schema};
use schema_runtime::connect::{connect, redacted};
use schema_syntax::lower::Lowered;

use super::database::Database;
use super::declared;
use super::failure::Failure;
use super::generate::{new_id, write};
use super::owners::without_others;
use super::pull_again::{again, existing};
use super::pull_manifest::Manifests;
use super::pull_report::{Report, outcome};
use super::world::World;
use super::{Outcome, not_managed};
use crate::adopt::without_history_table;
use crate::catalog::{Observed, Scope, compare, observe};
use crate::cli::arguments::Pull;
use crate::cli::exit::Exit;
use crate::devdb::{self, DevServer};
use crate::ops::bodies::ROUTINE_BODY;
use crate::ops::found;
use crate::ops::generate::{Answers, Declared, draft};
use crate::ops::prove::{Job, ProofError, built, prove};
use crate::project::{Project, ReadError, SourceDraft, write_sources};
use crate::pull::{self, Layout, Needed, Options, Unsaid, said};
use crate::report::Problem;

/// No attribute has words for an object of the database.
pub const PULL_UNSAID: Code = Code::new("pull-unsaid");
/// The structs do not give the database back.
pub const PULL_DIFFERS: Code = Code::new("pull-differs");
/// A file is in the way.
pub const PULL_FILE_EXISTS: Code = Code::new("pull-file-exists");

/// How many structs that go are named.
const NAMED: usize = 5;

/// What is to be written, and what it says.
pub(super) struct Drafted {
    /// The files.
    pub files: Vec<SourceDraft>,
    /// Their declared schema.
    pub lowered: Lowered,
    /// The crates that they name.
    pub crates: BTreeSet<Needed>,
    /// What they do not say.
    pub unsaid: Vec<Unsaid>,
    /// Whether no module leads to them yet.
    pub is_first: bool,
    /// Structs and enums that go, by what they are in the database.
    pub removed: Vec<ObjectId>,
}

pub(super) fn run(world: &World<'_>, options: &Pull) -> Result<Outcome, Failure> {
    let manifests = Manifests::of(world)?;
    let (shown, mut found) = observed(world, options)?;
    let project = world.sound_project()?;
    found.schema = without_history_table(&found.schema, project.adopted_tool());
    let (mut settings, folder) = (settings(world, options, &manifests)?, folder(world, options, &manifests));
    settings.recorded = project.folded(&project.records().map_err(Failure::Findings)?).map_err(Failure::Findings)?;
    let statements = manifests.folder().join("schema");
    let structs = existing(world)?;
    let server = devdb::open(&world.dev_options())?;
    let drafted = match &structs {
        None => first(&found.schema, &settings, &folder, &statements)?,
        Some(structs) => again(world, &server, structs, &found.schema, &settings, (&folder, &statements))?,
    };
    let mut findings: Vec<Diagnostic> = not_managed::finding(&shown, &found.unmanaged).into_iter().collect();
    findings.extend(unsaid(&drafted));
    findings.extend(in_the_way(world, &drafted.files));
    findings.extend(drafted.lowered.findings.iter().filter(|found| stops(std::slice::from_ref(found))).cloned());
    if stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    let proof = proof(&server, &drafted, &found)?;
    let provable = proof.is_ok();
    findings.extend(proof.unwrap_or_else(|refusal| vec![*refusal]));
    if provable && stops(&findings) {
        return Err(Failure::Findings(findings));
    }
    let wanted = project.revisions.is_empty() && provable;
    let baseline = if wanted { Some(baseline(&server, &project, &drafted.lowered, &mut findings)?) } else { None };
    if !options.dry_run {
        confirm_removals(world, &shown, &drafted.removed)?;
        write_sources(&drafted.files)?;
        if let Some((revision, record)) = &baseline {
            write(world, &project, revision, record, true)?;
        }
    }
    let id = baseline.map(|(revision, _)| revision.id);
    let missing = manifests.missing(&drafted.crates);
    let (database, drafted, manifests) = (shown.as_str(), &drafted, &manifests);
    let report = Report { database, drafted, baseline: id, missing, manifests, dry_run: options.dry_run };
    let exit = if stops(&findings) { Exit::Findings } else { Exit::Done };
    Ok(Outcome { exit, ..outcome(world, &project, &report) }.with_findings(findings))
}

/// Reads the catalogs and nothing else; the session could not write if it wanted to.
fn observed(world: &World<'_>, options: &Pull) -> Result<(String, Observed), Failure> {
    let (shown, mut client) = match &options.url {
        Some(url) => {
            world.screen.doing("Database", &redacted(url));
            (format!("`{}`", redacted(url)), connect(url)?)
        }
        None => {
            let database = Database::open(world)?;
            (database.name(), database.client)
        }
    };
    let failed = |text: String| Failure::Environment(Problem::told(&text));
    client.batch_execute("SET default_transaction_read_only = on").map_err(|error| failed(error.to_string()))?;
    let mut observed = observe(&mut client, &world.scope()).map_err(|error| failed(error.to_string()))?;
    observed.schema = without_others(world, &mut client, observed.schema)?;
    Ok((shown, observed))
}

fn settings(world: &World<'_>, options: &Pull, manifests: &Manifests) -> Result<Options, Failure> {
    let layout = match &options.single_file {
        Some(file) => Layout::SingleFile(file.file_name().unwrap_or_default().to_string_lossy().into_owned()),
        None => Layout::Folder,
    };
    let default_schema = declared::options(world)?.default_schema;
    let types = schema_syntax::TypeContext { types: declared::types(world)? };
    Ok(Options { default_schema, types, moments: manifests.moments(), layout, ..Options::default() })
}

/// Where the structs go.
fn folder(world: &World<'_>, options: &Pull, manifests: &Manifests) -> PathBuf {
    match &options.single_file {
        Some(file) => world.current.join(file).parent().map(PathBuf::from).unwrap_or_default(),
        None => match &options.out {
            Some(out) => world.current.join(out),
            None => manifests.folder().join("src/schema"),
        },
    }
}

/// The draft of a project without structs.
fn first(observed: &Schema, settings: &Options, folder: &Path, statements: &Path) -> Result<Drafted, Failure> {
    let written = pull::write(observed, settings);
    let structs = written.files.into_iter().map(|file| (folder.join(file.path), file.text));
    let statements = written.statements.into_iter().map(|file| (statements.join(file.path), file.text));
    let files = structs.chain(statements).map(|(path, text)| Ok(SourceDraft::read(path, Some(text))?.fresh()));
    let files = files.collect::<Result<Vec<_>, ReadError>>()?;
    Ok(Drafted {
        files,
        lowered: written.lowered,
        crates: written.crates,
        unsaid: written.unsaid,
        is_first: true,
        removed: Vec::new(),
    })
}

/// On a second pull these are declared by hand, if at all, and not as the database has them.
fn unsaid(drafted: &Drafted) -> Vec<Diagnostic> {
    let finding = |of: &Unsaid| {
        let (kind, id, reason) = (of.object.kind.words(), &of.object, &of.reason);
        match drafted.is_first {
            true => Diagnostic::warning(PULL_UNSAID, format!("{kind} `{id}` is not in the structs: {reason}"))
                .help("it stays in this database as it is; databases built from the structs do not have it"),
            false => Diagnostic::warning(
                PULL_UNSAID,
                format!("{kind} `{id}` is not brought up to the database: {reason}"),
            )
            .help("declare it by hand as the database has it; to see what differs: cargo schema diff structs database"),
        }
    };
    drafted.unsaid.iter().map(finding).collect()
}

/// Files of other contents that no draft has read before.
fn in_the_way(world: &World<'_>, files: &[SourceDraft]) -> Vec<Diagnostic> {
    let blocked = files.iter().filter(|file| file.is_fresh && file.before.is_some() && file.before != file.after);
    let finding = |file: &SourceDraft| {
        let shown = world.shown(&file.path);
        Diagnostic::error(PULL_FILE_EXISTS, format!("`{shown}` is there and says something else, so it is not replaced; nothing was written"))
            .help("if pull wrote it: add the `mod` line that leads to it, and pull finds the structs and changes only what changed")
            .help("if it is yours: choose another folder: cargo schema pull --out DIR")
    };
    blocked.map(finding).collect()
}

/// Structs may be newer than the database; then taking them away would lose work that is nowhere else.
fn confirm_removals(world: &World<'_>, database: &str, removed: &[ObjectId]) -> Result<(), Failure> {
    if removed.is_empty() {
        return Ok(());
    }
    let named =
        removed.iter().take(NAMED).map(|id| format!("{} `{id}`", id.kind.words())).collect::<Vec<_>>().join(", ");
    let more = if NAMED < removed.len() { format!(" and {} more", removed.len() - NAMED) } else { String::new() };
    let lacks = format!("{database} does not have {named}{more}, so the structs of them would be removed");
    let refusal = format!(
        "{lacks}; nothing was written\nhelp: if they are newer than the database: cargo schema upgrade, then pull\n\
         help: if they are gone: cargo schema pull --yes"
    );
    world.confirm(&format!("{lacks}; remove them?"), &refusal)
}

/// What PostgreSQL makes of the structs, beside what was observed. A statement that it refuses needs something that is not managed:
/// then the structs can be read, but nothing is proven.
fn proof(
    server: &DevServer,
    drafted: &Drafted,
    Observed { schema, scope, .. }: &Observed,
) -> Result<Result<Vec<Diagnostic>, Box<Diagnostic>>, Failure> {
    let wanted = said(schema, &drafted.unsaid);
    let made = match built(server, &drafted.lowered.schema) {
        // What could not be written may be declared by hand, and is named if it is not what the database has.
        Ok(made) => said(&made, &drafted.unsaid),
        Err(ProofError::Statement(refusal)) => {
            let finding = refusal.finding();
            let message =
                format!("{}; so the structs are not proven and no baseline revision is written", finding.message);
            let by_hand = "what the statement needs is not managed yet: create it by a revision of your own (cargo schema generate --empty) before the tables";
            let unlisted = "where it is in a PostgreSQL schema that `schemas` in Cargo.toml does not name: add that one, and pull again";
            let help = if *scope == Scope::default() { vec![by_hand] } else { vec![unlisted, by_hand] };
            let help = help.into_iter().map(str::to_owned).collect();
            return Ok(Err(Box::new(Diagnostic { message, help, ..finding })));
        }
        Err(other) => return Err(other.into()),
    };
    let differences = compare(&wanted, &made);
    if differences.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let message = "the structs do not give the database back; nothing was written";
    let finding = Diagnostic::error(PULL_DIFFERS, message);
    let finding = differences.iter().fold(finding, |finding, difference| finding.note(difference.to_string()));
    Ok(Ok(vec![finding.help("this is a defect of cargo schema: please report it with the lines above")]))
}

/// The revision that an empty database is built from, and that this one is stamped with. A routine of the database that cannot run is told,
/// but is no fault of the structs.
fn baseline(
    server: &DevServer,
    project: &Project,
    lowered: &Lowered,
    findings: &mut Vec<Diagnostic>,
) -> Result<(Migration, RevisionRecord), Failure> {
    let empty = Schema::default();
    let Lowered { schema, hints, renames, .. } = lowered;
    let schema = &found::declared(server, schema)?;
    let drafted = draft(&empty, Declared { schema, hints, renames }, &Answers::default(), &|_| None);
    let (revision, record) = drafted.revision(new_id(project, "baseline"), "baseline", Vec::new());
    let job =
        Job { history: &[], revision: &revision, before: &empty, after: schema, difference: &drafted.plan.difference };
    let (broken, found): (Vec<_>, Vec<_>) =
        prove(server, &job)?.into_iter().partition(|found| found.code == ROUTINE_BODY);
    let help = "the database has it so: correct its statement in the schema folder, or remove it; `cargo schema check` calls it an error";
    findings.extend(broken.into_iter().map(|found| Diagnostic {
        severity: Severity::Warning,
        help: vec![help.to_owned()],
        ..found
    }));
    if stops(&found) { Err(Failure::Findings(found)) } else { Ok((revision, record)) }
}
