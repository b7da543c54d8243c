//! Functions, procedures and aggregates (`pg_proc`, `pg_aggregate`).

use super::Source;

const ROUTINES: &str = "SELECT p.oid, pg_get_functiondef(p.oid) AS sql, NULL::text[] AS after \
    FROM pg_proc p WHERE p.pronamespace = ANY($1) AND p.prokind IN ('f', 'p', 'w') AND NOT EXISTS \
        (SELECT FROM pg_depend d WHERE d.classid = 1255 AND d.objid = p.oid AND d.deptype = 'i')";

/// `CREATE AGGREGATE` takes what `pg_aggregate` holds, word by word; `regproc` and `regoperator` qualify what is not of `pg_catalog`.
const AGGREGATES: &str = "SELECT p.oid, format('CREATE AGGREGATE %I.%I(%s) (%s)', n.nspname, p.proname, \
        CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END, concat_ws(', ', \
            'SFUNC = ' || a.aggtransfn::regproc, \
            'STYPE = ' || format_type(a.aggtranstype, NULL), \
            CASE WHEN a.aggtransspace <> 0 THEN 'SSPACE = ' || a.aggtransspace END, \
            CASE WHEN a.aggfinalfn <> 0 THEN 'FINALFUNC = ' || a.aggfinalfn::regproc END, \
            CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END, \
            CASE WHEN a.aggfinalfn <> 0 AND a.aggfinalmodify <> (CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END)::\"char\" \
                THEN 'FINALFUNC_MODIFY = ' || CASE a.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END, \
            CASE WHEN a.aggcombinefn <> 0 THEN 'COMBINEFUNC = ' || a.aggcombinefn::regproc END, \
            CASE WHEN a.aggserialfn <> 0 THEN 'SERIALFUNC = ' || a.aggserialfn::regproc END, \
            CASE WHEN a.aggdeserialfn <> 0 THEN 'DESERIALFUNC = ' || a.aggdeserialfn::regproc END, \
            'INITCOND = ' || quote_literal(a.agginitval), \
            CASE WHEN a.aggmtransfn <> 0 THEN 'MSFUNC = ' || a.aggmtransfn::regproc END, \
            CASE WHEN a.aggminvtransfn <> 0 THEN 'MINVFUNC = ' || a.aggminvtransfn::regproc END, \
            CASE WHEN a.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(a.aggmtranstype, NULL) END, \
            CASE WHEN a.aggmtransspace <> 0 THEN 'MSSPACE = ' || a.aggmtransspace END, \
            CASE WHEN a.aggmfinalfn <> 0 THEN 'MFINALFUNC = ' || a.aggmfinalfn::regproc END, \
            CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END, \
            CASE WHEN a.aggmfinalfn <> 0 AND a.aggmfinalmodify <> (CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END)::\"char\" \
                THEN 'MFINALFUNC_MODIFY = ' || CASE a.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END, \
            'MINITCOND = ' || quote_literal(a.aggminitval), \
            CASE WHEN a.aggsortop <> 0 THEN (SELECT format('SORTOP = OPERATOR(%I.%s)', on_.nspname, o.oprname) \
                FROM pg_operator o JOIN pg_namespace on_ ON on_.oid = o.oprnamespace WHERE o.oid = a.aggsortop) END, \
            CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END, \
            CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END)) AS sql, NULL::text[] AS after \
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_aggregate a ON a.aggfnoid = p.oid \
    WHERE n.oid = ANY($1)";

pub(super) fn sources() -> Vec<Source> {
    vec![
        Source { reading: "functions", class: 1255, sql: ROUTINES.to_owned() },
        Source { reading: "aggregates", class: 1255, sql: AGGREGATES.to_owned() },
    ]
}
