//! What partitions and tables that inherit have of their own in columns (`pg_attribute`) that their parents have too.

use postgres::Row;
use schema_core::{Expr, kinds::InheritedColumn};

use super::{
    CatalogError,
    column::settings,
    reader::{Reader, class, expr, part},
    table::Tables,
};

/// The columns of heirs that are not what their parents' are. Two parents with different defaults leave the choice to the heir. An identity
/// is not inherited, except by partitions since 17, nor a NOT NULL with NO INHERIT of 18; statistics and options never are. Compression that is the server's is the empty text.
const SQL: &str = "SELECT * FROM (SELECT a.attrelid, a.attnum, a.attname, a.attislocal, \
        CASE WHEN bool_or(a.attstorage <> p.attstorage) THEN a.attstorage END AS storage, \
        CASE WHEN bool_or(a.attcompression <> p.attcompression) THEN a.attcompression END AS compression, \
        nullif(a.attstattarget, -1)::int4 AS statistics, a.attoptions, \
        a.attnotnull AND NOT bool_or(p.attnotnull AND n.oid IS NULL) AS not_null, \
        bool_or(p.attnotnull AND n.oid IS NULL) AND NOT a.attnotnull AS takes_null, \
        bool_or(a.attidentity <> '' AND a.attidentity <> p.attidentity) AS identity, \
        a.attgenerated <> '' AS generated, \
        max(pg_get_expr(d.adbin, d.adrelid)) AS expr, \
        array_agg(DISTINCT pg_get_expr(e.adbin, e.adrelid)) FILTER (WHERE e.adbin IS NOT NULL) AS above, \
        count(c.description) > 0 AS commented \
    FROM pg_attribute a JOIN pg_inherits i ON i.inhrelid = a.attrelid \
        JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attname = a.attname AND p.attnum > 0 AND NOT p.attisdropped \
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
        LEFT JOIN pg_attrdef e ON e.adrelid = p.attrelid AND e.adnum = p.attnum \
        LEFT JOIN pg_constraint n ON n.conrelid = p.attrelid AND n.contype = 'n' AND n.conkey[1] = p.attnum AND n.connoinherit \
        LEFT JOIN pg_description c ON c.classoid = 'pg_class'::regclass AND c.objoid = a.attrelid AND c.objsubid = a.attnum \
    WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount > 0 \
    GROUP BY a.attrelid, a.attnum, a.attname, a.attislocal, a.attstorage, a.attcompression, a.attstattarget, a.attoptions, \
        a.attnotnull, a.attgenerated) AS own \
    WHERE attislocal OR storage IS NOT NULL OR compression IS NOT NULL OR statistics IS NOT NULL OR attoptions IS NOT NULL \
        OR not_null OR takes_null OR identity OR commented OR 1 < cardinality(above) OR expr IS DISTINCT FROM above[1]";

pub(super) fn read(reader: &mut Reader<'_>, tables: &Tables) -> Result<(), CatalogError> {
    for row in reader.rows("inherited columns", SQL, &[&tables.oids()])? {
        let Some(table) = tables.name(row.get("attrelid")) else { continue };
        let name = reader.ident(&row, "attname")?;
        let default = default(&row);
        for (words, holds) in [
            ("inherited column that is declared again", row.get("attislocal")),
            ("identity of an inherited column", row.get("identity")),
            ("NULL in an inherited column", row.get("takes_null")),
            ("expression of an inherited column", default.is_some() && row.get::<_, bool>("generated")),
        ] {
            if holds {
                reader.unmanaged(words, part(table, &name));
            }
        }
        let number = i32::from(row.get::<_, i16>("attnum"));
        let own = InheritedColumn {
            table: table.clone(),
            name,
            default: default.filter(|_| !row.get::<_, bool>("generated")),
            not_null: row.get("not_null"),
            settings: settings(&row),
            comment: reader.comment(class::RELATION, row.get("attrelid"), number),
        };
        if !own.is_empty() {
            reader.insert(own);
        }
    }
    Ok(())
}

/// The default, when it is not what the table would take over.
fn default(row: &Row) -> Option<Expr> {
    let own = row.get::<_, Option<&str>>("expr");
    let above = row.get::<_, Option<Vec<&str>>>("above").unwrap_or_default();
    let same = match above.as_slice() {
        [] => own.is_none(),
        [one] => own == Some(one),
        _ => false,
    };
    (!same).then(|| own.map_or_else(|| Expr::new("NULL"), expr))
}
