//! Which revisions to run, in which order, to get from what is applied to a target.
//!
//! A revision as target means the database as a checkout with that revision as its only head would have it: the revision and its
//! ancestors, nothing else. Applied revisions that are not in the graph are left alone; their way back is in the ledger.

use std::collections::BTreeSet;
use std::fmt;

use super::graph::Graph;
use super::id::RevisionId;
use super::target::Target;

/// How many near names are shown.
const NEAR: usize = 3;

/// Which way a command goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Applying.
    Upgrade,
    /// Undoing.
    Downgrade,
}

/// Why there is no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// No revision has this text in its id.
    Unknown {
        /// What was asked for.
        text: String,
        /// Ids that are spelled alike, the nearest first.
        near: Vec<RevisionId>,
    },
    /// Several revisions do.
    Ambiguous {
        /// What was asked for.
        text: String,
        /// All of them, in order.
        candidates: Vec<RevisionId>,
    },
    /// There are not so many revisions.
    TooFar {
        /// Which way.
        direction: Direction,
        /// How many were asked for.
        asked: usize,
        /// How many there are.
        available: usize,
    },
    /// `downgrade` to a revision that the database has not reached.
    NotApplied {
        /// The revision.
        id: RevisionId,
    },
    /// A target of the other command.
    WrongDirection {
        /// The command.
        direction: Direction,
        /// Its target.
        target: Target,
    },
    /// A number of steps where a state is asked for.
    NotAState {
        /// What was asked for.
        target: Target,
    },
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RouteError::Unknown { text, near } if near.is_empty() => {
                write!(f, "no revision has `{text}` in its id; to list them: cargo schema history")
            }
            RouteError::Unknown { text, near } => {
                write!(f, "no revision has `{text}` in its id; did you mean {}?", list(near))
            }
            RouteError::Ambiguous { text, candidates } => {
                write!(
                    f,
                    "`{text}` stands for {} revisions: {}; type more of the id",
                    candidates.len(),
                    list(candidates)
                )
            }
            RouteError::TooFar { direction, asked, available } => {
                let state = match direction {
                    Direction::Upgrade => "pending",
                    Direction::Downgrade => "applied",
                };
                write!(f, "{asked} revisions are asked for and {available} are {state}; nothing was done")
            }
            RouteError::NotApplied { id } => {
                write!(
                    f,
                    "`{id}` is not applied, so there is no way down to it; to apply it: cargo schema upgrade {id}"
                )
            }
            RouteError::NotAState { target } => {
                write!(f, "`{target}` counts steps; name the revision that the database is at, `heads` or `base`")
            }
            RouteError::WrongDirection { direction: Direction::Upgrade, target } => {
                write!(f, "`{target}` is a way down; to undo revisions: cargo schema downgrade {target}")
            }
            RouteError::WrongDirection { direction: Direction::Downgrade, target } => {
                write!(f, "`{target}` is a way up; to apply revisions: cargo schema upgrade {target}")
            }
        }
    }
}

impl std::error::Error for RouteError {}

fn list(ids: &[RevisionId]) -> String {
    const MOST: usize = 8;
    let mut shown: Vec<String> = ids.iter().take(MOST).map(|id| format!("`{id}`")).collect();
    if MOST < ids.len() {
        shown.push(format!("{} more", ids.len() - MOST));
    }
    shown.join(", ")
}

impl Graph {
    /// What to apply, in order. Empty when the target is reached.
    ///
    /// ```
    /// use std::collections::BTreeSet;
    /// use schema_core::history::{Graph, RevisionId};
    /// let id = |text| RevisionId::new(text).unwrap();
    /// let graph = Graph::new([(id("1_users"), vec![]), (id("2_bio"), vec![id("1_users")])]).unwrap();
    /// let route = graph.upgrade_route(&BTreeSet::new(), &"users".parse().unwrap()).unwrap();
    /// assert_eq!(route, [id("1_users")]);
    /// ```
    pub fn upgrade_route(
        &self,
        applied: &BTreeSet<RevisionId>,
        target: &Target,
    ) -> Result<Vec<RevisionId>, RouteError> {
        let mut pending = self.pending(applied);
        match target {
            Target::Heads => Ok(pending),
            Target::Revision(text) => {
                let wanted = self.up_to(self.resolve(text)?);
                pending.retain(|id| wanted.contains(id));
                Ok(pending)
            }
            Target::Plus(count) => {
                let available = pending.len();
                pending.truncate(*count);
                enough(pending, Direction::Upgrade, *count, available)
            }
            Target::Minus(_) | Target::Base => Err(wrong(Direction::Upgrade, target)),
        }
    }

