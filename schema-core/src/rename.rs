//! Renames: the one change that cannot be read off two schemas, and that keeps the rows.

use serde::{Deserialize, Serialize};

use crate::{
    Expr, Ident, KindName, NameError, ObjectId, QualifiedName, Statement, join_name, split_name, sql_type::type_name,
};

/// One object under two names. A table that moves to another PostgreSQL schema is a rename too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
pub struct Rename {
    /// The old name.
    pub before: ObjectId,
    /// The new one, of the same kind.
    pub after: ObjectId,
}

/// How a rename is written in `revision.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    kind: KindName,
    before: String,
    after: String,
}

impl From<Rename> for Record {
    fn from(rename: Rename) -> Record {
        let text = |id: &ObjectId| join_name(&id.path.iter().collect::<Vec<_>>());
        Record { kind: rename.before.kind, before: text(&rename.before), after: text(&rename.after) }
    }
}

impl TryFrom<Record> for Rename {
    type Error = NameError;
    fn try_from(record: Record) -> Result<Rename, NameError> {
        let id = |text: &str| Ok(ObjectId { kind: record.kind, path: split_name(text)? });
        let rename = Rename { before: id(&record.before)?, after: id(&record.after)? };
        if rename.before.path.len() == rename.after.path.len() { Ok(rename) } else { Err(NameError::Shape) }
    }
}

impl Rename {
    /// The way back.
    pub fn invert(self) -> Rename {
        Rename { before: self.after, after: self.before }
    }

    /// Follows the rename of an object that a name stands for, or of its PostgreSQL schema.
    pub fn follow_name(&self, kind: KindName, name: &mut QualifiedName) {
        if self.before.kind == KindName::Schema && name.schema == *self.before.name() {
            name.schema = self.after.name().clone();
        } else if self.before.kind == kind && self.before.outer().as_ref() == Some(name) {
            *name = self.after.outer().unwrap_or_else(|| unreachable!("both sides are of one kind"));
        }
    }

    /// Follows the rename of a table.
    pub fn follow_table(&self, table: &mut QualifiedName) {
        self.follow_name(KindName::Table, table);
    }

    /// Follows the rename of a column of `table`.
    pub fn follow_column(&self, table: &QualifiedName, column: &mut Ident) {
        self.follow_inner(KindName::Column, table, column);
    }

    /// Follows the rename of an object of `kind` inside `outer`.
    pub fn follow_inner(&self, kind: KindName, outer: &QualifiedName, name: &mut Ident) {
        if self.before.kind == kind && self.before.outer().as_ref() == Some(outer) && self.before.name() == name {
            *name = self.after.name().clone();
        }
    }

    /// Follows a rename inside an expression that belongs to `table`, as PostgreSQL does in its stored form.
    pub fn follow_expr(&self, table: Option<&QualifiedName>, expr: &mut Expr) {
        let (before, after) = (self.before.name(), self.after.name());
        if before == after {
            return;
        }
        *expr = match self.before.kind {
            KindName::Column if table.is_some() && self.before.outer().as_ref() == table => expr.renamed(before, after),
            KindName::Schema | KindName::Table => expr.requalified(before, after),
            KindName::Enum | KindName::Domain => expr.retyped(before, after),
            _ => return,
        };
    }

    /// The statements; `table` must already have its new name when something inside it is renamed.
    pub fn statements(&self) -> Vec<Statement> {
        let (before, after) = (&self.before, &self.after);
        let to = after.name().quoted();
        match before.kind {
            KindName::Column => alter_table(after, &format!("RENAME COLUMN {} TO {to}", before.name().quoted())),
            KindName::PrimaryKey | KindName::Unique | KindName::Check | KindName::Exclusion | KindName::ForeignKey => {
                alter_table(after, &format!("RENAME CONSTRAINT {} TO {to}", before.name().quoted()))
            }
            KindName::EnumValue => {
                let of = type_name(&outer(after));
                let (old, new) =
                    (crate::quote_literal(before.name().as_str()), crate::quote_literal(after.name().as_str()));
                vec![Statement::sql(format!("ALTER TYPE {of} RENAME VALUE {old} TO {new}"))]
            }
            KindName::Schema => vec![Statement::sql(format!("ALTER SCHEMA {} RENAME TO {to}", before.name().quoted()))],
            KindName::Index => {
                let index = outer(after).sibling(before.name().clone());
                vec![Statement::sql(format!("ALTER INDEX {} RENAME TO {to}", index.quoted()))]
            }
            KindName::Table => move_and_rename("TABLE", before, after),
            KindName::Sequence => move_and_rename("SEQUENCE", before, after),
            KindName::Enum => move_and_rename("TYPE", before, after),
            KindName::Domain => move_and_rename("DOMAIN", before, after),
            KindName::Extension | KindName::IndexMark => Vec::new(),
        }
    }
}

