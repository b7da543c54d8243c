//! Sequences (`pg_sequence`): those behind serial and identity columns go to their columns, the others stand by themselves.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Row;
use schema_core::{
    Ident, QualifiedName, SqlType,
    kinds::{Sequence, SequenceOptions},
    sql::string_literals,
};

use super::{
    CatalogError,
    column::Columns,
    reader::{Reader, class},
    table::Tables,
};

/// The owner is an automatic (`a`, OWNED BY) or internal (`i`, identity) dependency on a column. Since 15 the sequence of an unlogged
/// table is unlogged with it.
const SQL: &str = "SELECT c.oid, c.relnamespace, c.relname, c.relpersistence <> 'p' AND coalesce(o.relpersistence, 'p') = 'p' AS unlogged, \
        c.relpersistence = 'p' AND o.relpersistence = 'u' AND 150000 <= current_setting('server_version_num')::integer AS logged, \
        format_type(s.seqtypid, NULL) AS type, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, \
        d.refobjid, d.refobjsubid, d.deptype = 'i' AS identity \
    FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid \
        LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 \
            AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') \
        LEFT JOIN pg_class o ON o.oid = d.refobjid \
    WHERE c.relkind = 'S' AND c.relnamespace = ANY($1)";

/// A sequence and the column it belongs to.
struct Found {
    sequence: Sequence,
    owner: Option<(u32, i16)>,
    identity: bool,
    /// Logged, though its table is not.
    logged: bool,
}

/// The sequences that no column has taken yet.
#[derive(Default)]
pub(super) struct Sequences {
    found: Vec<Found>,
    /// Places in `found` by owning column.
    owned: BTreeMap<(u32, i16), Vec<usize>>,
    taken: BTreeSet<usize>,
    /// The calls by defaults; filled before columns ask.
    pub calls: Calls,
}

pub(super) fn read(reader: &mut Reader<'_>, tables: &Tables) -> Result<Sequences, CatalogError> {
    let mut sequences = Sequences::default();
    for row in reader.managed_rows("sequences", SQL)? {
        let oid = row.get("oid");
        if reader.is_member(class::RELATION, oid) {
            continue;
        }
        let name = reader.name(&row, "relnamespace", "relname")?;
        let owner = owner(&row);
        // The parts of a table that the model does not know go with it, but a sequence has a name of its own.
        if let Some(unknown) = owner.map(|(table, _)| table).filter(|table| tables.name(*table).is_none()) {
            let table = tables.any_name(unknown).map(QualifiedName::quoted).unwrap_or_default();
            reader.unmanaged("sequence of an unmanaged table", format!("{} of {table}", name.quoted()));
            continue;
        }
        if row.get("unlogged") {
            reader.unmanaged("unlogged sequence", name.quoted());
            continue;
        }
        let logged = row.get::<_, Option<bool>>("logged") == Some(true);
        let sql_type = reader.sql_type(|| name.quoted(), row.get("type"))?;
        let options = options(&row, &sql_type);
        let comment = reader.comment(class::RELATION, oid, 0);
        let identity = row.get::<_, Option<bool>>("identity").unwrap_or_default();
        let sequence = Sequence { name, sql_type, options, owned_by: None, comment };
        sequences.add(Found { sequence, owner, identity, logged });
    }
    Ok(sequences)
}

fn owner(row: &Row) -> Option<(u32, i16)> {
    let number = i16::try_from(row.get::<_, Option<i32>>("refobjsubid")?).ok()?;
    Some((row.get::<_, Option<u32>>("refobjid")?, number))
}

