//! New objects, one of each kind: always valid for PostgreSQL 15 in the schema that they are added to.
//!
//! Each function makes one random object that fits; whether its name is free is the draft's to say.

use std::collections::BTreeMap;

use schema_core::{
    Expr, Ident, KindName, ObjectId, QualifiedName, Schema, SqlType,
    kinds::{
        Column, ColumnSettings, ColumnValue, Domain, DomainCheck, EnumType, Extension, Identity, IdentityMode,
        Namespace, Object, ReplicaIdentity, Sequence, SequenceOptions, Storage, Table,
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
    let check = |name: &str| DomainCheck {
        name: Ident::of(name),
        expr: Expr::new(condition(rng, schema, "VALUE", of)),
        not_valid: rng.percent(15),
        comment: pools::comment(rng),
    };
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
    Table {
        unlogged: rng.percent(8),
        row_security: rng.percent(8),
        force_row_security: rng.percent(8),
        replica_identity: replica_identity(rng),
        with: storage(rng),
        comment: pools::comment(rng),
        ..Table::new(qualified(rng, schema))
    }
}

/// What replication is told of rows.
pub fn replica_identity(rng: &mut Rng) -> ReplicaIdentity {
    match rng.below(12) {
        0 => ReplicaIdentity::Full,
        1 => ReplicaIdentity::Nothing,
        _ => ReplicaIdentity::Default,
    }
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
    if rng.percent(8) {
        column.settings = column_settings(rng, &column.sql_type);
    }
    set_value(rng, schema, &mut column);
    column
}

/// How a column is stored, as its type allows.
pub fn column_settings(rng: &mut Rng, of: &SqlType) -> ColumnSettings {
    let mut settings =
        ColumnSettings { statistics: rng.percent(30).then(|| *rng.pick(&[0, 500])), ..Default::default() };
    if rng.percent(30) {
        settings.options.insert("n_distinct".to_owned(), rng.word(&["100", "-0.5"]).to_owned());
    }
    if is_toasted(of) {
        settings.storage = rng.percent(50).then(|| *rng.pick(&[Storage::External, Storage::Main]));
        settings.compression = rng.percent(30).then(|| "pglz".to_owned());
    }
    settings
}

/// Whether the storage of the type can be chosen.
pub fn is_toasted(of: &SqlType) -> bool {
    !of.array && matches!(of.built_in_name(), Some("text" | "varchar" | "bytea" | "jsonb"))
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
