//! The proof: up, down and up again on the dev database, compared with the structs built from nothing.
//!
//! Nothing is believed until PostgreSQL has shown it. What is proven here is that `up.sql` gives what it records and that
//! `down.sql` gives back what was there. It writes nothing and applies nothing to a database of the user.

use std::fmt;

use postgres::{Client, Transaction};
use schema_core::kinds::Object;
use schema_core::{
    Schema,
    diagnostic::{Code, Diagnostic},
    diff::Difference,
    history::{Migration, RevisionId, is_transactional},
    plan::{Hints, plan},
    sql,
};

use super::{bodies, found, replay, scope::neighbourhood};
use crate::{
    catalog::{self, Observed, Scope},
    devdb::{DevError, DevServer, ScratchDatabase},
};

/// PostgreSQL refuses a statement of the migration.
pub const STATEMENT_REFUSED: Code = Code::new("statement-refused");
/// `up.sql` does not lead to what the structs say.
pub const UP_DIFFERS: Code = Code::new("up-differs");
/// `down.sql` does not give back what was there.
pub const DOWN_DIFFERS: Code = Code::new("down-differs");

/// What is to be proven.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The revisions before it, in graph order.
    pub history: &'a [Migration],
    /// The revision; its id is not used.
    pub revision: &'a Migration,
    /// The declared schema before.
    pub before: &'a Schema,
    /// The declared schema after.
    pub after: &'a Schema,
    /// The difference of the two, with its renames.
    pub difference: &'a Difference,
}

/// Which text a statement stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// The `up.sql` of an earlier revision.
    Revision(RevisionId),
    /// The new `up.sql`.
    Up,
    /// The new `down.sql`.
    Down,
    /// The new `up.sql`, after its `down.sql`.
    UpAgain,
    /// The structs, built from nothing.
    Fresh,
    /// A file that the user names.
    File(String),
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Script::Revision(id) => write!(f, "{id}/up.sql"),
            Script::Up => f.write_str("up.sql"),
            Script::Down => f.write_str("down.sql"),
            Script::UpAgain => f.write_str("up.sql, run again after down.sql"),
            Script::Fresh => f.write_str("the structs, built from nothing"),
            Script::File(file) => f.write_str(file),
        }
    }
}

/// Why a proof could not be made.
#[derive(Debug)]
pub enum ProofError {
    /// The dev database cannot be had.
    Dev(DevError),
    /// A text cannot be cut into statements.
    Split {
        /// Which text.
        script: Script,
        /// Why.
        error: sql::SplitError,
    },
    /// PostgreSQL refuses a statement.
    Statement(Box<Refusal>),
    /// The catalogs cannot be read, or the server went away.
    Server(String),
}

/// What an older server says of something new, what that is, and the first major version that has it. From the release notes of the
/// PostgreSQL manual, appendix E.
const NEWER: [(&str, &str, u32); 9] = [
    ("near \"VIRTUAL\"", "a virtual generated column", 18),
    ("near \"NULLS\"", "NULLS NOT DISTINCT", 15),
    ("near \"WITHOUT\"", "a key WITHOUT OVERLAPS", 18),
    ("near \"ENFORCED\"", "a constraint that is NOT ENFORCED", 18),
    ("\"security_invoker\"", "a view with security_invoker", 15),
    ("function uuidv7(", "uuidv7()", 18),
    ("function uuidv4(", "uuidv4()", 18),
    ("function any_value(", "any_value()", 16),
    ("function casefold(", "casefold()", 18),
];

/// A statement that PostgreSQL refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where it stands.
    pub script: Script,
    /// The statement.
    pub statement: String,
    /// Its first line in the text, from 1.
    pub line: u32,
    /// The character the server points at, from 1, within the statement.
    pub position: Option<u32>,
    /// SQLSTATE.
    pub code: String,
    /// The server's words.
    pub message: String,
    /// The server's detail.
    pub detail: Option<String>,
    /// The server's hint.
    pub hint: Option<String>,
}

