//! Operators (`pg_operator`).

use super::Source;

const OPERATORS: &str = "SELECT o.oid, format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, concat_ws(', ', \
        'FUNCTION = ' || o.oprcode::regproc, \
        CASE WHEN o.oprleft <> 0 THEN 'LEFTARG = ' || format_type(o.oprleft, NULL) END, \
        CASE WHEN o.oprright <> 0 THEN 'RIGHTARG = ' || format_type(o.oprright, NULL) END, \
        (SELECT format('COMMUTATOR = OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c \
            JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprcom), \
        (SELECT format('NEGATOR = OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c \
            JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprnegate), \
        CASE WHEN o.oprcanmerge THEN 'MERGES' END, CASE WHEN o.oprcanhash THEN 'HASHES' END, \
        CASE WHEN o.oprrest <> 0 THEN 'RESTRICT = ' || o.oprrest::regproc END, \
        CASE WHEN o.oprjoin <> 0 THEN 'JOIN = ' || o.oprjoin::regproc END)) AS sql, NULL::text[] AS after \
    FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE n.oid = ANY($1) AND o.oprcode <> 0";

pub(super) fn sources() -> Vec<Source> {
    vec![Source { reading: "operators", class: 2617, sql: OPERATORS.to_owned() }]
}
