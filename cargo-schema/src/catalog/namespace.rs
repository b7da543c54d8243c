//! PostgreSQL schemas (`pg_namespace`). `public` exists in every database and is no object of the model.

use schema_core::{DEFAULT_SCHEMA, kinds::Namespace};

use super::{CatalogError, Scope, reader::Reader, reader::class};

pub(super) fn read(reader: &mut Reader<'_>, scope: &Scope) -> Result<(), CatalogError> {
    for row in reader.rows("schemas", "SELECT oid, nspname FROM pg_namespace", &[])? {
        let (oid, name) = (row.get("oid"), reader.ident(&row, "nspname")?);
        let managed = scope.manages(name.as_str());
        reader.namespace(oid, name.clone(), managed);
        if managed && name.as_str() != DEFAULT_SCHEMA && !reader.is_member(class::NAMESPACE, oid) {
            let comment = reader.comment(class::NAMESPACE, oid, 0);
            reader.insert(Namespace { name, comment });
        }
    }
    Ok(())
}
