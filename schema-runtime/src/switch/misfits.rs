//! Rows that keep an undoing from being done: a constraint that comes back refuses them, or a type cannot hold their value.
//!
//! Which rows these are is asked of the server, with the constraint or the cast at hand.

use schema_core::sql::{Token, tokens};
use schema_core::{quote_ident as quoted, quote_literal};

use super::stash::{ask, batch};
use super::tables::{Table, Tables};
use crate::apply::session::Session;
use crate::apply::{ApplyError, SqlFailure};

/// Rows of one table that do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfits {
    /// The table, as it was before the text.
    pub table: u32,
    /// Their keys, as [`key`] writes them.
    pub keys: Vec<String>,
}

/// Finds the rows that made a statement fail. The transaction is as it was before the statement; `tables` are as before the text. Nothing is
/// found for failures that no row is the cause of.
pub(crate) async fn misfits<S: Session>(
    session: &mut S,
    sql: &str,
    failure: &SqlFailure,
    tables: &Tables,
) -> Result<Option<Misfits>, ApplyError> {
    let retyped = if failure.sqlstate.starts_with("22") { retyped(sql) } else { None };
    let name = match (&retyped, &failure.about) {
        (Some(retyped), _) => retyped.table.clone(),
        (None, Some(about)) => format!("{}.{}", quoted(&about.schema), quoted(&about.table)),
        (None, None) => return Ok(None),
    };
    let answer = ask(session, &format!("SELECT to_regclass({})::oid", quote_literal(&name))).await?;
    let Some(table) = answer.text(0).parse::<u32>().ok().and_then(|oid| tables.tables.get(&oid)) else {
        return Ok(None);
    };
    // The statements before this one may have renamed columns; a row is known by its values.
    let now = super::tables::look(session).await?;
    let Some(current) = now.tables.get(&table.oid) else { return Ok(None) };
    let Some(own) = key(table, current) else { return Ok(None) };
    let column = failure.about.as_ref().and_then(|about| about.column.as_deref());
    let query = match (failure.sqlstate.as_str(), column) {
        ("23502", Some(column)) => Some(picked(current, &own, &format!("t.{} IS NULL", quoted(column)))),
        ("23505", _) => duplicates(current, &own, failure),
        // Of a domain, only the column is told.
        ("23514", Some(column)) => of_domain(session, sql, column, current, &own).await?,
        ("23514" | "23503", _) => refused(session, sql, failure, current, &own).await?,
        ("23P01", _) => excluded(session, sql, failure, current, &own).await?,
        _ => match retyped {
            Some(retyped) => uncast(session, &retyped, current, &own).await?,
            None => None,
        },
    };
    let Some(query) = query else { return Ok(None) };
    let answer = ask(session, &query).await?;
    let keys: Vec<String> = answer.rows.into_iter().filter_map(|mut row| row[0].take()).collect();
    Ok((!keys.is_empty()).then_some(Misfits { table: table.oid, keys }))
}

/// The expression that knows a row before the text and now: of its primary key, or of all columns that are as they were.
pub(crate) fn key(before: &Table, now: &Table) -> Option<String> {
    columns_of_key(before, now).map(|numbers| expression(now, &numbers))
}

fn columns_of_key(before: &Table, now: &Table) -> Option<Vec<i16>> {
    let stays = |number: &i16| match (before.numbered(*number), now.numbered(*number)) {
        (Some(before), Some(now)) => before.data_type == now.data_type,
        _ => false,
    };
    if !before.key.is_empty() && before.key.iter().all(stays) {
        return Some(before.key.clone());
    }
    let all: Vec<i16> = before.stored().map(|column| column.number).filter(stays).collect();
    (!all.is_empty()).then_some(all)
}

fn expression(table: &Table, numbers: &[i16]) -> String {
    let columns = numbers.iter().filter_map(|number| Some(format!("t.{}", quoted(&table.numbered(*number)?.name))));
    format!("ROW({})::text", columns.collect::<Vec<_>>().join(", "))
}

