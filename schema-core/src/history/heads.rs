//! Several heads: which of their revisions commute, and one finding for two heads that conflict.
//!
//! Pure: records and graph come in. What only PostgreSQL can tell is said to be unclear here, and both orders are run elsewhere. Who
//! wrote a revision is told by the caller.

use std::collections::{BTreeMap, BTreeSet};

use super::footprint::{Clash, Footprint, Mark, Meeting};
use super::graph::Graph;
use super::id::RevisionId;
use super::record::{RevisionRecord, fold_fitting};
use crate::diagnostic::{Code, Diagnostic};
use crate::{Change, ObjectId, Schema, kinds::NameClaim};

/// Two heads cannot both be applied, or not in any order.
pub const HEADS_CONFLICT: Code = Code::new("heads-conflict");

/// How many objects are named one by one.
const NAMED: usize = 8;

/// The longest picture of a line.
const DRAWN: usize = 4;

/// Two heads that cannot both stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The head that comes first in the order.
    pub left: RevisionId,
    /// The other one.
    pub right: RevisionId,
    /// What both are about, and the two revisions that are.
    pub clashes: Vec<(RevisionId, RevisionId, Clash)>,
}

/// What is known of the heads of a history without a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Divided {
    /// Heads that conflict.
    pub conflicts: Vec<Conflict>,
    /// Pairs of heads of which only PostgreSQL can tell.
    pub unclear: Vec<(RevisionId, RevisionId)>,
}

impl Divided {
    /// Compares the lines of all heads. `is_partial` says whether a revision does more than it records.
    pub fn of(
        graph: &Graph,
        records: &BTreeMap<&RevisionId, RevisionRecord>,
        is_partial: impl Fn(&RevisionId) -> bool,
    ) -> Divided {
        let pairs = graph.unmerged();
        let mut footprints: BTreeMap<&RevisionId, Footprint> = BTreeMap::new();
        let mut states = States::new(graph, records);
        for id in pairs.iter().flat_map(|(left, right)| [left, right]) {
            let Some(record) = records.get(id).filter(|_| !footprints.contains_key(id)) else { continue };
            let footprint = Footprint::of(&record.changes, &states.before(id));
            footprints.insert(id, if is_partial(id) { footprint.partial() } else { footprint });
        }
        // The one that comes later in the order is the one to plan again.
        let heads = graph.order().iter().filter(|id| graph.children(id).is_empty());
        let lines: Vec<Line<'_>> =
            if pairs.is_empty() { Vec::new() } else { heads.map(|id| Line::of(graph, id)).collect() };
        let mut divided = Divided::default();
        for (at, left) in lines.iter().enumerate() {
            for right in &lines[at + 1..] {
                divided.compare(&footprints, left, right, &pairs);
            }
        }
        divided
    }

    fn compare(
        &mut self,
        footprints: &BTreeMap<&RevisionId, Footprint>,
        left: &Line<'_>,
        right: &Line<'_>,
        pairs: &[(RevisionId, RevisionId)],
    ) {
        let (mut clashes, mut unclear) = (Vec::new(), false);
        for (one, other) in pairs {
            let (one, other) = match () {
                () if left.has.contains(one) && right.has.contains(other) => (one, other),
                () if left.has.contains(other) && right.has.contains(one) => (other, one),
                () => continue,
            };
            let (Some(ours), Some(theirs)) = (footprints.get(one), footprints.get(other)) else { continue };
            match ours.meets(theirs) {
                Meeting::Apart => {}
                Meeting::Unclear => unclear = true,
                Meeting::Clash(found) => {
                    clashes.extend(found.into_iter().map(|clash| (one.clone(), other.clone(), clash)));
                }
            }
        }
        let (left, right) = (left.head.clone(), right.head.clone());
        if !clashes.is_empty() {
            self.conflicts.push(Conflict { left, right, clashes });
        } else if unclear {
            self.unclear.push((left, right));
        }
    }
}

/// A head and all that comes before it.
struct Line<'g> {
    head: &'g RevisionId,
    has: BTreeSet<RevisionId>,
}

impl<'g> Line<'g> {
    fn of(graph: &Graph, head: &'g RevisionId) -> Line<'g> {
        Line { head, has: graph.ancestors(head).into_iter().chain([head.clone()]).collect() }
    }
}

/// The declared schema before a revision, as its author had it: what its ancestors record.
struct States<'g> {
    graph: &'g Graph,
    records: &'g BTreeMap<&'g RevisionId, RevisionRecord>,
    /// After revisions whose children may ask.
    after: BTreeMap<RevisionId, Schema>,
}

impl<'g> States<'g> {
    fn new(graph: &'g Graph, records: &'g BTreeMap<&'g RevisionId, RevisionRecord>) -> States<'g> {
        States { graph, records, after: BTreeMap::new() }
    }

    fn before(&mut self, id: &RevisionId) -> Schema {
        let parents = self.graph.parents(id);
        let before = match parents.as_slice() {
            [parent] if self.after.contains_key(parent) => self.after[parent].clone(),
            _ => {
                let earlier = self.graph.ancestors(id);
                fold_fitting(Schema::default(), earlier.iter().flat_map(|id| self.changes(id)))
            }
        };
        if let [parent] = parents.as_slice() {
            self.after.entry(parent.clone()).or_insert_with(|| before.clone());
        }
        if !self.graph.children(id).is_empty() {
            let after = fold_fitting(before.clone(), self.changes(id).iter());
            self.after.insert(id.clone(), after);
        }
        before
    }

    fn changes(&self, id: &RevisionId) -> &'g [Change] {
        self.records.get(id).map(|record| record.changes.as_slice()).unwrap_or_default()
    }
}

