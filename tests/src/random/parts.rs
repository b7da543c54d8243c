//! New objects, one of each kind: always valid for PostgreSQL 15 in the schema that they are added to.
//!
//! Each function makes one random object that fits; whether its name is free is the draft's to say.

use std::collections::BTreeMap;

use schema_core::{
    Expr, Ident, KindName, ObjectId, QualifiedName, Schema, SqlType,
    kinds::{
        Check, Column, ColumnValue, Domain, DomainCheck, EnumType, Exclusion, ExclusionElement, Extension, ForeignKey,
        ForeignKeyAction, ForeignKeyMatch, Identity, IdentityMode, Index, IndexElement, IndexKey, Namespace, Object,
        PrimaryKey, Sequence, SequenceOptions, Table, Unique,
    },
};

use super::Rng;
use super::draft::Draft;
use super::pools::{self, Class, knowledge};

/// Labels of enums: no expression of the generator has them by chance.
pub const LABELS: &[&str] = &["sad", "so-so", "happy", "very happy", "it's me", "Ünhappy", "back\\", "none of these"];

/// The PostgreSQL schema of a new object.
pub fn place(rng: &mut Rng, schema: &Schema) -> Ident {
    let own: Vec<Ident> = schema.of_kind(KindName::Schema).map(|object| object.id().name().clone()).collect();
    rng.choose(&own).filter(|_| rng.percent(40)).unwrap_or_else(|| Ident::of("public"))
}

/// A name for a new object that lives in a PostgreSQL schema.
pub fn qualified(rng: &mut Rng, schema: &Schema) -> QualifiedName {
    let (schema, name) = (place(rng, schema), pools::name(rng));
    // `length(x)` would be a cast to a type of that name.
    let is_function = ["lower", "length"].contains(&name.as_str());
    QualifiedName { schema, name: if is_function { Ident::of("function") } else { name } }
}

/// A PostgreSQL schema.
pub fn namespace(rng: &mut Rng) -> Namespace {
    Namespace { name: pools::name(rng), comment: pools::comment(rng) }
}

/// An extension of the four.
pub fn extension(rng: &mut Rng, schema: &Schema) -> Extension {
    let name = Ident::of(rng.word(&["citext", "pg_trgm", "btree_gist", "hstore"]));
    let place = place(rng, schema);
    Extension { name, schema: (place.as_str() != "public").then_some(place) }
}

/// An enum.
pub fn enum_type(rng: &mut Rng, schema: &Schema) -> EnumType {
    let count = rng.between(2, 5);
    let values = rng.sample(LABELS, count).into_iter().map(Ident::of).collect();
    EnumType { name: qualified(rng, schema), values, comment: pools::comment(rng) }
}

/// A domain over a built-in type, an enum or another domain.
pub fn domain(rng: &mut Rng, schema: &Schema) -> Domain {
    let (name, sql_type) = (qualified(rng, schema), pools::any_type(rng, schema));
    let sql_type = SqlType { array: false, ..sql_type };
    let default = domain_default(rng, schema, &sql_type);
    let collation = collation(rng, schema, &sql_type);
    let checks = domain_checks(rng, schema, &sql_type);
    let (not_null, comment) = (rng.percent(20), pools::comment(rng));
    Domain { name, sql_type, collation, not_null, default, checks, comment }
}

/// A default for a domain, which its checks let pass.
pub fn domain_default(rng: &mut Rng, schema: &Schema, of: &SqlType) -> Option<Expr> {
    rng.choose(&knowledge(schema, of).values).filter(|_| rng.percent(45)).map(Expr::new)
}

/// Checks for a domain over this type.
pub fn domain_checks(rng: &mut Rng, schema: &Schema, of: &SqlType) -> Vec<DomainCheck> {
    let count = rng.below(3);
    let names = rng.sample(&["domain_check", "Good Value", "not \"bad\""], count);
    let check =
        |name: &str| DomainCheck { name: Ident::of(name), expr: Expr::new(condition(rng, schema, "VALUE", of)) };
    names.into_iter().map(check).collect()
}

/// A default for a type.
pub fn default(rng: &mut Rng, schema: &Schema, of: &SqlType) -> Option<Expr> {
    rng.choose(&knowledge(schema, of).defaults).filter(|_| rng.percent(45)).map(Expr::new)
}