/// The options that differ from what PostgreSQL chooses for the type (`init_params` in `sequence.c`).
fn options(row: &Row, sql_type: &SqlType) -> SequenceOptions {
    let (smallest, largest) = match sql_type.built_in_name() {
        Some("smallint") => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Some("integer") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let number = |column| row.get::<_, i64>(column);
    let unless = |value: i64, usual: i64| (value != usual).then_some(value);
    let (increment, min, max) = (number("seqincrement"), number("seqmin"), number("seqmax"));
    let descending = increment < 0;
    SequenceOptions {
        start: unless(number("seqstart"), if descending { max } else { min }),
        increment: unless(increment, 1),
        min: unless(min, if descending { smallest } else { 1 }),
        max: unless(max, if descending { -1 } else { largest }),
        cache: unless(number("seqcache"), 1),
        cycle: row.get("seqcycle"),
    }
}

impl Sequences {
    fn add(&mut self, found: Found) {
        if let Some(owner) = found.owner {
            self.owned.entry(owner).or_default().push(self.found.len());
        }
        self.found.push(found);
    }

    /// A column that is made makes a sequence that is logged as the table is. Of one that is made alone nothing is said: after a
    /// crash it only goes on where it was.
    fn take(&mut self, reader: &mut Reader<'_>, place: usize) {
        self.taken.insert(place);
        if self.found[place].logged {
            reader.unmanaged("logged sequence of an unlogged table", self.found[place].sequence.name.quoted());
        }
    }

    /// The sequence behind an identity column.
    pub fn identity(&mut self, reader: &mut Reader<'_>, column: (u32, i16)) -> Option<(Ident, SequenceOptions)> {
        let owned = self.owned.get(&column).into_iter().flatten();
        let place = owned.copied().find(|place| self.found[*place].identity)?;
        self.take(reader, place);
        let sequence = &self.found[place].sequence;
        if sequence.comment.is_some() {
            reader.unmanaged("comment on the sequence of an identity column", sequence.name.quoted());
        }
        Some((sequence.name.name.clone(), sequence.options.clone()))
    }

    /// The sequence of a `serial` column: what `serial` would have made, and nothing said about it.
    pub fn serial(
        &mut self,
        reader: &mut Reader<'_>,
        column: (u32, i16),
        default: &str,
        table: &QualifiedName,
        of: &SqlType,
    ) -> Option<Ident> {
        let owned = self.owned.get(&column).into_iter().flatten();
        let place = owned.copied().find(|place| {
            let found = &self.found[*place];
            let usual = Sequence {
                name: table.sibling(found.sequence.name.name.clone()),
                sql_type: of.clone(),
                options: SequenceOptions::default(),
                owned_by: None,
                comment: None,
            };
            let called = default == next_value(&usual.name) && !self.calls.shared(&usual.name);
            called && !found.identity && found.sequence == usual
        })?;
        self.take(reader, place);
        Some(self.found[place].sequence.name.name.clone())
    }

    /// Adds the sequences that no column has taken.
    pub fn free_standing(self, reader: &mut Reader<'_>, columns: &Columns) {
        for (place, found) in self.found.into_iter().enumerate() {
            if self.taken.contains(&place) {
                continue;
            }
            let owned_by = found.owner.and_then(|(table, number)| columns.qualified(table, number));
            reader.insert(Sequence { owned_by, ..found.sequence });
        }
    }
}

/// A name as PostgreSQL writes it into a `regclass` literal under an empty search path.
fn written(name: &QualifiedName) -> String {
    format!("{}.{}", name.schema.quoted(), name.name.quoted())
}

/// The default of a serial column.
fn next_value(name: &QualifiedName) -> String {
    format!("nextval('{}'::regclass)", written(name).replace('\'', "''"))
}

/// How often defaults call each sequence, by its name in the literal.
#[derive(Default)]
pub(super) struct Calls(BTreeMap<String, usize>);

impl Calls {
    /// Counts the calls of one default; says whether it may call any.
    pub fn count(&mut self, default: &str) -> bool {
        let calls = default.contains("nextval(");
        if calls {
            for literal in string_literals(default) {
                *self.0.entry(literal).or_default() += 1;
            }
        }
        calls
    }

    /// Whether two columns call it: then it is an object that both need, and belongs to neither.
    fn shared(&self, name: &QualifiedName) -> bool {
        self.0.get(&written(name)).is_some_and(|calls| 1 < *calls)
    }
}
