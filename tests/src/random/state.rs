//! What PostgreSQL's catalogs say, as sorted lines that do not depend on the order in which anything was made.
//!
//! Independent of the catalog reader of `cargo-schema` on purpose: what both overlook would be believed. Column positions are left
//! out, because PostgreSQL cannot change them, and so are the names that 18 gives to NOT NULL: they keep the
//! first name of a table or column for ever, and nothing refers to them.

use postgres::{GenericClient, SimpleQueryMessage};

/// One line for each property of each object.
pub fn state(client: &mut impl GenericClient) -> Vec<String> {
    let messages = client.simple_query(LINES).unwrap_or_else(|error| panic!("the catalogs cannot be read: {error:?}"));
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL line").to_owned()),
        _ => None,
    });
    let mut lines: Vec<String> = rows.collect();
    lines.sort();
    lines
}

const LINES: &str = r"
SET search_path = pg_catalog;
WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'cargo_schema')
), own AS (
    SELECT c.* FROM pg_class c JOIN spaces ON spaces.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), types AS (
    SELECT t.* FROM pg_type t JOIN spaces ON spaces.oid = t.typnamespace
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
)
SELECT concat_ws(' | ', 'schema', nspname, obj_description(oid, 'pg_namespace')) FROM spaces
UNION ALL
SELECT concat_ws(' | ', 'extension', extname, nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace
UNION ALL
SELECT concat_ws(' | ', 'enum', t.oid::regtype, obj_description(t.oid, 'pg_type'),
    (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
FROM types t WHERE typtype = 'e'
UNION ALL
SELECT concat_ws(' | ', 'domain', t.oid::regtype, format_type(typbasetype, typtypmod), 'not null ' || typnotnull,
    'default ' || pg_get_expr(typdefaultbin, 0), 'collation ' || nullif(typcollation, 0)::regcollation, obj_description(t.oid, 'pg_type'))
FROM types t WHERE typtype = 'd'
UNION ALL
SELECT concat_ws(' | ', 'domain check', contypid::regtype, CASE contype WHEN 'n' THEN '' ELSE conname END, pg_get_constraintdef(k.oid), convalidated, obj_description(k.oid, 'pg_constraint'))
FROM pg_constraint k JOIN types t ON t.oid = contypid
UNION ALL
SELECT concat_ws(' | ', 'other type', t.oid::regtype, typtype) FROM types t
WHERE typtype NOT IN ('d', 'e', 'b') AND NOT EXISTS (SELECT FROM pg_class c WHERE c.reltype = t.oid)
UNION ALL
SELECT concat_ws(' | ', 'table', c.oid::regclass, relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(reloptions) o),
    (SELECT 'toast ' || t.reloptions::text FROM pg_class t WHERE t.oid = c.reltoastrelid), obj_description(c.oid, 'pg_class'))
FROM own c WHERE relkind NOT IN ('i', 'S')
UNION ALL
SELECT concat_ws(' | ', 'column', c.oid::regclass, attname, format_type(atttypid, atttypmod), 'not null ' || attnotnull,
    'collation ' || nullif(attcollation, 0)::regcollation, 'identity ' || nullif(attidentity::text, ''), 'generated ' || nullif(attgenerated::text, ''),
    'default ' || pg_get_expr(adbin, adrelid), 'comment ' || col_description(c.oid, attnum),
    'storage ' || attstorage::text || ' ' || attcompression::text || ' ' || attstattarget)
FROM own c JOIN pg_attribute a ON attrelid = c.oid LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT concat_ws(' | ', 'constraint', conrelid::regclass,
    CASE WHEN contype = 'n' OR (contype = 'f' AND conparentid <> 0) THEN '' ELSE conname END, pg_get_constraintdef(k.oid), 'valid ' || convalidated,
    'comment ' || obj_description(k.oid, 'pg_constraint'))
FROM pg_constraint k JOIN own c ON c.oid = conrelid
UNION ALL
SELECT concat_ws(' | ', 'index', pg_get_indexdef(c.oid), 'valid ' || indisvalid, 'clustered ' || indisclustered, 'identity ' || indisreplident,
    obj_description(c.oid, 'pg_class'))
FROM own c JOIN pg_index ON indexrelid = c.oid
UNION ALL
SELECT concat_ws(' | ', 'sequence', c.oid::regclass, seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle,
    obj_description(c.oid, 'pg_class'),
    (SELECT string_agg(concat_ws(' ', 'owned', deptype, refobjid::regclass, (SELECT attname FROM pg_attribute WHERE attrelid = refobjid
        AND attnum = refobjsubid)), ',') FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND deptype IN ('a', 'i')))
FROM own c JOIN pg_sequence ON seqrelid = c.oid;
RESET search_path;
";
