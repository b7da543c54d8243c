//! The recorded history as a database: replayed once, then copied from a template.

use postgres::{Client, GenericClient, Transaction};
use schema_core::{
    history::{Migration, is_transactional},
    sql,
};
use sha2::{Digest, Sha256};

use super::prove::{ProofError, Script};
use super::roles;
use crate::devdb::{DevServer, ScratchDatabase};

/// How many heads back a template is looked for before everything is replayed.
const LOOK_BACK: usize = 8;

/// A database that holds the given revisions.
pub(super) fn replayed(server: &DevServer, history: &[Migration]) -> Result<(ScratchDatabase, Client), ProofError> {
    let keys = chain_keys(server, history);
    let (done, scratch) = nearest(server, &keys)?;
    let mut client = scratch.client()?;
    renew(&mut client)?;
    for revision in &history[done..] {
        // Adopted texts may need their transaction: LOCK TABLE, SET LOCAL, tables that live until COMMIT.
        let together = revision.adopted.is_some() && revision.transactional();
        if together {
            run(&mut client, "BEGIN", || Script::Revision(revision.id.clone()))?;
        }
        run(&mut client, &revision.up, || Script::Revision(revision.id.clone()))?;
        if together {
            run(&mut client, "COMMIT", || Script::Revision(revision.id.clone()))?;
        }
        renew(&mut client)?;
    }
    Ok((scratch, client))
}

/// Keeps the database for the next command, which starts where this one ended.
pub(super) fn keep(server: &DevServer, history: &[Migration], scratch: ScratchDatabase) -> Result<(), ProofError> {
    match chain_keys(server, history).pop() {
        Some(key) if !history.is_empty() => Ok(server.make_template(&key, scratch).map(drop)?),
        _ => Ok(()),
    }
}

/// One key for every prefix of the history: what was run, in which order, by which server.
fn chain_keys(server: &DevServer, history: &[Migration]) -> Vec<String> {
    let mut chain = Sha256::new_with_prefix(format!("replay 1, server {}", server.version_num()));
    let keys = history.iter().map(|revision| {
        chain.update(revision.checksum());
        format!("{:x}", chain.clone().finalize())
    });
    keys.collect()
}

/// The longest prefix that is kept, and how many revisions it holds.
fn nearest(server: &DevServer, keys: &[String]) -> Result<(usize, ScratchDatabase), ProofError> {
    for (at, key) in keys.iter().enumerate().rev().take(LOOK_BACK) {
        if let Some(template) = server.template(key)? {
            // Another command may have dropped it meanwhile; then the history is replayed.
            if let Ok(scratch) = server.scratch_from(&template) {
                return Ok((at + 1, scratch));
            }
        }
    }
    Ok((0, server.scratch()?))
}

/// The same surroundings as when a revision is applied (`schema_runtime::apply`); nothing that the last one left in the session is there.
pub(super) fn renew(client: &mut Client) -> Result<(), ProofError> {
    // Two requests: <https://www.postgresql.org/docs/current/sql-discard.html> refuses to run beside others.
    let settings = "SET search_path = public, pg_temp; SET timezone = 'UTC'; SET datestyle = ISO, MDY; \
         SET intervalstyle = postgres; SET client_min_messages = warning; SET standard_conforming_strings = on; \
         SET check_function_bodies = on";
    for sql in ["DISCARD ALL", settings] {
        client.batch_execute(sql).map_err(|error| ProofError::Server(error.to_string()))?;
    }
    Ok(())
}

/// Makes the roles that a text names and the server lacks: they belong to the server and not to the schema, and without them nothing
/// could be proven. Where that is not allowed, the statement itself says what it lacks.
pub(super) fn make_roles(client: &mut Client, text: &str) -> Result<(), ProofError> {
    let server = |error: postgres::Error| ProofError::Server(error.to_string());
    for role in roles::missing(client, &sql::roles(text)).map_err(server)? {
        // Another command may make it at the same time.
        let _ = roles::make(client, &role);
    }
    Ok(())
}

/// Runs statements whose order nobody knows yet: one that needs what is not there waits until the others have run.
pub(super) fn run_in_any_order(
    client: &mut Client,
    statements: &[String],
    script: impl Fn() -> Script,
) -> Result<(), ProofError> {
    make_roles(client, &statements.join("\n"))?;
    let mut left: Vec<&String> = statements.iter().collect();
    loop {
        let (before, mut first) = (left.len(), None);
        let mut waiting = Vec::new();
        for statement in left {
            match client.batch_execute(statement) {
                Ok(()) => {}
                Err(error) if may_wait(&error) => {
                    first.get_or_insert((statement, error));
                    waiting.push(statement);
                }
                Err(error) => return Err(ProofError::statement(script(), statement, 1, &error)),
            }
        }
        match first {
            None => return Ok(()),
            Some((statement, error)) if waiting.len() == before => {
                return Err(ProofError::statement(script(), statement, 1, &error));
            }
            Some(_) => left = waiting,
        }
    }
}

/// Whether the statement may run later: something that it names is not there (class 42), or a comment's object is not (class 42 too).
fn may_wait(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("42"))
}

/// Runs a text as it is applied, statement by statement, so that a failure names its own. A file of the user's says itself where its
/// transactions begin.
pub(super) fn run(client: &mut Client, text: &str, script: impl Fn() -> Script) -> Result<(), ProofError> {
    let statements = cut(text, &script)?;
    let whole = is_transactional(text) && !matches!(script(), Script::File(_));
    let server = |error: postgres::Error| ProofError::Server(error.to_string());
    make_roles(client, text)?;
    if whole {
        client.batch_execute("BEGIN").map_err(server)?;
    }
    each(client, text, &statements, &script)?;
    if whole {
        // What is deferred is checked here, and belongs to no statement.
        client.batch_execute("COMMIT").map_err(|error| ProofError::statement(script(), "COMMIT", 1, &error))?;
    }
    Ok(())
}

/// Runs a text in one transaction, has a look at what it leads to, and rolls it back.
pub(super) fn run_and_undo<T>(
    client: &mut Client,
    text: &str,
    script: impl Fn() -> Script,
    look: impl FnOnce(&mut Transaction<'_>) -> T,
) -> Result<T, ProofError> {
    let statements = cut(text, &script)?;
    make_roles(client, text)?;
    let server = |error: postgres::Error| ProofError::Server(error.to_string());
    let mut transaction = client.transaction().map_err(server)?;
    each(&mut transaction, text, &statements, &script)?;
    let seen = look(&mut transaction);
    transaction.rollback().map_err(server)?;
    Ok(seen)
}

fn cut<'t>(text: &'t str, script: &impl Fn() -> Script) -> Result<Vec<sql::Statement<'t>>, ProofError> {
    sql::split(text).map_err(|error| ProofError::Split { script: script(), error })
}

fn each(
    client: &mut impl GenericClient,
    text: &str,
    statements: &[sql::Statement<'_>],
    script: &impl Fn() -> Script,
) -> Result<(), ProofError> {
    for statement in statements {
        client.batch_execute(statement.text).map_err(|error| {
            let line = sql::line_column(text, statement.start).0;
            ProofError::statement(script(), statement.text, line, &error)
        })?;
    }
    Ok(())
}
