//! Domains (`pg_type`, typtype `d`) with their checks (`pg_constraint`, contypid).

use std::collections::BTreeMap;

use schema_core::kinds::{Domain, DomainCheck};

use super::{
    CatalogError,
    reader::{Reader, bare, class, expr, ident},
};

const DOMAINS: &str = "SELECT t.oid, t.typnamespace, t.typname, format_type(t.typbasetype, t.typtypmod) AS type, \
        t.typnotnull, pg_get_expr(t.typdefaultbin, 0) AS expr, c.collname, c.collnamespace \
    FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype \
        LEFT JOIN pg_collation c ON c.oid = t.typcollation AND t.typcollation <> b.typcollation \
    WHERE t.typtype = 'd' AND t.typnamespace = ANY($1)";

/// PostgreSQL 17 keeps the NOT NULL of a domain here as well (contype `n`); `typnotnull` says it on all versions.
const CHECKS: &str = "SELECT oid, contypid, conname, convalidated, pg_get_expr(conbin, 0) AS expr \
    FROM pg_constraint WHERE contype = 'c' AND contypid = ANY($1)";

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), CatalogError> {
    let mut domains = BTreeMap::new();
    for row in reader.managed_rows("domains", DOMAINS)? {
        let oid: u32 = row.get("oid");
        if reader.is_member(class::TYPE, oid) {
            continue;
        }
        let name = reader.name(&row, "typnamespace", "typname")?;
        let sql_type = reader.sql_type(|| name.quoted(), row.get("type"))?;
        let collation = reader.collation(&row)?;
        let default = row.get::<_, Option<&str>>("expr").map(expr);
        let comment = reader.comment(class::TYPE, oid, 0);
        let (not_null, checks) = (row.get("typnotnull"), Vec::new());
        domains.insert(oid, Domain { name, sql_type, collation, not_null, default, checks, comment });
    }
    read_checks(reader, &mut domains)?;
    for mut domain in domains.into_values() {
        domain.checks.sort_by(|a, b| a.name.cmp(&b.name));
        reader.insert(domain);
    }
    Ok(())
}

fn read_checks(reader: &mut Reader<'_>, domains: &mut BTreeMap<u32, Domain>) -> Result<(), CatalogError> {
    let oids: Vec<u32> = domains.keys().copied().collect();
    for row in reader.rows("checks of domains", CHECKS, &[&oids])? {
        let Some(domain) = domains.get_mut(&row.get("contypid")) else { continue };
        let check = DomainCheck {
            name: ident(row.get("conname"))?,
            expr: bare(row.get("expr")),
            not_valid: !row.get::<_, bool>("convalidated"),
            comment: reader.comment(class::CONSTRAINT, row.get("oid"), 0),
        };
        domain.checks.push(check);
    }
    Ok(())
}
