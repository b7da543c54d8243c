//! `renamed_from`: the old names, and the finding when one cannot be what it says.
//!
//! A rename that was carried out long ago does no harm: nothing has the old name then, and the difference takes no notice.

use schema_core::rename::Rename;
use schema_core::{Ident, KindName, ObjectId, QualifiedName};

use super::{At, Lowering};
use crate::decl::{NamePath, ObjectDecl, Spanned};
use crate::finding::{RENAME_SOURCE, SyntaxFinding};

impl<'a> Lowering<'a> {
    pub(super) fn renames(&mut self) {
        for of in self.collected.tables_in_order() {
            self.top(KindName::Table, &of.name, of.file, &of.decl.renamed_from);
            let own = of.decl.fields.iter().filter(|field| !field.skip && of.decl.partition.is_none());
            for field in own {
                self.inner(KindName::Column, &of.name, &field.name.value, of.file, &field.renamed_from);
            }
        }
        for of in self.collected.enums.values().cloned().collect::<Vec<_>>() {
            self.top(KindName::Enum, &of.name, of.file, &of.decl.renamed_from);
            for variant in &of.decl.variants {
                self.inner(KindName::EnumValue, &of.name, &variant.label.value, of.file, &variant.renamed_from);
            }
        }
        for of in self.collected.domains.values().cloned().collect::<Vec<_>>() {
            self.top(KindName::Domain, &of.name, of.file, &of.decl.renamed_from);
        }
        for of in self.collected.sequences.values().cloned().collect::<Vec<_>>() {
            self.top(KindName::Sequence, &of.name, of.file, &of.decl.renamed_from);
        }
        for (mut id, file, old) in std::mem::take(&mut self.old_parts) {
            let after = id.clone();
            let at = At { file, span: old.span };
            if let Some(name) = id.path.last_mut() {
                *name = old.value;
            }
            self.renamed(id, after, at);
        }
        for (file, decl) in self.collected.others.clone() {
            if let ObjectDecl::Schema { name, renamed_from: Some(old), .. } = decl {
                let id = |name: &Ident| ObjectId::global(KindName::Schema, name);
                self.renamed(id(&old.value), id(&name.value), At { file, span: old.span });
            }
        }
    }

    fn top(&mut self, kind: KindName, name: &QualifiedName, file: usize, old: &Option<Spanned<NamePath>>) {
        if let Some(old) = old {
            // An old name without a PostgreSQL schema is in the one that the object is in now.
            let before = ObjectId::top(kind, &old.value.within(&name.schema));
            self.renamed(before, ObjectId::top(kind, name), At { file, span: old.span });
        }
    }

    fn inner(
        &mut self,
        kind: KindName,
        outer: &QualifiedName,
        name: &Ident,
        file: usize,
        old: &Option<Spanned<Ident>>,
    ) {
        if let Some(old) = old {
            let before = ObjectId::inner(kind, outer, &old.value);
            self.renamed(before, ObjectId::inner(kind, outer, name), At { file, span: old.span });
        }
    }

    fn renamed(&mut self, before: ObjectId, after: ObjectId, at: At) {
        let words = after.kind.words();
        let finding = if before == after {
            Some(
                SyntaxFinding::warning(
                    RENAME_SOURCE,
                    at.span,
                    format!("{words} `{after}` is renamed from its own name"),
                )
                .help("remove `renamed_from`, or write the old name"),
            )
        } else if self.still_there(&before) {
            Some(
                SyntaxFinding::error(
                    RENAME_SOURCE,
                    at.span,
                    format!("{words} `{before}` is still declared, so `{after}` cannot be what it was renamed to"),
                )
                .help("remove `renamed_from`, or the declaration of the old name"),
            )
        } else if self.out.renames.iter().any(|other| other.before == before) {
            Some(
                SyntaxFinding::error(
                    RENAME_SOURCE,
                    at.span,
                    format!("two objects say that they were {words} `{before}`, and only one can have its rows"),
                )
                .help("keep one `renamed_from`"),
            )
        } else {
            self.out.renames.push(Rename { before, after });
            None
        };
        if let Some(finding) = finding {
            self.find(at.file, finding);
        }
    }

    fn still_there(&self, id: &ObjectId) -> bool {
        if id.kind != KindName::EnumValue {
            return self.out.schema.contains(id);
        }
        let values = id.outer().and_then(|name| self.collected.enums.get(&name));
        values.is_some_and(|of| of.decl.variants.iter().any(|variant| variant.label.value == *id.name()))
    }
}
