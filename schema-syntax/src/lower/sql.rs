//! Objects that a SQL statement declares: each with what completes it and the comments on it.

use std::collections::BTreeMap;

use schema_core::kinds::{Kind, SqlObject};
use schema_core::sql::{Definition, Named, tokens};
use schema_core::{Ident, KindName, ObjectId, QualifiedName};

use super::{At, Lowering};
use crate::decl::SqlDecl;
use crate::finding::{NAME_TAKEN, SQL_DEFINITION, SQL_OBJECT_UNKNOWN, SyntaxFinding};
use crate::scan::is_rust;
use crate::suggest::hint;

/// The objects so far, by name.
type Made = BTreeMap<ObjectId, (SqlObject, At)>;

impl<'a> Lowering<'a> {
    pub(super) fn sql_objects(&mut self) {
        let mut made = Made::new();
        for (file, decl) in self.collected.statements.clone() {
            if let Definition::Creates(named) = &decl.definition {
                self.create(file, decl, named, &mut made);
            }
        }
        self.families(&mut made);
        // Comments and completions may stand in another file, before the object itself.
        for (file, decl) in self.collected.statements.clone() {
            match &decl.definition {
                // Privileges are on objects of all kinds, so they come last.
                Definition::Creates(_) | Definition::Grants(_) => {}
                Definition::Completes(named) => match made.get_mut(&named.id()) {
                    Some((object, _)) => object.then.push(decl.sql.clone()),
                    None => self.unknown(file, decl, named, &made),
                },
                Definition::Comments { on, column, text } => match find(&mut made, on) {
                    Some((object, _)) => comment(object, column.as_ref(), text.as_ref()),
                    None => self.unknown(file, decl, on, &made),
                },
            }
        }
        for (object, at) in made.into_values() {
            self.insert(object, at);
        }
    }

    fn create(&mut self, file: usize, decl: &SqlDecl, named: &Named, made: &mut Made) {
        let at = At { file, span: decl.span };
        if let Some(help) = is_rust(&decl.definition) {
            let message = "this statement declares an object that is declared in Rust";
            self.find(file, SyntaxFinding::error(SQL_DEFINITION, decl.span, message).help(help));
            return;
        }
        let id = named.id();
        if let (KindName::Index, [schema, table, _]) = (id.kind, id.path.as_slice()) {
            let table = QualifiedName { schema: schema.clone(), name: table.clone() };
            if self.collected.tables.contains_key(&table) {
                let message = format!("index `{id}` is declared in SQL, and its table is a struct");
                let finding = SyntaxFinding::error(SQL_DEFINITION, decl.span, message);
                self.find(file, finding.help("declare it on the struct: `#[table(index(columns = \"..\"))]`"));
                return;
            }
        }
        if let Some((_, other)) = made.get(&id) {
            let message = format!("{} `{id}` is declared twice", id.kind.words());
            let finding = SyntaxFinding::error(NAME_TAKEN, decl.span, message).help("remove one of the statements");
            self.find_with(file, finding, *other, "the other one");
            return;
        }
        let object = SqlObject {
            signature: named.signature.clone(),
            ..SqlObject::new(named.kind, named.path.clone(), decl.sql.clone())
        };
        made.insert(id, (object, at));
    }

    /// A class that names no family gets one of its own name, which stays when the class goes; so it is declared as well.
    fn families(&mut self, made: &mut Made) {
        let alone = |(object, _): &&(SqlObject, At)| {
            object.kind == KindName::OperatorClass && !tokens(&object.sql).any(|token| token.is_word("family"))
        };
        let implied: Vec<(SqlObject, At)> =
            made.values().filter(alone).map(|(class, at)| (family(class), *at)).collect();
        for (family, at) in implied {
            made.entry(family.id()).or_insert((family, at));
        }
    }

    /// A statement about an object that no statement makes.
    fn unknown(&mut self, file: usize, decl: &SqlDecl, named: &Named, made: &Made) {
        let id = named.id();
        let names: Vec<String> = made.keys().map(ObjectId::to_string).collect();
        let near = hint(&id.to_string(), names.iter().map(String::as_str));
        let message = format!("no statement of these files creates `{id}`{near}");
        let finding = SyntaxFinding::error(SQL_OBJECT_UNKNOWN, decl.span, message);
        self.find(file, finding.help("create the object here too; what belongs to a struct is said on the struct"));
    }

    /// The PostgreSQL schemas of the statements.
    pub(super) fn schemas_of_statements(&self) -> Vec<(&Ident, usize, crate::token::Span)> {
        let schema_of = |(file, decl): &(usize, &'a SqlDecl)| match &decl.definition {
            Definition::Creates(Named { path, .. }) if 2 <= path.len() => Some((*file, decl.span)),
            _ => None,
        };
        let places = self.collected.statements.iter().filter_map(|of| schema_of(of).map(|place| (of.1, place)));
        let named = places.filter_map(|(decl, (file, span))| match &decl.definition {
            Definition::Creates(named) => named.path.first().map(|schema| (schema, file, span)),
            _ => None,
        });
        named.collect()
    }
}

/// The family of a class that names none.
fn family(class: &SqlObject) -> SqlObject {
    let name = class.path.iter().map(Ident::quoted).collect::<Vec<_>>().join(".");
    let method = class.signature.clone().unwrap_or_default();
    let sql = format!("CREATE OPERATOR FAMILY {name}{method}");
    SqlObject {
        signature: class.signature.clone(),
        ..SqlObject::new(KindName::OperatorFamily, class.path.clone(), sql)
    }
}

fn find<'m>(made: &'m mut Made, on: &Named) -> Option<&'m mut (SqlObject, At)> {
    let found = made.keys().find(|other| is_comment_on(on, other)).cloned()?;
    made.get_mut(&found)
}

/// Whether a comment on `on` is one on this object. That on a type, an index or a column does not say the kind of what it is on.
pub fn is_comment_on(on: &Named, object: &ObjectId) -> bool {
    let id = on.id();
    match (id.kind, object.kind) {
        (KindName::View, KindName::MaterializedView | KindName::CompositeType | KindName::ForeignTable)
        | (KindName::CompositeType, KindName::RangeType) => object.path == id.path,
        (KindName::Index, KindName::Index) => object.path.first() == id.path.first() && object.name() == id.name(),
        _ => *object == id,
    }
}

/// PostgreSQL takes an empty comment for none.
fn comment(object: &mut SqlObject, column: Option<&Ident>, text: Option<&String>) {
    let text = text.filter(|text| !text.is_empty()).cloned();
    match (column, text) {
        (None, text) => object.comment = text,
        (Some(column), Some(text)) => drop(object.column_comments.insert(column.clone(), text)),
        (Some(column), None) => drop(object.column_comments.remove(column)),
    }
}
