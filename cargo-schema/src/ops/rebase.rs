//! A line of revisions planned again on another one.
//!
//! A revision is taken for purely generated when planning its recorded changes where they were recorded gives the very SQL that it has.
//! Then its SQL is written anew, both ways, from its changes on the new place. Hand-written SQL cannot be: it is kept, when the user says
//! so, and proven on the new place like everything else. Nothing is written here.

use schema_core::diff::Difference;
use schema_core::history::{Checksums, LeftOut, Migration, Replant, RevisionId, RevisionRecord, composed};
use schema_core::plan::{Hints, Plan, plan};
use schema_core::rename::Rename;
use schema_core::{Change, Hazard, KindName, Schema, sql};

/// A revision of the line that is moved.
#[derive(Clone, Debug)]
pub struct Moved<'r> {
    /// Its texts.
    pub migration: Migration,
    /// Its record.
    pub record: &'r RevisionRecord,
    /// The schema that it was made on.
    pub before: Schema,
    /// The schema that it made.
    pub after: Schema,
}

/// The same on its new place.
#[derive(Clone, Debug)]
pub struct Planted {
    /// What it was called.
    pub old: RevisionId,
    /// The schema before.
    pub before: Schema,
    /// The schema after.
    pub after: Schema,
    /// What is recorded.
    pub difference: Difference,
    /// The SQL that goes there.
    pub up: String,
    /// The SQL that comes back.
    pub down: Option<String>,
    /// What was left out, and why.
    pub left_out: Vec<LeftOut>,
    /// What it may cost on the new place and did not cost on the old one.
    pub hazards: Vec<Hazard>,
}

impl Planted {
    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.difference.is_empty() && self.up.trim().is_empty()
    }
}

impl Moved<'_> {
    /// The plan that its SQL comes from, when it was generated and not touched since. `hints` is what the structs say about rows.
    pub fn generated(&self, hints: &Hints) -> Option<Plan> {
        let (labels, others): (Vec<Rename>, Vec<Rename>) =
            composed(self.record.changes.iter()).into_iter().partition(|rename| is_label(rename.before.kind));
        // Names of constraints and indexes follow from their definitions, unless somebody gave them; those are recorded first.
        let told = (0..=labels.len()).map(|count| [&others, &labels[..count]].concat());
        let nothing = Hints::default();
        let mut ways = told.flat_map(|renames| [(renames.clone(), &nothing), (renames, hints)]);
        ways.find_map(|(renames, hints)| {
            let plan = plan(&self.before, &self.after, &renames, hints);
            let same = Checksums::text_of(&plan.up.text(), Some(&plan.down.text())) == self.migration.checksum();
            same.then_some(plan)
        })
    }

    /// Whether it has SQL that nothing generated.
    pub fn is_hand_written(&self, hints: &Hints) -> bool {
        let does_nothing = |text: &str| sql::split(text).is_ok_and(|statements| statements.is_empty());
        let nothing = does_nothing(&self.migration.up) && self.migration.down.as_deref().is_none_or(does_nothing);
        !(nothing && self.record.changes.is_empty()) && self.generated(hints).is_none()
    }
}

fn is_label(kind: KindName) -> bool {
    use KindName::{Check, Exclusion, ForeignKey, Index, PrimaryKey, Unique};
    matches!(kind, PrimaryKey | Unique | Check | Exclusion | Index | ForeignKey)
}

/// Where a revision of the line starts on its new place, and where it leads.
#[derive(Clone, Debug)]
pub struct Target {
    /// The schema before.
    pub before: Schema,
    /// The schema after.
    pub after: Schema,
    /// The renames on the way.
    pub renames: Vec<Rename>,
    /// What was left out, and why.
    pub left_out: Vec<LeftOut>,
}

/// Where each revision of a line leads after the other line, which parts from it at `fork`.
pub fn targets(fork: &Schema, other_line: &[Change], line: &[Moved<'_>], goal: Option<&Schema>) -> Vec<Target> {
    let mut replant = Replant::new(fork, other_line);
    let mut targets = Vec::with_capacity(line.len());
    let mut before = replant.schema.clone();
    for (at, moved) in line.iter().enumerate() {
        let done = replant.revision(&moved.record.changes);
        let mut after = replant.schema.clone();
        if let Some(goal) = goal.filter(|_| at + 1 == line.len()) {
            after = decided(after, goal, other_line, line);
        }
        let renames = done.renames.into_iter().filter(|rename| !is_label(rename.before.kind)).collect();
        targets.push(Target { before, after: after.clone(), renames, left_out: done.left_out });
        before = after;
    }
    targets
}

/// The structs win where either line is about an object. Other objects in which they differ are for the next revision.
fn decided(planned: Schema, structs: &Schema, other_line: &[Change], line: &[Moved<'_>]) -> Schema {
    let own = line.iter().flat_map(|moved| &moved.record.changes);
    let touched: Vec<_> = other_line.iter().chain(own).map(Change::id).collect();
    let differs: Vec<_> = planned.beside(structs).filter(|(ours, theirs)| ours != theirs).collect();
    let about = differs.iter().filter_map(|(ours, theirs)| ours.or(*theirs)).map(schema_core::kinds::Object::id);
    let known = |id: &schema_core::ObjectId| touched.iter().any(|of| of == id);
    if differs.is_empty() || !about.into_iter().all(|id| known(&id)) {
        return planned;
    }
    structs.in_order_of(&planned)
}

/// Plans a revision on its new place. What views and routines need must be known of both schemas of the target.
pub fn planted(moved: &Moved<'_>, target: Target, hints: &Hints) -> Planted {
    let Target { before, after, renames, left_out } = target;
    let new = plan(&before, &after, &renames, hints);
    let old = moved.generated(hints);
    let known: Vec<_> =
        old.iter().flat_map(|plan| &plan.hazards).map(|hazard| (hazard.class, &hazard.object)).collect();
    let is_new = |hazard: &&Hazard| old.is_some() && !known.contains(&(hazard.class, &hazard.object));
    let hazards: Vec<Hazard> = new.hazards.iter().filter(is_new).cloned().collect();
    let (up, down) = match old {
        Some(_) => (new.up.text(), Some(new.down.text())),
        None => (moved.migration.up.to_string(), moved.migration.down.as_deref().map(str::to_owned)),
    };
    let (old, difference) = (moved.migration.id.clone(), new.difference);
    Planted { old, before, after, difference, up, down, left_out, hazards }
}
