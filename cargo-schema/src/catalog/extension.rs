//! Extensions (`pg_extension`), whatever the scope: they are of the database. `plpgsql` is in every new one and is left out.

use schema_core::{DEFAULT_SCHEMA, kinds::Extension};

use super::{CatalogError, reader::Reader};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), CatalogError> {
    const SQL: &str = "SELECT oid, extname, extnamespace FROM pg_extension WHERE extname <> 'plpgsql'";
    for row in reader.rows("extensions", SQL, &[])? {
        let schema = reader.namespace_name(row.get("extnamespace"));
        let schema = (schema.as_str() != DEFAULT_SCHEMA).then_some(schema);
        let name = reader.ident(&row, "extname")?;
        reader.extension(row.get("oid"), name.clone());
        reader.insert(Extension { name, schema });
    }
    Ok(())
}
