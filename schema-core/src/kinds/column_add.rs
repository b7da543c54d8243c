//! How a column comes into a table that may have rows: what they get, and what heirs give that have such a column already.

use super::{Column, ColumnValue, column_moves, column_settings::Heirs};
use crate::{Expr, Statement, plan::Context};

impl Column {
    /// `ADD COLUMN` to a table that may have rows, which first get a value.
    pub(super) fn add_filled(&self, fill: &Expr, context: &Context) -> Vec<Statement> {
        if self.refuses_null(context.after) {
            return self.add_with_default(fill);
        }
        let bare = Column { nullable: true, value: ColumnValue::None, ..self.clone() };
        let (table, name) = (self.table.quoted(), self.name.quoted());
        let mut statements = vec![
            Statement::alter(&self.table, format!("ADD COLUMN {}", bare.definition())),
            Statement::sql(format!("UPDATE {table} SET {name} = {fill}")),
        ];
        if let ColumnValue::Default(expr) = &self.value {
            statements
                .push(Statement::alter(&self.table, format!("ALTER COLUMN {name} SET DEFAULT {}", expr.as_default())));
        }
        if !self.nullable && self.not_null.is_default() {
            statements.push(self.set_not_null());
        }
        statements
    }

    /// `ADD COLUMN` to a table whose heirs have such a column, with values that go over.
    pub(super) fn add_over(&self, replaced: &[&Column], context: &Context) -> Vec<Statement> {
        let fill = context.fill(self);
        let strict =
            self.refuses_null(context.after) || !matches!(self.value, ColumnValue::None | ColumnValue::Default(_));
        let bare = Column { nullable: self.nullable || !strict, ..self.clone() };
        let name = self.name.quoted();
        let mut statements = vec![Statement::alter(&self.table, format!("ADD COLUMN {}", bare.definition()))];
        let update = fill.as_ref();
        statements
            .extend(update.map(|fill| Statement::sql(format!("UPDATE {} SET {name} = {fill}", self.table.quoted()))));
        let nulls = context.fill_nulls(self).filter(|_| !self.nullable);
        statements.extend(column_moves::take_over(self, replaced, nulls.as_ref()));
        if bare.nullable != self.nullable && self.not_null.is_default() {
            statements.push(self.set_not_null());
        }
        statements.extend(self.after_definition(&Heirs::of(self, context)));
        statements
    }

    /// `ADD COLUMN` of a type that not even for a moment takes NULL.
    fn add_with_default(&self, fill: &Expr) -> Vec<Statement> {
        let filled = Column { value: ColumnValue::Default(fill.clone()), ..self.clone() };
        let drop = format!("ALTER COLUMN {} DROP DEFAULT", self.name.quoted());
        vec![
            Statement::alter(&self.table, format!("ADD COLUMN {}", filled.definition())),
            Statement::alter(&self.table, drop),
        ]
    }
}
