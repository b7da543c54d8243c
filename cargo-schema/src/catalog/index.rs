//! Indexes (`pg_index`). Those that back a constraint are read too, for the constraint to use, and are no objects.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Row;
use schema_core::{
    QualifiedName,
    kinds::{Index, IndexElement, IndexMark, IndexPurpose},
    sql::read_back,
};

use super::{
    CatalogError,
    column::Columns,
    definition,
    reader::{Reader, bare, class, parameters, part},
    table::Tables,
};

/// `NULLS NOT DISTINCT` is new in 15.
fn sql(version: u32) -> String {
    let nulls = if 150_000 <= version { "i.indnullsnotdistinct" } else { "false" };
    format!(
        "SELECT i.indexrelid, i.indrelid, c.relname, am.amname, i.indkey::int2[] AS keys, i.indnkeyatts, \
             i.indclass::oid[] AS classes, i.indcollation::oid[] AS collations, i.indoption::int2[] AS options, \
             i.indisunique, i.indisvalid, {nulls} AS nulls_not_distinct, c.reloptions, i.indisclustered, \
             i.indisreplident, c.reltablespace <> 0 AS spaced, \
             ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND 0 <= a.attstattarget ORDER BY a.attnum) AS measured, \
             ARRAY(SELECT a.attstattarget::int4 FROM pg_attribute a WHERE a.attrelid = c.oid AND 0 <= a.attstattarget \
                 ORDER BY a.attnum) AS targets, pg_get_expr(i.indpred, i.indrelid) AS predicate \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam \
         WHERE i.indrelid = ANY($1) AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)"
    )
}

const CLASSES: &str = "SELECT oid, opcintype FROM pg_opclass WHERE opcdefault";

const DEFINITIONS: &str = "SELECT oid, pg_get_indexdef(oid) AS definition FROM unnest($1::oid[]) AS oid";

/// `text` and `varchar`: a column of the second has the operator classes of the first.
const TEXT: u32 = 25;
const VARCHAR: u32 = 1043;

/// `DESC` and `NULLS FIRST` in `indoption` (`INDOPTION_DESC`, `INDOPTION_NULLS_FIRST`).
const DESCENDING: i16 = 1;
const NULLS_FIRST: i16 = 2;

/// One index, whatever it is for.
struct Found {
    /// The index as if it backed no constraint.
    index: Index,
    /// Whether the server may use it.
    valid: bool,
}

/// The indexes of the tables of the model, by their identifiers.
pub(super) struct Indexes {
    found: BTreeMap<u32, Found>,
}

impl Indexes {
    /// One index, as it is before it is known whether it backs a constraint.
    pub fn get(&self, oid: u32) -> Option<&Index> {
        self.found.get(&oid).map(|found| &found.index)
    }

    /// Adds those that back no constraint to the schema.
    pub fn insert(self, reader: &mut Reader<'_>, backing: &BTreeSet<u32>) {
        for (oid, found) in self.found {
            if backing.contains(&oid) {
                continue;
            }
            match found.valid {
                true => reader.insert(found.index),
                false => {
                    reader.unmanaged("invalid index", found.index.table.sibling(found.index.name).quoted());
                }
            }
        }
    }
}

pub(super) fn read(reader: &mut Reader<'_>, tables: &Tables, columns: &Columns) -> Result<Indexes, CatalogError> {
    let usual = usual_classes(reader)?;
    let sql = sql(reader.version);
    let mut found = BTreeMap::new();
    reader.batches("indexes", &sql, &[&tables.oids()], |reader, rows| {
        let mut written = read_definitions(reader, &rows, columns, &usual)?;
        for row in &rows {
            let (oid, table): (u32, u32) = (row.get("indexrelid"), row.get("indrelid"));
            let Some(table) = tables.name(table) else { continue };
            let keys = written.remove(&oid).unwrap_or_else(|| plain_keys(row, columns));
            let index = index(reader, row, table, columns, keys)?;
            insert_marks(reader, row, &index);
            found.insert(oid, Found { index, valid: row.get("indisvalid") });
        }
        Ok(())
    })?;
    Ok(Indexes { found })
}

fn insert_marks(reader: &mut Reader<'_>, row: &Row, index: &Index) {
    let marks = [("indisclustered", IndexPurpose::Cluster), ("indisreplident", IndexPurpose::ReplicaIdentity)];
    for (_, purpose) in marks.into_iter().filter(|(column, _)| row.get(*column)) {
        reader.insert(IndexMark { table: index.table.clone(), purpose, index: index.name.clone() });
    }
}

