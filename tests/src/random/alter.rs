//! Another definition for an object of the same name: one property of its kind at a time.
//!
//! A change that would leave something behind that PostgreSQL refuses takes that along, or is not made.

use schema_core::{
    Expr, Ident, KindName, ObjectId, Schema, SqlType,
    kinds::{
        Check, Column, ColumnValue, Domain, EnumType, Exclusion, Extension, ForeignKey, ForeignKeyMatch, Identity,
        IdentityMode, Index, Kind, Namespace, Object, PrimaryKey, Sequence, SqlObject, Table, Unique,
    },
};

use super::Rng;
use super::draft::Draft;
use super::pools::{self, Class, knowledge};
use super::{keys, parts};

/// Changes one property of an object.
pub fn alter(rng: &mut Rng, draft: &mut Draft, object: Object) {
    match object {
        Object::Schema(of) => drop(draft.replace(Namespace { comment: other_comment(rng, &of.comment), ..of })),
        Object::Extension(of) => move_extension(rng, draft, of),
        Object::Enum(of) => enum_type(rng, draft, of),
        Object::Domain(of) => domain(rng, draft, of),
        Object::Sequence(of) => sequence(rng, draft, of),
        Object::Table(of) => table(rng, draft, of),
        Object::Column(of) => column(rng, draft, of),
        Object::PrimaryKey(of) => primary_key(rng, draft, of),
        Object::Unique(of) => unique(rng, draft, of),
        Object::Check(of) => check(rng, draft, of),
        Object::Exclusion(of) => exclusion(rng, draft, of),
        Object::Index(of) => index(rng, draft, of),
        Object::IndexMark(of) => draft.remove(&of.id()),
        Object::InheritedColumn(of) => draft.remove(&of.id()),
        Object::ForeignKey(of) => foreign_key(rng, draft, of),
        // They have nothing to change that a draft of their own would not show better.
        Object::Privileges(_) | Object::DefaultPrivileges(_) => {}
        Object::Sql(of) => drop(draft.replace(SqlObject { comment: other_comment(rng, &of.comment), ..of })),
    }
}

fn other_comment(rng: &mut Rng, before: &Option<String>) -> Option<String> {
    match before {
        Some(_) if rng.percent(40) => None,
        _ => Some(format!("changed {}", rng.below(9))),
    }
}

/// Everything that names a type or an operator class of the extension follows.
fn move_extension(rng: &mut Rng, draft: &mut Draft, of: Extension) {
    let place = parts::place(rng, &draft.schema);
    let schema = (place.as_str() != "public").then_some(place);
    let (before, after) = (of.schema.clone(), schema.clone());
    let name = |schema: &Option<Ident>, name: &str| pools::in_schema_of(schema.as_ref(), name);
    let (old, new) = (name(&before, of.name.as_str()), name(&after, of.name.as_str()));
    let (old_class, new_class) = (name(&before, "gin_trgm_ops").quoted(), name(&after, "gin_trgm_ops").quoted());
    draft.schema = std::mem::take(&mut draft.schema).map(|object| match object {
        Object::Column(column) => column.sql_type = column.sql_type.clone().renamed(&old, &new),
        Object::Domain(domain) => domain.sql_type = domain.sql_type.clone().renamed(&old, &new),
        Object::Index(index) => {
            let own = of.name.as_str() == "pg_trgm";
            let classes = index.columns.iter_mut().filter_map(|key| key.opclass.as_mut()).filter(|_| own);
            classes.filter(|class| **class == old_class).for_each(|class| class.clone_from(&new_class));
        }
        _ => {}
    });
    draft.replace(Extension { schema, ..of });
}

fn quoted_anywhere(draft: &Draft, label: &Ident) -> Vec<ObjectId> {
    let literal = schema_core::quote_literal(label.as_str());
    let uses = |object: &&Object| object.expressions().iter().any(|expr| expr.as_str().contains(&literal));
    draft.schema.iter().map(|(_, object)| object).filter(uses).map(Object::id).collect()
}