/// `COLLATE` for a type that takes it.
pub fn collation(rng: &mut Rng, schema: &Schema, of: &SqlType) -> Option<QualifiedName> {
    let takes =
        of.built_in_name().is_some() && matches!(knowledge(schema, of).class, Class::Text | Class::Char | Class::Texts);
    (takes && rng.percent(15)).then(|| QualifiedName::public(Ident::of(rng.word(&["C", "POSIX", "ucs_basic"]))))
}

/// A condition that the values of the pools meet.
pub fn condition(rng: &mut Rng, schema: &Schema, subject: &str, of: &SqlType) -> String {
    let known = knowledge(schema, of);
    let value = |at: usize| &known.values[at];
    let choices: Vec<String> = match known.class {
        Class::Number => vec![
            format!("{subject} >= 0"),
            format!("{subject} <> 5 AND {subject} < 1000"),
            format!("{subject} IN (1, 7, 8)"),
            format!("{subject} BETWEEN 0 AND 100"),
        ],
        Class::Text => vec![
            format!("length({subject}) > 0"),
            format!("{subject} <> ''"),
            format!("{subject} ~ '^[0-9a-z]*$'"),
            format!("lower({subject}) = {subject}"),
            format!("{subject} IN ('7', '8')"),
        ],
        Class::Char | Class::Citext => vec![format!("{subject} <> ''"), format!("{subject} = {subject}")],
        Class::Bool => vec![format!("{subject} OR NOT {subject}"), format!("{subject} IS NULL OR 1 < 2")],
        Class::Moment => vec![format!("{subject} > '1999-12-31'"), format!("{subject} IS NULL OR 1 < 2")],
        Class::User if !of.array => vec![
            format!("{subject} = {} OR {subject} = {}", value(0), value(1)),
            format!("{subject} <> {} OR {subject} IS NOT NULL", value(0)),
        ],
        // A domain that takes no NULL by a check makes every nullable column of it fail.
        _ if subject == "VALUE" => vec![format!("{subject} IS NULL OR 1 < 2")],
        _ => vec![format!("{subject} IS NOT NULL"), format!("{subject} IS NULL OR 1 < 2")],
    };
    rng.pick(&choices).clone()
}

/// A sequence.
pub fn sequence(rng: &mut Rng, schema: &Schema) -> Sequence {
    let sql_type = SqlType::built_in(rng.word(&["bigint", "bigint", "integer", "smallint"]));
    let columns: Vec<&Object> = schema.of_kind(KindName::Column).collect();
    let name = qualified(rng, schema);
    // The owner must live in the PostgreSQL schema of the sequence.
    let owners: Vec<(QualifiedName, Ident)> = columns
        .iter()
        .filter_map(|object| object.table().map(|table| (table.clone(), object.id().name().clone())))
        .filter(|(table, _)| table.schema == name.schema)
        .collect();
    let owned_by = rng.choose(&owners).filter(|_| rng.percent(30));
    Sequence { name, sql_type, options: options(rng), owned_by, comment: pools::comment(rng) }
}

/// Options that fit every integer type and each other.
pub fn options(rng: &mut Rng) -> SequenceOptions {
    let mut of = SequenceOptions::default();
    if rng.percent(60) {
        return of;
    }
    of.increment = rng.choose(&[5, 10, -1]).filter(|_| rng.percent(50));
    if of.increment == Some(-1) {
        of.min = rng.percent(30).then_some(-500);
        of.max = rng.percent(30).then_some(300);
        of.start = rng.percent(30).then_some(-7);
    } else {
        of.min = rng.percent(30).then(|| *rng.pick(&[1, 2, -3]));
        of.max = rng.percent(30).then(|| *rng.pick(&[999, 9999]));
        of.start = rng.percent(40).then(|| *rng.pick(&[2, 100, 11]));
    }
    of.cache = rng.percent(20).then_some(20);
    of.cycle = rng.percent(20);
    of
}

/// A table without anything in it.
pub fn table(rng: &mut Rng, schema: &Schema) -> Table {
    Table { name: qualified(rng, schema), with: storage(rng), comment: pools::comment(rng) }
}

/// Storage parameters of a table.
pub fn storage(rng: &mut Rng) -> BTreeMap<String, String> {
    let mut with = BTreeMap::new();
    if rng.percent(15) {
        with.insert("fillfactor".to_owned(), rng.word(&["70", "90"]).to_owned());
    }
    if rng.percent(10) {
        with.insert("autovacuum_enabled".to_owned(), rng.word(&["false", "true"]).to_owned());
    }
    if rng.percent(5) {
        with.insert("autovacuum_vacuum_scale_factor".to_owned(), "0.05".to_owned());
    }
    with
}

