//! What the generator draws from: names, types with values and defaults, comments.
//!
//! Every value is one that PostgreSQL 15 accepts for its type and that the checks of `parts` let pass. No schema is built here.

use schema_core::{Ident, KindName, ObjectId, QualifiedName, Schema, SqlType, kinds::Object, quote_literal};

use super::Rng;

/// What can be done with the values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Integers and other numbers.
    Number,
    /// `text`, `varchar`.
    Text,
    /// `char(n)`.
    Char,
    /// `citext`.
    Citext,
    /// `boolean`.
    Bool,
    /// Dates and timestamps.
    Moment,
    /// `jsonb`.
    Jsonb,
    /// Arrays of numbers.
    Numbers,
    /// `text[]`.
    Texts,
    /// Ranges.
    Range,
    /// Anything else with an order.
    Ordered,
    /// Anything without one.
    Unordered,
    /// `tsvector`.
    Vector,
    /// An enum, a domain, or an array of one.
    User,
}

impl Class {
    /// Whether a btree can hold it.
    pub fn is_ordered(self) -> bool {
        self != Class::Unordered
    }
}

/// A type and what goes with it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The type.
    pub sql: &'static str,
    /// What can be done with it.
    pub class: Class,
    /// Two values as SQL literals.
    pub values: [&'static str; 2],
    /// Default expressions.
    pub defaults: &'static [&'static str],
}

const fn sample(
    sql: &'static str,
    class: Class,
    values: [&'static str; 2],
    defaults: &'static [&'static str],
) -> Sample {
    Sample { sql, class, values, defaults }
}

const NUMBERS: &[&str] = &["0", "7", "1 + 1", "-1", "abs(-3)"];
const TEXTS: &[&str] = &["'new'", "''", "'it''s'", "lower('X')", "'a' || 'b'", "E'a\\nb'", "'a'::text", "'%;--'"];
const NOW: &[&str] = &["now()", "CURRENT_TIMESTAMP", "clock_timestamp()", "'2020-01-01'", "now() - '1 day'::interval"];

