//! Views and materialized views (`pg_class`, relkinds `v` and `m`), and the indexes of the latter.

use super::Source;
use crate::catalog::reader::class;

/// Options between the parentheses of WITH.
pub(super) const OPTIONS: &str = "(SELECT ' WITH (' || string_agg(format('%I=%L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') \
     || ')' FROM unnest(c.reloptions) AS o)";

/// How the columns of a materialized view are stored and measured, a statement for each setting. Without a statistics target it is -1,
/// from 17 on NULL.
const SETTINGS: &str = "(SELECT array_agg(format('ALTER MATERIALIZED VIEW %I.%I ALTER COLUMN %I %s', n.nspname, c.relname, a.attname, s.action) \
            ORDER BY a.attnum, s.place) \
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid, LATERAL (VALUES \
            (1, CASE WHEN a.attstorage <> t.typstorage THEN 'SET STORAGE ' || CASE a.attstorage WHEN 'p' THEN 'PLAIN' \
                WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END END), \
            (2, CASE a.attcompression WHEN 'l' THEN 'SET COMPRESSION lz4' WHEN 'p' THEN 'SET COMPRESSION pglz' END), \
            (3, CASE WHEN 0 <= a.attstattarget THEN format('SET STATISTICS %s', a.attstattarget) END), \
            (4, (SELECT 'SET (' || string_agg(format('%I=%L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') || ')' \
                FROM unnest(a.attoptions) AS o))) AS s(place, action) \
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND s.action IS NOT NULL)";

pub(super) fn sources() -> Vec<Source> {
    let views = format!(
        "SELECT c.oid, format('CREATE VIEW %I.%I%s AS%s%s', n.nspname, c.relname, {OPTIONS}, E'\\n', pg_get_viewdef(c.oid)) AS sql, \
            (SELECT array_agg(format('ALTER VIEW %I.%I ALTER COLUMN %I SET DEFAULT %s', n.nspname, c.relname, a.attname, \
                    pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum) \
                FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum \
                WHERE d.adrelid = c.oid) AS after \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND n.oid = ANY($1)"
    );
    let materialized = format!(
        "SELECT c.oid, format('CREATE MATERIALIZED VIEW %I.%I%s%s AS%s%s', n.nspname, c.relname, \
                CASE WHEN m.amname <> 'heap' THEN format(' USING %I', m.amname) END, {OPTIONS}, E'\\n', pg_get_viewdef(c.oid)) AS sql, \
            {SETTINGS} AS after \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am m ON m.oid = c.relam \
         WHERE c.relkind = 'm' AND n.oid = ANY($1)"
    );
    let indexes = "SELECT i.indexrelid AS oid, pg_get_indexdef(i.indexrelid) AS sql, CASE WHEN i.indisclustered THEN \
            ARRAY[format('ALTER MATERIALIZED VIEW %I.%I CLUSTER ON %I', n.nspname, c.relname, x.relname)] END AS after \
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_class x ON x.oid = i.indexrelid \
        WHERE c.relkind = 'm' AND i.indisvalid AND n.oid = ANY($1)";
    vec![
        Source { reading: "views", class: class::RELATION, sql: views },
        Source { reading: "materialized views", class: class::RELATION, sql: materialized },
        Source { reading: "indexes of materialized views", class: class::RELATION, sql: indexes.to_owned() },
    ]
}
