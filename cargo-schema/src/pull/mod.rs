//! From an observed schema to the structs that declare it: the inverse of `schema-syntax`'s lowering.
//!
//! Pure. Nothing is believed of the texts that are written: they are lowered again, and what does not come back is told by name.
//! Whether PostgreSQL makes the same objects of them is proven by the command.

mod edit;
mod files;
mod kept;
mod literal;
mod merge;
mod names;
mod partitions;
mod parts;
mod privileges;
mod rust_type;
mod source;
mod statements;
mod table;
mod text;
mod types;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use schema_core::diagnostic::{Diagnostic, Severity};
use schema_core::kinds::Object;
use schema_core::{DEFAULT_SCHEMA, Ident, KindName, ObjectId, QualifiedName, Schema};
use schema_syntax::TypeContext;
use schema_syntax::conditions::Conditions;
use schema_syntax::decl::Reading;
use schema_syntax::lower::{LowerOptions, Lowered, lower};
use schema_syntax::scan::{Role, parse_source, parse_sql};

use kept::Kept;
use names::{Names, raw, struct_names, type_names};
use rust_type::TypeWriter;
use statements::{StatementText, statement_files, statements};
use text::ItemText;

pub use files::{Layout, SourceText};
pub use literal::with_short_defaults;
pub use merge::{Existing, Merged, merge};
pub use rust_type::{Moments, Needed};

/// How structs are written.
#[derive(Clone, Debug)]
pub struct Options {
    /// The PostgreSQL schema that structs do not name.
    pub default_schema: Ident,
    /// The project's own types.
    pub types: TypeContext,
    /// The crate for dates and times.
    pub moments: Moments,
    /// One file a table, or one for all.
    pub layout: Layout,
    /// What the history records. A default that stands there as PostgreSQL spells it, `'new'::text`, stays so: another spelling would be a
    /// change.
    pub recorded: Schema,
}

impl Default for Options {
    fn default() -> Options {
        let default_schema = Ident::of(DEFAULT_SCHEMA);
        let (types, moments) = (TypeContext::default(), Moments::default());
        Options { default_schema, types, moments, layout: Layout::default(), recorded: Schema::default() }
    }
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The texts, by path below the folder of the structs.
    pub files: Vec<SourceText>,
    /// The files of SQL statements, by path below the package's `schema` folder.
    pub statements: Vec<SourceText>,
    /// What all of them say, lowered again.
    pub lowered: Lowered,
    /// The crates that the fields name.
    pub crates: BTreeSet<Needed>,
    /// Objects that no attribute can say, with the reason.
    pub unsaid: Vec<Unsaid>,
}

/// An object of the database that the structs do not declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// The object.
    pub object: ObjectId,
    /// Why.
    pub reason: String,
}

/// The state of one writing.
struct Writer<'s> {
    schema: &'s Schema,
    default_schema: &'s Ident,
    kept: &'s Kept,
    structs: BTreeMap<QualifiedName, String>,
    rust_types: BTreeMap<QualifiedName, String>,
    types: TypeWriter<'s>,
    /// The objects whose names are written: constraints, indexes, columns with a sequence, domains with checks.
    named: BTreeSet<ObjectId>,
    crates: BTreeSet<Needed>,
}

/// All pieces of the texts.
struct Pieces {
    tables: Vec<ItemText>,
    types: Vec<ItemText>,
    objects: Vec<(ObjectId, String)>,
    statements: Vec<StatementText>,
}

/// Writes the structs of a schema.
///
/// ```
/// use cargo_schema::pull::{Options, write};
/// use schema_core::{Ident, QualifiedName, Schema, SqlType, kinds::{Column, Table}};
/// let name = QualifiedName::public(Ident::of("users"));
/// let id = Column::new(name.clone(), Ident::of("id"), SqlType::built_in("bigint"));
/// let schema: Schema = [Table::new(name).into(), id.into()].into_iter().collect();
/// let pulled = write(&schema, &Options::default());
/// assert_eq!(pulled.lowered.schema, schema);
/// assert!(pulled.files[1].text.ends_with("#[table(name = \"users\")]\npub struct User {\n    pub id: i64,\n}\n"));
/// ```
pub fn write(schema: &Schema, options: &Options) -> Pulled {
    let schema = with_short_defaults(schema, &options.recorded);
    let Settled { pieces, lowered, crates, unsaid, .. } = settle(&schema, options, &Kept::default(), &BTreeSet::new());
    let statements = statement_files(&pieces.statements);
    Pulled { files: options.layout.files(&pieces), statements, lowered, crates, unsaid }
}

