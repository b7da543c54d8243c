//! The tables and sequences of a database as far as their rows are concerned: who they are, and which columns they have.
//!
//! Tables are known by their oid and columns by their number, which a rename leaves as they are. Constraints, indexes and the like
//! hold no data and are not looked at.

use std::collections::BTreeMap;

use schema_core::{Ident, QualifiedName, quote_ident};

use crate::apply::ApplyError;
use crate::apply::session::Session;

/// What holds data at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    /// By oid.
    pub tables: BTreeMap<u32, Table>,
    /// By oid.
    pub sequences: BTreeMap<u32, Sequence>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub oid: u32,
    pub name: Name,
    /// Its rows are in its partitions.
    pub partitioned: bool,
    /// The table that it is a partition of.
    pub parent: Option<u32>,
    /// Where its rows are on disk: another number means that they were written anew, or truncated.
    pub file: u32,
    pub columns: Vec<Column>,
    /// The numbers of the columns of its primary key, in the key's order; empty without one.
    pub key: Vec<i16>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub number: i16,
    pub name: String,
    /// With its modifiers, as PostgreSQL writes it.
    pub data_type: String,
    /// Which type that is, and of a composite type its attributes: another one may have taken its name, or it may have lost some.
    pub shape: String,
    /// What a text is cast to, to become its value: a cast to a type with a length cuts what is too long, an assignment refuses it.
    pub cast: String,
    /// Where its type rounds or cuts what it takes: a type that holds all of it.
    pub whole: Option<String>,
    /// It is computed, so it holds nothing of its own.
    pub generated: bool,
    /// GENERATED ALWAYS AS IDENTITY, which takes no UPDATE.
    pub always_identity: bool,
    pub nullable: bool,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub oid: u32,
    pub name: Name,
}

/// A relation by schema and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub schema: String,
    pub name: String,
}

impl Name {
    /// In SQL.
    pub(crate) fn quoted(&self) -> String {
        format!("{}.{}", quote_ident(&self.schema), quote_ident(&self.name))
    }
}

impl std::fmt::Display for Name {
    /// As people know it: without `public`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (Ident::new(self.schema.as_str()), Ident::new(self.name.as_str())) {
            (Ok(schema), Ok(name)) => QualifiedName { schema, name }.fmt(f),
            _ => write!(f, "{}.{}", self.schema, self.name),
        }
    }
}

impl Table {
    /// `FROM` in SQL: of a table that others inherit from, only its own rows.
    pub(crate) fn from(&self) -> String {
        if self.partitioned { self.name.quoted() } else { format!("ONLY {}", self.name.quoted()) }
    }

    /// The column with this number.
    pub(crate) fn numbered(&self, number: i16) -> Option<&Column> {
        self.columns.iter().find(|column| column.number == number)
    }

    /// The column with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns that hold something.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.generated)
    }
}

impl Column {
    /// The type that holds all values of two columns, where they have different types that write the same value otherwise.
    pub(crate) fn common<'c>(&'c self, other: &Column) -> Option<&'c str> {
        let whole = self.whole.as_deref().filter(|_| self.data_type != other.data_type)?;
        (other.data_type == whole || other.whole.as_deref() == Some(whole)).then_some(whole)
    }
}

impl Tables {
    /// The table of this name.
    pub(crate) fn named(&self, name: &Name) -> Option<&Table> {
        self.tables.values().find(|table| table.name == *name)
    }

    /// The sequence of this name.
    pub(crate) fn sequence(&self, name: &Name) -> Option<&Sequence> {
        self.sequences.values().find(|sequence| sequence.name == *name)
    }
}

/// All tables as they were when a transaction had not yet changed anything. What has changed since is told by the transaction that has
/// written a row of the catalogs, so that only those tables are read again; a statement that was rolled back has written none.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    tables: Tables,
    /// The oldest transaction that may not have been finished.
    horizon: String,
}

