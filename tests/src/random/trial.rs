//! One pair on a real server: build, up, down, up, and what must be equal at each step.
//!
//! The text of a plan is run as `upgrade` runs it: cut into statements, one transaction a direction.

use cargo_schema::catalog::{Scope, compare, observe_within};
use cargo_schema::ops::found::has_statements;
use postgres::Client;
use schema_core::{
    Change, Schema,
    diff::difference,
    history::RevisionRecord,
    plan::{Hints, Plan, plan},
    rename::{Rename, inverted},
};

use super::{Pair, privileges, rows, state};
use crate::cluster::{Database, database};

/// A database that is used for one pair after the other.
pub struct Bench {
    database: Database,
    client: Client,
    /// A session in an empty database, for fresh builds.
    empty: Client,
    _empty: Database,
    used: usize,
}

/// What a trial went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows put in.
    pub rows: usize,
    /// Statements of the way there.
    pub statements: usize,
    /// Whether rows had to go because the plan had said that it may fail on them.
    pub refused: bool,
}

/// A statement that PostgreSQL refused.
pub(super) struct Refusal {
    sql: String,
    code: String,
    message: String,
}

impl Refusal {
    pub(super) fn text(&self) -> String {
        format!("{} ({})\n  in: {}", self.message, self.code, self.sql)
    }

    /// Whether rows are the reason: integrity (23) or data (22). The parsers of `hstore` and `tsvector` have no code of their own.
    fn is_about_rows(&self) -> bool {
        let classes = ["22", "23", "XX000"];
        classes.iter().any(|class| self.code.starts_with(class)) || self.message.contains("in tsvector")
    }
}

/// PostgreSQL's own `public`, made again after it was dropped.
const CLEAN: &str = "
    CREATE SCHEMA public AUTHORIZATION pg_database_owner;
    COMMENT ON SCHEMA public IS 'standard public schema';
    DO $$ BEGIN IF current_setting('server_version_num')::integer < 150000 THEN GRANT ALL ON SCHEMA public TO PUBLIC;
    ELSE GRANT USAGE ON SCHEMA public TO PUBLIC; END IF; END $$;
";

impl Default for Bench {
    fn default() -> Bench {
        Bench::new()
    }
}

impl Bench {
    /// A bench with an empty database.
    pub fn new() -> Bench {
        let database = database();
        let (mut client, empty_database) = (database.client(), self::database());
        privileges::roles(&mut client);
        Bench { database, client, empty: empty_database.client(), _empty: empty_database, used: 0 }
    }

    /// Whether the server can build the pair: one without libxml has no values of type `xml`, and older ones lack some words.
    pub fn can_build(&mut self, pair: &Pair) -> bool {
        const SINCE: [(u32, &[&str]); 2] = [
            (15, &["NULLS NOT DISTINCT", "SET NULL (", "SET DEFAULT (", "security_invoker"]),
            (18, &["NOT ENFORCED", "WITHOUT OVERLAPS", "ADD NOT NULL"]),
        ];
        let texts = [from_nothing(&pair.before), from_nothing(&pair.after)];
        let says = |word: &str| texts.iter().any(|text| text.contains(word));
        let version = "SELECT current_setting('server_version_num')::integer / 10000";
        let version: i32 = self.client.query_one(version, &[]).expect("a server has a version").get(0);
        let is_known =
            |(major, words): &(u32, &[&str])| *major <= version.unsigned_abs() || !words.iter().any(|word| says(word));
        let has_xml = !says("xml") || self.client.simple_query("SELECT '<a/>'::xml").is_ok();
        has_xml && SINCE.iter().all(is_known)
    }

    /// What the catalogs say now.
    pub(super) fn state(&mut self) -> Vec<String> {
        let mut transaction = self.client.transaction().expect("a transaction begins");
        let lines = state(&mut transaction);
        transaction.rollback().expect("a transaction ends");
        lines
    }

    /// The database.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Catalogs grow with every object that ever was, so a database is not used for ever.
    pub(super) fn clean(&mut self) {
        const LONGEST: usize = 15;
        if self.used == LONGEST {
            *self = Bench::new();
        }
        self.used += 1;
        wipe(&mut self.client);
        privileges::forget(&mut self.client);
    }

