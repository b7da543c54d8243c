//! Tables (`pg_class`, relkind `r`): which of them the model knows, and what it cannot say about those.
//!
//! A partition, an inheritance child and the like are listed as unmanaged together with all that is in them: to the model, a
//! table's columns are its own.

use std::collections::BTreeMap;

use postgres::Row;
use schema_core::{
    QualifiedName,
    kinds::{self, ReplicaIdentity},
};

use super::{
    CatalogError,
    column::letter,
    reader::{Reader, class, parameters},
};

const SQL: &str = "SELECT c.oid, c.relnamespace, c.relname, c.reltype, c.relkind, c.relpersistence, c.relispartition, \
        c.reloftype <> 0 AS typed, EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AS child, \
        c.reloptions, t.reloptions AS toast, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, \
        c.relkind = 'r' AND a.amname <> 'heap' AS stored, c.reltablespace <> 0 AS spaced \
    FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid LEFT JOIN pg_am a ON a.oid = c.relam \
    WHERE c.relnamespace = ANY($1) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')";

/// The tables of the model by their identifiers.
pub(super) struct Tables {
    names: BTreeMap<u32, QualifiedName>,
    unmanaged: BTreeMap<u32, QualifiedName>,
}

impl Tables {
    /// The name of a table of the model.
    pub fn name(&self, oid: u32) -> Option<&QualifiedName> {
        self.names.get(&oid)
    }

    /// The name of any table in scope.
    pub fn any_name(&self, oid: u32) -> Option<&QualifiedName> {
        self.names.get(&oid).or_else(|| self.unmanaged.get(&oid))
    }

    /// The identifiers of the tables of the model.
    pub fn oids(&self) -> Vec<u32> {
        self.names.keys().copied().collect()
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Tables, CatalogError> {
    let mut tables = Tables { names: BTreeMap::new(), unmanaged: BTreeMap::new() };
    for row in reader.managed_rows("tables", SQL)? {
        let oid = row.get("oid");
        // The row type of a composite type is a member by its type, not by its relation.
        if reader.is_member(class::RELATION, oid) || reader.is_member(class::TYPE, row.get("reltype")) {
            continue;
        }
        let name = reader.name(&row, "relnamespace", "relname")?;
        if let Some(words) = unknown_sort(&row) {
            reader.unmanaged(words, name.quoted());
            tables.unmanaged.insert(oid, name);
            continue;
        }
        note_unsaid(reader, &row, &name);
        let table = table(reader, &row, name.clone());
        reader.insert(table);
        tables.names.insert(oid, name);
    }
    Ok(tables)
}

fn table(reader: &Reader<'_>, row: &Row, name: QualifiedName) -> kinds::Table {
    let mut with = parameters(row.get("reloptions"), "");
    with.extend(parameters(row.get("toast"), "toast."));
    kinds::Table {
        unlogged: letter(row, "relpersistence") == 'u',
        row_security: row.get("relrowsecurity"),
        force_row_security: row.get("relforcerowsecurity"),
        // `i` is an index, which is marked itself.
        replica_identity: match letter(row, "relreplident") {
            'f' => ReplicaIdentity::Full,
            'n' => ReplicaIdentity::Nothing,
            _ => ReplicaIdentity::Default,
        },
        with,
        comment: reader.comment(class::RELATION, row.get("oid"), 0),
        ..kinds::Table::new(name)
    }
}

/// What it is, when it is no table of the model.
fn unknown_sort(row: &Row) -> Option<&'static str> {
    let is = |column| row.get::<_, bool>(column);
    match letter(row, "relkind") {
        'p' if is("relispartition") => Some("partition"),
        'p' => Some("partitioned table"),
        'f' => Some("foreign table"),
        'v' => Some("view"),
        'm' => Some("materialized view"),
        'c' => Some("composite type"),
        _ if is("relispartition") => Some("partition"),
        _ if is("child") => Some("table that inherits"),
        _ if is("typed") => Some("table of a composite type"),
        _ => None,
    }
}

/// Properties that a table of the model may have, but the model cannot say.
fn note_unsaid(reader: &mut Reader<'_>, row: &Row, name: &QualifiedName) {
    let properties = [("stored", "access method of a table"), ("spaced", "tablespace of a table")];
    for (column, words) in properties {
        if row.get::<_, bool>(column) {
            reader.unmanaged(words, name.quoted());
        }
    }
}
