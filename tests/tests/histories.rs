//! Histories of real projects, migration by migration: what `diff --sql` says between two states, and its way back, are right.
//!
//! Each migration is run by hand as its tool does, with the rows that it writes, on two databases of which one is a step ahead. The
//! difference of the two states is run on the one behind and must give the other; its way back, and the difference taken the other
//! way round, are run on the one ahead. These are transactions that are rolled back, judged by the catalogs. For some states a copy
//! goes there and back for good, and `pg_dump` is asked. A pair that fails is in `histories.txt` with its reason, and nothing else
//! is. What the user would be asked is counted, not answered.
//!
//! Every migration is run, but unless `SCHEMA_HISTORIES=all` only about one structural one in ten is judged, besides those of the list,
//! and `pg_dump` is asked after the last migration of a history only, if that is structural. `SCHEMA_HISTORY` chooses histories by a
//! part of their name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use cargo_schema::catalog::{Observed, Scope, compare, observe, observe_within};
use postgres::Client;
use schema_core::lint::{hazard_findings, questions};
use schema_core::plan::{Hints, Plan, plan};
use schema_core::{ObjectId, Schema};
use schema_tests::cluster::{Database, cluster, database};
use schema_tests::corpus::corpus;
use schema_tests::dump::{diff, dump};
use schema_tests::original::{HISTORIES, Original, migrations, run};
use schema_tests::originals::is_about;

/// `HISTORY/MIGRATION: reason`, a line for each pair of states that does not go there and back.
const KNOWN: &str = include_str!("histories.txt");

/// After how many migrations the next structural one is judged, unless all are.
const EACH: usize = 10;

/// How one structural migration went.
struct Judged {
    name: String,
    up: Result<(), String>,
    down: Result<(), String>,
    /// The codes of what the user would be asked.
    words: BTreeSet<&'static str>,
    /// How many objects of the two states are not managed.
    unmanaged: usize,
}

impl Judged {
    fn is_right(&self) -> bool {
        self.up.is_ok() && self.down.is_ok()
    }

    /// Whether all that the user is asked is to let data go that the new state has no place for.
    fn only_loses(&self) -> bool {
        !self.words.is_empty() && self.words.iter().all(|word| word.ends_with("-dropped"))
    }
}

/// A database on its way through a history.
struct Replica {
    database: Database,
    client: Option<Client>,
}

impl Replica {
    fn new() -> Replica {
        Replica { database: database(), client: None }
    }

    fn client(&mut self) -> &mut Client {
        self.client.get_or_insert_with(|| self.database.client())
    }

    fn copy(&mut self) -> Database {
        // A database to which somebody is connected cannot be copied.
        self.client = None;
        cluster().copy(&self.database.name)
    }
}

/// How a history went.
struct Replayed {
    migrations: usize,
    judged: Vec<Judged>,
}

#[test]
fn every_step_of_a_history_goes_there_and_back() {
    let Some(folder) = corpus() else {
        println!("no folder of real histories; see `schema_tests::corpus`");
        return;
    };
    let only = std::env::var("SCHEMA_HISTORY").ok();
    let chosen: Vec<_> =
        HISTORIES.iter().filter(|(name, ..)| only.as_ref().is_none_or(|only| name.contains(only))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((name, _, tool)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((*name, replay(name, tool, &folder.join("histories").join(name))));
        }
        done
    };
    let results: BTreeMap<&str, Replayed> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends")).collect()
    });
    report(&results);
    let known = known();
    let judged = || results.values().flat_map(|of| &of.judged);
    let wrong: BTreeSet<&str> = judged().filter(|one| !one.is_right()).map(|one| one.name.as_str()).collect();
    let news: Vec<_> = wrong.difference(&known).collect();
    assert!(news.is_empty(), "these fail and are not in histories.txt: {news:#?}");
    let here = |name: &&&str| results.keys().any(|history| name.starts_with(&format!("{history}/")));
    let mended: Vec<_> = known.difference(&wrong).filter(here).collect();
    assert!(mended.is_empty(), "these are in histories.txt and do not fail: {mended:#?}");
}

fn known() -> BTreeSet<&'static str> {
    KNOWN.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect()
}

fn replay(history: &str, tool: &str, folder: &Path) -> Replayed {
    let (mut behind, mut ahead, known) = (Replica::new(), Replica::new(), known());
    let all = std::env::var("SCHEMA_HISTORIES").is_ok_and(|which| which == "all");
    let originals = migrations(tool, folder);
    let mut judged = Vec::new();
    // What the last migration left, if it was looked at; and whether the next structural one is to be judged.
    let (mut seen, mut due) = (None, true);
    for (at, one) in originals.iter().enumerate() {
        run(ahead.client(), one);
        let (name, last) = (format!("{history}/{}", title(one, folder)), at + 1 == originals.len());
        due |= all || last || at % EACH == 0;
        let before: Option<Observed> = seen.take();
        if due || known.contains(name.as_str()) {
            let (before, after) = (before.unwrap_or_else(|| read(behind.client())), read(ahead.client()));
            if !compare(&before.schema, &after.schema).is_empty() {
                due = false;
                judged.push(judge(name, (&mut behind, &before), (&mut ahead, &after), all || last));
            }
            seen = Some(after);
        }
        run(behind.client(), one);
    }
    Replayed { migrations: originals.len(), judged }
}

