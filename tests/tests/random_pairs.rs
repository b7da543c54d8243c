//! Random pairs of schemas on a real server: the way there gives a fresh build, the way back gives the start, rows stay.
//!
//! `SCHEMA_RANDOM_PAIRS` is how many (200), `SCHEMA_RANDOM_SEED` the first seed. A failure prints its seed and the SQL of both ways.

use std::sync::atomic::{AtomicU64, Ordering};

use schema_core::plan::{Hints, plan};
use schema_tests::random::{Bench, Outcome, pair};

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Every pair shows all that went wrong, up to a few failures.
#[test]
fn random_pairs_go_there_and_back() {
    let (count, first) = (setting("SCHEMA_RANDOM_PAIRS", 200), setting("SCHEMA_RANDOM_SEED", 1));
    let (next, lacking) = (AtomicU64::new(first), AtomicU64::new(0));
    let work = || {
        let mut bench = Bench::new();
        let (mut failures, mut outcomes) = (Vec::new(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if first + count <= seed || 8 < failures.len() {
                return (failures, outcomes);
            }
            let drawn = pair(seed);
            if !bench.can_build(&drawn) {
                lacking.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            match bench.run(&drawn, seed.is_multiple_of(25)) {
                Ok(outcome) => outcomes.push(outcome),
                Err(problem) => failures.push((seed, explain(&mut bench, seed, &problem))),
            }
        }
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker ends")).collect()
    });
    let (failures, outcomes): (Vec<_>, Vec<_>) = results.into_iter().unzip();
    let (mut failures, outcomes) = (failures.concat(), outcomes.concat());
    failures.sort();
    let lacking = lacking.into_inner();
    report(&outcomes, failures.len(), lacking);
    let shown: Vec<String> = failures.into_iter().map(|(_, text)| text).collect();
    assert!(shown.is_empty(), "{} of {count} pairs failed\n{}", shown.len(), shown.join("\n"));
    assert_eq!(u64::try_from(outcomes.len()).ok(), Some(count - lacking));
}

fn report(outcomes: &[Outcome], wrong: usize, lacking: u64) {
    let sum = |of: fn(&Outcome) -> usize| outcomes.iter().map(of).sum::<usize>();
    let (rows, statements, refused) =
        (sum(|one| one.rows), sum(|one| one.statements), sum(|one| usize::from(one.refused)));
    println!(
        "summary: {} random pairs right ({statements} statements up, {rows} rows, {refused} refused by rows as announced), {wrong} wrong, \
         {lacking} that this server has no types or words for",
        outcomes.len()
    );
}

/// The SQL that ran: what PostgreSQL tells of statements decides its order too.
fn explain(bench: &mut Bench, seed: u64, problem: &str) -> String {
    let drawn = pair(seed);
    let pair = bench.found(&drawn).unwrap_or(drawn);
    let of = plan(&pair.before, &pair.after, &pair.renames, &Hints::default());
    let start = plan(&schema_core::Schema::default(), &pair.before, &[], &Hints::default()).up.text();
    let renames: Vec<String> = pair
        .renames
        .iter()
        .map(|rename| format!("{} {} -> {}", rename.before.kind.words(), rename.before, rename.after))
        .collect();
    format!(
        "==== SCHEMA_RANDOM_SEED={seed} SCHEMA_RANDOM_PAIRS=1: {problem}\n-- told: {renames:?}\n-- before:\n{start}\n-- up:\n{}\n-- down:\n{}",
        of.up.text(),
        of.down.text()
    )
}