impl Conflict {
    /// The finding. `origin` tells who wrote a revision, and where.
    pub fn to_diagnostic(&self, graph: &Graph, origin: impl Fn(&RevisionId) -> Option<String>) -> Diagnostic {
        let things = self.things();
        let what = match things.as_slice() {
            [only] => only.clone(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
            [] => "each other".to_owned(),
        };
        let message = format!(
            "the heads `{}` and `{}` are both about {what}, so one of them cannot be applied after the other as it is",
            self.left, self.right
        );
        let picture = two_branches(graph, &self.left, &self.right, origin);
        let mut finding = Diagnostic::error(HEADS_CONFLICT, message).note(picture);
        for sentence in self.sentences() {
            finding = finding.note(sentence);
        }
        finding
            .help(format!("to plan the later one again on the other: cargo schema rebase {}", self.right))
            .help("if both must stay as they are, and both orders lead to the same schema: cargo schema merge")
    }

    /// The objects that both heads are about, each once.
    pub fn things(&self) -> Vec<String> {
        let mut things: Vec<String> = Vec::new();
        for (_, _, clash) in &self.clashes {
            let thing = thing(clash);
            if !things.contains(&thing) {
                things.push(thing);
            }
        }
        things
    }

    fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = Vec::new();
        for (one, other, clash) in &self.clashes {
            let sentence = sentence(one, other, clash);
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
        let more = sentences.len().saturating_sub(NAMED);
        sentences.truncate(NAMED);
        sentences.extend((0 < more).then(|| format!("and {more} more")));
        sentences
    }
}

/// Where two heads part, and the way to each.
pub fn two_branches(
    graph: &Graph,
    left: &RevisionId,
    right: &RevisionId,
    origin: impl Fn(&RevisionId) -> Option<String>,
) -> String {
    let (ours, theirs) = (graph.ancestors(left), graph.ancestors(right));
    let fork = ours.iter().rev().find(|id| theirs.contains(id));
    let line = |head: &RevisionId, own: &[RevisionId], other: &[RevisionId]| {
        let mut line: Vec<String> = own.iter().filter(|id| !other.contains(id)).map(ToString::to_string).collect();
        let hidden = (line.len() + 1).saturating_sub(DRAWN);
        if 0 < hidden {
            line.splice(..hidden, [format!("({hidden} more)")]);
        }
        line.push(head.to_string());
        let by = origin(head).map(|origin| format!("   {origin}")).unwrap_or_default();
        format!("  +--> {}{by}", line.join(" --> "))
    };
    let start = fork.map_or_else(|| "(nothing)".to_owned(), ToString::to_string);
    format!("{start}\n{}\n{}", line(left, &ours, &theirs), line(right, &theirs, &ours))
}

fn shown(id: &ObjectId) -> String {
    format!("{} `{id}`", id.kind.words())
}

pub(super) fn thing(clash: &Clash) -> String {
    match &clash.mark {
        Mark::Object(id) => shown(id),
        Mark::Name(NameClaim::Relation(name) | NameClaim::Type(name) | NameClaim::Routine(name, _)) => {
            format!("the name `{name}`")
        }
        Mark::Name(NameClaim::Constraint(table, name)) => format!("the name `{name}` in table `{table}`"),
        Mark::Name(NameClaim::PrimaryKey(table)) => format!("the primary key of `{table}`"),
        Mark::Keys(table) => format!("the keys of `{table}`"),
        Mark::Family(table) => format!("`{table}` and its partitions or heirs"),
        Mark::DefaultPrivileges => "default privileges".to_owned(),
        Mark::Extensions => "extensions".to_owned(),
    }
}

fn sentence(one: &RevisionId, other: &RevisionId, clash: &Clash) -> String {
    if clash.is_same() {
        let what = deed(&clash.left.0);
        return format!("both {what}, in the same words: `{one}` and `{other}`; once is enough");
    }
    let side = |id: &RevisionId, (change, writes): &(Change, bool)| {
        let about = matches!(&clash.mark, Mark::Object(of) if *of == change.id());
        let stands = if *writes || about { String::new() } else { format!(", which needs {}", thing(clash)) };
        format!("`{id}` {}{stands}", third_person(change))
    };
    format!("{}; {}", side(one, &clash.left), side(other, &clash.right))
}

fn deed(change: &Change) -> String {
    match change {
        Change::Create(object) => format!("add {}", shown(&object.id())),
        Change::Drop(object) => format!("drop {}", shown(&object.id())),
        Change::Alter(diff) => format!("change {}", shown(&diff.after.id())),
        Change::Rename(rename) => format!("rename {} to `{}`", shown(&rename.before), rename.after.name()),
    }
}

fn third_person(change: &Change) -> String {
    let deed = deed(change);
    match deed.split_once(' ') {
        Some((verb, rest)) => format!("{verb}s {rest}"),
        None => deed,
    }
}
