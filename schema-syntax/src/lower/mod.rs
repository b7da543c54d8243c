//! From declarations to the schema model: types and references are resolved, and what has no name gets PostgreSQL's.
//!
//! All declarations of one database come in together. What PostgreSQL itself must judge (expressions, operator classes, types of
//! extensions) is passed through unread.

mod claims;
mod collect;
mod expression_name;
mod foreign_key;
mod heirs;
mod index_mark;
mod inherited_column;
mod key;
mod objects;
mod privileges;
mod renames;
mod sql;
mod table;
mod types;

use std::collections::BTreeMap;

use schema_core::diagnostic::{Diagnostic, Place};
use schema_core::kinds::Object;
use schema_core::plan::Hints;
use schema_core::rename::Rename;
use schema_core::{DEFAULT_SCHEMA, Ident, KindName, ObjectId, QualifiedName, Schema};

use crate::decl::{Common, Spanned};
use crate::finding::{SyntaxFinding, place};
use crate::scan::SourceFile;
use crate::token::Span;

use claims::Claims;
use collect::Collected;

pub use privileges::granted;
pub use sql::is_comment_on;

/// What the configuration says about a database.
#[derive(Clone, Debug)]
pub struct LowerOptions {
    /// The PostgreSQL schema of everything that names none.
    pub default_schema: Ident,
    /// What other owners of the database have made and nobody declares here. Foreign keys may point at it, and it is a part of the schema.
    pub others: Schema,
}

impl Default for LowerOptions {
    fn default() -> LowerOptions {
        LowerOptions { default_schema: Ident::of(DEFAULT_SCHEMA), others: Schema::default() }
    }
}

/// The declared schema of one database, and what was found on the way.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    /// The schema. What has an error may be missing from it.
    pub schema: Schema,
    /// What was said about existing rows.
    pub hints: Hints,
    /// What has an old name.
    pub renames: Vec<Rename>,
    /// Where each object is declared.
    pub spans: BTreeMap<ObjectId, Place>,
    /// What is wrong or dubious, those of the files first.
    pub findings: Vec<Diagnostic>,
}

/// Lowers all declarations of one database.
pub fn lower(files: &[SourceFile], options: &LowerOptions) -> Lowered {
    let mut work = Lowering::new(files, options);
    work.tables_of_others();
    work.enums_and_domains();
    for table in work.collected.tables_in_order() {
        work.table(&table);
    }
    // References are checked against the columns and keys of all tables.
    work.settle();
    for table in work.collected.tables_in_order() {
        work.foreign_keys(&table);
    }
    work.sequences_and_extensions();
    work.sql_objects();
    work.settle();
    work.namespaces();
    work.settle();
    work.privileges();
    work.settle();
    work.renames();
    work.out.findings.sort_by(|a, b| finding_order(a).cmp(&finding_order(b)));
    work.out
}

fn finding_order(of: &Diagnostic) -> (Option<(&str, usize)>, &str) {
    (of.primary.as_ref().map(|label| (label.place.file.as_str(), label.place.start)), &of.message)
}

/// The state of one lowering.
struct Lowering<'a> {
    files: &'a [SourceFile],
    default_schema: &'a Ident,
    others: &'a Schema,
    collected: Collected<'a>,
    claims: Claims,
    /// Constraints and indexes with an old name: what they are called now, the file, the old name.
    old_parts: Vec<(ObjectId, usize, Spanned<Ident>)>,
    /// Objects that are not in the schema yet.
    pending: Vec<(ObjectId, Object, At)>,
    out: Lowered,
}

/// A place in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct At {
    file: usize,
    span: Span,
}

impl<'a> Lowering<'a> {
    fn new(files: &'a [SourceFile], options: &'a LowerOptions) -> Lowering<'a> {
        let mut out = Lowered::default();
        for file in files {
            out.findings.extend(file.findings.iter().map(|finding| finding.to_diagnostic(&file.path)));
        }
        let LowerOptions { default_schema, others } = options;
        let (collected, claims) = (Collected::default(), Claims::default());
        let mut work = Lowering {
            files,
            default_schema,
            others,
            collected,
            claims,
            old_parts: Vec::new(),
            pending: Vec::new(),
            out,
        };
        work.collect();
        work
    }

    fn place(&self, at: At) -> Place {
        place(&self.files[at.file].path, at.span)
    }

    fn find(&mut self, file: usize, finding: SyntaxFinding) {
        let shown = finding.to_diagnostic(&self.files[file].path);
        self.out.findings.push(shown);
    }

    /// A finding that points into a second file.
    fn find_with(&mut self, file: usize, finding: SyntaxFinding, other: At, label: &str) {
        let shown = finding.to_diagnostic(&self.files[file].path).secondary(Some(self.place(other)), label);
        self.out.findings.push(shown);
    }

    /// Adds an object; it is in the schema after [`Lowering::settle`].
    fn insert(&mut self, object: impl Into<Object>, at: At) {
        let object = object.into();
        self.pending.push((object.id(), object, at));
    }

    /// Puts what is pending into the schema. A map made from objects in order costs a fraction of one that grows by single objects;
    /// tables come in the order of their names, so that each kind by itself is nearly sorted already.
    fn settle(&mut self) {
        let mut kinds: BTreeMap<KindName, Vec<(ObjectId, Object, At)>> = BTreeMap::new();
        for pending in std::mem::take(&mut self.pending) {
            let kind = kinds.entry(pending.0.kind).or_default();
            // Back from the end, past the parts of the same table: a handful.
            let place = kind.iter().rposition(|(id, ..)| *id < pending.0).map_or(0, |at| at + 1);
            kind.insert(place, pending);
        }
        let pending = kinds.into_values().flatten();
        if self.out.spans.is_empty() {
            let (spans, objects): (Vec<_>, Vec<Object>) =
                pending.map(|(id, object, at)| ((id, self.place(at)), object)).unzip();
            let others = self.others.iter().map(|(_, object)| object.clone());
            (self.out.spans, self.out.schema) = (spans.into_iter().collect(), others.chain(objects).collect());
            return;
        }
        for (id, object, at) in pending {
            let place = self.place(at);
            self.out.spans.insert(id, place);
            self.out.schema.insert(object);
        }
    }

    /// A constraint or index of a table.
    fn insert_part(&mut self, object: impl Into<Object>, file: usize, common: &Common) {
        let object = object.into();
        if let Some(old) = &common.renamed_from {
            self.old_parts.push((object.id(), file, old.clone()));
        }
        self.insert(object, At { file, span: common.span });
    }

    fn qualified(&self, schema: Option<&Ident>, name: &Ident) -> QualifiedName {
        QualifiedName { schema: schema.unwrap_or(self.default_schema).clone(), name: name.clone() }
    }
}

/// PostgreSQL takes an empty comment for none.
fn comment(of: &Option<String>) -> Option<String> {
    of.clone().filter(|text| !text.is_empty())
}
