//! The merge matrix: one schema, two independent changes of it, and PostgreSQL as the judge of what the footprints say.
//!
//! Revisions that are apart are applied in both orders of deployment and end equal, and the first can be undone from under the second. The others are
//! planned again on each other. The order of the columns in a table is left out: a new column is the last one wherever it lands. `SCHEMA_MERGE_PAIRS` is how many
//! (40), `SCHEMA_MERGE_SEED` the first seed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use schema_core::Schema;
use schema_core::plan::{Hints, plan};
use schema_tests::random::{Bench, Fate, fork};

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn what_commutes_ends_equal_and_what_does_not_is_rebased() {
    let (count, first) = (setting("SCHEMA_MERGE_PAIRS", 40), setting("SCHEMA_MERGE_SEED", 1));
    let next = AtomicU64::new(first);
    let work = || {
        let mut bench = Bench::new();
        let (mut failures, mut fates) = (Vec::new(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if first + count <= seed || 8 < failures.len() {
                return (failures, fates);
            }
            match bench.run_fork(&fork(seed), seed.is_multiple_of(5)) {
                Ok(fate) => fates.push(fate),
                Err(problem) => failures.push((seed, problem)),
            }
        }
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker ends")).collect()
    });
    let (failures, fates): (Vec<_>, Vec<_>) = results.into_iter().unzip();
    let (mut failures, fates) = (failures.concat(), fates.concat());
    failures.sort();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    fates.iter().for_each(|fate| *counts.entry(format!("{fate:?}")).or_default() += 1);
    println!("{} forks: {counts:?}", fates.len());
    let shown: Vec<String> = failures.iter().map(|(seed, problem)| explain(*seed, problem)).collect();
    assert!(shown.is_empty(), "{} of {count} forks failed\n{}", shown.len(), shown.join("\n"));
    // Each of these must be met, or nothing was shown.
    for fate in [Fate::Commute, Fate::Rebased] {
        assert!(count < 30 || 5 < fates.iter().filter(|one| **one == fate).count(), "{fate:?}: {counts:?}");
    }
}

fn explain(seed: u64, problem: &str) -> String {
    let fork = fork(seed);
    let start = plan(&Schema::default(), &fork.base, &[], &Hints::default()).up.text();
    let [left, right] = fork.branches.map(|(after, renames)| {
        let told: Vec<String> = renames.iter().map(|rename| format!("{} -> {}", rename.before, rename.after)).collect();
        format!("-- told: {told:?}\n{}", plan(&fork.base, &after, &renames, &Hints::default()).up.text())
    });
    format!(
        "==== SCHEMA_MERGE_SEED={seed} SCHEMA_MERGE_PAIRS=1: {problem}\n-- base:\n{start}\n-- left:\n{left}\n-- right:\n{right}"
    )
}
