//! The names that PostgreSQL chooses when none is given.
//!
//! Source: `makeObjectName` and `ChooseRelationName` in `src/backend/commands/indexcmds.c`. Which names are taken is the
//! caller's to know.

use crate::{Ident, MAX_IDENT_BYTES};

/// `first_second_label`, the longer of the two cut until it fits 63 bytes.
///
/// ```
/// assert_eq!(schema_core::default_name("users", "email", "key").as_str(), "users_email_key");
/// assert_eq!(schema_core::default_name(&"t".repeat(63), "id", "seq").as_str().len(), 63);
/// ```
pub fn default_name(first: &str, second: &str, label: &str) -> Ident {
    let joined = [first, second, label].iter().filter(|part| !part.is_empty()).count() - 1;
    let overhead = label.len() + joined;
    let (mut one, mut two) = (first.len(), second.len());
    while MAX_IDENT_BYTES < one + two + overhead {
        if two < one { one -= 1 } else { two -= 1 }
    }
    let parts = [cut(first, one), cut(second, two), label];
    let text = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("_");
    Ident::of(&text)
}

/// The first free name: PostgreSQL appends 1, 2, ... to the label.
pub fn free_name(first: &str, second: &str, label: &str, mut taken: impl FnMut(&Ident) -> bool) -> Ident {
    let mut name = default_name(first, second, label);
    let mut pass = 0;
    while taken(&name) {
        pass += 1;
        name = default_name(first, second, &format!("{label}{pass}"));
    }
    name
}

/// Cuts at a character boundary, as `pg_mbcliplen` does.
fn cut(text: &str, mut bytes: usize) -> &str {
    while !text.is_char_boundary(bytes) {
        bytes -= 1;
    }
    &text[..bytes]
}

/// The columns part of an index name: all names joined, at most 63 bytes (`ChooseIndexNameAddition`).
pub fn columns_part<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut part = String::new();
    for name in names {
        if !part.is_empty() {
            part.push('_');
        }
        let room = MAX_IDENT_BYTES.saturating_sub(part.len());
        part.push_str(cut(name, name.len().min(room)));
        if MAX_IDENT_BYTES <= part.len() {
            break;
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_part_is_cut_first() {
        let name = default_name(&"a".repeat(50), &"b".repeat(20), "fkey");
        assert_eq!(name.as_str(), format!("{}_{}_fkey", "a".repeat(37), "b".repeat(20)));
    }

    #[test]
    fn a_taken_name_gets_a_number_on_its_label() {
        let taken = Ident::of("users_email_key");
        assert_eq!(free_name("users", "email", "key", |name| *name == taken).as_str(), "users_email_key1");
    }

    #[test]
    fn an_empty_part_leaves_no_double_underscore() {
        assert_eq!(default_name("users", "", "pkey").as_str(), "users_pkey");
    }
}