fn enum_type(rng: &mut Rng, draft: &mut Draft, mut of: EnumType) {
    match rng.below(8) {
        0 => of.comment = other_comment(rng, &of.comment),
        1..=3 => {
            let new: Vec<&str> =
                parts::LABELS.iter().copied().filter(|label| !of.values.contains(&Ident::of(label))).collect();
            if let Some(label) = rng.choose(&new) {
                of.values.insert(rng.below(of.values.len() + 1), Ident::of(label));
            }
        }
        4 if 2 < of.values.len() => {
            let label = of.values.remove(rng.below(of.values.len()));
            quoted_anywhere(draft, &label).iter().for_each(|id| draft.remove(id));
            draft.forget(&ObjectId::inner(KindName::EnumValue, &of.name, &label));
        }
        5 => {
            let at = rng.below(of.values.len() - 1);
            of.values.swap(at, at + 1);
        }
        _ => {
            let label = rng.pick(&of.values).clone();
            let renamed = Ident::of(rng.word(&["renamed", "sad", "other 'label'"]));
            // Expressions do not tell whose label they quote.
            let shared = draft.schema.of_kind(KindName::Enum).filter(|other| match other {
                Object::Enum(other) => other.values.contains(&label),
                _ => false,
            });
            if !of.values.contains(&renamed) && shared.count() == 1 {
                let id = |label: &Ident| ObjectId::inner(KindName::EnumValue, &of.name, label);
                draft.rename(&id(&label), &id(&renamed));
                if rng.percent(30) {
                    draft.forget(&id(&renamed));
                }
            }
            return;
        }
    }
    draft.replace(of);
}

fn domain(rng: &mut Rng, draft: &mut Draft, mut of: Domain) {
    let schema = &draft.schema;
    match rng.below(7) {
        0 => of.comment = other_comment(rng, &of.comment),
        1 => of.not_null = !of.not_null,
        2 => of.default = parts::domain_default(rng, schema, &of.sql_type),
        3 | 4 => of.checks = parts::domain_checks(rng, schema, &of.sql_type),
        5 => of.collation = parts::collation(rng, schema, &of.sql_type),
        _ => {
            // Another type of the same class keeps everything valid that is written over the domain.
            let classed = same_class(rng, draft, &of.sql_type);
            if let Some(of_class) = classed.filter(|of| knowledge(schema, of).class != Class::Range) {
                of.sql_type = of_class;
                of.default = parts::domain_default(rng, schema, &of.sql_type);
            }
        }
    }
    draft.replace(of);
}

fn same_class(rng: &mut Rng, draft: &Draft, of: &SqlType) -> Option<SqlType> {
    let class = knowledge(&draft.schema, of).class;
    let parsed = |sql: &str| SqlType::parse(sql).expect("a built-in type reads");
    let fits = pools::TYPES
        .iter()
        .filter(|sample| sample.class == class && !matches!(class, Class::User | Class::Ordered | Class::Unordered));
    let types: Vec<SqlType> =
        fits.map(|sample| parsed(sample.sql)).filter(|other| other != of && other.array == of.array).collect();
    rng.choose(&types).filter(|_| of.user_type().is_none())
}

fn sequence(rng: &mut Rng, draft: &mut Draft, mut of: Sequence) {
    match rng.below(5) {
        0 => of.comment = other_comment(rng, &of.comment),
        1 | 2 => of.options = parts::options(rng),
        3 => of.sql_type = SqlType::built_in(rng.word(&["bigint", "integer", "smallint"])),
        _ => {
            let other = parts::sequence(rng, &draft.schema);
            of.owned_by = other.owned_by.filter(|(table, _)| table.schema == of.name.schema);
        }
    }
    draft.replace(of);
}