    /// What to undo, in the order to undo it. `-1` is the last applied one in the order of the graph; see [`Graph::latest_route`]
    /// for the last in time.
    pub fn downgrade_route(
        &self,
        applied: &BTreeSet<RevisionId>,
        target: &Target,
    ) -> Result<Vec<RevisionId>, RouteError> {
        let mut undone: Vec<RevisionId> =
            self.order().iter().rev().filter(|id| applied.contains(*id)).cloned().collect();
        match target {
            Target::Base => Ok(undone),
            Target::Revision(text) => {
                let id = self.resolve(text)?;
                if !applied.contains(&id) {
                    return Err(RouteError::NotApplied { id });
                }
                let kept = self.up_to(id);
                undone.retain(|id| !kept.contains(id));
                Ok(undone)
            }
            Target::Minus(count) => {
                let available = undone.len();
                undone.truncate(*count);
                enough(undone, Direction::Downgrade, *count, available)
            }
            Target::Plus(_) | Target::Heads => Err(wrong(Direction::Downgrade, target)),
        }
    }

    /// What to undo to take back the `count` revisions that were applied last in time. `sequence` is the ledger's, the oldest first.
    /// A revision that landed late is last in time although others come after it in the order of the graph; whatever descends from an
    /// undone revision is undone first.
    pub fn latest_route(&self, sequence: &[RevisionId], count: usize) -> Result<Vec<RevisionId>, RouteError> {
        let known: Vec<&RevisionId> = sequence.iter().filter(|id| self.contains(id)).collect();
        let available = known.len();
        let latest = &known[available.saturating_sub(count)..];
        let applied: BTreeSet<&RevisionId> = known.iter().copied().collect();
        let mut undone: BTreeSet<RevisionId> = latest.iter().map(|id| (*id).clone()).collect();
        let after = self.descendants_of(latest.iter().copied());
        undone.extend(after.into_iter().filter(|id| applied.contains(id)));
        let route = self.order().iter().rev().filter(|id| undone.contains(*id)).cloned().collect();
        enough(route, Direction::Downgrade, count, available)
    }

    /// The one revision that is meant: its id, the only one that starts so, or the only one that holds the text.
    pub fn resolve(&self, text: &str) -> Result<RevisionId, RouteError> {
        if let Some(id) = self.ids().iter().find(|id| id.as_str() == text) {
            return Ok(id.clone());
        }
        for fits in [|id: &str, text: &str| id.starts_with(text), |id: &str, text: &str| id.contains(text)] {
            let mut candidates: Vec<&RevisionId> = self.ids().iter().filter(|id| fits(id.as_str(), text)).collect();
            match candidates.len() {
                0 => {}
                1 => return Ok(candidates.remove(0).clone()),
                _ => {
                    let candidates = candidates.into_iter().cloned().collect();
                    return Err(RouteError::Ambiguous { text: text.to_owned(), candidates });
                }
            }
        }
        Err(RouteError::Unknown { text: text.to_owned(), near: self.near_names(text) })
    }

    fn up_to(&self, id: RevisionId) -> BTreeSet<RevisionId> {
        let mut kept: BTreeSet<RevisionId> = self.ancestors(&id).into_iter().collect();
        kept.insert(id);
        kept
    }

    fn near_names(&self, text: &str) -> Vec<RevisionId> {
        let length = text.chars().count();
        if length < 3 {
            return Vec::new();
        }
        let mut near: Vec<(usize, &RevisionId)> = self.ids().iter().map(|id| (edits(text, id.as_str()), id)).collect();
        near.retain(|(distance, _)| *distance <= (length + 1) / 3);
        near.sort();
        near.into_iter().take(NEAR).map(|(_, id)| id.clone()).collect()
    }
}

fn enough(
    route: Vec<RevisionId>,
    direction: Direction,
    asked: usize,
    available: usize,
) -> Result<Vec<RevisionId>, RouteError> {
    if asked <= available { Ok(route) } else { Err(RouteError::TooFar { direction, asked, available }) }
}

fn wrong(direction: Direction, target: &Target) -> RouteError {
    RouteError::WrongDirection { direction, target: target.clone() }
}

