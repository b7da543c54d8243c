//! Every case file on a real server: up gives what a fresh build gives, down gives what was there, rows stay.
//!
//! The names of the cases are those of the list of single changes that every differ should get right; what is missing is printed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use cargo_schema::catalog::{Scope, compare, observe};
use postgres::{Client, SimpleQueryMessage};
use schema_core::plan::{Hints, plan};
use schema_core::{Schema, sql};
use schema_tests::cases::{Case, Order, all};
use schema_tests::cluster::{Database, database};
use schema_tests::dump::{diff, dump};
use schema_tests::random::{state, wipe};

/// The list, one change a line; those whose kind does not exist yet are marked.
const LIST: &str = include_str!("single_changes.txt");

#[test]
fn every_single_change_has_a_case() {
    let names: Vec<String> = all().into_iter().map(|case| case.name).collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "each change has one case");
    let (later, listed): (Vec<&str>, Vec<&str>) = LIST.lines().partition(|line| line.starts_with("later: "));
    let missing: Vec<&&str> = listed.iter().filter(|name| !names.iter().any(|other| other == *name)).collect();
    println!(
        "{} of {} single changes; not yet: {}",
        listed.len() - missing.len(),
        listed.len() + later.len(),
        later.join(", ")
    );
    assert!(missing.is_empty(), "no case for {missing:#?}");
}

#[test]
fn cases_go_there_and_back_on_postgresql() {
    let version = database().client().query_one("SELECT current_setting('server_version_num')::integer / 10000", &[]);
    let major = u32::try_from(version.unwrap().get::<_, i32>(0)).unwrap();
    let only = std::env::var("SCHEMA_CASE").unwrap_or_default();
    let wanted = all().into_iter().filter(|case| case.path.to_string_lossy().contains(&only));
    let (cases, later): (Vec<Case>, Vec<Case>) = wanted.partition(|case| case.since() <= major);
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut wrong, fresh, used) = (Vec::new(), database(), database());
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(judge(case, &fresh, &used).err().map(|problem| format!("{}: {problem}", case.path.display())));
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends")).collect()
    });
    println!(
        "summary: {} of {} cases right, {} of a later version",
        cases.len() - wrong.len(),
        cases.len(),
        later.len()
    );
    assert!(wrong.is_empty(), "{} of {} cases fail\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn judge(case: &Case, fresh: &Database, used: &Database) -> Result<(), String> {
    let planned = case.planned(Order::Written);
    build(fresh, &planned.after.schema)?;
    build(used, &planned.before.schema)?;
    let mut client = used.client();
    run(&mut client, case.section("rows.sql")).map_err(|problem| format!("rows: {problem}"))?;
    let (start, dump_of_start) = (state(&mut client), dump(used));
    for round in ["up", "second up"] {
        run(&mut client, &planned.plan.up.text()).map_err(|problem| format!("{round}: {problem}"))?;
        equal(round, &state(&mut fresh.client()), &state(&mut client))?;
        observed_alike(fresh, &mut client)?;
        if round == "up" {
            nothing("up", &diff(&dump(fresh), &dump(used)))?;
            rows(case, "rows.after", &mut client)?;
        }
        run(&mut client, &planned.plan.down.text()).map_err(|problem| format!("down: {problem}"))?;
        equal("down", &start, &state(&mut client))?;
        rows(case, "rows.back", &mut client)?;
    }
    nothing("down", &diff(&dump_of_start, &dump(used)))
}

/// The catalog reader knows everything that the case makes, and sees no difference where PostgreSQL sees none.
fn observed_alike(fresh: &Database, client: &mut Client) -> Result<(), String> {
    let read = |client: &mut Client| observe(client, &Scope::default()).map_err(|error| error.to_string());
    let (expected, found) = (read(&mut fresh.client())?, read(client)?);
    if let Some(unknown) = found.unmanaged.first() {
        return Err(format!("the catalog reader does not know {unknown:?}"));
    }
    let left: Vec<String> = compare(&expected.schema, &found.schema).iter().map(ToString::to_string).collect();
    nothing("up, as observed", &left)
}

fn build(database: &Database, schema: &Schema) -> Result<(), String> {
    let script = plan(&Schema::default(), schema, &[], &Hints::default()).up;
    let mut client = database.client();
    wipe(&mut client);
    run(&mut client, &script.text()).map_err(|problem| format!("build: {problem}"))
}

/// Statement by statement in one transaction, as `upgrade` does it.
fn run(client: &mut Client, text: &str) -> Result<(), String> {
    let mut transaction = client.transaction().expect("a transaction begins");
    for statement in sql::split(text).map_err(|error| format!("{error:?}"))? {
        transaction.batch_execute(statement.text).map_err(|error| {
            let message = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
            format!("{message}\n  in: {}", statement.text)
        })?;
    }
    transaction.commit().map_err(|error| error.to_string())
}

fn rows(case: &Case, section: &str, client: &mut Client) -> Result<(), String> {
    let Some((query, expected)) = case.expected_rows(section) else { return Ok(()) };
    let messages = client.simple_query(&query).map_err(|error| format!("{section}: {error:?}"))?;
    let found = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            let values: Vec<&str> = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect();
            Some(values.join(" | "))
        }
        _ => None,
    });
    let found: Vec<String> = found.collect();
    if found == expected { Ok(()) } else { Err(format!("{section}: {query} gives {found:?}, expected {expected:?}")) }
}

fn equal(what: &str, expected: &[String], found: &[String]) -> Result<(), String> {
    let missing: Vec<&String> = expected.iter().filter(|line| !found.contains(line)).collect();
    let extra: Vec<&String> = found.iter().filter(|line| !expected.contains(line)).collect();
    if missing.is_empty() && extra.is_empty() {
        return Ok(());
    }
    Err(format!("{what} ends elsewhere\n  missing: {missing:#?}\n  extra: {extra:#?}"))
}

fn nothing(what: &str, differences: &[String]) -> Result<(), String> {
    if differences.is_empty() { Ok(()) } else { Err(format!("{what}, by pg_dump:\n{}", differences.join("\n"))) }
}
