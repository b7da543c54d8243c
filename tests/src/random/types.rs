//! Types, collations, operators and operator classes that statements define, with routines, columns and indexes that need them.

use schema_core::{
    Ident, QualifiedName, SqlType,
    kinds::{Column, Domain, EnumType, Index, IndexElement},
};

use super::statements::Bundle;

pub(super) fn composite(bundle: &mut Bundle<'_>) -> Option<()> {
    let of = bundle.integer();
    let more = bundle.rng.word(&["", ", c date"]);
    bundle.sql(format!("CREATE TYPE c_pair AS (a {of}, b text{more})"));
    bundle.columns_said(&["a", "b"]);
    bundle.sql("CREATE FUNCTION f_first(c_pair) RETURNS text LANGUAGE sql AS $$ SELECT ($1).a::text $$");
    if bundle.rng.percent(40) {
        bundle.sql("CREATE CAST (c_pair AS integer[]) WITH FUNCTION f_list(c_pair)");
        bundle.sql("CREATE FUNCTION f_list(c_pair) RETURNS integer[] LANGUAGE sql AS $$ SELECT ARRAY[1, 2] $$");
    }
    if bundle.rng.percent(40) {
        bundle.sql("CREATE VIEW v_pair AS SELECT NULL::c_pair AS pair, 1 AS n");
    }
    Some(())
}

pub(super) fn range(bundle: &mut Bundle<'_>) -> Option<()> {
    let of = bundle.rng.word(&["integer", "bigint", "text", "date"]);
    bundle.sql(format!("CREATE TYPE g_span AS RANGE (subtype = {of})"));
    if bundle.rng.percent(50) {
        bundle.sql("CREATE FUNCTION f_empty(g_span) RETURNS boolean LANGUAGE sql AS $$ SELECT isempty($1) $$");
    }
    if bundle.rng.percent(60) {
        let table = bundle.with_columns("with_span", &[("span", "g_span"), ("spans", "g_span[]")])?;
        let mut by_span = Index::new(table, Ident::of("with_span_span"), vec![IndexElement::column(Ident::of("span"))]);
        by_span.method = Ident::of("gist");
        bundle.objects.extend(bundle.rng.percent(50).then(|| by_span.into()));
    }
    Some(())
}

pub(super) fn aggregate(bundle: &mut Bundle<'_>) -> Option<()> {
    let of = bundle.integer();
    bundle.sql(format!(
        "CREATE FUNCTION f_add({of}, {of}) RETURNS {of} LANGUAGE sql IMMUTABLE AS $$ SELECT ($1 + $2)::{of} $$"
    ));
    let start = bundle.rng.word(&["0", "5"]);
    bundle.sql(format!("CREATE AGGREGATE a_sum({of}) (SFUNC = f_add, STYPE = {of}, INITCOND = '{start}')"));
    Some(())
}

pub(super) fn operator(bundle: &mut Bundle<'_>) -> Option<()> {
    let of = bundle.integer();
    let body = bundle.rng.word(&["$1 = $2", "$1 = $2 AND true"]);
    bundle.sql(format!(
        "CREATE FUNCTION f_equal({of}, {of}) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT {body} $$"
    ));
    bundle.sql(format!("CREATE OPERATOR ==== (LEFTARG = {of}, RIGHTARG = {of}, FUNCTION = f_equal)"));
    if bundle.rng.percent(50) {
        bundle.sql(format!("CREATE VIEW v_equal AS SELECT 1::{of} OPERATOR(public.====) 1::{of} AS yes"));
    }
    Some(())
}

