//! The ledger of all owners: who else keeps revisions in a database, and all of them in the order they were applied.
//!
//! It only reads. Nobody's revisions are run here.

use schema_core::history::{Migration, RevisionId};
use schema_core::quote_literal;

use super::Migrator;
use crate::apply::session::{Session, ready};
use crate::apply::{ApplyError, ledger};

/// A revision in the ledger, and whose it is.
#[derive(Clone, Debug)]
pub struct Owned {
    /// The namespace of its owner.
    pub namespace: String,
    /// The revision with the texts that were run.
    pub migration: Migration,
}

/// A checkpoint that was told from the rows of all that it stands for was not run.
const ALL: &str = "SELECT r.namespace, r.id, array_to_string(r.parents, ' '), r.message, r.up, r.down FROM cargo_schema.revision r \
    WHERE r.state = 'applied' AND NOT EXISTS (SELECT FROM cargo_schema.meta m, string_to_array(m.value, ' ') AS originals \
        WHERE m.name = 'replaced by ' || r.id || ' in ' || r.namespace AND cardinality(originals) = \
        (SELECT count(*) FROM cargo_schema.revision o WHERE o.namespace = r.namespace AND o.id = ANY (originals))) ORDER BY r.ordinal";

impl Migrator {
    /// The other owners that keep revisions in a database. A role without any rights of its own can ask.
    pub fn other_owners(&self, client: &mut postgres::Client) -> Result<Vec<String>, ApplyError> {
        ready(async {
            if !ledger::read(client, &self.options.namespace).await?.exists {
                return Ok(Vec::new());
            }
            let own = quote_literal(&self.options.namespace);
            let sql = format!(
                "SELECT DISTINCT namespace FROM cargo_schema.revision WHERE namespace <> {own} ORDER BY namespace"
            );
            let answer =
                client.ask(&sql).await.map_err(|error| ApplyError::own("reading the owners in the ledger", &error))?;
            Ok(answer.rows.into_iter().map(text).collect())
        })
    }

    /// The applied revisions of all owners, in the order they were applied. Only the owner of the ledger may read texts.
    pub fn of_all_owners(&self, client: &mut postgres::Client) -> Result<Vec<Owned>, ApplyError> {
        ready(async {
            let answer = client
                .ask(ALL)
                .await
                .map_err(|error| ApplyError::own("reading the revisions of all owners", &error))?;
            Ok(answer.rows.into_iter().map(owned).collect())
        })
    }
}

fn text(mut row: Vec<Option<String>>) -> String {
    row.first_mut().and_then(Option::take).unwrap_or_default()
}

fn owned(row: Vec<Option<String>>) -> Owned {
    let mut values = row.into_iter();
    let mut optional = || values.next().flatten();
    let mut text = || optional().unwrap_or_default();
    // The ledger takes checked ids only, by its own constraint.
    let id = |text: &str| {
        RevisionId::new(text).unwrap_or_else(|problem| panic!("the ledger holds the id `{text}`: {problem}"))
    };
    let (namespace, own, parents, message, up) = (text(), id(&text()), text(), text(), text());
    let parents = parents.split_ascii_whitespace().map(id).collect();
    let down = optional().map(Into::into);
    let migration = Migration { id: own, parents, message, up: up.into(), down, adopted: None, replaces: Vec::new() };
    Owned { namespace, migration }
}
