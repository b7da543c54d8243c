//! Enum types (`pg_type`, `pg_enum`). A value is added in place; PostgreSQL cannot remove or reorder one, so then the type is
//! replaced.
//!
//! <https://www.postgresql.org/docs/current/sql-altertype.html>

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim, Retyped, comment, namespace_of, retype};
use crate::{
    Diff, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, quote_literal,
    rename::Rename, sql_type::type_name,
};

/// An enum type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnumType {
    /// Its name.
    pub name: QualifiedName,
    /// Its labels, in their sort order.
    pub values: Vec<Ident>,
    /// `COMMENT ON TYPE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl EnumType {
    fn target(&self) -> String {
        format!("TYPE {}", type_name(&self.name))
    }

    /// `ADD VALUE` for each new label; none when labels were removed or reordered.
    fn additions(diff: &Diff<&Self>) -> Option<Vec<Statement>> {
        let (before, after) = (&diff.before.values, &diff.after.values);
        let kept: Vec<&Ident> = after.iter().filter(|value| before.contains(value)).collect();
        if kept.len() != before.len() || !kept.iter().zip(before).all(|(a, b)| *a == b) {
            return None;
        }
        let add = |(place, value): (usize, &Ident)| {
            // The label before it exists by then; the first one needs BEFORE.
            let position = match place.checked_sub(1).map(|at| &after[at]) {
                _ if kept.is_empty() && place == 0 => String::new(),
                Some(previous) => format!(" AFTER {}", literal(previous)),
                None => format!(" BEFORE {}", literal(kept[0])),
            };
            let last = before.last() == place.checked_sub(1).map(|at| &after[at]);
            let position = if last { String::new() } else { position };
            Statement::sql(format!("ALTER TYPE {} ADD VALUE {}{position}", type_name(&diff.after.name), literal(value)))
        };
        Some(after.iter().enumerate().filter(|(_, value)| !before.contains(value)).map(add).collect())
    }

    /// A label cannot be used in the transaction that adds it (55P04), but can in one that creates the type.
    fn used_at_once(diff: &Diff<&Self>, context: &Context) -> bool {
        let added = diff.after.values.iter().filter(|value| !diff.before.values.contains(value));
        added.clone().count() != 0 && added.into_iter().any(|value| context.newly_quoted(value))
    }

    /// Whether the type must be made anew.
    pub(super) fn is_replaced(diff: &Diff<&Self>, context: &Context) -> bool {
        EnumType::additions(diff).is_none() || EnumType::used_at_once(diff, context)
    }

    fn removed<'a>(diff: &Diff<&'a Self>) -> Vec<&'a Ident> {
        diff.before.values.iter().filter(|value| !diff.after.values.contains(value)).collect()
    }
}

fn literal(value: &Ident) -> String {
    quote_literal(value.as_str())
}

impl Kind for EnumType {
    fn id(&self) -> ObjectId {
        ObjectId::top(KindName::Enum, &self.name)
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        vec![namespace_of(&self.name)]
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        let values = self.values.iter().map(literal).collect::<Vec<_>>().join(", ");
        let create = Statement::sql(format!("CREATE TYPE {} AS ENUM ({values})", type_name(&self.name)));
        std::iter::once(create).chain(comment::create(&self.target(), &self.comment)).collect()
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP TYPE {}", type_name(&self.name)))]
    }

    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration {
        let additions = EnumType::additions(diff).filter(|_| !EnumType::used_at_once(diff, context));
        let Some(mut statements) = additions else {
            let using = |column: &super::Column| format!("{}::text::{}", column.name.quoted(), column.sql_type.sql());
            return retype::replace(&diff.after.name, diff.after.create(context), context, using);
        };
        let comments = Diff { before: &diff.before.comment, after: &diff.after.comment };
        statements.extend(comment::alter(&diff.after.target(), &comments));
        Alteration::Statements(statements)
    }

    fn retypes(diff: &Diff<&Self>, context: &Context) -> Vec<Retyped> {
        if EnumType::is_replaced(diff, context) { retype::columns_moved(&diff.after.name, context) } else { Vec::new() }
    }

    fn takes_along(diff: &Diff<&Self>, context: &Context) -> Vec<ObjectId> {
        if EnumType::is_replaced(diff, context) { retype::domains_along(&diff.after.name, context) } else { Vec::new() }
    }

    fn claims(&self) -> Vec<NameClaim> {
        vec![NameClaim::Type(self.name.clone())]
    }

    fn follow(&mut self, rename: &Rename) {
        for value in &mut self.values {
            rename.follow_inner(KindName::EnumValue, &self.name, value);
        }
        rename.follow_name(KindName::Enum, &mut self.name);
    }

    fn with_name(&self, name: &Ident) -> Self {
        EnumType { name: self.name.sibling(name.clone()), ..self.clone() }
    }

    fn alter_hazards(diff: &Diff<&Self>, context: &Context) -> Vec<Hazard> {
        let columns = retype::columns_kept(&diff.after.name, context.before, context.after);
        let removed = EnumType::removed(diff);
        if removed.is_empty() || columns.is_empty() {
            return Vec::new();
        }
        let values = removed.iter().map(|value| literal(value)).collect::<Vec<_>>().join(", ");
        let probes = columns.iter().map(|column| {
            let (table, name) = (column.table.quoted(), column.name.quoted());
            format!("SELECT count(*) FROM {table} WHERE {name}::text IN ({values})")
        });
        let probe = probes.collect::<Vec<_>>().join(" UNION ALL ");
        let message = format!("enum `{}` loses {values}; a row that holds one fails the migration", diff.after.name);
        vec![Hazard { probe: Some(probe), ..Hazard::narrowing(&diff.after.id(), message) }]
    }
}
