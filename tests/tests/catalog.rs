//! Databases read through their catalogs: what is read is enough to build them again, by PostgreSQL's own judgement.
//!
//! Every schema is observed, planned from nothing into a second database, and observed and dumped again. Nothing here plans a
//! change; that is for the tests of `generate`.

use cargo_schema::catalog::{Observed, ObservedDifference, Scope, Unmanaged, compare, observe};
use postgres::error::SqlState;
use schema_core::{
    KindName, ObjectId, QualifiedName, Schema,
    kinds::{ColumnValue, Object},
    plan::{Hints, plan},
};
use schema_tests::{
    cluster::{Database, database},
    dump::{diff, dump},
};

const FEATURES: &str = include_str!("catalog/features.sql");
const FEATURES_15: &str = include_str!("catalog/features_15.sql");
const FEATURES_18: &str = include_str!("catalog/features_18.sql");
const HOSTILE: &str = include_str!("catalog/hostile.sql");
const STATEMENTS: &str = include_str!("catalog/statements.sql");
const ENTANGLED: &str = include_str!("catalog/entangled.sql");
const PUBLISHED_15: &str = include_str!("catalog/published_15.sql");
const UNMANAGED: &str = include_str!("catalog/unmanaged.sql");

fn with(sql: &str) -> Database {
    let database = database();
    run(&database, sql);
    database
}

fn run(database: &Database, sql: &str) {
    if let Err(error) = database.client().batch_execute(sql) {
        panic!("{}\n{sql}", error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string));
    }
}

fn read(database: &Database) -> Observed {
    observe(&mut database.client(), &Scope::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn lines(differences: &[ObservedDifference]) -> String {
    differences.iter().map(|difference| format!("{difference}\n")).collect()
}

/// Builds what was observed in another database and compares both by catalog and by dump.
#[track_caller]
fn check_round_trip(sql: &str) -> Observed {
    let first = with(sql);
    let before = read(&first);
    let plan = plan(&Schema::default(), &before.schema, &[], &Hints::default());
    let second = with(&plan.up.text());
    assert_eq!(lines(&compare(&before.schema, &read(&second).schema)), "");
    assert_eq!(diff(&dump(&first), &dump(&second)), Vec::<String>::new());
    run(&second, &plan.down.text());
    assert_eq!(read(&second).schema.iter().count(), 0, "the way back leaves nothing");
    before
}

fn column<'a>(observed: &'a Observed, table: &str, column: &str) -> &'a schema_core::kinds::Column {
    let (table, name) = (QualifiedName::parse(table).unwrap(), schema_core::Ident::of(column));
    observed.schema.column(&table, &name).unwrap_or_else(|| panic!("`{table}.{name}` was not observed"))
}