pub(super) fn collation(bundle: &mut Bundle<'_>) -> Option<()> {
    let locale = bundle.rng.word(&["C", "POSIX"]);
    bundle.sql(format!("CREATE COLLATION k_one (LOCALE = '{locale}')"));
    if bundle.rng.percent(50) {
        bundle.sql("CREATE VIEW v_sorted AS SELECT 'a' COLLATE k_one AS a");
    }
    if bundle.rng.percent(60) {
        let collation = Some(QualifiedName::public(Ident::of("k_one")));
        let name = QualifiedName::public(Ident::of("d_sorted"));
        let (default, checks, comment) = (None, Vec::new(), None);
        let (sql_type, own) = (SqlType::built_in("text"), collation.clone());
        let of = Domain { name, sql_type, collation: own, not_null: false, default, checks, comment };
        bundle.objects.push(of.into());
        let table = bundle.with_columns("with_sorted", &[("word", "text"), ("sorted", "d_sorted")])?;
        let (words, more) = (SqlType::built_in("text").array_of(), IndexElement::column(Ident::of("words")));
        bundle.objects.push(Column { collation, ..Column::new(table.clone(), Ident::of("words"), words) }.into());
        bundle.objects.extend(
            bundle.rng.percent(50).then(|| Index::new(table, Ident::of("with_sorted_words"), vec![more]).into()),
        );
    }
    Some(())
}

/// An operator class with its function, and perhaps an index that needs it.
pub(super) fn class(bundle: &mut Bundle<'_>) -> Option<()> {
    let of = bundle.integer();
    let hash = match (of, bundle.rng.percent(40)) {
        (_, true) => "f_hash",
        ("bigint", _) => "hashint8",
        ("smallint", _) => "hashint2",
        _ => "hashint4",
    };
    if hash == "f_hash" {
        bundle.sql(format!("CREATE FUNCTION f_hash({of}) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$"));
    }
    bundle
        .sql(format!("CREATE OPERATOR CLASS oc_one FOR TYPE {of} USING hash AS OPERATOR 1 =, FUNCTION 1 {hash}({of})"));
    bundle.sql("CREATE OPERATOR FAMILY oc_one USING hash");
    let table = bundle.with_columns("with_class", &[("n", of)])?;
    let key = IndexElement { opclass: Some("oc_one".to_owned()), ..IndexElement::column(Ident::of("n")) };
    let mut index = Index::new(table, Ident::of("with_class_n"), vec![key]);
    index.method = Ident::of("hash");
    bundle.objects.extend(bundle.rng.percent(60).then(|| index.into()));
    Some(())
}

/// Types that columns, routines and views hold.
pub(super) fn held(bundle: &mut Bundle<'_>) -> Option<()> {
    let labels = bundle.rng.word(&["a", "a b", "b a c", "a b c"]).split(' ').map(Ident::of).collect();
    let state = QualifiedName::public(Ident::of("e_state"));
    bundle.objects.push(EnumType { name: state, values: labels, comment: None }.into());
    let parts = [
        "street text",
        "street text, zip char(5)",
        "zip varchar(9), street text",
        "street varchar, no int",
        "street text, state e_state",
    ];
    let parts = bundle.rng.word(&parts);
    bundle.sql(format!("CREATE TYPE c_home AS ({parts})"));
    bundle.with_columns("with_held", &[("state", "e_state"), ("home", "c_home")])?;
    if bundle.rng.percent(50) {
        bundle.sql("CREATE TYPE c_over AS (street text, state e_state)");
        bundle.with_columns("with_over", &[("one", "c_over"), ("more", "c_over[]")])?;
    }
    bundle.sql(
        "CREATE FUNCTION f_state(e_state, c_home) RETURNS text LANGUAGE sql AS $$ SELECT $1::text || ($2).street $$",
    );
    if bundle.rng.percent(60) {
        bundle
            .sql("CREATE VIEW v_held AS SELECT f_state(state, home), (home).street, 'a'::e_state AS a FROM with_held");
    }
    Some(())
}

/// A cast between types of PostgreSQL.
pub(super) fn cast(bundle: &mut Bundle<'_>) -> Option<()> {
    let (day, when) = (bundle.rng.word(&["2000-01-01", "1970-01-01"]), bundle.rng.word(&["", " AS ASSIGNMENT"]));
    bundle.sql(format!(
        "CREATE FUNCTION f_day(bigint) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT date '{day}' + $1::integer $$"
    ));
    bundle.sql(format!("CREATE CAST (bigint AS date) WITH FUNCTION f_day(bigint){when}"));
    Some(())
}
