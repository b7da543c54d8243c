//! Every case file without a database: the SQL is the one that is written there, and it does not depend on the order of the text.
//!
//! `UPDATE_CASES=1` writes what is found as what is expected; then read it as a reviewer would.

use schema_core::diff::difference;
use schema_core::{Change, Schema};
use schema_tests::cases::{Case, Order, Planned, all, updates};

#[test]
fn cases_give_their_sql() {
    let mut wrong = Vec::new();
    for mut case in all() {
        let planned = case.planned(Order::Written);
        let hazards: String = planned.plan.hazards.iter().map(|hazard| format!("{}\n", hazard.message)).collect();
        let found = [("up.sql", planned.plan.up.text()), ("down.sql", planned.plan.down.text()), ("hazards", hazards)];
        if updates() {
            found.into_iter().for_each(|(section, text)| case.set(section, text));
            case.write();
            continue;
        }
        for (section, text) in found.iter().filter(|(section, text)| case.section(section) != text) {
            let (path, expected) = (case.path.display(), case.section(section));
            wrong.push(format!("{path}, {section}\n-- expected\n{expected}-- found\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ; UPDATE_CASES=1 accepts them\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_order_of_declarations_changes_no_byte() {
    for case in all() {
        let [written, reversed] = [Order::Written, Order::Reversed].map(|order| case.planned(order).plan);
        assert_eq!(written.up.text(), reversed.up.text(), "{}", case.path.display());
        assert_eq!(written.down.text(), reversed.down.text(), "{}", case.path.display());
    }
}

#[test]
fn changes_fold_there_and_back() {
    for case in all() {
        let Planned { before, after, plan, .. } = case.planned(Order::Written);
        let changes = plan.difference.changes();
        assert_eq!(fold(&case, &before.schema, &changes), after.schema, "{}", case.path.display());
        let back: Vec<Change> = changes.iter().rev().cloned().map(Change::invert).collect();
        assert_eq!(fold(&case, &after.schema, &back), before.schema, "{}", case.path.display());
        let twice: Vec<Change> = changes.iter().cloned().map(|change| change.invert().invert()).collect();
        assert_eq!(twice, changes, "{}", case.path.display());
    }
}

/// The attributes stay in the text after the revision is written.
#[test]
fn a_second_difference_is_empty() {
    for case in all() {
        let Planned { after, renames, .. } = case.planned(Order::Written);
        let again = difference(&after.schema, &after.schema, &renames);
        assert!(again.is_empty(), "{}: {again:#?}", case.path.display());
    }
}

fn fold(case: &Case, start: &Schema, changes: &[Change]) -> Schema {
    changes.iter().fold(start.clone(), |schema, change| {
        change.apply(schema).unwrap_or_else(|misfit| panic!("{}: {misfit}", case.path.display()))
    })
}
