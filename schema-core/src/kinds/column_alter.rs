//! How one definition of a column becomes another, keeping its values and the position of its sequence.
//!
//! <https://www.postgresql.org/docs/current/sql-altertable.html>. The order within a column is fixed by PostgreSQL: a default
//! that cannot be cast must go before the type changes, and NOT NULL must hold before identity is added.

use super::{
    Alteration, Column, ColumnSettings, ColumnValue, Identity, SequenceOptions, column_settings::Heirs, column_type,
    comment, not_null, retype::is_replaced,
};
use crate::{
    Diff, Expr, Hazard, Ident, ObjectId, QualifiedName, Schema, SqlType, Statement, plan::Context, quote_literal,
    sql_type::widens,
};

/// The statements from `before` to `after`.
pub(super) fn alter(diff: &Diff<&Column>, context: &Context) -> Alteration {
    if must_recreate(diff) {
        return Alteration::Recreate;
    }
    let retyped = diff.before.is_retyped(diff.after);
    let mut statements = Vec::new();
    let moved = moves_with_type(diff, context);
    if !moved {
        statements.extend(leave_value(diff, retyped));
    }
    if retyped {
        statements.push(set_type(diff, context));
    }
    statements.extend(nullability_up(diff, context));
    if !moved {
        statements.extend(enter_value(diff, retyped, context));
    }
    statements.extend(nullability_down(diff));
    statements.extend(ColumnSettings::alter(diff, retyped, &Heirs::of(diff.after, context)));
    let comments = Diff { before: &diff.before.comment, after: &diff.after.comment };
    statements.extend(comment::alter(&diff.after.target(), &comments));
    Alteration::Statements(statements)
}

/// Whether the type of the column is replaced, and takes the column with its new default along.
fn moves_with_type(diff: &Diff<&Column>, context: &Context) -> bool {
    let plain = |column: &Column| matches!(column.value, ColumnValue::None | ColumnValue::Default(_));
    let replaced = diff.after.sql_type.user_type().is_some_and(|name| is_replaced(name, context));
    replaced && !diff.before.is_retyped(diff.after) && plain(diff.before) && plain(diff.after)
}

/// PostgreSQL makes a plain column generated, or changes an expression before 17, only by a new column; the values are
/// computed again.
fn must_recreate(diff: &Diff<&Column>) -> bool {
    match (&diff.before.value, &diff.after.value) {
        // A virtual column holds nothing that could stay when it becomes another.
        (ColumnValue::Virtual(_), after) if !matches!(after, ColumnValue::Virtual(_)) => true,
        (ColumnValue::Generated(before), ColumnValue::Generated(after))
        | (ColumnValue::Virtual(before), ColumnValue::Virtual(after)) => {
            before != after
                || diff.before.sql_type != diff.after.sql_type
                || diff.before.collation != diff.after.collation
        }
        (_, after) if after.is_generated() => true,
        _ => false,
    }
}

fn alter_column(column: &Column, action: impl std::fmt::Display) -> Statement {
    Statement::alter(&column.table, format!("ALTER COLUMN {} {action}", column.name.quoted()))
}

/// Takes the old source of values away where the new one cannot stand on it.
fn leave_value(diff: &Diff<&Column>, retyped: bool) -> Vec<Statement> {
    use ColumnValue::{Default, Generated, Identity, None, Serial};
    let Diff { before, after } = diff;
    match (&before.value, &after.value) {
        (Default(old), Default(new)) if old == new && !retyped => vec![],
        // A default that stays through a change of type is cast by PostgreSQL, which can fail (42804).
        (Default(_), Default(_)) if retyped => vec![alter_column(after, "DROP DEFAULT")],
        (Default(_), None | Identity(_) | Serial { .. }) => vec![alter_column(after, "DROP DEFAULT")],
        (Generated(_), value) if !matches!(value, Generated(_)) => vec![alter_column(after, "DROP EXPRESSION")],
        (Serial { sequence }, None | Default(_)) => vec![
            alter_column(after, "DROP DEFAULT"),
            Statement::sql(format!("DROP SEQUENCE {}", after.sequence_name(sequence).quoted())),
        ],
        (Serial { sequence }, Identity(_)) => vec![
            Statement::sql(format!(
                "ALTER SEQUENCE {} RENAME TO {}",
                after.sequence_name(sequence).quoted(),
                aside(sequence).quoted()
            )),
            alter_column(after, "DROP DEFAULT"),
        ],
        (Identity(old), Serial { .. }) => keep_position(diff, &old.sequence),
        (Identity(_), None | Default(_)) => vec![alter_column(after, "DROP IDENTITY")],
        _ => vec![],
    }
}

/// A name for a sequence while the one that replaces it takes its own.
fn aside(sequence: &Ident) -> Ident {
    crate::default_name(sequence.as_str(), "", "before")
}

