//! How an entry of the stash goes back into its table, in SQL.
//!
//! The statements read the entry's copy as `s` and the table as `t`, and take from the copy what is in the table when they are done, so
//! that nothing leaves the stash unseen.

use schema_core::{quote_ident, quote_literal};

use super::entry::{Entry, StashKind};
use super::restore::RETURNED;
use super::stash::{copy, key_expression, rank};
use super::tables::{Column, Name, Table};

/// An entry, and the columns of the table that can take it.
pub(crate) struct Way<'w> {
    entry: &'w Entry,
    table: &'w Table,
    /// The place of each value in the copy, and its column.
    columns: Vec<(usize, &'w Column)>,
    /// The primary key or, for values, what else tells rows apart, when the table still has all of it.
    key: Option<Vec<&'w str>>,
}

/// Values that the table has no column for, or whose column rounds or cuts them, and the entry of their own that they move to.
pub(crate) struct Moved {
    /// Their place in the copy.
    pub place: usize,
    /// Their entry.
    pub entry: i64,
}

impl<'w> Way<'w> {
    /// None when the table has no column for it.
    pub(crate) fn new(entry: &'w Entry, table: &'w Table) -> Option<Way<'w>> {
        let home = |name: &String| table.named(name).filter(|column| !column.generated);
        let columns: Vec<(usize, &Column)> =
            entry.shown.columns.iter().enumerate().filter_map(|(at, name)| Some((at + 1, home(name)?))).collect();
        let key: Option<Vec<&str>> = entry.key.iter().map(|name| Some(table.named(name)?.name.as_str())).collect();
        let key = key.filter(|key| !key.is_empty());
        (!columns.is_empty() && (!entry.by_key() || key.is_some())).then_some(Way { entry, table, columns, key })
    }

    /// The columns that get values.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'w Column> {
        self.columns.iter().map(|(_, column)| *column)
    }

    /// Columns of whole rows that the table does not have, with their places.
    pub(crate) fn missing(&self) -> Vec<(usize, &'w str)> {
        let columns = self.entry.shown.columns.iter().enumerate().map(|(at, name)| (at + 1, name.as_str()));
        let is_missing = |place: usize| self.columns.iter().all(|(known, _)| *known != place);
        columns.filter(|(place, _)| !self.entry.by_key() && is_missing(*place)).collect()
    }

    /// Columns that may round or cut what they take, with their places. What they do not hold is kept as values of its own.
    pub(crate) fn rounding(&self) -> Vec<(usize, &'w str)> {
        let rounding = self.columns.iter().filter(|(_, column)| self.rounds(column));
        rounding.map(|(place, column)| (*place, column.name.as_str())).collect()
    }

    fn rounds(&self, column: &Column) -> bool {
        let known = self.key.as_ref().filter(|_| self.entry.by_key() || self.entry.unique);
        column.whole.is_some() && known.is_some_and(|key| !key.contains(&column.name.as_str()))
    }

    /// What tells rows apart, and whether it is the primary key: that, or all that the table has of them.
    pub(crate) fn row_key(&self) -> (Vec<&'w str>, bool) {
        match (self.primary_key(), &self.key) {
            (Some(key), _) => (key.clone(), true),
            (None, Some(key)) if self.entry.by_key() => (key.clone(), false),
            _ => (self.columns().map(|column| column.name.as_str()).collect(), false),
        }
    }

    fn primary_key(&self) -> Option<&Vec<&'w str>> {
        self.key.as_ref().filter(|_| self.entry.unique)
    }

    /// All rows in one go.
    pub(crate) fn together(&self, moved: &[Moved]) -> String {
        let mut statements: Vec<String> = self.known(moved).into_iter().collect();
        statements.extend(self.statements("true", moved));
        statements.join("; ")
    }

    /// Values of rows that have just come back; those whose row has another value by now have been changed since.
    pub(crate) fn returned(&self, moved: &[Moved]) -> String {
        let unchanged = match (self.entry.shown.kind, self.columns.first()) {
            (StashKind::Values, Some((_, column))) => {
                format!(" AND t.{}::text IS NOT DISTINCT FROM s.n", quote_ident(&column.name))
            }
            _ => String::new(),
        };
        let key = self.key.as_deref().unwrap_or_default();
        let of_returned = format!("s.k IN (SELECT k FROM {RETURNED}){}", self.fits());
        let update = self.update(key, &format!("{of_returned}{unchanged}"));
        let taken = self.taken(&self.source(), &format!("{of_returned} AND {}", self.has_no_other_row(key)), moved);
        format!("{update}; {taken}")
    }

    /// Takes out of the copy the values of rows that are neither in the table nor in the stash.
    pub(crate) fn without_deleted(&self) -> String {
        let rows = self.numbered(self.key.as_deref().unwrap_or_default(), self.entry.unique);
        format!(
            "DELETE FROM {} AS s WHERE NOT EXISTS (SELECT FROM {rows} AS n WHERE n.k = s.k) AND NOT EXISTS ({})",
            self.entry.copy(),
            rows_of(&self.entry.name)
        )
    }

    /// The keys of whole rows; none where nothing but all of their values tells them apart.
    pub(crate) fn keys_of_rows(&self) -> Option<String> {
        self.primary_key().map(|_| format!("SELECT s.k FROM {} AS s", self.source()))
    }

    /// Row by row. Rows that wait for others of the same entry come in a later round.
    pub(crate) fn single(&self, moved: &[Moved]) -> String {
        let mut statements = self.statements("s.place = $1", moved);
        let taken = statements.pop().unwrap_or_default();
        let execute = |sql: &String| format!("EXECUTE {} USING row_place;", quote_literal(sql));
        let writes: String = statements.iter().map(execute).collect();
        let known = self.known(moved).map(|sql| format!("EXECUTE {};", quote_literal(&sql))).unwrap_or_default();
        let body = format!(
            "DECLARE row_place tid; gone bigint; moved bigint; BEGIN {known} LOOP moved := 0; \
             FOR row_place IN SELECT ctid FROM {} LOOP BEGIN {writes} \
             EXECUTE {} INTO gone USING row_place; moved := moved + gone; \
             EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN NULL; END; END LOOP; \
             EXIT WHEN moved = 0; END LOOP; END",
            self.entry.copy(),
            quote_literal(&taken)
        );
        format!("DO {}", quote_literal(&body))
    }

    /// Of a whole table whose rows have no key: takes out of the copy those that a text has written again.
    fn known(&self, moved: &[Moved]) -> Option<String> {
        let whole = self.entry.shown.kind == StashKind::Table && self.primary_key().is_none();
        let all: Vec<&str> = self.columns().map(|column| column.name.as_str()).collect();
        let there = format!(
            "EXISTS (SELECT FROM {} AS n WHERE n.k = s.k AND n.r = s.r){}",
            self.numbered(&all, false),
            self.fits()
        );
        whole.then(|| self.taken(&self.ranked(), &there, moved))
    }

    /// Writes the rows that a condition on `s` names; the last statement takes out of the copy what is in the table then, and counts it.
    fn statements(&self, condition: &str, moved: &[Moved]) -> Vec<String> {
        let condition = &format!("{condition}{}", self.fits());
        let taken = |there: &str| self.taken(&self.source(), &format!("{condition}{there}"), moved);
        match (self.entry.shown.kind, self.primary_key(), &self.key) {
            (StashKind::Column | StashKind::Values, _, Some(key)) => {
                vec![self.update(key, condition), taken(&format!(" AND {}", self.has_no_other_row(key)))]
            }
            (StashKind::Table, Some(key), _) => {
                vec![self.update(key, condition), self.insert(Some(key), condition), taken("")]
            }
            // Another row may have the key by now.
            (_, Some(key), _) => {
                vec![self.insert(Some(key), condition), taken(&format!(" AND {}", self.is_there(key)))]
            }
            _ => vec![self.insert(None, condition), taken("")],
        }
    }

    /// That no value is rounded or cut which could not be kept beside its row. Such a row stays as it is.
    fn fits(&self) -> String {
        let rounding = self.columns.iter().filter(|(_, column)| column.whole.is_some() && !self.rounds(column));
        rounding.map(|(place, column)| format!(" AND {}", is_whole("s", *place, column))).collect()
    }

    /// Whether values are in their row, or their row was deleted. It may come back itself as long as rows of the table are in the stash;
    /// and one that is told apart by its values may only have been changed.
    fn has_no_other_row(&self, key: &[&str]) -> String {
        let deleted = match self.entry.unique {
            true => format!(" OR NOT EXISTS ({})", rows_of(&self.entry.name)),
            false => String::new(),
        };
        format!(
            "(EXISTS (SELECT FROM {} AS n WHERE n.k = s.k AND n.r = s.r){deleted})",
            self.numbered(key, self.entry.unique)
        )
    }

    /// Whether the table has exactly this row.
    fn is_there(&self, key: &[&str]) -> String {
        let same = self.columns.iter().map(|(place, column)| {
            let (name, value) = (quote_ident(&column.name), value("s", *place, column));
            format!(" AND t.{name}::text IS NOT DISTINCT FROM ({value})::text")
        });
        let rows = format!("(SELECT {}, t.* FROM {} AS t)", key_expression("t", key), self.table.from());
        format!("EXISTS (SELECT FROM {rows} AS t WHERE t.k = s.k{})", same.collect::<String>())
    }

    /// The copy, with the place of each of its rows. Whole rows are known by their values as the table has them now.
    fn source(&self) -> String {
        let copy = self.entry.copy();
        if self.entry.by_key() {
            return format!("(SELECT s.ctid AS place, s.* FROM {copy} AS s)");
        }
        let of_key = |name: &&str| self.columns.iter().find(|(_, column)| column.name == *name);
        let values: Option<Vec<String>> = self
            .row_key()
            .0
            .iter()
            .map(|name| of_key(name).map(|(place, column)| value("s", *place, column)))
            .collect();
        // A generated column of a key is not among the values.
        let key = values.map_or("s.k".to_owned(), |values| format!("ROW({})::text", values.join(", ")));
        let places: String = (1..=self.entry.shown.columns.len()).map(|place| format!(", s.v{place}")).collect();
        format!("(SELECT s.ctid AS place, {key} AS k, 1::bigint AS r{places} FROM {copy} AS s)")
    }

    /// The same with the number of each row among equal ones.
    fn ranked(&self) -> String {
        let places: String = (1..=self.entry.shown.columns.len()).map(|place| format!(", x.v{place}")).collect();
        format!("(SELECT x.place, x.k, row_number() OVER (PARTITION BY x.k) AS r{places} FROM {} AS x)", self.source())
    }

    /// The rows of the table with their keys.
    fn numbered(&self, key: &[&str], unique: bool) -> String {
        format!(
            "(SELECT {}, {} AS r, t.tableoid AS relation, t.ctid AS place FROM {} AS t)",
            key_expression("t", key),
            rank("t", key, unique),
            self.table.from()
        )
    }

    /// Takes rows out of the copy, and counts them. Values that the table has no column for go to entries of their own.
    fn taken(&self, source: &str, condition: &str, moved: &[Moved]) -> String {
        let keep = |one: &Moved| {
            let Moved { place, entry } = one;
            let copy = copy(*entry);
            let column = self.columns.iter().find(|(known, _)| known == place);
            let kept = match column {
                None => format!(
                    "SELECT g.k, row_number() OVER (PARTITION BY g.k) + (SELECT count(*) FROM {copy} AS o WHERE o.k = g.k), g.v{place} \
                     FROM gone AS g WHERE g.v{place} IS NOT NULL"
                ),
                Some((_, column)) => format!(
                    "SELECT g.k, g.r, g.v{place}, ({})::text FROM gone AS g WHERE NOT {}",
                    value("g", *place, column),
                    is_whole("g", *place, column)
                ),
            };
            format!(", kept{place} AS (INSERT INTO {copy} {kept})")
        };
        format!(
            "WITH gone AS (DELETE FROM {} AS c USING {source} AS s WHERE c.ctid = s.place AND {condition} RETURNING s.*){} \
             SELECT count(*) FROM gone",
            self.entry.copy(),
            moved.iter().map(keep).collect::<String>()
        )
    }

    fn update(&self, key: &[&str], condition: &str) -> String {
        let settable = self.columns.iter().filter(|(_, column)| !key.contains(&column.name.as_str()));
        let (set, differs): (Vec<String>, Vec<String>) = settable
            .map(|(place, column)| {
                let name = quote_ident(&column.name);
                (
                    format!("{name} = {}", value("s", *place, column)),
                    format!("t.{name}::text IS DISTINCT FROM s.v{place}"),
                )
            })
            .unzip();
        if set.is_empty() {
            return "SELECT".to_owned();
        }
        format!(
            "UPDATE {} AS t SET {} FROM {} AS n, {} AS s WHERE n.k = s.k AND n.r = s.r AND t.tableoid = n.relation \
             AND t.ctid = n.place AND ({}) AND {condition}",
            self.table.from(),
            set.join(", "),
            self.numbered(key, self.entry.unique),
            self.source(),
            differs.join(" OR ")
        )
    }

    fn insert(&self, key: Option<&Vec<&str>>, condition: &str) -> String {
        let names: Vec<String> = self.columns().map(|column| quote_ident(&column.name)).collect();
        let values: Vec<String> = self.columns.iter().map(|(place, column)| value("s", *place, column)).collect();
        let absent = match key {
            None => String::new(),
            Some(key) => {
                format!(" AND NOT EXISTS (SELECT FROM {} AS n WHERE n.k = s.k)", self.numbered(key, self.entry.unique))
            }
        };
        format!(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} AS s WHERE {condition}{absent}",
            self.table.name.quoted(),
            names.join(", "),
            values.join(", "),
            self.source()
        )
    }
}

/// A stashed text as the value of a column.
fn value(alias: &str, place: usize, column: &Column) -> String {
    format!("{alias}.v{place}::{}", column.cast)
}

/// Whether a column holds a stashed text without rounding or cutting it.
fn is_whole(alias: &str, place: usize, column: &Column) -> String {
    let (text, value) = (format!("{alias}.v{place}"), value(alias, place, column));
    match &column.whole {
        None => "true".to_owned(),
        Some(whole) => format!(
            "CASE WHEN {text} IS NOT DISTINCT FROM ({value})::text THEN true ELSE {text}::{whole} = ({value})::text::{whole} END"
        ),
    }
}

/// The entries that hold rows of a table: of any namespace, because rows move aside with those that reference them.
pub(crate) fn rows_of(table: &Name) -> String {
    format!(
        "SELECT FROM cargo_schema_stash.entry WHERE kind IN ('table', 'rows') AND table_schema = {} AND table_name = {}",
        quote_literal(&table.schema),
        quote_literal(&table.name)
    )
}
