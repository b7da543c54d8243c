//! Enums, domains and the lines of `objects!`: the inverse of `schema-syntax/src/lower/objects.rs`.

use schema_core::kinds::{Domain, EnumType, Extension, Namespace, Object, Sequence};
use schema_core::{DEFAULT_SCHEMA, Ident, KindName, ObjectId, join_name};
use schema_syntax::case::{RULES, by_rule, snake};

use super::Writer;
use super::names::{Names, pascal};
use super::parts::{comment, path};
use super::table::options;
use super::text::{Body, ItemText, doc_lines};
use super::words::{Word, attribute, statement};

impl Writer<'_> {
    /// The Rust enum of an enum type.
    pub(super) fn enum_type(&self, of: &EnumType) -> ItemText {
        let id = ObjectId::top(KindName::Enum, &of.name);
        let ident = self.rust_types[&of.name].clone();
        let mut names = Names::default();
        let kept = |label: &Ident| self.kept.variants.get(&(id.clone(), label.clone())).cloned();
        let variants: Vec<(&Ident, String)> = of
            .values
            .iter()
            .map(|label| (label, kept(label).unwrap_or_else(|| names.take(&[pascal(label.as_str())]))))
            .collect();
        let says =
            |rule: &str, (label, name): &(&Ident, String)| by_rule(name, rule).as_deref() == Some(label.as_str());
        let rules = self.kept.rules.get(&id).cloned().unwrap_or_else(|| {
            let all = |rule: &&&str| variants.iter().all(|variant| says(rule, variant));
            RULES.iter().filter(|rule| **rule != "snake_case").find(all).map(|rule| (*rule).to_owned())
        });
        let plain = variants.iter().all(|variant| says("snake_case", variant));
        let rule = rules.filter(|_| !plain || self.kept.rules.contains_key(&id));
        let lines = variants.iter().map(|variant| {
            let inferred = says(rule.as_deref().unwrap_or("snake_case"), variant);
            let label = (!inferred).then(|| attribute("label", &[Word::Label(variant.0.as_str().to_owned())], 4));
            (label.flatten(), variant.1.clone())
        });
        let body = Body::Variants(lines.collect());
        let mut words = self.type_words(&of.name, &ident);
        words.extend(rule.map(|rule| Word::text("rename_all", rule)));
        words.extend(comment("comment", &of.comment));
        let derives = "Clone, Copy, Debug, PartialEq, Eq, schema_runtime::Enum";
        ItemText { id, ident, doc: doc_lines(&of.comment), derives, attribute: attribute("enum_type", &words, 0), body }
    }

    /// The newtype of a domain.
    pub(super) fn domain(&mut self, of: &Domain) -> ItemText {
        let id = ObjectId::top(KindName::Domain, &of.name);
        let ident = self.rust_types[&of.name].clone();
        let written = self.types.write(&of.sql_type, &mut self.crates);
        let mut words = self.type_words(&of.name, &ident);
        words.extend(written.sql.map(|sql| Word::text("sql", sql)));
        words.extend(of.collation.as_ref().map(|name| Word::text("collate", path(name, &Ident::of(DEFAULT_SCHEMA)))));
        words.extend(of.default.as_ref().map(|expr| Word::text("default", expr.as_str())));
        words.extend(of.not_null.then(|| Word::flag("not_null")));
        let named = self.named.contains(&id);
        words.extend(of.checks.iter().map(|check| {
            let mut rest: Vec<Word> = named.then(|| Word::text("name", check.name.as_str())).into_iter().collect();
            rest.extend(check.not_valid.then(|| Word::flag("not_valid")));
            rest.extend(comment("comment", &check.comment));
            Word::text_or_list("check", "expr", check.expr.as_str(), rest)
        }));
        words.extend(comment("comment", &of.comment));
        ItemText {
            id,
            ident,
            doc: doc_lines(&of.comment),
            derives: "Clone, Debug, schema_runtime::Domain",
            attribute: attribute("domain", &words, 0),
            body: Body::Newtype(written.text),
        }
    }

    fn type_words(&self, name: &schema_core::QualifiedName, ident: &str) -> Vec<Word> {
        let mut words = Vec::new();
        words.extend((snake(ident) != name.name.as_str()).then(|| Word::text("name", name.name.as_str())));
        words.extend((name.schema != *self.default_schema).then(|| Word::text("schema", name.schema.as_str())));
        words
    }

    /// What stands in `objects!`, a line each.
    pub(super) fn objects(&self) -> Vec<(ObjectId, String)> {
        let kinds = [KindName::Schema, KindName::Extension, KindName::Sequence];
        let objects = kinds.into_iter().flat_map(|kind| self.schema.of_kind(kind));
        objects.filter_map(|object| Some((object.id(), self.object(object)?))).collect()
    }

    fn object(&self, object: &Object) -> Option<String> {
        let (kind, words) = match object {
            Object::Schema(of) => ("schema", self.namespace(of)?),
            Object::Extension(Extension { name, schema }) => {
                let mut words = vec![Word::text("name", name.as_str())];
                words.extend(schema.as_ref().map(|schema| Word::text("schema", schema.as_str())));
                ("extension", words)
            }
            Object::Sequence(of) => ("sequence", self.sequence(of)),
            _ => return None,
        };
        Some(statement(kind, &words, 4))
    }

    /// A PostgreSQL schema that something names needs no line, unless it has a comment.
    fn namespace(&self, of: &Namespace) -> Option<Vec<Word>> {
        let inside = |object: &Object| match object {
            Object::Table(_) | Object::Enum(_) | Object::Domain(_) | Object::Sequence(_) => {
                object.id().outer().is_some_and(|name| name.schema == of.name)
            }
            Object::Extension(extension) => extension.schema.as_ref() == Some(&of.name),
            _ => false,
        };
        if of.comment.is_none() && self.schema.iter().any(|(_, object)| inside(object)) {
            return None;
        }
        let mut words = vec![Word::text("name", of.name.as_str())];
        words.extend(comment("comment", &of.comment));
        Some(words)
    }

    fn sequence(&self, of: &Sequence) -> Vec<Word> {
        let mut words = vec![Word::text("name", of.name.name.as_str())];
        words.extend((of.name.schema != *self.default_schema).then(|| Word::text("schema", of.name.schema.as_str())));
        let bigint = of.sql_type.built_in_name() == Some("bigint");
        words.extend((!bigint).then(|| Word::text("sql", of.sql_type.sql())));
        words.extend(options(&of.options));
        words.extend(of.owned_by.as_ref().map(|(table, column)| {
            let mut names = vec![&table.name, column];
            if table.schema != *self.default_schema {
                names.insert(0, &table.schema);
            }
            Word::text("owned_by", join_name(&names))
        }));
        words.extend(comment("comment", &of.comment));
        words
    }
}
