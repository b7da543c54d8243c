//! What an index of a table is chosen for. The index is looked for among the names that the table's parts have been given.

use schema_core::kinds::IndexMark;
use schema_core::{Ident, KindName};

use super::collect::Named;
use super::{At, Lowering};
use crate::decl::{Spanned, TableDecl};
use crate::finding::{INDEX_UNKNOWN, SyntaxFinding};
use crate::suggest::hint;

impl<'a> Lowering<'a> {
    pub(super) fn index_marks(&mut self, of: &Named<'a, TableDecl>) {
        for (purpose, index) in &of.decl.settings.index_marks {
            if self.has_index(of, index) {
                let mark = IndexMark { table: of.name.clone(), purpose: *purpose, index: index.value.clone() };
                self.insert(mark, At { file: of.file, span: index.span });
            }
        }
    }

    fn has_index(&mut self, of: &Named<'a, TableDecl>, index: &Spanned<Ident>) -> bool {
        let indexed =
            |kind| matches!(kind, KindName::PrimaryKey | KindName::Unique | KindName::Exclusion | KindName::Index);
        // The parts of this table are the last ones that came.
        let parts = self.pending.iter().rev().map(|(id, ..)| id);
        let parts = parts.take_while(|id| id.outer().as_ref() == Some(&of.name));
        let names: Vec<Ident> = parts.filter(|id| indexed(id.kind)).map(|id| id.name().clone()).collect();
        if names.contains(&index.value) {
            return true;
        }
        let near = hint(index.value.as_str(), names.iter().map(Ident::as_str));
        let message = format!("table `{}` has no index `{}`{near}", of.name, index.value);
        let has = match names.as_slice() {
            [] => "declare it: `index(columns = \"..\")`".to_owned(),
            names => format!("it has: {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        self.find(of.file, SyntaxFinding::error(INDEX_UNKNOWN, index.span, message).help(has));
        false
    }
}