/// A column at the end of a table.
pub fn column(rng: &mut Rng, draft: &Draft, table: &QualifiedName) -> Column {
    let schema = &draft.schema;
    let columns = schema.columns(table);
    let ordinal = columns.last().map_or(0, |column| column.ordinal + 1);
    let sql_type = pools::any_type(rng, schema);
    let mut column = Column::new(table.clone(), pools::name(rng), sql_type);
    column.ordinal = ordinal;
    column.nullable = rng.percent(65);
    column.collation = collation(rng, schema, &column.sql_type);
    column.comment = pools::comment(rng);
    set_value(rng, schema, &mut column);
    column
}

/// Gives a column a random source of values that fits its type.
pub fn set_value(rng: &mut Rng, schema: &Schema, column: &mut Column) {
    const INTEGERS: [&str; 3] = ["smallint", "integer", "bigint"];
    column.value = ColumnValue::None;
    let integer =
        !column.sql_type.array && column.sql_type.built_in_name().is_some_and(|name| INTEGERS.contains(&name));
    let own = Column::default_sequence(&column.table, &column.name);
    let sequence = if rng.percent(75) { own } else { pools::name(rng) };
    match rng.below(10) {
        0 | 1 if integer => {
            column.nullable = false;
            let mode = if rng.percent(50) { IdentityMode::Always } else { IdentityMode::ByDefault };
            column.value = ColumnValue::Identity(Identity { mode, sequence, options: options(rng) });
        }
        2 if integer => {
            column.nullable = false;
            column.value = ColumnValue::Serial { sequence };
        }
        3 if integer => column.value = next_value(rng, schema),
        4 | 5 => {
            column.value = generated(rng, schema, column).map_or(ColumnValue::None, ColumnValue::Generated);
        }
        _ => column.value = default(rng, schema, &column.sql_type).map_or(ColumnValue::None, ColumnValue::Default),
    }
}

/// A default that takes from a sequence of the schema.
fn next_value(rng: &mut Rng, schema: &Schema) -> ColumnValue {
    let sequences: Vec<ObjectId> = schema.of_kind(KindName::Sequence).map(Object::id).collect();
    let name = rng.choose(&sequences).and_then(|id| id.outer());
    name.map_or(ColumnValue::None, |name| {
        ColumnValue::Default(Expr::new(format!("nextval({})", plain_literal(&name.quoted()))))
    })
}

/// A literal without escapes: `draft` rewrites it by its text.
fn plain_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An expression over another column of the table that gives the type of this one.
fn generated(rng: &mut Rng, schema: &Schema, column: &Column) -> Option<Expr> {
    if column.sql_type.array {
        return None;
    }
    let class = knowledge(schema, &column.sql_type).class;
    let same = |other: &&&Column| {
        other.name != column.name
            && !matches!(other.value, ColumnValue::Generated(_))
            && knowledge(schema, &other.sql_type).class == class
            && other.sql_type.user_type().is_none()
    };
    let sources = schema.columns(&column.table);
    let sources: Vec<String> = sources.iter().filter(same).map(|other| other.name.quoted()).collect();
    let source = rng.choose(&sources)?;
    let choices = match class {
        Class::Number if column.sql_type.user_type().is_none() => {
            vec![format!("{source} * 2"), format!("abs({source}) + 1")]
        }
        Class::Text if column.sql_type.built_in_name() == Some("text") => {
            vec![format!("lower({source})"), format!("{source} || 'x'"), format!("coalesce({source}, 'none')")]
        }
        Class::Bool => vec![format!("NOT {source}")],
        _ => return None,
    };
    rng.choose(&choices).map(Expr::new)
}

/// Columns that a btree can hold.
pub fn ordered_columns(schema: &Schema, table: &QualifiedName) -> Vec<Ident> {
    let columns = schema.columns(table).into_iter();
    columns
        .filter(|column| knowledge(schema, &column.sql_type).class.is_ordered())
        .map(|column| column.name.clone())
        .collect()
}

fn of_class(schema: &Schema, table: &QualifiedName, classes: &[Class]) -> Vec<Ident> {
    let columns = schema.columns(table).into_iter();
    let fits = |column: &&Column| {
        column.sql_type.user_type().is_none() && classes.contains(&knowledge(schema, &column.sql_type).class)
    };
    columns.filter(fits).map(|column| column.name.clone()).collect()
}

