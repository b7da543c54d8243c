//! What a role may do with one object: sets of privileges, whom they are given to, and what PostgreSQL gives by itself.
//!
//! Which object they are about is in [`super::Privileges`] and [`super::DefaultPrivileges`].
//!
//! <https://www.postgresql.org/docs/current/ddl-priv.html>

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Ident, KindName, split_name};

/// One word of GRANT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "PostgreSQL's own words")]
pub enum Privilege {
    Select,
    Insert,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
    /// Since 17.
    Maintain,
    Usage,
    Execute,
    Create,
}

impl Privilege {
    const ALL: [Privilege; 11] = [
        Privilege::Select,
        Privilege::Insert,
        Privilege::Update,
        Privilege::Delete,
        Privilege::Truncate,
        Privilege::References,
        Privilege::Trigger,
        Privilege::Maintain,
        Privilege::Usage,
        Privilege::Execute,
        Privilege::Create,
    ];

    /// The word in SQL.
    pub fn word(self) -> &'static str {
        match self {
            Privilege::Select => "SELECT",
            Privilege::Insert => "INSERT",
            Privilege::Update => "UPDATE",
            Privilege::Delete => "DELETE",
            Privilege::Truncate => "TRUNCATE",
            Privilege::References => "REFERENCES",
            Privilege::Trigger => "TRIGGER",
            Privilege::Maintain => "MAINTAIN",
            Privilege::Usage => "USAGE",
            Privilege::Execute => "EXECUTE",
            Privilege::Create => "CREATE",
        }
    }

    /// The privilege of this word, in any case.
    ///
    /// ```
    /// use schema_core::kinds::Privilege;
    /// assert_eq!(Privilege::of_word("select"), Some(Privilege::Select));
    /// assert_eq!(Privilege::of_word("all"), None);
    /// ```
    pub fn of_word(word: &str) -> Option<Privilege> {
        Privilege::ALL.into_iter().find(|privilege| privilege.word().eq_ignore_ascii_case(word))
    }
}

/// What privileges can be on, as far as it decides which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectClass {
    /// Tables, views, materialized views, foreign tables.
    Tables,
    /// Sequences, those of columns included.
    Sequences,
    /// Functions, procedures, aggregates.
    Functions,
    /// Types of any sort.
    Types,
    /// PostgreSQL schemas.
    Schemas,
    /// Foreign data wrappers and foreign servers.
    Others,
}

impl ObjectClass {
    /// Those that default privileges can be on.
    pub const WITH_DEFAULTS: [ObjectClass; 5] =
        [ObjectClass::Tables, ObjectClass::Sequences, ObjectClass::Functions, ObjectClass::Types, ObjectClass::Schemas];

    /// The class of a kind; none when it has no privileges.
    pub fn of(kind: KindName) -> Option<ObjectClass> {
        Some(match kind {
            KindName::Table | KindName::View | KindName::MaterializedView | KindName::ForeignTable => {
                ObjectClass::Tables
            }
            KindName::Sequence => ObjectClass::Sequences,
            KindName::Function | KindName::Procedure | KindName::Aggregate => ObjectClass::Functions,
            KindName::Enum | KindName::Domain | KindName::CompositeType | KindName::RangeType => ObjectClass::Types,
            KindName::Schema => ObjectClass::Schemas,
            KindName::ForeignDataWrapper | KindName::ForeignServer => ObjectClass::Others,
            _ => return None,
        })
    }

    /// All privileges of the class, which is what the owner has and what ALL means.
    pub fn all(self) -> BTreeSet<Privilege> {
        let all: &[Privilege] = match self {
            ObjectClass::Tables => &Privilege::ALL[..8],
            ObjectClass::Sequences => &[Privilege::Select, Privilege::Update, Privilege::Usage],
            ObjectClass::Functions => &[Privilege::Execute],
            ObjectClass::Types | ObjectClass::Others => &[Privilege::Usage],
            ObjectClass::Schemas => &[Privilege::Usage, Privilege::Create],
        };
        all.iter().copied().collect()
    }

    /// All privileges that a column can have.
    pub fn of_columns() -> BTreeSet<Privilege> {
        [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::References].into()
    }

    /// The word of `ALTER DEFAULT PRIVILEGES`.
    pub fn word(self) -> &'static str {
        match self {
            ObjectClass::Tables => "TABLES",
            ObjectClass::Sequences => "SEQUENCES",
            ObjectClass::Functions => "FUNCTIONS",
            ObjectClass::Types => "TYPES",
            ObjectClass::Schemas => "SCHEMAS",
            ObjectClass::Others => "OBJECTS",
        }
    }
}

