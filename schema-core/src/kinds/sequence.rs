//! Sequences that stand by themselves (`pg_sequence`). The sequence of a serial or identity column belongs to its column.
//!
//! <https://www.postgresql.org/docs/current/sql-createsequence.html>

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim, comment, is_false, namespace_of};
use crate::{
    Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, SqlType, Statement, plan::Context, quote_literal,
    rename::Rename,
};

/// What `CREATE SEQUENCE` and `GENERATED ... AS IDENTITY` share. Absent means PostgreSQL's default for the type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceOptions {
    /// `START WITH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    /// `INCREMENT BY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub increment: Option<i64>,
    /// `MINVALUE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// `MAXVALUE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// `CACHE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<i64>,
    /// `CYCLE`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cycle: bool,
}

impl SequenceOptions {
    /// The options that differ from the defaults, as SQL words.
    pub(super) fn words(&self) -> Vec<String> {
        let number = |word: &str, value: Option<i64>| value.map(|value| format!("{word} {value}"));
        [
            number("INCREMENT BY", self.increment),
            number("MINVALUE", self.min),
            number("MAXVALUE", self.max),
            number("START WITH", self.start),
            number("CACHE", self.cache),
            self.cycle.then(|| "CYCLE".to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn is_descending(&self) -> bool {
        self.increment.is_some_and(|by| by < 0)
    }

    /// The least and the greatest value, as PostgreSQL chooses them where none is given.
    fn bounds(&self, of: &SqlType) -> (i64, i64) {
        let (low, high) = match of.built_in_name() {
            Some("smallint") => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Some("integer") => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let (low, high) = if self.is_descending() { (low, -1) } else { (1, high) };
        (self.min.unwrap_or(low), self.max.unwrap_or(high))
    }

    /// The first value: ascending sequences start at MINVALUE, descending ones at MAXVALUE.
    pub(super) fn first(&self, of: &SqlType) -> i64 {
        let (low, high) = self.bounds(of);
        self.start.unwrap_or(if self.is_descending() { high } else { low })
    }

    /// The words that take one set of options to another; what became absent is set back to its default.
    pub(super) fn changes(diff: &Diff<&Self>, of: &Diff<&SqlType>) -> Vec<String> {
        let (before, after) = (diff.before, diff.after);
        let number = |word: &str, none: &str, after: Option<i64>| {
            after.map_or(none.to_owned(), |value| format!("{word} {value}"))
        };
        // The defaults of MINVALUE and MAXVALUE are those of the direction, and ALTER SEQUENCE keeps the old ones unless told. With
        // a new type in the same statement it takes those of the wrong direction, so then the numbers are written out.
        let turned = before.is_descending() != after.is_descending();
        let (low, high) = (turned || before.min != after.min, turned || before.max != after.max);
        let spelled = turned && of.before != of.after;
        let bounds = after.bounds(of.after);
        let (min, max) = if spelled { (Some(bounds.0), Some(bounds.1)) } else { (after.min, after.max) };
        let first = (before.first(of.before), after.first(of.after));
        let apart = matches!(position(diff, of), Position::Outside);
        [
            (before.increment != after.increment).then(|| number("INCREMENT BY", "INCREMENT BY 1", after.increment)),
            low.then(|| number("MINVALUE", "NO MINVALUE", min)),
            high.then(|| number("MAXVALUE", "NO MAXVALUE", max)),
            (first.0 != first.1).then(|| format!("START WITH {}", first.1)),
            apart.then(|| "RESTART".to_owned()),
            (before.cache != after.cache).then(|| number("CACHE", "CACHE 1", after.cache)),
            (before.cycle != after.cycle).then(|| if after.cycle { "CYCLE" } else { "NO CYCLE" }.to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Brings the position between narrower bounds, outside of which ALTER SEQUENCE refuses it (22023).
    pub(super) fn clamp(name: &QualifiedName, diff: &Diff<&Self>, of: &Diff<&SqlType>) -> Option<Statement> {
        let Position::Clamped { low, high } = position(diff, of) else { return None };
        let least = high.map_or("last_value".to_owned(), |high| format!("least(last_value, {high})"));
        let value = low.map_or(least.clone(), |low| format!("greatest({least}, {low})"));
        let sequence = name.quoted();
        Some(Statement::sql(format!("SELECT setval({}, {value}, is_called) FROM {sequence}", quote_literal(&sequence))))
    }
}

/// Where the position of a sequence is after its bounds have changed.
enum Position {
    /// Still between them.
    Inside,
    /// Perhaps below the new least or above the new greatest value.
    Clamped { low: Option<i64>, high: Option<i64> },
    /// Surely outside.
    Outside,
}

fn position(diff: &Diff<&SequenceOptions>, of: &Diff<&SqlType>) -> Position {
    let (old_low, old_high) = diff.before.bounds(of.before);
    let (low, high) = diff.after.bounds(of.after);
    match (old_low < low, high < old_high) {
        _ if high < old_low || old_high < low => Position::Outside,
        (false, false) => Position::Inside,
        (below, above) => Position::Clamped { low: below.then_some(low), high: above.then_some(high) },
    }
}

/// A free-standing sequence, perhaps owned by a column that it is dropped with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// Its name.
    pub name: QualifiedName,
    /// `AS`: smallint, integer or bigint.
    #[serde(rename = "type", default = "bigint", skip_serializing_if = "is_bigint")]
    pub sql_type: SqlType,
    /// Its options.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: SequenceOptions,
    /// `OWNED BY`: table and column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<(QualifiedName, Ident)>,
    /// `COMMENT ON SEQUENCE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

fn bigint() -> SqlType {
    SqlType::built_in("bigint")
}

fn is_bigint(of: &SqlType) -> bool {
    *of == bigint()
}

fn is_default(options: &SequenceOptions) -> bool {
    *options == SequenceOptions::default()
}

impl Sequence {
    fn target(&self) -> String {
        format!("SEQUENCE {}", self.name.quoted())
    }

    fn owner_words(&self) -> String {
        match &self.owned_by {
            Some((table, column)) => format!("OWNED BY {}.{}", table.quoted(), column.quoted()),
            None => "OWNED BY NONE".to_owned(),
        }
    }
}

impl Kind for Sequence {
    fn id(&self) -> ObjectId {
        ObjectId::top(KindName::Sequence, &self.name)
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        vec![namespace_of(&self.name)]
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        let as_type = (!is_bigint(&self.sql_type)).then(|| format!("AS {}", self.sql_type.sql()));
        let words = as_type.into_iter().chain(self.options.words()).map(|word| format!(" {word}")).collect::<String>();
        let create = Statement::sql(format!("CREATE SEQUENCE {}{words}", self.name.quoted()));
        std::iter::once(create).chain(comment::create(&self.target(), &self.comment)).collect()
    }

    fn owner(&self) -> Option<ObjectId> {
        self.owned_by.as_ref().map(|(table, column)| ObjectId::column(table, column))
    }

    /// The owner's default may call the sequence, so ownership is said when both exist.
    fn finish(&self) -> Option<(Vec<ObjectId>, Vec<Statement>)> {
        let (table, column) = self.owned_by.as_ref()?;
        let statement = Statement::sql(format!("ALTER SEQUENCE {} {}", self.name.quoted(), self.owner_words()));
        Some((vec![ObjectId::column(table, column)], vec![statement]))
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP SEQUENCE {}", self.name.quoted()))]
    }

    fn alter(diff: &Diff<&Self>, _context: &Context) -> Alteration {
        let (before, after) = (diff.before, diff.after);
        let as_type = (before.sql_type != after.sql_type).then(|| format!("AS {}", after.sql_type.sql()));
        let options = Diff { before: &before.options, after: &after.options };
        let of = Diff { before: &before.sql_type, after: &after.sql_type };
        let clamp = SequenceOptions::clamp(&after.name, &options, &of);
        let options = SequenceOptions::changes(&options, &of);
        // The old owner may go, and would take the sequence along; the new one is named when it exists.
        let owner =
            (before.owned_by != after.owned_by && before.owned_by.is_some()).then(|| "OWNED BY NONE".to_owned());
        let words: Vec<String> = as_type.into_iter().chain(options).chain(owner).collect();
        let comments = Diff { before: &before.comment, after: &after.comment };
        let head = format!("ALTER SEQUENCE {}", after.name.quoted());
        let altered = (!words.is_empty()).then(|| Statement::sql(format!("{head} {}", words.join(" "))));
        Alteration::Statements(
            clamp.into_iter().chain(altered).chain(comment::alter(&after.target(), &comments)).collect(),
        )
    }

    fn claims(&self) -> Vec<NameClaim> {
        NameClaim::sequence(&self.name)
    }

    fn follow(&mut self, rename: &Rename) {
        rename.follow_name(KindName::Sequence, &mut self.name);
        if let Some((table, column)) = &mut self.owned_by {
            rename.follow_column(table, column);
            rename.follow_table(table);
        }
    }

    fn with_name(&self, name: &Ident) -> Self {
        Sequence { name: self.name.sibling(name.clone()), ..self.clone() }
    }

    fn drop_hazards(&self) -> Vec<Hazard> {
        vec![Hazard::loss(&self.id(), format!("sequence `{}` is dropped and its position is lost", self.name))]
    }
}