/// How many characters of the text must be changed to find it somewhere in the id (Sellers): like Levenshtein's distance, but what
/// stands before and behind costs nothing.
fn edits(text: &str, id: &str) -> usize {
    let id = id.as_bytes();
    let mut row = vec![0; id.len() + 1];
    for (line, c) in text.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (place, other) in id.iter().enumerate() {
            let changed = diagonal + usize::from(c != char::from(*other));
            diagonal = row[place + 1];
            row[place + 1] = changed.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row.into_iter().min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RevisionId {
        RevisionId::new(text).unwrap()
    }

    fn ids(text: &str) -> BTreeSet<RevisionId> {
        text.split_whitespace().map(id).collect()
    }

    /// A diamond with a tail: 1, then 2 and 3 in parallel, 4 after both, 5.
    fn graph() -> Graph {
        let revision = |own: &str, parents: &[&str]| (id(own), parents.iter().map(|parent| id(parent)).collect());
        Graph::new([
            revision("1_users", &[]),
            revision("2_bio", &["1_users"]),
            revision("3_age", &["1_users"]),
            revision("4_merge_bio", &["2_bio", "3_age"]),
            revision("5_posts", &["4_merge_bio"]),
        ])
        .unwrap()
    }

    fn up(applied: &str, target: &str) -> String {
        show(graph().upgrade_route(&ids(applied), &target.parse().unwrap()))
    }

    fn down(applied: &str, target: &str) -> String {
        show(graph().downgrade_route(&ids(applied), &target.parse().unwrap()))
    }

    fn show(route: Result<Vec<RevisionId>, RouteError>) -> String {
        match route {
            Ok(route) => route.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(" "),
            Err(problem) => problem.to_string(),
        }
    }

    #[test]
    fn routes_up() {
        assert_eq!(up("", "head"), "1_users 2_bio 3_age 4_merge_bio 5_posts");
        assert_eq!(up("1_users 3_age", "head"), "2_bio 4_merge_bio 5_posts");
        assert_eq!(up("", "3"), "1_users 3_age");
        assert_eq!(up("1_users 3_age", "+2"), "2_bio 4_merge_bio");
        assert_eq!(up("1_users 2_bio", "users"), "");
        assert_eq!(up("x", "+0"), "");
    }

    #[test]
    fn routes_down() {
        assert_eq!(down("1_users 2_bio 3_age 4_merge_bio", "base"), "4_merge_bio 3_age 2_bio 1_users");
        assert_eq!(down("1_users 2_bio 3_age 4_merge_bio x", "2"), "4_merge_bio 3_age");
        assert_eq!(down("1_users 2_bio 3_age", "-1"), "3_age");
        assert_eq!(down("1_users", "1_users"), "");
    }

    #[test]
    fn the_latest_in_time_go_first() {
        let sequence: Vec<_> = ["1_users", "3_age", "x", "2_bio"].map(id).to_vec();
        assert_eq!(show(graph().latest_route(&sequence, 1)), "2_bio");
        assert_eq!(show(graph().latest_route(&sequence, 3)), "3_age 2_bio 1_users");
        assert_eq!(
            show(graph().latest_route(&sequence, 4)),
            "4 revisions are asked for and 3 are applied; nothing was done"
        );
        let odd: Vec<_> = ["2_bio", "4_merge_bio", "1_users"].map(id).to_vec();
        assert_eq!(show(graph().latest_route(&odd, 1)), "4_merge_bio 2_bio 1_users");
    }

    #[test]
    fn no_route_says_why() {
        assert_eq!(up("", "usres"), "no revision has `usres` in its id; did you mean `1_users`?");
        assert_eq!(up("", "zzzzz"), "no revision has `zzzzz` in its id; to list them: cargo schema history");
        assert_eq!(up("", "bio"), "`bio` stands for 2 revisions: `2_bio`, `4_merge_bio`; type more of the id");
        assert_eq!(up("1_users", "+5"), "5 revisions are asked for and 4 are pending; nothing was done");
        assert_eq!(up("", "-1"), "`-1` is a way down; to undo revisions: cargo schema downgrade -1");
        assert_eq!(down("", "head"), "`head` is a way up; to apply revisions: cargo schema upgrade head");
        assert_eq!(
            down("1_users", "5_posts"),
            "`5_posts` is not applied, so there is no way down to it; to apply it: cargo schema upgrade 5_posts"
        );
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!((edits("users", "1_users"), edits("usres", "1_users_x"), edits("bioo", "2_bio")), (0, 2, 1));
        assert_eq!((edits("abc", ""), edits("", "abc")), (3, 0));
    }
}
