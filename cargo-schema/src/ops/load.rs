//! A script of SQL as a database: run on the dev database, then observed.

use schema_core::sql;

use super::prove::{ProofError, Script};
use super::replay;
use crate::catalog::{self, Observed, Scope};
use crate::devdb::DevServer;

/// What `text` builds in an empty database, in these PostgreSQL schemas. `file` is its name for messages.
pub fn loaded(server: &DevServer, file: &str, text: &str, scope: &Scope) -> Result<Observed, ProofError> {
    let scratch = server.scratch()?;
    let mut client = scratch.client()?;
    replay::renew(&mut client)?;
    replay::run(&mut client, &without_restrictions(text), || Script::File(file.to_owned()))?;
    catalog::observe(&mut client, scope).map_err(|error| ProofError::Server(error.to_string()))
}

/// The text without the two lines in which pg_dump forbids psql its own commands (CVE-2025-8714): no psql reads it here.
/// What follows keeps its place.
fn without_restrictions(text: &str) -> String {
    // Where the splitter stumbles over a command of psql, the line is no part of a string.
    let Err(error) = sql::split(text) else { return text.to_owned() };
    let (start, rest) = text.split_at(error.offset);
    let (line, rest) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
    match line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ") {
        true => without_restrictions(&format!("{start}{}{rest}", " ".repeat(line.len()))),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_restrictions_are_left_out() {
        let dump = "\\restrict k3y\n\nCREATE TABLE a (b text DEFAULT '\n\\restrict x\n');\n\\unrestrict k3y\n";
        let left = "             \n\nCREATE TABLE a (b text DEFAULT '\n\\restrict x\n');\n               \n";
        assert_eq!(without_restrictions(dump), left);
        assert_eq!(without_restrictions("\\i other.sql\n"), "\\i other.sql\n");
    }
}