fn title(one: &Original, folder: &Path) -> String {
    let path = one.up.strip_prefix(folder).expect("it is in the folder");
    let first = path.components().next().expect("it has a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".sql").trim_end_matches(".up").to_owned()
}

fn judge(name: String, here: (&mut Replica, &Observed), there: (&mut Replica, &Observed), dumped: bool) -> Judged {
    let (before, after) = (&here.1.schema, &there.1.schema);
    let way = plan(before, after, &[], &Hints::default());
    let mut up = leads(here.0.client(), &way.up.text(), after);
    let mut down = leads(there.0.client(), &way.down.text(), before);
    let back = plan(after, before, &[], &Hints::default());
    if down.is_ok() && back.up.text() != way.down.text() {
        let other = leads(there.0.client(), &back.up.text(), before);
        down = other.map_err(|problem| format!("the other way: {problem}"));
    }
    if dumped && up.is_ok() {
        let copy = here.0.copy();
        up = goes(&copy, &way.up.text(), &there.0.database, there.1);
        if up.is_ok() && down.is_ok() {
            down = goes(&copy, &way.down.text(), &here.0.database, here.1);
        }
    }
    let unmanaged = here.1.unmanaged.len() + there.1.unmanaged.len();
    Judged { name, up, down, words: words(&way), unmanaged }
}

/// What the plan cannot know without a human.
fn words(plan: &Plan) -> BTreeSet<&'static str> {
    let nowhere = |_: &ObjectId| None;
    let asked = questions(&plan.difference).into_iter().map(|question| question.finding(&nowhere));
    asked.chain(hazard_findings(&plan.hazards, &nowhere)).map(|finding| finding.code.as_str()).collect()
}

/// Whether the statements lead to the state, in a transaction that leaves no trace.
fn leads(client: &mut Client, sql: &str, goal: &Schema) -> Result<(), String> {
    let mut transaction = client.transaction().expect("a transaction begins");
    transaction.batch_execute(sql).map_err(|error| refused(&error, sql))?;
    let found = observe_within(&mut transaction, &Scope::default()).unwrap_or_else(|error| panic!("{error}")).schema;
    let mut differences: Vec<String> = compare(goal, &found).iter().map(ToString::to_string).collect();
    differences.extend(plan(&found, goal, &[], &Hints::default()).up.texts());
    nothing(&differences, sql)
}

/// Whether the statements take the copy to the state for good, as `pg_dump` sees it.
fn goes(copy: &Database, sql: &str, goal: &Database, observed: &Observed) -> Result<(), String> {
    let ran = copy.client().batch_execute(&format!("BEGIN;\n{sql}\nCOMMIT;"));
    ran.map_err(|error| refused(&error, sql))?;
    let mut differences = diff(&dump(goal), &dump(copy));
    differences.retain(|fault| !observed.unmanaged.iter().any(|of| is_about(fault, &of.name)));
    nothing(&differences, sql)
}

fn refused(error: &postgres::Error, sql: &str) -> String {
    let said = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
    format!("{said}\n{sql}")
}

fn nothing(differences: &[String], sql: &str) -> Result<(), String> {
    if differences.is_empty() { Ok(()) } else { Err(format!("{}\n{sql}", differences.join("\n"))) }
}

fn read(client: &mut Client) -> Observed {
    observe(client, &Scope::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// One line of the table.
fn row(of: &[&Judged]) -> String {
    let count = |test: fn(&Judged) -> bool| of.iter().filter(|one| test(one)).count();
    let cells = [
        of.len(),
        count(|one| one.up.is_ok()),
        count(|one| one.down.is_ok()),
        count(|one| one.words.is_empty()),
        count(Judged::only_loses),
        count(|one| !one.words.is_empty() && !one.only_loses()),
        count(|one| one.unmanaged != 0),
    ];
    cells.map(|cell| format!("{cell:>11}")).concat()
}

fn report(results: &BTreeMap<&str, Replayed>) {
    for of in results.values().flat_map(|of| &of.judged) {
        for (what, outcome) in [("up", &of.up), ("down", &of.down)] {
            if let Err(problem) = outcome {
                println!("wrong  {} {what}: {problem}\n", of.name);
            }
        }
        println!("{}: {}", of.name, of.words.iter().copied().collect::<Vec<_>>().join(", "));
    }
    let heads = ["judged", "up right", "down right", "no word", "only loss", "a word", "unmanaged"];
    println!("\n{:<18} {:>10}{}", "history", "migrations", heads.map(|head| format!("{head:>11}")).concat());
    for (name, of) in results {
        println!("{name:<18} {:>10}{}", of.migrations, row(&of.judged.iter().collect::<Vec<_>>()));
    }
    let all: Vec<&Judged> = results.values().flat_map(|of| &of.judged).collect();
    println!("{:<18} {:>10}{}", "all", results.values().map(|of| of.migrations).sum::<usize>(), row(&all));
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter().flat_map(|one| &one.words).for_each(|word| *reasons.entry(word).or_default() += 1);
    println!("\nwhat is asked, by migrations:");
    reasons.iter().for_each(|(reason, count)| println!("{reason:<28}{count:>5}"));
}
