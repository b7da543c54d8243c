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

const LINES: &str = r#"
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
SELECT concat_ws(' | ', 'extension', extname, nspname, obj_description(e.oid, 'pg_extension')) FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace
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
FROM own c WHERE relkind NOT IN ('i', 'S', 'I')
UNION ALL
SELECT concat_ws(' | ', 'heir', c.oid::regclass, i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid)) FROM own c JOIN pg_inherits i ON inhrelid = c.oid
UNION ALL
SELECT concat_ws(' | ', 'partition key', c.oid::regclass, pg_get_partkeydef(c.oid)) FROM own c WHERE relkind = 'p'
UNION ALL
SELECT concat_ws(' | ', 'column', c.oid::regclass, attname, format_type(atttypid, atttypmod), 'not null ' || attnotnull,
    'collation ' || nullif(attcollation, 0)::regcollation, 'identity ' || nullif(attidentity::text, ''), 'generated ' || nullif(attgenerated::text, ''),
    'default ' || pg_get_expr(adbin, adrelid), 'comment ' || col_description(c.oid, attnum),
    'storage ' || attstorage::text || ' ' || attcompression::text || ' ' || attstattarget)
FROM own c JOIN pg_attribute a ON attrelid = c.oid LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND attnum > 0 AND NOT attisdropped
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
FROM own c JOIN pg_sequence ON seqrelid = c.oid
UNION ALL
SELECT concat_ws(' | ', 'view', c.oid::regclass, pg_get_viewdef(c.oid)) FROM own c WHERE relkind IN ('v', 'm')
UNION ALL
SELECT concat_ws(' | ', 'routine', p.oid::regprocedure, CASE prokind WHEN 'a' THEN (
    SELECT concat_ws(' ', aggtransfn, aggtranstype::regtype, agginitval) FROM pg_aggregate WHERE aggfnoid = p.oid)
    ELSE pg_get_functiondef(p.oid) END, obj_description(p.oid, 'pg_proc'))
FROM pg_proc p JOIN spaces ON spaces.oid = pronamespace
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT concat_ws(' | ', 'trigger', pg_get_triggerdef(t.oid), tgenabled, obj_description(t.oid, 'pg_trigger'))
FROM pg_trigger t JOIN own c ON c.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT concat_ws(' | ', 'rule', pg_get_ruledef(r.oid), ev_enabled, obj_description(r.oid, 'pg_rewrite'))
FROM pg_rewrite r JOIN own c ON c.oid = ev_class WHERE rulename <> '_RETURN'
UNION ALL
SELECT concat_ws(' | ', 'policy', polname, polrelid::regclass, polcmd, polpermissive, polroles::text, pg_get_expr(polqual, polrelid),
    pg_get_expr(polwithcheck, polrelid), obj_description(p.oid, 'pg_policy'))
FROM pg_policy p JOIN own c ON c.oid = polrelid
UNION ALL
SELECT concat_ws(' | ', 'range', rngtypid::regtype, rngsubtype::regtype, rngmultitypid::regtype, obj_description(t.oid, 'pg_type'))
FROM pg_range JOIN types t ON t.oid = rngtypid
UNION ALL
SELECT concat_ws(' | ', 'operator', o.oid::regoperator, oprresult::regtype, oprcode, obj_description(o.oid, 'pg_operator'))
FROM pg_operator o JOIN spaces ON spaces.oid = oprnamespace
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e')
UNION ALL
SELECT concat_ws(' | ', 'cast', castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod, obj_description(k.oid, 'pg_cast'))
FROM pg_cast k WHERE k.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT concat_ws(' | ', 'conversion', k.conname, spaces.nspname, conforencoding, contoencoding, conproc, condefault, obj_description(k.oid, 'pg_conversion'))
FROM pg_conversion k JOIN spaces ON spaces.oid = connamespace
UNION ALL
SELECT concat_ws(' | ', 'statistics', pg_get_statisticsobjdef(s.oid), obj_description(s.oid, 'pg_statistic_ext'))
FROM pg_statistic_ext s JOIN spaces ON spaces.oid = stxnamespace
UNION ALL
SELECT concat_ws(' | ', 'collation', k.oid::regcollation, collprovider, collcollate, obj_description(k.oid, 'pg_collation'))
FROM pg_collation k JOIN spaces ON spaces.oid = collnamespace
UNION ALL
SELECT concat_ws(' | ', 'foreign data wrapper', fdwname, fdwhandler::regproc, fdwvalidator::regproc, fdwoptions::text, obj_description(w.oid, 'pg_foreign_data_wrapper'))
FROM pg_foreign_data_wrapper w
UNION ALL
SELECT concat_ws(' | ', 'server', srvname, fdwname, srvtype, srvversion, srvoptions::text, obj_description(s.oid, 'pg_foreign_server'))
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON srvfdw = w.oid
UNION ALL
SELECT concat_ws(' | ', 'foreign table', ftrelid::regclass, srvname, ftoptions::text) FROM pg_foreign_table JOIN pg_foreign_server s ON ftserver = s.oid
UNION ALL
SELECT concat_ws(' | ', 'publication', pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
    (SELECT string_agg(prrelid::regclass::text, ',' ORDER BY prrelid::regclass::text) FROM pg_publication_rel WHERE prpubid = p.oid),
    obj_description(p.oid, 'pg_publication'))
