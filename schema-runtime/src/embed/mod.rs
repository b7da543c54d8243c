//! Revisions inside the program, written by `migrations!`.
//!
//! They are texts of the program itself; nothing is read from disk when it runs.

use std::borrow::Cow;

use schema_core::history::{Adopted, Migration, RevisionId, Tool};

/// One embedded revision.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    pub id: &'static str,
    pub parents: &'static [&'static str],
    pub replaces: &'static [&'static str],
    pub message: &'static str,
    pub up: &'static str,
    pub down: Option<&'static str>,
    /// `revision.toml`, so that the compiler watches it. Only its head is used.
    pub record: &'static str,
    pub adopted: Option<EmbeddedAdoption>,
}

/// How another tool knows an embedded revision.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedAdoption {
    pub tool: &'static str,
    pub keys: &'static [&'static str],
    pub sum: Option<&'static str>,
}

/// The revisions that `migrations!` has embedded.
///
/// ```
/// use schema_runtime::{Migrations, Migrator};
/// const NONE: Migrations = Migrations::new(&[]); // what migrations!("migrations") gives for an empty folder
/// let migrator = Migrator::new(NONE);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    revisions: &'static [Embedded],
}

impl Migrations {
    #[doc(hidden)]
    pub const fn new(revisions: &'static [Embedded]) -> Migrations {
        Migrations { revisions }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.revisions.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.revisions.is_empty()
    }

    /// The revisions as the migrator takes them.
    pub fn to_vec(&self) -> Vec<Migration> {
        self.revisions.iter().map(Embedded::migration).collect()
    }
}

impl Embedded {
    fn migration(&self) -> Migration {
        // The macro has checked every id.
        let id = |text: &str| RevisionId::new(text).unwrap_or_else(|problem| panic!("`{text}`: {problem}"));
        Migration {
            id: id(self.id),
            parents: self.parents.iter().map(|parent| id(parent)).collect(),
            message: self.message.to_owned(),
            up: Cow::Borrowed(self.up),
            down: self.down.map(Cow::Borrowed),
            adopted: self.adopted.map(EmbeddedAdoption::adopted),
            replaces: self.replaces.iter().map(|original| id(original)).collect(),
        }
    }
}

impl EmbeddedAdoption {
    fn adopted(self) -> Adopted {
        Adopted {
            tool: Tool::named(self.tool).unwrap_or_else(|| panic!("`{}` is no tool", self.tool)),
            keys: self.keys.iter().map(|key| Cow::Borrowed(*key)).collect(),
            sum: self.sum.map(Cow::Borrowed),
        }
    }
}

impl IntoIterator for Migrations {
    type Item = Migration;
    type IntoIter = std::vec::IntoIter<Migration>;

    fn into_iter(self) -> Self::IntoIter {
        self.to_vec().into_iter()
    }
}

impl From<Migrations> for Vec<Migration> {
    fn from(of: Migrations) -> Vec<Migration> {
        of.to_vec()
    }
}
