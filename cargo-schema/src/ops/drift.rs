//! How a database differs from what its revisions make, and the SQL that would mend it.
//!
//! Both sides are observed, so PostgreSQL spells them alike. It only reads the database; what is to be done is for the user to say.

use std::collections::BTreeSet;

use schema_core::diff::{Difference, difference};
use schema_core::history::{Migration, Tool};
use schema_core::plan::{Hints, plan};
use schema_core::{ObjectId, Schema};

use super::prove::{ProofError, observed_with_rest};
use crate::adopt::without_history_table;
use crate::catalog::{Observed, Unmanaged};
use crate::devdb::DevServer;

/// The two sides.
#[derive(Clone, Debug)]
pub struct Drift {
    /// What the revisions make.
    pub made: Schema,
    /// What the database has.
    pub there: Schema,
    /// Objects of kinds that are not managed and that only the revisions make.
    pub lacking: Vec<Unmanaged>,
    /// Objects of kinds that are not managed and that only the database has.
    pub added: Vec<Unmanaged>,
    /// All objects of the database of kinds that are not managed.
    pub unmanaged: Vec<Unmanaged>,
}

impl Drift {
    /// That of a database which is known to be what its revisions make.
    pub fn none(there: Observed) -> Drift {
        let Observed { schema, unmanaged, .. } = there;
        Drift { made: schema.clone(), there: schema, lacking: Vec::new(), added: Vec::new(), unmanaged }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.made == self.there && self.lacking.is_empty() && self.added.is_empty()
    }

    /// The same without some objects.
    #[must_use]
    pub fn without(self, objects: &BTreeSet<ObjectId>) -> Drift {
        let kept = |schema: &Schema| schema.filter(|id| !objects.contains(id));
        Drift { made: kept(&self.made), there: kept(&self.there), ..self }
    }

    /// From what the revisions make to what the database has.
    pub fn difference(&self) -> Difference {
        difference(&self.made, &self.there, &[])
    }

    /// The SQL that makes the database what its revisions make, for psql or a transaction of the reader's.
    pub fn mend(&self) -> String {
        plan(&self.there, &self.made, &[], &Hints::default()).up.outside_transaction().text()
    }
}

/// Compares a database with what `history` makes on the dev database. `tool` is the one whose history table may be there.
pub fn drift(
    server: &DevServer,
    history: &[Migration],
    there: &Observed,
    tool: Option<Tool>,
) -> Result<Drift, ProofError> {
    let made = observed_with_rest(server, history, &there.scope)?;
    let only = |of: &Observed, not: &Observed| {
        of.unmanaged.iter().filter(|object| !not.unmanaged.contains(object)).cloned().collect()
    };
    let there_too = without_history_table(&there.schema, tool);
    // Who declares no privileges leaves them to others.
    let is_managed = made.schema.has_privileges();
    Ok(Drift {
        lacking: only(&made, there),
        added: only(there, &made),
        unmanaged: there.unmanaged.clone(),
        made: made.schema,
        there: if is_managed { there_too } else { there_too.without_privileges() },
    })
}