/// Whom privileges are given to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Grantee {
    /// The owner of the object, whose name is none of the schema's business.
    Owner,
    /// Every role.
    Public,
    /// A role.
    Role(Ident),
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Whoever runs a migration owns what it makes.
            Grantee::Owner => f.write_str("CURRENT_USER"),
            Grantee::Public => f.write_str("PUBLIC"),
            Grantee::Role(name) => f.write_str(&name.quoted()),
        }
    }
}

impl TryFrom<String> for Grantee {
    type Error = String;
    fn try_from(text: String) -> Result<Grantee, String> {
        match (text.as_str(), split_name(&text).as_deref()) {
            ("CURRENT_USER", _) => Ok(Grantee::Owner),
            ("PUBLIC", _) => Ok(Grantee::Public),
            (_, Ok([name])) => Ok(Grantee::Role(name.clone())),
            _ => Err(format!("`{text}` is no role")),
        }
    }
}

impl From<Grantee> for String {
    fn from(grantee: Grantee) -> String {
        grantee.to_string()
    }
}

/// What somebody may do, and what of it may be given on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// All privileges.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub may: BTreeSet<Privilege>,
    /// Those of them that were given WITH GRANT OPTION.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub may_grant: BTreeSet<Privilege>,
}

impl Rights {
    /// These privileges, without the option.
    pub fn of(may: BTreeSet<Privilege>) -> Rights {
        Rights { may, may_grant: BTreeSet::new() }
    }

    /// What PostgreSQL gives by itself (`acldefault` in `acl.c`; for the schema `public`, initdb since 15).
    pub fn default_of(class: ObjectClass, is_public_schema: bool, to: &Grantee) -> Rights {
        let one = |privilege| Rights::of([privilege].into());
        match (to, class) {
            (Grantee::Owner, _) => Rights::of(class.all()),
            (Grantee::Public, ObjectClass::Functions) => one(Privilege::Execute),
            (Grantee::Public, ObjectClass::Types) => one(Privilege::Usage),
            (Grantee::Public, ObjectClass::Schemas) if is_public_schema => one(Privilege::Usage),
            _ => Rights::default(),
        }
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.may.is_empty()
    }

    /// GRANT.
    pub fn give(&mut self, privileges: &BTreeSet<Privilege>, with_option: bool) {
        self.may.extend(privileges);
        if with_option {
            self.may_grant.extend(privileges);
        }
    }

    /// REVOKE, or only the option.
    pub fn take(&mut self, privileges: &BTreeSet<Privilege>, only_option: bool) {
        self.may_grant.retain(|privilege| !privileges.contains(privilege));
        if !only_option {
            self.may.retain(|privilege| !privileges.contains(privilege));
        }
    }

    /// What either gives.
    #[must_use]
    pub fn or(&self, other: &Rights) -> Rights {
        Rights { may: &self.may | &other.may, may_grant: &self.may_grant | &other.may_grant }
    }

    /// What both give.
    #[must_use]
    pub fn and(&self, other: &Rights) -> Rights {
        Rights { may: &self.may & &other.may, may_grant: &self.may_grant & &other.may_grant }
    }
}

/// Serde: leaves nothing out of the record.
pub(super) fn is_nothing(rights: &Rights) -> bool {
    rights.is_empty()
}

/// One GRANT or REVOKE: its words and what it is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Grant { words: String, with_option: bool },
    Revoke { words: String, only_option: bool },
}

impl Step {
    /// The statement, without what stands in front of it.
    pub fn sql(&self, target: &str, to: &str) -> String {
        match self {
            Step::Grant { words, with_option } => {
                let option = if *with_option { " WITH GRANT OPTION" } else { "" };
                format!("GRANT {words} ON {target} TO {to}{option}")
            }
            Step::Revoke { words, only_option } => {
                let option = if *only_option { "GRANT OPTION FOR " } else { "" };
                format!("REVOKE {option}{words} ON {target} FROM {to}")
            }
        }
    }
}

/// The words of a set; that of all privileges is the same in every version.
fn words(set: &BTreeSet<Privilege>, all: &BTreeSet<Privilege>) -> String {
    if set == all {
        return "ALL".to_owned();
    }
    set.iter().map(|privilege| privilege.word()).collect::<Vec<_>>().join(", ")
}

