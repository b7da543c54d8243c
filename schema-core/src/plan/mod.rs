//! The plan: the statements that take one schema to another, in an order that PostgreSQL accepts.
//!
//! It knows no kind. What must come before what is asked of the objects; ties are broken by kind and name, so that equal input
//! gives equal text. It does not write revisions and does not judge hazards.

mod carry;
mod context;
mod entangled;
mod graph;
mod handover;
mod order;
mod placeholder;
mod rebuild;
mod script;
mod vacate;

use std::collections::BTreeSet;

use crate::{
    Diff, Hazard, KindName, ObjectId, QualifiedName, Schema, Statement,
    diff::{Difference, difference, way_back},
    kinds::{Alteration, Index, Object, corrections, left_behind},
    rename::{Rename, applied_inverted},
};

use carry::Carried;
pub use context::{Context, Fill, Hints};
pub use script::{Script, ScriptLine};

/// What one node of the plan does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Removes an object.
    Drop(Object),
    /// Makes an object; the second are the parts that CREATE TABLE takes in.
    Create(Object, Vec<Object>),
    /// Takes an object from where another one is about to come.
    Release(Diff<Object>),
    /// Takes the expressions of a column or domain off, or the type of a column, because what they call or the type is made anew; the change
    /// after it puts them on again.
    Vacate(Diff<Object>),
    /// Keeps the rows of a table aside that is made anew.
    Save(QualifiedName),
    /// Puts them into the new table.
    Restore(QualifiedName),
    /// Changes an object in place.
    Alter(Diff<Object>),
    /// Gives a constraint or index another name.
    Relabel(Rename),
    /// What a new object needs when others exist: the owner of a sequence.
    Finish(Object),
}

/// The way from one schema to another and back.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is recorded.
    pub difference: Difference,
    /// The SQL that goes there.
    pub up: Script,
    /// The SQL that comes back.
    pub down: Script,
    /// What the way there may cost.
    pub hazards: Vec<Hazard>,
}

/// Plans both ways. The way back is the same problem with the sides swapped.
///
/// ```
/// use schema_core::{Ident, QualifiedName, Schema, kinds::Table, plan::{Hints, plan}};
/// let after: Schema = [Table::new(QualifiedName::public(Ident::of("users"))).into()].into_iter().collect();
/// let plan = plan(&Schema::default(), &after, &[], &Hints::default());
/// assert_eq!(plan.up.text(), "CREATE TABLE users ();\n");
/// assert_eq!(plan.down.text(), "DROP TABLE users;  -- deletes data\n");
/// ```
pub fn plan(before: &Schema, after: &Schema, renames: &[Rename], hints: &Hints) -> Plan {
    let there = difference(before, after, renames);
    let back = way_back(after, before, &applied_inverted(&there.renames));
    let (steps, goal) = handover::spelled(&there, after);
    let up = script(before, &steps, &goal, hints, Fill::Nothing);
    let hazards = hazards(&steps, &goal, hints);
    let (steps, goal) = handover::spelled(&back, before);
    let down = script(after, &steps, &goal, &Hints::default(), Fill::Placeholder);
    Plan { difference: there, up, down, hazards }
}

/// The statements of one way.
fn script(before: &Schema, difference: &Difference, after: &Schema, hints: &Hints, fill: Fill) -> Script {
    let mut script = Script::default();
    let nothing = Hints::default();
    let start = Context { before: &difference.renamed, after: &difference.renamed, hints: &nothing, fill };
    for object in order::displaced(&difference.displaced, before) {
        script.extend(object.drop(&start), object.drop_hazards().iter().any(Hazard::is_loss));
    }
    let (schemas, others): (Vec<&Rename>, Vec<&Rename>) =
        difference.moves.iter().partition(|rename| rename.before.kind == KindName::Schema);
    let destinations = order::destinations(difference);
    script.extend(schemas.into_iter().flat_map(Rename::statements), false);
    script.extend(destinations.iter().flat_map(|object| object.create(&start)), false);
    script.extend(others.into_iter().flat_map(Rename::statements), false);
    let context = Context { before: &difference.renamed, after, hints, fill };
    let carried = Carried::new(difference, &context);
    let mut actions = rebuild::actions(difference, &carried, &context);
    actions.retain(|action| !matches!(action, Action::Create(object, _) if destinations.contains(&object)));
    if actions.iter().any(makes_routine) {
        // Bodies in strings name what no catalog says they need, each other included. The proof looks at them when all is there.
        script.extend([Statement::sql("SET LOCAL check_function_bodies = off")], false);
    }
    let made = made(&actions);
    for action in graph::sorted(actions, &context) {
        let loses = matches!(&action, Action::Drop(object)
            if object.drop_hazards().iter().any(Hazard::is_loss) && !carried.keeps(object, &context));
        script.extend(statements(&action, &context), loses);
    }
    script.extend(difference.alters.iter().flat_map(|diff| left_behind(diff, &context)), false);
    script.extend(corrections(&made, &context), false);
    if [context.before, after].iter().any(|schema| schema.iter().any(|(_, object)| object.is_deferred())) {
        script.check_at_once();
    }
    script
}

