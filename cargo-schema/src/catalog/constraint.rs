//! Constraints (`pg_constraint`): primary keys, unique, check and exclusion constraints, foreign keys.
//!
//! NOT NULL is a property of its column; that 18 keeps it here as well (contype `n`) is not repeated. Its name is no difference: it
//! keeps the first name of a table or column through every rename, and nothing refers to it. A comment on it would, so it is listed.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Row;
use schema_core::{
    Ident, QualifiedName,
    kinds::{
        Check, Exclusion, ExclusionElement, ForeignKey, ForeignKeyAction, ForeignKeyMatch, Index, KeyIndex, PrimaryKey,
        Unique,
    },
};

use super::{
    CatalogError,
    column::{Columns, letter},
    index::Indexes,
    reader::{Reader, bare, class, ident, part},
    table::Tables,
};

/// Columns of `ON DELETE SET NULL` are new in 15; NOT ENFORCED and temporal keys in 18. A child of a constraint
/// (`conparentid`, and `coninhcount` for a check) is made by PostgreSQL in partitions and children.
fn sql(version: u32) -> String {
    let set = if 150_000 <= version { "c.confdelsetcols" } else { "NULL::int2[]" };
    let (enforced, temporal) = if 180_000 <= version { ("c.conenforced", "c.conperiod") } else { ("true", "false") };
    format!(
        "SELECT c.oid, c.conrelid, c.conname, c.contype, c.condeferrable, c.condeferred, c.convalidated, c.conkey, \
             c.confrelid, c.confkey, c.confupdtype, c.confdeltype, c.confmatchtype, c.connoinherit, c.conindid, \
             {set} AS set_columns, {enforced} AS enforced, {temporal} AS temporal, \
             CASE WHEN c.contype = 'c' THEN pg_get_expr(c.conbin, c.conrelid) END AS expr, \
             CASE WHEN c.contype = 'x' THEN ARRAY( \
                 SELECT CASE WHEN n.nspname = 'pg_catalog' THEN o.oprname::text \
                     ELSE format('OPERATOR(%I.%s)', n.nspname, o.oprname) END \
                 FROM unnest(c.conexclop) WITH ORDINALITY AS u(op, at) JOIN pg_operator o ON o.oid = u.op \
                     JOIN pg_namespace n ON n.oid = o.oprnamespace ORDER BY u.at) END AS operators \
         FROM pg_constraint c \
         WHERE c.conrelid = ANY($1) AND c.conparentid = 0 AND c.coninhcount = 0 AND c.contype IN ('p', 'u', 'c', 'x', 'f', 'n')"
    )
}

/// Where a child enforces what its parent only states (18): its check is its own, under the parent's name.
const ENFORCED_ALONE: &str = "SELECT DISTINCT c.conrelid, c.conname FROM pg_constraint c JOIN pg_inherits i ON i.inhrelid = c.conrelid \
        JOIN pg_constraint p ON p.conrelid = i.inhparent AND p.conname = c.conname AND p.contype = 'c' AND NOT p.conenforced \
    WHERE c.conrelid = ANY($1) AND c.contype = 'c' AND c.coninhcount > 0 AND c.conenforced";

const REFERENCED: &str = "SELECT c.oid, c.relnamespace, c.relname, a.attnum, a.attname \
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.oid = ANY($1) AND a.attnum > 0";

/// What constraints are about.
struct Around<'a> {
    columns: &'a Columns,
    indexes: &'a Indexes,
    /// Tables outside the model or the scope that foreign keys reference.
    outside: Outside,
}

/// Tables that the model does not hold, with the names of their columns, by their identifiers.
type Outside = BTreeMap<u32, (QualifiedName, BTreeMap<i16, Ident>)>;

