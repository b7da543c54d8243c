//! Operators, and the classes and families that tell an index which of them it serves (`pg_operator`, `pg_opclass`, `pg_opfamily`).

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

/// What the members are of, as `pg_depend` says it: those that an index can do without are the family's, whatever statement made them
/// (`amcheckmembers`).
fn members(of: &str, oid: &str) -> (String, String) {
    let depends = |class: &str, member: &str| {
        format!(
            "EXISTS (SELECT FROM pg_depend d WHERE d.classid = {class} AND d.objid = {member} AND d.refclassid = {of} AND d.refobjid = {oid} \
                AND d.deptype IN ('i', 'a'))"
        )
    };
    let operators = format!(
        "(SELECT string_agg(format('OPERATOR %s %s%s', o.amopstrategy, o.amopopr::regoperator, (SELECT format(' FOR ORDER BY %I.%I', sn.nspname, \
                 s.opfname) FROM pg_opfamily s JOIN pg_namespace sn ON sn.oid = s.opfnamespace WHERE s.oid = o.amopsortfamily)), ', ' \
             ORDER BY o.amopstrategy, o.amoplefttype::regtype::text, o.amoprighttype::regtype::text) FROM pg_amop o WHERE {})",
        depends("2602", "o.oid")
    );
    let functions = format!(
        "(SELECT string_agg(format('FUNCTION %s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, NULL), \
                 format_type(p.amprocrighttype, NULL), p.amproc::regprocedure), ', ' \
             ORDER BY p.amprocnum, p.amproclefttype::regtype::text, p.amprocrighttype::regtype::text) FROM pg_amproc p WHERE {})",
        depends("2603", "p.oid")
    );
    (operators, functions)
}

/// The family is always named: without the word, a class makes one that is called like it. One without members has a type to store.
fn classes() -> String {
    let (operators, functions) = members("2616", "c.oid");
    format!(
        "SELECT c.oid, format('CREATE OPERATOR CLASS %I.%I %sFOR TYPE %s USING %I FAMILY %I.%I AS %s', n.nspname, c.opcname, \
             CASE WHEN c.opcdefault THEN 'DEFAULT ' END, format_type(c.opcintype, NULL), m.amname, fn.nspname, f.opfname, \
             coalesce(nullif(concat_ws(', ', CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || format_type(c.opckeytype, NULL) END, \
                 {operators}, {functions}), ''), 'STORAGE ' || format_type(c.opcintype, NULL))) AS sql, NULL::text[] AS after \
         FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am m ON m.oid = c.opcmethod \
             JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace WHERE n.oid = ANY($1)"
    )
}

fn families() -> String {
    let (operators, functions) = members("2753", "f.oid");
    format!(
        "SELECT f.oid, format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname) AS sql, \
             (SELECT ARRAY[format('ALTER OPERATOR FAMILY %I.%I USING %I ADD %s', n.nspname, f.opfname, m.amname, loose.members)] \
                 FROM (SELECT concat_ws(', ', {operators}, {functions}) AS members) AS loose WHERE loose.members <> '') AS after \
         FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod WHERE n.oid = ANY($1)"
    )
}

pub(super) fn sources() -> Vec<Source> {
    vec![
        Source { reading: "operators", class: 2617, sql: OPERATORS.to_owned() },
        Source { reading: "operator families", class: 2753, sql: families() },
        Source { reading: "operator classes", class: 2616, sql: classes() },
    ]
}
