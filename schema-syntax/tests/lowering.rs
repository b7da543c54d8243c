//! What declarations become: every attribute of docs/guide/attributes.md arrives in the model.

mod support;

use schema_core::Schema;
use schema_core::diagnostic::Severity;
use schema_core::plan::plan;
use support::{lowered, shown};

const SHOP: &str = r##"
use schema_runtime::Table;

/// Companies.
///
/// More.
#[derive(Debug, Table)]
#[table(doc_comments, unique(columns = "id, owner_id"))]
pub struct Organizations {
    #[column(primary_key, serial)]
    id: i32,
    owner_id: i64,
}

#[derive(Table)]
#[table(
    name = "users",
    schema = "app",
    comment = "people who can log in",
    with(fillfactor = 70, autovacuum_enabled = false, "toast.autovacuum_enabled" = false),
    renamed_from = "people",
    primary_key(columns = "org_id, id", name = "users_pk", include = "email", deferrable, initially_deferred, comment = "c"),
    unique(columns = "org_id, email", include = "age", nulls_not_distinct, deferrable, renamed_from = "old_key"),
    index(columns = "lower(email) text_pattern_ops desc nulls last, org_id", unique, where = "deleted_at is null",
          include = "age", with(fillfactor = 70), comment = "c", renamed_from = "old_idx"),
    index(columns = "email", method = "hash"),
    check(expr = "age >= 0", name = "age_ok", no_inherit, not_valid, comment = "c"),
    foreign_key(columns = "org_id, owner_id", references = "organizations(id, owner_id)", on_delete = "cascade",
                on_update = "no action", match = "full", deferrable, initially_deferred, not_valid),
    exclude(elements = "org_id with =, during with &&", where = "age > 1", include = "email"),
)]
pub struct User {
    #[column(identity(always, sequence = "user_ids", start = 100, increment = 5, min = 1, max = 9_000, cache = 10, cycle))]
    id: i64,
    #[column(check = "org_id > 0", index(desc))]
    org_id: i32,
    owner_id: i64,
    #[column(collate = "C", renamed_from = "mail", backfill = "lower(x)", using = "email::text", unique(nulls_not_distinct))]
    email: String,
    #[column(nullable, comment = "in years")]
    age: i32,
    #[column(sql = "tstzrange")]
    during: String,
    deleted_at: Option<jiff::Timestamp>,
    #[column(name = "createdAt", default = "now()", index)]
    created_at: jiff::Timestamp,
    #[column(generated = "age * 2")]
    twice: Option<i32>,
    mood: Option<Mood>,
    moods: Vec<Mood>,
    #[column(skip)]
    cached: bool,
    #[cfg(feature = "off")]
    never: i32,
    #[column(references = "users", on_delete = "set null(parent)")]
    #[column(constraint = "parent_fk")]
    parent: Option<i64>,
    r#type: Email,
}

