//! Checkpoints: a revision that stands for others, and which of the two are in force for a database.
//!
//! An empty database takes the checkpoint, and so does one that has all of the originals. Every other one goes on with the originals: it may
//! have rows, and a checkpoint knows only how to make a schema. What is not in force is in no graph, and who names it as a parent
//! means what stands for it.

use std::collections::{BTreeMap, BTreeSet};

use super::id::RevisionId;

/// A revision, its parents, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The revision.
    pub id: RevisionId,
    /// What comes directly before it.
    pub parents: Vec<RevisionId>,
    /// The originals, when it is a checkpoint.
    pub replaces: Vec<RevisionId>,
}

/// What is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// The revisions with their parents, in the order in which they were given.
    pub revisions: Vec<(RevisionId, Vec<RevisionId>)>,
    /// Originals that are applied and that a checkpoint in force stands for: they are nobody else's.
    pub covered: BTreeSet<RevisionId>,
    /// Checkpoints that the database has by having all originals, with nothing that says so yet.
    pub reached: BTreeSet<RevisionId>,
}

/// A database that is not empty lacks some of what a checkpoint stands for, and that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// The checkpoint.
    pub checkpoint: RevisionId,
    /// The originals that the database lacks and that are not here.
    pub missing: Vec<RevisionId>,
}

/// What is in force for a database that has `applied`; an empty one takes every checkpoint.
///
/// ```
/// use std::collections::BTreeSet;
/// use schema_core::history::{Node, RevisionId, in_force};
/// let id = |text: &str| RevisionId::new(text).unwrap();
/// let node = |text: &str, parents: &[&str], replaces: &[&str]| Node {
///     id: id(text),
///     parents: parents.iter().map(|text| id(text)).collect(),
///     replaces: replaces.iter().map(|text| id(text)).collect(),
/// };
/// let nodes = [node("1", &[], &[]), node("2", &["1"], &[]), node("3", &["2"], &[]), node("c", &[], &["1", "2"])];
/// let empty = in_force(nodes, &BTreeSet::new()).unwrap();
/// assert_eq!(empty.revisions, [(id("3"), vec![id("c")]), (id("c"), vec![])]);
/// ```
pub fn in_force(revisions: impl IntoIterator<Item = Node>, applied: &BTreeSet<RevisionId>) -> Result<InForce, Partial> {
    let nodes: Vec<Node> = revisions.into_iter().collect();
    let (mut result, mut stands_for) = (InForce::default(), BTreeMap::new());
    for checkpoint in nodes.iter().filter(|node| !node.replaces.is_empty()) {
        let all = checkpoint.replaces.iter().all(|id| applied.contains(id));
        let has = applied.contains(&checkpoint.id);
        if has || all || applied.is_empty() {
            stands_for.extend(checkpoint.replaces.iter().map(|id| (id.clone(), checkpoint.id.clone())));
            if has || all {
                result.covered.extend(checkpoint.replaces.iter().filter(|id| applied.contains(*id)).cloned());
            }
            if all && !has {
                result.reached.insert(checkpoint.id.clone());
            }
        } else {
            stands_for.insert(checkpoint.id.clone(), last_original(&nodes, checkpoint, applied)?);
        }
    }
    for node in nodes.into_iter().filter(|node| !stands_for.contains_key(&node.id)) {
        let mut parents: Vec<RevisionId> = Vec::with_capacity(node.parents.len());
        for parent in node.parents {
            let meant = stands_for.get(&parent).cloned();
            // A parent that is named twice is a defect; two originals of one checkpoint are none.
            if meant.as_ref().is_none_or(|meant| !parents.contains(meant)) {
                parents.push(meant.unwrap_or(parent));
            }
        }
        result.revisions.push((node.id, parents));
    }
    Ok(result)
}

