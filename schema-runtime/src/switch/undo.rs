//! One revision undone without losing anything: tried, looked at, rolled back, its losses kept, and undone for good.

use std::collections::{BTreeMap, BTreeSet};

use super::evict::{Misfits, evict, misfits};
use super::loss::{Changed, Loss, losses};
use super::run::Switching;
use super::stash::{Source, StashKind, ask, batch};
use super::tables::{Tables, look};
use super::text::{inside, only_defines};
use crate::apply::prepare::Script;
use crate::apply::session::Session;
use crate::apply::{ApplyError, SqlFailure};

/// How often rows are moved out of the way of one text before its failure counts.
const EVICTIONS: usize = 100;

/// What a text does, as a trial has shown.
enum Trial {
    Done { after: Tables, touched: BTreeSet<u32> },
    Failed { index: usize, failure: SqlFailure, misfits: Option<Misfits> },
}

impl<S: Session> Switching<'_, '_, S> {
    /// Undoes, and gives the numbers of the new entries of the stash.
    pub(crate) async fn undo(&mut self, script: &Script<'_>, source: Source<'_>) -> Result<Vec<i64>, ApplyError> {
        let mut kept = Vec::new();
        let mut evictions = 0;
        let (before, after, touched) = loop {
            let before = look(self.run.session).await?;
            batch(self.run.session, "SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT cargo_schema_trial").await?;
            let trial = self.tried(script, &before).await?;
            batch(self.run.session, "ROLLBACK TO SAVEPOINT cargo_schema_trial; RELEASE SAVEPOINT cargo_schema_trial")
                .await?;
            match trial {
                Trial::Done { after, touched } => break (before, after, touched),
                Trial::Failed { misfits: Some(misfits), .. } if evictions < EVICTIONS => {
                    evictions += 1;
                    kept.extend(evict(self.run.session, source, &before, &misfits).await?);
                }
                Trial::Failed { index, failure, .. } => return Err(self.failed(script, index, failure)),
            }
        };
        let mut watched: Vec<Changed> = Vec::new();
        for loss in losses(&before, &after, &touched) {
            match loss {
                Loss::Table(table) => {
                    kept.extend(source.rows(self.run.session, &table, StashKind::Table, "true").await?);
                }
                Loss::Sequence(sequence) => kept.push(source.sequence(self.run.session, &sequence).await?),
                Loss::Columns(changed) => {
                    for column in &changed.gone {
                        kept.extend(source.column(self.run.session, &changed, column).await?);
                    }
                    if changed.rows || !changed.watched.is_empty() {
                        source.watch(self.run.session, &changed).await?;
                        watched.push(changed);
                    }
                }
            }
        }
        for index in 0..script.steps.len() {
            self.statement(script, index).await.map_err(|failure| self.failed(script, index, failure))?;
        }
        for changed in &watched {
            kept.extend(source.unwatch(self.run.session, changed).await?);
        }
        Ok(kept)
    }

    async fn tried(&mut self, script: &Script<'_>, before: &Tables) -> Result<Trial, ApplyError> {
        let session = &mut *self.run.session;
        let defines = only_defines(script);
        let counted = if defines { BTreeMap::new() } else { written(session).await? };
        for index in 0..script.steps.len() {
            let Some(sql) = inside(script, index) else { continue };
            let result = session
                .batch(&format!("SAVEPOINT cargo_schema_step; {sql}\n;RELEASE SAVEPOINT cargo_schema_step"))
                .await;
            let Err(error) = result else { continue };
            let failure = SqlFailure::new(&error);
            if failure.disconnected {
                return Err(ApplyError::Connection(Box::new(failure)));
            }
            batch(session, "ROLLBACK TO SAVEPOINT cargo_schema_step").await?;
            let misfits = misfits(session, &sql, &failure, before).await?;
            return Ok(Trial::Failed { index, failure, misfits });
        }
        let after = look(session).await?;
        let mut touched = BTreeSet::new();
        if !defines {
            let now = written(session).await?;
            touched.extend(now.iter().filter(|(oid, count)| counted.get(oid) != Some(count)).map(|(oid, _)| *oid));
            let refiled = |oid: &&u32| after.tables.get(oid).is_some_and(|now| now.file != before.tables[*oid].file);
            touched.extend(before.tables.keys().filter(refiled));
        }
        Ok(Trial::Done { after, touched })
    }
}

/// How many rows of each table this transaction has changed or deleted; of every table, when the server does not count.
async fn written<S: Session>(session: &mut S) -> Result<BTreeMap<u32, String>, ApplyError> {
    let sql = "SELECT relid, CASE WHEN current_setting('track_counts')::boolean \
               THEN (n_tup_upd + n_tup_del)::text ELSE clock_timestamp()::text END FROM pg_catalog.pg_stat_xact_user_tables";
    let answer = ask(session, sql).await?;
    let row = |row: &Vec<Option<String>>| Some((row[0].as_deref()?.parse().ok()?, row[1].clone()?));
    Ok(answer.rows.iter().filter_map(row).collect())
}
