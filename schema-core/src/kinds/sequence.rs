//! Sequences that stand by themselves (`pg_sequence`). The sequence of a serial or identity column belongs to its column.
//!
//! <https://www.postgresql.org/docs/current/sql-createsequence.html>

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim, comment, is_false, namespace_of};
use crate::{
    Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, SqlType, Statement, plan::Context, rename::Rename,
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

    /// The words that take one set of options to another; what became absent is set back to its default.
    pub(super) fn changes(diff: &Diff<&Self>) -> Vec<String> {
        let (before, after) = (diff.before, diff.after);
        let number = |word: &str, none: &str, before: Option<i64>, after: Option<i64>| {
            (before != after).then(|| after.map_or(none.to_owned(), |value| format!("{word} {value}")))
        };
        // Ascending sequences start at MINVALUE, descending ones at MAXVALUE, and both default to 1 and -1.
        let descending = after.increment.is_some_and(|by| by < 0);
        let first = if descending { after.max.unwrap_or(-1) } else { after.min.unwrap_or(1) };
        let implied = |of: &Self| of.start.or(if descending { of.max } else { of.min });
        [
            number("INCREMENT BY", "INCREMENT BY 1", before.increment, after.increment),
            number("MINVALUE", "NO MINVALUE", before.min, after.min),
            number("MAXVALUE", "NO MAXVALUE", before.max, after.max),
            number("START WITH", &format!("START WITH {first}"), implied(before), after.start.or(implied(after))),
            number("CACHE", "CACHE 1", before.cache, after.cache),
            (before.cycle != after.cycle).then(|| if after.cycle { "CYCLE" } else { "NO CYCLE" }.to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect()
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
        let options = SequenceOptions::changes(&Diff { before: &before.options, after: &after.options });
        let owner = (before.owned_by != after.owned_by).then(|| after.owner_words());
        let words: Vec<String> = as_type.into_iter().chain(options).chain(owner).collect();
        let comments = Diff { before: &before.comment, after: &after.comment };
        let head = format!("ALTER SEQUENCE {}", after.name.quoted());
        let altered = (!words.is_empty()).then(|| Statement::sql(format!("{head} {}", words.join(" "))));
        Alteration::Statements(altered.into_iter().chain(comment::alter(&after.target(), &comments)).collect())
    }

    fn claims(&self) -> Vec<NameClaim> {
        vec![NameClaim::Relation(self.name.clone())]
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
