//! Composite types, range types, collations, casts and conversions.

use super::Source;
use crate::catalog::reader::class;

const COMPOSITES: &str = "SELECT c.oid, c.reltype AS type, format('CREATE TYPE %I.%I AS (%s)', n.nspname, c.relname, \
        (SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod), \
                (SELECT format(' COLLATE %I.%I', cn.nspname, l.collname) FROM pg_collation l JOIN pg_namespace cn ON cn.oid = l.collnamespace \
                    JOIN pg_type at ON at.oid = a.atttypid WHERE l.oid = a.attcollation AND a.attcollation <> at.typcollation)), \
            ', ' ORDER BY a.attnum) \
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) AS sql, NULL::text[] AS after \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'c' AND n.oid = ANY($1) \
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 1247 AND d.objid = c.reltype AND d.deptype = 'e')";

const RANGES: &str = "SELECT t.oid, format('CREATE TYPE %I.%I AS RANGE (%s)', n.nspname, t.typname, concat_ws(', ', \
        'subtype = ' || format_type(r.rngsubtype, NULL), \
        format('multirange_type_name = %I.%I', mn.nspname, m.typname), \
        CASE WHEN NOT o.opcdefault THEN format('subtype_opclass = %I.%I', on_.nspname, o.opcname) END, \
        CASE WHEN r.rngcollation <> s.typcollation THEN (SELECT format('collation = %I.%I', cn.nspname, l.collname) \
            FROM pg_collation l JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = r.rngcollation) END, \
        CASE WHEN r.rngsubdiff <> 0 THEN 'subtype_diff = ' || r.rngsubdiff::regproc END, \
        CASE WHEN r.rngcanonical <> 0 THEN 'canonical = ' || r.rngcanonical::regproc END)) AS sql, NULL::text[] AS after \
    FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace \
        JOIN pg_type m ON m.oid = r.rngmultitypid JOIN pg_namespace mn ON mn.oid = m.typnamespace \
        JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace on_ ON on_.oid = o.opcnamespace \
        JOIN pg_type s ON s.oid = r.rngsubtype WHERE n.oid = ANY($1)";

/// The locale of ICU is in a column of its own since 15 and got another name in 17; rules came in 16.
fn collations(version: u32) -> String {
    let locale = match version {
        170_000.. => "coalesce(c.colllocale, c.collcollate)",
        150_000.. => "coalesce(c.colliculocale, c.collcollate)",
        _ => "c.collcollate",
    };
    let rules = if 160_000 <= version { "'rules = ' || quote_literal(c.collicurules)" } else { "NULL" };
    format!(
        "SELECT c.oid, format('CREATE COLLATION %I.%I (%s)', n.nspname, c.collname, concat_ws(', ', \
             CASE c.collprovider WHEN 'c' THEN 'provider = libc' WHEN 'i' THEN 'provider = icu' WHEN 'b' THEN 'provider = builtin' END, \
             CASE WHEN c.collprovider <> 'c' OR c.collcollate = c.collctype THEN 'locale = ' || quote_literal({locale}) END, \
             CASE WHEN c.collprovider = 'c' AND c.collcollate <> c.collctype THEN \
                 format('lc_collate = %L, lc_ctype = %L', c.collcollate, c.collctype) END, \
             CASE WHEN NOT c.collisdeterministic THEN 'deterministic = false' END, {rules})) AS sql, NULL::text[] AS after \
         FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE n.oid = ANY($1)"
    )
}

/// A cast has no name and no PostgreSQL schema: it is of that of its types or its function, or of the database where those are
/// PostgreSQL's own.
const CASTS: &str = "SELECT c.oid, format('CREATE CAST (%s AS %s) %s%s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL), \
        CASE c.castmethod WHEN 'f' THEN format('WITH FUNCTION %s', c.castfunc::regprocedure) WHEN 'i' THEN 'WITH INOUT' \
            ELSE 'WITHOUT FUNCTION' END, \
        CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END) AS sql, NULL::text[] AS after \
    FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget \
        LEFT JOIN pg_proc f ON f.oid = c.castfunc \
    WHERE c.oid >= 16384 AND (s.typnamespace = ANY($1) OR t.typnamespace = ANY($1) OR f.pronamespace = ANY($1) \
            OR (s.typnamespace = 11 AND t.typnamespace = 11 AND coalesce(f.pronamespace, 11) = 11)) AND NOT EXISTS \
        (SELECT FROM pg_depend d WHERE d.classid = 2605 AND d.objid = c.oid AND d.deptype = 'i')";

const CONVERSIONS: &str = "SELECT c.oid, format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s', CASE WHEN c.condefault THEN 'DEFAULT ' END, \
        n.nspname, c.conname, pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc::regproc) AS sql, \
        NULL::text[] AS after \
    FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.oid = ANY($1)";

pub(super) fn sources(version: u32) -> Vec<Source> {
    let plain = |reading, class, sql: &str| Source { reading, class, sql: sql.to_owned() };
    vec![
        Source { reading: "collations", class: 3456, sql: collations(version) },
        plain("composite types", class::RELATION, COMPOSITES),
        plain("range types", class::TYPE, RANGES),
        plain("casts", 2605, CASTS),
        plain("conversions", 2607, CONVERSIONS),
    ]
}
