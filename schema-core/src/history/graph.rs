//! Revisions and their parents, put in one order that everybody computes alike.
//!
//! Parents come first, and what is parallel is ordered by id, whatever order the revisions were given in. Every question is
//! answered in time linear in the size of the graph. What SQL a revision holds is not known here.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::defect::Defect;
use super::id::RevisionId;

/// The graph. Nodes are numbers: places in `ids`, which is sorted, so that the order of numbers is the order of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    ids: Vec<RevisionId>,
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
    order: Vec<usize>,
    ordered: Vec<RevisionId>,
}

/// Which way to walk from a revision.
#[derive(Clone, Copy)]
enum Toward {
    Parents,
    Children,
}

impl Graph {
    /// A graph without defects, or all of them.
    ///
    /// ```
    /// use schema_core::history::{Graph, RevisionId};
    /// let id = |text| RevisionId::new(text).unwrap();
    /// let graph = Graph::new([(id("b"), vec![id("c")]), (id("c"), vec![])]).unwrap();
    /// assert_eq!(graph.order(), [id("c"), id("b")]);
    /// ```
    pub fn new(revisions: impl IntoIterator<Item = (RevisionId, Vec<RevisionId>)>) -> Result<Graph, Vec<Defect>> {
        match Graph::with_defects(revisions) {
            (graph, defects) if defects.is_empty() => Ok(graph),
            (_, defects) => Err(defects),
        }
    }

    /// The graph as far as it can be made out, for showing it, and for ledgers whose oldest rows are gone. A parent that is missing
    /// is left out, the first of two revisions with one id is taken, and what stands in or behind a cycle has no place in the order.
    pub fn with_defects(revisions: impl IntoIterator<Item = (RevisionId, Vec<RevisionId>)>) -> (Graph, Vec<Defect>) {
        let mut defects = Vec::new();
        let mut named: BTreeMap<RevisionId, Vec<RevisionId>> = BTreeMap::new();
        for (id, parents) in revisions {
            match named.entry(id) {
                Entry::Vacant(place) => {
                    place.insert(parents);
                }
                Entry::Occupied(first) => defects.push(Defect::DuplicateId { id: first.key().clone() }),
            }
        }
        let (ids, named): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        let mut graph = Graph { ids, ..Graph::default() };
        graph.parents =
            named.into_iter().enumerate().map(|(node, list)| graph.edges(node, list, &mut defects)).collect();
        graph.children = vec![Vec::new(); graph.ids.len()];
        for (node, parents) in graph.parents.iter().enumerate() {
            for parent in parents {
                graph.children[*parent].push(node);
            }
        }
        graph.order = graph.topological();
        graph.ordered = graph.named(&graph.order);
        defects.extend(graph.cycles());
        defects.sort();
        defects.dedup();
        (graph, defects)
    }

    /// All revisions, parents first, parallel ones by id.
    pub fn order(&self) -> &[RevisionId] {
        &self.ordered
    }

    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether the revision is here.
    pub fn contains(&self, id: &RevisionId) -> bool {
        self.node(id).is_some()
    }

    /// The revisions that no other one comes after.
    pub fn heads(&self) -> Vec<RevisionId> {
        self.named_where(|node| self.children[node].is_empty())
    }

    /// The revisions without parents.
    pub fn bases(&self) -> Vec<RevisionId> {
        self.named_where(|node| self.parents[node].is_empty())
    }

    /// The direct parents of a revision; none when it is not here.
    pub fn parents(&self, id: &RevisionId) -> Vec<RevisionId> {
        self.node(id).map_or_else(Vec::new, |node| self.named(&self.parents[node]))
    }

    /// The revisions that name this one as parent.
    pub fn children(&self, id: &RevisionId) -> Vec<RevisionId> {
        self.node(id).map_or_else(Vec::new, |node| self.named(&self.children[node]))
    }

    /// Everything that must be applied before this revision, in order.
    pub fn ancestors(&self, id: &RevisionId) -> Vec<RevisionId> {
        self.reached([id], Toward::Parents)
    }

    /// Everything that comes after this revision, in order.
    pub fn descendants(&self, id: &RevisionId) -> Vec<RevisionId> {
        self.reached([id], Toward::Children)
    }