fn picked(table: &Table, key: &str, condition: &str) -> String {
    format!("SELECT DISTINCT {key} FROM {} AS t WHERE {condition}", table.from())
}

/// All rows but the first of those with one key. The server writes the key's columns or expressions into its detail: `Key (a, b)=(1, 2)`.
fn duplicates(table: &Table, key: &str, failure: &SqlFailure) -> Option<String> {
    let detail = failure.detail.as_deref()?;
    let columns = &detail[detail.find('(')? + 1..detail.find(")=(")?];
    Some(format!(
        "SELECT DISTINCT x.k FROM (SELECT {key} AS k, row_number() OVER (PARTITION BY {columns} ORDER BY {key}) AS place, \
         ROW({columns}) IS NOT NULL AS counts FROM {} AS t) AS x WHERE 1 < x.place AND x.counts",
        table.from()
    ))
}

/// A CHECK or FOREIGN KEY is added without looking at the rows, to ask the catalogs what it says. If that does not work, it may be
/// there, and the statement only begins to look at the rows.
async fn refused<S: Session>(
    session: &mut S,
    sql: &str,
    failure: &SqlFailure,
    table: &Table,
    key: &str,
) -> Result<Option<String>, ApplyError> {
    let Some(constraint) = failure.about.as_ref().and_then(|about| about.constraint.as_deref()) else {
        return Ok(None);
    };
    batch(session, "SAVEPOINT cargo_schema_ask").await?;
    let unchecked = format!("{} NOT VALID", sql.trim_end().trim_end_matches(';'));
    if session.batch(&unchecked).await.is_err() {
        batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_ask").await?;
    }
    let names = |relation: &str, key: &str| {
        format!(
            "(SELECT string_agg(quote_ident(a.attname), ' ' ORDER BY u.place) FROM unnest(k.{key}) WITH ORDINALITY AS u(number, place) \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.{relation} AND a.attnum = u.number)"
        )
    };
    let question = format!(
        "SELECT pg_get_expr(k.conbin, k.conrelid), k.confrelid::regclass, {}, {}, to_jsonb(k) ->> 'conperiod' \
         FROM pg_catalog.pg_constraint k WHERE k.conrelid = {} AND k.conname = {}",
        names("conrelid", "conkey"),
        names("confrelid", "confkey"),
        table.oid,
        quote_literal(constraint)
    );
    let asked = ask(session, &question).await?;
    batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_ask; RELEASE SAVEPOINT cargo_schema_ask").await?;
    let Some(row) = asked.rows.into_iter().next() else { return Ok(None) };
    Ok(match row.as_slice() {
        [Some(check), ..] => Some(picked(table, key, &format!("NOT ({check})"))),
        [None, Some(to), Some(own), Some(theirs), period] => {
            let pairs: Vec<(&str, &str)> = own.split(' ').zip(theirs.split(' ')).collect();
            Some(picked(table, key, &unmatched(to, &pairs, period.as_deref() == Some("true"))))
        }
        _ => None,
    })
}

/// Whether a row `t` references nothing. With PERIOD, of PostgreSQL 18, the ranges of several rows together make up for its own.
fn unmatched(to: &str, pairs: &[(&str, &str)], period: bool) -> String {
    let (there, mut same): (Vec<_>, Vec<_>) =
        pairs.iter().map(|(own, theirs)| (format!("t.{own} IS NOT NULL"), format!("f.{theirs} = t.{own}"))).unzip();
    let range = pairs.last().filter(|_| period && same.pop().is_some());
    let (from, same) = (format!("FROM {to} AS f"), same.join(" AND "));
    let missing = match range {
        Some((own, theirs)) => {
            format!("NOT coalesce(t.{own} <@ (SELECT range_agg(f.{theirs}) {from} WHERE {same}), false)")
        }
        None => format!("NOT EXISTS (SELECT {from} WHERE {same})"),
    };
    format!("{} AND {missing}", there.join(" AND "))
}

