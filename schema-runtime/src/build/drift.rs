//! Drift: what the structs say and the recorded history does not, or the other way round.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use schema_core::{
    Change, Ident, KindName, ObjectId, Schema,
    diff::difference,
    history::{Divided, Graph, HEADS_CONFLICT, Node, RevisionId, RevisionRecord, fold_onto, in_force},
    kinds::Object,
};
use schema_syntax::lower::{LowerOptions, Lowered, lower};

use super::{MIGRATION_MISSING, Report, names, package::Package, sources};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drift {
    /// The code of the finding.
    pub(super) code: &'static str,
    /// Where the derives look for it: `column users.email`, `table users`, `enum mood`.
    pub(super) key: String,
    /// What is told.
    pub(super) text: String,
    /// Whether a struct, field or enum of this package declares it, so that a derive can raise it.
    pub(super) declared: bool,
}

/// Compares the package's structs with the recorded history.
pub(super) fn find(package: &Package, report: &mut Report) -> Result<Vec<Drift>, String> {
    if !package.migrations.is_dir() {
        let shown = package.migrations.display();
        return Err(format!("there is no folder `{shown}` yet; write the first revision: cargo schema generate"));
    }
    let files = sources::read(package, report);
    let default_schema = Ident::new(package.default_schema.clone()).map_err(|error| error.to_string())?;
    names::tell(package, &files, &default_schema, report);
    let mut others = Schema::default();
    for folder in &package.after {
        report.depends_on(folder.clone());
        // Heads of theirs that conflict are theirs to mend.
        others = recorded(folder, others.clone(), report)?.unwrap_or(others);
    }
    let lowered = lower(&files, &LowerOptions { default_schema, others: others.clone() });
    let recorded = match recorded(&package.migrations, others, report)? {
        Ok(recorded) => recorded,
        Err(conflicts) => return Ok(conflicts),
    };
    Ok(compare(package, &lowered, &recorded))
}

/// The schema at the heads of the recorded history, or the heads that conflict: then there is none.
fn recorded(folder: &Path, before: Schema, report: &mut Report) -> Result<Result<Schema, Vec<Drift>>, String> {
    let mut records: BTreeMap<RevisionId, RevisionRecord> = BTreeMap::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let file = entry.path().join("revision.toml");
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let id = RevisionId::new(entry.file_name().to_string_lossy().into_owned());
        let record = RevisionRecord::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        report.depends_on(file);
        records.extend(id.ok().map(|id| (id, record)));
    }
    let nodes = records.iter().map(|(id, record)| Node {
        id: id.clone(),
        parents: record.parents.clone(),
        replaces: record.replaces.clone(),
    });
    // What an empty database would run.
    let nodes = in_force(nodes, &BTreeSet::new()).map(|found| found.revisions).unwrap_or_default();
    let graph = Graph::new(nodes).map_err(|_| "the history is not sound: cargo schema check shows why".to_owned())?;
    let conflicts = conflicts(&graph, &records);
    if !conflicts.is_empty() {
        return Ok(Err(conflicts));
    }
    let ordered = graph.order().iter().filter_map(|id| records.get_key_value(id));
    fold_onto(before, ordered).map(Ok).map_err(|error| error.to_string())
}

/// Two heads that conflict concern no field. What only PostgreSQL could tell of them is told by `cargo schema check`.
fn conflicts(graph: &Graph, records: &BTreeMap<RevisionId, RevisionRecord>) -> Vec<Drift> {
    if graph.heads().len() < 2 {
        return Vec::new();
    }
    let records = records.iter().map(|(id, record)| (id, record.clone())).collect();
    let found = Divided::of(graph, &records, |_| false).conflicts;
    let told = found.iter().map(|conflict| {
        let finding = conflict.to_diagnostic(graph, |_| None);
        let text = format!("{}; {}", finding.message, finding.help.join("; "));
        Drift { code: HEADS_CONFLICT.as_str(), key: String::new(), text, declared: false }
    });
    told.collect()
}

