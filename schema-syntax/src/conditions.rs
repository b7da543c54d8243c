//! `cfg`: whether an item is there in the build that is described.
//!
//! What is true is the caller's to say. A condition that nobody decided counts as true, because a table that is left out silently
//! would be dropped by the next migration; it is told in a note.

use std::collections::BTreeSet;

use crate::token::{Cursor, string_value};

/// The settings of a build.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// What holds: a name, or a name and a value, as `rustc --print cfg` lists them, and `feature` with each active feature.
    pub active: BTreeSet<(String, Option<String>)>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Only the compiler knows.
    Unknown,
}

impl Truth {
    fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
            _ => Truth::Unknown,
        }
    }

    fn not(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

impl Conditions {
    /// Conditions under which these features are active.
    pub fn features<'a>(features: impl IntoIterator<Item = &'a str>) -> Conditions {
        let active = features.into_iter().map(|feature| ("feature".to_owned(), Some(feature.to_owned())));
        Conditions { active: active.collect() }
    }

    /// Evaluates the one condition that is next in a list.
    pub fn evaluate(&self, list: &mut Cursor<'_>) -> Truth {
        let Some((name, _)) = list.take_ident() else {
            list.take_to_comma();
            return Truth::Unknown;
        };
        if let Some((mut inner, _)) = list.take_group("(") {
            return self.combined(name, &mut inner);
        }
        let value = if list.take("=") { list.next().and_then(|piece| string_value(piece.text)) } else { None };
        match name {
            "true" => Truth::Yes,
            "false" => Truth::No,
            name => self.holds(name, value),
        }
    }

    fn combined(&self, name: &str, inner: &mut Cursor<'_>) -> Truth {
        let mut parts = Vec::new();
        while !inner.is_empty() {
            parts.push(self.evaluate(inner));
            inner.take(",");
        }
        match name {
            "all" => parts.into_iter().fold(Truth::Yes, Truth::and),
            "any" => parts.into_iter().map(Truth::not).fold(Truth::Yes, Truth::and).not(),
            "not" => parts.first().map_or(Truth::Unknown, |part| part.not()),
            _ => Truth::Unknown,
        }
    }

    fn holds(&self, name: &str, value: Option<String>) -> Truth {
        let wanted = (name.to_owned(), value);
        if self.active.contains(&wanted) {
            Truth::Yes
        } else if self.decides(name) {
            Truth::No
        } else {
            Truth::Unknown
        }
    }

    /// Whether the caller has told all there is to know about a name. A table of tests is none of the database.
    fn decides(&self, name: &str) -> bool {
        let listed = |name: &str| self.active.iter().any(|(active, _)| active == name);
        match name {
            "feature" | "test" | "doc" | "doctest" | "miri" | "docsrs" => true,
            "unix" | "windows" | "debug_assertions" | "panic" | "proc_macro" => listed("target_os"),
            name if name.starts_with("target_") => listed("target_os"),
            name => listed(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::lex;

    #[track_caller]
    fn check(text: &str, expect: Truth) {
        let conditions = Conditions::features(["pg"]);
        assert_eq!(conditions.evaluate(&mut lex(text).unwrap().cursor()), expect, "{text}");
    }

    #[test]
    fn conditions_are_evaluated_with_three_values() {
        check("feature = \"pg\"", Truth::Yes);
        check("feature = \"my\"", Truth::No);
        check("test", Truth::No);
        check("all(feature = \"pg\", not(test))", Truth::Yes);
        check("any(test, feature = \"my\")", Truth::No);
        check("any(unix, feature = \"pg\")", Truth::Yes);
        check("all(tokio_unstable, feature = \"pg\")", Truth::Unknown);
        check("all(tokio_unstable, test)", Truth::No);
        check("not(feature = \"my\")", Truth::Yes);
    }
}
