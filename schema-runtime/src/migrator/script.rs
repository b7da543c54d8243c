//! Revisions as one script for `psql -f`, made without a database, for those who may not connect.
//!
//! It leaves the same ledger as a direct run, takes the same lock, runs under the same settings, and skips what is applied already, so
//! it fits every database of this history. It needs psql: only psql can skip, and stop at the first error.

use std::borrow::Cow;
use std::collections::BTreeSet;

use schema_core::history::Target;
use schema_core::quote_literal;

use super::Migrator;
use super::standing::History;
use crate::apply::prepare::Script;
use crate::apply::record::{Row, create_sql};
use crate::apply::{ApplyError, Direction, lock, settings};

impl Migrator {
    /// The script that applies everything up to a target, from nothing or from anywhere before it.
    pub fn plan_sql(&self, target: &Target) -> Result<String, ApplyError> {
        let migrator = self.for_empty()?;
        let history = History::new(&migrator)?;
        let route = history.graph.upgrade_route(&BTreeSet::new(), target).map_err(ApplyError::Target)?;
        let (mut scripts, mut findings) = (Vec::with_capacity(route.len()), Vec::new());
        for id in &route {
            let migration = history.migration(id).expect("a route has revisions of its graph only");
            match Script::new(migration, Direction::Up, Cow::Borrowed(&*migration.up)) {
                Ok(script) => scripts.push(script),
                Err(found) => findings.extend(found),
            }
        }
        if !findings.is_empty() {
            return Err(ApplyError::Refused(findings));
        }
        let pins = settings::script_pins(&self.options);
        let mut text = self.opening(&pins);
        for script in &scripts {
            self.revision(&mut text, script, &pins);
        }
        text.push_str(&format!("{} AS cargo_schema_unlocked \\gset\n", lock::unlock_sql()));
        Ok(text)
    }

    fn opening(&self, pins: &str) -> String {
        format!(
            "-- Applies the revisions that a database does not have yet. Run it with: psql -X -f FILE DATABASE\n\
             \\set ON_ERROR_STOP on\n\\set QUIET on\n{pins}\
             DO $cargo_schema$ BEGIN IF NOT pg_try_advisory_lock({}) THEN\n  \
             RAISE EXCEPTION 'another deployer is at work on this database; run the script again when it is done';\nEND IF; END $cargo_schema$;\n\
             BEGIN;\n{};\nCOMMIT;\n",
            lock::KEY,
            create_sql()
        )
    }

    fn revision(&self, text: &mut String, script: &Script<'_>, pins: &str) {
        let row = Row { options: &self.options, id: script.id(), guard: "true" };
        let key = format!(
            "namespace = {} AND id = {}",
            quote_literal(&self.options.namespace),
            quote_literal(script.id().as_str())
        );
        let checksum = quote_literal(&script.migration.checksum());
        // A row in another state, or of another text, is nothing a script can decide on.
        if !script.migration.replaces.is_empty() {
            let ids: Vec<String> = script.migration.replaces.iter().map(|id| quote_literal(id.as_str())).collect();
            // Which form such a database takes is no decision for a script.
            text.push_str(&format!(
                "\nDO $cargo_schema$ BEGIN IF EXISTS (SELECT FROM cargo_schema.revision WHERE namespace = {} AND id IN ({})) \
                 AND NOT EXISTS (SELECT FROM cargo_schema.revision WHERE {key}) THEN\n  \
                 RAISE EXCEPTION 'the database has revisions that the checkpoint {} stands for; run cargo schema upgrade on it';\nEND IF; END $cargo_schema$;\n",
                quote_literal(&self.options.namespace),
                ids.join(", "),
                script.id()
            ));
        }
        text.push_str(&format!(
            "\n-- {id}\nDO $cargo_schema$ BEGIN IF EXISTS (SELECT FROM cargo_schema.revision WHERE {key} AND (state <> 'applied' OR checksum <> {checksum})) THEN\n  \
             RAISE EXCEPTION 'revision {id} is half-done, or was applied with another text; run cargo schema status';\nEND IF; END $cargo_schema$;\n\
             SELECT NOT EXISTS (SELECT FROM cargo_schema.revision WHERE {key}) AS cargo_schema_pending \\gset\n\\if :cargo_schema_pending\n\\echo {id}\n",
            id = script.id()
        ));
        if script.transactional || script.steps.is_empty() {
            transaction(text, script, row);
        } else {
            stepwise(text, script, row);
        }
        if script.changes_settings {
            text.push_str(pins);
        }
        text.push_str("\\endif\n");
    }
}

fn transaction(text: &mut String, script: &Script<'_>, row: Row<'_>) {
    text.push_str("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n");
    for index in 0..script.steps.len() {
        statement(text, script.sql(index));
    }
    statement(text, &row.applied(script.migration, script.steps.len()));
    text.push_str("COMMIT;\n");
}

fn stepwise(text: &mut String, script: &Script<'_>, row: Row<'_>) {
    statement(text, &row.starts(script.migration));
    let of = script.steps.len();
    for (index, step) in script.steps.iter().enumerate() {
        let progress = row.progress(Direction::Up, index + 1, of);
        if step.outside.is_some() {
            statement(text, &row.in_flight(Some(index)));
            text.push_str("SET lock_timeout = 0;\n");
            statement(text, script.sql(index));
            text.push_str(&format!("SET lock_timeout = '{}ms';\n", row.options.lock_timeout.as_millis()));
            statement(text, &progress);
        } else {
            text.push_str("BEGIN;\n");
            statement(text, script.sql(index));
            statement(text, &progress);
            text.push_str("COMMIT;\n");
        }
    }
}

/// The `;` stands on a line of its own: a statement may end in a comment.
fn statement(text: &mut String, sql: &str) {
    text.push_str(sql);
    text.push_str("\n;\n");
}
