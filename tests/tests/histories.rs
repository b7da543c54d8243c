//! Histories of real projects, migration by migration: what the difference of two states says, and its way back, are right.
//!
//! Each migration is run by hand as its tool does, with the rows that it writes, on two databases of which one is a step ahead.
//! The difference of the two states is run on the one behind and must give the other state; the way back, and the difference taken
//! the other way round, are run on the one ahead. Each run is a transaction that is rolled back. A pair that fails is in
//! `histories.txt` with its reason, and nothing else is. What the user would be asked is counted, not answered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use cargo_schema::catalog::{Observed, Scope, compare, observe, observe_within};
use postgres::Client;
use schema_core::Schema;
use schema_core::lint::{hazard_findings, questions};
use schema_core::plan::{Hints, Plan, plan};
use schema_tests::cluster::database;
use schema_tests::corpus::corpus;
use schema_tests::original::{HISTORIES, Original, migrations, run};

/// `HISTORY/MIGRATION: reason`, a line for each pair of states that does not go there and back.
const KNOWN: &str = include_str!("histories.txt");

/// How one structural migration went.
struct Judged {
    name: String,
    up: Result<(), String>,
    down: Result<(), String>,
    /// The codes of what the user would be asked or told.
    words: BTreeSet<&'static str>,
}

impl Judged {
    fn is_right(&self) -> bool {
        self.up.is_ok() && self.down.is_ok()
    }
}

/// How a history went.
struct Replayed {
    states: usize,
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
    let known: BTreeSet<&str> = KNOWN.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    let judged = || results.values().flat_map(|of| &of.judged);
    let wrong: BTreeSet<&str> = judged().filter(|one| !one.is_right()).map(|one| one.name.as_str()).collect();
    let news: Vec<_> = wrong.difference(&known).collect();
    assert!(news.is_empty(), "these fail and are not in histories.txt: {news:#?}");
    let mended = judged().filter(|one| one.is_right() && known.contains(one.name.as_str()));
    let mended: Vec<_> = mended.map(|one| &one.name).collect();
    assert!(mended.is_empty(), "these are in histories.txt and do not fail: {mended:#?}");
}

fn replay(name: &str, tool: &str, folder: &Path) -> Replayed {
    let (behind, ahead) = (database(), database());
    let (mut here, mut there) = (behind.client(), ahead.client());
    let mut before = read(&mut there);
    let originals = migrations(tool, folder);
    let mut judged = Vec::new();
    for one in &originals {
        run(&mut there, one);
        let after = read(&mut there);
        if !compare(&before.schema, &after.schema).is_empty() {
            let name = format!("{name}/{}", title(one, folder));
            judged.push(judge(name, (&mut here, &before.schema), (&mut there, &after.schema)));
        }
        run(&mut here, one);
        before = after;
    }
    Replayed { states: originals.len() + 1, judged }
}

fn title(one: &Original, folder: &Path) -> String {
    let path = one.up.strip_prefix(folder).expect("it is in the folder");
    let first = path.components().next().expect("it has a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".sql").trim_end_matches(".up").to_owned()
}

fn judge(name: String, here: (&mut Client, &Schema), there: (&mut Client, &Schema)) -> Judged {
    let (before, after) = (here.1, there.1);
    let way = plan(before, after, &[], &Hints::default());
    let up = leads(here.0, &way.up.text(), after);
    let back = plan(after, before, &[], &Hints::default());
    let mut down = leads(there.0, &way.down.text(), before);
    if down.is_ok() && back.up.text() != way.down.text() {
        down = leads(there.0, &back.up.text(), before).map_err(|problem| format!("the other way: {problem}"));
    }
    Judged { name, up, down, words: words(&way) }
}

/// What the plan cannot know without a human.
fn words(plan: &Plan) -> BTreeSet<&'static str> {
    let nowhere = |_: &schema_core::ObjectId| None;
    let asked = questions(&plan.difference).into_iter().map(|question| question.finding(&nowhere));
    asked.chain(hazard_findings(&plan.hazards, &nowhere)).map(|finding| finding.code.as_str()).collect()
}

/// Whether the statements lead to the state, in a transaction that leaves no trace.
fn leads(client: &mut Client, sql: &str, goal: &Schema) -> Result<(), String> {
    let mut transaction = client.transaction().expect("a transaction begins");
    transaction.batch_execute(sql).map_err(|error| {
        let said = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
        format!("{said}\n{sql}")
    })?;
    let found = observe_within(&mut transaction, &Scope::default()).unwrap_or_else(|error| panic!("{error}")).schema;
    let differences: Vec<String> = compare(goal, &found).iter().map(ToString::to_string).collect();
    let again = plan(&found, goal, &[], &Hints::default()).up.texts();
    match differences.is_empty() && again.is_empty() {
        true => Ok(()),
        false => Err(format!("{}\nstill to do: {}\n{sql}", differences.join("\n"), again.join("\n"))),
    }
}

fn read(client: &mut Client) -> Observed {
    observe(client, &Scope::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn report(results: &BTreeMap<&str, Replayed>) {
    println!(
        "{:<20} {:>7} {:>11} {:>9} {:>11} {:>8}",
        "history", "states", "structural", "up right", "down right", "no word"
    );
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut total = [0; 5];
    for (name, of) in results {
        let count = |test: fn(&Judged) -> bool| of.judged.iter().filter(|one| test(one)).count();
        let row = [
            of.states,
            of.judged.len(),
            count(|one| one.up.is_ok()),
            count(|one| one.down.is_ok()),
            count(|one| one.words.is_empty()),
        ];
        println!("{name:<20} {:>7} {:>11} {:>9} {:>11} {:>8}", row[0], row[1], row[2], row[3], row[4]);
        total.iter_mut().zip(row).for_each(|(sum, of)| *sum += of);
        of.judged.iter().flat_map(|one| &one.words).for_each(|word| *reasons.entry(word).or_default() += 1);
    }
    println!("{:<20} {:>7} {:>11} {:>9} {:>11} {:>8}", "all", total[0], total[1], total[2], total[3], total[4]);
    println!("{reasons:?}");
    for one in results.values().flat_map(|of| &of.judged) {
        for (what, outcome) in [("up", &one.up), ("down", &one.down)] {
            if let Err(problem) = outcome {
                println!("wrong  {} {what}: {problem}\n", one.name);
            }
        }
    }
}