impl From<DevError> for ProofError {
    fn from(error: DevError) -> ProofError {
        ProofError::Dev(error)
    }
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProofError::Dev(error) => error.fmt(f),
            ProofError::Split { script, error } => write!(f, "{script}: {error}"),
            ProofError::Statement(refusal) => write!(f, "{}: {} ({})", refusal.script, refusal.message, refusal.code),
            ProofError::Server(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ProofError {}

impl ProofError {
    pub(super) fn statement(script: Script, statement: &str, line: u32, error: &postgres::Error) -> ProofError {
        let Some(server) = error.as_db_error() else { return ProofError::Server(error.to_string()) };
        let position = match server.position() {
            Some(postgres::error::ErrorPosition::Original(position)) => Some(*position),
            _ => None,
        };
        ProofError::Statement(Box::new(Refusal {
            script,
            statement: statement.to_owned(),
            line,
            position,
            code: server.code().code().to_owned(),
            message: server.message().to_owned(),
            detail: server.detail().map(str::to_owned),
            hint: server.hint().map(str::to_owned),
        }))
    }
}

impl ProofError {
    /// The same, with revisions that have files of other names called by those.
    #[must_use]
    pub fn in_files(mut self, file: impl Fn(&RevisionId) -> Option<String>) -> ProofError {
        let script = match &mut self {
            ProofError::Statement(refusal) => &mut refusal.script,
            ProofError::Split { script, .. } => script,
            _ => return self,
        };
        if let Script::Revision(id) = script {
            *script = file(id).map_or_else(|| script.clone(), Script::File);
        }
        self
    }
}

impl Refusal {
    /// The refusal as a finding: the statement with a caret, the server's words, and what to do.
    pub fn finding(&self) -> Diagnostic {
        let message =
            format!("PostgreSQL refuses {} at line {}: {} ({})", self.script, self.line, self.message, self.code);
        let mut finding = Diagnostic::error(STATEMENT_REFUSED, message).note(self.excerpt());
        finding = self.detail.iter().fold(finding, |finding, detail| finding.note(format!("detail: {detail}")));
        finding = self.hint.iter().fold(finding, |finding, hint| finding.note(format!("hint: {hint}")));
        if let Some((_, what, major)) = NEWER.iter().find(|(told, ..)| self.message.contains(told)) {
            finding = finding.note(format!("{what}: PostgreSQL {major} and newer have it")).help(format!(
                "see which server this is with `cargo schema dev status`; `cargo schema dev install --major {major}` brings a newer one"
            ));
        }
        finding.help(match self.script {
            Script::Revision(ref id) => format!("correct migrations/{id}/up.sql; nothing was written"),
            Script::File(ref file) => format!("correct {file}; it must run in an empty database"),
            Script::Down | Script::UpAgain => {
                "correct the attribute that this comes from; nothing was written".to_owned()
            }
            Script::Up | Script::Fresh => {
                "correct the expression or type in the struct's attribute; nothing was written".to_owned()
            }
        })
    }

    /// The line of the statement that the server points at, with a caret.
    fn excerpt(&self) -> String {
        let offset = self.position.map_or(0, |position| sql::byte_offset(&self.statement, position as usize));
        let (line, column) = sql::line_column(&self.statement, offset);
        let text = self.statement.lines().nth(line as usize - 1).unwrap_or_default();
        let caret = if self.position.is_some() { format!("\n{:>1$}", "^", column as usize) } else { String::new() };
        format!("{text}{caret}")
    }
}

/// Proves a revision. Findings say what PostgreSQL showed to be wrong; none means that it holds.
pub fn prove(server: &DevServer, job: &Job<'_>) -> Result<Vec<Diagnostic>, ProofError> {
    let mut prover = Prover::new(server);
    let found = prover.prove(job)?;
    prover.keep()?;
    Ok(found)
}

/// Proves one revision after the other. The database goes along: what follows on the last one that held needs no copy of it.
pub struct Prover<'s> {
    server: &'s DevServer,
    standing: Option<Standing>,
    /// An empty database, where what is built from nothing is rolled back: to make and to drop one takes longer than to fill it.
    empty: Option<(ScratchDatabase, Client)>,
}

/// A database after a revision that held.
struct Standing {
    history: Vec<Migration>,
    scratch: ScratchDatabase,
    client: Client,
    observed: Schema,
}

impl<'s> Prover<'s> {
    /// A prover on a dev server.
    pub fn new(server: &'s DevServer) -> Prover<'s> {
        Prover { server, standing: None, empty: None }
    }

    /// See [`prove`]. Whatever is wrong, the next proof starts from its own history.
    pub fn prove(&mut self, job: &Job<'_>) -> Result<Vec<Diagnostic>, ProofError> {
        match self.proven(job) {
            Err(ProofError::Statement(refusal)) => Ok(vec![refusal.finding()]),
            other => other,
        }
    }

    /// Keeps the database for the next command, which starts where this one ended.
    pub fn keep(self) -> Result<(), ProofError> {
        let Some(Standing { history, scratch, client, .. }) = self.standing else { return Ok(()) };
        drop(client);
        replay::keep(self.server, &history, scratch)
    }

    fn proven(&mut self, job: &Job<'_>) -> Result<Vec<Diagnostic>, ProofError> {
        let Standing { mut history, scratch, mut client, observed: start } = self.at(job.history)?;
        let (there, mut findings) = there_and_back(&mut client, job, &start)?;
        findings.extend(self.compare_fresh(job, &job.seen(&start), &job.seen(&there))?);
        if findings.is_empty() {
            history.push(job.revision.clone());
            self.standing = Some(Standing { history, scratch, client, observed: there });
        }
        Ok(findings)
    }

    /// A database that holds a history: the one at hand, or a copy.
    fn at(&mut self, history: &[Migration]) -> Result<Standing, ProofError> {
        if let Some(standing) = self.standing.take_if(|standing| standing.history == history) {
            return Ok(standing);
        }
        self.standing = None;
        let (scratch, mut client) = replay::replayed(self.server, history)?;
        let observed = observe(&mut client)?;
        Ok(Standing { history: history.to_vec(), scratch, client, observed })
    }

    /// Compares what was touched with the same objects built from nothing, and the rest with what it was.
    fn compare_fresh(&mut self, job: &Job<'_>, start: &Schema, there: &Schema) -> Result<Vec<Diagnostic>, ProofError> {
        let after = job.after.in_order_of(there).with_found(there.all_found().clone());
        let before = job.before.clone().with_found(start.all_found().clone());
        let touched = neighbourhood(&before, &after, job.difference);
        let fresh = self.built(&touched.build)?;
        let only = |schema: &Schema| schema.filter(|id| touched.full.contains(id));
        let mut findings = Vec::new();
        let words = "up.sql leads to another schema than the structs";
        findings.extend(differs(UP_DIFFERS, words, &only(&fresh), &only(there)));
        // Objects that no struct declares, and those of other tables, must be as they were.
        let is_gone = |id: &schema_core::ObjectId| job.before.contains(id) && !job.after.contains(id);
        // What hand-written SQL gave on an object goes with the object.
        let target = |id: &schema_core::ObjectId| match start.get(id) {
            Some(Object::Privileges(of)) => of.home(job.before),
            _ => None,
        };
        let declared_gone =
            |id: &schema_core::ObjectId| is_gone(id) || target(id).is_some_and(|target| is_gone(&target));
        let rest = |schema: &Schema| schema.filter(|id| !touched.full.contains(id) && !declared_gone(id));
        let words = "up.sql changes objects that it does not record";
        findings.extend(differs(UP_DIFFERS, words, &rest(start), &rest(there)));
        Ok(findings)
    }

    /// As [`built`].
    fn built(&mut self, schema: &Schema) -> Result<Schema, ProofError> {
        let text = plan(&Schema::default(), schema, &[], &Hints::default()).up.text();
        if !found::is_known(schema) || !is_transactional(&text) {
            return built(self.server, schema);
        }
        let (scratch, mut client) = match self.empty.take() {
            Some(empty) => empty,
            None => {
                let scratch = self.server.scratch()?;
                let client = scratch.client()?;
                (scratch, client)
            }
        };
        replay::renew(&mut client)?;
        let look = |transaction: &mut Transaction<'_>| catalog::observe_within(transaction, &Scope::default());
        let observed = replay::run_and_undo(&mut client, &text, || Script::Fresh, look)?;
        self.empty = Some((scratch, client));
        observed.map(|observed| observed.schema).map_err(|error| ProofError::Server(error.to_string()))
    }
}

impl Job<'_> {
    /// What is there, without the privileges that hand-written SQL gives where nothing declares any: those are left alone.
    fn seen(&self, observed: &Schema) -> Schema {
        let is_managed = self.before.has_privileges() || self.after.has_privileges();
        if is_managed { observed.clone() } else { observed.clone().without_privileges() }
    }
}

/// Runs up, down and up again; gives back what up leads to, where the database then stands.
fn there_and_back(client: &mut Client, job: &Job<'_>, start: &Schema) -> Result<(Schema, Vec<Diagnostic>), ProofError> {
    let run = |client: &mut Client, text: &str, script: Script| {
        replay::run(client, text, || script.clone())?;
        replay::renew(client)
    };
    run(client, &job.revision.up, Script::Up)?;
    let there = observe(client)?;
    let mut findings = bodies::findings(client, job.difference)?;
    if let Some(down) = &job.revision.down {
        run(client, down, Script::Down)?;
        let back = observe(client)?;
        let words = "down.sql does not give back what was there";
        let lost = differs(DOWN_DIFFERS, words, &job.seen(start), &job.seen(&back));
        if lost.is_some() {
            // Where up.sql would start from is not what it was written for.
            findings.extend(lost);
            return Ok((there, findings));
        }
        run(client, &job.revision.up, Script::UpAgain)?;
        let again = observe(client)?;
        let words = "up.sql gives something else when it is run again after down.sql";
        findings.extend(differs(DOWN_DIFFERS, words, &job.seen(&there), &job.seen(&again)));
    }
    Ok((there, findings))
}

fn observe(client: &mut Client) -> Result<Schema, ProofError> {
    let observed =
        catalog::observe(client, &Scope::default()).map_err(|error| ProofError::Server(error.to_string()))?;
    Ok(observed.schema)
}

/// The observed form of a declared schema.
pub fn built(server: &DevServer, schema: &Schema) -> Result<Schema, ProofError> {
    let scratch = server.scratch()?;
    let mut client = scratch.client()?;
    replay::renew(&mut client)?;
    let script = plan(&Schema::default(), schema, &[], &Hints::default()).up;
    match found::is_known(schema) {
        true => replay::run(&mut client, &script.text(), || Script::Fresh)?,
        false => {
            client
                .batch_execute("SET check_function_bodies = off")
                .map_err(|error| ProofError::Server(error.to_string()))?;
            replay::run_in_any_order(&mut client, &script.texts(), || Script::Fresh)?;
        }
    }
    observe(&mut client)
}

/// The observed form of a history.
pub fn observed_history(server: &DevServer, history: &[Migration]) -> Result<Schema, ProofError> {
    Ok(observed_with_rest(server, history, &Scope::default())?.schema)
}

/// The same in these PostgreSQL schemas, with what the model does not know.
pub fn observed_with_rest(server: &DevServer, history: &[Migration], scope: &Scope) -> Result<Observed, ProofError> {
    let (scratch, mut client) = replay::replayed(server, history)?;
    let observed = catalog::observe(&mut client, scope);
    let observed = observed.map_err(|error| ProofError::Server(error.to_string()))?;
    drop(client);
    replay::keep(server, history, scratch)?;
    Ok(observed)
}

fn differs(code: Code, words: &str, wanted: &Schema, found: &Schema) -> Option<Diagnostic> {
    let differences = catalog::compare(wanted, found);
    if differences.is_empty() {
        return None;
    }
    let finding = Diagnostic::error(code, format!("{words}; nothing was written"));
    let finding = differences.iter().fold(finding, |finding, difference| finding.note(difference.to_string()));
    Some(finding.help("this is a defect of cargo schema or of hand-written SQL: please report it with the lines above"))
}
