//! Whether a checkpoint is equal to the revisions it stands for: both are run on what comes before them, and catalogs and rows are compared.
//!
//! Rows are how data steps are found: a revision after which an empty database holds other rows than before does more than make a schema.

use std::collections::BTreeMap;

use postgres::Client;
use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::history::{Migration, RevisionId};
use schema_core::sql::{split, tokens};
use schema_core::{KindName, Schema, quote_ident};

use super::prove::{ProofError, Script};
use super::replay;
use crate::catalog::{Scope, compare, observe};
use crate::devdb::DevServer;

/// A checkpoint is not what it stands for.
pub const CHECKPOINT_DIFFERS: Code = Code::new("checkpoint-differs");

/// What a database holds in each table and sequence that is not as it was made: a number of rows, and a hash over them.
pub type Rows = BTreeMap<String, (i64, String)>;

/// Where some revisions lead.
#[derive(Debug)]
pub struct Reached {
    /// The catalogs.
    pub schema: Schema,
    /// The rows.
    pub rows: Rows,
    /// The revisions after which there were more or fewer rows.
    pub data_steps: Vec<RevisionId>,
}

/// Runs revisions on a history that nothing but itself has filled.
pub fn reached(server: &DevServer, history: &[Migration], revisions: &[Migration]) -> Result<Reached, ProofError> {
    let (scratch, mut client) = replay::replayed(server, history)?;
    let (mut before, mut data_steps) = (counts(&rows(&mut client)?), Vec::new());
    for revision in revisions {
        replay::run(&mut client, &revision.up, || Script::Revision(revision.id.clone()))?;
        let after = counts(&rows(&mut client)?);
        if after != before {
            data_steps.push(revision.id.clone());
        }
        before = after;
    }
    let observed = observe(&mut client, &Scope::default()).map_err(|error| ProofError::Server(error.to_string()))?;
    let rows = rows(&mut client)?;
    drop((client, scratch));
    Ok(Reached { schema: observed.schema, rows, data_steps })
}

/// How many rows there are in all. Tables are renamed and made anew, which is no data step.
fn counts(rows: &Rows) -> i64 {
    rows.values().map(|(count, _)| count).sum()
}

fn rows(client: &mut Client) -> Result<Rows, ProofError> {
    let server = |error: postgres::Error| ProofError::Server(error.to_string());
    let observed = observe(client, &Scope::default()).map_err(|error| ProofError::Server(error.to_string()))?;
    let mut found = Rows::new();
    for table in observed.schema.of_kind(KindName::Table) {
        let Some(name) = table.id().outer() else { continue };
        let sql = format!(
            "SELECT count(*), coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE \"C\")), '') FROM ONLY {} t",
            name.quoted()
        );
        let row = client.query_one(&sql, &[]).map_err(server)?;
        if row.get::<_, i64>(0) != 0 {
            found.insert(name.quoted(), (row.get(0), row.get(1)));
        }
    }
    let sequences =
        "SELECT schemaname::text, sequencename::text, last_value FROM pg_sequences WHERE last_value IS NOT NULL";
    for row in client.query(sequences, &[]).map_err(server)? {
        let name = format!("sequence {}.{}", quote_ident(row.get(0)), quote_ident(row.get(1)));
        found.insert(name, (0, row.get::<_, i64>(2).to_string()));
    }
    Ok(found)
}

/// How a checkpoint differs from what it stands for.
pub fn difference(originals: &Reached, checkpoint: &Reached) -> Option<Diagnostic> {
    let mut notes: Vec<String> =
        compare(&originals.schema, &checkpoint.schema).iter().map(ToString::to_string).collect();
    let names = originals.rows.keys().chain(checkpoint.rows.keys().filter(|name| !originals.rows.contains_key(*name)));
    for name in names.filter(|name| originals.rows.get(*name) != checkpoint.rows.get(*name)) {
        let count = |rows: &Rows| rows.get(name).map_or(0, |(count, _)| *count);
        let (before, after) = (count(&originals.rows), count(&checkpoint.rows));
        notes.push(format!(
            "{name}: the revisions leave {before} rows, the checkpoint {after}, and they are not the same"
        ));
    }
    if notes.is_empty() {
        return None;
    }
    let message = "the checkpoint does not lead to what the revisions lead to; nothing was written";
    let finding = notes.into_iter().fold(Diagnostic::error(CHECKPOINT_DIFFERS, message), Diagnostic::note);
    Some(finding.help("squash a shorter range, or bring the records up to the SQL first: cargo schema record REV"))
}

/// The statements of a text that do more than make a schema.
pub fn data_statements(text: &str) -> Vec<String> {
    const WORDS: [&str; 12] =
        ["insert", "update", "delete", "merge", "copy", "truncate", "with", "select", "values", "do", "call", "table"];
    let first = |sql: &str| {
        let word = tokens(sql).find(|token| token.kind.is_significant()).map(|token| token.text.to_ascii_lowercase());
        word.is_some_and(|word| WORDS.contains(&word.as_str()))
    };
    let statements = split(text).unwrap_or_default();
    statements.iter().map(|statement| statement.text).filter(|sql| first(sql)).map(str::to_owned).collect()
}
