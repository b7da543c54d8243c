//! Properties of the graph on random histories. The seed is in every message.
//!
//! Single cases stand beside the code they test.

use std::collections::{BTreeMap, BTreeSet};

use super::{Graph, RevisionId, Target};

/// xorshift64*: enough for test data, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for place in (1..list.len()).rev() {
            list.swap(place, self.below(place + 1));
        }
    }
}

type Revisions = Vec<(RevisionId, Vec<RevisionId>)>;

/// A history without defects. Ids are given out at random, so that late revisions often have small ids.
fn history(random: &mut Random, size: usize) -> Revisions {
    let mut ids: Vec<RevisionId> = (0..size).map(|n| RevisionId::new(format!("{n:06}_r")).unwrap()).collect();
    random.shuffle(&mut ids);
    let parents_of = |place: usize, random: &mut Random| {
        let count = [0, 1, 1, 1, 1, 2, 3][random.below(7)].min(place);
        let near = place.saturating_sub(6);
        (0..count).map(|_| near + random.below(place - near)).collect::<BTreeSet<usize>>()
    };
    let mut revisions: Revisions = (0..size)
        .map(|place| {
            (ids[place].clone(), parents_of(place, random).into_iter().map(|parent| ids[parent].clone()).collect())
        })
        .collect();
    random.shuffle(&mut revisions);
    revisions
}

fn each(check: impl Fn(u64, &mut Random, Revisions)) {
    for seed in 1..=300 {
        let mut random = Random(seed);
        let size = 1 + random.below(40);
        let revisions = history(&mut random, size);
        check(seed, &mut random, revisions);
    }
}

/// A set of revisions that holds the ancestors of each, as a ledger would.
fn applied(random: &mut Random, graph: &Graph) -> BTreeSet<RevisionId> {
    let mut applied = BTreeSet::new();
    for id in graph.order() {
        if graph.parents(id).iter().all(|parent| applied.contains(parent)) && random.below(4) != 0 {
            applied.insert(id.clone());
        }
    }
    applied
}

#[test]
fn order_respects_parents_and_names_everything_once() {
    each(|seed, _, revisions| {
        let graph = Graph::new(revisions.clone()).unwrap();
        let place: BTreeMap<_, _> = graph.order().iter().enumerate().map(|(place, id)| (id, place)).collect();
        assert_eq!(place.len(), revisions.len(), "seed {seed}");
        for (id, parents) in &revisions {
            assert!(parents.iter().all(|parent| place[parent] < place[id]), "seed {seed}: {id}");
        }
    });
}

#[test]
fn order_does_not_depend_on_the_order_of_insertion() {
    each(|seed, random, mut revisions| {
        let graph = Graph::new(revisions.clone()).unwrap();
        random.shuffle(&mut revisions);
        revisions.iter_mut().for_each(|(_, parents)| random.shuffle(parents));
        assert_eq!(Graph::new(revisions).unwrap(), graph, "seed {seed}");
    });
}

#[test]
fn ancestors_and_descendants_are_each_others_inverse() {
    each(|seed, _, revisions| {
        let graph = Graph::new(revisions).unwrap();
        for id in graph.order() {
            for ancestor in graph.ancestors(id) {
                assert!(graph.descendants(&ancestor).contains(id), "seed {seed}: {ancestor} {id}");
            }
            let missing: Vec<_> = graph.parents(id).into_iter().filter(|p| !graph.ancestors(id).contains(p)).collect();
            assert!(missing.is_empty() && !graph.ancestors(id).contains(id), "seed {seed}: {id}");
        }
    });
}

/// Runs a route; each step must find its parents applied, and none of its children.
fn run(graph: &Graph, applied: &mut BTreeSet<RevisionId>, up: &[RevisionId], down: &[RevisionId]) {
    for id in up {
        assert!(graph.parents(id).iter().all(|parent| applied.contains(parent)), "{id} before its parents");
        assert!(applied.insert(id.clone()), "{id} twice");
    }
    for id in down {
        assert!(!graph.children(id).iter().any(|child| applied.contains(child)), "{id} before its children");
        assert!(applied.remove(id), "{id} was not applied");
    }
}

