//! What objects need that no definition of ours says: `pg_depend`, as far as an object of this module is on either side.
//!
//! <https://www.postgresql.org/docs/current/catalog-pg-depend.html>

use std::collections::{BTreeMap, BTreeSet};

use postgres::Row;
use schema_core::{Found, Ident, KindName, ObjectId, QualifiedName};

use super::{CatalogError, Columns, Reader, SqlObjects, Tables, class, column_of};
use crate::catalog::reader::FIRST_USER_OID;

/// A rule `_RETURN` is the view itself; a default stands for its column, and the place of a table or of a PostgreSQL schema in a publication
/// for that, and so does a member of an operator class or family.
const DEPENDENCIES: &str = "SELECT CASE WHEN p.oid IS NOT NULL OR s.objid IS NOT NULL THEN 6104 ELSE coalesce(m.refclassid, d.classid) END AS classid, \
        coalesce(p.prpubid, s.refobjid, m.refobjid, d.objid) AS objid, d.objsubid, \
        d.refclassid, d.refobjid, d.refobjsubid, r.ev_class AS view, f.adrelid AS default_of, f.adnum AS default_at \
    FROM pg_depend d LEFT JOIN pg_rewrite r ON d.classid = 2618 AND r.oid = d.objid AND r.rulename = '_RETURN' \
        LEFT JOIN pg_attrdef f ON d.classid = 2604 AND f.oid = d.objid \
        LEFT JOIN pg_publication_rel p ON d.classid = 6106 AND p.oid = d.objid \
        LEFT JOIN pg_depend s ON d.classid = 6237 AND s.classid = 6237 AND s.objid = d.objid AND s.refclassid = 6104 \
        LEFT JOIN pg_depend m ON d.classid IN (2602, 2603) AND m.classid = d.classid AND m.objid = d.objid AND m.refclassid IN (2616, 2753) \
            AND m.deptype IN ('i', 'a') \
    WHERE d.deptype IN ('n', 'a') AND (d.objid = ANY($1) OR d.refobjid = ANY($1) OR r.ev_class = ANY($1) \
        OR p.prpubid = ANY($1) OR s.refobjid = ANY($1) \
        OR m.refobjid = ANY($1))";

/// Types, and what they are types of: the rows of a relation, the elements of an array. Arrays of an extension's types are no members of it.
const TYPES: &str = "SELECT t.oid, t.typnamespace, t.typname, t.typtype, \
        coalesce(nullif(t.typrelid, 0), 0::oid) AS relation, \
        CASE WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN t.typelem ELSE 0::oid END AS element, \
        coalesce((SELECT r.rngtypid FROM pg_range r WHERE r.rngmultitypid = t.oid), 0::oid) AS range \
    FROM pg_type t WHERE t.typnamespace = ANY($1) OR (t.oid >= $2 AND t.typcategory = 'A')";

/// The columns of views, composite types and foreign tables.
const COLUMNS: &str = "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod) AS type \
    FROM pg_attribute a WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum";

/// Constraints, indexes and sequences by identifier.
const PARTS: &str = "SELECT 2606::oid AS class, c.oid, n.nspname, t.relname, c.conname AS name, c.contype::text AS sort \
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE c.oid = ANY($1) \
    UNION ALL SELECT 2606::oid, c.oid, n.nspname, t.typname, c.conname, 'd' \
        FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE c.oid = ANY($1) \
    UNION ALL SELECT 1259::oid, x.oid, n.nspname, t.relname, x.relname, coalesce(k.contype::text, 'i') \
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
            JOIN pg_namespace n ON n.oid = t.relnamespace \
            LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.contype IN ('p', 'u', 'x') WHERE x.oid = ANY($1) \
    UNION ALL SELECT 1259::oid, s.oid, n.nspname, s.relname, s.relname, 'S' \
        FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace WHERE s.relkind = 'S' AND s.oid = ANY($1)";

/// Everything that identifiers are looked up in.
struct Lookup<'a> {
    tables: &'a Tables,
    columns: &'a Columns,
    found: &'a SqlObjects,
    types: BTreeMap<u32, Type>,
    parts: BTreeMap<(u32, u32), ObjectId>,
}