FROM pg_publication p
UNION ALL
SELECT concat_ws(' | ', 'event trigger', evtname, evtevent, evtfoid::regproc, evtenabled, evttags::text, obj_description(e.oid, 'pg_event_trigger'))
FROM pg_event_trigger e
UNION ALL
SELECT concat_ws(' | ', 'parser', spaces.nspname, prsname, prsstart, prstoken, prsend, prsheadline, prslextype, obj_description(k.oid, 'pg_ts_parser'))
FROM pg_ts_parser k JOIN spaces ON spaces.oid = prsnamespace
UNION ALL
SELECT concat_ws(' | ', 'template', spaces.nspname, tmplname, tmplinit, tmpllexize, obj_description(k.oid, 'pg_ts_template'))
FROM pg_ts_template k JOIN spaces ON spaces.oid = tmplnamespace
UNION ALL
SELECT concat_ws(' | ', 'dictionary', d.oid::regdictionary, tmplname, dictinitoption, obj_description(d.oid, 'pg_ts_dict'))
FROM pg_ts_dict d JOIN spaces ON spaces.oid = dictnamespace JOIN pg_ts_template t ON t.oid = dicttemplate
UNION ALL
SELECT concat_ws(' | ', 'configuration', k.oid::regconfig, prsname, obj_description(k.oid, 'pg_ts_config'),
    (SELECT string_agg(concat_ws(' ', maptokentype, mapseqno, mapdict::regdictionary), ',' ORDER BY maptokentype, mapseqno) FROM pg_ts_config_map WHERE mapcfg = k.oid))
FROM pg_ts_config k JOIN spaces ON spaces.oid = cfgnamespace JOIN pg_ts_parser p ON p.oid = cfgparser
UNION ALL
SELECT concat_ws(' | ', 'privilege', l.name, CASE g.grantee WHEN l.owner THEN 'its owner' WHEN 0 THEN 'everybody' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
    g.privilege_type, CASE WHEN g.is_grantable AND g.grantee <> l.owner THEN 'and gives on' END)
FROM (
    SELECT 'relation ' || c.oid::regclass AS name, relowner AS owner, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
        FROM own c WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT format('column %s.%I', c.oid::regclass, attname), relowner, attacl FROM own c JOIN pg_attribute ON attrelid = c.oid
        WHERE attacl IS NOT NULL AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'routine ' || p.oid::regprocedure, proowner, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc p JOIN spaces ON spaces.oid = pronamespace
        WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
    UNION ALL SELECT 'type ' || t.oid::regtype, typowner, coalesce(typacl, acldefault('T', typowner)) FROM types t
        WHERE typtype IN ('d', 'e', 'r') OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND relkind = 'c')
    UNION ALL SELECT 'schema ' || n.nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace n JOIN spaces ON spaces.oid = n.oid
    UNION ALL SELECT 'wrapper ' || fdwname, fdwowner, coalesce(fdwacl, acldefault('F', fdwowner)) FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'server ' || srvname, srvowner, coalesce(srvacl, acldefault('S', srvowner)) FROM pg_foreign_server
) AS l, aclexplode(l.acl) AS g
UNION ALL
SELECT concat_ws(' | ', 'default privilege', pg_get_userbyid(defaclrole), nspname, defaclobjtype,
    CASE g.grantee WHEN defaclrole THEN 'its owner' WHEN 0 THEN 'everybody' ELSE quote_ident(pg_get_userbyid(g.grantee)) END, g.privilege_type,
    CASE WHEN g.is_grantable AND g.grantee <> defaclrole THEN 'and gives on' END)
FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace LEFT JOIN LATERAL aclexplode(defaclacl) AS g ON true;
RESET search_path;
"#;
