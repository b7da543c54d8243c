//! What structs that exist have decided: their names, the order of their fields, where constraints and comments are written.

use std::collections::BTreeMap;

use schema_core::kinds::Object;
use schema_core::{Ident, KindName, ObjectId, QualifiedName, SqlType};
use schema_syntax::decl::{FieldDecl, TableDecl};
use schema_syntax::lower::Lowered;
use schema_syntax::rust_type::RustType;
use schema_syntax::scan::{Declaration, SourceFile};
use schema_syntax::token::lex;
use schema_syntax::types::is_option;

use super::merge::Existing;
use super::parts::{Place, Places};
use super::source;
use super::table::Comments;

/// What structs that exist have decided.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// Rust names of tables.
    pub structs: BTreeMap<QualifiedName, String>,
    /// Rust names of enums and domains.
    pub types: BTreeMap<QualifiedName, String>,
    /// How fields name enums and domains.
    pub type_paths: BTreeMap<QualifiedName, String>,
    /// Fields in their order: column and Rust name.
    pub fields: BTreeMap<QualifiedName, Vec<(Ident, String)>>,
    /// The types of fields without `Option`, and the column's type that goes with them.
    pub field_types: BTreeMap<(QualifiedName, Ident), (String, SqlType)>,
    /// Where constraints and indexes are written.
    pub places: Places,
    /// Where comments are written.
    pub comments: BTreeMap<QualifiedName, Comments>,
    /// Rust names of variants.
    pub variants: BTreeMap<(ObjectId, Ident), String>,
    /// `rename_all`.
    pub rules: BTreeMap<ObjectId, Option<String>>,
    /// Where items stand: the file's place in the list, and that of the Rust name in its text.
    pub items: BTreeMap<ObjectId, (usize, usize)>,
}

impl Kept {
    /// Reads it off the structs.
    pub fn of(existing: &Existing<'_>, default_schema: &Ident) -> Kept {
        let mut kept = Kept::default();
        for (at, file) in existing.files.iter().enumerate() {
            let text = existing.text(file);
            let places = source::Places::of(text);
            for declaration in &file.declarations {
                let named = |schema: &Option<Ident>, name: &Ident| QualifiedName {
                    schema: schema.clone().unwrap_or_else(|| default_schema.clone()),
                    name: name.clone(),
                };
                match declaration {
                    Declaration::Table(decl) => {
                        let name = named(&decl.schema.as_ref().map(|of| of.value.clone()), &decl.name.value);
                        kept.items.insert(ObjectId::table(&name), (at, decl.ident.span.start as usize));
                        kept.table(&name, decl, file, text, &places, existing.lowered);
                    }
                    Declaration::Enum(decl) => {
                        let name = named(&decl.schema.as_ref().map(|of| of.value.clone()), &decl.name.value);
                        let id = ObjectId::top(KindName::Enum, &name);
                        kept.items.insert(id.clone(), (at, decl.ident.span.start as usize));
                        kept.types.insert(name, decl.ident.value.clone());
                        for variant in &decl.variants {
                            let span = variant.ident.span.start as usize..variant.ident.span.end as usize;
                            kept.variants.insert((id.clone(), variant.label.value.clone()), text[span].to_owned());
                        }
                        let rule = places.item(decl.ident.span.start as usize).and_then(|item| rule(text, item));
                        kept.rules.insert(id, rule);
                    }
                    Declaration::Domain(decl) => {
                        let name = named(&decl.schema.as_ref().map(|of| of.value.clone()), &decl.name.value);
                        let id = ObjectId::top(KindName::Domain, &name);
                        kept.items.insert(id, (at, decl.ident.span.start as usize));
                        kept.types.insert(name, decl.ident.value.clone());
                    }
                    Declaration::Object(_) | Declaration::Sql(_) => {}
                }
            }
        }
        kept.paths();
        kept
    }

    fn table(
        &mut self,
        name: &QualifiedName,
        decl: &TableDecl,
        file: &SourceFile,
        text: &str,
        places: &source::Places,
        lowered: &Lowered,
    ) {
        self.structs.insert(name.clone(), decl.ident.value.clone());
        let fields: Vec<&FieldDecl> = decl.fields.iter().filter(|field| !field.skip).collect();
        let slice = |span: schema_syntax::token::Span| text[span.start as usize..span.end as usize].to_owned();
        self.fields.insert(
            name.clone(),
            fields.iter().map(|field| (field.name.value.clone(), slice(field.ident.span))).collect(),
        );
        for field in &fields {
            if let Some(column) = lowered.schema.any_column(name, &field.name.value) {
                let written = (without_option(&slice(field.ty)), column.sql_type.clone());
                self.field_types.insert((name.clone(), field.name.value.clone()), written);
            }
        }
        let Some(item) = places.item(decl.ident.span.start as usize) else { return };
        let attribute = item.head.attributes.iter().filter(|(name, _)| name == "table");
        let docs = attribute.clone().any(|(_, range)| text[range.clone()].contains("doc_comments"));
        self.comments.insert(name.clone(), if docs { Comments::Docs } else { Comments::Words });
        for part in lowered.schema.parts_of(name).filter(|part| part.kind() != KindName::Column) {
            let Some(span) = lowered.spans.get(&part.id()).filter(|span| span.file == file.path) else { continue };
            let member = item.members.iter().find(|member| member.head.whole.contains(&span.start));
            let field =
                member.and_then(|of| fields.iter().find(|field| field.ident.span.start as usize == of.ident.start));
            let place = match (field, part) {
                (None, _) => Place::Table,
                // The word stands in the first field of the key.
                (Some(_), Object::PrimaryKey(key)) => Place::Column(key.columns[0].clone()),
                (Some(field), _) => Place::Column(field.name.value.clone()),
            };
            self.places.insert(part.id(), place);
        }
    }

    /// How fields reach the enums and domains that they name.
    fn paths(&mut self) {
        for (name, ident) in &self.types {
            let of = SqlType::user(name.clone());
            let mut paths = self.field_types.values().filter(|(_, sql)| *sql == of).map(|(text, _)| text);
            let path = paths.find(|text| text.rsplit("::").next() == Some(ident.as_str()));
            self.type_paths.extend(path.map(|path| (name.clone(), path.clone())));
        }
    }
}

/// `T` of `Option<T>`.
fn without_option(text: &str) -> String {
    let option = lex(text).is_ok_and(|source| is_option(&RustType::read(source.cursor())));
    let inner = text.split_once('<').and_then(|(_, rest)| Some(rest.rsplit_once('>')?.0.trim()));
    inner.filter(|_| option).unwrap_or(text).to_owned()
}

/// The value of `rename_all`.
fn rule(text: &str, item: &source::ItemPlace) -> Option<String> {
    let mut attributes = item.head.attributes.iter().filter(|(name, _)| name == "enum_type");
    attributes.find_map(|(_, range)| {
        let (_, rest) = text[range.clone()].split_once("rename_all")?;
        rest.split('"').nth(1).map(str::to_owned)
    })
}