fn table(rng: &mut Rng, draft: &mut Draft, mut of: Table) {
    match rng.below(8) {
        0 if draft.replace(Table { unlogged: !of.unlogged, ..of.clone() }) => {
            return keys::drop_across(draft, &of.name);
        }
        1 => of.row_security = !of.row_security,
        2 => of.force_row_security = !of.force_row_security,
        3 => of.replica_identity = parts::replica_identity(rng),
        4 | 5 => of.comment = other_comment(rng, &of.comment),
        _ => of.with = parts::storage(rng),
    }
    draft.replace(of);
}

fn in_key(draft: &Draft, column: &Column) -> bool {
    draft.schema.inside(KindName::PrimaryKey, &column.table).any(|key| match key {
        Object::PrimaryKey(key) => key.columns.contains(&column.name),
        _ => false,
    })
}

fn column(rng: &mut Rng, draft: &mut Draft, mut of: Column) {
    let counted = matches!(of.value, ColumnValue::Identity(_) | ColumnValue::Serial { .. });
    match rng.below(13) {
        12 => of.settings = parts::column_settings(rng, &of.sql_type),
        0 => of.comment = other_comment(rng, &of.comment),
        1 | 2 if !counted && !in_key(draft, &of) => of.nullable = !of.nullable,
        3 if !matches!(of.value, ColumnValue::Generated(_)) => {
            of.collation = parts::collation(rng, &draft.schema, &of.sql_type);
        }
        4..=6 => return value(rng, draft, of),
        7 => {
            if let ColumnValue::Identity(identity) = &of.value {
                let mode = if rng.percent(50) { IdentityMode::Always } else { IdentityMode::ByDefault };
                let options = if rng.percent(70) { parts::options(rng) } else { identity.options.clone() };
                let sequence = if rng.percent(20) { pools::name(rng) } else { identity.sequence.clone() };
                of.value = ColumnValue::Identity(Identity { mode, sequence, options });
            }
        }
        _ => return retype(rng, draft, of),
    }
    draft.replace(of);
}

/// Another source of values. What is generated from the column cannot be generated from a generated one.
fn value(rng: &mut Rng, draft: &mut Draft, mut of: Column) {
    let before = of.clone();
    parts::set_value(rng, &draft.schema, &mut of);
    of.nullable = of.nullable && before.nullable;
    if matches!(of.value, ColumnValue::Generated(_)) {
        let sources = draft.schema.columns(&of.table).into_iter().filter(|other| other.name != of.name);
        let dependent = sources.filter(|other| other.requires(&draft.schema).contains(&of.id())).count() != 0;
        let refers = referring(draft, &of).iter().any(|(column, _)| *column == of.id());
        if dependent || refers {
            return;
        }
    }
    draft.replace(of);
}

/// Pairs of columns that foreign keys bind together, one of each pair this column.
fn referring(draft: &Draft, of: &Column) -> Vec<(ObjectId, ObjectId)> {
    let mut pairs = Vec::new();
    for object in draft.schema.of_kind(KindName::ForeignKey) {
        let Object::ForeignKey(key) = object else { continue };
        for (own, other) in key.columns.iter().zip(&key.referenced) {
            let (own, other) = (ObjectId::column(&key.table, own), ObjectId::column(&key.references, other));
            if own == of.id() || other == of.id() {
                pairs.push((own, other));
            }
        }
    }
    pairs
}

/// Another type: for all columns that foreign keys bind together when they have one type, and without what cannot stand on it.
fn retype(rng: &mut Rng, draft: &mut Draft, of: Column) {
    let within = same_class(rng, draft, &of.sql_type).filter(|_| rng.percent(60));
    let kept = within.is_some();
    let target = within.unwrap_or_else(|| pools::any_type(rng, &draft.schema));
    if target == of.sql_type {
        return;
    }
    let mut group = vec![of.id()];
    let mut at = 0;
    while at < group.len() {
        let Some(outer) = group[at].outer() else { return };
        let Some(member) = draft.schema.column(&outer, group[at].name()).cloned() else { return };
        for (own, other) in referring(draft, &member) {
            group.extend([own, other].into_iter().filter(|id| !group.contains(id)).collect::<Vec<_>>());
        }
        at += 1;
    }
    if 1 < group.len() && !keys::is_comparable(&draft.schema, &target) {
        return;
    }
    let back = draft.clone();
    let done = group.iter().all(|id| retype_one(rng, draft, id, &target, kept));
    if !done {
        *draft = back;
    }
}

