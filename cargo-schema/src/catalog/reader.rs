//! What the kinds share while they read: the transaction, its settings, the names of PostgreSQL schemas, what belongs to
//! extensions, and the comments. It knows no kind.

use std::collections::{BTreeMap, BTreeSet};

use postgres::{Row, Transaction, types::ToSql};
use schema_core::{
    DEFAULT_SCHEMA, Expr, Found, Ident, KindName, ObjectId, QualifiedName, Schema, SqlType,
    kinds::Object,
    sql::{Token, read_back, tokens},
};

use super::{CatalogError, Observed, Scope, Unmanaged, error::OLDEST};

/// Catalogs by their fixed object identifiers (`src/include/catalog`).
pub(super) mod class {
    pub const TYPE: u32 = 1247;
    pub const RELATION: u32 = 1259;
    pub const CONSTRAINT: u32 = 2606;
    pub const NAMESPACE: u32 = 2615;
}

/// `pg_catalog`'s own identifier.
const PG_CATALOG: u32 = 11;

/// The first identifier that PostgreSQL does not give to its own objects (`FirstNormalObjectId`).
pub(super) const FIRST_USER_OID: u32 = 16_384;

/// Everything that changes how PostgreSQL spells an expression. An empty search path qualifies every name that is not of
/// `pg_catalog`; compiling the small queries would take longer than running them. `pg_get_viewdef` and its like lock what they read, and
/// a lock that somebody holds is waited for so long only, unless the session says how long.
const SETTINGS: &str = "SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = off; \
    SET LOCAL standard_conforming_strings = on; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; \
    SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL jit = off; \
    SELECT set_config('lock_timeout', '10s', true) WHERE current_setting('lock_timeout') = '0'";

/// The state of one reading.
pub(super) struct Reader<'t> {
    transaction: Transaction<'t>,
    /// The server's version number.
    pub version: u32,
    namespaces: BTreeMap<u32, Ident>,
    /// The identifiers of the PostgreSQL schemas in scope.
    pub managed: Vec<u32>,
    /// What came with an extension, and with which.
    members: BTreeMap<(u32, u32), u32>,
    extensions: BTreeMap<u32, Ident>,
    comments: BTreeMap<(u32, u32, i32), String>,
    schema: Schema,
    told: BTreeMap<ObjectId, Found>,
    unmanaged: BTreeSet<Unmanaged>,
}