/// The original that no other one comes after: a range has one.
fn last_original(nodes: &[Node], checkpoint: &Node, applied: &BTreeSet<RevisionId>) -> Result<RevisionId, Partial> {
    let originals: Vec<&Node> = nodes.iter().filter(|node| checkpoint.replaces.contains(&node.id)).collect();
    let is_here = |id: &RevisionId| originals.iter().any(|node| node.id == *id);
    let missing: Vec<RevisionId> =
        checkpoint.replaces.iter().filter(|id| !is_here(id) && !applied.contains(*id)).cloned().collect();
    let is_parent = |id: &RevisionId| originals.iter().any(|node| node.parents.contains(id));
    let last = originals.iter().find(|node| !is_parent(&node.id));
    match last {
        Some(last) if missing.is_empty() => Ok(last.id.clone()),
        _ => Err(Partial { checkpoint: checkpoint.id.clone(), missing }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RevisionId {
        RevisionId::new(text).unwrap()
    }

    fn ids(text: &str) -> Vec<RevisionId> {
        text.split(',').filter(|one| !one.is_empty()).map(id).collect()
    }

    /// `"c:1=2,3"`: c has the parent 1 and stands for 2 and 3.
    fn read(text: &str) -> Vec<Node> {
        let node = |word: &str| {
            let (name, rest) = word.split_once(':').unwrap();
            let (parents, replaces) = rest.split_once('=').unwrap_or((rest, ""));
            Node { id: id(name), parents: ids(parents), replaces: ids(replaces) }
        };
        text.split_whitespace().map(node).collect()
    }

    /// A base, a range of three with two lines, one revision that grew in its middle, one on its end, one on the checkpoint.
    const HISTORY: &str = "1: 2:1 3:2 4:3 x:3 y:4 c:1=2,3,4 z:c";

    #[track_caller]
    fn check(applied: &str, revisions: &str, covered: &str, reached: &str) {
        let found = in_force(read(HISTORY), &ids(applied).into_iter().collect()).unwrap();
        let shown = |(id, parents): &(RevisionId, Vec<RevisionId>)| {
            format!("{id}:{}", parents.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(","))
        };
        assert_eq!(found.revisions.iter().map(shown).collect::<Vec<_>>().join(" "), revisions);
        assert_eq!(found.covered, ids(covered).into_iter().collect());
        assert_eq!(found.reached, ids(reached).into_iter().collect());
    }

    #[test]
    fn nothing_or_all_of_the_originals_is_the_checkpoint() {
        check("", "1: x:c y:c c:1 z:c", "", "");
        check("1,2,3,4", "1: x:c y:c c:1 z:c", "2,3,4", "c");
        check("1,2,3,4,c", "1: x:c y:c c:1 z:c", "2,3,4", "");
        check("1,c", "1: x:c y:c c:1 z:c", "", "");
    }

    #[test]
    fn what_has_anything_else_goes_on_with_the_originals() {
        check("1", "1: 2:1 3:2 4:3 x:3 y:4 z:4", "", "");
        check("1,2", "1: 2:1 3:2 4:3 x:3 y:4 z:4", "", "");
        check("1,2,3,x", "1: 2:1 3:2 4:3 x:3 y:4 z:4", "", "");
    }

    #[test]
    fn a_part_whose_rest_is_gone_is_named() {
        let gone = in_force(read("1: c:1=2,3,4"), &ids("1,2").into_iter().collect());
        assert_eq!(gone, Err(Partial { checkpoint: id("c"), missing: ids("3,4") }));
        let all = in_force(read("1: c:1=2,3,4"), &ids("1,2,3,4").into_iter().collect()).unwrap();
        assert_eq!(all.covered, ids("2,3,4").into_iter().collect());
    }

    #[test]
    fn two_originals_as_parents_are_one_checkpoint() {
        let found = in_force(read("1: 2:1 3:1 4:2,3 c:=1,2,3 5:2,3"), &BTreeSet::new()).unwrap();
        assert_eq!(found.revisions[0], (id("4"), ids("c")));
    }

    #[test]
    fn what_is_no_checkpoint_is_left_as_it_is() {
        let found = in_force(read("a:x,x b:b"), &BTreeSet::new()).unwrap();
        assert_eq!(found.revisions, [(id("a"), ids("x,x")), (id("b"), ids("b"))]);
    }
}
