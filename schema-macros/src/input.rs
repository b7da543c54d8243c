//! What a derive was given, read by the grammar of schema-syntax.

use std::rc::Rc;

use proc_macro2::TokenStream;
use schema_core::ObjectId;
use schema_core::diagnostic::{Code, Severity};
use schema_syntax::SyntaxFinding;
use schema_syntax::conditions::Conditions;
use schema_syntax::decl::Reading;
use schema_syntax::token::{Cursor, DeriveSource, Span};

use crate::build_facts::BuildFacts;

/// A struct says what no revision has recorded. build.rs finds it; the derive shows it at the field.
const MIGRATION_MISSING: Code = Code::new("migration-missing");

/// A declaration, what was found in it, and what it was read from.
pub(crate) struct Input<D> {
    pub source: DeriveSource,
    pub decl: Option<D>,
    pub findings: Vec<SyntaxFinding>,
    pub facts: Rc<BuildFacts>,
}

type Reader<D> = fn(Cursor<'_>, &Reading<'_>, &mut Vec<SyntaxFinding>) -> Option<D>;

impl<D> Input<D> {
    /// The compiler has taken away what a `cfg` excludes, so every condition that is left holds.
    pub fn read(tokens: TokenStream, read: Reader<D>) -> Input<D> {
        let source = DeriveSource::new(tokens);
        let (mut findings, facts) = (Vec::new(), BuildFacts::of_environment());
        let conditions = Conditions::default();
        let reading = Reading { conditions: &conditions, types: &facts.types };
        let decl = read(source.source().cursor(), &reading, &mut findings);
        findings.retain(|finding| finding.severity == Severity::Error);
        Input { source, decl, findings, facts }
    }

    /// Every finding as `compile_error!` at its place.
    pub fn errors(&self) -> TokenStream {
        self.findings.iter().map(|finding| self.source.compile_error(finding)).collect()
    }

    /// What build.rs has found to have no migration yet, as an error at a place.
    pub fn drift(&self, id: &ObjectId, span: Span) -> TokenStream {
        let finding = self.facts.drift(id).map(|text| SyntaxFinding::error(MIGRATION_MISSING, span, text));
        finding.map(|finding| self.source.compile_error(&finding)).unwrap_or_default()
    }

    /// The name of the struct or enum, also when there is no declaration.
    pub fn name(&self) -> String {
        let mut tokens = self.source.source().cursor();
        tokens.skip_past(|piece| matches!(piece.text, "struct" | "enum" | "union"));
        tokens.next().map_or_else(String::new, |piece| piece.text.to_owned())
    }

    /// Whether it has parameters, which the names in the fallback would lack.
    pub fn is_generic(&self) -> bool {
        let mut tokens = self.source.source().cursor();
        tokens.skip_past(|piece| matches!(piece.text, "struct" | "enum" | "union"));
        tokens.next();
        tokens.sees("<")
    }
}
