//! One schema and two independent changes of it, as two people make them on two branches.
//!
//! What the footprints say of them is held against PostgreSQL: both orders of deployment, and the rebase of one branch on the other.

use std::collections::{BTreeMap, BTreeSet};

use cargo_schema::ops::found::has_statements;
use cargo_schema::ops::rebase::{Moved, planted, targets};
use schema_core::history::{Footprint, LeftOut, Meeting, Migration, RevisionId, RevisionRecord};
use schema_core::kinds::{NameClaim, Object};
use schema_core::plan::{Hints, Plan, plan};
use schema_core::rename::Rename;
use schema_core::{Change, Ident, KindName, QualifiedName, Schema, SqlType};

use super::trial::{from_nothing, same};
use super::{Bench, Pair, Rng, draft::Draft, heirs, mutate, statements};
use crate::dump::{diff, dump};

/// The schema, and the two ends.
#[derive(Clone, Debug)]
pub struct Fork {
    /// Where the branches part.
    pub base: Schema,
    /// Where they lead, and the renames that are told on the way.
    pub branches: [(Schema, Vec<Rename>); 2],
}

/// What became of a fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A branch changes nothing, or the server cannot build it.
    Nothing,
    /// The footprints are apart, and both orders are equal.
    Commute,
    /// The footprints cannot tell, and both orders are equal.
    ShownToCommute,
    /// The footprints cannot tell, and the orders differ, or one of them fails. Rebased.
    ShownToConflict,
    /// The footprints clash. Rebased.
    Rebased,
    /// Two objects of the merged schema would have one name, or a statement names what is gone: somebody has to correct it first.
    ForAPerson,
}

/// The fork of a seed.
pub fn fork(seed: u64) -> Fork {
    let mut rng = Rng::new(seed);
    let base = mutate::schema(&mut rng).schema;
    let branch = |rng: &mut Rng| {
        let mut draft = Draft::from(&base);
        let count = rng.between(1, 3);
        for tried in 0..10 {
            // Some changes find no place in a schema.
            if count <= tried && draft.schema != base {
                break;
            }
            mutate::change(rng, &mut draft);
        }
        let renames = draft.renames(&base);
        (draft.schema, renames)
    };
    let branches = [branch(&mut rng), branch(&mut rng)];
    let mut fork = Fork { base, branches };
    let families = rng.percent(15);
    if families && [&fork.base, &fork.branches[0].0, &fork.branches[1].0].into_iter().all(heirs::fit) {
        fork.beside(&mut rng, heirs::add);
    }
    if rng.percent(25) {
        fork.beside(&mut rng, statements::add);
    }
    fork
}

impl Fork {
    /// Adds to all three what is drawn for pairs: the same to the base, and to one branch what the other leaves as it was.
    fn beside(&mut self, rng: &mut Rng, add: fn(&mut Rng, &mut Pair)) {
        let pair =
            |after: &Schema| Pair { before: self.base.clone(), after: after.clone(), renames: vec![], kept: vec![] };
        let mut drawn = pair(&self.branches[0].0);
        add(&mut rng.clone(), &mut drawn);
        let mut other = pair(&self.branches[1].0);
        add(rng, &mut other);
        let news: Vec<Object> =
            drawn.before.iter().filter(|(id, _)| !self.base.contains(id)).map(|(_, object)| object.clone()).collect();
        if rng.percent(50) {
            self.branches[1].0 = other.after;
        } else {
            news.into_iter().for_each(|object| drop(self.branches[1].0.insert(object)));
        }
        self.base = drawn.before;
        self.branches[0].0 = drawn.after;
    }
}

/// A branch as a revision.
struct Branch {
    before: Schema,
    after: Schema,
    plan: Plan,
    record: RevisionRecord,
    footprint: Footprint,
}

impl Branch {
    fn new(pair: Pair) -> Branch {
        let plan = plan(&pair.before, &pair.after, &pair.renames, &Hints::default());
        let record = RevisionRecord::new("random", Vec::new(), plan.difference.changes());
        let footprint = Footprint::of(&record.changes, &pair.before);
        Branch { before: pair.before, after: pair.after, plan, record, footprint }
    }

    fn moved(&self) -> Moved<'_> {
        let migration = Migration {
            id: RevisionId::new("2_random").expect("an id"),
            parents: Vec::new(),
            message: String::new(),
            up: self.plan.up.text().into(),
            down: Some(self.plan.down.text().into()),
            adopted: None,
            replaces: Vec::new(),
        };
        Moved { migration, record: &self.record, before: self.before.clone(), after: self.after.clone() }
    }
}

/// The end of one order of deployment.
struct End {
    lines: Vec<String>,
    dump: Option<BTreeMap<String, String>>,
}

