//! Columns (`pg_attribute`) with what belongs to them alone: type, nullability, default, identity, serial, generation.
//!
//! How one definition becomes another is in `column_alter`.

use serde::{Deserialize, Serialize};

use super::{
    Alteration, ColumnRef, ColumnSettings, Kind, NameClaim, NotNull, Retyped, SequenceOptions, column_alter,
    column_moves, column_settings::Heirs, comment,
};
use crate::{
    DEFAULT_SCHEMA, Diff, Expr, Hazard, Ident, Joins, KindName, ObjectId, QualifiedName, Schema, SqlType, Statement,
    default_name, plan::Context, rename::Rename,
};

/// One column of a table.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The table.
    pub table: QualifiedName,
    /// Its name.
    pub name: Ident,
    /// Its type.
    #[serde(rename = "type")]
    pub sql_type: SqlType,
    /// Whether it takes NULL.
    #[serde(rename = "null", default, skip_serializing_if = "super::is_false")]
    pub nullable: bool,
    /// How, when it takes none.
    #[serde(default, skip_serializing_if = "NotNull::is_default")]
    pub not_null: NotNull,
    /// `COLLATE`; a collation of `pg_catalog` is written without its PostgreSQL schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// Where a value comes from when none is given.
    #[serde(default, skip_serializing_if = "ColumnValue::is_none")]
    pub value: ColumnValue,
    /// How it is stored.
    #[serde(default, skip_serializing_if = "ColumnSettings::is_default")]
    pub settings: ColumnSettings,
    /// `COMMENT ON COLUMN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The place in `CREATE TABLE`. PostgreSQL cannot move a column, so it is no part of the comparison.
    #[serde(skip)]
    pub ordinal: u32,
}

impl PartialEq for Column {
    fn eq(&self, other: &Column) -> bool {
        let Column { table, name, sql_type, nullable, not_null, collation, value, settings, comment, ordinal: _ } =
            self;
        *table == other.table
            && *name == other.name
            && *sql_type == other.sql_type
            && *nullable == other.nullable
            && *not_null == other.not_null
            && *collation == other.collation
            && *value == other.value
            && *settings == other.settings
            && *comment == other.comment
    }
}

/// Where the value of a column comes from when an INSERT gives none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnValue {
    /// NULL.
    #[default]
    None,
    /// `DEFAULT expression`.
    Default(Expr),
    /// `GENERATED ... AS IDENTITY`.
    Identity(Identity),
    /// `smallserial`, `serial` or `bigserial`: an owned sequence and a default that calls it.
    Serial {
        /// The sequence's name.
        sequence: Ident,
    },
    /// `GENERATED ALWAYS AS (expression) STORED`.
    Generated(Expr),
    /// `GENERATED ALWAYS AS (expression) VIRTUAL` (PostgreSQL 18): computed when it is read, and held by no row.
    Virtual(Expr),
}

impl ColumnValue {
    fn is_none(&self) -> bool {
        *self == ColumnValue::None
    }

    /// Whether PostgreSQL computes it from the other columns of its row, so that no statement may give it.
    pub fn is_generated(&self) -> bool {
        matches!(self, ColumnValue::Generated(_) | ColumnValue::Virtual(_))
    }

    /// The expression that it is computed from.
    pub fn generated(&self) -> Option<&Expr> {
        self.expr().filter(|_| self.is_generated())
    }

    fn expr_mut(&mut self) -> Option<&mut Expr> {
        match self {
            ColumnValue::Default(expr) | ColumnValue::Generated(expr) | ColumnValue::Virtual(expr) => Some(expr),
            ColumnValue::None | ColumnValue::Identity(_) | ColumnValue::Serial { .. } => None,
        }
    }

    /// The default or generation expression.
    pub fn expr(&self) -> Option<&Expr> {
        match self {
            ColumnValue::Default(expr) | ColumnValue::Generated(expr) | ColumnValue::Virtual(expr) => Some(expr),
            ColumnValue::None | ColumnValue::Identity(_) | ColumnValue::Serial { .. } => None,
        }
    }

