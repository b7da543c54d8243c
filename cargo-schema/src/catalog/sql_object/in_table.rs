//! Triggers, rules and policies (`pg_trigger`, `pg_rewrite`, `pg_policy`).

use super::Source;

/// When they fire, as ALTER TABLE says it; `O` is the default.
fn enabled(column: &str, word: &str, name: &str) -> String {
    format!(
        "CASE {column} WHEN 'O' THEN NULL ELSE ARRAY[format('ALTER TABLE %I.%I %s {word} %I', n.nspname, c.relname, \
            CASE {column} WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, {name})] END AS after"
    )
}

pub(super) fn sources() -> Vec<Source> {
    let joins = "JOIN pg_namespace n ON n.oid = c.relnamespace";
    // Those of partitions that come with the parent's have a parent themselves.
    let triggers = format!(
        "SELECT t.oid, pg_get_triggerdef(t.oid) AS sql, {} FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid {joins} \
         WHERE n.oid = ANY($1) AND NOT t.tgisinternal AND t.tgparentid = 0",
        enabled("t.tgenabled", "TRIGGER", "t.tgname")
    );
    let rules = format!(
        "SELECT r.oid, pg_get_ruledef(r.oid) AS sql, {} FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class {joins} \
         WHERE n.oid = ANY($1) AND r.rulename <> '_RETURN'",
        enabled("r.ev_enabled", "RULE", "r.rulename")
    );
    let policies = format!(
        "SELECT p.oid, format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.polname, n.nspname, c.relname, \
                CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, \
                CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, \
                CASE WHEN p.polroles = '{{0}}' THEN 'PUBLIC' ELSE (SELECT string_agg(format('%I', a.rolname), ', ' ORDER BY a.rolname) \
                    FROM pg_roles a WHERE a.oid = ANY(p.polroles)) END) \
            || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '') \
            || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') AS sql, NULL::text[] AS after \
         FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid {joins} WHERE n.oid = ANY($1)"
    );
    vec![
        Source { reading: "triggers", class: 2620, sql: triggers },
        Source { reading: "rules", class: 2618, sql: rules },
        Source { reading: "policies", class: 3256, sql: policies },
    ]
}
