//! Random constraints and indexes of a table: keys, checks, exclusions, indexes and foreign keys that PostgreSQL accepts.

use schema_core::{
    Expr, Ident, KindName, ObjectId, QualifiedName, Schema, SqlType,
    kinds::{
        Check, Column, ColumnValue, Exclusion, ExclusionElement, ForeignKey, ForeignKeyAction, ForeignKeyMatch, Index,
        IndexElement, IndexKey, KeyIndex, Object, PrimaryKey, Unique,
    },
};

use super::Rng;
use super::draft::Draft;
use super::parts::*;
use super::pools::{self, Class, knowledge};

/// Columns that a btree can hold.
pub fn ordered_columns(schema: &Schema, table: &QualifiedName) -> Vec<Ident> {
    let columns = schema.columns(table).into_iter();
    columns
        .filter(|column| knowledge(schema, &column.sql_type).class.is_ordered())
        .map(|column| column.name.clone())
        .collect()
}

fn of_class(schema: &Schema, table: &QualifiedName, classes: &[Class]) -> Vec<Ident> {
    let columns = schema.columns(table).into_iter();
    let fits = |column: &&Column| {
        column.sql_type.user_type().is_none() && classes.contains(&knowledge(schema, &column.sql_type).class)
    };
    columns.filter(fits).map(|column| column.name.clone()).collect()
}

/// A primary key, unless the table has one; its columns become NOT NULL.
pub fn primary_key(rng: &mut Rng, draft: &mut Draft, table: &QualifiedName) -> Option<PrimaryKey> {
    if draft.schema.inside(KindName::PrimaryKey, table).next().is_some() {
        return None;
    }
    let columns = ordered_columns(&draft.schema, table);
    let count = *rng.pick(&[1, 1, 1, 2, 3]);
    let columns = rng.sample(&columns, count);
    if columns.is_empty() {
        return None;
    }
    let name =
        if rng.percent(70) { schema_core::default_name(table.name.as_str(), "", "pkey") } else { pools::name(rng) };
    let initially_deferred = rng.percent(5);
    let deferrable = initially_deferred || rng.percent(5);
    let include = include(rng, &draft.schema, table, &columns);
    Some(PrimaryKey {
        table: table.clone(),
        name,
        columns,
        without_overlaps: false,
        include,
        deferrable,
        initially_deferred,
        comment: pools::comment(rng),
        index: key_index(rng),
    })
}

/// What an index behind a constraint has of its own; every access method knows a fill factor but those of inverted indexes.
fn key_index(rng: &mut Rng) -> KeyIndex {
    let with = rng.percent(10).then(|| ("fillfactor".to_owned(), rng.word(&["60", "80"]).to_owned()));
    KeyIndex { with: with.into_iter().collect(), comment: if rng.percent(5) { pools::comment(rng) } else { None } }
}

fn include(rng: &mut Rng, schema: &Schema, table: &QualifiedName, keys: &[Ident]) -> Vec<Ident> {
    let others: Vec<Ident> =
        ordered_columns(schema, table).into_iter().filter(|column| !keys.contains(column)).collect();
    if rng.percent(10) { rng.sample(&others, 1) } else { Vec::new() }
}

