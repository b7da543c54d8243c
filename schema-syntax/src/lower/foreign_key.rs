//! Foreign keys, once every table has its columns and keys.
//!
//! Types are compared as far as PostgreSQL's built-in types and the declared ones go; what an extension's types can be compared with
//! is PostgreSQL's to say.

use schema_core::kinds::{ForeignKey, ForeignKeyAction, Object};
use schema_core::{Ident, KindName, ObjectId, QualifiedName, SqlType};

use super::claims::{Space, joined};
use super::collect::Named;
use super::table::{column_of, no_column};
use super::{At, Lowering, comment};
use crate::decl::{ForeignKeyDecl, TableDecl};
use crate::finding::{
    COLUMN_UNKNOWN, FOREIGN_KEY_SET_NULL, FOREIGN_KEY_TARGET, FOREIGN_KEY_TYPE, NAME_TAKEN, SyntaxFinding,
    TABLE_UNKNOWN,
};
use crate::suggest::hint;
use crate::token::Span;

impl<'a> Lowering<'a> {
    pub(super) fn foreign_keys(&mut self, of: &Named<'a, TableDecl>) {
        for decl in &of.decl.foreign_keys {
            let columns: Vec<Ident> = decl.columns.iter().map(|column| column.value.clone()).collect();
            // One column may reference two, unlike in a key.
            let known = self.knows_columns(of, &decl.columns);
            let name = match &decl.common.name {
                Some(name) => name.value.clone(),
                None => self.claims.choose(&of.name, &joined(&columns), "fkey", Space::Constraint),
            };
            let other = decl.references.value.within(self.default_schema);
            let other = Some(other).filter(|name| !self.collected.tables.contains_key(name) && self.is_of_others(name));
            let target = if other.is_some() { None } else { self.target(of, decl) };
            let referenced = match (&other, &target) {
                (Some(other), _) => Some(self.referenced_of_others(decl, other)),
                (None, Some(target)) => self.referenced(of, decl, target),
                (None, None) => continue,
            };
            let Some(referenced) = referenced.filter(|_| known) else { continue };
            let Some(references) = other.or_else(|| Some(target.as_ref()?.name.clone())) else { continue };
            self.action_columns(of, decl, &columns);
            let key = ForeignKey {
                table: of.name.clone(),
                name,
                columns,
                references,
                referenced,
                period: decl.period,
                on_delete: decl.on_delete.clone(),
                on_update: decl.on_update.clone(),
                match_type: decl.match_type,
                deferrable: decl.common.deferrable || decl.common.initially_deferred,
                initially_deferred: decl.common.initially_deferred,
                not_valid: decl.not_valid,
                not_enforced: decl.not_enforced,
                comment: comment(&decl.common.comment),
            };
            if let Some(target) = &target {
                self.target_key(of, decl, &key, target);
                self.types(of, decl, &key, target);
            }
            self.insert_part(key, of.file, &decl.common);
        }
    }

    fn is_of_others(&self, name: &QualifiedName) -> bool {
        self.others.contains(&ObjectId::table(name))
    }

    /// A table that another owner has made cannot be declared as well: then both would change it.
    pub(super) fn tables_of_others(&mut self) {
        for table in self.collected.tables_in_order() {
            if self.is_of_others(&table.name) {
                let message = format!("table `{}` belongs to another owner of the database (`after`)", table.name);
                let finding = SyntaxFinding::error(NAME_TAKEN, table.decl.ident.span, message)
                    .help("reference it, or give this one another name");
                self.find(table.file, finding);
            }
        }
    }

    /// What a key into another owner's table references. Whether a key is there, and its types, is for PostgreSQL to say.
    fn referenced_of_others(&self, decl: &ForeignKeyDecl, table: &QualifiedName) -> Vec<Ident> {
        let key = self.others.inside(KindName::PrimaryKey, table).next();
        match key {
            Some(Object::PrimaryKey(key)) if decl.referenced.is_empty() => key.columns.clone(),
            _ => decl.referenced.clone(),
        }
    }

