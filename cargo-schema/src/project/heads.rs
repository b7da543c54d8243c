//! The heads of a migrations folder: which conflict, told with who wrote them.
//!
//! Decided by `schema_core::history` from the records alone; no server is asked.

use std::collections::BTreeMap;

use schema_core::diagnostic::Diagnostic;
use schema_core::history::{Divided, RevisionId, RevisionRecord};
use schema_core::sql;

use super::{Project, RevisionDir, origin};

impl Project {
    /// How the heads stand to each other. One head stands to nobody, and costs nothing.
    pub fn divided(&self, records: &[(&RevisionId, RevisionRecord)]) -> Divided {
        if self.graph.heads().len() < 2 {
            return Divided::default();
        }
        let records: BTreeMap<&RevisionId, RevisionRecord> = records.iter().cloned().collect();
        let partial = |id: &RevisionId| {
            let unsaid = records.get(id).is_some_and(|record| record.changes.is_empty());
            unsaid && self.revision(id).is_some_and(RevisionDir::has_statements)
        };
        Divided::of(&self.graph, &records, partial)
    }

    /// The heads that conflict, as findings.
    pub fn conflicts(&self, divided: &Divided) -> Vec<Diagnostic> {
        if divided.conflicts.is_empty() {
            return Vec::new();
        }
        let origin = self.origins();
        divided.conflicts.iter().map(|conflict| conflict.to_diagnostic(&self.graph, &origin)).collect()
    }

    /// Who wrote a revision, and on which branch, when git knows.
    pub fn origins(&self) -> impl Fn(&RevisionId) -> Option<String> {
        let heads = self.graph.heads();
        let origins = origin::of(&self.folder, &heads);
        move |id: &RevisionId| origins.get(id).cloned()
    }
}

impl RevisionDir {
    /// Whether its SQL does anything. A text that cannot be read may.
    pub fn has_statements(&self) -> bool {
        sql::split(&self.up).map_or(true, |statements| !statements.is_empty())
    }
}
