//! Everything in the database that has no kind in the model yet, by kind and name, so that nothing is dropped silently.
//!
//! Each row below is one catalog. When a kind enters the model, its row leaves this list.

use super::{CatalogError, reader::Reader};

/// A catalog to list: its fixed identifier, and a query of kind, object identifier and name. `$1` is the PostgreSQL schemas in
/// scope. `%I` quotes as SQL needs it.
const IN_SCHEMAS: &[(u32, &str)] = &[
    (
        1247,
        "SELECT CASE t.typtype WHEN 'p' THEN 'shell type' ELSE 'base type' END, t.oid, \
            format('%I.%I', n.nspname, t.typname) \
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.oid = ANY($1) AND t.typtype IN ('p', 'b') \
            AND (t.typtype <> 'b' OR t.typsubscript <> 'array_subscript_handler'::regproc)",
    ),
    (
        2617,
        "SELECT 'shell operator', o.oid, format('%I.%s', n.nspname, o.oprname) \
        FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE n.oid = ANY($1) AND o.oprcode = 0",
    ),
    (
        1259,
        "SELECT 'invalid index of a materialized view', i.indexrelid, format('%I.%I', n.nspname, c.relname) \
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.oid = ANY($1) AND c.relkind = 'm' AND NOT i.indisvalid",
    ),
];

/// Objects of the database itself. Those below 16384 are PostgreSQL's own. Of a subscription, a plain role may read the name but
/// not on every version the identifier.
const IN_DATABASE: &[(u32, &str)] = &[
    (
        6100,
        "SELECT 'subscription', 0::oid, format('%I', s.subname) FROM pg_subscription s \
        JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()",
    ),
    (2612, "SELECT 'language', l.oid, format('%I', l.lanname) FROM pg_language l WHERE l.oid >= 16384"),
    (2601, "SELECT 'access method', a.oid, format('%I', a.amname) FROM pg_am a WHERE a.oid >= 16384"),
    (
        3576,
        "SELECT 'transform', t.oid, format('FOR %s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname) \
        FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384",
    ),
    // What an extension adds stands on an operator or function of its own.
    (
        2602,
        "SELECT 'operator of a family of PostgreSQL', o.oid, format('%s in %I USING %I', o.amopopr::regoperator, f.opfname, m.amname) \
        FROM pg_amop o JOIN pg_opfamily f ON f.oid = o.amopfamily JOIN pg_am m ON m.oid = f.opfmethod \
        WHERE f.oid < 16384 AND o.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 2617 AND d.objid = o.amopopr \
            AND d.deptype = 'e')",
    ),
    (
        2603,
        "SELECT 'function of a family of PostgreSQL', p.oid, format('%s in %I USING %I', p.amproc::regprocedure, f.opfname, m.amname) \
        FROM pg_amproc p JOIN pg_opfamily f ON f.oid = p.amprocfamily JOIN pg_am m ON m.oid = f.opfmethod \
        WHERE f.oid < 16384 AND p.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 1255 AND d.objid = p.amproc \
            AND d.deptype = 'e')",
    ),
    // They are of a role, as privileges are, and hold passwords.
    (
        1418,
        "SELECT 'user mapping', m.umid, format('%s SERVER %I', CASE m.umuser WHEN 0 THEN 'public' ELSE quote_ident(m.usename) END, \
            m.srvname) FROM pg_user_mappings m",
    ),
];

/// What the model cannot say of objects that it knows, and of `public`, which is there before. Without a statistics target it is -1, from 17 on NULL. The trigger of a partition
/// that comes with its parent's fires when that one does, unless it was told otherwise; before 15 it counts as internal, as those of foreign
/// keys always do.
const PROPERTIES: &str = "SELECT 'statistics target of an index of a partition', format('%I.%I.%I', n.nspname, c.relname, a.attname), \
        a.attrelid \
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attnum = a.attnum \
    WHERE n.oid = ANY($1) AND c.relkind IN ('i', 'I') AND coalesce(a.attstattarget, -1) <> coalesce(p.attstattarget, -1) \
    UNION ALL SELECT 'state of a trigger of a partition', format('%I.%I.%I', n.nspname, c.relname, t.tgname), c.oid \
    FROM pg_trigger t JOIN pg_trigger p ON p.oid = t.tgparentid JOIN pg_class c ON c.oid = t.tgrelid \
        JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.oid = ANY($1) AND t.tgenabled <> p.tgenabled \
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype <> 't') \
    UNION ALL SELECT 'comment', format('SCHEMA %I', n.nspname), n.oid FROM pg_namespace n \
    WHERE n.oid = ANY($1) AND n.nspname = 'public' \
        AND obj_description(n.oid, 'pg_namespace') <> 'standard public schema'";

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
    for row in reader.managed_rows("properties", PROPERTIES)? {
        if !reader.is_member(super::reader::class::RELATION, row.get(2)) {
            reader.unmanaged(row.get::<_, &str>(0), row.get::<_, String>(1));
        }
    }
    Ok(())
}