#[test]
fn a_way_up_and_back_leaves_nothing() {
    each(|seed, random, revisions| {
        let graph = Graph::new(revisions).unwrap();
        let before = applied(random, &graph);
        let mut now = before.clone();
        let up = graph.upgrade_route(&now, &Target::Heads).unwrap();
        run(&graph, &mut now, &up, &[]);
        assert_eq!(now.len(), graph.len(), "seed {seed}");
        assert!(graph.upgrade_route(&now, &Target::Heads).unwrap().is_empty());
        let down = graph.downgrade_route(&now, &Target::Base).unwrap();
        run(&graph, &mut now, &[], &down);
        assert!(now.is_empty(), "seed {seed}");
        let sequence: Vec<_> = graph.order().iter().filter(|id| before.contains(*id)).chain(&up).cloned().collect();
        let mut now: BTreeSet<_> = sequence.iter().cloned().collect();
        run(&graph, &mut now, &[], &graph.latest_route(&sequence, up.len()).unwrap());
        assert_eq!(now, before, "seed {seed}");
    });
}

#[test]
fn a_revision_as_target_is_reached_from_both_sides() {
    each(|seed, random, revisions| {
        let graph = Graph::new(revisions).unwrap();
        let id = graph.order()[random.below(graph.len())].clone();
        let target = Target::Revision(id.to_string());
        let mut from_nothing = BTreeSet::new();
        run(&graph, &mut from_nothing, &graph.upgrade_route(&BTreeSet::new(), &target).unwrap(), &[]);
        let mut from_all: BTreeSet<_> = graph.order().iter().cloned().collect();
        let down = graph.downgrade_route(&from_all, &target).unwrap();
        run(&graph, &mut from_all, &[], &down);
        assert_eq!(from_nothing, from_all, "seed {seed}: {id}");
        assert_eq!(graph.applied_heads(&from_all), [id], "seed {seed}");
    });
}

#[test]
fn steps_of_any_size_run() {
    each(|seed, random, revisions| {
        let graph = Graph::new(revisions).unwrap();
        let mut now = applied(random, &graph);
        let count = random.below(graph.len() - now.len() + 1);
        let up = graph.upgrade_route(&now, &Target::Plus(count)).unwrap();
        run(&graph, &mut now, &up, &[]);
        let count = random.below(now.len() + 1);
        let down = graph.downgrade_route(&now, &Target::Minus(count)).unwrap();
        run(&graph, &mut now, &[], &down);
        assert_eq!((up.len() <= graph.len(), down.len()), (true, count), "seed {seed}");
    });
}

#[test]
fn broken_histories_are_refused_and_never_loop() {
    each(|seed, random, mut revisions| {
        let ids: Vec<RevisionId> = revisions.iter().map(|(id, _)| id.clone()).collect();
        for _ in 0..1 + random.below(4) {
            let place = random.below(revisions.len());
            revisions[place].1.push(ids[random.below(ids.len())].clone());
        }
        let (graph, defects) = Graph::with_defects(revisions);
        assert!(!defects.is_empty() || graph.order().len() == graph.len(), "seed {seed}");
        for id in graph.order() {
            assert!(!graph.ancestors(id).contains(id), "seed {seed}");
        }
    });
}

#[test]
fn unmerged_pairs_are_those_that_no_revision_settles() {
    each(|seed, _, revisions| {
        let graph = Graph::new(revisions).unwrap();
        let found: BTreeSet<_> = graph.unmerged().into_iter().collect();
        let after = |id: &RevisionId| graph.descendants(id).into_iter().chain([id.clone()]).collect::<BTreeSet<_>>();
        for (at, left) in graph.order().iter().enumerate() {
            for right in &graph.order()[at + 1..] {
                let settled = !after(left).is_disjoint(&after(right));
                assert_ne!(found.contains(&(left.clone(), right.clone())), settled, "seed {seed}: {left} {right}");
            }
        }
    });
}

#[test]
fn a_revision_after_all_heads_settles_everything() {
    each(|seed, _, mut revisions| {
        let heads = Graph::new(revisions.clone()).unwrap().heads();
        let several = 1 < heads.len();
        assert_eq!(!Graph::new(revisions.clone()).unwrap().unmerged().is_empty(), several, "seed {seed}");
        revisions.push((RevisionId::new("zzz_merge").unwrap(), heads));
        assert!(Graph::new(revisions).unwrap().unmerged().is_empty(), "seed {seed}");
    });
}

/// Ten thousand revisions, unoptimised: a quadratic step would take minutes.
#[test]
fn long_histories_are_quick() {
    let mut random = Random(7);
    let revisions = history(&mut random, 10_000);
    let graph = Graph::new(revisions).unwrap();
    assert_eq!(graph.order().len(), 10_000);
    assert_eq!(graph.upgrade_route(&BTreeSet::new(), &Target::Heads).unwrap().len(), 10_000);
}
