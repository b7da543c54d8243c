//! The mark of a branch's database, the last line of its comment, and the names under which databases wait.
//!
//! Pure text. A comment that somebody else has written stays above the mark.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const START: &str = "cargo schema: ";
/// PostgreSQL cuts longer names.
const LONGEST: usize = 63;

/// What a database says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The name that the application knows; the database has it while it is in place.
    pub of: String,
    /// The git branch.
    pub branch: String,
    /// Whether it was there first, so that it is no copy.
    pub base: bool,
    /// When it was put in place the last time, in UTC.
    pub used: String,
}

impl Mark {
    /// The mark in a comment.
    pub fn read(comment: &str) -> Option<Mark> {
        let value: Value = serde_json::from_str(comment.lines().next_back()?.strip_prefix(START)?).ok()?;
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Some(Mark {
            of: text("database")?,
            branch: text("branch")?,
            base: value["base"].as_bool()?,
            used: text("used")?,
        })
    }

    /// The comment with this mark.
    pub fn written_into(&self, comment: &str) -> String {
        let Mark { of, branch, base, used } = self;
        let mark = json!({ "database": of, "branch": branch, "base": base, "used": used });
        let kept = Mark::taken_from(comment);
        format!("{kept}{}{START}{mark}", if kept.is_empty() { "" } else { "\n" })
    }

    /// The comment without a mark.
    pub fn taken_from(comment: &str) -> String {
        let lines: Vec<&str> = comment.lines().collect();
        match lines.split_last() {
            Some((last, above)) if last.starts_with(START) => above.join("\n"),
            _ => comment.to_owned(),
        }
    }
}

/// A name that no database has: the branch's own where it can be read without quotes, else with a hash of what was cut or replaced.
pub fn free_name(of: &str, branch: &str, taken: &BTreeSet<String>) -> String {
    let plain = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' };
    let slug: String = branch.to_lowercase().chars().map(plain).collect();
    let simple = format!("{of}__{slug}");
    if slug == branch && simple.len() <= LONGEST && !taken.contains(&simple) {
        return simple;
    }
    let numbered = (0u32..).map(|number| {
        let hash = Sha256::digest(format!("{of}\n{branch}\n{number}"));
        let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}__{}_{hash}", cut(of, 30), cut(&slug, 22))
    });
    numbered.into_iter().find(|name| !taken.contains(name)).unwrap_or(simple)
}

/// At most so many bytes, in whole characters.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_below_the_comment_of_others() {
        let mark = Mark { of: "shop".into(), branch: "a\"\n/ü".into(), base: true, used: "2026-11-23 09:00".into() };
        for comment in ["", "ours", "two\nlines"] {
            let written = mark.written_into(&mark.written_into(comment));
            assert_eq!(Mark::read(&written).as_ref(), Some(&mark));
            assert_eq!(Mark::taken_from(&written), comment);
        }
        assert_eq!(Mark::read("default administrative connection database"), None);
    }

    #[test]
    fn names_fit_and_tell_branches_apart() {
        let none = BTreeSet::new();
        assert_eq!(free_name("shop", "mood", &none), "shop__mood");
        assert_ne!(free_name("shop", "feature/x", &none), free_name("shop", "feature_x", &none));
        assert_ne!(free_name("shop", "Mood", &none), free_name("shop", "mood", &none));
        let long = free_name(&"ü".repeat(31), &"x/".repeat(100), &none);
        assert!(long.len() <= 63, "{long}");
        let taken = BTreeSet::from(["shop__mood".to_owned()]);
        let other = free_name("shop", "mood", &taken);
        assert!(other.starts_with("shop__mood_"), "{other}");
        let both = BTreeSet::from(["shop__mood".to_owned(), other.clone()]);
        assert!(!both.contains(&free_name("shop", "mood", &both)));
    }
}