/// All objects that are made, and the columns that get another sequence.
fn made(actions: &[Action]) -> BTreeSet<ObjectId> {
    let made = actions.iter().flat_map(|action| match action {
        Action::Create(object, parts) => std::iter::once(object).chain(parts).map(Object::id).collect(),
        Action::Alter(Diff { before: Object::Column(before), after: Object::Column(after) })
            if std::mem::discriminant(&before.value) != std::mem::discriminant(&after.value) =>
        {
            vec![ObjectId::column(&after.table, &after.name)]
        }
        _ => Vec::new(),
    });
    made.collect()
}

fn makes_routine(action: &Action) -> bool {
    let made = match action {
        Action::Create(object, _) => object.kind(),
        // Another comment does not make it anew.
        Action::Alter(Diff { before: Object::Sql(before), after: Object::Sql(after) })
            if !before.same_definition(after) =>
        {
            after.kind
        }
        _ => return false,
    };
    matches!(made, KindName::Function | KindName::Procedure)
}

fn statements(action: &Action, context: &Context) -> Vec<Statement> {
    match action {
        Action::Drop(object) => object.drop(context),
        Action::Create(Object::Table(table), parts) => {
            let clauses: Vec<String> = parts.iter().filter_map(Object::clause).collect();
            let mut statements = table.create_with(&clauses);
            statements.extend(parts.iter().flat_map(Object::after_clause));
            statements.extend(Index::statistics_for_partition(table, context));
            statements
        }
        Action::Create(object, _) => object.create(context),
        Action::Relabel(rename) => rename.statements(),
        Action::Release(diff) => Object::release(&Diff { before: &diff.before, after: &diff.after }),
        Action::Save(table) => carry::save(table, context),
        Action::Restore(table) => carry::restore(table, context),
        Action::Finish(object) => object.finish().map(|(_, statements)| statements).unwrap_or_default(),
        Action::Vacate(diff) | Action::Alter(diff) => {
            match Object::alter(&Diff { before: &diff.before, after: &diff.after }, context) {
                Alteration::Statements(statements) => statements,
                Alteration::Recreate => unreachable!("`rebuild` has made it a drop and a create"),
            }
        }
    }
}

fn hazards(difference: &Difference, after: &Schema, hints: &Hints) -> Vec<Hazard> {
    let context = Context { before: &difference.renamed, after, hints, fill: Fill::Nothing };
    let lost = difference.lost();
    let tables: BTreeSet<_> = lost.iter().map(Object::id).filter(|id| id.kind == KindName::Table).collect();
    let alone = |object: &&Object| object.table().is_none_or(|table| !tables.contains(&ObjectId::table(table)));
    let carried = Carried::new(difference, &context);
    let gone = lost.iter().filter(alone).filter(|object| !carried.keeps(object, &context));
    let dropped = gone.flat_map(Object::drop_hazards);
    // A partition of a table that is made anew is new itself.
    let moved = |diff: &&Diff<Object>| match &diff.after {
        Object::Table(table) => !carried.tables.contains(&table.name) || carried.kept.contains(&table.name),
        _ => true,
    };
    let altered = difference.alters.iter().filter(moved).flat_map(|diff| {
        let sides = Diff { before: &diff.before, after: &diff.after };
        let own = Object::alter_hazards(&sides, &context);
        let again = matches!(Object::alter(&sides, &context), Alteration::Recreate)
            && !is_column(&diff.after)
            && Object::tightens(&sides);
        own.into_iter().chain(again.then(|| diff.after.create_hazards(&context)).into_iter().flatten())
    });
    let new = |object: &&Object| object.table().is_none_or(|table| context.may_have_rows(table));
    let created = difference.creates.iter().filter(new).flat_map(|object| object.create_hazards(&context));
    dropped.chain(altered).chain(created).collect()
}

fn is_column(object: &Object) -> bool {
    matches!(object, Object::Column(_))
}