/// The steps that lead to `after` from anything between `least` and `most`.
///
/// A version without MAINTAIN has no such word, but ALL means it where it is: so the word is said only where it was declared.
pub(super) fn steps(least: &Rights, most: &Rights, after: &Rights, all: &BTreeSet<Privilege>) -> Vec<Step> {
    let (mut steps, mut start) = (Vec::new(), least.clone());
    let gone = &most.may - &after.may;
    let unfixed = &(&most.may_grant - &after.may_grant) & &after.may;
    if gone.contains(&Privilege::Maintain) || (after.is_empty() && !gone.is_empty()) {
        steps.push(Step::Revoke { words: words(all, all), only_option: false });
        start = Rights::default();
    } else {
        steps.extend(said(&gone, all).into_iter().map(|words| Step::Revoke { words, only_option: false }));
        let whole = unfixed.contains(&Privilege::Maintain);
        steps.extend(
            said(if whole { all } else { &unfixed }, all)
                .into_iter()
                .map(|words| Step::Revoke { words, only_option: true }),
        );
        start.may_grant = if whole { BTreeSet::new() } else { start.may_grant };
    }
    let options = &after.may_grant - &start.may_grant;
    let plain = &(&after.may - &start.may) - &options;
    let missing = all - &after.may;
    if plain.contains(&Privilege::Maintain) && missing.len() < all.len() / 2 {
        // What is left of ALL is said by what is taken from it.
        steps.push(Step::Grant { words: words(all, all), with_option: false });
        steps.extend(said(&missing, all).into_iter().map(|words| Step::Revoke { words, only_option: false }));
    } else {
        steps.extend(said(&plain, all).into_iter().map(|words| Step::Grant { words, with_option: false }));
    }
    let options = if options.contains(&Privilege::Maintain) { &after.may_grant } else { &options };
    steps.extend(said(options, all).into_iter().map(|words| Step::Grant { words, with_option: true }));
    steps
}

/// The words of a set that is not empty.
fn said(set: &BTreeSet<Privilege>, all: &BTreeSet<Privilege>) -> Option<String> {
    (!set.is_empty()).then(|| words(set, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &str) -> BTreeSet<Privilege> {
        match words {
            "all" => ObjectClass::Tables.all(),
            words => words.split_whitespace().filter_map(Privilege::of_word).collect(),
        }
    }

    #[track_caller]
    fn check(before: &str, after: &str, expect: &[&str]) {
        let (before, after) = (Rights::of(set(before)), Rights::of(set(after)));
        let found = steps(&before, &before, &after, &ObjectClass::Tables.all());
        assert_eq!(found.iter().map(|step| step.sql("t", "r")).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn only_what_differs_is_said() {
        check("", "select", &["GRANT SELECT ON t TO r"]);
        check("", "all", &["GRANT ALL ON t TO r"]);
        check("select", "select insert", &["GRANT INSERT ON t TO r"]);
        check("select insert", "select", &["REVOKE INSERT ON t FROM r"]);
        check("select", "", &["REVOKE ALL ON t FROM r"]);
        check("all", "select", &["REVOKE ALL ON t FROM r", "GRANT SELECT ON t TO r"]);
        let rest = "select insert update delete references trigger maintain";
        check("", rest, &["GRANT ALL ON t TO r", "REVOKE TRUNCATE ON t FROM r"]);
        check("select", "all", &["GRANT ALL ON t TO r"]);
        check("select", rest, &["GRANT ALL ON t TO r", "REVOKE TRUNCATE ON t FROM r"]);
        check("all", rest, &["REVOKE TRUNCATE ON t FROM r"]);
        check("", "select maintain", &["GRANT SELECT, MAINTAIN ON t TO r"]);
    }

    #[test]
    fn the_option_is_given_and_taken_by_itself() {
        let all = ObjectClass::Tables.all();
        let plain = Rights::of(set("select insert"));
        let option = Rights { may_grant: set("select"), ..plain.clone() };
        let sql = |before: &Rights, after: &Rights| -> Vec<String> {
            steps(before, before, after, &all).iter().map(|step| step.sql("t", "r")).collect()
        };
        assert_eq!(sql(&plain, &option), ["GRANT SELECT ON t TO r WITH GRANT OPTION"]);
        assert_eq!(sql(&option, &plain), ["REVOKE GRANT OPTION FOR SELECT ON t FROM r"]);
        assert_eq!(
            sql(&Rights::default(), &option),
            ["GRANT INSERT ON t TO r", "GRANT SELECT ON t TO r WITH GRANT OPTION"]
        );
    }

    #[test]
    fn a_role_of_a_reserved_name_is_no_other() {
        for grantee in
            [Grantee::Owner, Grantee::Public, Grantee::Role(Ident::of("PUBLIC")), Grantee::Role(Ident::of("a b"))]
        {
            assert_eq!(Grantee::try_from(grantee.to_string()), Ok(grantee));
        }
    }
}
