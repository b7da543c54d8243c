//! The objects that one SQL statement defines, with the statement put together from the catalogs.
//!
//! Each query gives an object's identifier, the statement that makes it and those that complete it; the statement names the object,
//! read by the same function that reads `schema/*.sql`. A kind that is not here is listed by [`super::unmanaged`].

mod dependencies;
mod foreign;
mod in_table;
mod of_database;
mod operator;
mod routine;
mod text_search;
mod types;
mod view;

use std::collections::BTreeMap;

use postgres::Row;
use schema_core::{
    Ident, ObjectId, QualifiedName,
    kinds::SqlObject,
    sql::{Definition, definition, read_back},
};

use super::{
    CatalogError,
    column::Columns,
    reader::{Reader, class},
    table::Tables,
};

/// One catalog: its fixed identifier, and a query of `oid`, `sql` and `after` (`text[]`), with the PostgreSQL schemas in scope as `$1`.
pub(super) struct Source {
    /// What is read, for errors.
    pub reading: &'static str,
    /// The catalog's identifier (`src/include/catalog`).
    pub class: u32,
    /// The query.
    pub sql: String,
}

/// The objects that were read, by catalog and identifier.
#[derive(Default)]
pub(super) struct SqlObjects {
    ids: BTreeMap<(u32, u32), ObjectId>,
}

pub(super) fn read(reader: &mut Reader<'_>, tables: &Tables, columns: &Columns) -> Result<SqlObjects, CatalogError> {
    let version = reader.version;
    let sources = [types::sources(version), routine::sources(), operator::sources(), text_search::sources()];
    let later = [foreign::sources(), view::sources(), in_table::sources(), of_database::sources(version)];
    let mut found = SqlObjects::default();
    for source in sources.into_iter().chain(later).flatten() {
        for row in reader.managed_rows(source.reading, &source.sql)? {
            read_row(reader, tables, &mut found, &source, &row)?;
        }
    }
    dependencies::read(reader, tables, columns, &found)?;
    Ok(found)
}

fn read_row(
    reader: &mut Reader<'_>,
    tables: &Tables,
    found: &mut SqlObjects,
    source: &Source,
    row: &Row,
) -> Result<(), CatalogError> {
    let (oid, sql): (u32, String) = (row.get("oid"), row.get("sql"));
    if reader.is_member(source.class, oid) {
        return Ok(());
    }
    let sql = read_back(sql.trim_end().trim_end_matches(';'));
    let Some(Definition::Creates(named)) = definition(&sql) else {
        let of = source.reading.to_owned();
        return Err(CatalogError::Definition { of, spelled: sql });
    };
    let id = named.id();
    // What is on a relation that is no object of the model cannot be made without it.
    if let [schema, relation, _] = named.path.as_slice() {
        let relation = QualifiedName { schema: schema.clone(), name: relation.clone() };
        if tables.is_unmanaged(&relation) {
            reader.unmanaged(id.kind.words(), id.to_string());
            return Ok(());
        }
    }
    // A composite type is a relation with columns, and its comment and its users are those of the type.
    let of_type = row.try_get::<_, u32>("type").ok().map(|of_type| (class::TYPE, of_type));
    let (of, at) = of_type.unwrap_or((source.class, oid));
    let comment = reader.comment(of, at, 0);
    found.ids.insert((of, at), id.clone());
    let then: Option<Vec<String>> = row.get("after");
    let object = SqlObject {
        signature: named.signature,
        then: then.unwrap_or_default().iter().map(|sql| read_back(sql)).collect(),
        comment,
        ..SqlObject::new(named.kind, named.path, sql)
    };
    found.ids.insert((source.class, oid), id);
    reader.insert(object);
    Ok(())
}

impl SqlObjects {
    /// The identifiers of the relations among them.
    fn relations(&self) -> Vec<u32> {
        self.ids.keys().filter(|(class, _)| *class == class::RELATION).map(|(_, oid)| *oid).collect()
    }

    /// All identifiers, whatever the catalog.
    fn oids(&self) -> Vec<u32> {
        self.ids.keys().map(|(_, oid)| *oid).collect()
    }

    /// The object of an identifier.
    pub(super) fn get(&self, class: u32, oid: u32) -> Option<&ObjectId> {
        self.ids.get(&(class, oid))
    }
}

/// A name of the catalog as a part of a path.
fn column_of(relation: &ObjectId, name: Ident) -> Option<ObjectId> {
    Some(ObjectId::column(&relation.outer()?, &name))
}