    /// The sequence that the column owns.
    pub fn sequence(&self) -> Option<&Ident> {
        match self {
            ColumnValue::Identity(identity) => Some(&identity.sequence),
            ColumnValue::Serial { sequence } => Some(sequence),
            ColumnValue::None | ColumnValue::Default(_) | ColumnValue::Generated(_) | ColumnValue::Virtual(_) => None,
        }
    }
}

/// An identity column's properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Whether an INSERT may give a value.
    pub mode: IdentityMode,
    /// The name of the sequence behind it.
    pub sequence: Ident,
    /// The options of the sequence.
    #[serde(default, skip_serializing_if = "super::SequenceOptions::is_default")]
    pub options: SequenceOptions,
}

impl SequenceOptions {
    fn is_default(&self) -> bool {
        *self == SequenceOptions::default()
    }
}

/// `GENERATED ALWAYS` or `GENERATED BY DEFAULT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityMode {
    /// An INSERT with a value fails unless it says `OVERRIDING SYSTEM VALUE`.
    Always,
    /// An INSERT may give a value.
    ByDefault,
}

impl IdentityMode {
    pub(super) fn words(self) -> &'static str {
        match self {
            IdentityMode::Always => "ALWAYS",
            IdentityMode::ByDefault => "BY DEFAULT",
        }
    }
}

impl Column {
    /// A NOT NULL column without a default.
    pub fn new(table: QualifiedName, name: Ident, sql_type: SqlType) -> Column {
        let (nullable, collation, value, comment, ordinal) = (false, None, ColumnValue::None, None, 0);
        let (not_null, settings) = (NotNull::default(), ColumnSettings::default());
        Column { table, name, sql_type, nullable, not_null, collation, value, settings, comment, ordinal }
    }

    /// The name PostgreSQL gives the sequence of a serial or identity column.
    pub fn default_sequence(table: &QualifiedName, column: &Ident) -> Ident {
        default_name(table.name.as_str(), column.as_str(), "seq")
    }

    /// Whether PostgreSQL fills the column of rows that exist when it is added.
    pub(super) fn fills_itself(&self) -> bool {
        self.may_hold_null() || self.value != ColumnValue::None
    }

    /// Whether the type itself takes no NULL: a domain that says NOT NULL, without a default that would stand in.
    pub(crate) fn refuses_null(&self, schema: &Schema) -> bool {
        let domain = self.sql_type.user_type().map(|name| schema.get(&ObjectId::top(KindName::Domain, name)));
        let strict = |domain: &super::Domain| domain.not_null && domain.default.is_none();
        let strict = matches!(domain, Some(Some(super::Object::Domain(domain))) if strict(domain));
        strict && !self.sql_type.array && self.value == ColumnValue::None
    }

    /// Whether its values are of another type, modifier or collation in `after`.
    pub(crate) fn is_retyped(&self, after: &Column) -> bool {
        self.sql_type != after.sql_type || self.collation != after.collation
    }

    pub(super) fn target(&self) -> String {
        format!("COLUMN {}.{}", self.table.quoted(), self.name.quoted())
    }

    /// The sequence's qualified name: it lives beside the table.
    pub(super) fn sequence_name(&self, sequence: &Ident) -> QualifiedName {
        self.table.sibling(sequence.clone())
    }

    /// `name type ...` as CREATE TABLE and ADD COLUMN take it.
    pub(super) fn definition(&self) -> String {
        let mut text = format!("{} {}", self.name.quoted(), self.type_words());
        if let Some(collation) = &self.collation {
            text.push_str(&format!(" COLLATE {}", collation.quoted()));
        }
        match &self.value {
            ColumnValue::None | ColumnValue::Serial { .. } => {}
            ColumnValue::Default(expr) => text.push_str(&format!(" DEFAULT {}", expr.as_default())),
            ColumnValue::Identity(identity) => text.push_str(&format!(" {}", self.identity_words(identity))),
            ColumnValue::Generated(expr) => text.push_str(&format!(" GENERATED ALWAYS AS ({expr}) STORED")),
            ColumnValue::Virtual(expr) => text.push_str(&format!(" GENERATED ALWAYS AS ({expr}) VIRTUAL")),
        }
        text.push_str(self.not_null_words());
        text
    }

