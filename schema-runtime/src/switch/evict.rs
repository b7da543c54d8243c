//! Rows moved out of the way of an undoing, to the stash, with the rows that reference them; they come back with the revision that allowed
//! them.

use schema_core::{quote_ident as quoted, quote_literal};

use super::entry::StashKind;
use super::misfits::{Misfits, key};
use super::quiet::Quiet;
use super::stash::{Source, ask, batch};
use super::tables::{Table, Tables};
use crate::apply::ApplyError;
use crate::apply::session::Session;

/// Moves rows to the stash, with the rows that reference them. The transaction is as before the text.
pub(crate) async fn evict<S: Session>(
    session: &mut S,
    source: Source<'_>,
    tables: &Tables,
    misfits: &Misfits,
) -> Result<Vec<i64>, ApplyError> {
    let Some(table) = tables.tables.get(&misfits.table) else { return Ok(Vec::new()) };
    let Some(key) = key(table, table) else { return Ok(Vec::new()) };
    let keys: Vec<String> = misfits.keys.iter().map(|key| format!("({})", quote_literal(key))).collect();
    let sql = format!(
        "CREATE TABLE cargo_schema_stash.evicted (root oid, relation oid, place tid); \
         INSERT INTO cargo_schema_stash.evicted SELECT {}, t.tableoid, t.ctid FROM {} AS t WHERE {key} IN (VALUES {})",
        table.oid,
        table.from(),
        keys.join(", ")
    );
    batch(session, &sql).await?;
    let references = references(session, tables).await?;
    loop {
        let mut found = 0;
        for reference in &references {
            let answer = ask(session, &reference.followed()).await?;
            found += answer.counts.last().copied().unwrap_or(0);
        }
        if found == 0 {
            break;
        }
    }
    let answer = ask(session, "SELECT DISTINCT root FROM cargo_schema_stash.evicted ORDER BY root").await?;
    let mut kept = Vec::new();
    let (mut deletes, mut quiets) = (Vec::new(), Vec::new());
    for row in &answer.rows {
        let root = row[0].as_deref().and_then(|oid| oid.parse().ok());
        let Some(table) = root.and_then(|oid: u32| tables.tables.get(&oid)) else { continue };
        let condition = format!(
            "(t.tableoid, t.ctid) IN (SELECT e.relation, e.place FROM cargo_schema_stash.evicted e WHERE e.root = {})",
            table.oid
        );
        kept.extend(source.rows(session, table, StashKind::Rows, &condition).await?);
        deletes.push(format!("d{} AS (DELETE FROM {} AS t WHERE {condition})", table.oid, table.from()));
        quiets.push(Quiet::triggers(session, table).await?);
    }
    let before: Vec<&str> = quiets.iter().map(|quiet| quiet.before.as_str()).collect();
    let after: Vec<&str> = quiets.iter().map(|quiet| quiet.after.as_str()).collect();
    // One statement, so that references in a circle are checked when all of them are gone.
    let sql = format!(
        "SET CONSTRAINTS ALL IMMEDIATE; {}; WITH {} SELECT; {}; DROP TABLE cargo_schema_stash.evicted",
        before.join("; "),
        deletes.join(", "),
        after.join("; ")
    );
    batch(session, &sql).await?;
    Ok(kept)
}

/// A foreign key.
struct Reference {
    from: Table,
    to: Table,
    /// Column names in SQL.
    pairs: Vec<(String, String)>,
    /// Whether the last pair is of ranges, which several rows together cover.
    period: bool,
}

impl Reference {
    /// Adds the rows that reference one that goes.
    fn followed(&self) -> String {
        let mut same: Vec<String> = self.pairs.iter().map(|(own, theirs)| format!("t.{own} = p.{theirs}")).collect();
        if let (true, Some((own, theirs)), Some(last)) = (self.period, self.pairs.last(), same.last_mut()) {
            *last = format!("t.{own} && p.{theirs}");
        }
        let (from, to) = (&self.from, &self.to);
        format!(
            "INSERT INTO cargo_schema_stash.evicted SELECT {}, t.tableoid, t.ctid FROM {} AS t \
             WHERE EXISTS (SELECT FROM {} AS p JOIN cargo_schema_stash.evicted e ON e.root = {} AND e.relation = p.tableoid \
             AND e.place = p.ctid WHERE {}) \
             AND (t.tableoid, t.ctid) NOT IN (SELECT e.relation, e.place FROM cargo_schema_stash.evicted e)",
            from.oid,
            from.from(),
            to.from(),
            to.oid,
            same.join(" AND ")
        )
    }
}

async fn references<S: Session>(session: &mut S, tables: &Tables) -> Result<Vec<Reference>, ApplyError> {
    // Both properties are of PostgreSQL 18. What is not enforced holds no row back.
    let sql = "SELECT k.conrelid, k.confrelid, array_to_string(k.conkey, ' '), array_to_string(k.confkey, ' '), \
               to_jsonb(k) ->> 'conperiod' FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 \
               AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true' ORDER BY k.oid";
    let answer = ask(session, sql).await?;
    let read = |row: &Vec<Option<String>>| {
        let text = |at: usize| row[at].as_deref().unwrap_or_default();
        let (from, to) = (tables.tables.get(&text(0).parse().ok()?)?, tables.tables.get(&text(1).parse().ok()?)?);
        let names = |table: &Table, list: &str| -> Option<Vec<String>> {
            list.split(' ').map(|number| Some(quoted(&table.numbered(number.parse().ok()?)?.name))).collect()
        };
        let pairs = names(from, text(2))?.into_iter().zip(names(to, text(3))?).collect();
        Some(Reference { from: from.clone(), to: to.clone(), pairs, period: text(4) == "true" })
    };
    Ok(answer.rows.iter().filter_map(read).collect())
}
