//! The roles that statements name: they belong to the server, so whoever runs the statements must know which ones have to be there.
//!
//! Read where roles stand in GRANT, REVOKE, ALTER DEFAULT PRIVILEGES, policies and OWNER TO; not inside of bodies.

use std::collections::BTreeSet;

use super::definition::{Definition, definition};
use super::grant::GrantedOn;
use super::reader::Reader;
use super::splitter::split;
use crate::Ident;
use crate::kinds::Grantee;

/// The roles that a text needs and does not make itself.
///
/// ```
/// use schema_core::sql::roles;
/// let text = "GRANT SELECT ON users TO reader, PUBLIC; CREATE POLICY p ON users TO app USING (true);";
/// assert_eq!(roles(text).iter().map(|role| role.as_str()).collect::<Vec<_>>(), ["app", "reader"]);
/// ```
pub fn roles(text: &str) -> BTreeSet<Ident> {
    let (mut needed, mut made) = (BTreeSet::new(), BTreeSet::new());
    if !may_name(text) {
        return needed;
    }
    for statement in split(text).unwrap_or_default() {
        let mut reader = Reader::new(statement.text);
        if ["role", "user", "group"].iter().any(|word| reader.words(&["create", word])) {
            made.extend(reader.ident());
        } else if let Some(Definition::Grants(grant)) = definition(statement.text) {
            let makers = match grant.on {
                GrantedOn::Future { roles, .. } => roles,
                _ => Vec::new(),
            };
            needed.extend(grant.to.into_iter().chain(makers).filter_map(|grantee| match grantee {
                Grantee::Role(name) => Some(name),
                Grantee::Owner | Grantee::Public => None,
            }));
        } else if reader.words(&["create", "policy"]) || reader.words(&["alter", "policy"]) {
            needed.extend(listed_after_to(&mut reader));
        } else if reader.word("alter") {
            while reader.peek().is_some() && !reader.words(&["owner", "to"]) {
                reader.take();
            }
            needed.extend(role(&mut reader));
        }
    }
    needed.difference(&made).cloned().collect()
}

/// Whether it is worth reading: most texts name no role, and some are long.
fn may_name(text: &str) -> bool {
    const WORDS: [&[u8]; 4] = [b"grant", b"revoke", b"policy", b"owner"];
    let bytes = text.as_bytes();
    WORDS.iter().any(|word| bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word)))
}

/// The roles of a policy: `TO a, b` before its expressions.
fn listed_after_to(reader: &mut Reader<'_>) -> Vec<Ident> {
    while let Some(token) = reader.take() {
        if ["using", "with", "rename"].iter().any(|word| token.is_word(word)) {
            return Vec::new();
        }
        if token.is_word("to") {
            let mut found: Vec<Ident> = role(reader).into_iter().collect();
            while reader.punct(",") {
                found.extend(role(reader));
            }
            return found;
        }
    }
    Vec::new()
}

/// A name, unless it stands for whoever is there.
fn role(reader: &mut Reader<'_>) -> Option<Ident> {
    const WORDS: [&str; 4] = ["public", "current_user", "current_role", "session_user"];
    if WORDS.iter().any(|word| reader.word(word)) { None } else { reader.ident() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_every_statement() {
        let of = |text: &str| roles(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of("ALTER DEFAULT PRIVILEGES FOR ROLE a REVOKE ALL ON TABLES FROM \"B c\""), ["B c", "a"]);
        assert_eq!(of("ALTER TABLE t OWNER TO CURRENT_USER; ALTER VIEW v OWNER TO app;"), ["app"]);
        assert_eq!(of("CREATE ROLE app; GRANT SELECT ON t TO app"), Vec::<String>::new());
        assert_eq!(of("CREATE POLICY p ON t USING (a = 'to b')"), Vec::<String>::new());
        assert_eq!(of("ALTER POLICY p ON t RENAME TO q"), Vec::<String>::new());
    }
}
