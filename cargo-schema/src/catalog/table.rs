//! Tables (`pg_class`, relkind `r` and `p`): which of them the model knows, and what it cannot say about those.
//!
//! What a child or a partition takes over from its parent is an object of the parent only. A foreign table, a view and the like are
//! listed as unmanaged together with all that is in them.

use std::collections::BTreeMap;

use postgres::Row;
use schema_core::{
    QualifiedName,
    kinds::{self, PartitionBound, PartitionKey, PartitionOf, ReplicaIdentity},
};

use super::{
    CatalogError,
    column::letter,
    reader::{Reader, class, parameters},
};

const SQL: &str = "SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence, c.relispartition, \
        c.reloftype <> 0 AS typed, ARRAY(SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid \
            ORDER BY i.inhseqno) AS parents, EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid \
            AND i.inhdetachpending) AS leaving, \
        pg_get_expr(c.relpartbound, c.oid) AS bound, \
        CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key, \
        c.reloptions, t.reloptions AS toast, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, \
        c.relkind = 'r' AND a.amname <> 'heap' AS stored, c.reltablespace <> 0 AS spaced \
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
    let mut rows = reader.managed_rows("tables", SQL)?;
    // A parent before its heirs: what takes over from an unmanaged table cannot be managed.
    sort_by_generation(&mut rows);
    for row in rows {
        let oid = row.get("oid");
        if reader.is_member(class::RELATION, oid) {
            continue;
        }
        let name = reader.name(&row, "relnamespace", "relname")?;
        let parents: Vec<u32> = row.get("parents");
        let orphan =
            parents.iter().any(|parent| tables.name(*parent).is_none()).then_some("heir of an unmanaged table");
        if let Some(words) = unknown_sort(&row).or(orphan) {
            reader.unmanaged(words, name.quoted());
            tables.unmanaged.insert(oid, name);
            continue;
        }
        note_unsaid(reader, &row, &name);
        let parents = parents.iter().filter_map(|parent| tables.name(*parent).cloned()).collect();
        let table = table(reader, &row, name.clone(), parents)?;
        reader.insert(table);
        tables.names.insert(oid, name);
    }
    Ok(tables)
}

/// Grandparents first.
fn sort_by_generation(rows: &mut [Row]) {
    let parents: BTreeMap<u32, Vec<u32>> = rows.iter().map(|row| (row.get("oid"), row.get("parents"))).collect();
    fn depth(oid: u32, parents: &BTreeMap<u32, Vec<u32>>) -> usize {
        let above = parents.get(&oid).into_iter().flatten();
        above.map(|parent| 1 + depth(*parent, parents)).max().unwrap_or_default()
    }
    rows.sort_by_cached_key(|row| depth(row.get("oid"), &parents));
}

fn table(
    reader: &Reader<'_>,
    row: &Row,
    name: QualifiedName,
    mut parents: Vec<QualifiedName>,
) -> Result<kinds::Table, CatalogError> {
    let key = row.get::<_, Option<&str>>("partition_key").map(|spelled| {
        let unread = || CatalogError::Definition { of: name.quoted(), spelled: spelled.to_owned() };
        PartitionKey::parse(spelled).ok_or_else(unread)
    });
    let bound = row
        .get::<_, Option<&str>>("bound")
        .map(|bound| PartitionBound::from(bound.strip_prefix("FOR VALUES ").unwrap_or(bound).to_owned()));
    let partition_of = bound.zip(parents.first().cloned()).map(|(values, parent)| PartitionOf { parent, values });
    if partition_of.is_some() {
        parents.clear();
    }
    let mut with = parameters(row.get("reloptions"), "");
    with.extend(parameters(row.get("toast"), "toast."));
    Ok(kinds::Table {
        inherits: parents,
        partition_by: key.transpose()?,
        partition_of,
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
    })
}

/// What it is, when it is no table of the model.
fn unknown_sort(row: &Row) -> Option<&'static str> {
    let is = |column| row.get::<_, bool>(column);
    match letter(row, "relkind") {
        _ if is("leaving") => Some("partition that is being detached"),
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
