//! The first look at a database that another tool has migrated: what its history table says becomes rows of the ledger.
//!
//! It happens once, in the transaction that notes that it happened: a revision that is undone later must not come back because
//! the other tool's table still names it. That table is never written.

use std::collections::BTreeMap;
use std::time::Duration;

use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::history::{ADOPTED_EDITED, Adopted, Migration, Tool};
use schema_core::quote_literal;

use super::Migrator;
use super::standing::History;
use crate::apply::history_table::{self, Said};
use crate::apply::ledger::Ledger;
use crate::apply::record::{Row, up_checksum};
use crate::apply::session::Session;
use crate::apply::{Applied, ApplyError};

/// The other tool's table names a migration that was not adopted.
pub const ADOPTED_UNKNOWN: Code = Code::new("adopted-unknown");
/// The other tool left a migration half-done, or only a part of what was adopted as one is applied.
pub const ADOPTED_UNFINISHED: Code = Code::new("adopted-unfinished");

/// A migration that another tool has applied.
pub(crate) struct Taken<'m> {
    migration: &'m Migration,
    tool: Tool,
    applied_at: Option<String>,
}

impl Migrator {
    /// The tool whose migrations were adopted.
    pub(crate) fn adopted_tool(&self) -> Option<Tool> {
        self.migrations.iter().find_map(|migration| Some(migration.adopted.as_ref()?.tool))
    }

    /// What another tool has applied and the ledger does not know yet, parents first. Empty once it was taken over.
    pub(crate) async fn to_take_over<'m, S: Session>(
        &'m self,
        session: &mut S,
        history: &History<'m>,
        ledger: &Ledger,
    ) -> Result<Vec<Taken<'m>>, ApplyError> {
        let Some(tool) = self.adopted_tool() else { return Ok(Vec::new()) };
        if ledger.exists && self.was_taken_over(session, tool).await? {
            return Ok(Vec::new());
        }
        let known = |row: &Applied| history.migration(&row.id).is_some_and(|migration| migration.adopted.is_some());
        if ledger.rows.iter().any(known) {
            return Ok(Vec::new());
        }
        let Some(said) = history_table::read(session, tool).await? else { return Ok(Vec::new()) };
        let ordered = history.graph.order().iter().filter_map(|id| history.migration(id));
        taken(tool, ordered, said).map_err(ApplyError::Refused)
    }

    async fn was_taken_over<S: Session>(&self, session: &mut S, tool: Tool) -> Result<bool, ApplyError> {
        let sql = format!("SELECT true FROM cargo_schema.meta WHERE name = {}", quote_literal(&self.mark(tool)));
        let answer = session.ask(&sql).await.map_err(|error| ApplyError::own("reading the ledger", &error))?;
        Ok(answer.is_true(0))
    }

    fn mark(&self, tool: Tool) -> String {
        format!("adopted from {tool} by {}", self.options.namespace)
    }

    /// The statement that notes that the other tool's table is not to be looked at again.
    pub(crate) fn note_taken_over(&self, tool: Tool) -> String {
        let mark = quote_literal(&self.mark(tool));
        format!("INSERT INTO cargo_schema.meta VALUES ({mark}, clock_timestamp()::text) ON CONFLICT DO NOTHING")
    }

    /// Writes them into the ledger. The lock is held.
    pub(crate) async fn take_over<S: Session>(
        &self,
        session: &mut S,
        taken: &[Taken<'_>],
        guard: &str,
    ) -> Result<(), ApplyError> {
        let Some(first) = taken.first() else { return Ok(()) };
        let mut sql = String::from("BEGIN; ");
        for one in taken {
            let options = super::Options { tool_version: one.tool.to_string(), ..self.options.clone() };
            let row = Row { options: &options, id: &one.migration.id, guard };
            sql.push_str(&format!("{};\n", row.stamped(one.migration, one.applied_at.as_deref())));
        }
        sql.push_str(&format!("{}; COMMIT", self.note_taken_over(first.tool)));
        if let Err(error) = session.batch(&sql).await {
            let _ = session.batch("ROLLBACK").await;
            return Err(ApplyError::own("writing what another tool has applied into the ledger", &error));
        }
        Ok(())
    }

    /// The ledger as it will be, for those who only look.
    pub(crate) async fn with_taken<S: Session>(
        &self,
        session: &mut S,
        history: &History<'_>,
        mut ledger: Ledger,
    ) -> Result<Ledger, ApplyError> {
        let taken = self.to_take_over(session, history, &ledger).await?;
        ledger.rows.splice(0..0, taken.iter().map(Taken::row));
        Ok(ledger)
    }
}

impl Taken<'_> {
    fn row(&self) -> Applied {
        let migration = self.migration;
        Applied {
            id: migration.id.clone(),
            parents: migration.parents.clone(),
            message: migration.message.clone(),
            checksums: migration.checksums(),
            up_checksum: up_checksum(migration),
            applied_at: self.applied_at.clone().unwrap_or_default(),
            applied_by: String::new(),
            duration: Duration::ZERO,
            tool_version: self.tool.to_string(),
            git_branch: None,
            git_commit: None,
            interrupted: None,
        }
    }
}