/// Reads the constraints and gives the identifiers of the indexes that back them.
pub(super) fn read(
    reader: &mut Reader<'_>,
    tables: &Tables,
    columns: &Columns,
    indexes: &Indexes,
) -> Result<BTreeSet<u32>, CatalogError> {
    let sql = sql(reader.version);
    let mut backing = BTreeSet::new();
    reader.batches("constraints", &sql, &[&tables.oids()], |reader, rows| {
        let outside = read_outside(reader, &rows, tables)?;
        let around = Around { columns, indexes, outside };
        for row in &rows {
            let Some(table) = tables.name(row.get("conrelid")) else { continue };
            if matches!(letter(row, "contype"), 'p' | 'u' | 'x') {
                backing.insert(row.get("conindid"));
            }
            let name = ident(row.get("conname"))?;
            match letter(row, "contype") {
                'n' if comment(reader, row).is_none() => {}
                'n' => reader.unmanaged("comment on NOT NULL", part(table, &name)),
                _ => constraint(reader, row, table, name, &around, tables)?,
            }
        }
        Ok(())
    })?;
    note_enforced_alone(reader, tables)?;
    Ok(backing)
}

fn note_enforced_alone(reader: &mut Reader<'_>, tables: &Tables) -> Result<(), CatalogError> {
    if reader.version < 180_000 {
        return Ok(());
    }
    for row in reader.rows("inherited checks", ENFORCED_ALONE, &[&tables.oids()])? {
        let Some(table) = tables.name(row.get("conrelid")) else { continue };
        let name = reader.ident(&row, "conname")?;
        reader.unmanaged("inherited check that is enforced", part(table, &name));
    }
    Ok(())
}

fn constraint(
    reader: &mut Reader<'_>,
    row: &Row,
    table: &QualifiedName,
    name: Ident,
    around: &Around<'_>,
    tables: &Tables,
) -> Result<(), CatalogError> {
    match letter(row, "contype") {
        'c' => {
            let check = check(reader, row, table, name);
            reader.insert(check);
        }
        'f' => {
            let key = foreign_key(reader, row, table, name, around, tables)?;
            reader.insert(key);
        }
        _ => {
            // An index that is attached to one of the parent is no object of its own, and the parent has no such constraint.
            let Some(index) = around.indexes.get(row.get("conindid")) else {
                reader.unmanaged("key behind an index of the parent", part(table, &name));
                return Ok(());
            };
            if !index.statistics.is_empty() {
                reader.unmanaged("statistics target of a constraint", part(&index.table, &index.name));
            }
            indexed(reader, row, index, name, around);
        }
    }
    Ok(())
}

fn comment(reader: &Reader<'_>, row: &Row) -> Option<String> {
    reader.comment(class::CONSTRAINT, row.get("oid"), 0)
}

fn check(reader: &Reader<'_>, row: &Row, table: &QualifiedName, name: Ident) -> Check {
    Check {
        table: table.clone(),
        name,
        expr: bare(row.get("expr")),
        no_inherit: row.get("connoinherit"),
        not_valid: is_not_valid(row),
        not_enforced: !row.get::<_, bool>("enforced"),
        comment: comment(reader, row),
    }
}

/// What is not enforced counts as not validated too.
fn is_not_valid(row: &Row) -> bool {
    row.get("enforced") && !row.get::<_, bool>("convalidated")
}