/// Whether a default of the old type is one of the new type as well.
fn fits_both(schema: &Schema, expr: &Expr, target: &SqlType) -> bool {
    knowledge(schema, target).defaults.iter().any(|text| Expr::new(text) == *expr)
}

fn retype_one(rng: &mut Rng, draft: &mut Draft, id: &ObjectId, target: &SqlType, kept: bool) -> bool {
    let Some(mut column) = id.outer().and_then(|table| draft.schema.column(&table, id.name()).cloned()) else {
        return false;
    };
    let integer =
        !target.array && target.built_in_name().is_some_and(|name| ["smallint", "integer", "bigint"].contains(&name));
    let counted = matches!(column.value, ColumnValue::Identity(_) | ColumnValue::Serial { .. });
    if counted && !integer {
        column.value = ColumnValue::None;
    }
    let same_collation = matches!(knowledge(&draft.schema, target).class, Class::Text | Class::Char) && !target.array;
    column.sql_type = target.clone();
    if !parts::is_toasted(target) {
        (column.settings.storage, column.settings.compression) = (None, None);
    }
    column.collation = column.collation.filter(|_| same_collation && target.user_type().is_none());
    match &column.value {
        ColumnValue::Default(expr) if kept && fits_both(&draft.schema, expr, target) && rng.percent(50) => {}
        ColumnValue::Default(_) => {
            column.value = parts::default(rng, &draft.schema, target).map_or(ColumnValue::None, ColumnValue::Default);
        }
        ColumnValue::Generated(_) if !kept => return false,
        _ => {}
    }
    if !kept {
        let ordered = knowledge(&draft.schema, target).class.is_ordered();
        let survives = |object: &Object| match object {
            Object::PrimaryKey(_) | Object::Unique(_) => ordered,
            Object::ForeignKey(_) => true,
            Object::Sequence(_) => true,
            Object::Index(index) => {
                ordered
                    && index.method.as_str() == "btree"
                    && index.expressions().is_empty()
                    && index.columns.iter().all(|key| key.opclass.is_none() && key.collation.is_none())
            }
            _ => false,
        };
        let dependent =
            draft.schema.iter().filter(|(other, object)| *other != id && object.requires(&draft.schema).contains(id));
        let gone: Vec<ObjectId> = dependent.filter(|(_, object)| !survives(object)).map(|(id, _)| id.clone()).collect();
        gone.iter().for_each(|id| draft.remove(id));
    }
    draft.replace(column)
}

fn primary_key(rng: &mut Rng, draft: &mut Draft, mut of: PrimaryKey) {
    match rng.below(5) {
        0 => {
            of.comment = other_comment(rng, &of.comment);
            of.index.comment = other_comment(rng, &of.index.comment);
            of.index.with = [("fillfactor".to_owned(), "55".to_owned())].into_iter().collect();
        }
        1 => {
            if !has_references(draft, &of.id()) {
                of.deferrable = !of.deferrable;
                of.initially_deferred = of.deferrable && rng.percent(50);
            }
        }
        _ => {
            let id = of.id();
            draft.remove(&id);
            if let Some(other) = keys::primary_key(rng, draft, &of.table) {
                let keeps_name = rng.percent(60);
                of = PrimaryKey { name: if keeps_name { of.name } else { other.name.clone() }, ..other };
                let columns: Vec<Column> =
                    of.columns.iter().filter_map(|name| draft.schema.column(&of.table, name).cloned()).collect();
                if draft.add(of) {
                    for column in columns {
                        draft.replace(Column { nullable: false, ..column });
                    }
                }
            }
            return;
        }
    }
    draft.replace(of);
}

fn has_references(draft: &Draft, id: &ObjectId) -> bool {
    draft.schema.of_kind(KindName::ForeignKey).any(|object| object.requires(&draft.schema).contains(id))
}

