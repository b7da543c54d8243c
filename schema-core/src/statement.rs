//! One SQL statement of a plan, before it is text.

use crate::QualifiedName;

/// One statement. `ALTER TABLE` actions stay apart from their table so that neighbours can be joined into one lock and one
/// rewrite (`ddl-safety` recipe R1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `ALTER TABLE table action`.
    AlterTable {
        /// The table.
        table: QualifiedName,
        /// What follows the table's name.
        action: String,
        /// Whether it may share an `ALTER TABLE` with its neighbours of the same class.
        joins: Joins,
    },
    /// Anything else, without the final semicolon.
    Sql(String),
}

/// Which neighbours an `ALTER TABLE` action can be joined with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joins {
    /// Stays alone: the order of PostgreSQL's passes would change its meaning, or a failure is clearer by itself.
    Alone,
    /// With other `ADD COLUMN` actions.
    AddColumn,
    /// With other `DROP COLUMN` actions.
    DropColumn,
}

impl Statement {
    /// A statement that is not `ALTER TABLE`.
    pub fn sql(text: impl Into<String>) -> Statement {
        Statement::Sql(text.into())
    }

    /// An `ALTER TABLE` that stays alone.
    pub fn alter(table: &QualifiedName, action: impl Into<String>) -> Statement {
        Statement::joined(table, action, Joins::Alone)
    }

    /// An `ALTER TABLE` that may be joined with neighbours of its class.
    pub fn joined(table: &QualifiedName, action: impl Into<String>, joins: Joins) -> Statement {
        Statement::AlterTable { table: table.clone(), action: action.into(), joins }
    }

    /// The text, with the final semicolon.
    pub fn text(&self) -> String {
        match self {
            Statement::AlterTable { table, action, .. } => format!("ALTER TABLE {} {action};", table.quoted()),
            Statement::Sql(text) => format!("{text};"),
        }
    }
}