    /// Runs a pair through everything; the error tells which promise was broken.
    pub fn run(&mut self, pair: &Pair, with_dump: bool) -> Result<Outcome, String> {
        self.clean();
        let pair = &self.found(pair)?;
        let there = plan(&pair.before, &pair.after, &pair.renames, &Hints::default());
        folds(pair, &there)?;
        self.execute(&from_nothing(&pair.before)).map_err(|refusal| format!("build of before: {}", refusal.text()))?;
        let dump = with_dump.then(|| self.database.dump());
        let rows = rows::insert(&mut self.client, &pair.before);
        let values = rows::read(&mut self.client, pair, false);
        let refused = self.up(pair, &there)?;
        self.is_as_built("up", &pair.after)?;
        if !refused {
            kept("up", pair, &values, &rows::read(&mut self.client, pair, true))?;
        }
        let refused = self.down(pair, &there)? || refused;
        self.is_as_built("down", &pair.before)?;
        if let Some(dump) = dump {
            // Columns that were dropped come back at the end of their table, so only sorted lines can be equal.
            same("down does not give back the dump", &sorted(&dump), &sorted(&self.database.dump()))?;
        }
        if !refused {
            kept("down", pair, &values, &rows::read(&mut self.client, pair, false))?;
        }
        rows::clear(&mut self.client, &pair.before);
        self.execute(&there.up.text()).map_err(|refusal| format!("second up: {}", refusal.text()))?;
        self.is_as_built("second up", &pair.after)?;
        Ok(Outcome { rows, statements: there.up.lines.len(), refused })
    }

    /// The pair with what only PostgreSQL can tell of statements.
    pub fn found(&mut self, pair: &Pair) -> Result<Pair, String> {
        let [before, after] = [(&pair.before, "before"), (&pair.after, "after")].map(|(schema, which)| {
            if !has_statements(schema) {
                return Ok(schema.clone());
            }
            let mut transaction = self.empty.transaction().expect("a transaction begins");
            let found = build_in_any_order(&mut transaction, schema).map(|()| observed(&mut transaction));
            transaction.rollback().expect("a transaction ends");
            let found = found.map_err(|refusal| format!("first build of {which}: {}", refusal.text()))??;
            Ok::<Schema, String>(schema.clone().with_found(found.all_found().clone()))
        });
        Ok(Pair { before: before?, after: after?, ..pair.clone() })
    }

    /// The database is what a fresh build gives, by its own catalogs and by the catalog reader.
    pub(super) fn is_as_built(&mut self, way: &str, schema: &Schema) -> Result<(), String> {
        let mut transaction = self.client.transaction().expect("a transaction begins");
        let (lines, here) = (state(&mut transaction), observed(&mut transaction)?);
        transaction.rollback().expect("a transaction ends");
        // A column that came later is the last of its table, and `SELECT *` tells.
        let (fresh, expected) = self.built(&schema.in_order_of(&here), way)?;
        same(&format!("{way} does not give what a fresh build gives"), &fresh, &lines)?;
        let left = difference(&expected, &here, &[]);
        let told = || compare(&expected, &here).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("the catalog reader sees a difference after {way}: {}", told()))
        }
    }

    /// Way there; rows are taken out only when the plan had warned and rows were the reason.
    fn up(&mut self, pair: &Pair, plan: &Plan) -> Result<bool, String> {
        let Err(refusal) = self.execute(&plan.up.text()) else { return Ok(false) };
        if plan.hazards.is_empty() || !refusal.is_about_rows() {
            return Err(format!("up: {}", refusal.text()));
        }
        rows::clear(&mut self.client, &pair.before);
        self.execute(&plan.up.text()).map_err(|refusal| format!("up without rows: {}", refusal.text()))?;
        Ok(true)
    }

    /// Way back; it may fail on rows only when the way there had been dangerous.
    fn down(&mut self, pair: &Pair, plan: &Plan) -> Result<bool, String> {
        let Err(refusal) = self.execute(&plan.down.text()) else { return Ok(false) };
        if !refusal.is_about_rows() {
            return Err(format!("down: {}", refusal.text()));
        }
        // What the way there loosened, rows may not meet any more: the way back is dangerous where its own plan says so.
        let back = plan_back(pair);
        if plan.hazards.is_empty() && back.hazards.is_empty() {
            return Err(format!("down, though nothing was dangerous: {}", refusal.text()));
        }
        rows::clear(&mut self.client, &pair.after);
        self.execute(&plan.down.text()).map_err(|refusal| format!("down without rows: {}", refusal.text()))?;
        Ok(true)
    }

    /// What a fresh build gives, without keeping it.
    fn built(&mut self, schema: &Schema, which: &str) -> Result<(Vec<String>, Schema), String> {
        let mut transaction = self.empty.transaction().expect("a transaction begins");
        let run = execute_in(&mut transaction, &from_nothing(schema));
        let found = run.map(|()| (state(&mut transaction), observed(&mut transaction)));
        transaction.rollback().expect("a transaction ends");
        let (state, observed) = found.map_err(|refusal| format!("build after {which}: {}", refusal.text()))?;
        Ok((state, observed?))
    }

    pub(super) fn execute(&mut self, text: &str) -> Result<(), Refusal> {
        let mut transaction = self.client.transaction().expect("a transaction begins");
        execute_in(&mut transaction, text)?;
        transaction.commit().map_err(|error| refusal("COMMIT", &error))
    }
}

