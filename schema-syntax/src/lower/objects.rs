//! Types, sequences, extensions, and the PostgreSQL schemas that all of them need.

use std::collections::BTreeMap;

use schema_core::kinds::{Domain, DomainCheck, EnumType, Extension, Namespace, Sequence};
use schema_core::{DEFAULT_SCHEMA, Ident, KindName, ObjectId, QualifiedName, SqlType};

use super::claims::Space;
use super::collect::Named;
use super::table::{collation, column_of, no_column};
use super::{At, Lowering, comment};
use crate::decl::{DomainDecl, ObjectDecl, SequenceDecl};
use crate::finding::{NAME_TAKEN, SyntaxFinding, TABLE_UNKNOWN};
use crate::suggest::hint;

impl<'a> Lowering<'a> {
    pub(super) fn enums_and_domains(&mut self) {
        let enums: Vec<_> = self.collected.enums.values().cloned().collect();
        for of in enums {
            let values = of.decl.variants.iter().map(|variant| variant.label.value.clone()).collect();
            let (at, text) = (At { file: of.file, span: of.decl.name.span }, comment(&of.decl.comment));
            self.insert(EnumType { name: of.name, values, comment: text }, at);
        }
        let domains: Vec<_> = self.collected.domains.values().cloned().collect();
        for of in domains {
            self.domain(&of);
        }
    }

    fn domain(&mut self, of: &Named<'a, DomainDecl>) {
        let decl = of.decl;
        let given: Vec<(Option<Ident>, _)> = decl
            .checks
            .iter()
            .map(|check| (check.common.name.as_ref().map(|name| name.value.clone()), check))
            .collect();
        let mut checks: Vec<DomainCheck> = Vec::new();
        for (name, check) in given {
            let name = name.unwrap_or_else(|| self.claims.choose(&of.name, "", "check", Space::Constraint));
            if checks.iter().any(|other| other.name == name) {
                let message = format!("domain `{}` has two checks `{name}`", of.name);
                let finding = SyntaxFinding::error(NAME_TAKEN, check.common.span, message).help("choose another name");
                self.find(of.file, finding);
            }
            checks.push(DomainCheck {
                name,
                expr: check.expr.clone(),
                not_valid: check.not_valid,
                comment: comment(&check.common.comment),
            });
        }
        let Some(sql_type) = self.resolve(&decl.inferred, of.file) else { return };
        let domain = Domain {
            name: of.name.clone(),
            sql_type,
            collation: decl.collate.as_ref().map(|path| collation(&path.value)),
            not_null: decl.not_null,
            default: decl.default.clone(),
            checks,
            comment: comment(&decl.comment),
        };
        self.insert(domain, At { file: of.file, span: decl.name.span });
    }

    pub(super) fn sequences_and_extensions(&mut self) {
        let sequences: Vec<_> = self.collected.sequences.values().cloned().collect();
        for of in sequences {
            self.free_sequence(&of);
        }
        for (file, decl) in self.collected.others.clone() {
            match decl {
                ObjectDecl::Extension { name, schema } => {
                    let at = At { file, span: name.span };
                    self.once(ObjectId::global(KindName::Extension, &name.value), at);
                    let schema = schema.as_ref().map(|schema| schema.value.clone());
                    let schema = schema.filter(|schema| schema.as_str() != DEFAULT_SCHEMA);
                    self.insert(Extension { name: name.value.clone(), schema }, at);
                }
                ObjectDecl::Schema { name, comment: text, .. } => {
                    let at = At { file, span: name.span };
                    self.once(ObjectId::global(KindName::Schema, &name.value), at);
                    if name.value.as_str() == DEFAULT_SCHEMA {
                        let message = "`public` exists in every database and is not created by a migration";
                        let finding = SyntaxFinding::error(NAME_TAKEN, name.span, message).help("remove the line");
                        self.find(file, finding);
                        continue;
                    }
                    self.insert(Namespace { name: name.value.clone(), comment: comment(text) }, at);
                }
                ObjectDecl::Sequence(_) => unreachable!("sequences are collected by name"),
            }
        }
    }

    /// Tells of an object that is declared a second time.
    fn once(&mut self, id: ObjectId, at: At) {
        let first = self.pending.iter().find(|(other, ..)| *other == id).map(|(.., at)| self.place(*at));
        if let Some(first) = first {
            let message = format!("{} `{id}` is declared twice", id.kind.words());
            let finding = SyntaxFinding::error(NAME_TAKEN, at.span, message).help("remove one of the lines");
            let shown = finding.to_diagnostic(&self.files[at.file].path).secondary(Some(first), "the first one");
            self.out.findings.push(shown);
        }
    }

    fn free_sequence(&mut self, of: &Named<'a, SequenceDecl>) {
        let decl = of.decl;
        let owned_by = decl.owned_by.as_ref().and_then(|owner| {
            let (table, column) = &owner.value;
            let table = table.within(self.default_schema);
            match self.collected.tables.get(&table).cloned() {
                Some(found) if column_of(found.decl, column).is_some() => Some((table, column.clone())),
                Some(found) => {
                    self.find(of.file, no_column(&found, column, owner.span));
                    None
                }
                None => {
                    let names: Vec<String> = self.collected.tables.keys().map(QualifiedName::to_string).collect();
                    let near = hint(&table.to_string(), names.iter().map(String::as_str));
                    let message = format!("no struct declares table `{table}`, so it cannot own the sequence{near}");
                    let help = "name a declared table and its column: `owned_by = \"table.column\"`";
                    self.find(of.file, SyntaxFinding::error(TABLE_UNKNOWN, owner.span, message).help(help));
                    None
                }
            }
        });
        let sql_type = decl.sql_type.as_ref().map_or_else(|| SqlType::built_in("bigint"), |of| of.value.clone());
        let (options, text) = (decl.options.clone(), comment(&decl.comment));
        let sequence = Sequence { name: of.name.clone(), sql_type, options, owned_by, comment: text };
        self.insert(sequence, At { file: of.file, span: decl.name.span });
    }

    /// A PostgreSQL schema that something lives in is created by itself.
    pub(super) fn namespaces(&mut self) {
        let mut needed: BTreeMap<Ident, At> = BTreeMap::new();
        let collected = &self.collected;
        let tables = collected.tables.values().map(|of| (&of.name.schema, of.file, of.decl.name.span));
        let enums = collected.enums.values().map(|of| (&of.name.schema, of.file, of.decl.name.span));
        let domains = collected.domains.values().map(|of| (&of.name.schema, of.file, of.decl.name.span));
        let sequences = collected.sequences.values().map(|of| (&of.name.schema, of.file, of.decl.name.span));
        let extensions = collected.others.iter().filter_map(|(file, decl)| match decl {
            ObjectDecl::Extension { schema: Some(schema), .. } => Some((&schema.value, *file, schema.span)),
            _ => None,
        });
        let statements = self.schemas_of_statements();
        let named = tables.chain(enums).chain(domains).chain(sequences).chain(extensions).chain(statements);
        for (schema, file, span) in named {
            let known =
                needed.contains_key(schema) || schema.as_str() == DEFAULT_SCHEMA || schema.as_str() == "pg_catalog";
            if !known {
                needed.insert(schema.clone(), At { file, span });
            }
        }
        for (name, at) in needed {
            if !self.out.schema.contains(&ObjectId::global(KindName::Schema, &name)) {
                self.insert(Namespace { name, comment: None }, at);
            }
        }
    }
}