fn outer(id: &ObjectId) -> QualifiedName {
    id.outer().unwrap_or_else(|| unreachable!("the object lives in a PostgreSQL schema"))
}

fn alter_table(after: &ObjectId, action: &str) -> Vec<Statement> {
    vec![Statement::alter(&outer(after), action)]
}

/// PostgreSQL has no statement that does both; the PostgreSQL schema comes first.
fn move_and_rename(words: &str, before: &ObjectId, after: &ObjectId) -> Vec<Statement> {
    let (from, to) = (outer(before), outer(after));
    let named = |name: &QualifiedName| match before.kind {
        KindName::Enum | KindName::Domain => type_name(name),
        _ => name.quoted(),
    };
    let moved = (from.schema != to.schema)
        .then(|| Statement::sql(format!("ALTER {words} {} SET SCHEMA {}", named(&from), to.schema.quoted())));
    let here = QualifiedName { schema: to.schema.clone(), name: from.name.clone() };
    let renamed = (from.name != to.name)
        .then(|| Statement::sql(format!("ALTER {words} {} RENAME TO {}", named(&here), to.name.quoted())));
    moved.into_iter().chain(renamed).collect()
}

/// Renames by level: what lives in a PostgreSQL schema moves before what lives in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Levels {
    /// PostgreSQL schemas.
    pub(crate) schemas: Vec<Rename>,
    /// Tables, types, sequences: both names inside the renamed PostgreSQL schema.
    pub(crate) outer: Vec<Rename>,
    /// Columns, constraints, indexes, enum values: both names inside the renamed table or type.
    pub(crate) inner: Vec<Rename>,
}

/// Sorts renames into levels. The old name of an object may be given inside the old or the new name of what it is in.
pub(crate) fn normalized(renames: &[Rename]) -> Levels {
    let mut levels = Levels::default();
    for rename in renames {
        let level = match rename.before.path.len() {
            1 => &mut levels.schemas,
            2 => &mut levels.outer,
            _ => &mut levels.inner,
        };
        level.push(rename.clone());
    }
    for rename in &mut levels.outer {
        let home = levels.schemas.iter().find(|schema| schema.before.name() == &rename.before.path[0]);
        if let Some(home) = home {
            rename.before.path[0] = home.after.name().clone();
        }
    }
    for rename in &mut levels.inner {
        rename.before.path[..2].clone_from_slice(&rename.after.path[..2]);
    }
    for level in [&mut levels.schemas, &mut levels.outer, &mut levels.inner] {
        level.sort();
        level.dedup();
    }
    levels
}

/// The renames that lead back.
pub fn inverted(renames: &[Rename]) -> Vec<Rename> {
    levels_inverted(normalized(renames))
}

/// The same for renames that are sorted and named already: when two PostgreSQL schemas swap their names, doing that twice is wrong.
pub(crate) fn applied_inverted(renames: &[Rename]) -> Vec<Rename> {
    let level = |parts: usize| renames.iter().filter(|rename| rename.before.path.len() == parts).cloned().collect();
    levels_inverted(Levels { schemas: level(1), outer: level(2), inner: level(3) })
}

fn levels_inverted(levels: Levels) -> Vec<Rename> {
    let Levels { schemas, outer, inner } = levels;
    let schemas: Vec<Rename> = schemas.into_iter().map(Rename::invert).collect();
    let outer = outer.into_iter().map(Rename::invert).map(|rename| at_home(rename, &schemas));
    let outer: Vec<Rename> = outer.collect();
    let inner = inner.into_iter().map(Rename::invert).map(|rename| at_home(at_home(rename, &outer), &schemas));
    let inner: Vec<Rename> = inner.collect();
    schemas.into_iter().chain(outer).chain(inner).collect()
}

/// The later name, inside the later name of what the object is in.
fn at_home(mut rename: Rename, homes: &[Rename]) -> Rename {
    if let Some(home) = homes.iter().find(|home| rename.after.path.starts_with(&home.before.path)) {
        rename.after.path.splice(..home.before.path.len(), home.after.path.iter().cloned());
    }
    rename
}