/// The built-in types.
pub const TYPES: &[Sample] = &[
    sample("smallint", Class::Number, ["7", "8"], NUMBERS),
    sample("integer", Class::Number, ["7", "8"], NUMBERS),
    sample("bigint", Class::Number, ["7", "8"], NUMBERS),
    sample("numeric", Class::Number, ["7", "8"], NUMBERS),
    sample("numeric(10,2)", Class::Number, ["7", "8"], NUMBERS),
    sample("numeric(12,4)", Class::Number, ["7", "8"], NUMBERS),
    sample("real", Class::Number, ["7", "8"], NUMBERS),
    sample("double precision", Class::Number, ["7", "8"], NUMBERS),
    sample("text", Class::Text, ["'7'", "'8'"], TEXTS),
    sample("varchar", Class::Text, ["'7'", "'8'"], TEXTS),
    sample("varchar(20)", Class::Text, ["'7'", "'8'"], TEXTS),
    sample("varchar(50)", Class::Text, ["'7'", "'8'"], TEXTS),
    sample("varchar(100)", Class::Text, ["'7'", "'8'"], TEXTS),
    sample("char(3)", Class::Char, ["'7'", "'8'"], &["'abc'", "''"]),
    sample("char(4)", Class::Char, ["'7'", "'8'"], &["'abcd'"]),
    sample("boolean", Class::Bool, ["true", "false"], &["true", "false", "NOT false", "1 = 1 AND 2 > 1"]),
    sample("date", Class::Moment, ["'2020-01-02'", "'2021-01-02'"], &["CURRENT_DATE", "'2020-01-01'"]),
    sample("timestamp", Class::Moment, ["'2020-01-02'", "'2021-01-02'"], &["now() AT TIME ZONE 'utc'", "'2020-01-01'"]),
    sample("timestamptz", Class::Moment, ["'2020-01-02'", "'2021-01-02'"], NOW),
    sample("timestamptz(3)", Class::Moment, ["'2020-01-02'", "'2021-01-02'"], NOW),
    sample("time", Class::Ordered, ["'10:00'", "'11:00'"], &["'12:00'", "LOCALTIME"]),
    sample("time(3)", Class::Ordered, ["'10:00'", "'11:00'"], &["'12:00'"]),
    sample("timetz", Class::Ordered, ["'10:00'", "'11:00'"], &["CURRENT_TIME"]),
    sample("interval", Class::Ordered, ["'1 day'", "'2 days'"], &["'1 day'", "interval '1 hour'"]),
    sample("interval(3)", Class::Ordered, ["'1 day'", "'2 days'"], &["'1 day'"]),
    sample("interval day to second", Class::Ordered, ["'1 day'", "'2 days'"], &["'1 day'"]),
    sample(
        "uuid",
        Class::Ordered,
        ["'5d7c7c5e-7b0b-4f0c-8b53-1f6c5d5f0a01'", "'5d7c7c5e-7b0b-4f0c-8b53-1f6c5d5f0a02'"],
        &["gen_random_uuid()"],
    ),
    sample("json", Class::Unordered, ["'{}'", "'[1]'"], &["'{}'", "'[]'", "json_build_object('a', 1)"]),
    sample("jsonb", Class::Jsonb, ["'{}'", "'[1]'"], &["'{}'", "'[]'::jsonb", "jsonb_build_object('a', 1)"]),
    sample("bytea", Class::Ordered, ["'\\x01'", "'\\x02'"], &["'\\x00'", "''::bytea"]),
    sample("inet", Class::Ordered, ["'10.0.0.1'", "'10.0.0.2'"], &["'127.0.0.1'"]),
    sample("cidr", Class::Ordered, ["'10.0.0.0/8'", "'11.0.0.0/8'"], &["'10.0.0.0/8'"]),
    sample("macaddr", Class::Ordered, ["'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"], &[]),
    sample("bit(4)", Class::Ordered, ["B'0101'", "B'0110'"], &["B'0000'"]),
    sample("bit(8)", Class::Ordered, ["B'01010101'", "B'01010110'"], &["B'00000000'"]),
    sample("varbit", Class::Ordered, ["B'01'", "B'10'"], &["B''"]),
    sample("varbit(9)", Class::Ordered, ["B'01'", "B'10'"], &["B'1'"]),
    sample("money", Class::Ordered, ["'7'", "'8'"], &["0"]),
    sample("tsvector", Class::Vector, ["'a'", "'b'"], &["''", "to_tsvector('simple', 'x')"]),
    sample("point", Class::Unordered, ["'(1,2)'", "'(2,3)'"], &["'(0,0)'", "point(1, 2)"]),
    sample("xml", Class::Unordered, ["'<a/>'", "'<b/>'"], &["'<a/>'"]),
    sample("int4range", Class::Range, ["'[1,2)'", "'[5,7)'"], &["'empty'", "int4range(1, 5)"]),
    sample("int8range", Class::Range, ["'[1,2)'", "'[5,7)'"], &["'empty'"]),
    sample("tstzrange", Class::Range, ["'[2020-01-01,2020-01-02)'", "'[2021-01-01,2021-01-02)'"], &["'empty'"]),
    sample("daterange", Class::Range, ["'[2020-01-01,2020-01-02)'", "'[2021-01-01,2021-01-02)'"], &["'empty'"]),
    sample("integer[]", Class::Numbers, ["'{1}'", "'{2}'"], &["'{}'", "ARRAY[1, 2]", "array[]::integer[]"]),
    sample("bigint[]", Class::Numbers, ["'{1}'", "'{2}'"], &["'{}'", "ARRAY[1, 2]"]),
    sample("text[]", Class::Texts, ["'{a}'", "'{b}'"], &["'{}'", "ARRAY['a', 'b']", "'{}'::text[]"]),
    sample("varchar(20)[]", Class::Texts, ["'{a}'", "'{b}'"], &["'{}'"]),
];

/// Types of extensions: the name, and what goes with it.
const EXTENSION_TYPES: &[(&str, Sample)] = &[
    ("citext", sample("citext", Class::Citext, ["'7'", "'8'"], &["'new'", "''"])),
    ("hstore", sample("hstore", Class::Ordered, ["'a=>1'", "'b=>2'"], &["''", "'a=>1'"])),
];

/// What goes with a type, whatever it is.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// What can be done with it.
    pub class: Class,
    /// Two values.
    pub values: [String; 2],
    /// Defaults.
    pub defaults: Vec<String>,
}

impl Knowledge {
    fn of(sample: &Sample) -> Knowledge {
        let defaults = sample.defaults.iter().map(|text| (*text).to_owned()).collect();
        Knowledge { class: sample.class, values: sample.values.map(str::to_owned), defaults }
    }
}