/// Texts that say all they can.
struct Settled {
    pieces: Pieces,
    lowered: Lowered,
    crates: BTreeSet<Needed>,
    named: BTreeSet<ObjectId>,
    unsaid: Vec<Unsaid>,
}

/// Writes a schema, and leaves out what does not come back. `named` are objects whose names are written in any case.
fn settle(schema: &Schema, options: &Options, kept: &Kept, named: &BTreeSet<ObjectId>) -> Settled {
    let (mut schema, mut unsaid) = sayable(schema);
    loop {
        let mut writer = Writer::new(&schema, options, kept);
        writer.named.extend(named.iter().filter(|id| schema.contains(id)).cloned());
        let pieces = writer.settled(options);
        let lowered = lowered(&pieces, options);
        let gone = lost(&schema, &lowered);
        if gone.is_empty() {
            let Writer { crates, named, .. } = writer;
            return Settled { pieces, lowered, crates, named, unsaid };
        }
        let ids: BTreeSet<&ObjectId> = gone.iter().map(|of| &of.object).collect();
        schema = schema.filter(|id| !ids.contains(id));
        unsaid.extend(gone);
    }
}

/// A schema without what is not written, and without all that is in a table which is not.
pub fn said(schema: &Schema, unsaid: &[Unsaid]) -> Schema {
    let gone: BTreeSet<&ObjectId> = unsaid.iter().map(|of| &of.object).collect();
    let inside = |id: &ObjectId| {
        let table = schema.get(id).and_then(Object::table);
        table.is_some_and(|table| gone.contains(&ObjectId::table(table)))
    };
    schema.filter(|id| !gone.contains(id) && !inside(id))
}

/// The objects that attributes have words for.
fn sayable(schema: &Schema) -> (Schema, Vec<Unsaid>) {
    let reason = |object: &Object| match object {
        Object::ForeignKey(key) if !schema.contains(&ObjectId::table(&key.references)) => {
            Some(format!("it references `{}`, which no struct declares", key.references))
        }
        Object::Enum(of) if of.values.is_empty() => Some("it has no labels, and a Rust enum has variants".to_owned()),
        _ => None,
    };
    let found = schema.iter().filter_map(|(id, object)| Some(Unsaid { object: id.clone(), reason: reason(object)? }));
    let mut unsaid: Vec<Unsaid> = found.collect();
    let mut gone: BTreeSet<ObjectId> = unsaid.iter().map(|of| of.object.clone()).collect();
    let mut known = 0;
    // What stands on something that is not there cannot be made.
    while known < gone.len() {
        known = gone.len();
        for (id, object) in schema.iter().filter(|(id, _)| !gone.contains(*id)).collect::<Vec<_>>() {
            let Some(needed) = object.requires(schema).into_iter().find(|needed| gone.contains(needed)) else {
                continue;
            };
            let reason = format!("it needs {} `{needed}`, which is not written", needed.kind.words());
            unsaid.push(Unsaid { object: id.clone(), reason });
            gone.insert(id.clone());
        }
    }
    (schema.filter(|id| !gone.contains(id)), unsaid)
}

/// What the texts do not give back.
fn lost(schema: &Schema, lowered: &Lowered) -> Vec<Unsaid> {
    let errors = lowered.findings.iter().filter(|found| found.severity == Severity::Error);
    let error = |id: &ObjectId| {
        let name = format!("`{}`", id.name());
        errors.clone().find(|found| found.message.contains(&name)).map(|found| found.message.clone())
    };
    let missing = schema.iter().filter(|(id, object)| lowered.schema.get(id) != Some(object));
    let missing = missing.map(|(id, _)| Unsaid {
        object: id.clone(),
        reason: error(id).unwrap_or_else(|| "no attribute has words for it".to_owned()),
    });
    missing.collect()
}

