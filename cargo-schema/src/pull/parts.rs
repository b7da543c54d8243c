//! Constraints and indexes as words of attributes: the inverse of `schema-syntax/src/decl/constraint.rs`.
//!
//! The words are the same in a column's attribute and in the table's, but for the list of columns that a column needs not name.

use std::collections::BTreeMap;

use schema_core::kinds::{
    Check, Exclusion, ForeignKey, ForeignKeyAction, ForeignKeyMatch, Index, IndexElement, KeyIndex, Object, PrimaryKey,
    Unique,
};
use schema_core::{Ident, ObjectId, QualifiedName, join_name};

use super::words::Word;

/// How a part is written.
pub(super) struct PartStyle<'s> {
    /// Whether its name is given.
    pub named: bool,
    /// The PostgreSQL schema that needs no name.
    pub default_schema: &'s Ident,
}

/// A name as attributes take it.
pub(super) fn path(name: &QualifiedName, default_schema: &Ident) -> String {
    if name.schema == *default_schema { join_name(&[&name.name]) } else { join_name(&[&name.schema, &name.name]) }
}

/// `a, "b, c"`.
pub(super) fn list(columns: &[Ident]) -> String {
    let quoted = |column: &Ident| {
        let text = column.as_str();
        let odd = text.contains([',', '"', '\'', '(', ')', '[', ']']) || text.trim() != text;
        if odd { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    columns.iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// Storage parameters.
pub(super) fn with(parameters: &BTreeMap<String, String>) -> Option<Word> {
    let word = |(name, value): (&String, &String)| {
        let plain = name.split('.').all(|part| syn::parse_str::<syn::Ident>(part).is_ok()) && !name.contains('.');
        let name = if plain { name.clone() } else { super::words::literal(name) };
        let number = value.starts_with(|c: char| c.is_ascii_digit()) && value.parse::<f64>().is_ok();
        match number || value == "true" || value == "false" {
            true => Word::Bare(name, value.clone()),
            false => Word::Text(name, value.clone()),
        }
    };
    let words: Vec<Word> = parameters.iter().map(word).collect();
    (!words.is_empty()).then(|| Word::list("with", words))
}

impl PartStyle<'_> {
    /// The word of the table's attribute.
    pub fn of_table(&self, part: &Object) -> Option<Word> {
        Some(match part {
            Object::PrimaryKey(of) => Word::list(
                "primary_key",
                [vec![Word::text("columns", list(&of.columns))], self.primary_key(of)].concat(),
            ),
            Object::Unique(of) => {
                Word::list("unique", [vec![Word::text("columns", list(&of.columns))], self.unique(of)].concat())
            }
            Object::Index(of) => {
                let keys = of.columns.iter().map(IndexElement::to_string).collect::<Vec<_>>().join(", ");
                Word::list("index", [vec![Word::text("columns", keys)], self.index(of)].concat())
            }
            Object::Check(of) => {
                Word::list("check", [vec![Word::text("expr", of.expr.as_str())], self.check(of)].concat())
            }
            Object::ForeignKey(of) => {
                let mut words =
                    vec![Word::text("columns", list(&of.columns)), Word::text("references", self.target(of))];
                words.extend(of.period.then(|| Word::flag("period")));
                words.extend(self.name("name", &of.name));
                words.extend(foreign_key(of));
                words.extend(comment("comment", &of.comment));
                Word::list("foreign_key", words)
            }
            Object::Exclusion(of) => Word::list("exclude", self.exclusion(of)),
            _ => return None,
        })
    }

    /// The words of a column's attribute; `PRIMARY KEY` by flags on its columns is the table writer's.
    pub fn of_column(&self, part: &Object) -> Vec<Word> {
        match part {
            Object::Unique(of) => vec![Word::list("unique", self.unique(of))],
            Object::Index(of) => {
                vec![Word::list("index", [of.columns.first().map(key).unwrap_or_default(), self.index(of)].concat())]
            }
            Object::Check(of) => vec![Word::text_or_list("check", "expr", of.expr.as_str(), self.check(of))],
            Object::ForeignKey(of) => {
                let mut words = vec![Word::text("references", self.target(of))];
                words.extend(foreign_key(of));
                words.extend(self.name("constraint", &of.name));
                words.extend(comment("fk_comment", &of.comment));
                words
            }
            _ => Vec::new(),
        }
    }

    fn name(&self, word: &str, name: &Ident) -> Option<Word> {
        self.named.then(|| Word::text(word, name.as_str()))
    }

    fn primary_key(&self, of: &PrimaryKey) -> Vec<Word> {
        let mut words: Vec<Word> = without_overlaps(of.without_overlaps).into_iter().collect();
        words.extend(self.name("name", &of.name));
        words.extend(include(&of.include));
        words.extend(deferrable(of.deferrable, of.initially_deferred));
        words.extend(key_index(&of.index));
        words.extend(comment("comment", &of.comment));
        words
    }

    fn unique(&self, of: &Unique) -> Vec<Word> {
        let mut words: Vec<Word> = without_overlaps(of.without_overlaps).into_iter().collect();
        words.extend(self.name("name", &of.name));
        words.extend(include(&of.include));
        words.extend(of.nulls_not_distinct.then(|| Word::flag("nulls_not_distinct")));
        words.extend(deferrable(of.deferrable, of.initially_deferred));
        words.extend(key_index(&of.index));
        words.extend(comment("comment", &of.comment));
        words
    }

    fn index(&self, of: &Index) -> Vec<Word> {
        let mut words: Vec<Word> = self.name("name", &of.name).into_iter().collect();
        words.extend(of.unique.then(|| Word::flag("unique")));
        words.extend((of.method.as_str() != "btree").then(|| Word::text("method", of.method.as_str())));
        words.extend(of.predicate.as_ref().map(|expr| Word::text("where", expr.as_str())));
        words.extend(include(&of.include));
        words.extend(of.nulls_not_distinct.then(|| Word::flag("nulls_not_distinct")));
        words.extend(with(&of.with));
        let targets = of.statistics.iter().map(|(place, target)| format!("{place}: {target}")).collect::<Vec<_>>();
        words.extend((!targets.is_empty()).then(|| Word::text("statistics", targets.join(", "))));
        words.extend(comment("comment", &of.comment));
        words
    }

    fn check(&self, of: &Check) -> Vec<Word> {
        let mut words: Vec<Word> = self.name("name", &of.name).into_iter().collect();
        words.extend(of.no_inherit.then(|| Word::flag("no_inherit")));
        words.extend(of.not_valid.then(|| Word::flag("not_valid")));
        words.extend(of.not_enforced.then(|| Word::flag("not_enforced")));
        words.extend(comment("comment", &of.comment));
        words
    }

    fn exclusion(&self, of: &Exclusion) -> Vec<Word> {
        let element = |of: &schema_core::kinds::ExclusionElement| format!("{} with {}", of.key, of.operator);
        let elements = of.elements.iter().map(element).collect::<Vec<_>>().join(", ");
        let mut words = vec![Word::text("elements", elements)];
        words.extend(self.name("name", &of.name));
        words.extend((of.method.as_str() != "gist").then(|| Word::text("method", of.method.as_str())));
        words.extend(of.predicate.as_ref().map(|expr| Word::text("where", expr.as_str())));
        words.extend(include(&of.include));
        words.extend(deferrable(of.deferrable, of.initially_deferred));
        words.extend(key_index(&of.index));
        words.extend(comment("comment", &of.comment));
        words
    }

    fn target(&self, of: &ForeignKey) -> String {
        format!("{}({})", path(&of.references, self.default_schema), list(&of.referenced))
    }
}

/// What is said of the index behind a constraint.
fn key_index(of: &KeyIndex) -> impl Iterator<Item = Word> {
    with(&of.with).into_iter().chain(comment("index_comment", &of.comment))
}

/// What an index over one column says of its key.
fn key(of: &IndexElement) -> Vec<Word> {
    let mut words: Vec<Word> = of.opclass.as_ref().map(|class| Word::text("opclass", class)).into_iter().collect();
    words.extend(of.collation.as_ref().map(|name| Word::text("collate", name.to_string())));
    words.extend(of.descending.then(|| Word::flag("desc")));
    words.extend(
        (of.nulls_first != of.descending).then(|| Word::text("nulls", if of.nulls_first { "first" } else { "last" })),
    );
    words
}

fn foreign_key(of: &ForeignKey) -> Vec<Word> {
    let mut words = Vec::new();
    words.extend(action("on_delete", &of.on_delete));
    words.extend(action("on_update", &of.on_update));
    words.extend((of.match_type == ForeignKeyMatch::Full).then(|| Word::text("match", "full")));
    words.extend(deferrable(of.deferrable, of.initially_deferred));
    words.extend(of.not_valid.then(|| Word::flag("not_valid")));
    words.extend(of.not_enforced.then(|| Word::flag("not_enforced")));
    words
}

fn action(word: &str, of: &ForeignKeyAction) -> Option<Word> {
    let some = |verb: &str, columns: &[Ident]| match columns {
        [] => verb.to_owned(),
        columns => format!("{verb}({})", list(columns)),
    };
    let text = match of {
        ForeignKeyAction::NoAction => return None,
        ForeignKeyAction::Restrict => "restrict".to_owned(),
        ForeignKeyAction::Cascade => "cascade".to_owned(),
        ForeignKeyAction::SetNull(columns) => some("set null", columns),
        ForeignKeyAction::SetDefault(columns) => some("set default", columns),
    };
    Some(Word::text(word, text))
}

fn without_overlaps(of: bool) -> Option<Word> {
    of.then(|| Word::flag("without_overlaps"))
}

fn include(columns: &[Ident]) -> Option<Word> {
    (!columns.is_empty()).then(|| Word::text("include", list(columns)))
}

fn deferrable(deferrable: bool, initially: bool) -> Option<Word> {
    match (deferrable, initially) {
        (_, true) => Some(Word::flag("initially_deferred")),
        (true, false) => Some(Word::flag("deferrable")),
        _ => None,
    }
}

/// A comment, when there is one.
pub(super) fn comment(word: &str, of: &Option<String>) -> Option<Word> {
    of.as_ref().map(|text| Word::text(word, text))
}

/// The one column that the part is over, when a column's attribute could hold it.
pub(super) fn only_column(part: &Object, columns: &[&Ident]) -> Option<Ident> {
    let one = |of: &[Ident]| match of {
        [column] => Some(column.clone()),
        _ => None,
    };
    match part {
        Object::Unique(of) => one(&of.columns),
        Object::ForeignKey(of) => one(&of.columns),
        Object::Index(of) => match of.columns.as_slice() {
            [element] => element.column_name().cloned(),
            _ => None,
        },
        Object::Check(of) => {
            let mut found = columns.iter().filter(|column| of.expr.mentions(column));
            found.next().filter(|_| found.next().is_none()).map(|column| (*column).clone())
        }
        _ => None,
    }
}

/// Where a part is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the attribute of the table.
    Table,
    /// In that of a column; for a primary key, of all its columns.
    Column(Ident),
}

/// The places of parts that structs hold already.
pub(super) type Places = BTreeMap<ObjectId, Place>;
