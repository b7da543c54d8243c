//! Views and materialized views (`pg_class`, relkinds `v` and `m`), and the indexes of the latter.

use super::Source;
use crate::catalog::reader::class;

/// Options between the parentheses of WITH.
pub(super) const OPTIONS: &str = "(SELECT ' WITH (' || string_agg(format('%I=%L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') \
     || ')' FROM unnest(c.reloptions) AS o)";

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
            NULL::text[] AS after \
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