#[derive(schema_runtime::Enum)]
#[enum_type(schema = "app", renamed_from = "feeling")]
pub enum Mood { Sad, #[label("so-so", renamed_from = "okay")] Ok, VeryHappy }

#[derive(schema_runtime::Domain)]
#[domain(sql = "citext", default = "''", not_null, check(expr = "value ~ '@'"))]
pub struct Email(pub String);

schema_runtime::objects! {
    schema(name = "app", comment = "the application", renamed_from = "old_app");
    extension(name = "citext", schema = "ext");
    sequence(name = "invoice_number", sql = "integer", start = 1000, owned_by = "organizations.owner_id");
}
"##;

#[test]
fn every_attribute_arrives() {
    // `users` is in another PostgreSQL schema than the database's own, so a bare reference does not find it.
    let source = SHOP.replace("references = \"users\"", "references = \"app.users(id)\"");
    let lowered = lowered(&source);
    let errors: Vec<_> =
        lowered.findings.iter().filter(|finding| finding.severity == Severity::Error).cloned().collect();
    assert_eq!(
        shown(&source, &errors),
        "foreign-key-target at \"app.users(id)\": `app.users(id)` has no primary key or unique constraint, so PostgreSQL would refuse the foreign key\n  \
         id: referenced here\n  help: add `#[column(unique)]` to the referenced field\n"
    );
    let sql = plan(&Schema::default(), &lowered.schema, &[], &lowered.hints).up.text();
    let renames = lowered.renames.iter().map(|of| format!("{} {} -> {}\n", of.after.kind.words(), of.before, of.after));
    let hints = lowered.hints.backfill.iter().chain(&lowered.hints.using);
    let hints = hints.map(|(id, expr)| format!("{id}: {expr}\n"));
    assert_eq!(format!("{sql}\n{}\n{}", renames.collect::<String>(), hints.collect::<String>()), EXPECT);
}

const EXPECT: &str = r##"CREATE SCHEMA app;
COMMENT ON SCHEMA app IS 'the application';
CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE TYPE app.mood AS ENUM ('sad', 'so-so', 'very_happy');
CREATE DOMAIN email AS ext.citext DEFAULT '' NOT NULL CONSTRAINT email_check CHECK (value ~ '@');
CREATE SEQUENCE invoice_number AS integer START WITH 1000;

CREATE TABLE app.users (
    id bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME app.user_ids INCREMENT BY 5 MINVALUE 1 MAXVALUE 9000 START WITH 100 CACHE 10 CYCLE) NOT NULL,
    org_id integer NOT NULL,
    owner_id bigint NOT NULL,
    email text COLLATE "C" NOT NULL,
    age integer,
    during tstzrange NOT NULL,
    deleted_at timestamptz,
    "createdAt" timestamptz DEFAULT now() NOT NULL,
    twice integer GENERATED ALWAYS AS (age * 2) STORED,
    mood app.mood,
    moods app.mood[] NOT NULL,
    parent bigint,
    type email NOT NULL,
    CONSTRAINT users_pk PRIMARY KEY (org_id, id) INCLUDE (email) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT users_email_key UNIQUE NULLS NOT DISTINCT (email),
    CONSTRAINT users_org_id_email_age_key UNIQUE NULLS NOT DISTINCT (org_id, email) INCLUDE (age) DEFERRABLE,
    CONSTRAINT users_org_id_check CHECK (org_id > 0),
    CONSTRAINT users_org_id_during_email_excl EXCLUDE USING gist (org_id WITH =, during WITH &&) INCLUDE (email) WHERE (age > 1)
) WITH (autovacuum_enabled = false, fillfactor = 70, toast.autovacuum_enabled = false);
COMMENT ON TABLE app.users IS 'people who can log in';
COMMENT ON COLUMN app.users.age IS 'in years';
COMMENT ON CONSTRAINT users_pk ON app.users IS 'c';

CREATE TABLE organizations (
    id serial NOT NULL,
    owner_id bigint NOT NULL,
    CONSTRAINT organizations_pkey PRIMARY KEY (id),
    CONSTRAINT organizations_id_owner_id_key UNIQUE (id, owner_id)
);

COMMENT ON TABLE organizations IS 'Companies.';
ALTER TABLE app.users ADD CONSTRAINT age_ok CHECK (age >= 0) NO INHERIT NOT VALID;
COMMENT ON CONSTRAINT age_ok ON app.users IS 'c';
CREATE INDEX "users_createdAt_idx" ON app.users ("createdAt");
CREATE INDEX users_email_idx ON app.users USING hash (email);
CREATE UNIQUE INDEX users_lower_org_id_age_idx ON app.users (lower(email) text_pattern_ops DESC NULLS LAST, org_id) INCLUDE (age) WITH (fillfactor = 70) WHERE deleted_at is null;
COMMENT ON INDEX app.users_lower_org_id_age_idx IS 'c';
CREATE INDEX users_org_id_idx ON app.users (org_id DESC);
ALTER TABLE app.users ADD CONSTRAINT parent_fk FOREIGN KEY (parent) REFERENCES app.users (id) ON DELETE SET NULL (parent);
ALTER TABLE app.users ADD CONSTRAINT users_org_id_owner_id_fkey FOREIGN KEY (org_id, owner_id) REFERENCES organizations (id, owner_id) MATCH FULL ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER SEQUENCE invoice_number OWNED BY organizations.owner_id;

table app.people -> app.users
column app.users.mail -> app.users.email
enum app.feeling -> app.mood
enum value app.mood.okay -> app.mood.so-so
unique constraint app.users.old_key -> app.users.users_org_id_email_age_key
index app.users.old_idx -> app.users.users_lower_org_id_age_idx
schema old_app -> app

app.users.email: lower(x)
app.users.email: email::text
"##;

/// Every word taken out or doubled in turn: what comes out is a schema and findings, never a panic or an endless loop.
#[test]
fn no_mutilated_source_is_too_much() {
    let words: Vec<usize> = SHOP
        .char_indices()
        .filter(|(_, c)| "#[](){},=\"!:<>;".contains(*c) || c.is_whitespace())
        .map(|(at, _)| at)
        .collect();
    for pair in words.windows(2) {
        let (before, word, after) = (&SHOP[..pair[0]], &SHOP[pair[0]..pair[1]], &SHOP[pair[1]..]);
        lowered(&format!("{before}{after}"));
        lowered(&format!("{before}{word}{word}{after}"));
    }
}
