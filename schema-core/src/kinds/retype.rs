//! Replacing a type that PostgreSQL cannot alter in place: an enum that loses or reorders values, a domain over another type.
//!
//! The old type steps aside, the new one takes its name, every column moves over, and the old one goes
//! (`ddl-safety`, recipe R12). The domains over the type go the same way with it. Expressions over the columns are rebuilt around
//! it by the plan.

use super::{Alteration, Column, Domain, EnumType, Kind, Object, Retyped, default_privileges::given_again};
use crate::{Diff, KindName, ObjectId, QualifiedName, Schema, SqlType, Statement, plan::Context, sql_type::type_name};

/// The columns that have the type before and after, by their later definition.
pub(super) fn columns_kept<'a>(name: &QualifiedName, before: &Schema, after: &'a Schema) -> Vec<&'a Column> {
    let of_type = |column: &&Column| column.sql_type.user_type() == Some(name);
    let columns = after.of_kind(KindName::Column).filter_map(|object| match object {
        Object::Column(column) => Some(column),
        _ => None,
    });
    columns
        .filter(of_type)
        .filter(|column| before.column(&column.table, &column.name).is_some_and(|column| of_type(&column)))
        .collect()
}

/// Whether the type is replaced, by itself or with the type that it is over.
pub(super) fn is_replaced(name: &QualifiedName, context: &Context) -> bool {
    let sides = |kind: KindName| {
        let id = ObjectId::top(kind, name);
        (context.before.get(&id), context.after.get(&id))
    };
    match (sides(KindName::Enum), sides(KindName::Domain)) {
        ((Some(Object::Enum(before)), Some(Object::Enum(after))), _) => {
            EnumType::is_replaced(&Diff { before, after }, context)
        }
        (_, (Some(Object::Domain(before)), Some(Object::Domain(after)))) => {
            Domain::is_replaced(&Diff { before, after }, context)
                || over_replaced(&before.sql_type, &after.sql_type, context)
        }
        _ => false,
    }
}

/// Whether a domain goes along with the type that it is over.
pub(super) fn over_replaced(before: &SqlType, after: &SqlType, context: &Context) -> bool {
    let base = after.user_type().filter(|name| before.user_type() == Some(*name));
    base.is_some_and(|name| is_replaced(name, context))
}

/// The type and the domains over it that stay, each after the one that it is over.
fn family(name: &QualifiedName, context: &Context) -> Vec<QualifiedName> {
    let mut family = vec![name.clone()];
    let mut at = 0;
    while at < family.len() {
        let over = |object: &Object| match object {
            Object::Domain(domain) if domain.sql_type.user_type() == Some(&family[at]) => Some(domain.name.clone()),
            _ => None,
        };
        let before =
            |name: &QualifiedName| context.before.get(&ObjectId::top(KindName::Domain, name)).and_then(over).is_some();
        let domains = context.after.of_kind(KindName::Domain).filter_map(over).filter(before);
        let domains: Vec<QualifiedName> = domains.collect();
        family.extend(domains);
        at += 1;
    }
    family
}

/// The domains that are made anew with the type.
pub(super) fn domains_along(name: &QualifiedName, context: &Context) -> Vec<ObjectId> {
    family(name, context)[1..].iter().map(|domain| ObjectId::top(KindName::Domain, domain)).collect()
}

/// The type's statements: `create` makes the new one, `using` converts one column of it.
pub(super) fn replace(
    name: &QualifiedName,
    create: Vec<Statement>,
    context: &Context,
    using: impl Fn(&Column) -> String,
) -> Alteration {
    let family = family(name, context);
    let mut statements: Vec<Statement> = family.iter().map(|name| step_aside(name, context)).collect();
    statements.extend(create);
    for name in &family[1..] {
        let domain = context.after.get(&ObjectId::top(KindName::Domain, name));
        statements.extend(domain.into_iter().flat_map(|domain| domain.create(context)));
    }
    for of in &family {
        for column in columns_kept(of, context.before, context.after) {
            // A generated column is dropped and created around this by the plan.
            if !column.value.is_generated() {
                let own = || format!("{}::text::{}", column.name.quoted(), column.sql_type.sql());
                statements.extend(move_column(column, context, &if of == name { using(column) } else { own() }));
            }
        }
    }
    // Last, because whoever may not use the type could not convert a column to it.
    for of in &family {
        statements.extend(given_again(&type_id(of, context), context));
    }
    if !is_held(&family, context) {
        statements.extend(put_away(&family, context));
    }
    Alteration::Statements(statements)
}

