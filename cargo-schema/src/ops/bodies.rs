//! The bodies of routines, looked at when all that they name is there.
//!
//! A migration makes routines without looking into their bodies, because two may call each other. PostgreSQL's own validators do it
//! here, once the schema is whole.
//!
//! <https://www.postgresql.org/docs/current/sql-createlanguage.html>

use postgres::Client;
use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::diff::Difference;
use schema_core::kinds::{Object, SqlObject};
use schema_core::{KindName, ObjectId, quote_ident};

use super::prove::ProofError;

/// A routine that PostgreSQL makes and cannot run.
pub const ROUTINE_BODY: Code = Code::new("routine-body");

/// What is wrong with the bodies of the routines that come or change.
pub(super) fn findings(client: &mut Client, difference: &Difference) -> Result<Vec<Diagnostic>, ProofError> {
    let changed = difference.creates.iter().chain(difference.alters.iter().map(|diff| &diff.after));
    let mut found = Vec::new();
    for object in changed {
        match object {
            Object::Sql(routine) if matches!(routine.kind, KindName::Function | KindName::Procedure) => {
                found.extend(finding(client, &object.id(), routine)?);
            }
            _ => {}
        }
    }
    Ok(found)
}

fn finding(client: &mut Client, id: &ObjectId, routine: &SqlObject) -> Result<Option<Diagnostic>, ProofError> {
    let [schema, name] = routine.path.as_slice() else { return Ok(None) };
    let signature = routine.signature.as_deref().unwrap_or("()");
    let spelled = format!("{}.{}{signature}", quote_ident(schema.as_str()), quote_ident(name.as_str()));
    let sql = "SELECT p.oid, l.lanvalidator::regproc::text AS validator FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang \
        WHERE p.oid = to_regprocedure($1) AND l.lanvalidator <> 0";
    let server = |error: postgres::Error| ProofError::Server(error.to_string());
    let Some(row) = client.query_opt(sql, &[&spelled]).map_err(server)? else { return Ok(None) };
    let (oid, validator): (u32, String) = (row.get(0), row.get(1));
    client.batch_execute("SET check_function_bodies = on").map_err(server)?;
    let Err(error) = client.batch_execute(&format!("SELECT {validator}({oid})")) else { return Ok(None) };
    let Some(said) = error.as_db_error() else { return Err(server(error)) };
    let message =
        format!("{} `{id}` fails when it is called: {} ({})", id.kind.words(), said.message(), said.code().code());
    let finding = Diagnostic::error(ROUTINE_BODY, message);
    let finding = said.detail().into_iter().fold(finding, |finding, detail| finding.note(format!("detail: {detail}")));
    Ok(Some(finding.help("correct its statement in the schema folder; nothing was written")))
}
