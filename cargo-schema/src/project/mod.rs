//! The migrations folder: revisions read from it, and new ones written into it.
//!
//! All reading and writing of revisions on disk is here. Which revisions fit together is decided by `schema_core::history`, and what
//! is in a new one by [`crate::ops`].

mod adopted;
mod at_commit;
pub mod clock;
pub mod git;
mod heads;
mod origin;
mod read;
mod sources;
mod write;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schema_core::Schema;
use schema_core::diagnostic::{Code, Diagnostic, Place};
use schema_core::history::{
    Adopted, FoldError, Graph, Migration, Node, RecordHead, RevisionId, RevisionRecord, Tool, fold_onto, in_force,
};

pub use at_commit::{Exported, export};
pub use read::{REVISION_NAME, REVISION_NOT_TEXT, REVISION_RECORD, REVISION_WITHOUT_RECORD, REVISION_WITHOUT_UP};
pub use sources::{SourceDraft, write_sources};
pub use write::{WriteError, remove_revision, replace_file, write_revision};

/// The recorded changes of a revision do not fit what comes before it.
pub const REVISION_MISFIT: Code = Code::new("revision-misfit");

/// The files of one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionDir {
    /// The name of the folder.
    pub id: RevisionId,
    /// `up.sql`.
    pub up: String,
    /// `down.sql`; `None` when there is none, so that the revision cannot be undone.
    pub down: Option<String>,
    /// What the start of `revision.toml` says; its changes are read when they are asked for.
    pub head: RecordHead,
    /// `revision.toml`.
    pub record: String,
    /// How another tool knows it.
    pub adopted: Option<Adopted>,
    /// Its files, when another tool wrote them.
    pub files: Option<AdoptedDir>,
}

/// The files of an adopted migration, as the user would type them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptedDir {
    /// The file that applies it.
    pub up: String,
    /// The file that undoes it.
    pub down: Option<String>,
}

impl RevisionDir {
    /// The revision as the engine runs it.
    pub fn migration(&self) -> Migration {
        Migration {
            id: self.id.clone(),
            parents: self.head.parents.clone(),
            message: self.head.message.clone(),
            up: self.up.clone().into(),
            down: self.down.clone().map(Into::into),
            adopted: self.adopted.clone(),
            replaces: self.head.replaces.clone(),
        }
    }
}

/// A migrations folder as it was read.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder.
    pub folder: PathBuf,
    /// The folder as the user would type it.
    pub shown: String,
    /// Whether the folder is there.
    pub exists: bool,
    /// The revisions that an empty database would run, parents first.
    pub revisions: Vec<RevisionDir>,
    /// Revisions that a checkpoint stands for, for databases that are between them.
    pub replaced: Vec<RevisionDir>,
    /// The graph, as far as it can be made out.
    pub graph: Graph,
    /// What is wrong with the folders and their parents.
    pub findings: Vec<Diagnostic>,
    /// What other owners of the database have made before.
    pub others: Others,
}

/// The revisions of other owners that these build on.
#[derive(Clone, Debug, Default)]
pub struct Others {
    /// The revisions as an empty database would run them.
    pub migrations: Vec<Migration>,
    /// What they record.
    pub schema: Schema,
}

impl Project {
    /// Reads a folder; one that is not there has no revisions.
    pub fn read(folder: &Path, shown: &str) -> Result<Project, ReadError> {
        let (mut found, mut findings) = read::revisions(folder, shown)?;
        let nodes = found.iter().map(|revision| Node {
            id: revision.id.clone(),
            parents: revision.head.parents.clone(),
            replaces: revision.head.replaces.clone(),
        });
        // What an empty database would run.
        let in_force = in_force(nodes, &BTreeSet::new());
        let (graph, defects) = Graph::with_defects(in_force.map(|found| found.revisions).unwrap_or_default());
        findings.extend(defects.iter().map(|defect| defect.to_diagnostic(shown)));
        let mut revisions = Vec::with_capacity(found.len());
        let mut take = |id: &RevisionId| {
            let at = found.binary_search_by(|revision| revision.id.cmp(id)).ok()?;
            Some(std::mem::replace(&mut found[at], RevisionDir::named(id)))
        };
        revisions.extend(graph.order().iter().filter_map(&mut take));
        Ok(Project {
            folder: folder.to_owned(),
            shown: shown.to_owned(),
            exists: folder.is_dir(),
            replaced: replaced(&revisions, found),
            revisions,
            graph,
            findings,
            others: Others::default(),
        })
    }

    /// The same on top of the revisions of another owner; what is wrong with those is found here, too.
    #[must_use]
    pub fn after(mut self, other: Project) -> Project {
        let schema = other.records().and_then(|records| {
            let known = fold_onto(self.others.schema.clone(), records.iter().map(|(id, record)| (*id, record)));
            known.map_err(|error| vec![other.misfit(&error)])
        });
        match schema {
            Ok(schema) => self.others.schema = schema,
            Err(findings) => self.findings.extend(findings),
        }
        self.others.migrations.extend(other.migrations());
        self.findings.extend(other.findings);
        self
    }

