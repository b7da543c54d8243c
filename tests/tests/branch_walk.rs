//! A developer walks between git branches with the hook installed, and the database follows: after every `git switch` it is what the branch
//! makes, and every row and value that was written on a branch is there again on the way back. Between switches the main branch goes on,
//! revisions are edited, and branches are merged and rebased.
//!
//! `SCHEMA_WALK_SWITCHES`, `SCHEMA_WALK_SEEDS` and `SCHEMA_WALK_FIRST` make it longer.

use schema_tests::walk::Walk;

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn walk(seed: u64, switches: u64) {
    let mut walk = Walk::new(seed, SUBCOMMAND);
    let mut parents = vec!["main"];
    for branch in ["f1", "f2", "f3"] {
        // Some branches start from others.
        let parent = *walk.rng.pick(&parents);
        let revisions = walk.rng.between(3, 8);
        walk.grow_branch(branch, parent, revisions);
        parents.push(branch);
    }
    walk.install_hook();
    for _ in 0..switches {
        let mut others = walk.names();
        others.retain(|name| *name != walk.at());
        let to = walk.rng.pick(&others).clone();
        walk.switch(&to);
        match (walk.at() == "main", walk.rng.below(20)) {
            (true, 0..=9) => walk.advance(),
            (false, 0..=2) => walk.edit(),
            (false, 3 | 4) => walk.merge_main(false, false),
            (false, 5) => walk.merge_main(false, true),
            (false, 6) => walk.merge_main(true, false),
            _ => {}
        }
        if walk.rng.percent(60) {
            walk.write();
        }
    }
    for to in walk.names() {
        if to != walk.at() {
            walk.switch(&to);
        }
    }
}

#[test]
fn every_row_is_there_again() {
    let first = number("SCHEMA_WALK_FIRST", 1);
    for seed in first..first + number("SCHEMA_WALK_SEEDS", 2) {
        walk(seed, number("SCHEMA_WALK_SWITCHES", 8));
    }
}
