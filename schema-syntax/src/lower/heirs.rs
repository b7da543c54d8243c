//! Tables that take columns over: children (`inherits`) and partitions. What they take over is declared once, by the parent.
//!
//! The struct of a child has fields for the inherited columns too, because rows are read into it; they must say what the parent says.

use schema_core::kinds::PartitionOf;
use schema_core::{Ident, QualifiedName};

use super::Lowering;
use super::collect::Named;
use super::inherited_column::in_key;
use super::table::column_of;
use crate::decl::{FieldDecl, NamePath, Spanned, TableDecl, ValueDecl};
use crate::finding::{ATTRIBUTE_CONFLICT, INHERITED_COLUMN, SyntaxFinding, TABLE_UNKNOWN};
use crate::suggest::hint;

impl<'a> Lowering<'a> {
    /// The table's parents by name; a finding for each that nothing declares.
    pub(super) fn parents(&mut self, of: &Named<'a, TableDecl>) -> Vec<QualifiedName> {
        let written: Vec<&'a Spanned<NamePath>> = of.decl.settings.inherits.iter().collect();
        written.into_iter().filter_map(|parent| self.parent_table(of, parent)).map(|table| table.name).collect()
    }

    /// What makes the table a partition.
    pub(super) fn partition_of(&mut self, of: &Named<'a, TableDecl>) -> Option<PartitionOf> {
        let partition = of.decl.partition.as_ref()?;
        let parent = self.parent_table(of, &partition.of)?;
        // Of its own struct that is told once for all partitions.
        let own = parent.decl.partitions.iter().any(|other| std::ptr::eq(other, of.decl));
        if parent.decl.settings.partition_by.is_none() && !own {
            let message = format!("`{}` is split by nothing, so it has no partition `{}`", parent.name, of.name);
            let finding = SyntaxFinding::error(ATTRIBUTE_CONFLICT, partition.of.span, message);
            self.find(of.file, finding.help(format!("add `partition_by = \"range (column)\"` to `{}`", parent.name)));
        }
        Some(PartitionOf { parent: parent.name, values: partition.values.clone() })
    }

    fn parent_table(&mut self, of: &Named<'a, TableDecl>, written: &Spanned<NamePath>) -> Option<Named<'a, TableDecl>> {
        let name = written.value.within(self.default_schema);
        if let Some(found) = self.collected.tables.get(&name).filter(|found| found.name != of.name) {
            return Some(found.clone());
        }
        let names: Vec<String> = self.collected.tables.keys().map(QualifiedName::to_string).collect();
        let near = hint(&name.to_string(), names.iter().map(String::as_str));
        let message = format!("no struct declares table `{name}`, so `{}` has no parent{near}", of.name);
        let finding = SyntaxFinding::error(TABLE_UNKNOWN, written.span, message)
            .help("name a declared table as it is in the database: `inherits = \"table\"`");
        self.find(of.file, finding);
        None
    }

    /// The tables whose columns it takes over, the nearest first.
    fn ancestors(&self, of: &Named<'a, TableDecl>) -> Vec<Named<'a, TableDecl>> {
        let mut found: Vec<Named<'a, TableDecl>> = vec![of.clone()];
        let mut at = 0;
        while let Some(next) = found.get(at).cloned() {
            let parents = next.decl.settings.inherits.iter().map(|path| path.value.within(self.default_schema));
            for parent in parents.filter_map(|name| self.collected.tables.get(&name)) {
                if !found.iter().any(|known| known.name == parent.name) {
                    found.push(parent.clone());
                }
            }
            at += 1;
        }
        found.split_off(1)
    }

    /// Whether the column is one that the table takes over; what its field says must be what the parent says.
    pub(super) fn is_inherited(&mut self, of: &Named<'a, TableDecl>, field: &'a FieldDecl) -> bool {
        if of.decl.settings.inherits.is_empty() {
            return false;
        }
        let parents = self.ancestors(of);
        let found = parents.iter().find_map(|parent| Some((parent, column_of(parent.decl, &field.name.value)?)));
        let Some((parent, theirs)) = found else { return false };
        match self.difference(of, field, parent, theirs) {
            Some(difference) => {
                let message = format!("column `{}` comes from `{}`, and {difference}", field.name.value, parent.name);
                let help = "let both fields have one type; of its own the field may have `default`, NOT NULL, a comment and how it is stored";
                self.find(of.file, SyntaxFinding::error(INHERITED_COLUMN, field.name.span, message).help(help));
            }
            None => self.own_of_field(of, field),
        }
        true
    }

    fn difference(
        &mut self,
        of: &Named<'a, TableDecl>,
        field: &'a FieldDecl,
        parent: &Named<'a, TableDecl>,
        theirs: &'a FieldDecl,
    ) -> Option<String> {
        let own = self.resolve(&field.inferred, of.file);
        // What is wrong there is told there.
        let known = self.out.findings.len();
        let other = self.resolve(&theirs.inferred, parent.file);
        self.out.findings.truncate(known);
        let (own, other) = own.zip(other)?;
        let may_be_null = theirs.inferred.nullable && !in_key(parent.decl, &theirs.name.value);
        let nullable = may_be_null || theirs.not_null.no_inherit || theirs.not_null.not_valid;
        if own != other {
            return Some(format!("is {other} there, not {own}"));
        }
        if field.inferred.nullable && !nullable {
            return Some("takes no NULL there".to_owned());
        }
        let computed = matches!(&theirs.value, Some(value) if matches!(value.value, ValueDecl::Generated(_) | ValueDecl::Virtual(_)));
        let says = match &field.value {
            Some(value) => computed || !matches!(value.value, ValueDecl::Default(_)),
            None => false,
        };
        (says || field.collate.is_some() || field.not_null != Default::default())
            .then(|| "how its values come about is said there".to_owned())
    }

    /// The columns of the parents for which the struct has no field.
    pub(super) fn missing_inherited(&mut self, of: &Named<'a, TableDecl>) {
        for parent in self.ancestors(of) {
            let fields = parent.decl.fields.iter().filter(|field| !field.skip);
            for field in fields.filter(|field| column_of(of.decl, &field.name.value).is_none()) {
                let name = &field.name.value;
                let message =
                    format!("`{}` inherits column `{name}` of `{}`, but has no field for it", of.name, parent.name);
                let help = format!("add the field as `{}` has it, without attributes", parent.decl.ident.value);
                self.find(of.file, SyntaxFinding::error(INHERITED_COLUMN, of.decl.ident.span, message).help(help));
            }
        }
    }

    /// Whether the table has a check of this name from a parent.
    pub(super) fn inherits_check(&self, of: &Named<'a, TableDecl>, name: &Ident) -> bool {
        let named = |table: &Named<'a, TableDecl>| {
            let mut checks = table.decl.checks.iter().filter(|check| !check.no_inherit);
            checks.any(|check| check.common.name.as_ref().is_some_and(|given| given.value == *name))
        };
        self.ancestors(of).iter().any(named)
    }
}