    /// A revision.
    pub fn revision(&self, id: &RevisionId) -> Option<&RevisionDir> {
        self.revisions.iter().find(|revision| &revision.id == id)
    }

    /// What the dev database runs: the revisions of others that these build on, then these, parents first.
    pub fn migrations(&self) -> Vec<Migration> {
        let own = self.revisions.iter().map(RevisionDir::migration);
        self.others.migrations.iter().cloned().chain(own).collect()
    }

    /// All revisions, those that a checkpoint stands for too: which of them a database takes is for the engine to settle.
    pub fn all_migrations(&self) -> Vec<Migration> {
        self.revisions.iter().chain(&self.replaced).map(RevisionDir::migration).collect()
    }

    /// The tool whose migrations were adopted.
    pub fn adopted_tool(&self) -> Option<Tool> {
        self.revisions.iter().find_map(|revision| Some(revision.head.adopted.as_ref()?.tool))
    }

    /// The same history up to and with one revision.
    pub fn up_to(&self, id: &RevisionId) -> Project {
        let before = self.graph.ancestors(id);
        self.only(|other| other == id || before.contains(other))
    }

    /// The same history with some of its revisions; those before one that stays must stay.
    pub fn only(&self, keep: impl Fn(&RevisionId) -> bool) -> Project {
        let kept = self.revisions.iter().filter(|revision| keep(&revision.id));
        let revisions: Vec<RevisionDir> = kept.cloned().collect();
        let nodes = revisions.iter().map(|revision| (revision.id.clone(), revision.head.parents.clone()));
        let (graph, _) = Graph::with_defects(nodes);
        Project { revisions, graph, ..self.clone() }
    }

    /// All records, in the order of the revisions, or what is wrong with them.
    pub fn records(&self) -> Result<Vec<(&RevisionId, RevisionRecord)>, Vec<Diagnostic>> {
        let (mut records, mut findings) = (Vec::with_capacity(self.revisions.len()), Vec::new());
        for revision in &self.revisions {
            match RevisionRecord::parse(&revision.record) {
                Ok(record) => records.push((&revision.id, record)),
                Err(error) => {
                    let folder = format!("{}/{}", self.shown, revision.id);
                    findings.push(read::unreadable(&folder, &error));
                }
            }
        }
        if findings.is_empty() { Ok(records) } else { Err(findings) }
    }

    /// The declared schema at the heads, or what is wrong with the records. Heads that conflict have none.
    pub fn schema(&self) -> Result<Schema, Vec<Diagnostic>> {
        let records = self.records()?;
        let conflicts = self.conflicts(&self.divided(&records));
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        self.folded(&records)
    }

    /// What the records lead to, whatever the heads do to each other.
    pub fn folded(&self, records: &[(&RevisionId, RevisionRecord)]) -> Result<Schema, Vec<Diagnostic>> {
        let records = records.iter().map(|(id, record)| (*id, record));
        fold_onto(self.others.schema.clone(), records).map_err(|error| vec![self.misfit(&error)])
    }

    /// A file of a revision as the user would type it.
    pub fn shown_file(&self, id: &RevisionId, file: &str) -> String {
        let adopted = self.revision(id).and_then(|revision| revision.files.as_ref());
        let other =
            adopted.and_then(|files| if file == "down.sql" { files.down.clone() } else { Some(files.up.clone()) });
        other.unwrap_or_else(|| format!("{}/{id}/{file}", self.shown))
    }

    fn misfit(&self, error: &FoldError) -> Diagnostic {
        let file = self.shown_file(&error.revision, "revision.toml");
        Diagnostic::error(REVISION_MISFIT, error.to_string())
            .primary(Some(Place { file: file.clone(), start: 0, end: 0 }), "its `changes` do not fit")
            .help(format!("give {file} back what it had: git log -p -- {file}"))
    }
}

/// What is left of the revisions that were found, when those in force are taken.
fn replaced(revisions: &[RevisionDir], left: Vec<RevisionDir>) -> Vec<RevisionDir> {
    let stood_for: BTreeSet<&RevisionId> = revisions.iter().flat_map(|revision| &revision.head.replaces).collect();
    let in_force: BTreeSet<&RevisionId> = revisions.iter().map(|revision| &revision.id).collect();
    left.into_iter().filter(|revision| stood_for.contains(&revision.id) && !in_force.contains(&revision.id)).collect()
}

/// A folder or file that the system does not give.
#[derive(Debug)]
pub struct ReadError {
    /// The folder or file.
    pub path: PathBuf,
    /// The system's answer.
    pub source: std::io::Error,
}
