//! The statements of one way, and their text.

use crate::{QualifiedName, Statement, statement::Joins};

/// Statements in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The statements.
    pub lines: Vec<ScriptLine>,
}

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptLine {
    /// The statement.
    pub statement: Statement,
    /// Whether rows or values are gone after it; said in the text, for whoever reviews it.
    pub loses_data: bool,
}

impl Script {
    /// Adds statements; `loses_data` speaks of all of them.
    pub(super) fn extend(&mut self, statements: impl IntoIterator<Item = Statement>, loses_data: bool) {
        self.lines.extend(statements.into_iter().map(|statement| ScriptLine { statement, loses_data }));
    }

    /// Rows that wait for a deferred check are in the way of every ALTER TABLE after them (55006), so nothing is deferred where rows
    /// are written.
    pub(super) fn check_at_once(&mut self) {
        let writes = |line: &ScriptLine| matches!(&line.statement, Statement::Sql(text) if text.starts_with("UPDATE ") || text.starts_with("INSERT "));
        if let Some(at) = self.lines.iter().position(writes) {
            let statement = Statement::sql("SET CONSTRAINTS ALL IMMEDIATE");
            self.lines.insert(at, ScriptLine { statement, loses_data: false });
        }
    }

    /// The same for a session that may have no transaction open: what is set for the length of one is set for the session there.
    ///
    /// ```
    /// use schema_core::{Statement, plan::{Script, ScriptLine}};
    /// let statement = Statement::sql("SET LOCAL check_function_bodies = off");
    /// let script = Script { lines: vec![ScriptLine { statement, loses_data: false }] };
    /// assert_eq!(script.outside_transaction().text(), "SET check_function_bodies = off;\n");
    /// ```
    #[must_use]
    pub fn outside_transaction(&self) -> Script {
        let lines = self.lines.iter().map(|line| match &line.statement {
            Statement::Sql(text) => {
                let text = text.strip_prefix("SET LOCAL ").map_or_else(|| text.clone(), |rest| format!("SET {rest}"));
                ScriptLine { statement: Statement::Sql(text), ..*line }
            }
            Statement::AlterTable { .. } => line.clone(),
        });
        Script { lines: lines.collect() }
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The statements' texts, neighbours joined where one `ALTER TABLE` can do what several would.
    pub fn texts(&self) -> Vec<String> {
        self.groups().iter().map(|group| statement_text(group)).collect()
    }

    /// The whole text, ending in a line end; empty for an empty script.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for group in self.groups() {
            let statement = statement_text(group);
            // A blank line sets statements of several lines apart.
            if !text.is_empty() && (statement.contains('\n') || text.trim_end().ends_with("\n);")) {
                text.push('\n');
            }
            let loses = if group.iter().any(|line| line.loses_data) { "  -- deletes data" } else { "" };
            text.push_str(&format!("{statement}{loses}\n"));
        }
        text
    }

    fn groups(&self) -> Vec<&[ScriptLine]> {
        self.lines.chunk_by(|a, b| joinable(a).is_some() && joinable(a) == joinable(b)).collect()
    }
}

/// What two neighbours must share to become one statement.
fn joinable(line: &ScriptLine) -> Option<(&QualifiedName, Joins)> {
    match &line.statement {
        Statement::AlterTable { table, joins, .. } if *joins != Joins::Alone => Some((table, *joins)),
        _ => None,
    }
}

fn statement_text(group: &[ScriptLine]) -> String {
    let actions: Vec<&str> = group
        .iter()
        .filter_map(|line| match &line.statement {
            Statement::AlterTable { action, .. } => Some(action.as_str()),
            Statement::Sql(_) => None,
        })
        .collect();
    match (&group[0].statement, actions.as_slice()) {
        (Statement::AlterTable { table, .. }, [_, _, ..]) => {
            format!("ALTER TABLE {}\n    {};", table.quoted(), actions.join(",\n    "))
        }
        (statement, _) => statement.text(),
    }
}
