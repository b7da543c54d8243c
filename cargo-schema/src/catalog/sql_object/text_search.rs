//! Text search parsers, templates, dictionaries and configurations (`pg_ts_*`).

use super::Source;

const PARSERS: &str = "SELECT p.oid, format('CREATE TEXT SEARCH PARSER %I.%I (START = %s, GETTOKEN = %s, END = %s, LEXTYPES = %s%s)', \
        n.nspname, p.prsname, p.prsstart::regproc, p.prstoken::regproc, p.prsend::regproc, p.prslextype::regproc, \
        CASE WHEN p.prsheadline <> 0 THEN ', HEADLINE = ' || p.prsheadline::regproc END) AS sql, NULL::text[] AS after \
    FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE n.oid = ANY($1)";

const TEMPLATES: &str = "SELECT t.oid, format('CREATE TEXT SEARCH TEMPLATE %I.%I (%sLEXIZE = %s)', n.nspname, t.tmplname, \
        CASE WHEN t.tmplinit <> 0 THEN 'INIT = ' || t.tmplinit::regproc || ', ' END, t.tmpllexize::regproc) AS sql, NULL::text[] AS after \
    FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE n.oid = ANY($1)";

const DICTIONARIES: &str = "SELECT d.oid, format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I%s)', n.nspname, d.dictname, \
        tn.nspname, t.tmplname, ', ' || d.dictinitoption) AS sql, NULL::text[] AS after \
    FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate \
        JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE n.oid = ANY($1)";

const CONFIGURATIONS: &str = "SELECT c.oid, format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, \
        pn.nspname, p.prsname) AS sql, \
        (SELECT array_agg(format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname, c.cfgname, m.alias, \
            m.dictionaries) ORDER BY m.alias) \
        FROM (SELECT k.alias, string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' ORDER BY w.mapseqno) AS dictionaries \
            FROM pg_ts_config_map w JOIN pg_ts_dict d ON d.oid = w.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace \
                JOIN ts_token_type(c.cfgparser) k ON k.tokid = w.maptokentype \
            WHERE w.mapcfg = c.oid GROUP BY k.alias) AS m) AS after \
    FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser \
        JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE n.oid = ANY($1)";

pub(super) fn sources() -> Vec<Source> {
    [
        ("text search parsers", 3601, PARSERS),
        ("text search templates", 3764, TEMPLATES),
        ("text search dictionaries", 3600, DICTIONARIES),
        ("text search configurations", 3602, CONFIGURATIONS),
    ]
    .map(|(reading, class, sql)| Source { reading, class, sql: sql.to_owned() })
    .into()
}