/// Rows that an exclusion constraint does not let stand beside an earlier one. It cannot be added without looking at the rows, so it is
/// added to an empty table of the same columns, to ask the catalogs for its operators and its predicate.
async fn excluded<S: Session>(
    session: &mut S,
    sql: &str,
    failure: &SqlFailure,
    table: &Table,
    key: &str,
) -> Result<Option<String>, ApplyError> {
    let Some(constraint) = failure.about.as_ref().and_then(|about| about.constraint.as_deref()) else {
        return Ok(None);
    };
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind.is_significant()).collect();
    let starts = all.first().is_some_and(|token| token.is_word("alter"));
    let Some(add) = all.iter().find(|token| token.is_word("add")).filter(|_| starts) else { return Ok(None) };
    let probe = format!(
        "CREATE TABLE cargo_schema_stash.probe (LIKE {}); ALTER TABLE cargo_schema_stash.probe {}",
        table.name.quoted(),
        &sql[add.start..]
    );
    let question = format!(
        "SELECT string_agg(format('t.%1$I OPERATOR(%2$I.%3$s) u.%1$I', a.attname, n.nspname, o.oprname), ' AND '), \
         count(*) = cardinality(k.conkey), (SELECT coalesce(pg_get_expr(i.indpred, i.indrelid), 'true') FROM pg_catalog.pg_index i \
         WHERE i.indexrelid = k.conindid) FROM pg_catalog.pg_constraint k \
         CROSS JOIN unnest(k.conkey, k.conexclop) AS part(number, operator) \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = part.number \
         JOIN pg_catalog.pg_operator o ON o.oid = part.operator JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
         WHERE k.conrelid = 'cargo_schema_stash.probe'::regclass AND k.conname = {} GROUP BY k.oid",
        quote_literal(constraint)
    );
    batch(session, "SAVEPOINT cargo_schema_ask").await?;
    let asked = match session.batch(&probe).await {
        Ok(()) => Some(ask(session, &question).await?),
        Err(_) => None,
    };
    batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_ask; RELEASE SAVEPOINT cargo_schema_ask").await?;
    let Some(row) = asked.and_then(|answer| answer.rows.into_iter().next()) else { return Ok(None) };
    // An expression in it has no column that could be compared here.
    let [Some(same), Some(whole), Some(predicate)] = row.as_slice() else { return Ok(None) };
    let rows = format!(
        "(SELECT t.tableoid AS cargo_schema_table, t.ctid AS cargo_schema_place, t.* FROM {} AS t WHERE {predicate})",
        table.from()
    );
    let earlier = "(u.cargo_schema_table, u.cargo_schema_place) < (t.cargo_schema_table, t.cargo_schema_place)";
    Ok((whole == "t").then(|| {
        format!(
            "SELECT DISTINCT {key} FROM {rows} AS t WHERE EXISTS (SELECT FROM {rows} AS u WHERE {earlier} AND {same})"
        )
    }))
}

/// Rows whose value a new check of a domain refuses: it is added without looking at the rows, and each value is cast to it by itself.
async fn of_domain<S: Session>(
    session: &mut S,
    sql: &str,
    column: &str,
    table: &Table,
    key: &str,
) -> Result<Option<String>, ApplyError> {
    let Some(column) = table.named(column) else { return Ok(None) };
    let unchecked = format!("{} NOT VALID", sql.trim_end().trim_end_matches(';'));
    batch(session, "SAVEPOINT cargo_schema_domain").await?;
    let found = match session.batch(&unchecked).await {
        Err(_) => None,
        Ok(()) => {
            let data_type = column.data_type.clone();
            let using = format!("t.{}::text::{data_type}", quoted(&column.name));
            let retyped = Retyped { table: table.name.quoted(), data_type, using };
            uncast(session, &retyped, table, key).await?
        }
    };
    batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_domain; RELEASE SAVEPOINT cargo_schema_domain").await?;
    Ok(found)
}

/// `ALTER TABLE t ALTER c TYPE x USING e`
struct Retyped {
    table: String,
    data_type: String,
    using: String,
}