/// One row of [`TYPES`].
struct Type {
    name: QualifiedName,
    sort: char,
    relation: u32,
    element: u32,
    range: u32,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    tables: &Tables,
    columns: &Columns,
    found: &SqlObjects,
) -> Result<(), CatalogError> {
    if found.ids.is_empty() {
        return Ok(());
    }
    let mut told: BTreeMap<ObjectId, Found> = BTreeMap::new();
    read_columns(reader, found, &mut told)?;
    let types = read_types(reader)?;
    let mut oids = found.oids();
    let of_found = |of: &Type| found.get(class::RELATION, of.relation).is_some();
    oids.extend(types.iter().filter(|(_, of)| of_found(of) || of.element != 0 || of.range != 0).map(|(oid, _)| *oid));
    let rows = reader.rows("dependencies", DEPENDENCIES, &[&oids])?;
    let parts = read_parts(reader, &rows)?;
    let lookup = Lookup { tables, columns, found, types, parts };
    let mut stranded = BTreeSet::new();
    for row in &rows {
        let Some(who) = lookup.dependent(row) else { continue };
        let Some(what) = lookup.needed(reader, row) else {
            stranded.extend(is_made(row).then_some(who));
            continue;
        };
        let is_own =
            |id: &ObjectId| matches!(id.kind, KindName::Column | KindName::Table) && id.path.starts_with(&what.path);
        if who != what && !is_own(&who) {
            told.entry(who).or_default().needs.insert(what);
        }
    }
    set_aside(reader, &told, stranded);
    reader.tell(told);
    Ok(())
}

/// Whether the row needs something that somebody made and that can be made again: not a part of something else.
fn is_made(row: &Row) -> bool {
    const PARTS: [u32; 4] = [class::CONSTRAINT, 2604, 2618, 2620];
    let (of, oid): (u32, u32) = (row.get("refclassid"), row.get("refobjid"));
    FIRST_USER_OID <= oid && (of != class::NAMESPACE || publishes(row)) && !PARTS.contains(&of)
}

/// Whether what the row needs is a part of a publication, as a whole PostgreSQL schema is. All else is in the schema that it needs.
fn publishes(row: &Row) -> bool {
    row.get::<_, u32>("classid") == 6104
}

/// What stands on something that is not managed cannot be made without it, nor can what stands on that.
fn set_aside(reader: &mut Reader<'_>, told: &BTreeMap<ObjectId, Found>, stranded: BTreeSet<ObjectId>) {
    let mut open: Vec<ObjectId> = stranded.into_iter().collect();
    let mut done = BTreeSet::new();
    while let Some(id) = open.pop() {
        if done.insert(id.clone()) && reader.leave_out(&id) {
            open.extend(told.iter().filter(|(_, found)| found.needs.contains(&id)).map(|(id, _)| id.clone()));
        }
    }
}

fn read_columns(
    reader: &mut Reader<'_>,
    found: &SqlObjects,
    told: &mut BTreeMap<ObjectId, Found>,
) -> Result<(), CatalogError> {
    for row in reader.rows("columns of views", COLUMNS, &[&found.relations()])? {
        let (relation, number, name): (u32, i16, Ident) = (row.get(0), row.get(1), reader.ident(&row, "attname")?);
        let Some(id) = found.get(class::RELATION, relation) else { continue };
        if let Some(text) = reader.comment(class::RELATION, relation, i32::from(number)) {
            reader.comment_column(id, &name, text);
        }
        if matches!(id.kind, KindName::View | KindName::MaterializedView) {
            told.entry(id.clone()).or_default().columns.push((name, row.get("type")));
        }
    }
    Ok(())
}

fn read_types(reader: &mut Reader<'_>) -> Result<BTreeMap<u32, Type>, CatalogError> {
    let mut types = BTreeMap::new();
    let managed = reader.managed.clone();
    for row in reader.rows("types", TYPES, &[&managed, &FIRST_USER_OID])? {
        let name = reader.name(&row, "typnamespace", "typname")?;
        let sort = char::from(row.get::<_, i8>("typtype").to_ne_bytes()[0]);
        let (relation, element, range) = (row.get("relation"), row.get("element"), row.get("range"));
        types.insert(row.get("oid"), Type { name, sort, relation, element, range });
    }
    Ok(types)
}