    /// The pairs of revisions whose order nobody has settled: none of the two comes after the other, and no revision comes after
    /// both. One that does has been made by somebody who had both.
    ///
    /// ```
    /// use schema_core::history::{Graph, RevisionId};
    /// let id = |text| RevisionId::new(text).unwrap();
    /// let parallel = [(id("a"), vec![]), (id("b"), vec![id("a")]), (id("c"), vec![id("a")])];
    /// assert_eq!(Graph::new(parallel.clone()).unwrap().unmerged(), [(id("b"), id("c"))]);
    /// let merged = parallel.into_iter().chain([(id("d"), vec![id("b"), id("c")])]);
    /// assert!(Graph::new(merged).unwrap().unmerged().is_empty());
    /// ```
    pub fn unmerged(&self) -> Vec<(RevisionId, RevisionId)> {
        let heads: Vec<usize> = (0..self.ids.len()).filter(|node| self.children[*node].is_empty()).collect();
        if heads.len() < 2 {
            return Vec::new();
        }
        // Which heads come after each revision, itself included. Two that share one are settled.
        let mut reached: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.ids.len()];
        for node in self.order.iter().rev() {
            let below = self.children[*node].iter().flat_map(|child| reached[*child].iter().copied());
            reached[*node] = if self.children[*node].is_empty() { BTreeSet::from([*node]) } else { below.collect() };
        }
        let open: Vec<usize> = self.order.iter().copied().filter(|node| reached[*node].len() < heads.len()).collect();
        let pairs =
            open.iter().enumerate().flat_map(|(at, left)| open[at + 1..].iter().map(move |right| (left, right)));
        let apart = pairs.filter(|(left, right)| reached[**left].is_disjoint(&reached[**right]));
        apart.map(|(left, right)| (self.ids[*left].clone(), self.ids[*right].clone())).collect()
    }

    /// What is not applied, in the order to apply it.
    pub fn pending(&self, applied: &BTreeSet<RevisionId>) -> Vec<RevisionId> {
        self.ordered.iter().filter(|id| !applied.contains(*id)).cloned().collect()
    }

    /// What is applied and not in this graph: it comes from another branch.
    pub fn foreign(&self, applied: &BTreeSet<RevisionId>) -> Vec<RevisionId> {
        applied.iter().filter(|id| !self.contains(id)).cloned().collect()
    }

    /// The applied revisions that no other applied one comes after: where the database stands.
    pub fn applied_heads(&self, applied: &BTreeSet<RevisionId>) -> Vec<RevisionId> {
        self.named_where(|node| {
            applied.contains(&self.ids[node])
                && !self.children[node].iter().any(|child| applied.contains(&self.ids[*child]))
        })
    }

    /// Everything that comes after any of these revisions and is none of them, in order.
    pub(super) fn descendants_of<'a>(&self, ids: impl IntoIterator<Item = &'a RevisionId>) -> Vec<RevisionId> {
        self.reached(ids, Toward::Children)
    }

    /// All ids, sorted as text.
    pub(super) fn ids(&self) -> &[RevisionId] {
        &self.ids
    }

    fn node(&self, id: &RevisionId) -> Option<usize> {
        self.ids.binary_search(id).ok()
    }

    fn named(&self, nodes: &[usize]) -> Vec<RevisionId> {
        nodes.iter().map(|node| self.ids[*node].clone()).collect()
    }

    fn named_where(&self, wanted: impl Fn(usize) -> bool) -> Vec<RevisionId> {
        (0..self.ids.len()).filter(|node| wanted(*node)).map(|node| self.ids[node].clone()).collect()
    }

    /// The parents of one revision as numbers, sorted; what is wrong with them is a defect.
    fn edges(&self, node: usize, list: Vec<RevisionId>, defects: &mut Vec<Defect>) -> Vec<usize> {
        let id = || self.ids[node].clone();
        let mut found = Vec::with_capacity(list.len());
        for parent in list {
            match self.node(&parent) {
                Some(parent) if parent == node => defects.push(Defect::SelfParent { id: id() }),
                Some(known) if found.contains(&known) => defects.push(Defect::DuplicateParent { id: id(), parent }),
                Some(known) => found.push(known),
                None => defects.push(Defect::MissingParent { id: id(), near: self.near(node, &parent), parent }),
            }
        }
        found.sort_unstable();
        found
    }

    /// Another revision with the name of the missing one; its time may have been changed.
    fn near(&self, node: usize, missing: &RevisionId) -> Option<RevisionId> {
        let mut same = self.ids.iter().filter(|id| id.name() == missing.name() && **id != self.ids[node]);
        same.next().filter(|_| same.next().is_none()).cloned()
    }

    /// Kahn's algorithm; of all revisions whose parents are done, the smallest id comes next.
    fn topological(&self) -> Vec<usize> {
        let mut open: Vec<usize> = self.parents.iter().map(Vec::len).collect();
        let mut ready: BinaryHeap<Reverse<usize>> =
            (0..open.len()).filter(|node| open[*node] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(Reverse(node)) = ready.pop() {
            order.push(node);
            for child in &self.children[node] {
                open[*child] -= 1;
                if open[*child] == 0 {
                    ready.push(Reverse(*child));
                }
            }
        }
        order
    }

    /// One cycle for each group of revisions that has no place in the order: from each of them, walk to a parent that has none
    /// either (there is always one) until the walk meets itself, or an earlier walk, which has reported its cycle.
    fn cycles(&self) -> Vec<Defect> {
        let mut walk_of: Vec<Option<usize>> = vec![None; self.ids.len()];
        for node in &self.order {
            walk_of[*node] = Some(usize::MAX);
        }
        let mut found = Vec::new();
        let stuck: Vec<usize> = (0..self.ids.len()).filter(|node| walk_of[*node].is_none()).collect();
        let placed = walk_of.clone();
        for start in stuck {
            let mut path = Vec::new();
            let mut node = start;
            while walk_of[node].is_none() {
                walk_of[node] = Some(start);
                path.push(node);
                let parent = self.parents[node].iter().find(|parent| placed[**parent].is_none());
                node = *parent.expect("a revision is out of order only because of a parent");
            }
            if walk_of[node] == Some(start) {
                let entry = path.iter().position(|other| *other == node).unwrap_or(0);
                let mut cycle = path.split_off(entry);
                let smallest = (0..cycle.len()).min_by_key(|place| cycle[*place]).unwrap_or(0);
                cycle.rotate_left(smallest);
                found.push(Defect::Cycle { ids: self.named(&cycle) });
            }
        }
        found
    }

    /// Everything that can be reached from some revisions and is none of them, in order.
    fn reached<'a>(&self, starts: impl IntoIterator<Item = &'a RevisionId>, toward: Toward) -> Vec<RevisionId> {
        let edges = match toward {
            Toward::Parents => &self.parents,
            Toward::Children => &self.children,
        };
        let starts: Vec<usize> = starts.into_iter().filter_map(|id| self.node(id)).collect();
        let mut seen = vec![false; self.ids.len()];
        let mut open = starts.clone();
        while let Some(node) = open.pop() {
            for next in &edges[node] {
                if !std::mem::replace(&mut seen[*next], true) {
                    open.push(*next);
                }
            }
        }
        for start in starts {
            seen[start] = false;
        }
        self.order.iter().filter(|node| seen[**node]).map(|node| self.ids[*node].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RevisionId {
        RevisionId::new(text).unwrap()
    }

    /// `"b:a c"`: b has the parents a and c.
    fn read(text: &str) -> Vec<(RevisionId, Vec<RevisionId>)> {
        let revision = |word: &str| {
            let (name, parents) = word.split_once(':').unwrap();
            (id(name), parents.split(',').filter(|parent| !parent.is_empty()).map(id).collect())
        };
        text.split_whitespace().map(revision).collect()
    }

    fn join(ids: &[RevisionId]) -> String {
        ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn parents_come_first_and_ids_decide_the_rest() {
        let graph = Graph::new(read("m:b,c c:z b:z z: a:m")).unwrap();
        assert_eq!(join(graph.order()), "z b c m a");
        assert_eq!((join(&graph.heads()), join(&graph.bases())), ("a".into(), "z".into()));
        assert_eq!(
            (join(&graph.ancestors(&id("m"))), join(&graph.descendants(&id("b")))),
            ("z b c".into(), "m a".into())
        );
        assert_eq!((join(&graph.parents(&id("m"))), join(&graph.children(&id("z")))), ("b c".into(), "b c".into()));
    }

    #[test]
    fn applied_is_compared_by_id() {
        let graph = Graph::new(read("1: 3:1 2:1")).unwrap();
        let applied = BTreeSet::from([id("1"), id("3"), id("x")]);
        assert_eq!(join(&graph.pending(&applied)), "2");
        assert_eq!(join(&graph.foreign(&applied)), "x");
        assert_eq!(join(&graph.applied_heads(&applied)), "3");
    }

    fn defects(text: &str) -> Vec<Defect> {
        Graph::new(read(text)).unwrap_err()
    }

    #[test]
    fn every_defect_is_named() {
        assert_eq!(
            defects("2_a:1_b 3_b:"),
            [Defect::MissingParent { id: id("2_a"), parent: id("1_b"), near: Some(id("3_b")) }]
        );
        assert_eq!(defects("a:a"), [Defect::SelfParent { id: id("a") }]);
        assert_eq!(defects("a: b:a,a"), [Defect::DuplicateParent { id: id("b"), parent: id("a") }]);
        assert_eq!(defects("a: a: a:"), [Defect::DuplicateId { id: id("a") }]);
        assert_eq!(defects("a:x b:y").len(), 2);
    }

    #[test]
    fn cycles_are_found_once_without_what_hangs_on_them() {
        assert_eq!(defects("c:b b:a a:c d:c 0: e:0"), [Defect::Cycle { ids: vec![id("a"), id("c"), id("b")] }]);
        assert_eq!(defects("a:b b:a c:d d:c").len(), 2);
        let (graph, _) = Graph::with_defects(read("b:a a:b d:a 0: e:0"));
        assert_eq!(join(graph.order()), "0 e");
    }

    #[test]
    fn no_revision_is_no_defect() {
        let graph = Graph::new([]).unwrap();
        assert!(graph.is_empty() && graph.heads().is_empty() && graph.pending(&BTreeSet::new()).is_empty());
    }
}
