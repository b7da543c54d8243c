//! `cargo schema diff`: what takes one schema to another.
//!
//! It reads and shows. Nothing of the user's is written, and nothing is guessed: a rename is one only when it is told.

use schema_core::Change;
use schema_core::diagnostic::{Code, Diagnostic};
use schema_core::lint::questions;
use schema_core::plan::{Hints, Plan, plan};
use schema_core::rename::Rename;
use serde_json::{Value, json};

use super::diff_state::{Side, State};
use super::failure::Failure;
use super::world::World;
use super::{Outcome, rename_answers};
use crate::catalog::attributes;
use crate::cli::arguments::Diff;
use crate::cli::exit::Exit;
use crate::devdb;
use crate::report::{changes, difference};

/// A database has objects of kinds that are not compared.
pub const NOT_MANAGED: Code = Code::new("not-managed");

/// How many objects that are not managed are named.
const SHOWN: usize = 20;

pub(super) fn run(world: &World<'_>, options: &Diff) -> Result<Outcome, Failure> {
    let (from, to) = (State::read(world, &options.from)?, State::read(world, &options.to)?);
    let (before, after) = sides(world, &from, &to)?;
    let made = planned(options, &to, &before, &after)?;
    let findings = [not_managed(&options.from, &before), not_managed(&options.to, &after)];
    let changes = made.difference.changes();
    let text = match (options.sql, options.down) {
        (true, _) => made.up.text(),
        (_, true) => made.down.text(),
        _ => shown(world, options, &made, &changes),
    };
    let result = json!({
        "from": label(&options.from),
        "to": label(&options.to),
        "equal": changes.is_empty(),
        "changes": detailed(&changes),
        "up": made.up.text(),
        "down": made.down.text(),
    });
    let exit = if options.exit_code && !changes.is_empty() { Exit::Findings } else { Exit::Done };
    let outcome = Outcome { exit, ..Outcome::done(text, result) };
    Ok(outcome.with_findings(findings.into_iter().flatten().collect()))
}

/// Both declared when both can be, else both observed.
fn sides(world: &World<'_>, from: &State, to: &State) -> Result<(Side, Side), Failure> {
    if let (Some(before), Some(after)) = (from.declared()?, to.declared()?) {
        let side = |schema| Side { schema, unmanaged: Vec::new() };
        return Ok((side(before), side(after)));
    }
    if let (Some(before), Some(after)) = (from.given(), to.given()) {
        return Ok((before, after));
    }
    let server = devdb::open(&world.dev_options())?;
    Ok((from.observed(&server)?, to.observed(&server)?))
}

fn planned(options: &Diff, to: &State, before: &Side, after: &Side) -> Result<Plan, Failure> {
    let nothing = Hints::default();
    let (told, hints): (&[Rename], &Hints) = match to {
        State::Structs { renames, hints, .. } => (renames, hints),
        _ => (&[], &nothing),
    };
    let mut renames = told.to_vec();
    let named = rename_answers::named(&options.rename, &before.schema, &after.schema);
    renames.extend(named.map_err(Failure::Findings)?);
    Ok(plan(&before.schema, &after.schema, &renames, hints))
}

fn shown(world: &World<'_>, options: &Diff, made: &Plan, changes: &[Change]) -> String {
    let (from, to) = (label(&options.from), label(&options.to));
    if changes.is_empty() {
        return format!("nothing differs: {from} and {to} are the same schema\n");
    }
    let mut text = difference::text(changes, world.screen.out);
    if !questions(&made.difference).is_empty() {
        text.push_str("\nwhat goes and what comes may be one object; to say so: --rename OLD=NEW\n");
    }
    text.push_str(&format!("\nfor the SQL from {from} to {to}: add --sql; for the way back: --down\n"));
    text
}

/// A URL without its password.
fn label(word: &str) -> String {
    if word.contains("://") { schema_runtime::connect::redacted(word) } else { word.to_owned() }
}

fn detailed(changes: &[Change]) -> Vec<Value> {
    let mut values = changes::json(changes);
    for (value, change) in values.iter_mut().zip(changes) {
        if let Change::Alter(diff) = change {
            let attributes = attributes(&diff.before, &diff.after);
            let list: Vec<Value> = attributes
                .iter()
                .map(|one| json!({ "name": one.attribute, "before": one.before, "after": one.after }))
                .collect();
            value["attributes"] = Value::Array(list);
        }
    }
    values
}

/// What one side has and the comparison does not know.
fn not_managed(word: &str, side: &Side) -> Option<Diagnostic> {
    let objects = &side.unmanaged;
    if objects.is_empty() {
        return None;
    }
    let many = if objects.len() == 1 { "1 object".to_owned() } else { format!("{} objects", objects.len()) };
    let message = format!("{} has {many} of kinds that are not managed, so they are not compared", label(word));
    let named = objects.iter().take(SHOWN).fold(Diagnostic::warning(NOT_MANAGED, message), |finding, object| {
        finding.note(format!("{} {}", object.kind, object.name))
    });
    let rest = objects.len().saturating_sub(SHOWN);
    let finding = if 0 < rest { named.note(format!("and {rest} more")) } else { named };
    Some(finding.help("carry them over by hand: write their SQL into a revision of `cargo schema generate --empty`"))
}