fn indexed(reader: &mut Reader<'_>, row: &Row, index: &Index, name: Ident, around: &Around<'_>) {
    let (deferrable, initially_deferred) = (row.get("condeferrable"), row.get("condeferred"));
    let without_overlaps = row.get("temporal");
    let Index { table, include, nulls_not_distinct, predicate, .. } = index.clone();
    let numbers: Option<Vec<i16>> = row.get("conkey");
    let columns = || around.columns.names(row.get("conrelid"), numbers.as_deref().unwrap_or_default());
    let comment = comment(reader, row);
    let of_index = KeyIndex { with: index.with.clone(), comment: index.comment.clone() };
    match letter(row, "contype") {
        'p' => {
            let columns = columns();
            let index = of_index;
            reader.insert(PrimaryKey {
                table,
                name,
                columns,
                without_overlaps,
                include,
                deferrable,
                initially_deferred,
                comment,
                index,
            });
        }
        'u' => {
            let columns = columns();
            reader.insert(Unique {
                table,
                name,
                columns,
                without_overlaps,
                include,
                nulls_not_distinct,
                deferrable,
                initially_deferred,
                comment,
                index: of_index,
            });
        }
        _ => {
            let operators: Vec<String> = row.get("operators");
            let pairs = index.columns.iter().cloned().zip(operators);
            let elements = pairs.map(|(key, operator)| ExclusionElement { key, operator }).collect();
            let method = index.method.clone();
            reader.insert(Exclusion {
                table,
                name,
                method,
                elements,
                include,
                predicate,
                deferrable,
                initially_deferred,
                comment,
                index: of_index,
            });
        }
    }
}

fn foreign_key(
    reader: &Reader<'_>,
    row: &Row,
    table: &QualifiedName,
    name: Ident,
    around: &Around<'_>,
    tables: &Tables,
) -> Result<ForeignKey, CatalogError> {
    let (own, other): (u32, u32) = (row.get("conrelid"), row.get("confrelid"));
    let numbers: Vec<i16> = row.get("confkey");
    let (references, referenced) = match (tables.name(other), around.outside.get(&other)) {
        (Some(table), _) => (table.clone(), around.columns.names(other, &numbers)),
        (None, Some((table, names))) => {
            (table.clone(), numbers.iter().filter_map(|number| names.get(number).cloned()).collect())
        }
        (None, None) => unreachable!("the referenced tables were read in the same snapshot"),
    };
    let set = around.columns.names(own, row.get::<_, Option<Vec<i16>>>("set_columns").as_deref().unwrap_or_default());
    Ok(ForeignKey {
        table: table.clone(),
        name,
        columns: around.columns.names(own, row.get::<_, Vec<i16>>("conkey").as_slice()),
        references,
        referenced,
        period: row.get("temporal"),
        on_delete: action(letter(row, "confdeltype"), set),
        on_update: action(letter(row, "confupdtype"), Vec::new()),
        match_type: if letter(row, "confmatchtype") == 'f' { ForeignKeyMatch::Full } else { ForeignKeyMatch::Simple },
        deferrable: row.get("condeferrable"),
        initially_deferred: row.get("condeferred"),
        not_valid: is_not_valid(row),
        not_enforced: !row.get::<_, bool>("enforced"),
        comment: comment(reader, row),
    })
}

fn action(letter: char, columns: Vec<Ident>) -> ForeignKeyAction {
    match letter {
        'r' => ForeignKeyAction::Restrict,
        'c' => ForeignKeyAction::Cascade,
        'n' => ForeignKeyAction::SetNull(columns),
        'd' => ForeignKeyAction::SetDefault(columns),
        _ => ForeignKeyAction::NoAction,
    }
}

/// The names of tables that foreign keys reference and the model does not hold.
fn read_outside(reader: &mut Reader<'_>, rows: &[Row], tables: &Tables) -> Result<Outside, CatalogError> {
    let referenced = rows.iter().filter(|row| letter(row, "contype") == 'f').map(|row| row.get("confrelid"));
    let oids: BTreeSet<u32> = referenced.filter(|oid| tables.name(*oid).is_none()).collect();
    let mut outside = Outside::new();
    if oids.is_empty() {
        return Ok(outside);
    }
    let oids: Vec<u32> = oids.into_iter().collect();
    for row in reader.rows("referenced tables", REFERENCED, &[&oids])? {
        let name = reader.name(&row, "relnamespace", "relname")?;
        let (_, names) = outside.entry(row.get("oid")).or_insert_with(|| (name, BTreeMap::new()));
        names.insert(row.get("attnum"), reader.ident(&row, "attname")?);
    }
    Ok(outside)
}
