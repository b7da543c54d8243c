//! Tables (`pg_class`, relkind `r`): which of them the model knows, and what it cannot say about those.
//!
//! A partition, an inheritance child and the like are listed as unmanaged together with all that is in them: to the model, a
//! table's columns are its own.

use std::collections::BTreeMap;

use postgres::Row;
use schema_core::{QualifiedName, kinds};

use super::{
    CatalogError,
    reader::{Reader, class, parameters},
};

const SQL: &str = "SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence, c.relispartition, \
        c.reloftype <> 0 AS typed, EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AS child, \
        c.reloptions, t.reloptions AS toast, c.relrowsecurity OR c.relforcerowsecurity AS secured, \
        c.relreplident <> 'd' AS replicated, c.relkind = 'r' AND a.amname <> 'heap' AS stored, c.reltablespace <> 0 AS spaced \
    FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid LEFT JOIN pg_am a ON a.oid = c.relam \
    WHERE c.relnamespace = ANY($1) AND c.relkind IN ('r', 'p')";

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

    /// Whether it is a table that the model does not know.
    pub fn is_unmanaged(&self, name: &QualifiedName) -> bool {
        self.unmanaged.values().any(|other| other == name)
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
        if reader.is_member(class::RELATION, oid) {
            continue;
        }
        let name = reader.name(&row, "relnamespace", "relname")?;
        if let Some(words) = unknown_sort(&row) {
            reader.unmanaged(words, name.quoted());
            tables.unmanaged.insert(oid, name);
            continue;
        }
        note_unsaid(reader, &row, &name);
        let mut with = parameters(row.get("reloptions"), "");
        with.extend(parameters(row.get("toast"), "toast."));
        let comment = reader.comment(class::RELATION, oid, 0);
        reader.insert(kinds::Table { name: name.clone(), with, comment });
        tables.names.insert(oid, name);
    }
    Ok(tables)
}

/// What it is, when it is no table of the model.
fn unknown_sort(row: &Row) -> Option<&'static str> {
    let letter = |column| char::from(row.get::<_, i8>(column) as u8);
    let is = |column| row.get::<_, bool>(column);
    match letter("relkind") {
        'p' if is("relispartition") => Some("partition"),
        'p' => Some("partitioned table"),
        _ if is("relispartition") => Some("partition"),
        _ if is("child") => Some("table that inherits"),
        _ if is("typed") => Some("table of a composite type"),
        _ if letter("relpersistence") != 'p' => Some("unlogged table"),
        _ => None,
    }
}

/// Properties that a table of the model may have, but the model cannot say.
fn note_unsaid(reader: &mut Reader<'_>, row: &Row, name: &QualifiedName) {
    let properties = [
        ("secured", "row security of a table"),
        ("replicated", "replica identity of a table"),
        ("stored", "access method of a table"),
        ("spaced", "tablespace of a table"),
    ];
    for (column, words) in properties {
        if row.get::<_, bool>(column) {
            reader.unmanaged(words, name.quoted());
        }
    }
}
