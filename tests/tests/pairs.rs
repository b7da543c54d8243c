//! Old and new states of one schema, as other tools' tests have them: each difference goes there and back by PostgreSQL's judgement.
//!
//! Both states are loaded and observed. What the difference says is run, and the dumps must be equal; the second difference must be
//! empty; the way back gives the first dump again; and so does the difference taken the other way round. A pair that fails is in
//! `pairs.txt` with its reason, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use cargo_schema::catalog::{Observed, Scope, compare, observe};
use schema_core::plan::{Hints, Plan, plan};
use schema_tests::cluster::Database;
use schema_tests::corpus::{corpus, load};
use schema_tests::dump::{diff, dump};

/// `NAME: reason`, a line for each pair that does not go there and back.
const KNOWN: &str = include_str!("pairs.txt");

/// How one pair went.
enum Outcome {
    Good { unmanaged: usize },
    NotLoaded(String),
    Wrong(String),
}

#[test]
fn every_pair_goes_there_and_back() {
    let Some(folder) = corpus() else {
        println!("no folder of pairs; see `schema_tests::corpus`");
        return;
    };
    let pairs = folders(&folder.join("pairs"));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((name, folder)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((name.clone(), judge(folder)));
        }
        done
    };
    let results: BTreeMap<String, Outcome> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends")).collect()
    });
    let known: BTreeSet<&str> = KNOWN.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    let wrong: BTreeSet<&str> = results
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Wrong(_)))
        .map(|(name, _)| name.as_str())
        .collect();
    report(&results, wrong.intersection(&known).count());
    let news: Vec<_> = wrong.difference(&known).collect();
    assert!(news.is_empty(), "these fail and are not in pairs.txt: {news:#?}");
    let mended: Vec<_> =
        known.iter().filter(|name| matches!(results.get(**name), Some(Outcome::Good { .. }))).collect();
    assert!(mended.is_empty(), "these are in pairs.txt and do not fail: {mended:#?}");
}

fn folders(root: &Path) -> Vec<(String, PathBuf)> {
    let below = |folder: &Path| {
        let entries = fs::read_dir(folder)
            .expect("the folder can be read")
            .map(|entry| entry.expect("so can its entries").path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders
    };
    let name = |path: &Path| path.file_name().expect("a folder has a name").to_string_lossy().into_owned();
    let only = std::env::var("SCHEMA_PAIR").ok();
    let all = below(root).into_iter().flat_map(|source| {
        let source_name = name(&source);
        below(&source).into_iter().map(move |pair| (format!("{source_name}/{}", name(&pair)), pair)).collect::<Vec<_>>()
    });
    all.filter(|(name, _)| only.as_ref().is_none_or(|only| name.contains(only))).collect()
}

fn judge(folder: &Path) -> Outcome {
    let text = |file: &str| fs::read_to_string(folder.join(file)).expect("a pair has two files");
    let (here, there) = match (load(&text("from.sql")), load(&text("to.sql"))) {
        (Ok(here), Ok(there)) => (here, there),
        (Err(problem), _) => return not_loaded("from.sql", &problem),
        (_, Err(problem)) => return not_loaded("to.sql", &problem),
    };
    match there_and_back(&here, &there) {
        Ok(unmanaged) => Outcome::Good { unmanaged },
        Err(problem) => Outcome::Wrong(problem),
    }
}

/// A state that does not load must be one that this server has no words or no extension for.
fn not_loaded(file: &str, problem: &str) -> Outcome {
    let lacks = [
        "syntax error",
        "is not available",
        "could not open extension control file",
        "not supported",
        "unrecognized parameter",
    ];
    let text = format!("{file}: {problem}");
    if lacks.iter().any(|words| problem.contains(words)) { Outcome::NotLoaded(text) } else { Outcome::Wrong(text) }
}

fn there_and_back(here: &Database, there: &Database) -> Result<usize, String> {
    let (before, after) = (read(here), read(there));
    let (start, goal) = (dump(here), dump(there));
    let way = plan(&before.schema, &after.schema, &[], &Hints::default());
    run(here, &way.up.text(), "up")?;
    same("up", &compare(&after.schema, &read(here).schema))?;
    same("up", &diff(&goal, &dump(here)))?;
    let again = plan(&read(here).schema, &after.schema, &[], &Hints::default());
    same("second difference", &again.up.texts())?;
    run(here, &way.down.text(), "down")?;
    same("down", &diff(&start, &dump(here)))?;
    let back: Plan = plan(&after.schema, &before.schema, &[], &Hints::default());
    run(there, &back.up.text(), "the other way")?;
    same("the other way", &diff(&start, &dump(there)))?;
    Ok(before.unmanaged.len() + after.unmanaged.len())
}

fn read(database: &Database) -> Observed {
    observe(&mut database.client(), &Scope::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn run(database: &Database, sql: &str, what: &str) -> Result<(), String> {
    let ran = database.client().batch_execute(&format!("BEGIN;\n{sql}\nCOMMIT;"));
    ran.map_err(|error| {
        let said = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
        format!("{what}: {said}\n{sql}")
    })
}

fn same(what: &str, differences: &[impl ToString]) -> Result<(), String> {
    if differences.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    Err(format!("{what}:\n{}", lines.join("\n")))
}

fn report(results: &BTreeMap<String, Outcome>, listed: usize) {
    let (mut good, mut plain, mut out, mut wrong) = (0, 0, 0, 0);
    for (name, outcome) in results {
        match outcome {
            Outcome::Good { unmanaged } => {
                good += 1;
                plain += usize::from(*unmanaged == 0);
            }
            Outcome::NotLoaded(problem) => {
                out += 1;
                println!("not loaded  {name}: {problem}");
            }
            Outcome::Wrong(problem) => {
                wrong += 1;
                println!("wrong       {name}: {problem}");
            }
        }
    }
    println!(
        "summary: {} pairs: {} loaded, {good} right ({plain} of them with nothing unmanaged), {wrong} wrong ({listed} of them in pairs.txt), {out} not loaded",
        results.len(),
        results.len() - out
    );
}
