//! Real schemas, loaded as they are: the dump of a database with everything in it, whether the model knows it or not.

use std::fs;
use std::path::PathBuf;

use postgres::Client;

use crate::cluster::Database;
use crate::corpus;
use crate::dump::Entry;

/// What a plan may need that the model does not know: the words of `pg_dump`. A base type needs its functions before they can be
/// planned.
const BESIDE: [&str; 5] = ["TYPE", "SHELL TYPE", "FUNCTION", "PROCEDURAL LANGUAGE", "ACCESS METHOD"];

/// An object that one of them made already; whether it is the same is compared at the end.
const EXISTS: [&str; 4] = ["42710", "42723", "42P07", "23505"];

/// What the model knows and `pg_dump` may add properties to.
const MODELLED: [&str; 4] = ["TABLE", "CONSTRAINT", "INDEX", "MATERIALIZED VIEW"];

/// The files of the real schemas, in order; none where the folder is absent.
pub fn files() -> Option<Vec<PathBuf>> {
    let folder = corpus::corpus()?;
    let listed = fs::read_dir(folder.join("schemas")).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = listed.map(|file| file.expect("a folder can be listed").path()).collect();
    files.sort();
    Some(files)
}

/// A database with this dump in it.
pub fn load(text: &str) -> Database {
    corpus::load(text).unwrap_or_else(|problem| panic!("a schema could not be loaded: {problem}"))
}

/// Runs a plan; a statement that fails may need a function or a type that the model does not know, which is taken from the entries
/// of the original's dump. The faults are the statements that PostgreSQL refuses even so.
pub fn build(database: &Database, statements: &[String], beside: &[Entry]) -> Vec<String> {
    let (mut planned, mut other) = (database.client(), client(database));
    // What the plan sets for its transaction, each of its statements needs here.
    planned.batch_execute("SET check_function_bodies = off").expect("settings can be set");
    let mut usable: Vec<Entry> = beside.iter().filter(|entry| BESIDE.contains(&entry.kind.as_str())).cloned().collect();
    usable.retain(|entry| entry.kind != "TYPE" || !entry.sql.contains(" AS "));
    let (all, mut open): (usize, Vec<&String>) = (usable.len(), statements.iter().collect());
    // What declared statements need, only PostgreSQL knows: whatever fails is tried again as long as others succeed.
    loop {
        let (mut faults, mut failed) = (Vec::new(), Vec::new());
        for statement in &open {
            let mut result = planned.batch_execute(statement);
            while result.is_err() && try_each(&mut other, &mut usable) {
                result = planned.batch_execute(statement);
            }
            let put = usable.len() < all;
            let exists =
                |error: &postgres::Error| put && error.code().is_some_and(|code| EXISTS.contains(&code.code()));
            if let Some(error) = result.err().filter(|error| !exists(error)) {
                let message = error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
                faults.push(format!("{message}\n{statement}"));
                failed.push(*statement);
            }
        }
        if failed.len() == open.len() || failed.is_empty() {
            return faults;
        }
        open = failed;
    }
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

/// Whether a difference of dumps, `KIND SCHEMA NAME: ..`, is about an object that is not managed or of which something is not: the
/// object itself, what is in it, its comment or its privileges.
pub fn is_about(fault: &str, unmanaged: &str) -> bool {
    let head = fault.lines().next().unwrap_or_default();
    let head = [": only before", ": only after", ":"].iter().find_map(|end| head.strip_suffix(end)).unwrap_or(head);
    let parts: Vec<&str> = unmanaged.split('(').next().unwrap_or_default().split('.').collect();
    let named = |name: &str| head.ends_with(&format!(" {name}"));
    let commented = |schema: &str, name: &str| {
        let rest = ["COMMENT", "ACL"].iter().find_map(|kind| head.strip_prefix(&format!("{kind} {schema} ")));
        rest.is_some_and(|rest| rest.ends_with(&format!(" {name}")) || rest.starts_with(&format!("COLUMN {name}.")))
    };
    let in_public = |table: &str| named(&format!("public {table}"));
    match parts.as_slice() {
        [one] => head.contains(" - ") && named(unmanaged) || in_public(one) || commented("-", one),
        [schema, name] => {
            named(&format!("{schema} {}", &unmanaged[schema.len() + 1..]))
                || commented(schema, name)
                || in_public(schema)
        }
        [schema, table, part, ..] => named(&format!("{schema} {table}")) || named(&format!("{schema} {table} {part}")),
        [] => false,
    }
}

/// Whether a difference of dumps is about privileges that are outside of every schema that is managed: those on PostgreSQL's own
/// objects and on languages.
pub fn is_outside(fault: &str) -> bool {
    fault.starts_with("ACL pg_catalog ") || fault.starts_with("ACL - LANGUAGE ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_about_its_object() {
        let about = |unmanaged: &str, fault: &str| {
            assert!(is_about(fault, unmanaged), "{fault}");
            assert!(!is_about(&fault.replace('t', "x"), unmanaged) && !is_about("TABLE s tt: only before", unmanaged));
        };
        about("s.t.c", "TABLE s t:\n  - c int");
        about("s.t.c", "TRIGGER s t c: only before");
        about("t.c", "TABLE public t: only before");
        about("t", "SEQUENCE public t: only before");
        about("s.t", "COMMENT s TYPE t: only before");
        about("s.t", "COMMENT s COLUMN t.c: only before");
        about("s.t", "ACL s TYPE t: only before");
        about("s.t(a.b)", "FUNCTION s t(a.b): only before");
        about("t", "COMMENT - SUBSCRIPTION t: only before");
        about("FOR t LANGUAGE sql", "TRANSFORM - TRANSFORM FOR t LANGUAGE sql: only before");
    }
}