fn read_parts(reader: &mut Reader<'_>, rows: &[Row]) -> Result<BTreeMap<(u32, u32), ObjectId>, CatalogError> {
    let ends = rows
        .iter()
        .flat_map(|row| [(row.get("classid"), row.get("objid")), (row.get("refclassid"), row.get("refobjid"))]);
    let parts = ends.filter(|(of, _): &(u32, u32)| *of == class::CONSTRAINT || *of == class::RELATION);
    let oids: Vec<u32> = parts.map(|(_, oid)| oid).collect();
    let mut ids = BTreeMap::new();
    for row in reader.rows("parts of tables", PARTS, &[&oids])? {
        let (schema, outer) = (reader.ident(&row, "nspname")?, reader.ident(&row, "relname")?);
        let outer = QualifiedName { schema, name: outer };
        let kind = match row.get::<_, &str>("sort") {
            "p" => KindName::PrimaryKey,
            "u" => KindName::Unique,
            "c" => KindName::Check,
            "x" => KindName::Exclusion,
            "f" => KindName::ForeignKey,
            "i" => KindName::Index,
            "S" => KindName::Sequence,
            "d" => KindName::Domain,
            _ => continue,
        };
        let name = reader.ident(&row, "name")?;
        let is_outer = matches!(kind, KindName::Sequence | KindName::Domain);
        let id = if is_outer { ObjectId::top(kind, &outer) } else { ObjectId::inner(kind, &outer, &name) };
        ids.insert((row.get("class"), row.get("oid")), id);
    }
    Ok(ids)
}

impl Lookup<'_> {
    fn dependent(&self, row: &Row) -> Option<ObjectId> {
        if let Some(view) = row.get::<_, Option<u32>>("view") {
            return self.relation(view, 0);
        }
        if let Some(table) = row.get::<_, Option<u32>>("default_of") {
            return self.relation(table, row.get("default_at"));
        }
        self.object(row.get("classid"), row.get("objid"), row.get("objsubid"))
    }

    fn needed(&self, reader: &Reader<'_>, row: &Row) -> Option<ObjectId> {
        let (of, oid): (u32, u32) = (row.get("refclassid"), row.get("refobjid"));
        let element = || self.types.get(&oid).filter(|_| of == class::TYPE).map_or(0, |of| of.element);
        let of_extension = reader.extension_of(of, oid).or_else(|| reader.extension_of(of, element()));
        of_extension.or_else(|| match of {
            class::NAMESPACE => reader.managed_schema(oid).filter(|_| publishes(row)),
            _ => self.object(of, oid, row.get("refobjsubid")),
        })
    }

    fn object(&self, of: u32, oid: u32, sub: i32) -> Option<ObjectId> {
        match of {
            class::TYPE => self.found.get(of, oid).cloned().or_else(|| self.of_type(oid)),
            class::RELATION => self.relation(oid, i16::try_from(sub).ok()?),
            _ => self.found.get(of, oid).or_else(|| self.parts.get(&(of, oid))).cloned(),
        }
    }

    fn relation(&self, oid: u32, column: i16) -> Option<ObjectId> {
        if let Some(id) = self.found.get(class::RELATION, oid) {
            return Some(id.clone());
        }
        if let Some(table) = self.tables.name(oid) {
            let name = self.columns.get(oid, column).map(|column| column.name.clone());
            let table = ObjectId::table(table);
            // The columns below 1 are PostgreSQL's own: `ctid`, `xmin`.
            return if column <= 0 { Some(table) } else { name.and_then(|name| column_of(&table, name)) };
        }
        self.parts.get(&(class::RELATION, oid)).cloned()
    }

    fn of_type(&self, oid: u32) -> Option<ObjectId> {
        let of = self.types.get(&oid)?;
        match of {
            Type { element: element @ 1.., .. } => self.object(class::TYPE, *element, 0),
            Type { range: range @ 1.., .. } => self.object(class::TYPE, *range, 0),
            Type { relation: relation @ 1.., .. } => self.relation(*relation, 0),
            Type { sort: 'e', name, .. } => Some(ObjectId::top(KindName::Enum, name)),
            Type { sort: 'd', name, .. } => Some(ObjectId::top(KindName::Domain, name)),
            _ => None,
        }
    }
}
