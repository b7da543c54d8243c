//! Everything in the database that has no kind in the model yet, by kind and name, so that nothing is dropped silently.
//!
//! Each row below is one catalog. When a kind enters the model, its row leaves this list.

use super::{CatalogError, reader::Reader};

/// A catalog to list: its fixed identifier, and a query of kind, object identifier and name. `$1` is the PostgreSQL schemas in
/// scope. `%I` quotes as SQL needs it.
const IN_SCHEMAS: &[(u32, &str)] = &[
    (
        1255,
        "SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function' \
            ELSE 'function' END, p.oid, \
            format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) \
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.oid = ANY($1) AND NOT EXISTS \
            (SELECT FROM pg_depend d WHERE d.classid = 1255 AND d.objid = p.oid AND d.deptype IN ('e', 'i'))",
    ),
    (
        1247,
        "SELECT CASE t.typtype WHEN 'r' THEN 'range type' WHEN 'p' THEN 'shell type' ELSE 'base type' END, t.oid, \
            format('%I.%I', n.nspname, t.typname) \
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.oid = ANY($1) AND t.typtype IN ('r', 'p', 'b') \
            AND (t.typtype <> 'b' OR t.typsubscript <> 'array_subscript_handler'::regproc)",
    ),
    (
        3456,
        "SELECT 'collation', c.oid, format('%I.%I', n.nspname, c.collname) \
        FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE n.oid = ANY($1)",
    ),
    (
        2607,
        "SELECT 'conversion', c.oid, format('%I.%I', n.nspname, c.conname) \
        FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.oid = ANY($1)",
    ),
    (
        2617,
        "SELECT 'operator', o.oid, format('%I.%s(%s, %s)', n.nspname, o.oprname, \
            format_type(nullif(o.oprleft, 0), NULL), format_type(o.oprright, NULL)) \
        FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE n.oid = ANY($1)",
    ),
    (
        2616,
        "SELECT 'operator class', o.oid, format('%I.%I', n.nspname, o.opcname) \
        FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE n.oid = ANY($1)",
    ),
    (
        2753,
        "SELECT 'operator family', o.oid, format('%I.%I', n.nspname, o.opfname) \
        FROM pg_opfamily o JOIN pg_namespace n ON n.oid = o.opfnamespace WHERE n.oid = ANY($1)",
    ),
    (
        3602,
        "SELECT 'text search configuration', c.oid, format('%I.%I', n.nspname, c.cfgname) \
        FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE n.oid = ANY($1)",
    ),
    (
        3600,
        "SELECT 'text search dictionary', d.oid, format('%I.%I', n.nspname, d.dictname) \
        FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE n.oid = ANY($1)",
    ),
    (
        3601,
        "SELECT 'text search parser', p.oid, format('%I.%I', n.nspname, p.prsname) \
        FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE n.oid = ANY($1)",
    ),
    (
        3764,
        "SELECT 'text search template', t.oid, format('%I.%I', n.nspname, t.tmplname) \
        FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE n.oid = ANY($1)",
    ),
    (
        3381,
        "SELECT 'statistics', s.oid, format('%I.%I', n.nspname, s.stxname) \
        FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE n.oid = ANY($1)",
    ),
    (
        2620,
        "SELECT CASE WHEN t.tgconstraint <> 0 THEN 'constraint trigger' ELSE 'trigger' END, t.oid, \
            format('%I.%I.%I', n.nspname, c.relname, t.tgname) \
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.oid = ANY($1) AND NOT t.tgisinternal",
    ),
    (
        2618,
        "SELECT 'rule', r.oid, format('%I.%I.%I', n.nspname, c.relname, r.rulename) \
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.oid = ANY($1) AND r.rulename <> '_RETURN'",
    ),
    (
        3256,
        "SELECT 'policy', p.oid, format('%I.%I.%I', n.nspname, c.relname, p.polname) \
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.oid = ANY($1)",
    ),
];

/// Objects of the database itself. Those below 16384 are PostgreSQL's own. Of a subscription, a plain role may read the name but
/// not on every version the identifier.
const IN_DATABASE: &[(u32, &str)] = &[
    (
        2605,
        "SELECT 'cast', c.oid, format('%s AS %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)) \
        FROM pg_cast c WHERE c.oid >= 16384 AND NOT EXISTS \
            (SELECT FROM pg_depend d WHERE d.classid = 2605 AND d.objid = c.oid AND d.deptype = 'i')",
    ),
    (3466, "SELECT 'event trigger', e.oid, format('%I', e.evtname) FROM pg_event_trigger e"),
    (6104, "SELECT 'publication', p.oid, format('%I', p.pubname) FROM pg_publication p"),
    (
        6100,
        "SELECT 'subscription', 0::oid, format('%I', s.subname) FROM pg_subscription s \
        JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()",
    ),
    (2328, "SELECT 'foreign data wrapper', f.oid, format('%I', f.fdwname) FROM pg_foreign_data_wrapper f"),
    (1417, "SELECT 'foreign server', s.oid, format('%I', s.srvname) FROM pg_foreign_server s"),
    (2612, "SELECT 'language', l.oid, format('%I', l.lanname) FROM pg_language l WHERE l.oid >= 16384"),
    (2601, "SELECT 'access method', a.oid, format('%I', a.amname) FROM pg_am a WHERE a.oid >= 16384"),
    (
        3576,
        "SELECT 'transform', t.oid, format('%s for %I', format_type(t.trftype, NULL), l.lanname) \
        FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384",
    ),
];

/// Statistics targets of the keys of indexes, which the model cannot say. Without one it is -1, from 17 on NULL.
const PROPERTIES: &str = "SELECT 'statistics target of an index', format('%I.%I.%I', n.nspname, c.relname, a.attname), \
        a.attrelid \
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.oid = ANY($1) AND c.relkind IN ('i', 'I') AND a.attnum > 0 AND coalesce(a.attstattarget, -1) >= 0";

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), CatalogError> {
    let all = IN_SCHEMAS.iter().chain(IN_DATABASE).map(|(class, sql)| {
        // The first column of each is named here, so that the rows above stay short.
        format!("SELECT {class}::oid AS class, u.kind::text, u.oid, u.name FROM ({sql}) AS u(kind, oid, name)")
    });
    let sql = all.collect::<Vec<_>>().join(" UNION ALL ");
    for row in reader.managed_rows("the other objects", &sql)? {
        if !reader.is_member(row.get("class"), row.get("oid")) {
            reader.unmanaged(row.get::<_, String>("kind"), row.get::<_, String>("name"));
        }
    }
    for row in reader.managed_rows("properties of indexes", PROPERTIES)? {
        if !reader.is_member(super::reader::class::RELATION, row.get(2)) {
            reader.unmanaged(row.get::<_, &str>(0), row.get::<_, String>(1));
        }
    }
    Ok(())
}