/// What is known of a type that this schema may use.
pub fn knowledge(schema: &Schema, of: &SqlType) -> Knowledge {
    let unknown = || panic!("the generator does not know type {of}");
    let Some(name) = of.user_type() else {
        return Knowledge::of(
            TYPES.iter().find(|sample| SqlType::parse(sample.sql).as_ref() == Ok(of)).unwrap_or_else(unknown),
        );
    };
    let of_extension = EXTENSION_TYPES.iter().find(|(extension, _)| name.name.as_str() == *extension);
    let mut known =
        match (schema.get(&ObjectId::top(KindName::Enum, name)), schema.get(&ObjectId::top(KindName::Domain, name))) {
            (Some(Object::Enum(of)), _) => {
                let label = |at: usize| quote_literal(of.values[at.min(of.values.len() - 1)].as_str());
                let cast = format!("({}::{})", label(1), SqlType::user(of.name.clone()));
                Knowledge { class: Class::User, values: [label(0), label(1)], defaults: vec![label(0), label(1), cast] }
            }
            (_, Some(Object::Domain(of))) => {
                let base = knowledge(schema, &of.sql_type);
                // PostgreSQL finds no `=` between a literal and a domain over an enum, or over a type outside the search path.
                let class = match base.class {
                    Class::Unordered => Class::Unordered,
                    _ if of.sql_type.user_type().is_some() => Class::Ordered,
                    _ => Class::User,
                };
                // A default that breaks a check of the domain would make every ADD COLUMN fail.
                Knowledge { class, defaults: base.values.to_vec(), ..base }
            }
            _ if schema.contains(&ObjectId::top(KindName::CompositeType, name)) => {
                let commas = match schema.get(&ObjectId::top(KindName::CompositeType, name)) {
                    Some(Object::Sql(of)) => of.sql.matches(',').count(),
                    _ => 0,
                };
                let row = |first: &str| format!("'({first}{})'", ",".repeat(commas));
                Knowledge { class: Class::Unordered, values: [row("x"), row("")], defaults: vec![row("y")] }
            }
            _ if schema.contains(&ObjectId::top(KindName::RangeType, name)) => {
                let values = ["'empty'", "'(,)'"].map(str::to_owned);
                Knowledge { class: Class::Unordered, defaults: values.to_vec(), values }
            }
            _ => Knowledge::of(of_extension.map(|(_, sample)| sample).unwrap_or_else(unknown)),
        };
    if of.array {
        let ordered = known.class != Class::Unordered;
        let class = if ordered { Class::User } else { Class::Unordered };
        known = Knowledge { class, values: ["'{}'".to_owned(), "'{}'".to_owned()], defaults: vec!["'{}'".to_owned()] };
    }
    known
}

/// A type that the schema offers, user types in one case of three.
pub fn any_type(rng: &mut Rng, schema: &Schema) -> SqlType {
    let own: Vec<SqlType> = user_types(schema);
    if rng.percent(30) && !own.is_empty() {
        let of = rng.pick(&own).clone();
        return if rng.percent(15) && of.user_type().is_some_and(|name| !is_domain(schema, name)) {
            of.array_of()
        } else {
            of
        };
    }
    SqlType::parse(rng.pick(TYPES).sql).expect("a built-in type reads")
}

fn is_domain(schema: &Schema, name: &QualifiedName) -> bool {
    schema.contains(&ObjectId::top(KindName::Domain, name))
}

fn user_types(schema: &Schema) -> Vec<SqlType> {
    let kinds = [KindName::Enum, KindName::Domain, KindName::Extension];
    let objects = kinds.into_iter().flat_map(|kind| schema.of_kind(kind));
    let names = objects.filter_map(|object| match object {
        Object::Enum(of) => Some(of.name.clone()),
        Object::Domain(of) => Some(of.name.clone()),
        Object::Extension(of) if EXTENSION_TYPES.iter().any(|(name, _)| of.name.as_str() == *name) => {
            Some(in_schema_of(of.schema.as_ref(), of.name.as_str()))
        }
        _ => None,
    });
    names.map(SqlType::user).collect()
}

/// A name in the PostgreSQL schema of an extension.
pub fn in_schema_of(schema: Option<&Ident>, name: &str) -> QualifiedName {
    let name = QualifiedName::public(Ident::of(name));
    schema.map_or(name.clone(), |schema| QualifiedName { schema: schema.clone(), name: name.name })
}

const NAMES: &[&str] = &[
    "users",
    "orders",
    "items",
    "notes",
    "events",
    "status",
    "kind",
    "email",
    "price",
    "total",
    "code",
    "mood",
    "level",
    "position",
    "lower",
    "length",
    "date",
    "order",
    "user",
    "select",
    "table",
    "type",
    "Order",
    "createdAt",
    "ALLCAPS",
    "with space",
    "quo\"te",
    "dot.ted",
    "apo'strophe",
    "back\\slash",
    "ünïcödé",
    "表",
    "1st",
    "a",
    "b",
    "c",
    "x",
    "y",
    "z",
    "a_name_that_is_exactly_sixty_three_bytes_long_as_long_as_allowed",
];

/// A name, often a plain one, sometimes a hostile one; few enough that kinds use each other's.
pub fn name(rng: &mut Rng) -> Ident {
    let bare = rng.percent(60);
    let text = if bare { rng.word(&NAMES[..13]) } else { rng.word(NAMES) };
    let cut = &text[..text.len().min(63)];
    Ident::of(cut)
}

/// A comment, hostile in half of the cases.
pub fn comment(rng: &mut Rng) -> Option<String> {
    const COMMENTS: [&str; 6] =
        ["a comment", "it's", "back\\slash", "two\nlines; -- no end", "$$ \"quoted\" $$", "ünïcödé 表"];
    rng.percent(15).then(|| rng.word(&COMMENTS).to_owned())
}
