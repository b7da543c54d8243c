//! What declarations become: every attribute of docs/guide/attributes.md arrives in the model.

mod support;

use schema_core::diagnostic::Severity;
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
    let json = lowered.schema.iter().map(|(id, object)| format!("{} {id}: {object:?}\n", id.kind.words()));
    println!("{}", json.collect::<String>());
    println!(
        "{:#?}\n{:#?}",
        lowered.renames.iter().map(|r| format!("{:?} {} -> {}", r.after.kind, r.before, r.after)).collect::<Vec<_>>(),
        lowered.hints
    );
    panic!();
}