fn compare(package: &Package, lowered: &Lowered, recorded: &Schema) -> Vec<Drift> {
    let difference = difference(recorded, &lowered.schema, &lowered.renames);
    let mut found: Vec<Drift> = Vec::new();
    let new_tables: BTreeSet<ObjectId> =
        difference.creates.iter().filter(|object| object.kind() == KindName::Table).map(Object::id).collect();
    for change in difference.changes() {
        // A table that is new says it for everything in it.
        let inside = matches!(&change, Change::Create(object) if object.owner().is_some_and(|table| new_tables.contains(&table)));
        if inside {
            continue;
        }
        if let Some(drift) = drift(&change, package, lowered) {
            if found.iter().all(|other| other.key != drift.key) {
                found.push(drift);
            }
        }
    }
    found
}

/// One change as drift; none when another package of the workspace may declare the object.
fn drift(change: &Change, package: &Package, lowered: &Lowered) -> Option<Drift> {
    let id = change.id();
    let home = home(change, lowered);
    if !package.owns_history && !lowered.spans.contains_key(&home) {
        return None;
    }
    let what = match change {
        Change::Create(_) => "has no migration yet",
        Change::Drop(_) => "is recorded in the history and declared no more",
        Change::Alter(_) => "is recorded with another definition",
        Change::Rename(_) => "is recorded under its old name",
    };
    // No derive stands for a file of SQL.
    let statement = lowered.spans.get(&id).filter(|place| !place.file.ends_with(".rs"));
    let place = statement.map(|place| format!(" of {}", place.file)).unwrap_or_default();
    let text = format!("{} `{id}`{place} {what}; write the revision: cargo schema generate", id.kind.words());
    let declared = statement.is_none() && lowered.spans.contains_key(&home);
    Some(Drift { code: MIGRATION_MISSING, key: format!("{} {home}", home.kind.words()), text, declared })
}

/// The struct, field or type whose declaration stands for a change.
fn home(change: &Change, lowered: &Lowered) -> ObjectId {
    let id = change.id();
    if is_statement(change) {
        return id;
    }
    let table = id.outer().map(|outer| ObjectId::table(&outer));
    let gone = matches!(change, Change::Drop(_));
    let column = match change {
        Change::Create(object) | Change::Drop(object) => only_column(object),
        Change::Alter(diff) => only_column(&diff.after),
        Change::Rename(_) => None,
    };
    let column = column.filter(|column| !gone && lowered.spans.contains_key(column));
    match id.kind {
        KindName::Column if !gone => id,
        KindName::EnumValue => id.outer().map_or(id, |outer| ObjectId::top(KindName::Enum, &outer)),
        KindName::Schema
        | KindName::Extension
        | KindName::Enum
        | KindName::Domain
        | KindName::Sequence
        | KindName::Table => id,
        _ => column.or(table).unwrap_or(id),
    }
}

fn is_statement(change: &Change) -> bool {
    match change {
        Change::Create(object) | Change::Drop(object) => matches!(object, Object::Sql(_)),
        Change::Alter(diff) => matches!(diff.after, Object::Sql(_)),
        Change::Rename(_) => false,
    }
}

/// The column of a constraint or index over one column: most of them stand on that field.
fn only_column(object: &Object) -> Option<ObjectId> {
    let (table, columns) = match object {
        Object::Unique(unique) => (&unique.table, unique.columns.clone()),
        Object::PrimaryKey(key) => (&key.table, key.columns.clone()),
        Object::ForeignKey(key) => (&key.table, key.columns.clone()),
        Object::Index(index) => {
            (&index.table, index.columns.iter().filter_map(|key| key.column_name().cloned()).collect())
        }
        _ => return None,
    };
    match columns.as_slice() {
        [column] => Some(ObjectId::column(table, column)),
        _ => None,
    }
}