/// Which migrations a tool's table says are applied, or all that forbids to believe it.
fn taken<'m>(
    tool: Tool,
    migrations: impl Iterator<Item = &'m Migration>,
    said: Vec<Said>,
) -> Result<Vec<Taken<'m>>, Vec<Diagnostic>> {
    let adopted: Vec<(&Migration, &Adopted)> =
        migrations.filter_map(|migration| Some((migration, migration.adopted.as_ref()?))).collect();
    let mut found: Vec<Diagnostic> =
        said.iter().filter(|one| !one.whole).map(|one| half_done(tool, &one.key)).collect();
    let keys: Vec<&str> = adopted.iter().flat_map(|(_, adopted)| &adopted.keys).map(AsRef::as_ref).collect();
    let unknown = |one: &&Said| !keys.contains(&one.key.as_str());
    found.extend(said.iter().filter(unknown).map(|one| not_adopted(tool, &one.key)));
    let said = if tool == Tool::GolangMigrate { up_to(&keys, said) } else { said };
    let by_key: BTreeMap<&str, &Said> = said.iter().map(|one| (one.key.as_str(), one)).collect();
    let mut taken = Vec::new();
    for (migration, adopted) in adopted {
        let applied: Vec<&Said> = adopted.keys.iter().filter_map(|key| by_key.get(&**key).copied()).collect();
        match applied.as_slice() {
            [] => {}
            some if some.len() < adopted.keys.len() => found.push(in_part(tool, some.len(), adopted.keys.len())),
            all => {
                let last = all[all.len() - 1];
                if adopted.sum.is_some() && last.sum.is_some() && adopted.sum.as_deref() != last.sum.as_deref() {
                    found.push(other_text(tool, migration));
                }
                taken.push(Taken { migration, tool, applied_at: last.applied_at.clone() });
            }
        }
    }
    if found.is_empty() { Ok(taken) } else { Err(found) }
}

/// golang-migrate keeps only the last one: everything before it is applied too.
fn up_to(keys: &[&str], said: Vec<Said>) -> Vec<Said> {
    let Some(last) = said.into_iter().next() else { return Vec::new() };
    let count = keys.iter().position(|key| *key == last.key).map_or(0, |at| at + 1);
    keys[..count].iter().map(|key| Said { key: (*key).to_owned(), ..last.clone() }).collect()
}

fn table(tool: Tool) -> &'static str {
    tool.table().unwrap_or_default()
}

fn half_done(tool: Tool, key: &str) -> Diagnostic {
    let message = format!("{tool} left its migration `{key}` half-done, so nobody can tell what the database has");
    Diagnostic::error(ADOPTED_UNFINISHED, message)
        .help(format!("finish or undo it with {tool}, until `{}` says that it is whole", table(tool)))
}

fn in_part(tool: Tool, some: usize, all: usize) -> Diagnostic {
    let message = format!(
        "{tool} has applied {some} of the {all} migrations that were adopted as one, so the database is in between"
    );
    Diagnostic::error(ADOPTED_UNFINISHED, message).help(format!("run the migrator of {tool} to its end, then again"))
}

fn not_adopted(tool: Tool, key: &str) -> Diagnostic {
    let message =
        format!("`{}` says that {tool} has applied `{key}`, which is not among the adopted migrations", table(tool));
    Diagnostic::error(ADOPTED_UNKNOWN, message)
        .help("bring its file into the folder, remove the adoption's folder and adopt again: cargo schema init --from")
}

fn other_text(tool: Tool, migration: &Migration) -> Diagnostic {
    let id = &migration.id;
    let message = format!("`{id}` is not what {tool} has applied: `{}` has another checksum for it", table(tool));
    Diagnostic::error(ADOPTED_EDITED, message)
        .help("give the file back what it had when it was applied, to the byte, and adopt again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema_core::history::RevisionId;

    fn migration(key: &str) -> Migration {
        Migration {
            id: RevisionId::new(format!("{key}_a")).unwrap(),
            parents: Vec::new(),
            message: String::new(),
            up: "".into(),
            down: None,
            adopted: Some(Adopted { tool: Tool::Sqlx, keys: vec![key.to_owned().into()], sum: Some("aa".into()) }),
            replaces: Vec::new(),
        }
    }

    fn said(key: &str, whole: bool, sum: &str) -> Said {
        Said { key: key.to_owned(), applied_at: None, whole, sum: Some(sum.to_owned()) }
    }

    /// The migrations taken over, or the codes of what forbids it.
    fn check(tool: Tool, said: Vec<Said>, expected: &[&str]) {
        let migrations = ["9", "10"].map(migration);
        let found = match taken(tool, migrations.iter(), said) {
            Ok(taken) => taken.iter().map(|one| one.migration.id.to_string()).collect::<Vec<_>>(),
            Err(found) => found.iter().map(|one| one.code.as_str().to_owned()).collect(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_history_table_is_believed_or_refused() {
        check(Tool::Sqlx, vec![said("9", true, "aa")], &["9_a"]);
        check(Tool::Sqlx, vec![said("9", true, "aa"), said("10", false, "aa")], &["adopted-unfinished"]);
        check(Tool::Sqlx, vec![said("9", true, "bb")], &["adopted-edited"]);
        check(Tool::Sqlx, vec![said("11", true, "aa")], &["adopted-unknown"]);
        check(Tool::GolangMigrate, vec![said("10", true, "aa")], &["9_a", "10_a"]);
    }

    #[test]
    fn what_was_adopted_as_one_is_there_wholly_or_not() {
        let mut one = migration("1");
        one.adopted = Some(Adopted { tool: Tool::SeaOrm, keys: vec!["m1".into(), "m2".into()], sum: None });
        let check = |said: Vec<Said>| taken(Tool::SeaOrm, [&one].into_iter(), said).map(|taken| taken.len());
        assert_eq!(check(vec![said("m1", true, ""), said("m2", true, "")]), Ok(1));
        assert_eq!(check(vec![]), Ok(0));
        assert_eq!(check(vec![said("m1", true, "")]).unwrap_err()[0].code, ADOPTED_UNFINISHED);
    }
}
