//! Keys, checks, exclusion constraints and indexes of one table, with the names PostgreSQL would choose.

use schema_core::kinds::{Check, Exclusion, ExclusionElement, Index, IndexElement, IndexKey, PrimaryKey, Unique};
use schema_core::{Expr, Ident, MAX_IDENT_BYTES, QualifiedName};

use super::claims::{Space, joined};
use super::collect::Named;
use super::expression_name::expression_name;
use super::table::column_of;
use super::{Lowering, comment};
use crate::attr::Spanned;
use crate::decl::{CheckDecl, Common, IndexDecl, KeyDecl, KeyPart, TableDecl};
use crate::finding::{ATTRIBUTE_CONFLICT, KEY_REDUNDANT, SyntaxFinding};

fn values(columns: &[Spanned<Ident>]) -> Vec<Ident> {
    columns.iter().map(|column| column.value.clone()).collect()
}

impl<'a> Lowering<'a> {
    fn given_or(&mut self, common: &Common, table: &QualifiedName, second: &str, label: &str, space: Space) -> Ident {
        let given = common.name.as_ref().map(|name| name.value.clone());
        given.unwrap_or_else(|| self.claims.choose(table, second, label, space))
    }

    pub(super) fn checks(&mut self, of: &Named<'a, TableDecl>) {
        for decl in &of.decl.checks {
            let column = sole_column(of.decl, &decl.expr).map(|column| column.as_str().to_owned()).unwrap_or_default();
            let CheckDecl { common, expr, no_inherit, not_valid, not_enforced } = decl;
            let name = self.given_or(common, &of.name, &column, "check", Space::Constraint);
            if self.inherits_check(of, &name) {
                let message = format!("`{}` has check `{name}` from its parent already", of.name);
                let finding = SyntaxFinding::error(ATTRIBUTE_CONFLICT, common.span, message);
                self.find(of.file, finding.help("remove it here, or give it another name"));
                continue;
            }
            let check = Check {
                table: of.name.clone(),
                name,
                expr: expr.clone(),
                no_inherit: *no_inherit,
                not_valid: *not_valid,
                not_enforced: *not_enforced,
                comment: comment(&common.comment),
            };
            self.insert_part(check, of.file, common);
        }
    }

    pub(super) fn keys(&mut self, of: &Named<'a, TableDecl>) {
        if let Some(decl) = &of.decl.primary_key {
            let known = self.has_columns(of, &decl.columns) & self.has_columns(of, &decl.include);
            let name = self.given_or(&decl.common, &of.name, "", "pkey", Space::Both);
            if known {
                let key = PrimaryKey {
                    table: of.name.clone(),
                    name,
                    columns: values(&decl.columns),
                    without_overlaps: decl.without_overlaps,
                    include: values(&decl.include),
                    deferrable: decl.common.deferrable || decl.common.initially_deferred,
                    initially_deferred: decl.common.initially_deferred,
                    comment: comment(&decl.common.comment),
                    index: decl.index.clone(),
                };
                self.insert_part(key, of.file, &decl.common);
            }
        }
        for (place, decl) in of.decl.uniques.iter().enumerate() {
            if self.has_columns(of, &decl.columns) & self.has_columns(of, &decl.include) {
                self.redundant(of, decl, place);
                self.unique(of, decl);
            }
        }
    }

    fn unique(&mut self, of: &Named<'a, TableDecl>, decl: &KeyDecl) {
        let second = joined(decl.columns.iter().chain(&decl.include).map(|column| &column.value));
        let name = self.given_or(&decl.common, &of.name, &second, "key", Space::Both);
        let unique = Unique {
            table: of.name.clone(),
            name,
            columns: values(&decl.columns),
            without_overlaps: decl.without_overlaps,
            include: values(&decl.include),
            nulls_not_distinct: decl.nulls_not_distinct,
            deferrable: decl.common.deferrable || decl.common.initially_deferred,
            initially_deferred: decl.common.initially_deferred,
            comment: comment(&decl.common.comment),
            index: decl.index.clone(),
        };
        self.insert_part(unique, of.file, &decl.common);
    }

    /// CREATE TABLE merges equal keys and keeps the first name (`transformIndexConstraints`); the plan adds the second afterwards, because
    /// databases have such keys.
    fn redundant(&mut self, of: &Named<'a, TableDecl>, decl: &KeyDecl, place: usize) {
        let same = |other: &&KeyDecl| {
            let shape = |key: &KeyDecl| {
                (
                    key.without_overlaps,
                    key.nulls_not_distinct,
                    key.common.deferrable || key.common.initially_deferred,
                    key.common.initially_deferred,
                )
            };
            values(&other.columns) == values(&decl.columns)
                && values(&other.include) == values(&decl.include)
                && shape(other) == shape(decl)
        };
        let earlier = of.decl.primary_key.iter().chain(&of.decl.uniques[..place]);
        if let Some(other) = earlier.into_iter().find(same) {
            let columns =
                decl.columns.iter().map(|column| format!("`{}`", column.value)).collect::<Vec<_>>().join(", ");
            let message =
                format!("{columns} of `{}` has this key already, so the second only costs every write", of.name);
            let finding = SyntaxFinding::warning(KEY_REDUNDANT, decl.common.span, message)
                .secondary(other.common.span, "the first one")
                .help("remove one of them");
            self.find(of.file, finding);
        }
    }