fn kinds(observed: &Observed) -> Vec<KindName> {
    let mut kinds: Vec<KindName> = observed.schema.iter().map(|(id, _)| id.kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn every_feature_comes_back() {
    let observed = check_round_trip(FEATURES);
    assert_eq!(observed.unmanaged, []);
    use KindName::*;
    let all = [
        Schema,
        Extension,
        Enum,
        Domain,
        Sequence,
        Table,
        Column,
        InheritedColumn,
        PrimaryKey,
        Unique,
        Check,
        Exclusion,
        Index,
        IndexMark,
        ForeignKey,
    ];
    assert_eq!(kinds(&observed), all);
}

#[test]
fn every_statement_comes_back() {
    let observed = check_round_trip(STATEMENTS);
    assert_eq!(observed.unmanaged, []);
    use KindName::*;
    let all = [
        Collation,
        CompositeType,
        RangeType,
        Function,
        Procedure,
        Aggregate,
        Operator,
        Cast,
        Conversion,
        TextSearchDictionary,
        TextSearchConfiguration,
        ForeignDataWrapper,
        ForeignServer,
        ForeignTable,
        View,
        MaterializedView,
        Statistics,
        Rule,
        Trigger,
        Policy,
        EventTrigger,
        Publication,
    ];
    let found = kinds(&observed);
    assert_eq!(all.iter().find(|kind| !found.contains(kind)), None);
}

#[test]
fn features_of_later_versions_come_back() {
    let version = with("").value("SHOW server_version_num");
    for (first, features) in [("150000", FEATURES_15), ("150000", PUBLISHED_15), ("180000", FEATURES_18)] {
        match version.as_str() < first {
            true => println!("nothing of {first} to see on {version}"),
            false => assert_eq!(check_round_trip(features).unmanaged, []),
        }
    }
}

#[test]
fn what_needs_its_own_table_comes_and_goes_for_itself() {
    assert_eq!(check_round_trip(ENTANGLED).unmanaged, []);
}

/// The publication could not be made without the other PostgreSQL schema.
#[test]
fn a_publication_of_a_schema_out_of_scope_is_listed() {
    let database = with("CREATE SCHEMA app; CREATE TABLE app.t (); CREATE PUBLICATION p FOR TABLE app.t;");
    let scope = Scope::only(["public"]);
    let found = observe(&mut database.client(), &scope).unwrap();
    let listed: Vec<String> = found.unmanaged.iter().map(|of| format!("{} {}", of.kind, of.name)).collect();
    assert_eq!(listed, ["publication over something that is not managed p"]);
    if "150000" <= database.value("SHOW server_version_num").as_str() {
        run(&database, "DROP PUBLICATION p; CREATE PUBLICATION p FOR TABLES IN SCHEMA app, public;");
        let found = observe(&mut database.client(), &scope).unwrap();
        assert_eq!((found.schema.of_kind(KindName::Publication).count(), found.unmanaged.len()), (0, 1));
    }
}

#[test]
fn collations_of_icu_come_back() {
    let sql = "CREATE SCHEMA app; CREATE COLLATION app.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";
    let refused = database().client().batch_execute(sql).err();
    if refused.is_some_and(|error| error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)) {
        println!("this server was built without ICU");
        return;
    }
    let observed = check_round_trip(sql);
    assert_eq!(observed.unmanaged, []);
    assert_eq!(observed.schema.of_kind(KindName::Collation).count(), 1);
}

#[test]
fn hostile_names_come_back() {
    assert_eq!(check_round_trip(HOSTILE).unmanaged, []);
}

#[test]
fn a_sequence_is_told_by_what_it_does() {
    let observed = check_round_trip(
        "CREATE TABLE t (a serial, b bigserial, c smallserial, d integer GENERATED ALWAYS AS IDENTITY, e serial, f serial, g serial);
         ALTER SEQUENCE t_b_seq RENAME TO other;
         ALTER SEQUENCE t_e_seq INCREMENT 5;
         ALTER TABLE t ALTER f DROP NOT NULL, ALTER g TYPE bigint;
         CREATE TABLE u (a serial, b integer DEFAULT nextval('u_a_seq'));",
    );
    let serial = |name: &str| match &column(&observed, "t", name).value {
        ColumnValue::Serial { sequence } => sequence.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!((serial("a"), serial("b"), serial("c")), ("t_a_seq".into(), "other".into(), "t_c_seq".into()));
    assert!(matches!(column(&observed, "t", "d").value, ColumnValue::Identity(_)));
    for (table, name) in [("t", "e"), ("t", "f"), ("t", "g"), ("u", "a")] {
        assert!(matches!(column(&observed, table, name).value, ColumnValue::Default(_)), "{table}.{name}");
        let id = ObjectId::top(KindName::Sequence, &QualifiedName::parse(&format!("{table}_{name}_seq")).unwrap());
        let Some(Object::Sequence(sequence)) = observed.schema.get(&id) else { panic!("`{id}` was not observed") };
        assert_eq!(sequence.owned_by.as_ref().map(|(_, column)| column.as_str()), Some(name));
    }
}

#[test]
fn what_the_model_does_not_know_is_listed() {
    let observed = read(&with(UNMANAGED));
    let found = |kind: &str| -> Vec<&str> {
        observed.unmanaged.iter().filter(|of| of.kind == kind).map(|of| of.name.as_str()).collect()
    };
    let expect: Vec<(&str, &[&str])> = vec![
        ("base type", &[]),
        ("comment", &["SCHEMA public"]),
        ("enum with an empty label", &["blank"]),
        ("function over something that is not managed", &["of_typed()"]),
        ("key behind an index of the parent", &["keyed_1.keyed_1_pkey"]),
        ("operator of a family of PostgreSQL", &["public.>>>>(text,integer) in text_ops USING btree"]),
        ("shell type", &["public.own"]),
        ("state of a trigger of a partition", &["public.parts_2.noticed"]),
        ("table of a composite type", &["typed"]),
        ("trigger", &["typed.touched"]),
        ("user mapping", &["public SERVER far"]),
        ("view over something that is not managed", &["over_that", "over_typed"]),
    ];
    for (kind, names) in &expect {
        assert_eq!(found(kind), *names, "{kind}");
    }
    let unexpected = |of: &&Unmanaged| !expect.iter().any(|(kind, _)| *kind == of.kind);
    assert_eq!(observed.unmanaged.iter().find(unexpected), None);
    let tables: Vec<String> = observed.schema.of_kind(KindName::Table).map(|table| table.id().to_string()).collect();
    assert_eq!(tables, ["keyed", "keyed_1", "parts", "parts_1", "parts_2", "plain"]);
}

/// What refers to a NOT NULL constraint of PostgreSQL 18 by its name, or heirs have of their own.
#[test]
fn what_is_said_of_not_null_besides_is_listed() {
    let version = with("").value("SHOW server_version_num");
    if version.as_str() < "180000" {
        println!("nothing to see on {version}");
        return;
    }
    let observed = read(&with(
        "CREATE TABLE parent (a integer CONSTRAINT filled NOT NULL, b integer NOT NULL NO INHERIT);
         COMMENT ON CONSTRAINT filled ON parent IS 'always'; CREATE TABLE child () INHERITS (parent); ALTER TABLE child ALTER b SET NOT NULL",
    ));
    let listed = [("NOT NULL of an inherited column", "child.b"), ("comment on NOT NULL", "parent.filled")];
    assert_eq!(observed.unmanaged, listed.map(|(kind, name)| Unmanaged { kind: kind.into(), name: name.into() }));
}

/// A child may enforce a check of PostgreSQL 18 that its parent does not.
#[test]
fn a_check_that_a_child_alone_enforces_is_listed() {
    let version = with("").value("SHOW server_version_num");
    if version.as_str() < "180000" {
        println!("nothing to see on {version}");
        return;
    }
    let observed = read(&with(
        "CREATE TABLE parent (a integer CONSTRAINT dear CHECK (a > 0) NOT ENFORCED);
         CREATE TABLE child (CONSTRAINT dear CHECK (a > 0)) INHERITS (parent); CREATE TABLE plain () INHERITS (parent)",
    ));
    let listed = Unmanaged { kind: "inherited check that is enforced".into(), name: "child.dear".into() };
    assert_eq!(observed.unmanaged, [listed]);
}

#[test]
fn a_broken_index_is_listed_and_not_taken_for_one() {
    let database = with("CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (1)");
    assert!(database.client().batch_execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (a)").is_err());
    let observed = read(&database);
    assert_eq!(observed.unmanaged, [Unmanaged { kind: "invalid index".into(), name: "broken".into() }]);
    assert_eq!(observed.schema.of_kind(KindName::Index).count(), 0);
}

#[test]
fn the_scope_decides_what_is_seen() {
    let database = with(
        "CREATE SCHEMA app; CREATE TABLE app.a (id integer PRIMARY KEY); CREATE TABLE b (a integer REFERENCES app.a);
         CREATE SCHEMA cargo_schema; CREATE TABLE cargo_schema.ledger (); CREATE TYPE app.own",
    );
    let seen = |scope: Scope| -> Vec<String> {
        let observed = observe(&mut database.client(), &scope).unwrap();
        assert_eq!(observed.unmanaged.is_empty(), !scope.manages("app"));
        observed.schema.of_kind(KindName::Table).map(|table| table.id().to_string()).collect()
    };
    assert_eq!(seen(Scope::default()), ["app.a", "b"]);
    assert_eq!(seen(Scope::only(["app"])), ["app.a"]);
    assert_eq!(seen(Scope::only(["public"])), ["b"]);
    let public = observe(&mut database.client(), &Scope::only(["public"])).unwrap();
    let Some(Object::ForeignKey(key)) = public.schema.of_kind(KindName::ForeignKey).next() else { panic!("no key") };
    assert_eq!((key.references.to_string(), key.referenced[0].as_str()), ("app.a".to_owned(), "id"));
}

#[test]
fn settings_of_the_session_change_nothing_and_stay() {
    let database =
        with("CREATE TABLE t (a timestamptz DEFAULT '2026-01-02 03:04:05+00', b interval DEFAULT '1 day 2 hours')");
    let mut client = database.client();
    client
        .batch_execute("SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'; SET intervalstyle = 'iso_8601'; SET quote_all_identifiers = on")
        .unwrap();
    let other = observe(&mut client, &Scope::default()).unwrap();
    assert_eq!(lines(&compare(&read(&database).schema, &other.schema)), "");
    assert_eq!(client.query_one("SHOW timezone", &[]).unwrap().get::<_, String>(0), "Asia/Tokyo");
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute("CREATE TABLE u ()").unwrap();
    let within = cargo_schema::catalog::observe_within(&mut transaction, &Scope::default()).unwrap();
    assert_eq!(within.schema.of_kind(KindName::Table).count(), 2);
    assert_eq!(transaction.query_one("SHOW search_path", &[]).unwrap().get::<_, String>(0), "\"$user\", public");
}

#[test]
fn a_role_that_may_only_connect_sees_everything() {
    for sql in [FEATURES, STATEMENTS] {
        let database = with(&format!("{sql} CREATE ROLE only_looks LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC"));
        let mut client = database.client();
        client.batch_execute("SET ROLE only_looks").unwrap();
        let seen = observe(&mut client, &Scope::default()).unwrap();
        assert_eq!(lines(&compare(&read(&database).schema, &seen.schema)), "");
        client.batch_execute("RESET ROLE; DROP ROLE only_looks").unwrap();
    }
}

/// Who owns an object is no difference.
#[test]
fn objects_of_another_role_are_the_same() {
    let own = with(FEATURES);
    let database = database();
    let owner = format!("CREATE ROLE other_owner SUPERUSER; SET ROLE other_owner; {FEATURES}");
    database.client().batch_execute(&owner).unwrap();
    assert_eq!(lines(&compare(&read(&own).schema, &read(&database).schema)), "");
    let owned = "SELECT count(*) FROM pg_class WHERE relowner = 'other_owner'::regrole";
    assert!(10 < database.client().query_one(owned, &[]).unwrap().get::<_, i64>(0));
}

#[test]
fn a_lock_is_waited_for_and_its_holder_is_named() {
    let database = with("CREATE TABLE t (a integer); CREATE TABLE u (b integer)");
    let mut other = database.client();
    let mut holding = other.transaction().unwrap();
    holding.batch_execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE").unwrap();
    assert_eq!(read(&database).schema.of_kind(KindName::Table).count(), 2);
    run(&database, "CREATE VIEW v AS SELECT b FROM u");
    assert_eq!(read(&database).schema.of_kind(KindName::View).count(), 1);
    holding.batch_execute("CREATE VIEW w AS SELECT a FROM t; LOCK TABLE u IN ACCESS EXCLUSIVE MODE").unwrap();
    let mut client = database.client();
    client.batch_execute("SET lock_timeout = '100ms'").unwrap();
    let text = observe(&mut client, &Scope::default()).unwrap_err().to_string();
    assert!(text.starts_with("views could not be read: a lock was not given up in time\nsession "), "{text}");
    assert!(text.contains("holds ACCESS EXCLUSIVE on t, u since "), "{text}");
    holding.rollback().unwrap();
    assert_eq!(observe(&mut client, &Scope::default()).unwrap().schema.of_kind(KindName::View).count(), 1);
}

#[test]
fn a_difference_names_the_attribute() {
    let before =
        with("CREATE TABLE t (a integer, b text DEFAULT 'x'); CREATE TABLE gone (); CREATE INDEX one ON t (a)");
    let after = with("CREATE TABLE t (a bigint NOT NULL, b text DEFAULT 'y'); CREATE INDEX two ON t (a)");
    let found = lines(&compare(&read(&before).schema, &read(&after).schema));
    let expect = "\
table `gone` is there before only
column `t.a`: null is true before, nothing after
column `t.a`: type is \"integer\" before, \"bigint\" after
column `t.b`: value is {\"default\":\"'x'::text\"} before, {\"default\":\"'y'::text\"} after
index `t.one`: name is one before, two after
";
    assert_eq!(found, expect);
}