/// Every row is cast by itself; those that fail are remembered.
async fn uncast<S: Session>(
    session: &mut S,
    retyped: &Retyped,
    table: &Table,
    key: &str,
) -> Result<Option<String>, ApplyError> {
    let Retyped { data_type, using, .. } = retyped;
    let from = table.from();
    let cast =
        format!("INSERT INTO cargo_schema_cast SELECT {using} FROM {from} AS t WHERE t.tableoid = $1 AND t.ctid = $2");
    let body = format!(
        "DECLARE r record; BEGIN FOR r IN SELECT t.tableoid AS relation, t.ctid AS place, {key} AS k FROM {from} AS t LOOP \
         BEGIN EXECUTE {} USING r.relation, r.place; EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN \
         INSERT INTO cargo_schema_refused VALUES (r.k); END; END LOOP; END",
        quote_literal(&cast)
    );
    let sql = format!(
        "CREATE TEMP TABLE cargo_schema_cast (value {data_type}) ON COMMIT DROP; \
         CREATE TEMP TABLE cargo_schema_refused (k text) ON COMMIT DROP; DO {}",
        quote_literal(&body)
    );
    batch(session, "SAVEPOINT cargo_schema_ask").await?;
    match session.batch(&sql).await {
        Ok(()) => {
            let answer = ask(session, "SELECT DISTINCT k FROM pg_temp.cargo_schema_refused").await?;
            batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_ask; RELEASE SAVEPOINT cargo_schema_ask").await?;
            let keys: Vec<String> =
                answer.rows.iter().filter_map(|row| Some(format!("({})", quote_literal(row[0].as_deref()?)))).collect();
            Ok((!keys.is_empty()).then(|| format!("VALUES {}", keys.join(", "))))
        }
        Err(_) => {
            batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_ask; RELEASE SAVEPOINT cargo_schema_ask").await?;
            Ok(None)
        }
    }
}

/// Reads the statement; only one with a single action is understood.
fn retyped(sql: &str) -> Option<Retyped> {
    let tokens: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind.is_significant()).collect();
    let mut depth = 0_i32;
    let mut flat = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        depth -= i32::from(token.is_punct(")"));
        if depth == 0 {
            flat.push(at);
        }
        depth += i32::from(token.is_punct("("));
    }
    if flat.iter().any(|at| tokens[*at].is_punct(",")) {
        return None;
    }
    let word = |wanted: &str, from: usize| flat.iter().copied().find(|at| from <= *at && tokens[*at].is_word(wanted));
    let starts = tokens.first()?.is_word("alter") && tokens.get(1)?.is_word("table");
    let alter = word("alter", 2).filter(|_| starts)?;
    let mut name = 2;
    while ["only", "if", "exists"].iter().any(|skipped| tokens[name].is_word(skipped)) {
        name += 1;
    }
    let kind = word("type", alter)?;
    let mut column = alter + 1;
    column += usize::from(tokens[column].is_word("column"));
    let end = sql.trim_end().trim_end_matches(';').len();
    let using = word("using", kind);
    let collate = word("collate", kind);
    let type_end = [using, collate].into_iter().flatten().min().map_or(end, |at| tokens[at].start);
    let text = |from: usize, to: usize| sql[from..to].trim().to_owned();
    let own = tokens[column].text.to_owned();
    Some(Retyped {
        table: text(tokens[name].start, tokens[alter].start),
        data_type: text(tokens[kind].end, type_end),
        using: using.map_or(own, |at| text(tokens[at].end, end)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_type_is_read() {
        let read = |sql: &str| retyped(sql).map(|found| (found.table, found.data_type, found.using));
        let words = |a: &str, b: &str, c: &str| Some((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(
            read("ALTER TABLE items ALTER COLUMN value TYPE mood USING value::text::mood;"),
            words("items", "mood", "value::text::mood")
        );
        assert_eq!(
            read("alter table only \"a b\".t alter x set data type varchar(5) collate \"C\""),
            words("\"a b\".t", "varchar(5)", "x")
        );
        assert_eq!(read("ALTER TABLE t ADD COLUMN x int"), None);
        assert_eq!(read("ALTER TABLE t ALTER a TYPE int, ALTER b TYPE int"), None);
    }
}
