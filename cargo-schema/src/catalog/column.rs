//! Columns (`pg_attribute`) with their defaults, identity and generation.

use std::collections::BTreeMap;

use postgres::Row;
use schema_core::{
    Ident, QualifiedName, SqlType,
    kinds::{Column, ColumnSettings, ColumnValue, Identity, IdentityMode, NotNull, Storage},
};

use super::{
    CatalogError, inherited_column,
    reader::{Reader, bare, class, expr as default, parameters, part},
    sequence::Sequences,
    table::Tables,
};

/// From 18 on NOT NULL is a constraint too, which may say more.
fn sql(version: u32) -> String {
    let (said, constraint) = match version {
        180_000.. => (
            "coalesce(k.connoinherit, false) AS no_inherit, NOT coalesce(k.convalidated, true) AS not_valid",
            "LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey[1] = a.attnum",
        ),
        _ => ("false AS no_inherit, false AS not_valid", ""),
    };
    format!("{SELECT}, {said} {FROM} {constraint} {WHERE}")
}

const SELECT: &str = "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.attcollation, a.attnotnull, a.attidentity, \
        a.attinhcount > 0 AS inherited, \
        a.attgenerated, nullif(a.attstorage, t.typstorage) AS storage, nullif(a.attcompression, '') AS compression, \
        nullif(a.attstattarget, -1)::int4 AS statistics, a.attoptions, format_type(a.atttypid, a.atttypmod) AS type, pg_get_expr(d.adbin, d.adrelid) AS expr, \
        c.collname, c.collnamespace";

const FROM: &str = "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
        LEFT JOIN pg_collation c ON c.oid = a.attcollation AND a.attcollation <> t.typcollation";

const WHERE: &str = "WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped";

/// What other kinds need to know of a column.
pub(super) struct Facts {
    /// Its name.
    pub name: Ident,
    /// The identifier of its type.
    pub type_oid: u32,
    /// The identifier of its collation, or 0.
    pub collation: u32,
}

/// The columns of the tables of the model, by table and number.
pub(super) struct Columns {
    facts: BTreeMap<(u32, i16), Facts>,
    tables: BTreeMap<u32, QualifiedName>,
}

impl Columns {
    fn note(&mut self, reader: &Reader<'_>, row: &Row, tables: &Tables) -> Result<(), CatalogError> {
        let table = row.get("attrelid");
        let Some(of) = tables.name(table) else { return Ok(()) };
        let name = reader.ident(row, "attname")?;
        let facts = Facts { name, type_oid: row.get("atttypid"), collation: row.get("attcollation") };
        self.facts.insert((table, row.get("attnum")), facts);
        self.tables.entry(table).or_insert_with(|| of.clone());
        Ok(())
    }

    /// One column.
    pub fn get(&self, table: u32, number: i16) -> Option<&Facts> {
        self.facts.get(&(table, number))
    }

    /// The names of several columns; those that the table does not have are left out.
    pub fn names(&self, table: u32, numbers: &[i16]) -> Vec<Ident> {
        // No more room than is needed: the lists stay in the model.
        let mut names = Vec::with_capacity(numbers.len());
        names.extend(numbers.iter().filter_map(|number| self.get(table, *number)).map(|column| column.name.clone()));
        names
    }

    /// A column with its table.
    pub fn qualified(&self, table: u32, number: i16) -> Option<(QualifiedName, Ident)> {
        Some((self.tables.get(&table)?.clone(), self.get(table, number)?.name.clone()))
    }
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    tables: &Tables,
    sequences: &mut Sequences,
) -> Result<Columns, CatalogError> {
    let mut columns = Columns { facts: BTreeMap::new(), tables: BTreeMap::new() };
    // Whether one is a serial, only all calls of its sequence tell.
    let mut callers = Vec::new();
    let sql = sql(reader.version);
    reader.batches("columns", &sql, &[&tables.oids()], |reader, rows| {
        for row in rows {
            columns.note(reader, &row, tables)?;
            if row.get("inherited") {
                continue;
            }
            match row.get::<_, Option<&str>>("expr").is_some_and(|expr| sequences.calls.count(expr)) {
                true => callers.push(row),
                false => insert(reader, &row, &columns, sequences)?,
            }
        }
        Ok(())
    })?;
    callers.iter().try_for_each(|row| insert(reader, row, &columns, sequences))?;
    inherited_column::read(reader, tables)?;
    Ok(columns)
}