    fn type_words(&self) -> String {
        match (&self.value, self.sql_type.built_in_name()) {
            (ColumnValue::Serial { .. }, Some("smallint")) => "smallserial".to_owned(),
            (ColumnValue::Serial { .. }, Some("bigint")) => "bigserial".to_owned(),
            (ColumnValue::Serial { .. }, _) => "serial".to_owned(),
            _ => self.sql_type.sql(),
        }
    }

    pub(super) fn identity_words(&self, identity: &Identity) -> String {
        let mut words = identity.options.words();
        if identity.sequence != Column::default_sequence(&self.table, &self.name) {
            words.insert(0, format!("SEQUENCE NAME {}", self.sequence_name(&identity.sequence).quoted()));
        }
        let options = if words.is_empty() { String::new() } else { format!(" ({})", words.join(" ")) };
        format!("GENERATED {} AS IDENTITY{options}", identity.mode.words())
    }

    /// `serial` takes no name for its sequence, so another name is given afterwards.
    fn name_sequence(&self) -> Option<Statement> {
        let ColumnValue::Serial { sequence } = &self.value else { return None };
        let chosen = Column::default_sequence(&self.table, &self.name);
        (*sequence != chosen).then(|| {
            let chosen = self.sequence_name(&chosen).quoted();
            Statement::sql(format!("ALTER SEQUENCE {chosen} RENAME TO {}", sequence.quoted()))
        })
    }

    /// What its definition has no words for.
    pub(super) fn after_definition(&self, heirs: &Heirs) -> Vec<Statement> {
        let mut statements: Vec<Statement> = self.name_sequence().into_iter().chain(self.not_null_after()).collect();
        statements.extend(ColumnSettings::create(self, heirs));
        statements.extend(comment::create(&self.target(), &self.comment));
        statements
    }
}

/// The types and sequences that an expression names.
pub(super) fn expr_requires(expr: &Expr, schema: &Schema) -> Vec<ObjectId> {
    let types = [KindName::Enum, KindName::Domain].into_iter().flat_map(|kind| schema.of_kind(kind));
    let named = types.map(|object| object.id()).filter(|id| expr.mentions(id.name()));
    let sequences = schema.of_kind(KindName::Sequence).map(|object| object.id()).filter(|id| expr.quotes(id.name()));
    named.chain(sequences).collect()
}

/// What declares a type: an enum, a domain, a statement, or one of the extensions in its PostgreSQL schema.
pub(super) fn type_requires(of: &SqlType, schema: &Schema) -> Vec<ObjectId> {
    let Some(name) = of.user_type() else { return Vec::new() };
    // Each relation has a type of its rows.
    let kinds = [
        KindName::Enum,
        KindName::Domain,
        KindName::CompositeType,
        KindName::RangeType,
        KindName::Table,
        KindName::View,
        KindName::MaterializedView,
    ];
    let ids = kinds.map(|kind| ObjectId::top(kind, name));
    let declared: Vec<ObjectId> = ids.into_iter().filter(|id| schema.contains(id)).collect();
    if declared.is_empty() { extensions_in(&name.schema, schema) } else { declared }
}

/// What declares a collation.
pub(super) fn collation_requires(of: Option<&QualifiedName>, schema: &Schema) -> Option<ObjectId> {
    of.map(|name| ObjectId::top(KindName::Collation, name)).filter(|id| schema.contains(id))
}

/// The extensions whose objects are in a PostgreSQL schema. Which of them has a certain one, only the server knows.
fn extensions_in(place: &Ident, schema: &Schema) -> Vec<ObjectId> {
    let here = |object: &&super::Object| match object {
        super::Object::Extension(of) => of.schema.as_ref().map_or(place.as_str() == DEFAULT_SCHEMA, |of| of == place),
        _ => false,
    };
    schema.of_kind(KindName::Extension).filter(here).map(super::Object::id).collect()
}