/// A primary key, unless the table has one; its columns become NOT NULL.
pub fn primary_key(rng: &mut Rng, draft: &mut Draft, table: &QualifiedName) -> Option<PrimaryKey> {
    if draft.schema.inside(KindName::PrimaryKey, table).next().is_some() {
        return None;
    }
    let columns = ordered_columns(&draft.schema, table);
    let count = *rng.pick(&[1, 1, 1, 2, 3]);
    let columns = rng.sample(&columns, count);
    if columns.is_empty() {
        return None;
    }
    let name =
        if rng.percent(70) { schema_core::default_name(table.name.as_str(), "", "pkey") } else { pools::name(rng) };
    let initially_deferred = rng.percent(5);
    let deferrable = initially_deferred || rng.percent(5);
    let include = include(rng, &draft.schema, table, &columns);
    Some(PrimaryKey {
        table: table.clone(),
        name,
        columns,
        include,
        deferrable,
        initially_deferred,
        comment: pools::comment(rng),
    })
}

fn include(rng: &mut Rng, schema: &Schema, table: &QualifiedName, keys: &[Ident]) -> Vec<Ident> {
    let others: Vec<Ident> =
        ordered_columns(schema, table).into_iter().filter(|column| !keys.contains(column)).collect();
    if rng.percent(10) { rng.sample(&others, 1) } else { Vec::new() }
}

