//! The proof of a revision on a real server: what holds passes, and each way to be wrong is found and named.

use cargo_schema::{
    devdb::{self, DevServer, Options},
    ops::prove::{DOWN_DIFFERS, Job, Prover, Refusal, STATEMENT_REFUSED, Script, UP_DIFFERS, prove},
};
use schema_core::{
    Expr, Ident, QualifiedName, Schema, SqlType,
    diagnostic::{Code, Diagnostic},
    history::{Migration, RevisionId, RevisionRecord},
    kinds::{Check, Column, ColumnValue, Object, Table},
    plan::{Hints, plan},
};
use schema_tests::cluster::{Database, database};

fn users() -> QualifiedName {
    QualifiedName::public(Ident::of("users"))
}

fn column(name: &str, of: &str) -> Object {
    let column = Column::new(users(), Ident::of(name), SqlType::parse(of).unwrap());
    Column { nullable: true, ..column }.into()
}

fn start() -> Schema {
    [Table::new(users()).into(), column("id", "bigint"), column("age", "integer")].into_iter().collect()
}

fn with(schema: &Schema, object: impl Into<Object>) -> Schema {
    let mut schema = schema.clone();
    schema.insert(object.into());
    schema
}

fn server(database: &Database) -> DevServer {
    devdb::open(&Options { dev_url: Some(database.url.clone()), ..Options::default() }).unwrap()
}

fn revision(number: u32, before: &Schema, after: &Schema) -> (Migration, RevisionRecord) {
    let plan = plan(before, after, &[], &Hints::default());
    let id = RevisionId::new(format!("{number}_r")).unwrap();
    let parents: Vec<RevisionId> =
        (1..number).next_back().map(|n| RevisionId::new(format!("{n}_r")).unwrap()).into_iter().collect();
    let record = RevisionRecord::new("r", parents.clone(), plan.difference.changes());
    let (up, down) = (plan.up.text().into(), Some(plan.down.text().into()));
    (Migration { id, parents, message: "r".into(), up, down, adopted: None, replaces: Vec::new() }, record)
}

/// Proves the step from `start()` to `after`, its revision changed by `spoil`.
fn findings(after: &Schema, spoil: impl FnOnce(&mut Migration)) -> Vec<Diagnostic> {
    let database = database();
    let (first, _) = revision(1, &Schema::default(), &start());
    let (mut second, _) = revision(2, &start(), after);
    spoil(&mut second);
    let difference = plan(&start(), after, &[], &Hints::default()).difference;
    let job = Job { history: &[first], revision: &second, before: &start(), after, difference: &difference };
    prove(&server(&database), &job).unwrap()
}

fn codes(findings: &[Diagnostic]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_generated_revision_holds() {
    let after = with(&start(), column("email", "text"));
    assert_eq!(findings(&after, |_| {}), []);
}

#[test]
fn an_up_that_does_less_or_more_than_it_records_is_found() {
    let after = with(&start(), column("email", "text"));
    let other_type = findings(&after, |revision| revision.up = revision.up.replace("text", "varchar(9)").into());
    assert_eq!(codes(&other_type), [UP_DIFFERS], "{other_type:?}");
    let more = findings(&after, |revision| {
        revision.up = format!("{}CREATE TABLE extra ();\n", revision.up).into();
        revision.down = revision.down.as_ref().map(|down| format!("{down}DROP TABLE extra;\n").into());
    });
    assert_eq!(codes(&more), [UP_DIFFERS], "{more:?}");
}

#[test]
fn a_down_that_does_not_give_back_what_was_there_is_found() {
    let after = with(&start(), column("email", "text"));
    let found = findings(&after, |revision| {
        revision.up = format!("{}ALTER TABLE users ALTER COLUMN age SET DEFAULT 1;\n", revision.up).into();
    });
    assert!(codes(&found).contains(&DOWN_DIFFERS), "{found:?}");
}

#[test]
fn a_refused_statement_is_a_finding_with_its_line_and_the_servers_words() {
    let mut wrong = Column::new(users(), Ident::of("at"), SqlType::parse("timestamptz").unwrap());
    wrong.value = ColumnValue::Default(Expr::new("1 1"));
    let found = findings(&with(&start(), wrong), |_| {});
    assert_eq!(codes(&found), [STATEMENT_REFUSED]);
    assert!(
        found[0].message.contains("up.sql at line 1") && found[0].message.contains("42601"),
        "{}",
        found[0].message
    );
    assert!(found[0].notes[0].lines().nth(1).is_some_and(|line| line.trim() == "^"), "{}", found[0].notes[0]);
}

#[test]
fn what_an_older_server_does_not_know_is_told_with_the_version_that_does() {
    let refusal = |message: &str| Refusal {
        script: Script::Up,
        statement: "CREATE TABLE users (id uuid DEFAULT uuidv7())".to_owned(),
        line: 1,
        position: None,
        code: "42883".to_owned(),
        message: message.to_owned(),
        detail: None,
        hint: None,
    };
    let found = refusal("function uuidv7() does not exist").finding();
    assert!(found.notes.iter().any(|note| note == "uuidv7(): PostgreSQL 18 and newer have it"), "{:?}", found.notes);
    assert!(found.help.iter().any(|help| help.contains("cargo schema dev install --major 18")), "{:?}", found.help);
    let found = refusal("function uuidv9() does not exist").finding();
    assert!(found.notes.iter().all(|note| !note.contains("newer")), "{:?}", found.notes);
}

#[test]
fn neighbours_are_proven_as_each_alone() {
    let database = database();
    let server = server(&database);
    let states: Vec<Schema> = ["email", "phone", "street", "town"].iter().fold(vec![start()], |mut states, name| {
        states.push(with(states.last().unwrap(), column(name, "text")));
        states
    });
    let mut history = vec![revision(1, &Schema::default(), &start()).0];
    let mut prover = Prover::new(&server);
    for (at, pair) in states.windows(2).enumerate() {
        let number = at as u32 + 2;
        let (mut revision, _) = revision(number, &pair[0], &pair[1]);
        match number {
            // What a session keeps is not there for the next one.
            2 => {
                revision.up =
                    format!("{}SET search_path = pg_catalog; CREATE TEMP TABLE kept ();\n", revision.up).into();
                revision.down = revision.down.map(|down| format!("{down}DROP TABLE pg_temp.kept;\n").into());
            }
            4 => revision.down = Some("SELECT 1;\n".into()),
            _ => {}
        }
        let difference = plan(&pair[0], &pair[1], &[], &Hints::default()).difference;
        let job =
            Job { history: &history, revision: &revision, before: &pair[0], after: &pair[1], difference: &difference };
        let found = prover.prove(&job).unwrap();
        assert_eq!(codes(&found), codes(&prove(&server, &job).unwrap()), "{number}");
        assert_eq!(codes(&found).contains(&DOWN_DIFFERS), number == 4, "{number}: {found:?}");
        history.push(revision);
    }
    prover.keep().unwrap();
}

#[test]
fn a_check_over_a_column_of_another_type_is_as_a_fresh_build_has_it() {
    let check = Check::new(users(), Ident::of("age_ok"), Expr::new("age in (1, 2)"));
    let after = with(&with(&start(), check), column("age", "numeric(5,0)"));
    assert_eq!(findings(&after, |_| {}), []);
}
