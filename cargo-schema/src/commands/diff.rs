//! `cargo schema diff`: what takes one schema to another.
//!
//! It reads and shows. Nothing of the user's is written, and nothing is guessed: a rename is one only when it is told.

use schema_core::Change;
use schema_core::lint::questions;
use schema_core::plan::{Hints, Plan, plan};
use schema_core::rename::{Rename, inverted};
use serde_json::{Value, json};

use super::diff_state::{Side, State};
use super::failure::Failure;
use super::world::World;
use super::{Outcome, not_managed, rename_answers};
use crate::catalog::attributes;
use crate::cli::arguments::Diff;
use crate::cli::exit::Exit;
use crate::devdb;
use crate::ops::found;
use crate::report::{changes, difference};

pub(super) fn run(world: &World<'_>, options: &Diff) -> Result<Outcome, Failure> {
    let (from, to) = (State::read(world, &options.from)?, State::read(world, &options.to)?);
    let (mut before, mut after) = sides(world, &from, &to)?;
    if leaves_privileges(&from, &before) || leaves_privileges(&to, &after) {
        before.schema = before.schema.without_privileges();
        after.schema = after.schema.without_privileges();
    }
    let made = planned(options, (&from, &to), &before, &after)?;
    let unknown = |word: &str, side: &Side| not_managed::finding(&label(word), &side.unmanaged);
    let findings = [unknown(&options.from, &before), unknown(&options.to, &after)];
    let changes = made.difference.changes();
    // Nobody may have put it into a transaction.
    let (up, down) = (made.up.outside_transaction().text(), made.down.outside_transaction().text());
    let text = match (options.sql, options.down) {
        (true, _) => up.clone(),
        (_, true) => down.clone(),
        _ => shown(world, options, &made, &changes),
    };
    let result = json!({
        "from": label(&options.from),
        "to": label(&options.to),
        "equal": changes.is_empty(),
        "changes": detailed(&changes),
        "up": up,
        "down": down,
    });
    let exit = if options.exit_code && !changes.is_empty() { Exit::Findings } else { Exit::Done };
    let outcome = Outcome { exit, ..Outcome::done(text, result) };
    Ok(outcome.with_findings(findings.into_iter().flatten().collect()))
}

/// Whether it is a project that declares no privileges: then those of the other side are not compared.
fn leaves_privileges(state: &State, side: &Side) -> bool {
    matches!(state, State::Structs { .. } | State::Migrations(_)) && !side.schema.has_privileges()
}

/// Both declared when both can be, else both observed.
fn sides(world: &World<'_>, from: &State, to: &State) -> Result<(Side, Side), Failure> {
    if let (Some(before), Some(after)) = (from.declared()?, to.declared()?) {
        let side = |schema| Side { schema, unmanaged: Vec::new() };
        if !found::has_statements(&before) && !found::has_statements(&after) {
            return Ok((side(before), side(after)));
        }
        let server = devdb::open(&world.dev_options())?;
        return Ok((side(found::declared(&server, &before)?), side(found::declared(&server, &after)?)));
    }
    if let (Some(before), Some(after)) = (from.given(), to.given()) {
        return Ok((before, after));
    }
    let server = devdb::open(&world.dev_options())?;
    let scope = world.scope();
    Ok((from.observed(&server, &scope)?, to.observed(&server, &scope)?))
}

fn planned(options: &Diff, (from, to): (&State, &State), before: &Side, after: &Side) -> Result<Plan, Failure> {
    let nothing = Hints::default();
    // What the structs say of old names counts in both directions, what they say of existing rows only towards them.
    let (mut renames, hints): (Vec<Rename>, &Hints) = match (from, to) {
        (_, State::Structs { renames, hints, .. }) => (renames.clone(), hints),
        (State::Structs { renames, .. }, _) => (inverted(renames), &nothing),
        _ => (Vec::new(), &nothing),
    };
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
