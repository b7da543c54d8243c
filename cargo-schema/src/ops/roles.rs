//! Roles belong to the server and not to the schema: which ones a server lacks, and making them where it is nobody else's.

use std::collections::BTreeSet;

use postgres::Client;
use schema_core::Ident;

/// Those of the roles that the server does not have.
pub fn missing(client: &mut Client, wanted: &BTreeSet<Ident>) -> Result<Vec<Ident>, postgres::Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = wanted.iter().map(Ident::as_str).collect();
    let sql = "SELECT r FROM unnest($1::text[]) AS r WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r)";
    let rows = client.query(sql, &[&names])?;
    let gone: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    Ok(wanted.iter().filter(|role| gone.contains(role.as_str())).cloned().collect())
}

/// Makes a role that nobody can log in with.
pub fn make(client: &mut Client, role: &Ident) -> Result<(), postgres::Error> {
    client.batch_execute(&format!("CREATE ROLE {} NOLOGIN", role.quoted()))
}