/// The types for which each default operator class is one.
fn usual_classes(reader: &mut Reader<'_>) -> Result<BTreeMap<u32, u32>, CatalogError> {
    let rows = reader.rows("operator classes", CLASSES, &[])?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The keys of the indexes about which the catalog's columns do not say everything.
fn read_definitions(
    reader: &mut Reader<'_>,
    rows: &[Row],
    columns: &Columns,
    usual: &BTreeMap<u32, u32>,
) -> Result<BTreeMap<u32, Vec<IndexElement>>, CatalogError> {
    let special = rows.iter().filter(|row| !is_plain(row, columns, usual));
    let oids: Vec<u32> = special.map(|row| row.get("indexrelid")).collect();
    let mut keys = BTreeMap::new();
    for row in reader.rows("definitions of indexes", DEFINITIONS, &[&oids])? {
        // NULL when the index went since the snapshot: then it is no part of what is asked for.
        let Some(spelled) = row.get::<_, Option<String>>("definition") else { continue };
        let spelled = read_back(&spelled);
        let read = definition::keys(&spelled);
        let of = || spelled.split(" USING ").next().unwrap_or_default().to_owned();
        keys.insert(
            row.get("oid"),
            read.ok_or_else(|| CatalogError::Definition { of: of(), spelled: spelled.clone() })?,
        );
    }
    Ok(keys)
}

/// Whether each key is a column with the collation of the column and the operator class of its type. Other access methods have
/// operator classes with parameters or for many types.
fn is_plain(row: &Row, columns: &Columns, usual: &BTreeMap<u32, u32>) -> bool {
    let (classes, collations): (Vec<u32>, Vec<u32>) = (row.get("classes"), row.get("collations"));
    let key = |((number, class), collation): ((&i16, &u32), &u32)| {
        let Some(column) = columns.get(row.get("indrelid"), *number) else { return false };
        let of_type =
            usual.get(class).is_some_and(|of| *of == column.type_oid || (*of == TEXT && column.type_oid == VARCHAR));
        of_type && (*collation == 0 || *collation == column.collation)
    };
    let tree = row.get::<_, &str>("amname") == "btree";
    tree && key_numbers(row).iter().zip(&classes).zip(&collations).all(key)
}

/// The numbers of the key columns; 0 stands for an expression.
fn key_numbers(row: &Row) -> Vec<i16> {
    let mut numbers: Vec<i16> = row.get("keys");
    numbers.truncate(key_count(row));
    numbers
}

fn key_count(row: &Row) -> usize {
    usize::try_from(row.get::<_, i16>("indnkeyatts")).unwrap_or_default()
}

fn plain_keys(row: &Row, columns: &Columns) -> Vec<IndexElement> {
    let options: Vec<i16> = row.get("options");
    let names = columns.names(row.get("indrelid"), &key_numbers(row));
    let keys = names.into_iter().zip(options).map(|(name, option)| IndexElement {
        descending: option & DESCENDING != 0,
        nulls_first: option & NULLS_FIRST != 0,
        ..IndexElement::column(name)
    });
    keys.collect()
}

fn index(
    reader: &mut Reader<'_>,
    row: &Row,
    table: &QualifiedName,
    columns: &Columns,
    keys: Vec<IndexElement>,
) -> Result<Index, CatalogError> {
    let name = reader.ident(row, "relname")?;
    if row.get::<_, bool>("spaced") {
        reader.unmanaged("tablespace of an index", part(table, &name));
    }
    let included: Vec<i16> = row.get::<_, Vec<i16>>("keys").split_off(key_count(row));
    Ok(Index {
        table: table.clone(),
        name,
        columns: keys,
        unique: row.get("indisunique"),
        nulls_not_distinct: row.get("nulls_not_distinct"),
        method: reader.ident(row, "amname")?,
        include: columns.names(row.get("indrelid"), &included),
        predicate: row.get::<_, Option<&str>>("predicate").map(bare),
        with: parameters(row.get("reloptions"), ""),
        statistics: statistics(row),
        comment: reader.comment(class::RELATION, row.get("indexrelid"), 0),
    })
}

/// The targets of its keys that have one; without it is -1, from 17 on NULL.
fn statistics(row: &Row) -> Vec<(u16, u16)> {
    let (places, targets): (Vec<i16>, Vec<i32>) = (row.get("measured"), row.get("targets"));
    let pairs = places.into_iter().zip(targets);
    pairs.filter_map(|(place, target)| Some((u16::try_from(place).ok()?, u16::try_from(target).ok()?))).collect()
}
