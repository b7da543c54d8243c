//! What a partition or a table that inherits has of its own in a column that its parent has too: another default, NOT NULL, another
//! storage, statistics, a comment.
//!
//! The column itself is an object of the parent only ([`Schema::heirs`](crate::Schema::heirs)). PostgreSQL carries most changes of it to
//! every heir, over what an heir has of its own, so that has to be set again around them.
//! <https://www.postgresql.org/docs/current/sql-altertable.html>

use serde::{Deserialize, Serialize};

use super::{
    Alteration, Column, ColumnSettings, ColumnValue, Kind, NameClaim, NotNull, Object, column::expr_requires,
    column_alter,
};
use crate::{
    Diff, Expr, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement,
    plan::{Context, Hints},
    quote_literal,
    rename::Rename,
};

/// What one heir has of its own in one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InheritedColumn {
    /// The heir.
    pub table: QualifiedName,
    /// The column.
    pub name: Ident,
    /// Its default; the expression `NULL` is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expr>,
    /// Whether it takes no NULL where the parent's does.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub not_null: bool,
    /// How it is stored. What is not said is the parent's, but for statistics and options, which no heir takes over.
    #[serde(default, skip_serializing_if = "ColumnSettings::is_default")]
    pub settings: ColumnSettings,
    /// `COMMENT ON COLUMN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl InheritedColumn {
    /// Nothing of its own yet.
    pub fn new(table: QualifiedName, name: Ident) -> InheritedColumn {
        let (default, not_null, settings, comment) = (None, false, ColumnSettings::default(), None);
        InheritedColumn { table, name, default, not_null, settings, comment }
    }

    /// Whether there is nothing that would not be the parent's.
    pub fn is_empty(&self) -> bool {
        *self == InheritedColumn::new(self.table.clone(), self.name.clone())
    }

    /// The column as the heir has it, when it would be `column` without a word.
    fn over(&self, column: Column) -> Column {
        let value = match &self.default {
            Some(default) if default.as_str().eq_ignore_ascii_case("null") => ColumnValue::None,
            Some(default) => ColumnValue::Default(default.clone()),
            None => column.value,
        };
        let settings = ColumnSettings {
            storage: self.settings.storage.or(column.settings.storage),
            compression: self.settings.compression.clone().or(column.settings.compression),
            ..self.settings.clone()
        };
        let (nullable, comment) = (column.nullable && !self.not_null, self.comment.clone());
        let not_null = if self.not_null { NotNull::default() } else { column.not_null };
        Column { nullable, not_null, value, settings, comment, ..column }
    }

    /// From one side to the other of the heir's column; nothing when there is none on a side.
    fn way(before: Option<Column>, after: Option<Column>, context: &Context) -> Vec<Statement> {
        let Some((before, after)) = before.zip(after) else { return Vec::new() };
        let diff = Diff { before: &before, after: &after };
        // A new table has no rows.
        let (nothing, is_new) = (Hints::default(), !context.may_have_rows(&after.table));
        let context = if is_new { Context { hints: &nothing, ..*context } } else { *context };
        let mut statements = match column_alter::alter(&diff, &context) {
            Alteration::Statements(statements) => statements,
            Alteration::Recreate => unreachable!("an heir computes a column as its parent does"),
        };
        let writes = |of: &Statement| matches!(of, Statement::Sql(text) if text.starts_with("UPDATE "));
        statements.retain(|of| !is_new || !writes(of));
        statements
    }

    /// The column without a word of the heir's own. A key that is there keeps it NOT NULL.
    fn taken_over(&self, schema: &Schema, keyed: bool) -> Option<Column> {
        let column = schema.taken_over(&self.table, &self.name)?;
        Some(Column { nullable: column.nullable && !(keyed && self.not_null), ..column })
    }

    fn in_key(&self, schema: &Schema) -> bool {
        schema.is_keyed(&self.table, &self.name)
    }

    fn hazards(&self, before: Option<Column>, context: &Context) -> Vec<Hazard> {
        let after = context.after.effective_column(&self.table, &self.name);
        let Some((before, after)) = before.zip(after) else { return Vec::new() };
        let hazards = column_alter::hazards(&Diff { before: &before, after: &after }, context);
        hazards.into_iter().map(|hazard| Hazard { object: self.id(), ..hazard }).collect()
    }
}

impl Schema {
    /// What an heir has of its own in a column.
    pub fn inherited_column(&self, table: &QualifiedName, name: &Ident) -> Option<&InheritedColumn> {
        match self.get(&ObjectId::inner(KindName::InheritedColumn, table, name)) {
            Some(Object::InheritedColumn(of)) => Some(of),
            _ => None,
        }
    }

    /// Whether the table's own primary key holds the column.
    pub(crate) fn is_keyed(&self, table: &QualifiedName, name: &Ident) -> bool {
        self.inside(KindName::PrimaryKey, table).any(|object| match object {
            Object::PrimaryKey(key) => key.columns.contains(name),
            _ => false,
        })
    }

    /// A column as a table has it, whether it is its own or one that it takes over.
    pub fn effective_column(&self, table: &QualifiedName, name: &Ident) -> Option<Column> {
        self.seen_through(table, name, &mut Vec::new())
    }

