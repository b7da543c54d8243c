//! Real schemas, loaded as they are: the dump of a database with everything in it, whether the model knows it or not.

use std::fs;
use std::path::PathBuf;

use postgres::Client;
use schema_core::quote_ident;

use crate::cluster::{Database, database};
use crate::dump::Entry;

/// What a plan may need that the model does not know: the words of `pg_dump`.
const BESIDE: [&str; 16] = [
    "FUNCTION",
    "PROCEDURE",
    "AGGREGATE",
    "OPERATOR",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "COLLATION",
    "CONVERSION",
    "CAST",
    "TYPE",
    "SHELL TYPE",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
    "PROCEDURAL LANGUAGE",
];

/// What the model knows and `pg_dump` may add properties to.
const MODELLED: [&str; 3] = ["TABLE", "CONSTRAINT", "INDEX"];

/// The files of the real schemas, in order; none where the folder is absent.
pub fn files() -> Option<Vec<PathBuf>> {
    let folder = crate::corpus()?;
    let listed = fs::read_dir(folder.join("schemas")).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = listed.map(|file| file.expect("a folder can be listed").path()).collect();
    files.sort();
    Some(files)
}

/// A database with this dump in it. A dump names roles, which are of the cluster and must be made first.
pub fn load(text: &str) -> Database {
    let text: String = text.lines().filter(|line| !line.starts_with('\\')).flat_map(|line| [line, "\n"]).collect();
    loop {
        let database = database();
        let Err(error) = database.client().batch_execute(&text) else { return database };
        let message = error.as_db_error().map(|said| said.message().to_owned()).unwrap_or_default();
        let role = message.strip_prefix("role \"").and_then(|rest| rest.strip_suffix("\" does not exist"));
        let role = role.unwrap_or_else(|| panic!("a schema could not be loaded: {error:?}"));
        // Another thread may have made it meanwhile.
        let _ = database.client().batch_execute(&format!("CREATE ROLE {}", quote_ident(role)));
    }
}

/// Runs a plan; a statement that fails may need a function or a type that the model does not know, which is taken from the entries
/// of the original's dump. The faults are the statements that PostgreSQL refuses even so.
pub fn build(database: &Database, statements: &[String], beside: &[Entry]) -> Vec<String> {
    let (mut planned, mut other) = (database.client(), client(database));
    let mut usable: Vec<Entry> = beside.iter().filter(|entry| BESIDE.contains(&entry.kind.as_str())).cloned().collect();
    usable.retain(|entry| !entry.sql.contains(" AS ENUM ("));
    let mut faults = Vec::new();
    for statement in statements {
        let mut result = planned.batch_execute(statement);
        while result.is_err() && try_each(&mut other, &mut usable) {
            result = planned.batch_execute(statement);
        }
        if let Err(error) = result {
            let message = error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
            faults.push(format!("{message}\n{statement}"));
        }
    }
    faults
}

/// Whether any of them could be created; those are taken off the list.
pub fn try_each(client: &mut Client, entries: &mut Vec<Entry>) -> bool {
    let before = entries.len();
    entries.retain(|entry| client.batch_execute(&entry.sql).is_err());
    entries.len() < before
}

/// A session with the settings of a dump.
pub fn client(database: &Database) -> Client {
    let mut client = database.client();
    client.batch_execute("SET search_path = ''; SET check_function_bodies = off").expect("settings can be set");
    client
}

/// Says what the model cannot say of an object that it knows, in the words of the dump, so that nothing else may differ.
pub fn say_properties(database: &Database, entries: &[Entry]) {
    const PROPERTIES: [&str; 5] =
        [" CLUSTER ON ", " SET STATISTICS ", " SET STORAGE ", " SET COMPRESSION ", " SET (n_distinct"];
    let lines =
        entries.iter().filter(|entry| MODELLED.contains(&entry.kind.as_str())).flat_map(|entry| entry.sql.lines());
    let said = lines.filter(|line| line.starts_with("ALTER ") && PROPERTIES.iter().any(|words| line.contains(words)));
    let mut client = client(database);
    said.for_each(|line| client.batch_execute(line).unwrap_or_else(|error| panic!("{error}: {line}")));
}