/// DROP IDENTITY drops the sequence with its position, so the next value is taken over first.
fn keep_position(diff: &Diff<&Column>, old: &Ident) -> Vec<Statement> {
    let after = diff.after;
    let (old, new) = (after.sequence_name(old).quoted(), after.sequence_name(&aside(old)).quoted());
    vec![
        // A row that comes in between would get a number that is given again.
        Statement::sql(format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", after.table.quoted())),
        Statement::sql(format!("CREATE SEQUENCE {new} AS {}", after.sql_type.sql())),
        take_position(&new, &old),
        alter_column(after, "DROP IDENTITY"),
    ]
}

fn take_position(new: &str, old: &str) -> Statement {
    Statement::sql(format!("SELECT setval({}, nextval({}), false)", quote_literal(new), quote_literal(old)))
}

fn set_type(diff: &Diff<&Column>, context: &Context) -> Statement {
    let after = diff.after;
    let mut action = format!("TYPE {}", after.sql_type.sql());
    if let Some(collation) = &after.collation {
        action.push_str(&format!(" COLLATE {}", collation.quoted()));
    }
    let hint = context.hints.using.get(&super::Kind::id(after)).map(|expr| expr.to_string());
    if let Some(using) = hint.or_else(|| column_type::using(&after.name, &diff.before.sql_type, &after.sql_type)) {
        action.push_str(&format!(" USING {using}"));
    }
    alter_column(after, action)
}

fn nullability_up(diff: &Diff<&Column>, context: &Context) -> Vec<Statement> {
    let fills = !diff.after.value.is_generated() && not_null::refuses_rows(diff, context);
    not_null::enter(diff, context.fill_nulls(diff.after).filter(|_| fills))
}

fn nullability_down(diff: &Diff<&Column>) -> Option<Statement> {
    (!diff.before.nullable && diff.after.nullable).then(|| diff.after.drop_not_null())
}

/// Gives the column its new source of values.
fn enter_value(diff: &Diff<&Column>, retyped: bool, context: &Context) -> Vec<Statement> {
    use ColumnValue::{Default, Identity, None, Serial};
    let Diff { before, after } = diff;
    match (&before.value, &after.value) {
        (Default(old), Default(new)) if old == new && !retyped => vec![],
        (Default(_), None) => vec![],
        (_, Default(expr)) => vec![set_default(after, expr)],
        (Identity(old), Identity(new)) => {
            let of = Diff { before: &before.sql_type, after: &after.sql_type };
            alter_identity(after, &Diff { before: old, after: new }, &of)
        }
        (_, Identity(new)) => add_identity(before, after, new),
        (Serial { sequence: old }, Serial { sequence: new }) => alter_serial(diff, old, new),
        (_, Serial { sequence }) => {
            let mut statements = add_serial(before, after, sequence);
            statements.extend(unlogged_with_table(after, sequence, context));
            statements
        }
        _ => vec![],
    }
}

fn set_default(column: &Column, expr: &Expr) -> Statement {
    alter_column(column, format!("SET DEFAULT {}", expr.as_default()))
}

fn rename_sequence(column: &Column, old: &Ident, new: &Ident) -> Option<Statement> {
    (old != new).then(|| {
        Statement::sql(format!("ALTER SEQUENCE {} RENAME TO {}", column.sequence_name(old).quoted(), new.quoted()))
    })
}

fn alter_identity(column: &Column, diff: &Diff<&Identity>, of: &Diff<&SqlType>) -> Vec<Statement> {
    let sides = Diff { before: &diff.before.options, after: &diff.after.options };
    let clamp = SequenceOptions::clamp(&column.sequence_name(&diff.after.sequence), &sides, of);
    let options = SequenceOptions::changes(&sides, of);
    let mode = (diff.before.mode != diff.after.mode).then(|| format!("SET GENERATED {}", diff.after.mode.words()));
    let words: Vec<String> = mode.into_iter().chain(options.into_iter().map(set_word)).collect();
    let renamed = rename_sequence(column, &diff.before.sequence, &diff.after.sequence);
    let altered = (!words.is_empty()).then(|| alter_column(column, words.join(" ")));
    renamed.into_iter().chain(clamp).chain(altered).collect()
}

/// RESTART is the one option that ALTER COLUMN takes without SET.
fn set_word(word: String) -> String {
    if word == "RESTART" { word } else { format!("SET {word}") }
}

fn add_identity(before: &Column, after: &Column, new: &Identity) -> Vec<Statement> {
    let sequence = after.sequence_name(&new.sequence).quoted();
    let mut statements = vec![alter_column(after, format!("ADD {}", after.identity_words(new)))];
    match &before.value {
        ColumnValue::Serial { sequence: old } => {
            let old = after.sequence_name(&aside(old)).quoted();
            statements.push(take_position(&sequence, &old));
            statements.push(Statement::sql(format!("DROP SEQUENCE {old}")));
        }
        _ => statements.push(after_largest(after, &sequence, &new.options)),
    }
    statements
}

/// A sequence behind rows that exist must not give their values again.
fn after_largest(column: &Column, sequence: &str, options: &SequenceOptions) -> Statement {
    let (name, table) = (column.name.quoted(), column.table.quoted());
    let (start, by) = (options.start.or(options.min).unwrap_or(1), options.increment.unwrap_or(1));
    Statement::sql(format!(
        "SELECT setval({}, coalesce(max({name}) + {by}, {start}), false) FROM {table}",
        quote_literal(sequence)
    ))
}

fn alter_serial(diff: &Diff<&Column>, old: &Ident, new: &Ident) -> Vec<Statement> {
    let after = diff.after;
    let renamed = rename_sequence(after, old, new);
    let retyped = (diff.before.sql_type != after.sql_type).then(|| {
        Statement::sql(format!("ALTER SEQUENCE {} AS {}", after.sequence_name(new).quoted(), after.sql_type.sql()))
    });
    renamed.into_iter().chain(retyped).collect()
}

fn add_serial(before: &Column, after: &Column, sequence: &Ident) -> Vec<Statement> {
    let name = after.sequence_name(sequence).quoted();
    let mut statements = match before.value {
        ColumnValue::Identity(ref old) => rename_sequence(after, &aside(&old.sequence), sequence).into_iter().collect(),
        _ => vec![
            Statement::sql(format!("CREATE SEQUENCE {name} AS {}", after.sql_type.sql())),
            after_largest(after, &name, &SequenceOptions::default()),
        ],
    };
    let owner = format!("{}.{}", after.table.quoted(), after.name.quoted());
    statements.push(Statement::sql(format!("ALTER SEQUENCE {name} OWNED BY {owner}")));
    statements.push(alter_column(after, format!("SET DEFAULT nextval({})", quote_literal(&name))));
    statements
}

/// From 15 on the sequence of a serial column of an unlogged table is unlogged too.
/// <https://www.postgresql.org/docs/15/sql-createsequence.html>
fn unlogged_with_table(column: &Column, sequence: &Ident, context: &Context) -> Option<Statement> {
    let unlogged = context.after.table(&column.table).is_some_and(|table| table.unlogged);
    let alter = format!("ALTER SEQUENCE {} SET UNLOGGED", column.sequence_name(sequence).quoted());
    let body = format!(
        "BEGIN IF 150000 <= current_setting('server_version_num')::integer THEN EXECUTE {}; END IF; END",
        quote_literal(&alter)
    );
    unlogged.then(|| Statement::sql(format!("DO {}", quote_literal(&body))))
}

/// The tables that are made anew, because their rows are sorted by the column.
fn remade(diff: &Diff<&Column>, context: &Context) -> Vec<Hazard> {
    if !diff.before.is_retyped(diff.after) {
        return Vec::new();
    }
    let tables = context.before.sorted_by(&diff.before.table, &diff.before.name).into_iter();
    let same_key = |name: &&QualifiedName| {
        let key = |schema: &Schema| schema.table(name).and_then(|table| table.partition_by.clone());
        key(context.before) == key(context.after)
    };
    let hazard = |name: &QualifiedName| {
        let column = &diff.after.name;
        Hazard::remade(&ObjectId::table(name), &format!("the type of `{column}` in its partition key changes"), true)
    };
    tables.filter(same_key).map(hazard).collect()
}

/// What the change may lose or break in rows that exist.
pub(super) fn hazards(diff: &Diff<&Column>, context: &Context) -> Vec<Hazard> {
    let id = super::Kind::id(diff.after);
    let mut hazards = remade(diff, context);
    if must_recreate(diff) && !diff.before.value.is_generated() {
        let message = format!("column `{id}` becomes generated, so the values it holds are lost");
        hazards.push(Hazard::loss(&id, message));
    } else if must_recreate(diff) && !diff.after.value.is_generated() {
        let message = format!("column `{id}` is computed no more, and what was computed in its rows is gone");
        hazards.push(Hazard::loss(&id, message));
    } else if !widens(&diff.before.sql_type, &diff.after.sql_type) && !context.hints.using.contains_key(&id) {
        let (from, to) = (&diff.before.sql_type, &diff.after.sql_type);
        let message = format!("`{id}` goes from {from} to {to}; values that do not fit are cut or fail the migration");
        hazards.push(Hazard::narrowing(&id, message));
    }
    if not_null::refuses_rows(diff, context) && context.fill_nulls(diff.after).is_none() {
        let (table, name) = (diff.after.table.quoted(), diff.after.name.quoted());
        let message = format!("`{id}` becomes NOT NULL, which fails when a row holds NULL");
        let probe = format!("SELECT count(*) FROM {table} WHERE {name} IS NULL");
        hazards.push(Hazard::may_fail(&id, message, probe).fillable());
    }
    hazards
}
