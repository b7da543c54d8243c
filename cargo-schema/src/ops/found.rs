//! What only PostgreSQL can tell of a declared schema: what views, routines and the like need, found where the schema is built.

use schema_core::history::Migration;
use schema_core::{Schema, kinds::Object};

use super::prove::{ProofError, built, observed_history};
use crate::devdb::DevServer;

/// Whether a schema has objects that a SQL statement defines.
pub fn has_statements(schema: &Schema) -> bool {
    schema.iter().any(|(_, object)| matches!(object, Object::Sql(_)))
}

/// Whether all that a plan needs is known, because it was found or there is nothing to find.
pub(super) fn is_known(schema: &Schema) -> bool {
    !schema.all_found().is_empty() || !has_statements(schema)
}

/// A declared schema with what is found where it is built from nothing.
pub fn declared(server: &DevServer, schema: &Schema) -> Result<Schema, ProofError> {
    if is_known(schema) {
        return Ok(schema.clone());
    }
    Ok(schema.clone().with_found(built(server, schema)?.all_found().clone()))
}

/// The recorded schema with what is found where its history leads.
pub fn recorded(server: &DevServer, schema: &Schema, history: &[Migration]) -> Result<Schema, ProofError> {
    if is_known(schema) {
        return Ok(schema.clone());
    }
    Ok(schema.clone().with_found(observed_history(server, history)?.all_found().clone()))
}