impl Kind for Column {
    fn id(&self) -> ObjectId {
        ObjectId::column(&self.table, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let mut ids = vec![ObjectId::table(&self.table)];
        ids.extend(type_requires(&self.sql_type, schema));
        ids.extend(collation_requires(self.collation.as_ref(), schema));
        ids.extend(self.value.expr().into_iter().flat_map(|expr| expr_requires(expr, schema)));
        if let Some(expr) = self.value.generated() {
            let columns = schema.columns(&self.table).into_iter().filter(|column| column.name != self.name);
            ids.extend(columns.filter(|column| expr.mentions(&column.name)).map(|column| column.id()));
        }
        ids
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.value.expr().into_iter().collect()
    }

    fn without_expressions(&self) -> Option<Self> {
        matches!(self.value, ColumnValue::Default(_)).then(|| Column { value: ColumnValue::None, ..self.clone() })
    }

    fn clause(&self) -> Option<String> {
        Some(self.definition())
    }

    fn after_clause(&self) -> Vec<Statement> {
        self.after_definition(&Heirs::default())
    }

    fn create(&self, context: &Context) -> Vec<Statement> {
        if let Some(before) = column_moves::left_by_parents(self, context) {
            return column_moves::keep(&before, self, context);
        }
        let replaced = column_moves::replaced(self, context);
        if !replaced.is_empty() {
            return self.add_over(&replaced, context);
        }
        let mut statements = match context.fill(self) {
            Some(fill) => self.add_filled(&fill, context),
            None => {
                vec![Statement::joined(&self.table, format!("ADD COLUMN {}", self.definition()), Joins::AddColumn)]
            }
        };
        statements.extend(self.after_definition(&Heirs::of(self, context)));
        statements
    }

    fn drop(&self, context: &Context) -> Vec<Statement> {
        if column_moves::given_to_parent(self, context) {
            return column_moves::step_aside(self);
        }
        if let Some(statements) = column_moves::leave_to_heirs(self, context) {
            return statements;
        }
        vec![Statement::joined(&self.table, format!("DROP COLUMN {}", self.name.quoted()), Joins::DropColumn)]
    }

    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration {
        column_alter::alter(diff, context)
    }

    fn retypes(diff: &Diff<&Self>, _context: &Context) -> Vec<Retyped> {
        let (before, after) = (&diff.before.sql_type, &diff.after.sql_type);
        let rebased = before.base != after.base || before.array != after.array;
        diff.before.is_retyped(diff.after).then(|| Retyped { id: diff.after.id(), rebased }).into_iter().collect()
    }

    /// A generated column is computed from its source, so PostgreSQL refuses to change the source's type (0A000).
    fn rebuilt_by(&self, column: &ColumnRef<'_>) -> bool {
        self.value
            .generated()
            .is_some_and(|expr| *column.table == self.table && *column.name != self.name && expr.mentions(column.name))
    }

    fn claims(&self) -> Vec<NameClaim> {
        let sequence = self.value.sequence();
        sequence.map(|sequence| NameClaim::sequence(&self.sequence_name(sequence))).unwrap_or_default()
    }

    fn follow(&mut self, rename: &Rename) {
        if let Some(expr) = self.value.expr_mut() {
            rename.follow_expr(Some(&self.table), expr);
        }
        rename.follow_column(&self.table, &mut self.name);
        rename.follow_table(&mut self.table);
        if let Some(mut name) = self.sql_type.user_type().cloned() {
            let before = name.clone();
            rename.follow_name(KindName::Enum, &mut name);
            rename.follow_name(KindName::Domain, &mut name);
            self.sql_type = self.sql_type.clone().renamed(&before, &name);
        }
    }

    fn with_name(&self, name: &Ident) -> Self {
        Column { name: name.clone(), ..self.clone() }
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        if let Some(before) = column_moves::left_by_parents(self, context) {
            return column_alter::hazards(&Diff { before: &before, after: self }, context);
        }
        let fills_itself = self.fills_itself() && !self.refuses_null(context.after);
        if fills_itself || context.hints.backfill.contains_key(&self.id()) {
            return Vec::new();
        }
        let message = format!(
            "`{}` is NOT NULL without a default, so adding it fails as soon as `{}` has a row",
            self.id(),
            self.table
        );
        vec![Hazard::may_fail(&self.id(), message, format!("SELECT count(*) FROM {}", self.table.quoted())).fillable()]
    }

    fn drop_hazards(&self) -> Vec<Hazard> {
        if self.value.is_generated() {
            return Vec::new();
        }
        vec![Hazard::loss(&self.id(), format!("column `{}` is dropped and its values are lost", self.id()))]
    }

    fn alter_hazards(diff: &Diff<&Self>, context: &Context) -> Vec<Hazard> {
        column_alter::hazards(diff, context)
    }
}