    fn target(&mut self, of: &Named<'a, TableDecl>, decl: &ForeignKeyDecl) -> Option<Named<'a, TableDecl>> {
        let written = &decl.references.value;
        let name = written.within(self.default_schema);
        if let Some(found) = self.collected.tables.get(&name) {
            return Some(found.clone());
        }
        let elsewhere =
            self.collected.tables.keys().find(|other| other.name == written.name).map(QualifiedName::to_string);
        let names: Vec<String> = self.collected.tables.keys().map(QualifiedName::to_string).collect();
        let near = match elsewhere {
            Some(other) => format!("; did you mean `{other}`?"),
            None => hint(&name.to_string(), names.iter().map(String::as_str)),
        };
        let by_struct = self.collected.tables.values().find(|table| table.decl.ident.value == written.name.as_str());
        let near =
            by_struct.map_or(near, |table| format!("; the table of struct `{}` is `{}`", written.name, table.name));
        let message = format!("no struct declares table `{name}`, so the foreign key has nothing to point at{near}");
        let finding = SyntaxFinding::error(TABLE_UNKNOWN, decl.references.span, message)
            .help("name a declared table as it is in the database: `references = \"table(column)\"`");
        self.find(of.file, finding);
        None
    }

    /// The referenced columns: those that are named, or the primary key.
    fn referenced(
        &mut self,
        of: &Named<'a, TableDecl>,
        decl: &ForeignKeyDecl,
        target: &Named<'a, TableDecl>,
    ) -> Option<Vec<Ident>> {
        let span = decl.references.span;
        if decl.referenced.is_empty() {
            let Some(key) = &target.decl.primary_key else {
                let message = format!("`{}` has no primary key, so the foreign key must name a column", target.name);
                let finding = SyntaxFinding::error(FOREIGN_KEY_TARGET, span, message).help(format!(
                    "write `references = \"{}(column)\"`, or add `#[column(primary_key)]` there",
                    target.name
                ));
                self.find_with(of.file, finding, declared_at(target), "declared here");
                return None;
            };
            let columns = key.columns.iter().map(|column| column.value.clone()).collect();
            return self.same_length(of, decl, target, columns);
        }
        let mut known = true;
        for column in decl.referenced.iter().filter(|column| column_of(target.decl, column).is_none()) {
            self.find_with(of.file, no_column(target, column, span), declared_at(target), "declared here");
            known = false;
        }
        known.then(|| decl.referenced.clone()).and_then(|columns| self.same_length(of, decl, target, columns))
    }

    fn same_length(
        &mut self,
        of: &Named<'a, TableDecl>,
        decl: &ForeignKeyDecl,
        target: &Named<'a, TableDecl>,
        referenced: Vec<Ident>,
    ) -> Option<Vec<Ident>> {
        if referenced.len() == decl.columns.len() {
            return Some(referenced);
        }
        let names = referenced.iter().map(Ident::as_str).collect::<Vec<_>>().join(", ");
        let (here, there) = (decl.columns.len(), referenced.len());
        let message = format!(
            "a foreign key over {here} column(s) cannot reference the {there} column(s) ({names}) of `{}`",
            target.name
        );
        let example = format!("foreign_key(columns = \"..\", references = \"{}({names})\")", target.name);
        let finding = SyntaxFinding::error(FOREIGN_KEY_TARGET, decl.references.span, message)
            .help(format!("name as many columns on both sides: `{example}` in `#[table(...)]`"));
        self.find(of.file, finding);
        None
    }

    /// A foreign key needs a key on the other side that is not deferrable.
    fn target_key(
        &mut self,
        of: &Named<'a, TableDecl>,
        decl: &ForeignKeyDecl,
        key: &ForeignKey,
        target: &Named<'a, TableDecl>,
    ) {
        let span = decl.references.span;
        if key.target_key(&self.out.schema).is_some() {
            return;
        }
        if let Some(found) = key.deferrable_target_key(&self.out.schema) {
            let message = format!(
                "the key `{}` of `{}` is deferrable, and PostgreSQL lets no foreign key point at such a key",
                found.name(),
                target.name
            );
            let help = "take `deferrable` off the key, or reference another one";
            return self.find(of.file, SyntaxFinding::error(FOREIGN_KEY_TARGET, span, message).help(help));
        }
        if let Some(found) = key.target_key_otherwise(&self.out.schema) {
            let finding = key_otherwise(found.name(), decl, target);
            return self.find(of.file, finding);
        }
        let columns = key.referenced.iter().map(Ident::as_str).collect::<Vec<_>>().join(", ");
        let message = format!(
            "`{}({columns})` has no primary key or unique constraint, so PostgreSQL would refuse the foreign key",
            target.name
        );
        let help = match key.referenced.as_slice() {
            [_] => "add `#[column(unique)]` to the referenced field".to_owned(),
            _ => {
                let words = if decl.period { ", without_overlaps" } else { "" };
                let of = &target.decl.ident.value;
                format!("add `unique(columns = \"{columns}\"{words})` to `#[table(...)]` of `{of}`")
            }
        };
        let finding = SyntaxFinding::error(FOREIGN_KEY_TARGET, span, message).help(help);
        self.find_with(of.file, finding, column_at(target, &key.referenced[0]), "referenced here");
    }

    /// `set null (a)` may name columns of the key only, and they must take NULL.
    fn action_columns(&mut self, of: &Named<'a, TableDecl>, decl: &ForeignKeyDecl, columns: &[Ident]) {
        for (word, action) in [("on_delete", &decl.on_delete), ("on_update", &decl.on_update)] {
            let named = match action {
                ForeignKeyAction::SetNull(named) | ForeignKeyAction::SetDefault(named) => named,
                _ => continue,
            };
            for column in named.iter().filter(|column| !columns.contains(column)) {
                let message = format!("`{word}` names column `{column}`, which is not in the foreign key");
                let finding = SyntaxFinding::error(COLUMN_UNKNOWN, decl.common.span, message)
                    .help("name columns of the foreign key only, or none for all of them");
                self.find(of.file, finding);
            }
            let affected = if named.is_empty() { columns } else { named };
            let strict =
                affected.iter().filter_map(|column| column_of(of.decl, column)).find(|field| !field.inferred.nullable);
            if let (ForeignKeyAction::SetNull(_), Some(field)) = (action, strict) {
                let message =
                    format!("`{word} = \"set null\"` would fail on `{}`, which takes no NULL", field.name.value);
                let finding = SyntaxFinding::warning(FOREIGN_KEY_SET_NULL, field.inferred.span, message)
                    .help("make the field an `Option`, or choose `\"cascade\"` or `\"restrict\"`");
                self.find(of.file, finding);
            }
        }
    }

    fn types(
        &mut self,
        of: &Named<'a, TableDecl>,
        decl: &ForeignKeyDecl,
        key: &ForeignKey,
        target: &Named<'a, TableDecl>,
    ) {
        for (column, referenced) in key.columns.iter().zip(&key.referenced) {
            let here = self.out.schema.column(&of.name, column).map(|column| column.sql_type.clone());
            let there = self.out.schema.column(&target.name, referenced).map(|column| column.sql_type.clone());
            let (Some(here), Some(there)) = (here, there) else { continue };
            let span = column_of(of.decl, column).map_or(decl.common.span, |field| field.inferred.span);
            let (from, to) = (format!("{}.{column}", of.name), format!("{}.{referenced}", target.name));
            let Some(finding) = self.compared(&here, &there, span, &from, &to) else { continue };
            let label = format!("this is {there}");
            self.find_with(of.file, finding.label(format!("this is {here}")), column_at(target, referenced), &label);
        }
    }

    fn compared(&self, here: &SqlType, there: &SqlType, span: Span, from: &str, to: &str) -> Option<SyntaxFinding> {
        let (one, other) = (self.stored(here), self.stored(there));
        let same = one.base == other.base && one.array == other.array;
        let help = format!("give both the same type: `{to}` is {there}");
        let families = (family(&one), family(&other));
        match families {
            _ if same => None,
            (Some(Family::Text), Some(Family::Text)) | (Some(Family::Address), Some(Family::Address)) => None,
            (Some(a), Some(b)) if a == b => {
                let message = format!(
                    "`{from}` is {here} but references `{to}`, which is {there}: the smaller type cannot hold every key"
                );
                Some(SyntaxFinding::warning(FOREIGN_KEY_TYPE, span, message).help(help))
            }
            (None, None) if !self.declared(&one) && !self.declared(&other) => None,
            (Some(_), None) if !self.declared(&other) => None,
            (None, Some(_)) if !self.declared(&one) => None,
            _ => {
                let message = format!(
                    "`{from}` is {here} but references `{to}`, which is {there}; PostgreSQL cannot compare them"
                );
                Some(SyntaxFinding::error(FOREIGN_KEY_TYPE, span, message).help(help))
            }
        }
    }

    /// The type under declared domains.
    fn stored(&self, of: &SqlType) -> SqlType {
        let mut of = of.clone();
        // A domain may be over a domain; the number of steps is bounded in case they form a circle.
        for _ in 0..16 {
            let Some(name) = of.user_type() else { break };
            match self.out.schema.get(&ObjectId::top(KindName::Domain, name)) {
                Some(Object::Domain(domain)) if !of.array => of = domain.sql_type.clone(),
                _ => break,
            }
        }
        of
    }

    fn declared(&self, of: &SqlType) -> bool {
        of.user_type().is_some_and(|name| self.collected.declares_type(name))
    }
}

/// Types that PostgreSQL compares with one another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Number,
    Moment,
    Address,
    /// A built-in type that is compared with itself only.
    Alone,
}