    pub(super) fn exclusions(&mut self, of: &Named<'a, TableDecl>) {
        for decl in &of.decl.exclusions {
            let parts: Vec<Option<IndexElement>> = decl.elements.iter().map(|(key, _)| self.element(of, key)).collect();
            let Some(keys) = parts.into_iter().collect::<Option<Vec<_>>>() else { continue };
            if !self.has_columns(of, &decl.include) {
                continue;
            }
            let second = index_part(&keys, &decl.include);
            let name = self.given_or(&decl.common, &of.name, &second, "excl", Space::Both);
            let operators = decl.elements.iter().map(|(_, operator)| operator.clone());
            let elements = keys.into_iter().zip(operators).map(|(key, operator)| ExclusionElement { key, operator });
            let exclusion = Exclusion {
                table: of.name.clone(),
                name,
                method: decl.method.clone().unwrap_or_else(|| Ident::of("gist")),
                elements: elements.collect(),
                include: values(&decl.include),
                predicate: decl.predicate.clone(),
                deferrable: decl.common.deferrable || decl.common.initially_deferred,
                initially_deferred: decl.common.initially_deferred,
                comment: comment(&decl.common.comment),
                index: decl.index.clone(),
            };
            self.insert_part(exclusion, of.file, &decl.common);
        }
    }

    pub(super) fn indexes(&mut self, of: &Named<'a, TableDecl>) {
        for decl in &of.decl.indexes {
            let parts: Vec<Option<IndexElement>> = decl.keys.iter().map(|key| self.element(of, key)).collect();
            let Some(keys) = parts.into_iter().collect::<Option<Vec<_>>>() else { continue };
            if self.has_columns(of, &decl.include) {
                self.index(of, decl, keys);
            }
        }
    }

    fn index(&mut self, of: &Named<'a, TableDecl>, decl: &IndexDecl, keys: Vec<IndexElement>) {
        if decl.nulls_not_distinct && !decl.unique {
            let message = "`nulls_not_distinct` says which rows are equal, and this index allows equal rows anyway";
            let finding = SyntaxFinding::error(ATTRIBUTE_CONFLICT, decl.common.span, message);
            self.find(of.file, finding.help("add `unique`, or remove `nulls_not_distinct`"));
        }
        let second = index_part(&keys, &decl.include);
        let name = self.given_or(&decl.common, &of.name, &second, "idx", Space::Relation);
        let mut index = Index::new(of.name.clone(), name, keys);
        index.unique = decl.unique;
        index.nulls_not_distinct = decl.nulls_not_distinct;
        index.include = values(&decl.include);
        index.predicate = decl.predicate.clone();
        index.with = decl.with.clone();
        index.statistics.clone_from(&decl.statistics);
        index.comment = comment(&decl.common.comment);
        if let Some(method) = &decl.method {
            index.method = method.clone();
        }
        self.insert_part(index, of.file, &decl.common);
    }

    /// A key with its column found: a word that is a column's name with its case kept is that column.
    fn element(&mut self, of: &Named<'a, TableDecl>, part: &KeyPart) -> Option<IndexElement> {
        let mut element = part.element.clone();
        if let IndexKey::Column(name) = &element.key {
            let exact = Ident::new(part.word.as_str()).ok().filter(|word| column_of(of.decl, word).is_some());
            let found = exact.or_else(|| column_of(of.decl, name).map(|_| name.clone()));
            let Some(found) = found else {
                let name = Ident::new(part.word.as_str()).unwrap_or_else(|_| name.clone());
                self.unknown_column(of, &Spanned { value: name, span: part.span });
                return None;
            };
            element.key = IndexKey::Column(found);
        }
        Some(element)
    }
}

/// The one column of the table that the expression is over, which PostgreSQL puts into the name of a check.
fn sole_column<'d>(decl: &'d TableDecl, expr: &Expr) -> Option<&'d Ident> {
    let columns = decl.fields.iter().filter(|field| !field.skip).map(|field| &field.name.value);
    let mut found = columns.filter(|column| uses(expr, column));
    let first = found.next();
    first.filter(|_| found.next().is_none())
}

/// Whether the name stands for a column: where a rename would rewrite it.
fn uses(expr: &Expr, column: &Ident) -> bool {
    let text = expr.as_str();
    let folded = text.len() >= column.as_str().len()
        && (text.contains(column.as_str())
            || text.to_ascii_lowercase().contains(column.as_str())
            || text.contains('"'));
    folded && expr.renamed(column, &Ident::of("another column")).as_str() != text
}

/// The columns part of an index's name: `ChooseIndexColumnNames` numbers names that repeat.
fn index_part(keys: &[IndexElement], include: &[Spanned<Ident>]) -> String {
    let mut names: Vec<String> = Vec::new();
    let keys = keys.iter().map(|element| match &element.key {
        IndexKey::Column(name) => name.as_str().to_owned(),
        IndexKey::Expression(expr) => expression_name(expr.as_str()),
    });
    for original in keys.chain(include.iter().map(|column| column.value.as_str().to_owned())) {
        let mut name = original.clone();
        let mut number = 0;
        while names.contains(&name) {
            number += 1;
            let mut room = (MAX_IDENT_BYTES - number.to_string().len()).min(original.len());
            while !original.is_char_boundary(room) {
                room -= 1;
            }
            name = format!("{}{number}", &original[..room]);
        }
        names.push(name);
    }
    schema_core::columns_part(names.iter().map(String::as_str))
}