fn insert(
    reader: &mut Reader<'_>,
    row: &Row,
    columns: &Columns,
    sequences: &mut Sequences,
) -> Result<(), CatalogError> {
    let Some((table, name)) = columns.qualified(row.get("attrelid"), row.get("attnum")) else { return Ok(()) };
    let column = column(reader, row, &table, name, sequences)?;
    reader.insert(column);
    Ok(())
}

fn column(
    reader: &mut Reader<'_>,
    row: &Row,
    table: &QualifiedName,
    name: Ident,
    sequences: &mut Sequences,
) -> Result<Column, CatalogError> {
    let number: i16 = row.get("attnum");
    let sql_type = reader.sql_type(|| part(table, &name), row.get("type"))?;
    let value = value(reader, row, table, &sql_type, sequences);
    Ok(Column {
        table: table.clone(),
        name,
        sql_type,
        nullable: !row.get::<_, bool>("attnotnull"),
        not_null: NotNull { no_inherit: row.get("no_inherit"), not_valid: row.get("not_valid") },
        collation: reader.collation(row)?,
        value,
        settings: settings(row),
        comment: reader.comment(class::RELATION, row.get("attrelid"), i32::from(number)),
        ordinal: u32::from(number.unsigned_abs()),
    })
}

fn value(
    reader: &mut Reader<'_>,
    row: &Row,
    table: &QualifiedName,
    sql_type: &SqlType,
    sequences: &mut Sequences,
) -> ColumnValue {
    let column = (row.get("attrelid"), row.get("attnum"));
    let mode = match letter(row, "attidentity") {
        'a' => Some(IdentityMode::Always),
        'd' => Some(IdentityMode::ByDefault),
        _ => None,
    };
    if let Some((mode, (sequence, options))) = mode.zip(sequences.identity(reader, column)) {
        return ColumnValue::Identity(Identity { mode, sequence, options });
    }
    let Some(expr) = row.get::<_, Option<&str>>("expr") else { return ColumnValue::None };
    match letter(row, "attgenerated") {
        's' => return ColumnValue::Generated(bare(expr)),
        'v' => return ColumnValue::Virtual(bare(expr)),
        _ => {}
    }
    // `serial` makes the column NOT NULL and no more; one that takes NULL was not made by it alone.
    let plain = row.get("attnotnull") && !row.get::<_, bool>("no_inherit") && !row.get::<_, bool>("not_valid");
    let serial = plain.then(|| sequences.serial(reader, column, expr, table, sql_type)).flatten();
    serial.map_or_else(|| ColumnValue::Default(default(expr)), |sequence| ColumnValue::Serial { sequence })
}

/// A column without a statistics target has -1, from 17 on NULL.
pub(super) fn settings(row: &Row) -> ColumnSettings {
    let letter = |column| row.get::<_, Option<i8>>(column).map(|letter| char::from(letter.to_ne_bytes()[0]));
    let storage = letter("storage").and_then(|letter| match letter {
        'p' => Some(Storage::Plain),
        'e' => Some(Storage::External),
        'x' => Some(Storage::Extended),
        'm' => Some(Storage::Main),
        _ => None,
    });
    let compression = letter("compression").map(|letter| match letter {
        'l' => "lz4",
        'p' => "pglz",
        // Only a column that takes another one over has this word of its own.
        _ => "default",
    });
    let compression = compression.map(str::to_owned);
    let statistics = row.get::<_, Option<i32>>("statistics").and_then(|target| u16::try_from(target).ok());
    ColumnSettings { storage, compression, statistics, options: parameters(row.get("attoptions"), "") }
}

/// A value of type `"char"`.
pub(super) fn letter(row: &Row, column: &str) -> char {
    char::from(row.get::<_, i8>(column).to_ne_bytes()[0])
}