impl Bench {
    /// Runs a fork; the error tells which promise was broken.
    pub fn run_fork(&mut self, fork: &Fork, with_dump: bool) -> Result<Fate, String> {
        self.clean();
        let mut branches = Vec::with_capacity(2);
        for (after, renames) in &fork.branches {
            let (before, after, renames) = (fork.base.clone(), after.clone(), renames.clone());
            let pair = Pair { before, after, renames, kept: vec![] };
            if !self.can_build(&pair) {
                return Ok(Fate::Nothing);
            }
            // What is drawn for the other branch may name what this one has not.
            let Ok(pair) = self.found(&pair) else { return Ok(Fate::Nothing) };
            branches.push(Branch::new(pair));
        }
        let [left, right] = branches.as_slice() else { unreachable!("two branches") };
        if left.record.changes.is_empty() || right.record.changes.is_empty() {
            return Ok(Fate::Nothing);
        }
        let meeting = left.footprint.meets(&right.footprint);
        match meeting {
            Meeting::Clash(_) => self.rebases(left, right),
            Meeting::Apart => {
                self.commute(left, right, with_dump)?;
                self.folds_alike(left, right)?;
                Ok(Fate::Commute)
            }
            Meeting::Unclear => match self.commute(left, right, with_dump) {
                Ok(()) => Ok(Fate::ShownToCommute),
                Err(_) => self.rebases(left, right).map(|fate| match fate {
                    Fate::Rebased => Fate::ShownToConflict,
                    other => other,
                }),
            },
        }
    }

    fn start(&mut self, left: &Branch) -> Result<(), String> {
        self.clean();
        self.execute(&from_nothing(&left.before)).map_err(|refusal| format!("build of the base: {}", refusal.text()))
    }

    fn order(&mut self, first: &Branch, then: &Branch, with_dump: bool) -> Result<End, String> {
        self.start(first)?;
        self.execute(&first.plan.up.text()).map_err(|refusal| format!("the first branch: {}", refusal.text()))?;
        self.execute(&then.plan.up.text()).map_err(|refusal| format!("the second branch: {}", refusal.text()))?;
        Ok(End { lines: self.state(), dump: with_dump.then(|| dump(self.database())) })
    }

    /// Both orders end equal, and the branch that came first can be undone from under the other.
    fn commute(&mut self, left: &Branch, right: &Branch, with_dump: bool) -> Result<(), String> {
        let other = self.order(right, left, with_dump)?;
        let one = self.order(left, right, with_dump)?;
        same("the orders end differently", &one.lines, &other.lines)?;
        if let (Some(one), Some(other)) = (&one.dump, &other.dump) {
            let differences = diff(one, other);
            if !differences.is_empty() {
                return Err(format!("the dumps differ: {}", differences.join("\n")));
            }
        }
        if let Err(refusal) = self.execute(&left.plan.down.text()) {
            self.undo_planned(left, right)
                .map_err(|problem| format!("undoing the first: {}, {problem}", refusal.text()))?;
        }
        let left_alone = self.state();
        self.start(right)?;
        self.execute(&right.plan.up.text()).map_err(|refusal| refusal.text())?;
        same("undoing the first does not leave the second", &self.state(), &left_alone)
    }

    /// Undoes the first branch from under the other one as a switch does when its down text fails: a type that it would make anew may have got
    /// columns by the other, so what undoes it is planned from what is there.
    fn undo_planned(&mut self, left: &Branch, right: &Branch) -> Result<(), String> {
        let changes = left.record.changes.iter().chain(&right.record.changes);
        let folded = changes.into_iter().try_fold(left.before.clone(), |schema, change| change.apply(schema));
        let both = folded.map_err(|misfit| format!("fold: {misfit}"))?;
        let pair = Pair { before: both, after: right.after.clone(), renames: vec![], kept: vec![] };
        let found = self.found(&pair)?;
        self.order(left, right, false)?;
        let planned = plan(&found.before, &found.after, &[], &Hints::default()).up.text();
        self.execute(&planned).map_err(|refusal| format!("and planned from what is there: {}", refusal.text()))
    }

    /// The records fold in both orders to one schema, and the database is what that schema gives when it is built from nothing.
    fn folds_alike(&mut self, left: &Branch, right: &Branch) -> Result<(), String> {
        let fold = |first: &Branch, then: &Branch| {
            let changes: Vec<&Change> = first.record.changes.iter().chain(&then.record.changes).collect();
            let folded = changes.into_iter().try_fold(left.before.clone(), |schema, change| change.apply(schema));
            folded.map_err(|misfit| format!("fold: {misfit}"))
        };
        let (one, other) = (fold(left, right)?, fold(right, left)?);
        if one != other {
            return Err("the records fold to two schemas".to_owned());
        }
        self.order(left, right, false)?;
        // In which order statements are made is known when their needs are found.
        let pair = Pair { before: one.clone(), after: one, renames: vec![], kept: vec![] };
        let both = self.found(&pair)?.after;
        self.is_as_built("both branches", &both)
    }