/// The old types go, those that need others first.
fn put_away(family: &[QualifiedName], context: &Context) -> Vec<Statement> {
    let gone = family.iter().rev().map(|name| format!("DROP {} {}", words(name, context), type_name(&aside(name))));
    gone.map(Statement::sql).collect()
}

/// Whether a domain that goes is over one of the types. It goes when its columns have others, which may need the new type.
fn is_held(family: &[QualifiedName], context: &Context) -> bool {
    context.before.of_kind(KindName::Domain).any(|object| match object {
        Object::Domain(domain) => {
            let over = domain.sql_type.user_type().is_some_and(|of| family.contains(of));
            over && !context.after.contains(&object.id()) && !is_composite(&family[0], context)
        }
        _ => false,
    })
}

/// The old types that something still held when the new ones were made.
pub(crate) fn left_behind(diff: &Diff<Object>, context: &Context) -> Vec<Statement> {
    let Some(name) = diff.after.id().outer().filter(|name| is_replaced(name, context)) else { return Vec::new() };
    let over = match &diff.after {
        Object::Enum(_) => None,
        Object::Domain(domain) => domain.sql_type.user_type(),
        _ => return Vec::new(),
    };
    // A domain goes along with the type that it is over.
    if over.is_some_and(|of| is_replaced(of, context)) {
        return Vec::new();
    }
    let family = family(&name, context);
    if is_held(&family, context) { put_away(&family, context) } else { Vec::new() }
}

fn aside(name: &QualifiedName) -> QualifiedName {
    name.sibling(crate::default_name(name.name.as_str(), "", "before"))
}

fn step_aside(name: &QualifiedName, context: &Context) -> Statement {
    let (words, of, aside) = (words(name, context), type_name(name), aside(name).name.quoted());
    Statement::sql(format!("ALTER {words} {of} RENAME TO {aside}"))
}

fn words(name: &QualifiedName, context: &Context) -> &'static str {
    if is_domain(name, context) { "DOMAIN" } else { "TYPE" }
}

fn type_id(name: &QualifiedName, context: &Context) -> ObjectId {
    let kinds = [KindName::Domain, KindName::CompositeType];
    let found = kinds.into_iter().map(|kind| ObjectId::top(kind, name)).find(|id| context.after.contains(id));
    found.unwrap_or_else(|| ObjectId::top(KindName::Enum, name))
}

fn is_composite(name: &QualifiedName, context: &Context) -> bool {
    context.after.contains(&ObjectId::top(KindName::CompositeType, name))
}

fn is_domain(name: &QualifiedName, context: &Context) -> bool {
    context.after.contains(&ObjectId::top(KindName::Domain, name))
}

/// A default is an expression of the old type, so it is taken off and put on again.
fn move_column(column: &Column, context: &Context, using: &str) -> Vec<Statement> {
    let alter =
        |action: String| Statement::alter(&column.table, format!("ALTER COLUMN {} {action}", column.name.quoted()));
    let before = context.before.column(&column.table, &column.name).and_then(|column| column.value.expr());
    let dropped = before.map(|_| alter("DROP DEFAULT".to_owned()));
    let moved = alter(format!("TYPE {} USING {using}", column.sql_type.sql()));
    let restored = column.value.expr().map(|expr| alter(format!("SET DEFAULT {}", expr.as_default())));
    dropped.into_iter().chain([moved]).chain(restored).collect()
}

/// The columns whose values are rewritten, and the types themselves: a routine or view that names one holds it.
pub(super) fn columns_moved(name: &QualifiedName, context: &Context) -> Vec<Retyped> {
    let family = family(name, context);
    let columns = family.iter().flat_map(|name| columns_kept(name, context.before, context.after)).map(Column::id);
    let types = family.iter().map(|name| type_id(name, context));
    columns.chain(types).map(|id| Retyped { id, rebased: true }).collect()
}