    /// A column that a table takes over, as the table would have it without a word of its own.
    pub fn taken_over(&self, table: &QualifiedName, name: &Ident) -> Option<Column> {
        self.seen_above(table, name, &mut Vec::new())
    }

    /// `seen` ends a circle, which PostgreSQL refuses.
    fn seen_through(&self, table: &QualifiedName, name: &Ident, seen: &mut Vec<QualifiedName>) -> Option<Column> {
        if let Some(own) = self.column(table, name) {
            return Some(own.clone());
        }
        let column = self.seen_above(table, name, seen)?;
        Some(match self.inherited_column(table, name) {
            Some(own) => own.over(column),
            None => column,
        })
    }

    fn seen_above(&self, table: &QualifiedName, name: &Ident, seen: &mut Vec<QualifiedName>) -> Option<Column> {
        if seen.contains(table) {
            return None;
        }
        seen.push(table.clone());
        let parents = self.table(table)?.parents();
        let columns = parents.into_iter().filter_map(|parent| self.seen_through(parent, name, seen));
        let mut columns = columns.map(with_inherited_null);
        let mut column = columns.next()?;
        for other in columns {
            if column.nullable || (!other.nullable && other.not_null.is_default()) {
                column.not_null = other.not_null;
            }
            column.nullable &= other.nullable;
            if column.value == ColumnValue::None {
                column.value = other.value;
            }
        }
        column.value = inherited_value(&column);
        column.table = table.clone();
        let ColumnSettings { storage, compression, .. } = column.settings;
        column.settings = ColumnSettings { storage, compression, ..ColumnSettings::default() };
        column.comment = None;
        Some(column)
    }
}

/// An heir takes NULL where the constraint of its parent is not for heirs.
fn with_inherited_null(column: Column) -> Column {
    match column.not_null.no_inherit {
        true => Column { nullable: true, not_null: NotNull::default(), ..column },
        false => column,
    }
}

/// An heir takes the default of a serial column over, and no identity: partitions share it from 17 on, and say nothing of it.
fn inherited_value(column: &Column) -> ColumnValue {
    match &column.value {
        ColumnValue::Identity(_) => ColumnValue::None,
        ColumnValue::Serial { sequence } => {
            let QualifiedName { schema, name } = column.sequence_name(sequence);
            let written = quote_literal(&format!("{}.{}", schema.quoted(), name.quoted()));
            ColumnValue::Default(Expr::new(format!("nextval({written}::regclass)")))
        }
        other => other.clone(),
    }
}

impl Kind for InheritedColumn {
    fn id(&self) -> ObjectId {
        ObjectId::inner(KindName::InheritedColumn, &self.table, &self.name)
    }

    fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
        let above = schema.ancestors(&self.table).into_iter().flat_map(|parent| {
            let id = |kind| ObjectId::inner(kind, parent, &self.name);
            [id(KindName::Column), id(KindName::InheritedColumn)]
        });
        let above = above.filter(|id| schema.contains(id));
        let named = self.default.iter().flat_map(|expr| expr_requires(expr, schema));
        std::iter::once(ObjectId::table(&self.table)).chain(above).chain(named).collect()
    }

    fn table(&self) -> Option<&QualifiedName> {
        Some(&self.table)
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.default.iter().collect()
    }

    fn create(&self, context: &Context) -> Vec<Statement> {
        let keyed = self.in_key(context.after) && (!context.may_have_rows(&self.table) || self.in_key(context.before));
        let after = context.after.effective_column(&self.table, &self.name);
        InheritedColumn::way(self.taken_over(context.after, keyed), after, context)
    }

    /// What goes with the column needs no word.
    fn drop(&self, context: &Context) -> Vec<Statement> {
        if context.after.taken_over(&self.table, &self.name).is_none() {
            return Vec::new();
        }
        let keyed = self.in_key(context.before) && self.in_key(context.after);
        let before = context.before.effective_column(&self.table, &self.name);
        InheritedColumn::way(before, self.taken_over(context.before, keyed), context)
    }

    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration {
        let of = |schema: &Schema| schema.effective_column(&diff.after.table, &diff.after.name);
        Alteration::Statements(InheritedColumn::way(of(context.before), of(context.after), context))
    }

    fn claims(&self) -> Vec<NameClaim> {
        Vec::new()
    }

    fn follow(&mut self, rename: &Rename) {
        if let Some(expr) = &mut self.default {
            rename.follow_expr(Some(&self.table), expr);
        }
        rename.follow_column(&self.table, &mut self.name);
        rename.follow_table(&mut self.table);
    }

    fn with_name(&self, name: &Ident) -> Self {
        InheritedColumn { name: name.clone(), ..self.clone() }
    }

    fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
        self.hazards(context.after.taken_over(&self.table, &self.name), context)
    }

    fn alter_hazards(diff: &Diff<&Self>, context: &Context) -> Vec<Hazard> {
        diff.after.hazards(context.before.effective_column(&diff.after.table, &diff.after.name), context)
    }
}
