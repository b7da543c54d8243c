//! Taking over the migrations of another tool: which files it has, and what they lead to.
//!
//! What an adopted migration is in the history is known to `schema_core::history`; what the other tool's table says, to the engine.

mod layout;
mod texts;

pub use layout::{ADOPTED_FILE, Found, Laid, layout};
pub use texts::{listed, written};

use schema_core::history::Tool;
use schema_core::{Ident, ObjectId, QualifiedName, Schema};

/// The schema without the table in which the other tool keeps its history: it belongs to no revision.
pub fn without_history_table(schema: &Schema, tool: Option<Tool>) -> Schema {
    let Some(table) = tool.and_then(Tool::table) else { return schema.clone() };
    let table = QualifiedName::public(Ident::of(table));
    let parts: Vec<ObjectId> = schema.parts_of(&table).map(schema_core::kinds::Object::id).collect();
    schema.filter(|id| *id != ObjectId::table(&table) && !parts.contains(id))
}
