//! Extensions (`pg_extension`), by name and PostgreSQL schema. The version is the server's to choose.
//!
//! <https://www.postgresql.org/docs/current/sql-createextension.html>

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim};
use crate::{Diff, Hazard, Ident, KindName, ObjectId, Schema, Statement, plan::Context, rename::Rename};

/// An extension that the schema needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Its name, such as `pg_trgm`.
    pub name: Ident,
    /// The PostgreSQL schema of its objects; the default one when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Ident>,
}

impl Kind for Extension {
    fn id(&self) -> ObjectId {
        ObjectId::global(KindName::Extension, &self.name)
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        self.schema.iter().map(|schema| ObjectId::global(KindName::Schema, schema)).collect()
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        let schema = self.schema.iter().map(|schema| format!(" SCHEMA {}", schema.quoted())).collect::<String>();
        vec![Statement::sql(format!("CREATE EXTENSION {}{schema}", self.name.quoted()))]
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP EXTENSION {}", self.name.quoted()))]
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        match (&diff.before.schema, &diff.after.schema) {
            (before, Some(after)) if before.as_ref() != Some(after) => {
                let name = diff.after.name.quoted();
                Alteration::Statements(vec![Statement::sql(format!(
                    "ALTER EXTENSION {name} SET SCHEMA {}",
                    after.quoted()
                ))])
            }
            (Some(_), None) => Alteration::Statements(vec![Statement::sql(format!(
                "ALTER EXTENSION {} SET SCHEMA {}",
                diff.after.name.quoted(),
                crate::DEFAULT_SCHEMA
            ))]),
            _ => Alteration::Statements(Vec::new()),
        }
    }

    fn claims(&self) -> Vec<NameClaim> {
        Vec::new()
    }

    fn follow(&mut self, rename: &Rename) {
        if rename.before.kind == KindName::Schema && self.schema.as_ref() == Some(rename.before.name()) {
            self.schema = Some(rename.after.name().clone());
        }
    }

    fn with_name(&self, name: &Ident) -> Self {
        Extension { name: name.clone(), ..self.clone() }
    }

    fn drop_hazards(&self) -> Vec<Hazard> {
        Vec::new()
    }
}