impl<'s> Writer<'s> {
    fn new(schema: &'s Schema, options: &'s Options, kept: &'s Kept) -> Writer<'s> {
        let default_schema = &options.default_schema;
        let mut names = Names::of_types();
        kept.structs.values().chain(kept.types.values()).for_each(|name| drop(names.take(std::slice::from_ref(name))));
        let other = |name: &QualifiedName| (name.schema != *default_schema).then(|| name.schema.as_str().to_owned());
        let mut rust_types = kept.types.clone();
        for id in [KindName::Enum, KindName::Domain].into_iter().flat_map(|kind| schema.of_kind(kind)).map(Object::id) {
            let Some(name) = id.outer().filter(|name| !kept.types.contains_key(name)) else { continue };
            let ident = names.take(&type_names(other(&name).as_deref(), name.name.as_str()));
            rust_types.insert(name, ident);
        }
        let mut structs = kept.structs.clone();
        let tables = schema.of_kind(KindName::Table).filter_map(|object| match object {
            Object::Table(table) if table.partition_of.is_none() => Some(table.name.clone()),
            _ => None,
        });
        for name in tables.filter(|name| !kept.structs.contains_key(name)) {
            let ident = names.take(&struct_names(other(&name).as_deref(), name.name.as_str()));
            structs.insert(name, ident);
        }
        let prefix = options.layout.type_prefix();
        let path = |name: &QualifiedName, ident: &String| {
            kept.type_paths.get(name).cloned().unwrap_or_else(|| format!("{prefix}{ident}"))
        };
        let named = rust_types.iter().map(|(name, ident)| (name.clone(), path(name, ident))).collect();
        let types = TypeWriter { context: &options.types, moments: options.moments, named };
        let (named, crates) = (BTreeSet::new(), BTreeSet::new());
        Writer { schema, default_schema, kept, structs, rust_types, types, named, crates }
    }

    /// The pieces with as few names as possible: first none is written, then those that do not come back by themselves, until all
    /// do. Lowering knows how PostgreSQL chooses names, so that is not repeated here.
    fn settled(&mut self, options: &Options) -> Pieces {
        loop {
            let pieces = self.pieces();
            let lowered = lowered(&pieces, options);
            let wrong = self.schema.iter().filter(|(id, object)| lowered.schema.get(id) != Some(object));
            let wrong: Vec<ObjectId> = wrong.map(|(id, _)| id.clone()).filter(|id| !self.named.contains(id)).collect();
            if wrong.is_empty() {
                return pieces;
            }
            self.named.extend(wrong);
        }
    }

    fn pieces(&mut self) -> Pieces {
        self.crates.clear();
        let (mut tables, mut types) = (Vec::new(), Vec::new());
        for (_, object) in self.schema.iter() {
            match object {
                // A partition is written with the table that it is of.
                Object::Table(of) if of.partition_of.is_none() => tables.push(self.table(of)),
                Object::Enum(of) => types.push(self.enum_type(of)),
                Object::Domain(of) => types.push(self.domain(of)),
                _ => {}
            }
        }
        tables.sort_by(|a, b| a.id.cmp(&b.id));
        let statements = statements(self.schema, self.default_schema);
        Pieces { tables, types, objects: self.objects(), statements }
    }

    /// The fields of a table by column, with `r#` where Rust needs it.
    fn field_names(
        &self,
        of: &schema_core::kinds::Table,
        columns: &[schema_core::kinds::Column],
    ) -> BTreeMap<Ident, String> {
        let kept: BTreeMap<Ident, String> = self.kept.fields.get(&of.name).into_iter().flatten().cloned().collect();
        let plain = |name: &String| name.strip_prefix("r#").unwrap_or(name).to_owned();
        let mut names = Names::with(kept.values().map(plain));
        let mut idents = kept;
        // Columns that keep their name come first, so that no other takes it.
        let (exact, other): (Vec<_>, Vec<_>) =
            columns.iter().map(|column| &column.name).partition(|name| names::field(name.as_str()) == name.as_str());
        for name in exact.into_iter().chain(other) {
            if !idents.contains_key(name) {
                let base = names::field(name.as_str());
                idents.insert(name.clone(), raw(&names.take(&[base.clone(), format!("{base}_")])));
            }
        }
        idents
    }
}

/// The texts as the scan would read them.
fn lowered(pieces: &Pieces, options: &Options) -> Lowered {
    let text = Layout::SingleFile("schema.rs".to_owned()).files(pieces).remove(0).text;
    let conditions = Conditions::default();
    let reading = Reading { conditions: &conditions, types: &options.types };
    let file = parse_source("schema.rs", &text, Role::Leaf, &reading);
    let statements = statement_files(&pieces.statements);
    let statements = statements.iter().map(|file| parse_sql(&file.path, &file.text));
    let files: Vec<_> = std::iter::once(file).chain(statements).collect();
    lower(&files, &LowerOptions { default_schema: options.default_schema.clone(), ..LowerOptions::default() })
}

/// The findings of the written texts that stop `check`.
pub fn errors(pulled: &Pulled) -> Vec<Diagnostic> {
    pulled.lowered.findings.iter().filter(|found| found.severity == Severity::Error).cloned().collect()
}
