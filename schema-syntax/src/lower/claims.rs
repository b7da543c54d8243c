//! Names of constraints, indexes and sequences: given ones are taken first, the others are chosen as PostgreSQL chooses them.
//!
//! `ChooseRelationName` and `ChooseConstraintName` avoid every name in use in the PostgreSQL schema; explicit names of checks and
//! foreign keys need to be unique in their table only.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::{Ident, QualifiedName, columns_part, free_name};

use super::collect::Named;
use super::{At, Lowering};
use crate::decl::{Common, TableDecl, ValueDecl};
use crate::finding::{NAME_TAKEN, SyntaxFinding};
use crate::token::Span;

/// Which namespaces a name is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// An index or a sequence.
    Relation,
    /// A constraint with an index.
    Both,
    /// A check or a foreign key.
    Constraint,
}

/// The names in use.
#[derive(Debug, Default)]
pub(super) struct Claims {
    relations: BTreeMap<QualifiedName, Option<At>>,
    constraints: BTreeSet<QualifiedName>,
    of_table: BTreeMap<(QualifiedName, Ident), At>,
}

impl Claims {
    /// Tables and free-standing sequences.
    pub fn start(&mut self, relations: Vec<QualifiedName>) {
        self.relations.extend(relations.into_iter().map(|name| (name, None)));
    }

    /// A default name, taken at once.
    pub fn choose(&mut self, table: &QualifiedName, second: &str, label: &str, space: Space) -> Ident {
        let taken = |name: &Ident| {
            let name = table.sibling(name.clone());
            let relation = space != Space::Constraint && self.relations.contains_key(&name);
            // The name of a plain index or sequence need not differ from that of a constraint.
            relation || space != Space::Relation && self.constraints.contains(&name)
        };
        let name = free_name(table.name.as_str(), second, label, taken);
        self.take(table.sibling(name.clone()), None, space);
        name
    }

    fn take(&mut self, name: QualifiedName, at: Option<At>, space: Space) {
        if space != Space::Relation {
            self.constraints.insert(name.clone());
        }
        if space != Space::Constraint {
            self.relations.insert(name, at);
        }
    }

    /// A given name; who has it already, when somebody does.
    fn give(&mut self, table: &QualifiedName, name: &Ident, at: At, space: Space) -> Result<(), Option<At>> {
        let qualified = table.sibling(name.clone());
        if space != Space::Constraint {
            if let Some(other) = self.relations.get(&qualified) {
                return Err(*other);
            }
        }
        if space != Space::Relation {
            if let Some(other) = self.of_table.insert((table.clone(), name.clone()), at) {
                return Err(Some(other));
            }
        }
        self.take(qualified, Some(at), space);
        Ok(())
    }
}

/// `a_b`, the columns part of a default name.
pub(super) fn joined<'n>(columns: impl IntoIterator<Item = &'n Ident>) -> String {
    columns_part(columns.into_iter().map(Ident::as_str))
}

impl Lowering<'_> {
    /// Takes all names that the tables give themselves, before any default is chosen.
    pub(super) fn claim_given_names(&mut self) {
        for table in self.collected.tables_in_order() {
            for (name, span, space) in given_names(&table) {
                let at = At { file: table.file, span };
                if let Err(other) = self.claims.give(&table.name, &name, at, space) {
                    self.name_taken(&name, at, other);
                }
            }
        }
    }

    fn name_taken(&mut self, name: &Ident, at: At, other: Option<At>) {
        let message = format!("the name `{name}` is taken, so PostgreSQL would refuse the second");
        let finding = SyntaxFinding::error(NAME_TAKEN, at.span, message)
            .help("choose another name, or leave it out to get PostgreSQL's default");
        match other {
            Some(other) => self.find_with(at.file, finding, other, "taken here"),
            None => self.find(at.file, finding.note("a table or sequence has it")),
        }
    }
}

type Given = (Ident, Span, Space);

fn given_names(table: &Named<'_, TableDecl>) -> Vec<Given> {
    let decl = table.decl;
    let named = |common: &Common, space| common.name.as_ref().map(|name| (name.value.clone(), name.span, space));
    let keys = decl.primary_key.iter().chain(&decl.uniques).filter_map(|key| named(&key.common, Space::Both));
    let exclusions = decl.exclusions.iter().filter_map(|of| named(&of.common, Space::Both));
    let indexes = decl.indexes.iter().filter_map(|of| named(&of.common, Space::Relation));
    let checks = decl.checks.iter().filter_map(|of| named(&of.common, Space::Constraint));
    let foreign = decl.foreign_keys.iter().filter_map(|of| named(&of.common, Space::Constraint));
    let own = decl.fields.iter().filter(|_| decl.partition.is_none());
    let sequences = own.filter_map(|field| match field.value.as_ref().map(|value| (&value.value, value.span)) {
        Some((ValueDecl::Identity { sequence: Some(name), .. } | ValueDecl::Serial { sequence: Some(name) }, span)) => {
            Some((name.clone(), span, Space::Relation))
        }
        _ => None,
    });
    keys.chain(exclusions).chain(indexes).chain(checks).chain(foreign).chain(sequences).collect()
}