/// A unique constraint.
pub fn unique(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Unique> {
    let columns = ordered_columns(schema, table);
    let count = rng.between(1, 2);
    let columns = rng.sample(&columns, count);
    let first = columns.first()?;
    let label = schema_core::columns_part(columns.iter().map(Ident::as_str));
    let own = schema_core::default_name(table.name.as_str(), &label, "key");
    let name = if rng.percent(60) { own } else { pools::name(rng) };
    let include = include(rng, schema, table, &columns).into_iter().filter(|column| column != first).collect();
    let initially_deferred = rng.percent(5);
    let deferrable = initially_deferred || rng.percent(10);
    let nulls_not_distinct = rng.percent(10);
    let comment = pools::comment(rng);
    Some(Unique {
        table: table.clone(),
        name,
        columns,
        without_overlaps: false,
        include,
        nulls_not_distinct,
        deferrable,
        initially_deferred,
        comment,
        index: key_index(rng),
    })
}

/// A check over one or two columns.
pub fn check(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Check> {
    let columns: Vec<&Column> = schema.columns(table);
    let column = rng.choose(&columns)?;
    let mut expr = condition(rng, schema, &column.name.quoted(), &column.sql_type);
    if rng.percent(30) {
        let other = rng.choose(&columns)?;
        expr = format!("({expr}) OR ({})", condition(rng, schema, &other.name.quoted(), &other.sql_type));
    }
    let own = schema_core::default_name(table.name.as_str(), column.name.as_str(), "check");
    let name = if rng.percent(50) { own } else { pools::name(rng) };
    let (no_inherit, not_valid) = (rng.percent(5), rng.percent(8));
    Some(Check {
        table: table.clone(),
        name,
        expr: Expr::new(expr),
        no_inherit,
        not_valid,
        not_enforced: false,
        comment: pools::comment(rng),
    })
}

/// An exclusion constraint over a range, with an equality where `btree_gist` is there.
pub fn exclusion(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Exclusion> {
    let range = rng.choose(&of_class(schema, table, &[Class::Range]))?;
    let element = |name: Ident, operator: &str| ExclusionElement {
        key: IndexElement::column(name),
        operator: operator.to_owned(),
    };
    let mut elements = vec![element(range, "&&")];
    let equality = schema.contains(&ObjectId::global(KindName::Extension, &Ident::of("btree_gist")));
    if let Some(other) = rng.choose(&of_class(schema, table, &[Class::Number, Class::Moment])).filter(|_| equality) {
        elements.insert(0, element(other, "="));
    }
    let predicate = predicate(rng, schema, table);
    let name =
        if rng.percent(50) { schema_core::default_name(table.name.as_str(), "", "excl") } else { pools::name(rng) };
    let (table, include, comment) = (table.clone(), Vec::new(), pools::comment(rng));
    let (method, initially_deferred) = (Ident::of("gist"), rng.percent(10));
    let deferrable = initially_deferred || rng.percent(10);
    let index = key_index(rng);
    Some(Exclusion {
        table,
        name,
        method,
        elements,
        include,
        predicate,
        deferrable,
        initially_deferred,
        comment,
        index,
    })
}

/// `WHERE` of an index.
pub fn predicate(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Expr> {
    let columns: Vec<&Column> = schema
        .columns(table)
        .into_iter()
        .filter(|column| knowledge(schema, &column.sql_type).class != Class::Moment)
        .collect();
    let column = rng.choose(&columns).filter(|_| rng.percent(25))?;
    Some(Expr::new(condition(rng, schema, &column.name.quoted(), &column.sql_type)))
}

/// An index of one of the methods.
pub fn index(rng: &mut Rng, schema: &Schema, table: &QualifiedName) -> Option<Index> {
    let name = pools::name(rng);
    let mut index = Index::new(table.clone(), name, Vec::new());
    match rng.below(8) {
        0 => gin(rng, schema, &mut index),
        1 => simple(rng, schema, &mut index, "hash", &[Class::Number, Class::Text, Class::Bool]),
        2 => simple(rng, schema, &mut index, "brin", &[Class::Number, Class::Moment]),
        3 => simple(rng, schema, &mut index, "gist", &[Class::Range, Class::Vector]),
        _ => btree(rng, schema, &mut index),
    }
    if index.columns.is_empty() {
        return None;
    }
    let first = index.columns[0].column_name().map_or("expr".to_owned(), |column| column.as_str().to_owned());
    if rng.percent(60) {
        index.name = schema_core::default_name(table.name.as_str(), &first, "idx");
    }
    index.predicate = predicate(rng, schema, table);
    index.comment = pools::comment(rng);
    Some(index)
}

fn simple(rng: &mut Rng, schema: &Schema, index: &mut Index, method: &str, classes: &[Class]) {
    index.method = Ident::of(method);
    index.columns =
        rng.sample(&of_class(schema, &index.table, classes), 1).into_iter().map(IndexElement::column).collect();
    if method == "brin" && rng.percent(50) {
        index.with.insert("pages_per_range".to_owned(), "32".to_owned());
    }
}

fn gin(rng: &mut Rng, schema: &Schema, index: &mut Index) {
    index.method = Ident::of("gin");
    let text = of_class(schema, &index.table, &[Class::Text]);
    let trigrams = schema.get(&ObjectId::global(KindName::Extension, &Ident::of("pg_trgm")));
    if let (Some(Object::Extension(of)), true, Some(column)) = (trigrams, rng.percent(60), rng.choose(&text)) {
        let opclass = pools::in_schema_of(of.schema.as_ref(), "gin_trgm_ops").quoted();
        index.columns = vec![IndexElement { opclass: Some(opclass), ..IndexElement::column(column) }];
    } else {
        let classes = [Class::Jsonb, Class::Numbers, Class::Texts, Class::Vector];
        index.columns =
            rng.sample(&of_class(schema, &index.table, &classes), 1).into_iter().map(IndexElement::column).collect();
    }
    if rng.percent(30) {
        index.with.insert("fastupdate".to_owned(), rng.word(&["off", "on"]).to_owned());
    }
}

fn btree(rng: &mut Rng, schema: &Schema, index: &mut Index) {
    let count = rng.between(1, 3);
    let columns = rng.sample(&ordered_columns(schema, &index.table), count);
    index.columns = columns.iter().map(|column| key(rng, schema, &index.table, column)).collect();
    index.unique = rng.percent(30);
    index.nulls_not_distinct = index.unique && rng.percent(20);
    index.include = include(rng, schema, &index.table, &columns);
    if rng.percent(10) {
        index.with.insert("fillfactor".to_owned(), rng.word(&["70", "80"]).to_owned());
    }
}

/// One key of a btree: a column or an expression over it, with whatever PostgreSQL lets stand behind it.
fn key(rng: &mut Rng, schema: &Schema, table: &QualifiedName, column: &Ident) -> IndexElement {
    let mut element = IndexElement::column(column.clone());
    let class = of_column(schema, table, column);
    let quoted = column.quoted();
    let expression = match class {
        Some(Class::Text) => Some(format!("lower({quoted})")),
        Some(Class::Number) => Some(format!("{quoted} + 1")),
        Some(Class::Jsonb) => Some(format!("{quoted} ->> 'a'")),
        _ => None,
    };
    if let Some(text) = expression.filter(|_| rng.percent(30)) {
        element.key = IndexKey::Expression(Expr::new(text));
    } else if class == Some(Class::Text) {
        element.opclass = rng.percent(20).then(|| "text_pattern_ops".to_owned());
        element.collation = rng.percent(15).then(|| QualifiedName::public(Ident::of("C")));
    }
    element.descending = rng.percent(25);
    element.nulls_first = if rng.percent(20) { !element.descending } else { element.descending };
    element
}

fn of_column(schema: &Schema, table: &QualifiedName, column: &Ident) -> Option<Class> {
    let column = schema.column(table, column)?;
    column.sql_type.user_type().is_none().then(|| knowledge(schema, &column.sql_type).class)
}

/// A foreign key to a key of any table, with new columns for it.
pub fn foreign_key(rng: &mut Rng, draft: &mut Draft, table: &QualifiedName) -> Option<ForeignKey> {
    let keys: Vec<(QualifiedName, Vec<Ident>)> =
        draft.schema.iter().filter_map(|(_, object)| referable(object)).collect();
    let (references, referenced) = rng.choose(&keys)?;
    if !may_reference(&draft.schema, table, &references) {
        return None;
    }
    if !referenced.iter().all(|name| has_equality(&draft.schema, &references, name)) {
        return None;
    }
    let mut columns = Vec::new();
    for target in &referenced {
        let target = draft.schema.column(&references, target)?.clone();
        columns.push(referencing(rng, draft, table, &target)?);
    }
    let on_delete = action(rng, &columns, true);
    let on_update = action(rng, &columns, false);
    let match_type = if rng.percent(10) { ForeignKeyMatch::Full } else { ForeignKeyMatch::Simple };
    let initially_deferred = rng.percent(10);
    let deferrable = initially_deferred || rng.percent(10);
    let label = schema_core::columns_part(columns.iter().map(Ident::as_str));
    let own = schema_core::default_name(table.name.as_str(), &label, "fkey");
    let name = if rng.percent(60) { own } else { pools::name(rng) };
    let (table, not_valid, comment) = (table.clone(), rng.percent(8), pools::comment(rng));
    let key = ForeignKey {
        table,
        name,
        columns,
        references,
        referenced,
        period: false,
        on_delete,
        on_update,
        match_type,
        deferrable,
        initially_deferred,
        not_valid,
        not_enforced: false,
        comment,
    };
    Some(key)
}

/// A logged table cannot reference an unlogged one.
fn may_reference(schema: &Schema, table: &QualifiedName, other: &QualifiedName) -> bool {
    let unlogged = |name: &QualifiedName| match schema.get(&ObjectId::table(name)) {
        Some(Object::Table(table)) => table.unlogged,
        _ => false,
    };
    unlogged(table) || !unlogged(other)
}

/// Takes out the foreign keys of and to a table that PostgreSQL would not have.
pub fn drop_across(draft: &mut Draft, table: &QualifiedName) {
    let wrong = |object: &&Object| match object {
        Object::ForeignKey(key) => {
            (key.table == *table || key.references == *table)
                && !may_reference(&draft.schema, &key.table, &key.references)
        }
        _ => false,
    };
    let wrong: Vec<ObjectId> = draft.schema.of_kind(KindName::ForeignKey).filter(wrong).map(Object::id).collect();
    wrong.iter().for_each(|id| draft.remove(id));
}

fn has_equality(schema: &Schema, table: &QualifiedName, name: &Ident) -> bool {
    schema.column(table, name).is_some_and(|column| is_comparable(schema, &column.sql_type))
}

/// Whether PostgreSQL finds an equality for two columns of the type: not over arrays of other types, nor domains over user types.
pub fn is_comparable(schema: &Schema, of: &SqlType) -> bool {
    let of_user = match of.user_type().map(|name| schema.get(&ObjectId::top(KindName::Domain, name))) {
        Some(Some(Object::Domain(domain))) => domain.sql_type.user_type().is_none() && !domain.sql_type.array,
        _ => true,
    };
    // PostgreSQL itself stumbles over foreign keys on ranges when another column of the key changes its type.
    let is_range = knowledge(schema, of).class == Class::Range;
    !of.array && !is_range && of_user
}

fn referable(object: &Object) -> Option<(QualifiedName, Vec<Ident>)> {
    match object {
        Object::PrimaryKey(key) if !key.deferrable => Some((key.table.clone(), key.columns.clone())),
        Object::Unique(key) if !key.deferrable => Some((key.table.clone(), key.columns.clone())),
        Object::Index(index) => index
            .key_columns()
            .filter(|_| index.columns.iter().all(|key| key.opclass.is_none() && key.collation.is_none()))
            .map(|columns| (index.table.clone(), columns)),
        _ => None,
    }
}

/// A column of the target's type: a new one, or one that is there.
fn referencing(rng: &mut Rng, draft: &mut Draft, table: &QualifiedName, target: &Column) -> Option<Ident> {
    let plain = |column: &&Column| {
        column.sql_type == target.sql_type
            && column.collation == target.collation
            && matches!(column.value, ColumnValue::None | ColumnValue::Default(_))
    };
    let there: Vec<Ident> = draft
        .schema
        .columns(table)
        .into_iter()
        .filter(|column| column.name != target.name)
        .filter(plain)
        .map(|column| column.name.clone())
        .collect();
    if let Some(name) = rng.choose(&there).filter(|_| rng.percent(30)) {
        return Some(name);
    }
    let ordinal = draft.schema.columns(table).last().map_or(0, |column| column.ordinal + 1);
    let name =
        if rng.percent(60) { schema_core::default_name(target.name.as_str(), "", "ref") } else { pools::name(rng) };
    let mut column = Column::new(table.clone(), name.clone(), target.sql_type.clone());
    (column.nullable, column.ordinal, column.collation) = (true, ordinal, target.collation.clone());
    draft.add(column).then_some(name)
}

/// What happens to referencing rows.
pub fn action(rng: &mut Rng, columns: &[Ident], delete: bool) -> ForeignKeyAction {
    let some = if delete && rng.percent(30) { vec![columns[0].clone()] } else { Vec::new() };
    match rng.below(8) {
        0 => ForeignKeyAction::Restrict,
        1 | 2 => ForeignKeyAction::Cascade,
        3 => ForeignKeyAction::SetNull(some),
        4 => ForeignKeyAction::SetDefault(some),
        _ => ForeignKeyAction::NoAction,
    }
}