fn unique(rng: &mut Rng, draft: &mut Draft, mut of: Unique) {
    match rng.below(6) {
        0 => of.comment = other_comment(rng, &of.comment),
        1 => of.nulls_not_distinct = !of.nulls_not_distinct,
        2 if !has_references(draft, &of.id()) => of.deferrable = !of.deferrable || of.initially_deferred,
        3 => of.columns.reverse(),
        4 => {
            // A constraint becomes an index of the same name.
            let keys = of.columns.iter().cloned().map(schema_core::kinds::IndexElement::column).collect();
            let index = Index { unique: true, ..Index::new(of.table.clone(), of.name.clone(), keys) };
            draft.remove(&of.id());
            draft.add(index);
            return;
        }
        _ => {
            draft.remove(&of.id());
            if let Some(other) = keys::unique(rng, &draft.schema, &of.table) {
                draft.add(Unique { name: of.name, ..other });
            }
            return;
        }
    }
    draft.replace(of);
}

fn check(rng: &mut Rng, draft: &mut Draft, mut of: Check) {
    match rng.below(4) {
        0 => of.comment = other_comment(rng, &of.comment),
        1 => of.not_valid = !of.not_valid,
        2 => of.no_inherit = !of.no_inherit,
        _ => {
            if let Some(other) = keys::check(rng, &draft.schema, &of.table) {
                of.expr = if rng.percent(30) { Expr::new(format!("NOT NOT ({})", other.expr)) } else { other.expr };
            }
        }
    }
    draft.replace(of);
}

fn exclusion(rng: &mut Rng, draft: &mut Draft, mut of: Exclusion) {
    match rng.below(3) {
        0 => of.comment = other_comment(rng, &of.comment),
        1 => of.predicate = keys::predicate(rng, &draft.schema, &of.table),
        _ => of.deferrable = !of.deferrable || of.initially_deferred,
    }
    draft.replace(of);
}

fn index(rng: &mut Rng, draft: &mut Draft, mut of: Index) {
    match rng.below(6) {
        0 => of.comment = other_comment(rng, &of.comment),
        1 => {
            of.predicate =
                if has_references(draft, &of.id()) { None } else { keys::predicate(rng, &draft.schema, &of.table) }
        }
        2 if of.method.as_str() == "btree" && !has_references(draft, &of.id()) => of.unique = !of.unique,
        3 => {
            of.with.clear();
            let parameter = match of.method.as_str() {
                "gin" => ("fastupdate", "off"),
                "brin" => ("pages_per_range", "64"),
                _ => ("fillfactor", "60"),
            };
            of.with.extend(rng.percent(70).then(|| (parameter.0.to_owned(), parameter.1.to_owned())));
        }
        4 if of.method.as_str() == "btree" => {
            let at = rng.below(of.columns.len());
            of.columns[at].descending = !of.columns[at].descending;
        }
        _ => {
            let other = keys::index(rng, &draft.schema, &of.table);
            if let (Some(other), false) = (other, has_references(draft, &of.id())) {
                of = Index { name: of.name, ..other };
            }
        }
    }
    of.nulls_not_distinct = of.nulls_not_distinct && of.unique;
    draft.replace(of);
}

fn foreign_key(rng: &mut Rng, draft: &mut Draft, mut of: ForeignKey) {
    match rng.below(7) {
        0 => of.comment = other_comment(rng, &of.comment),
        1 => of.on_delete = keys::action(rng, &of.columns, true),
        2 => of.on_update = keys::action(rng, &of.columns, false),
        3 => {
            of.match_type =
                if of.match_type == ForeignKeyMatch::Full { ForeignKeyMatch::Simple } else { ForeignKeyMatch::Full };
        }
        4 | 5 => {
            of.deferrable = !of.deferrable;
            of.initially_deferred = of.deferrable && rng.percent(50);
        }
        _ => of.not_valid = !of.not_valid,
    }
    draft.replace(of);
}
