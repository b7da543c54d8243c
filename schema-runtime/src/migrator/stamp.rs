//! Stamping: the ledger is written so that the database counts as being at a target, and nothing is run.
//!
//! Whether the database really is there is for the caller to find out; only the ledger is looked at here.

use std::collections::BTreeSet;

use schema_core::history::{RevisionId, RouteError, Target};

use super::Migrator;
use super::standing::{History, Standing};
use crate::apply::ledger::Ledger;
use crate::apply::prepare::Script;
use crate::apply::record::{Row, create_sql};
use crate::apply::session::Session;
use crate::apply::settings::Opened;
use crate::apply::{ApplyError, Direction, ledger};

/// What stamping changed in the ledger, or in a dry run would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamped {
    /// Revisions that count as applied now, parents first.
    pub recorded: Vec<RevisionId>,
    /// Revisions that were recorded with other texts, or as half-done, and are now recorded as they are here.
    pub renewed: Vec<RevisionId>,
    /// Revisions that no longer count as applied, children first.
    pub removed: Vec<RevisionId>,
    /// Whether nothing was really written.
    pub dry_run: bool,
}

impl Migrator {
    /// The revisions that a database at `target` has, parents first. The target is a revision, `heads` or `base`.
    pub fn at(&self, target: &Target) -> Result<Vec<RevisionId>, ApplyError> {
        wanted(&History::new(&*self.for_empty()?)?, target)
    }

    pub(crate) async fn stamp_at<S: Session>(&self, session: &mut S, target: &Target) -> Result<Stamped, ApplyError> {
        let history = History::new(self)?;
        let wanted = wanted(&history, target)?;
        let ledger = ledger::read(session, &self.options.namespace).await?;
        let stamped = self.stamped(&history, &ledger, &wanted)?;
        if self.options.dry_run {
            return Ok(stamped);
        }
        self.locked(session, async |session, opened| self.stamp_locked(session, opened, &history, &wanted).await).await
    }

    async fn stamp_locked<S: Session>(
        &self,
        session: &mut S,
        opened: &Opened,
        history: &History<'_>,
        wanted: &[RevisionId],
    ) -> Result<Stamped, ApplyError> {
        if !self.settled.reached.is_empty() {
            self.note_reached(session, opened).await?;
        }
        let ledger = ledger::read(session, &self.options.namespace).await?;
        let stamped = self.stamped(history, &ledger, wanted)?;
        let guard = format!("pg_backend_pid() = {}", opened.pid);
        let row = |id| Row { options: &self.options, id, guard: &guard };
        let mut sql = format!("BEGIN; {};\n", create_sql());
        for id in stamped.removed.iter().chain(&stamped.renewed) {
            sql.push_str(&format!("{};\n", row(id).delete()));
        }
        let written: BTreeSet<&RevisionId> = stamped.recorded.iter().chain(&stamped.renewed).collect();
        for id in history.graph.order().iter().filter(|id| written.contains(id)) {
            let migration = history.migration(id).expect("the order has revisions of the graph only");
            sql.push_str(&format!("{};\n", row(id).stamped(migration, None)));
        }
        // A database that was stamped is not asked what another tool has applied.
        self.adopted_tool().into_iter().for_each(|tool| sql.push_str(&format!("{};\n", self.note_taken_over(tool))));
        sql.push_str("COMMIT");
        if let Err(error) = session.batch(&sql).await {
            let _ = session.batch("ROLLBACK").await;
            return Err(ApplyError::own("stamping the ledger `cargo_schema`", &error));
        }
        Ok(stamped)
    }

    fn stamped(&self, history: &History<'_>, ledger: &Ledger, wanted: &[RevisionId]) -> Result<Stamped, ApplyError> {
        Standing::new(history, ledger).refuse_foreign(self.options.allow_foreign)?;
        let row = |id: &RevisionId| ledger.rows.iter().find(|row| &row.id == id);
        let mut stamped = Stamped { dry_run: self.options.dry_run, ..Stamped::default() };
        let mut findings = Vec::new();
        for id in wanted {
            let migration = history.migration(id).expect("a target has revisions of its graph only");
            // What could never be run must not be recorded as having run.
            findings.extend(Script::new(migration, Direction::Up, (&*migration.up).into()).err().into_iter().flatten());
            match row(id) {
                None => stamped.recorded.push(id.clone()),
                Some(row) if row.interrupted.is_some() || row.checksums.text != migration.checksum() => {
                    stamped.renewed.push(id.clone());
                }
                Some(_) => {}
            }
        }
        let gone = |id: &&RevisionId| row(id).is_some() && !wanted.contains(*id);
        stamped.removed.extend(history.graph.order().iter().rev().filter(gone).cloned());
        if findings.is_empty() { Ok(stamped) } else { Err(ApplyError::Refused(findings)) }
    }
}

fn wanted(history: &History<'_>, target: &Target) -> Result<Vec<RevisionId>, ApplyError> {
    let nothing = BTreeSet::new();
    match target {
        Target::Base => Ok(Vec::new()),
        Target::Plus(_) | Target::Minus(_) => Err(ApplyError::Target(RouteError::NotAState { target: target.clone() })),
        Target::Heads | Target::Revision(_) => {
            history.graph.upgrade_route(&nothing, target).map_err(ApplyError::Target)
        }
    }
}