fn family(of: &SqlType) -> Option<Family> {
    let name = of.built_in_name()?;
    if of.array {
        return Some(Family::Alone);
    }
    Some(match name {
        "text" | "varchar" | "char" | "name" => Family::Text,
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => Family::Number,
        "date" | "timestamp" | "timestamptz" => Family::Moment,
        "inet" | "cidr" => Family::Address,
        _ => Family::Alone,
    })
}

/// Only one of the two sides says that the last column is a range in which rows follow each other.
fn key_otherwise(key: &Ident, decl: &ForeignKeyDecl, target: &Named<'_, TableDecl>) -> SyntaxFinding {
    let (has, help) = match decl.period {
        true => (
            "has no `without_overlaps`, so PostgreSQL refuses a foreign key with `period`",
            "remove `period`, or add `without_overlaps` to the key",
        ),
        false => (
            "has `without_overlaps`, so PostgreSQL refuses a foreign key without `period`",
            "add `period`: the last column on both sides is the range",
        ),
    };
    let message = format!("the key `{key}` of `{}` {has}", target.name);
    SyntaxFinding::error(FOREIGN_KEY_TARGET, decl.references.span, message).help(help)
}

fn declared_at(table: &Named<'_, TableDecl>) -> At {
    At { file: table.file, span: table.decl.name.span }
}

fn column_at(table: &Named<'_, TableDecl>, column: &Ident) -> At {
    let span = column_of(table.decl, column).map_or(table.decl.name.span, |field| field.ident.span);
    At { file: table.file, span }
}