/// Drops what is in no PostgreSQL schema.
const OUTSIDE: &str = "
    DROP PUBLICATION IF EXISTS pub_one;
    DROP FOREIGN DATA WRAPPER IF EXISTS w_one CASCADE;
    DROP EVENT TRIGGER IF EXISTS e_one;
";

/// Makes a database empty again, which is faster than a new one.
pub fn wipe(client: &mut Client) {
    let names = client
        .query(
            "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
            &[],
        )
        .expect("schemas are listed");
    let names: Vec<String> = names.iter().map(|row| row.get(0)).collect();
    let drop = format!("DROP SCHEMA {} CASCADE;", names.join(", "));
    client
        .batch_execute(&format!("SET client_min_messages = error; {OUTSIDE} {drop} {CLEAN}"))
        .expect("a database is wiped");
}

/// What the catalog reader sees: the model knows all that the generator makes.
fn observed(transaction: &mut postgres::Transaction<'_>) -> Result<Schema, String> {
    let observed = observe_within(transaction, &Scope::default()).map_err(|error| error.to_string())?;
    match observed.unmanaged.as_slice() {
        [] => Ok(observed.schema),
        some => Err(format!("not managed: {some:?}")),
    }
}

/// Builds a schema whose order nobody knows yet: a statement that needs what is not there waits until the others have run.
fn build_in_any_order(transaction: &mut postgres::Transaction<'_>, schema: &Schema) -> Result<(), Refusal> {
    transaction.batch_execute("SET check_function_bodies = off").expect("a setting is set");
    let mut left = plan(&Schema::default(), schema, &[], &Hints::default()).up.texts();
    loop {
        let (count, mut first, mut waiting) = (left.len(), None, Vec::new());
        for text in left {
            let mut savepoint = transaction.transaction().expect("a savepoint is set");
            match savepoint.batch_execute(&text) {
                Ok(()) => savepoint.commit().expect("a savepoint is released"),
                Err(error) => {
                    drop(savepoint);
                    first.get_or_insert(refusal(&text, &error));
                    waiting.push(text);
                }
            }
        }
        match first {
            None => return Ok(()),
            Some(refusal) if waiting.len() == count => return Err(refusal),
            Some(_) => left = waiting,
        }
    }
}

fn execute_in(transaction: &mut postgres::Transaction<'_>, text: &str) -> Result<(), Refusal> {
    let statements = schema_core::sql::split(text)
        .unwrap_or_else(|error| panic!("the plan's text cannot be cut: {error:?}\n{text}"));
    for statement in statements {
        transaction.batch_execute(statement.text).map_err(|error| refusal(statement.text, &error))?;
    }
    Ok(())
}