/// A unique constraint.
pub fn unique(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Unique> {
    let columns = ordered_columns(schema, table);
    let count = rng.between(1, 2);
    let columns = rng.sample(&columns, count);
    let first = columns.first()?;
    let label = schema_core::columns_part(columns.iter().map(Ident::as_str));
    let own = schema_core::default_name(table.name.as_str(), &label, "key");
    let name = if rng.percent(60) { own } else { pools::name(rng) };
    let include = include(rng, schema, table, &columns).into_iter().filter(|column| column != first).collect();
    let initially_deferred = rng.percent(5);
    let deferrable = initially_deferred || rng.percent(10);
    let nulls_not_distinct = rng.percent(10);
    let comment = pools::comment(rng);
    Some(Unique {
        table: table.clone(),
        name,
        columns,
        include,
        nulls_not_distinct,
        deferrable,
        initially_deferred,
        comment,
    })
}

/// A check over one or two columns.
pub fn check(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Check> {
    let columns: Vec<&Column> = schema.columns(table);
    let column = rng.choose(&columns)?;
    let mut expr = condition(rng, schema, &column.name.quoted(), &column.sql_type);
    if rng.percent(30) {
        let other = rng.choose(&columns)?;
        expr = format!("({expr}) OR ({})", condition(rng, schema, &other.name.quoted(), &other.sql_type));
    }
    let own = schema_core::default_name(table.name.as_str(), column.name.as_str(), "check");
    let name = if rng.percent(50) { own } else { pools::name(rng) };
    let (no_inherit, not_valid) = (rng.percent(5), rng.percent(8));
    Some(Check {
        table: table.clone(),
        name,
        expr: Expr::new(expr),
        no_inherit,
        not_valid,
        comment: pools::comment(rng),
    })
}

/// An exclusion constraint over a range, with an equality where `btree_gist` is there.
pub fn exclusion(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Exclusion> {
    let range = rng.choose(&of_class(schema, table, &[Class::Range]))?;
    let element = |name: Ident, operator: &str| ExclusionElement {
        key: IndexElement::column(name),
        operator: operator.to_owned(),
    };
    let mut elements = vec![element(range, "&&")];
    let equality = schema.contains(&ObjectId::global(KindName::Extension, &Ident::of("btree_gist")));
    if let Some(other) = rng.choose(&of_class(schema, table, &[Class::Number, Class::Moment])).filter(|_| equality) {
        elements.insert(0, element(other, "="));
    }
    let predicate = predicate(rng, schema, table);
    let name =
        if rng.percent(50) { schema_core::default_name(table.name.as_str(), "", "excl") } else { pools::name(rng) };
    let (table, include, comment) = (table.clone(), Vec::new(), pools::comment(rng));
    let (method, initially_deferred) = (Ident::of("gist"), rng.percent(10));
    let deferrable = initially_deferred || rng.percent(10);
    Some(Exclusion { table, name, method, elements, include, predicate, deferrable, initially_deferred, comment })
}

/// `WHERE` of an index.
pub fn predicate(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Expr> {
    let columns: Vec<&Column> = schema
        .columns(table)
        .into_iter()
        .filter(|column| knowledge(schema, &column.sql_type).class != Class::Moment)
        .collect();
    let column = rng.choose(&columns).filter(|_| rng.percent(25))?;
    Some(Expr::new(condition(rng, schema, &column.name.quoted(), &column.sql_type)))
}

/// An index of one of the methods.
pub fn index(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Index> {
    let name = pools::name(rng);
    let mut index = Index::new(table.clone(), name, Vec::new());
    match rng.below(8) {
        0 => gin(rng, schema, &mut index),
        1 => simple(rng, schema, &mut index, "hash", &[Class::Number, Class::Text, Class::Bool]),
        2 => simple(rng, schema, &mut index, "brin", &[Class::Number, Class::Moment]),
        3 => simple(rng, schema, &mut index, "gist", &[Class::Range, Class::Vector]),
        _ => btree(rng, schema, &mut index),
    }
    if index.columns.is_empty() {
        return None;
    }
    let first = index.columns[0].column_name().map_or("expr".to_owned(), |column| column.as_str().to_owned());
    if rng.percent(60) {
        index.name = schema_core::default_name(table.name.as_str(), &first, "idx");
    }
    index.predicate = predicate(rng, schema, table);
    index.comment = pools::comment(rng);
    Some(index)
}

fn simple(rng: &mut Rng, schema: &Schema, index: &mut Index, method: &str, classes: &[Class]) {
    index.method = Ident::of(method);
    index.columns =
        rng.sample(&of_class(schema, &index.table, classes), 1).into_iter().map(IndexElement::column).collect();
    if method == "brin" && rng.percent(50) {
        index.with.insert("pages_per_range".to_owned(), "32".to_owned());
    }
}

fn gin(rng: &mut Rng, schema: &Schema, index: &mut Index) {
    index.method = Ident::of("gin");
    let text = of_class(schema, &index.table, &[Class::Text]);
    let trigrams = schema.get(&ObjectId::global(KindName::Extension, &Ident::of("pg_trgm")));
    if let (Some(Object::Extension(of)), true, Some(column)) = (trigrams, rng.percent(60), rng.choose(&text)) {
        let opclass = pools::in_schema_of(of.schema.as_ref(), "gin_trgm_ops").quoted();
        index.columns = vec![IndexElement { opclass: Some(opclass), ..IndexElement::column(column) }];
    } else {
        let classes = [Class::Jsonb, Class::Numbers, Class::Texts, Class::Vector];
        index.columns =
            rng.sample(&of_class(schema, &index.table, &classes), 1).into_iter().map(IndexElement::column).collect();
    }
    if rng.percent(30) {
        index.with.insert("fastupdate".to_owned(), rng.word(&["off", "on"]).to_owned());
    }
}

fn btree(rng: &mut Rng, schema: &Schema, index: &mut Index) {
    let count = rng.between(1, 3);
    let columns = rng.sample(&ordered_columns(schema, &index.table), count);
    index.columns = columns.iter().map(|column| key(rng, schema, &index.table, column)).collect();
    index.unique = rng.percent(30);
    index.nulls_not_distinct = index.unique && rng.percent(20);
    index.include = include(rng, schema, &index.table, &columns);
    if rng.percent(10) {
        index.with.insert("fillfactor".to_owned(), rng.word(&["70", "80"]).to_owned());
    }
}

/// One key of a btree: a column or an expression over it, with whatever PostgreSQL lets stand behind it.
fn key(rng: &mut Rng, schema: &Schema, table: &QualifiedName, column: &Ident) -> IndexElement {
    let mut element = IndexElement::column(column.clone());
    let class = of_column(schema, table, column);
    let quoted = column.quoted();
    let expression = match class {
        Some(Class::Text) => Some(format!("lower({quoted})")),
        Some(Class::Number) => Some(format!("{quoted} + 1")),
        Some(Class::Jsonb) => Some(format!("{quoted} ->> 'a'")),
        _ => None,
    };
    if let Some(text) = expression.filter(|_| rng.percent(30)) {
        element.key = IndexKey::Expression(Expr::new(text));
    } else if class == Some(Class::Text) {
        element.opclass = rng.percent(20).then(|| "text_pattern_ops".to_owned());
        element.collation = rng.percent(15).then(|| QualifiedName::public(Ident::of("C")));
    }
    element.descending = rng.percent(25);
    element.nulls_first = if rng.percent(20) { !element.descending } else { element.descending };
    element
}

fn of_column(schema: &Schema, table: &QualifiedName, column: &Ident) -> Option<Class> {
    let column = schema.column(table, column)?;
    column.sql_type.user_type().is_none().then(|| knowledge(schema, &column.sql_type).class)
}

/// A foreign key to a key of any table, with new columns for it.
pub fn foreign_key(rng: &mut Rng, draft: &mut Draft, table: &QualifiedName) -> Option<ForeignKey> {
    let keys: Vec<(QualifiedName, Vec<Ident>)> =
        draft.schema.iter().filter_map(|(_, object)| referable(object)).collect();
    let (references, referenced) = rng.choose(&keys)?;
    if !referenced.iter().all(|name| has_equality(&draft.schema, &references, name)) {
        return None;
    }
    let mut columns = Vec::new();
    for target in &referenced {
        let target = draft.schema.column(&references, target)?.clone();
        columns.push(referencing(rng, draft, table, &target)?);
    }
    let on_delete = action(rng, &columns, true);
    let on_update = action(rng, &columns, false);
    let match_type = if rng.percent(10) { ForeignKeyMatch::Full } else { ForeignKeyMatch::Simple };
    let initially_deferred = rng.percent(10);
    let deferrable = initially_deferred || rng.percent(10);
    let label = schema_core::columns_part(columns.iter().map(Ident::as_str));
    let own = schema_core::default_name(table.name.as_str(), &label, "fkey");
    let name = if rng.percent(60) { own } else { pools::name(rng) };
    let (table, not_valid, comment) = (table.clone(), rng.percent(8), pools::comment(rng));
    let key = ForeignKey {
        table,
        name,
        columns,
        references,
        referenced,
        on_delete,
        on_update,
        match_type,
        deferrable,
        initially_deferred,
        not_valid,
        comment,
    };
    Some(key)
}

/// Whether PostgreSQL finds an equality for two columns of the type: not over arrays of other types, nor domains over user types.
fn has_equality(schema: &Schema, table: &QualifiedName, name: &Ident) -> bool {
    let Some(column) = schema.column(table, name) else { return false };
    let of_user = |of: &SqlType| match of.user_type().map(|name| schema.get(&ObjectId::top(KindName::Domain, name))) {
        Some(Some(Object::Domain(domain))) => domain.sql_type.user_type().is_none() && !domain.sql_type.array,
        _ => true,
    };
    !column.sql_type.array && of_user(&column.sql_type)
}

fn referable(object: &Object) -> Option<(QualifiedName, Vec<Ident>)> {
    match object {
        Object::PrimaryKey(key) if !key.deferrable => Some((key.table.clone(), key.columns.clone())),
        Object::Unique(key) if !key.deferrable => Some((key.table.clone(), key.columns.clone())),
        Object::Index(index) => index
            .key_columns()
            .filter(|_| index.columns.iter().all(|key| key.opclass.is_none() && key.collation.is_none()))
            .map(|columns| (index.table.clone(), columns)),
        _ => None,
    }
}

/// A column of the target's type: a new one, or one that is there.
fn referencing(rng: &mut Rng, draft: &mut Draft, table: &QualifiedName, target: &Column) -> Option<Ident> {
    let plain = |column: &&Column| {
        column.sql_type == target.sql_type
            && column.collation == target.collation
            && matches!(column.value, ColumnValue::None | ColumnValue::Default(_))
    };
    let there: Vec<Ident> = draft
        .schema
        .columns(table)
        .into_iter()
        .filter(|column| column.name != target.name)
        .filter(plain)
        .map(|column| column.name.clone())
        .collect();
    if let Some(name) = rng.choose(&there).filter(|_| rng.percent(30)) {
        return Some(name);
    }
    let ordinal = draft.schema.columns(table).last().map_or(0, |column| column.ordinal + 1);
    let name =
        if rng.percent(60) { schema_core::default_name(target.name.as_str(), "", "ref") } else { pools::name(rng) };
    let mut column = Column::new(table.clone(), name.clone(), target.sql_type.clone());
    (column.nullable, column.ordinal, column.collation) = (true, ordinal, target.collation.clone());
    draft.add(column).then_some(name)
}

/// What happens to referencing rows.
pub fn action(rng: &mut Rng, columns: &[Ident], delete: bool) -> ForeignKeyAction {
    let some = if delete && rng.percent(30) { vec![columns[0].clone()] } else { Vec::new() };
    match rng.below(8) {
        0 => ForeignKeyAction::Restrict,
        1 | 2 => ForeignKeyAction::Cascade,
        3 => ForeignKeyAction::SetNull(some),
        4 => ForeignKeyAction::SetDefault(some),
        _ => ForeignKeyAction::NoAction,
    }
}
