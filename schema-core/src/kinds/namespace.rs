//! PostgreSQL schemas (`pg_namespace`). `public` exists in every database and is not declared.
//!
//! <https://www.postgresql.org/docs/current/sql-createschema.html>

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim, comment};
use crate::{Diff, Ident, KindName, ObjectId, Schema, Statement, plan::Context, rename::Rename};

/// A PostgreSQL schema that this application owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    /// Its name.
    pub name: Ident,
    /// `COMMENT ON SCHEMA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Namespace {
    fn target(&self) -> String {
        format!("SCHEMA {}", self.name.quoted())
    }
}

impl Kind for Namespace {
    fn id(&self) -> ObjectId {
        ObjectId::global(KindName::Schema, &self.name)
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        Vec::new()
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        let create = Statement::sql(format!("CREATE SCHEMA {}", self.name.quoted()));
        std::iter::once(create).chain(comment::create(&self.target(), &self.comment)).collect()
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP SCHEMA {}", self.name.quoted()))]
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        let comments = Diff { before: &diff.before.comment, after: &diff.after.comment };
        Alteration::Statements(comment::alter(&diff.after.target(), &comments).into_iter().collect())
    }

    fn claims(&self) -> Vec<NameClaim> {
        Vec::new()
    }

    fn follow(&mut self, rename: &Rename) {
        if rename.before == self.id() {
            self.name = rename.after.name().clone();
        }
    }

    fn with_name(&self, name: &Ident) -> Self {
        Namespace { name: name.clone(), ..self.clone() }
    }
}