impl<'t> Reader<'t> {
    /// Opens a savepoint, so that the settings end with the reading, and reads what all kinds need.
    pub fn start(outer: &'t mut Transaction<'_>) -> Result<Reader<'t>, CatalogError> {
        let reading = CatalogError::reading("the settings");
        let mut transaction = outer.transaction().map_err(&reading)?;
        transaction.batch_execute(SETTINGS).map_err(&reading)?;
        let row = transaction.query_one("SELECT current_setting('server_version_num')::int4", &[]).map_err(&reading)?;
        let version = u32::try_from(row.get::<_, i32>(0)).unwrap_or(0);
        if version < OLDEST {
            return Err(CatalogError::TooOld { version });
        }
        let mut reader = Reader {
            transaction,
            version,
            namespaces: BTreeMap::new(),
            managed: Vec::new(),
            members: BTreeMap::new(),
            extensions: BTreeMap::new(),
            comments: BTreeMap::new(),
            schema: Schema::default(),
            told: BTreeMap::new(),
            unmanaged: BTreeSet::new(),
        };
        reader.read_members()?;
        reader.read_comments()?;
        Ok(reader)
    }

    fn read_members(&mut self) -> Result<(), CatalogError> {
        const SQL: &str = "SELECT classid, objid, refobjid FROM pg_depend \
            WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'";
        let rows = self.rows("the members of extensions", SQL, &[])?;
        self.members = rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect();
        Ok(())
    }

    fn read_comments(&mut self) -> Result<(), CatalogError> {
        const SQL: &str = "SELECT classoid, objoid, objsubid, description FROM pg_description \
            WHERE objoid >= $1";
        let rows = self.rows("comments", SQL, &[&FIRST_USER_OID])?;
        self.comments = rows.iter().map(|row| ((row.get(0), row.get(1), row.get(2)), row.get(3))).collect();
        Ok(())
    }

    /// Runs one query of the catalogs.
    pub fn rows(
        &mut self,
        reading: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, CatalogError> {
        self.transaction.query(sql, parameters).map_err(CatalogError::reading(reading))
    }

    /// Runs one query of the catalogs whose answer grows with the database, and hands over some rows at a time: a row of the driver takes
    /// more memory than what is made of it.
    pub fn batches(
        &mut self,
        reading: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        mut each: impl FnMut(&mut Reader<'t>, Vec<Row>) -> Result<(), CatalogError>,
    ) -> Result<(), CatalogError> {
        const ROWS: i32 = 1_000;
        let portal = self.transaction.bind(sql, parameters).map_err(CatalogError::reading(reading))?;
        loop {
            let rows = self.transaction.query_portal(&portal, ROWS).map_err(CatalogError::reading(reading))?;
            let is_last = rows.len() < ROWS as usize;
            each(self, rows)?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Runs one query whose only parameter is the PostgreSQL schemas in scope.
    pub fn managed_rows(&mut self, reading: &'static str, sql: &str) -> Result<Vec<Row>, CatalogError> {
        let managed = self.managed.clone();
        self.rows(reading, sql, &[&managed])
    }

    /// Notes a PostgreSQL schema, whether in scope or not.
    pub fn namespace(&mut self, oid: u32, name: Ident, managed: bool) {
        self.namespaces.insert(oid, name);
        if managed {
            self.managed.push(oid);
        }
    }

    /// Whether the object came with an extension.
    pub fn is_member(&self, class: u32, oid: u32) -> bool {
        self.members.contains_key(&(class, oid))
    }

    /// Notes the name of an extension.
    pub fn extension(&mut self, oid: u32, name: Ident) {
        self.extensions.insert(oid, name);
    }

    /// The extension that the object came with.
    pub fn extension_of(&self, class: u32, oid: u32) -> Option<ObjectId> {
        let extension = self.extensions.get(self.members.get(&(class, oid))?)?;
        Some(ObjectId::global(KindName::Extension, extension))
    }

    /// Adds what PostgreSQL tells of objects besides their definitions.
    pub fn tell(&mut self, told: BTreeMap<ObjectId, Found>) {
        self.told.extend(told);
    }

    /// Takes an object that a SQL statement defines out of the model, and lists it; says whether it was there.
    pub fn leave_out(&mut self, id: &ObjectId) -> bool {
        let is_statement = matches!(self.schema.get(id), Some(Object::Sql(_)));
        if is_statement {
            self.schema.remove(id);
            self.unmanaged(format!("{} over something that is not managed", id.kind.words()), id.to_string());
        }
        is_statement
    }

    /// Adds the comment on a column to the object that it is in.
    pub fn comment_column(&mut self, id: &ObjectId, column: &Ident, text: String) {
        if let Some(Object::Sql(mut object)) = self.schema.remove(id) {
            object.column_comments.insert(column.clone(), text);
            self.schema.insert(object.into());
        }
    }

    /// The comment of an object; `sub` is a column's number or 0.
    pub fn comment(&self, class: u32, oid: u32, sub: i32) -> Option<String> {
        self.comments.get(&(class, oid, sub)).cloned()
    }

    /// A name of the catalog.
    pub fn ident(&self, row: &Row, column: &str) -> Result<Ident, CatalogError> {
        ident(row.get(column))
    }

    /// The qualified name made of a column with the PostgreSQL schema's identifier and one with the name.
    pub fn name(&self, row: &Row, namespace: &str, name: &str) -> Result<QualifiedName, CatalogError> {
        Ok(QualifiedName { schema: self.namespace_name(row.get(namespace)), name: self.ident(row, name)? })
    }

    /// A collation, when the row names one: those of `pg_catalog` go without their PostgreSQL schema.
    pub fn collation(&self, row: &Row) -> Result<Option<QualifiedName>, CatalogError> {
        let Some(name) = row.get::<_, Option<String>>("collname") else { return Ok(None) };
        let (name, namespace) = (ident(name)?, row.get("collnamespace"));
        Ok(Some(match namespace {
            PG_CATALOG => QualifiedName::public(name),
            other => QualifiedName { schema: self.namespace_name(other), name },
        }))
    }

    /// The name of a PostgreSQL schema.
    pub fn namespace_name(&self, oid: u32) -> Ident {
        // Every schema was read in the same snapshot.
        self.namespaces.get(&oid).cloned().unwrap_or_else(|| Ident::of(DEFAULT_SCHEMA))
    }

    /// A PostgreSQL schema in scope.
    pub fn managed_schema(&self, oid: u32) -> Option<ObjectId> {
        self.managed.contains(&oid).then(|| ObjectId::global(KindName::Schema, &self.namespace_name(oid)))
    }

    /// A type as `format_type` spells it.
    pub fn sql_type(&self, of: impl FnOnce() -> String, spelled: &str) -> Result<SqlType, CatalogError> {
        SqlType::parse(spelled).map_err(|problem| CatalogError::Type { of: of(), spelled: spelled.to_owned(), problem })
    }

    /// The objects of the model so far.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Adds an object of the model.
    pub fn insert(&mut self, object: impl Into<Object>) {
        self.schema.insert(object.into());
    }

    /// Adds something that the model does not know.
    pub fn unmanaged(&mut self, kind: impl Into<String>, name: impl Into<String>) {
        self.unmanaged.insert(Unmanaged { kind: kind.into(), name: name.into() });
    }

    /// Ends the reading and gives the transaction its own settings back.
    pub fn finish(self, scope: &Scope) -> Result<Observed, CatalogError> {
        self.transaction.rollback().map_err(CatalogError::reading("the snapshot"))?;
        let unmanaged = self.unmanaged.into_iter().collect();
        let schema = self.schema.with_found(self.told);
        Ok(Observed { schema, unmanaged, server_version_num: self.version, scope: scope.clone() })
    }
}

/// A name of the catalog; only a database of another encoding can have one that is too long.
pub(super) fn ident(name: String) -> Result<Ident, CatalogError> {
    Ident::new(name.clone()).map_err(|problem| CatalogError::Name { name, problem })
}

/// A part of a table in words.
pub(super) fn part(table: &QualifiedName, name: &Ident) -> String {
    format!("{}.{}", table.quoted(), name.quoted())
}

/// Storage parameters, `name=value` each.
pub(super) fn parameters(options: Option<Vec<String>>, prefix: &str) -> BTreeMap<String, String> {
    let options = options.unwrap_or_default();
    let pairs = options.iter().filter_map(|option| option.split_once('='));
    pairs.map(|(name, value)| (format!("{prefix}{name}"), value.to_owned())).collect()
}

/// An expression of `pg_get_expr`.
pub(super) fn expr(text: &str) -> Expr {
    Expr::new(read_back(text))
}

/// An expression of `pg_get_expr` where the grammar has parentheses of its own.
pub(super) fn bare(text: &str) -> Expr {
    expr(without_parentheses(text).unwrap_or(text))
}

/// The inside, when one pair of parentheses holds the whole text.
fn without_parentheses(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0i32;
    let closes_early = |token: Token<'_>| {
        depth += i32::from(token.is_punct("(")) - i32::from(token.is_punct(")"));
        depth < 0
    };
    (!tokens(inside).any(closes_early)).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pair_that_holds_everything_goes() {
        let bare = |text: &str| bare(text).to_string();
        assert_eq!(bare("(a > 0)"), "a > 0");
        assert_eq!(bare("(a > 0) AND (b > 0)"), "(a > 0) AND (b > 0)");
        assert_eq!(bare("((a = ')'::text))"), "(a = ')'::text)");
        assert_eq!(bare("a"), "a");
    }
}
