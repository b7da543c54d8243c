//! Foreign data wrappers, servers and tables. User mappings are listed by [`crate::catalog::unmanaged`].

use super::Source;
use crate::catalog::reader::class;

/// Options between the parentheses of OPTIONS.
fn options(column: &str) -> String {
    format!(
        "(SELECT format(' OPTIONS (%s)', string_agg(format('%I %L', o.option_name, o.option_value), ', ')) \
         FROM pg_options_to_table({column}) AS o HAVING count(*) > 0)"
    )
}

pub(super) fn sources() -> Vec<Source> {
    let wrappers = format!(
        "SELECT f.oid, format('CREATE FOREIGN DATA WRAPPER %I%s%s%s', f.fdwname, \
             CASE WHEN f.fdwhandler <> 0 THEN ' HANDLER ' || f.fdwhandler::regproc END, \
             CASE WHEN f.fdwvalidator <> 0 THEN ' VALIDATOR ' || f.fdwvalidator::regproc END, {}) AS sql, NULL::text[] AS after \
         FROM pg_foreign_data_wrapper f WHERE $1::oid[] IS NOT NULL",
        options("f.fdwoptions")
    );
    let servers = format!(
        "SELECT s.oid, format('CREATE SERVER %I%s%s FOREIGN DATA WRAPPER %I%s', s.srvname, ' TYPE ' || quote_literal(s.srvtype), \
             ' VERSION ' || quote_literal(s.srvversion), f.fdwname, {}) AS sql, NULL::text[] AS after \
         FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw WHERE $1::oid[] IS NOT NULL",
        options("s.srvoptions")
    );
    let tables = format!(
        "SELECT c.oid, format('CREATE FOREIGN TABLE %I.%I (%s) SERVER %I%s', n.nspname, c.relname, \
             (SELECT string_agg(format('%I %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod), {}, \
                 CASE WHEN a.attcollation <> t.typcollation THEN format(' COLLATE %I.%I', ln.nspname, l.collname) END, \
                 CASE WHEN d.oid IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END, \
                 CASE WHEN a.attnotnull THEN ' NOT NULL' END), ', ' ORDER BY a.attnum) \
              FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
                  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
                  LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace \
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), s.srvname, {}) AS sql, \
             (SELECT array_agg(format('ALTER FOREIGN TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname, \
                 pg_get_constraintdef(k.oid)) ORDER BY k.conname) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c') AS after \
         FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_foreign_server s ON s.oid = t.ftserver WHERE n.oid = ANY($1) AND NOT c.relispartition",
        options("a.attfdwoptions"),
        options("t.ftoptions")
    );
    vec![
        Source { reading: "foreign data wrappers", class: 2328, sql: wrappers },
        Source { reading: "foreign servers", class: 1417, sql: servers },
        Source { reading: "foreign tables", class: class::RELATION, sql: tables },
    ]
}