/// `{changed}` are the relations whose columns are wanted. System catalogs, sessions' own tables and the ledger are nobody's data.
/// `pg_class`, `pg_attribute`, `pg_constraint` of the PostgreSQL manual, "System Catalogs".
const TABLES: &str = "WITH changed AS MATERIALIZED ({changed}) SELECT c.oid, n.nspname, c.relname, c.relkind, \
        (SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition LIMIT 1), \
        c.relfilenode, array_to_string(k.conkey, ' '), a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), \
        a.attgenerated <> '', a.attidentity = 'a', NOT a.attnotnull, \
        CASE WHEN a.atttypid = ANY (y.strings) THEN pg_catalog.format_type(a.atttypid, -1) \
            WHEN t.typbasetype = ANY (y.strings) THEN pg_catalog.format_type(t.typbasetype, -1) \
            ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END, \
        CASE WHEN a.atttypid = ANY (y.strings) OR t.typbasetype = ANY (y.strings) THEN NULL \
            WHEN a.atttypid = ANY (y.floats) OR t.typbasetype = ANY (y.floats) THEN 'numeric' \
            WHEN 'date'::regtype IN (a.atttypid, t.typbasetype) THEN 'timestamp without time zone' \
            WHEN a.atttypmod <> -1 THEN pg_catalog.format_type(a.atttypid, -1) \
            WHEN t.typtypmod <> -1 THEN pg_catalog.format_type(t.typbasetype, -1) END, \
        h.oid IS NOT NULL, x.horizon, x.clean, \
        concat(a.atttypid, (SELECT string_agg(format(' %s %s', m.attname, m.atttypid), ',' ORDER BY m.attnum) \
            FROM pg_catalog.pg_attribute m WHERE m.attrelid = coalesce(e.typrelid, t.typrelid) AND m.attnum > 0 AND NOT m.attisdropped)) \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' \
    LEFT JOIN changed h ON h.oid = c.oid \
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = h.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 'S' \
    LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' \
    CROSS JOIN (SELECT ARRAY['varchar', 'bit', 'varbit', 'varchar[]', 'bit[]', 'varbit[]']::regtype[]::oid[] AS strings, \
        ARRAY['real', 'double precision']::regtype[]::oid[] AS floats) AS y \
    CROSS JOIN (SELECT pg_snapshot_xmin(pg_current_snapshot())::xid AS horizon, pg_current_xact_id_if_assigned() IS NULL AS clean) AS x \
    WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' \
        AND n.nspname NOT IN ('information_schema', 'cargo_schema', 'cargo_schema_stash') \
    ORDER BY c.oid, a.attnum";

/// All relations.
const ALL: &str = "SELECT oid FROM pg_catalog.pg_class";

/// Relations that a transaction since the horizon has changed, and those with a column of a type that it has.
const CHANGED: &str = "WITH written AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_class WHERE {recent} \
        UNION SELECT attrelid FROM pg_catalog.pg_attribute WHERE {recent}), \
    types AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_type WHERE {recent} OR typrelid IN (SELECT oid FROM written)) \
    SELECT oid FROM written UNION SELECT attrelid FROM pg_catalog.pg_attribute WHERE atttypid = ANY (ARRAY( \
        SELECT oid FROM types UNION SELECT t.oid FROM pg_catalog.pg_type t JOIN types ON types.oid = t.typelem))";

/// Looks at all of them.
pub(crate) async fn look<S: Session>(session: &mut S) -> Result<Tables, ApplyError> {
    Ok(read(session, ALL, &Tables::default()).await?.tables)
}

impl Base {
    /// Looks at all of them; also as a base, if this transaction has not yet written anything.
    pub(crate) async fn of<S: Session>(session: &mut S) -> Result<Option<Base>, ApplyError> {
        let found = read(session, ALL, &Tables::default()).await?;
        Ok(found.clean.then_some(Base { tables: found.tables, horizon: found.horizon }))
    }

    /// Looks at what has changed since.
    pub(crate) async fn now<S: Session>(&self, session: &mut S) -> Result<Tables, ApplyError> {
        let recent = format!("age(xmin) <= age('{}'::xid)", self.horizon);
        let found = read(session, &CHANGED.replace("{recent}", &recent), &self.tables).await?;
        if found.complete { Ok(found.tables) } else { look(session).await }
    }
}

struct Found {
    tables: Tables,
    /// Whether the base had every table that was not read.
    complete: bool,
    horizon: String,
    clean: bool,
}

async fn read<S: Session>(session: &mut S, changed: &str, base: &Tables) -> Result<Found, ApplyError> {
    let answer = session.ask(&TABLES.replace("{changed}", changed)).await;
    let answer = answer.map_err(|error| ApplyError::own("looking at the tables of the database", &error))?;
    let mut found = Found { tables: Tables::default(), complete: true, horizon: String::new(), clean: false };
    for row in &answer.rows {
        let text = |at: usize| row[at].as_deref().unwrap_or_default();
        let name = Name { schema: text(1).to_owned(), name: text(2).to_owned() };
        let oid = number(text(0));
        (found.horizon, found.clean) = (text(16).to_owned(), text(17) == "t");
        if text(3) == "S" {
            found.tables.sequences.insert(oid, Sequence { oid, name });
            continue;
        }
        let known = base.tables.get(&oid).filter(|_| text(15) == "f");
        found.complete &= known.is_some() || text(15) == "t";
        let table = found.tables.tables.entry(oid).or_insert_with(|| Table {
            oid,
            name,
            partitioned: text(3) == "p",
            parent: row[4].as_deref().map(number),
            file: number(text(5)),
            columns: known.map(|table| table.columns.clone()).unwrap_or_default(),
            key: text(6).split_ascii_whitespace().map(number).collect(),
        });
        if row[7].is_some() {
            table.columns.push(Column {
                number: number(text(7)),
                name: text(8).to_owned(),
                data_type: text(9).to_owned(),
                shape: text(18).to_owned(),
                cast: text(13).to_owned(),
                whole: row[14].clone(),
                generated: text(10) == "t",
                always_identity: text(11) == "t",
                nullable: text(12) == "t",
            });
        }
    }
    Ok(found)
}

/// A number that the catalogs gave.
fn number<N: std::str::FromStr>(text: &str) -> N {
    text.parse().unwrap_or_else(|_| panic!("the catalogs hold numbers, and `{text}` is none"))
}
