//! Enum types (`pg_type`, `pg_enum`) with their labels in sort order.

use schema_core::{Ident, kinds::EnumType};

use super::{CatalogError, reader::Reader, reader::class};

const SQL: &str = "SELECT t.oid, t.typnamespace, t.typname, \
        coalesce(array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FILTER (WHERE e.oid IS NOT NULL), '{}') AS labels \
    FROM pg_type t LEFT JOIN pg_enum e ON e.enumtypid = t.oid \
    WHERE t.typtype = 'e' AND t.typnamespace = ANY($1) GROUP BY t.oid, t.typnamespace, t.typname";

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), CatalogError> {
    for row in reader.managed_rows("enum types", SQL)? {
        let (oid, labels): (u32, Vec<String>) = (row.get("oid"), row.get("labels"));
        if reader.is_member(class::TYPE, oid) {
            continue;
        }
        let name = reader.name(&row, "typnamespace", "typname")?;
        // The empty text is a label to PostgreSQL, but no name to the model.
        let Ok(values) = labels.into_iter().map(Ident::new).collect::<Result<Vec<_>, _>>() else {
            reader.unmanaged("enum with an empty label", name.quoted());
            continue;
        };
        let comment = reader.comment(class::TYPE, oid, 0);
        reader.insert(EnumType { name, values, comment });
    }
    Ok(())
}
