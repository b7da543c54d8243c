//! All declarations by name, and the finding when two things want one name.
//!
//! The order of files and of items does not matter afterwards: tables are lowered in the order of their names.

use std::collections::BTreeMap;

use schema_core::{Ident, QualifiedName};

use super::{At, Lowering};
use crate::decl::{DomainDecl, EnumDecl, ObjectDecl, SequenceDecl, Spanned, SqlDecl, TableDecl};
use crate::finding::{NAME_TAKEN, SyntaxFinding};
use crate::scan::Declaration;

/// A declaration, its file and its full name.
#[derive(Debug)]
pub(super) struct Named<'a, T> {
    pub file: usize,
    pub name: QualifiedName,
    pub decl: &'a T,
}

impl<T> Clone for Named<'_, T> {
    fn clone(&self) -> Self {
        Named { file: self.file, name: self.name.clone(), decl: self.decl }
    }
}

/// Every declaration of the database.
#[derive(Debug, Default)]
pub(super) struct Collected<'a> {
    pub tables: BTreeMap<QualifiedName, Named<'a, TableDecl>>,
    pub enums: BTreeMap<QualifiedName, Named<'a, EnumDecl>>,
    pub domains: BTreeMap<QualifiedName, Named<'a, DomainDecl>>,
    pub sequences: BTreeMap<QualifiedName, Named<'a, SequenceDecl>>,
    pub others: Vec<(usize, &'a ObjectDecl)>,
    /// The statements of `.sql` files.
    pub statements: Vec<(usize, &'a SqlDecl)>,
    /// Enums and domains by their Rust name.
    pub rust_types: BTreeMap<&'a str, Vec<(QualifiedName, At)>>,
    /// Tables, enums and domains: each has a type of its name.
    type_names: BTreeMap<QualifiedName, (At, &'static str)>,
    /// Tables and sequences.
    relation_names: BTreeMap<QualifiedName, (At, &'static str)>,
}

impl<'a> Collected<'a> {
    pub fn tables_in_order(&self) -> Vec<Named<'a, TableDecl>> {
        self.tables.values().cloned().collect()
    }

    /// Whether an enum or domain of this name is declared.
    pub fn declares_type(&self, name: &QualifiedName) -> bool {
        self.enums.contains_key(name) || self.domains.contains_key(name)
    }
}

impl<'a> Lowering<'a> {
    pub(super) fn collect(&mut self) {
        let files = self.files;
        for (file, source) in files.iter().enumerate() {
            for declaration in &source.declarations {
                match declaration {
                    Declaration::Table(decl) => self.collect_table(file, decl),
                    Declaration::Enum(decl) => self.collect_enum(file, decl),
                    Declaration::Domain(decl) => self.collect_domain(file, decl),
                    Declaration::Object(ObjectDecl::Sequence(decl)) => self.collect_sequence(file, decl),
                    Declaration::Object(decl) => self.collected.others.push((file, decl)),
                    Declaration::Sql(decl) => self.collected.statements.push((file, decl)),
                }
            }
        }
        let relations = self.collected.relation_names.keys().cloned().collect();
        self.claims.start(relations);
        self.claim_given_names();
    }

    fn named<T>(
        &self,
        file: usize,
        schema: &Option<Spanned<Ident>>,
        name: &Spanned<Ident>,
        decl: &'a T,
    ) -> (At, Named<'a, T>) {
        let name_of = self.qualified(schema.as_ref().map(|schema| &schema.value), &name.value);
        (At { file, span: name.span }, Named { file, name: name_of, decl })
    }

    fn collect_table(&mut self, file: usize, decl: &'a TableDecl) {
        let (at, named) = self.named(file, &decl.schema, &decl.name, decl);
        if self.free(&named.name, at, "table", true, true) {
            self.collected.tables.insert(named.name.clone(), named);
        }
        decl.partitions.iter().for_each(|partition| self.collect_table(file, partition));
    }

    fn collect_enum(&mut self, file: usize, decl: &'a EnumDecl) {
        let (at, named) = self.named(file, &decl.schema, &decl.name, decl);
        self.collected.rust_types.entry(&decl.ident.value).or_default().push((named.name.clone(), at));
        if self.free(&named.name, at, "enum", true, false) {
            self.collected.enums.insert(named.name.clone(), named);
        }
    }

    fn collect_domain(&mut self, file: usize, decl: &'a DomainDecl) {
        let (at, named) = self.named(file, &decl.schema, &decl.name, decl);
        self.collected.rust_types.entry(&decl.ident.value).or_default().push((named.name.clone(), at));
        if self.free(&named.name, at, "domain", true, false) {
            self.collected.domains.insert(named.name.clone(), named);
        }
    }

    fn collect_sequence(&mut self, file: usize, decl: &'a SequenceDecl) {
        let (at, named) = self.named(file, &decl.schema, &decl.name, decl);
        if self.free(&named.name, at, "sequence", false, true) {
            self.collected.sequences.insert(named.name.clone(), named);
        }
    }

    /// Takes a name, or tells who has it.
    fn free(&mut self, name: &QualifiedName, at: At, what: &'static str, of_type: bool, relation: bool) -> bool {
        let taken_type = self.collected.type_names.get(name).filter(|_| of_type);
        let taken = taken_type.or_else(|| self.collected.relation_names.get(name).filter(|_| relation)).copied();
        if let Some((other, its)) = taken {
            let and = if its == what { format!("two {its}s") } else { format!("{its} and {what}") };
            let message = format!("{and} have the name `{name}`, and PostgreSQL has room for one");
            let finding = SyntaxFinding::error(NAME_TAKEN, at.span, message)
                .help("give one of them another name: `name = \"..\"`, or `schema = \"..\"`");
            self.find_with(at.file, finding, other, "the other one");
            return false;
        }
        if of_type {
            self.collected.type_names.insert(name.clone(), (at, what));
        }
        if relation {
            self.collected.relation_names.insert(name.clone(), (at, what));
        }
        true
    }
}
