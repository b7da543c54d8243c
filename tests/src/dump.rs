//! The schema of a database as `pg_dump` sees it, object by object: the judge that knows everything of PostgreSQL and nothing of us.
//!
//! Texts are normalised only in what no user of a database can see: blank lines, session settings, the order of the columns
//! inside `CREATE TABLE`, that of storage parameters, the two spellings of a cast array, and the names that 18 gives to NOT NULL. Owners
//! and the ledger are left out, and so is the order in which privileges were given.

use std::collections::BTreeMap;

use schema_core::sql::read_back;

use crate::cluster::Database;

/// One object of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The kind in the words of `pg_dump`, such as `FK CONSTRAINT`.
    pub kind: String,
    /// The kind, the PostgreSQL schema and the name.
    pub key: String,
    /// The statements as they were printed.
    pub sql: String,
}

/// The objects by kind and name, normalised.
pub fn dump(database: &Database) -> BTreeMap<String, String> {
    let mut objects = BTreeMap::new();
    let owner = database.value("SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'");
    // `public` is printed when its owner was touched, which is left out.
    for entry in entries(database).into_iter().filter(|entry| entry.key != "SCHEMA - public") {
        let key = entry.key.clone();
        let text: &mut String = objects.entry(entry.key).or_default();
        text.push_str(&read_back(&normalized(&entry.sql)));
        if key == "ACL - SCHEMA public" {
            // It was there before, so its owner may be somebody else.
            *text = text.replace(&format!(" {owner};"), " OWNER;");
        }
    }
    objects
}

/// What differs between two dumps, a line for each object.
pub fn diff(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| format!("{key}: only before"));
    let new = after.keys().filter(|key| !before.contains_key(*key)).map(|key| format!("{key}: only after"));
    let both = before.iter().filter_map(|(key, text)| after.get(key).map(|other| (key, text, other)));
    let changed = both.filter(|(_, text, other)| text != other);
    gone.chain(new).chain(changed.map(|(key, text, other)| format!("{key}:\n{}", lines(text, other)))).collect()
}

/// The lines that one text has and the other has not.
fn lines(before: &str, after: &str) -> String {
    let only = |sign: char, text: &str, other: &str| {
        let missing = text.lines().filter(|line| !other.lines().any(|known| known == *line));
        missing.map(|line| format!("  {sign} {line}\n")).collect::<String>()
    };
    only('-', before, after) + &only('+', after, before)
}

/// The objects in the order in which `pg_dump` creates them.
pub fn entries(database: &Database) -> Vec<Entry> {
    let output = database
        .program("pg_dump")
        .args(["--schema-only", "--no-owner"])
        .args(["--exclude-schema=cargo_schema", "--exclude-schema=cargo_schema_stash"])
        .output()
        .unwrap_or_else(|error| panic!("pg_dump could not be started: {error}"));
    assert!(output.status.success(), "pg_dump failed:\n{}", String::from_utf8_lossy(&output.stderr));
    split(&String::from_utf8_lossy(&output.stdout))
}

/// Every object starts with a comment of three lines, `-- Name: n; Type: t; Schema: s; Owner: o` in the middle.
fn split(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines() {
        if let Some((kind, key)) = header(line) {
            entries.push(Entry { kind, key, sql: String::new() });
        } else if let Some(entry) = entries.last_mut() {
            let noise = line == "--" || line.starts_with("SET default_table") || line.starts_with('\\');
            if !noise && line != "-- PostgreSQL database dump complete" {
                entry.sql.push_str(line);
                entry.sql.push('\n');
            }
        }
    }
    entries
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, rest) = line.strip_prefix("-- Name: ")?.rsplit_once("; Type: ")?;
    let (kind, rest) = rest.split_once("; Schema: ")?;
    let (schema, _) = rest.split_once("; Owner: ")?;
    Some((kind.to_owned(), format!("{kind} {schema} {name}")))
}

/// The text without blank lines, the columns of a table sorted by name.
fn normalized(sql: &str) -> String {
    let mut lines: Vec<&str> = sql.lines().filter(|line| !line.trim().is_empty()).collect();
    if sql.trim_start().starts_with("CREATE TABLE ") {
        let start = lines.iter().position(|line| line.ends_with('(')).map_or(0, |at| at + 1);
        let end = lines.iter().position(|line| line.starts_with(')')).unwrap_or(start);
        lines[start..end].iter_mut().for_each(|line| *line = line.strip_suffix(',').unwrap_or(line));
        lines[start..end].sort_unstable();
    }
    if lines
        .iter()
        .all(|line| line.starts_with("GRANT ") || line.starts_with("REVOKE ") || line.starts_with("ALTER DEFAULT "))
    {
        without_own_option(&mut lines);
        lines.sort_unstable();
    }
    lines.iter().map(|line| sorted_parameters(&without_name(line)) + "\n").collect()
}

/// An owner can give on what is his with and without the option; the tests own all objects as `postgres`.
fn without_own_option(lines: &mut Vec<&str>) {
    let is_own = |pair: &[&str]| {
        let target = pair[0].strip_prefix("REVOKE ALL ON ").and_then(|rest| rest.strip_suffix(" FROM postgres;"));
        target.is_some_and(|target| pair[1] == format!("GRANT ALL ON {target} TO postgres WITH GRANT OPTION;"))
    };
    while let Some(at) = lines.windows(2).position(is_own) {
        lines.drain(at..at + 2);
    }
}

/// A NOT NULL keeps the first name of its table and column on 18, and is printed with it when another would be chosen now.
fn without_name(line: &str) -> String {
    let found = line.split_once(" CONSTRAINT ").and_then(|(head, rest)| {
        let (name, tail) = rest.split_once(" NOT NULL")?;
        let quoted = name.starts_with('"') && name.ends_with('"');
        (quoted || !name.contains(' ')).then(|| format!("{head} NOT NULL{tail}"))
    });
    found.unwrap_or_else(|| line.to_owned())
}

/// A line of a table or index with its storage parameters in order: no value of one has a `, `.
fn sorted_parameters(line: &str) -> String {
    let found = line.split_once("WITH (").and_then(|(head, rest)| Some((head, rest.split_once(')')?)));
    let Some((head, (list, tail))) = found else { return line.to_owned() };
    let mut items: Vec<&str> = list.split(", ").collect();
    if items.iter().any(|item| !item.contains('=')) {
        return line.to_owned();
    }
    items.sort_unstable();
    format!("{head}WITH ({}){tail}", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_not_null_is_no_difference() {
        assert_eq!(without_name("    a integer CONSTRAINT \"b c\" NOT NULL,"), "    a integer NOT NULL,");
        let check = "    CONSTRAINT a CHECK ((b IS NOT NULL)),";
        assert_eq!(without_name(check), check);
    }

    #[test]
    fn the_order_of_columns_is_no_difference() {
        let table = |columns: &str| format!("CREATE TABLE public.t (\n{columns}\n);\n\n\n");
        assert_eq!(normalized(&table("    a integer,\n    b text")), normalized(&table("    b text,\n    a integer")));
        assert_ne!(normalized(&table("    a integer")), normalized(&table("    a bigint")));
        assert_eq!(sorted_parameters(") WITH (b='2', a='1');"), ") WITH (a='1', b='2');");
    }

    #[test]
    fn objects_are_found_by_their_comments() {
        let found = split(
            "SET x = 1;\n--\n-- Name: t; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.t (\n);\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].key.as_str(), found[0].sql.trim()), ("TABLE public t", "CREATE TABLE public.t (\n);"));
    }
}