fn refusal(sql: &str, error: &postgres::Error) -> Refusal {
    let of_server = error.as_db_error();
    let message = of_server.map_or_else(
        || error.to_string(),
        |error| format!("{} {}", error.message(), error.detail().unwrap_or_default()),
    );
    let code = of_server.map_or_else(String::new, |error| error.code().code().to_owned());
    Refusal { sql: sql.to_owned(), code, message }
}

/// The way back as a way of its own, for its hazards.
fn plan_back(pair: &Pair) -> Plan {
    plan(&pair.after, &pair.before, &inverted(&pair.renames), &Hints::default())
}

pub(super) fn from_nothing(schema: &Schema) -> String {
    plan(&Schema::default(), schema, &[], &Hints::default()).up.text()
}

/// The recorded changes, folded forwards and backwards, and nothing left to do at the end.
fn folds(pair: &Pair, there: &Plan) -> Result<(), String> {
    let changes = there.difference.changes();
    let fold = |start: &Schema, changes: Vec<Change>| {
        changes
            .iter()
            .try_fold(start.clone(), |schema, change| change.apply(schema))
            .map_err(|misfit| format!("fold: {misfit}"))
    };
    let end = fold(&pair.before, changes.clone())?;
    if end != pair.after {
        let left = difference(&end, &pair.after, &[]).changes();
        return Err(format!("the recorded changes do not fold to the end: {left:#?}"));
    }
    let back = changes.iter().rev().cloned().map(Change::invert).collect();
    let start = fold(&pair.after, back)?;
    if start != pair.before {
        let left = difference(&start, &pair.before, &[]).changes();
        return Err(format!("the inverted changes do not fold to the start: {left:#?}"));
    }
    let told: Vec<Rename> = pair.renames.iter().filter(|rename| !is_rotation(pair, rename)).cloned().collect();
    let again = difference(&pair.after, &pair.after, &told);
    let record = RevisionRecord::new("random", Vec::new(), changes);
    match RevisionRecord::parse(&record.to_string()) {
        Ok(read) if read == record => {}
        Ok(_) => return Err("the record reads back differently".to_owned()),
        Err(error) => return Err(format!("the record does not read back: {error}")),
    }
    if again.is_empty() { Ok(()) } else { Err(format!("a second difference is not empty: {:#?}", again)) }
}

/// Whether an object takes the old name of this one: once that is done, nothing but history tells it from something still to do.
fn is_rotation(pair: &Pair, rename: &Rename) -> bool {
    let old = |other: &Rename| other.after.kind == rename.before.kind && other.after.name() == rename.before.name();
    pair.renames.iter().any(old)
}

fn kept(way: &str, pair: &Pair, before: &rows::Values, after: &rows::Values) -> Result<(), String> {
    for ((table, column), value) in before {
        let now = pair.kept.iter().find(|(_, then)| then == table).map(|(now, _)| now);
        let followed = now.is_some_and(|now| rows::moved_is_told(pair, now, table));
        let other = after.get(&(table.clone(), column.clone()));
        if followed && other != Some(value) {
            let what = column.as_ref().unwrap_or(table);
            return Err(format!("{way} loses rows or values of `{what}`: {value} became {other:?}"));
        }
    }
    Ok(())
}

fn sorted(dump: &str) -> Vec<String> {
    // A view over all columns of such a table begins with another one.
    let bare = |line: &str| match line.strip_prefix(" SELECT ") {
        Some(first) => format!("    {}", first.trim_end_matches(',')),
        None => line.trim_end_matches(',').to_owned(),
    };
    let mut lines: Vec<String> = dump.lines().map(bare).collect();
    lines.sort();
    lines
}

pub(super) fn same(what: &str, expect: &[String], found: &[String]) -> Result<(), String> {
    if expect == found {
        return Ok(());
    }
    let missing: Vec<&String> = expect.iter().filter(|line| !found.contains(line)).collect();
    let extra: Vec<&String> = found.iter().filter(|line| !expect.contains(line)).collect();
    Err(format!("{what}\n  missing: {missing:#?}\n  extra: {extra:#?}"))
}