    /// The right branch is planned again on the left one, and PostgreSQL agrees.
    fn rebases(&mut self, left: &Branch, right: &Branch) -> Result<Fate, String> {
        let moved = right.moved();
        if moved.is_hand_written(&Hints::default()) {
            return Err("what was generated is not recognised".to_owned());
        }
        let mut targets = targets(&left.before, &left.record.changes, std::slice::from_ref(&moved), None);
        let mut target = targets.pop().expect("one revision");
        if names_twice(&target.after)
            || keys_misfit(&target.after)
            || target.left_out.iter().any(|left_out| matches!(left_out, LeftOut::Taken(_)))
        {
            return Ok(Fate::ForAPerson);
        }
        let pair = Pair { before: target.before.clone(), after: target.after.clone(), renames: vec![], kept: vec![] };
        // A statement that names what the other branch has dropped is corrected by who wrote it.
        let found = match self.found(&pair) {
            Err(_) if has_statements(&target.after) => return Ok(Fate::ForAPerson),
            other => other?,
        };
        (target.before, target.after) = (found.before, found.after);
        let one = planted(&moved, target, &Hints::default());
        self.start(left)?;
        self.execute(&left.plan.up.text()).map_err(|refusal| format!("the other branch: {}", refusal.text()))?;
        let before = self.state();
        let done = self.execute(&one.up).map_err(|refusal| format!("the rebased branch: {}", refusal.text()));
        let done = done.and_then(|()| self.is_as_built("the rebased branch", &one.after));
        if done.is_err() && says_old_names(left, right) {
            return Ok(Fate::ForAPerson);
        }
        done?;
        self.execute(&one.down.clone().unwrap_or_default())
            .map_err(|refusal| format!("the way back of the rebased branch: {}", refusal.text()))?;
        same("the rebased branch does not go back", &before, &self.state())?;
        Ok(Fate::Rebased)
    }
}

/// Whether two objects have one name.
fn names_twice(schema: &Schema) -> bool {
    let claims: Vec<NameClaim> = schema.iter().flat_map(|(_, object)| object.claims()).collect();
    claims.iter().collect::<BTreeSet<_>>().len() < claims.len()
}

/// Whether a foreign key has other types than what it references: the other branch has changed one of them.
fn keys_misfit(schema: &Schema) -> bool {
    schema.of_kind(KindName::ForeignKey).any(|object| {
        let Object::ForeignKey(key) = object else { return false };
        let types = |table: &QualifiedName, columns: &[Ident]| -> Vec<Option<SqlType>> {
            columns.iter().map(|name| schema.any_column(table, name).map(|column| column.sql_type.clone())).collect()
        };
        types(&key.table, &key.columns) != types(&key.references, &key.referenced)
    })
}

/// Whether a text of one branch says the old name of what the other has renamed, or a label that the other has taken away: that stands in a
/// string or a cast, which a rename does not touch. Types of an extension that moves are said without its name.
fn says_old_names(left: &Branch, right: &Branch) -> bool {
    let gone = |change: &Change| -> Vec<String> {
        match change {
            Change::Rename(rename) => vec![rename.before.name().as_str().to_owned()],
            Change::Alter(diff) => match (&diff.before, &diff.after) {
                (Object::Enum(before), Object::Enum(after)) => {
                    let left = before.values.iter().filter(|label| !after.values.contains(label));
                    left.map(|label| label.as_str().to_owned()).collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    };
    let moves = |one: &Branch| {
        let is_move =
            |change: &Change| matches!(change, Change::Alter(diff) if matches!(diff.after, Object::Extension(_)));
        one.record.changes.iter().any(is_move)
    };
    let made = |one: &Branch| -> Vec<Object> {
        let of = |change: &Change| match change {
            Change::Create(object) => Some(object.clone()),
            Change::Alter(diff) => Some(diff.after.clone()),
            _ => None,
        };
        one.record.changes.iter().filter_map(of).collect()
    };
    let may = |one: &Branch, other: &Branch| {
        let words: Vec<String> = one.record.changes.iter().flat_map(gone).collect();
        let of_extension = |object: &Object| matches!(object, Object::Column(of) if of.sql_type.user_type().is_some());
        made(other).iter().any(|object| {
            let text = serde_json::to_string(object).expect("an object can be written");
            // A string inside of an expression doubles its quotes.
            words.iter().any(|word| text.replace("''", "'").contains(word.as_str()))
                || moves(one) && (of_extension(object) || !object.expressions().is_empty())
        })
    };
    may(left, right) || may(right, left)
}
