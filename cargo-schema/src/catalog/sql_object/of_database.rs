//! What is of the database itself or over several tables: extended statistics, event triggers and publications.

use super::Source;

const STATISTICS: &str = "SELECT s.oid, pg_get_statisticsobjdef(s.oid) AS sql, \
        CASE WHEN coalesce(s.stxstattarget, -1) >= 0 THEN \
            ARRAY[format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget)] END AS after \
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE n.oid = ANY($1)";

const EVENT_TRIGGERS: &str = "SELECT e.oid, format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', e.evtname, e.evtevent, \
        (SELECT ' WHEN TAG IN (' || string_agg(quote_literal(t.tag), ', ' ORDER BY t.at) || ')' \
        FROM unnest(e.evttags) WITH ORDINALITY AS t (tag, at)), e.evtfoid::regproc) AS sql, \
        CASE e.evtenabled WHEN 'O' THEN NULL ELSE ARRAY[format('ALTER EVENT TRIGGER %I %s', e.evtname, \
            CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END)] END AS after \
    FROM pg_event_trigger e WHERE $1::oid[] IS NOT NULL";

/// Filters, lists of columns and whole PostgreSQL schemas came with 15, generated columns with 18.
fn publications(version: u32) -> String {
    let (columns, schemas) = match version {
        150_000.. => (
            "CASE WHEN r.prattrs IS NOT NULL THEN (SELECT format(' (%s)', string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)) \
                 FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY(r.prattrs)) END, \
             ' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')'",
            "UNION ALL SELECT 'TABLES IN SCHEMA ' || format('%I', sn.nspname) FROM pg_publication_namespace m \
                 JOIN pg_namespace sn ON sn.oid = m.pnnspid WHERE m.pnpubid = p.oid",
        ),
        _ => ("NULL, NULL", ""),
    };
    let generated = match version {
        180_000.. => "CASE WHEN p.pubgencols = 's' THEN ', publish_generated_columns = stored' END",
        _ => "NULL",
    };
    // Without the word, the heirs would be published as well; those that are have a row of their own.
    let only =
        "CASE WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid) THEN 'ONLY ' END";
    format!(
        "SELECT p.oid, format('CREATE PUBLICATION %I%s WITH (publish = %L%s%s)', p.pubname, \
             CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE (SELECT ' FOR ' || string_agg(m.member, ', ' ORDER BY m.member) FROM ( \
                 SELECT format('TABLE %s%I.%I%s%s', {only}, n.nspname, c.relname, {columns}) AS member FROM pg_publication_rel r \
                     JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid {schemas}) AS m) END, \
             concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, \
                 CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END), \
             CASE WHEN p.pubviaroot THEN ', publish_via_partition_root = true' END, {generated}) AS sql, NULL::text[] AS after \
         FROM pg_publication p WHERE $1::oid[] IS NOT NULL"
    )
}

pub(super) fn sources(version: u32) -> Vec<Source> {
    vec![
        Source { reading: "extended statistics", class: 3381, sql: STATISTICS.to_owned() },
        Source { reading: "event triggers", class: 3466, sql: EVENT_TRIGGERS.to_owned() },
        Source { reading: "publications", class: 6104, sql: publications(version) },
    ]
}
