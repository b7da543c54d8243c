//! A partitioned table and a table that inherits, drawn anew for each side of a pair: partition keys, bounds, parents and columns come
//! and go between the two.
//!
//! There is a partition for every row, so that rows move with the table whenever it is made anew.

use schema_core::{
    Expr, Ident, ObjectId, QualifiedName, Schema, SqlType,
    kinds::{
        Check, Column, ColumnValue, ForeignKey, ForeignKeyAction, ForeignKeyMatch, Identity, IdentityMode, Index,
        IndexElement, InheritedColumn, KeyIndex, Object, PartitionBound, PartitionKey, PartitionOf, PrimaryKey,
        SequenceOptions, Storage, Table,
    },
};

use super::{Pair, Rng};

fn named(name: &str) -> QualifiedName {
    QualifiedName::public(Ident::of(name))
}

/// Adds both families to both sides.
pub fn add(rng: &mut Rng, pair: &mut Pair) {
    let sides = [partitioned(rng), partitioned(rng)];
    let same_key = sides[0].0 == sides[1].0;
    let [before, after] = sides.map(|(_, objects)| objects);
    let stays = |object: &Object| after.iter().any(|other| other.id() == object.id());
    let tables =
        |objects: &[Object]| objects.iter().filter(|object| matches!(object, Object::Table(_))).cloned().collect();
    let old_tables: Vec<Object> = tables(&before);
    // A partition that goes takes its rows along, unless all of them go into new ones.
    if !same_key || old_tables.iter().all(stays) {
        keep(pair, "measure", &["kind"]);
    }
    before.into_iter().for_each(|object| drop(pair.before.insert(object)));
    after.into_iter().for_each(|object| drop(pair.after.insert(object)));
    inheriting(rng).into_iter().for_each(|object| drop(pair.before.insert(object)));
    inheriting(rng).into_iter().for_each(|object| drop(pair.after.insert(object)));
    for schema in [&mut pair.before, &mut pair.after] {
        *schema = settled(std::mem::take(schema));
    }
    let has_depth = |schema: &Schema| schema.any_column(&named("vessel"), &Ident::of("depth")).is_some();
    let both = has_depth(&pair.before) && has_depth(&pair.after);
    keep(pair, "vessel", if both { &["weight", "depth"] } else { &["weight"] });
}

/// Without defaults of heirs that say what their parent says.
fn settled(schema: Schema) -> Schema {
    let above = schema.clone();
    let settled = schema.map(|object| {
        let Object::InheritedColumn(of) = object else { return };
        let column = above.taken_over(&of.table, &of.name).expect("it is drawn beside its parent");
        let above = column.value.expr().map_or("NULL", Expr::as_str);
        of.default.take_if(|own| own.as_str() == above);
    });
    let says = |object: &Object| !matches!(object, Object::InheritedColumn(of) if of.is_empty());
    let found = settled.all_found().clone();
    settled.iter().map(|(_, object)| object.clone()).filter(says).collect::<Schema>().with_found(found)
}

fn keep(pair: &mut Pair, table: &str, columns: &[&str]) {
    let table = named(table);
    let columns = columns.iter().map(|name| ObjectId::column(&table, &Ident::of(name)));
    let ids = std::iter::once(ObjectId::table(&table)).chain(columns.collect::<Vec<_>>());
    pair.kept.extend(ids.map(|id| (id.clone(), id)));
}

fn column(table: &str, name: &str, of: &str, ordinal: u32) -> Column {
    let sql_type = SqlType::parse(of).expect("a built-in type reads");
    Column { ordinal, ..Column::new(named(table), Ident::of(name), sql_type) }
}

/// The partition key, and the table with all that is in it.
fn partitioned(rng: &mut Rng) -> (Option<&'static str>, Vec<Object>) {
    let key = *rng.pick(&[None, Some("range (at)"), Some("list (kind)"), Some("hash (id)")]);
    let mut table = Table::new(named("measure"));
    table.partition_by = key.and_then(PartitionKey::parse);
    let mut id = column("measure", "id", "bigint", 0);
    let sequence = Ident::of("measure_id_seq");
    id.value = match rng.below(3) {
        0 => ColumnValue::Serial { sequence },
        1 => ColumnValue::Identity(Identity {
            mode: IdentityMode::Always,
            sequence,
            options: SequenceOptions::default(),
        }),
        _ => ColumnValue::None,
    };
    let mut kind = column("measure", "kind", "text", 2);
    kind.settings.storage = rng.percent(30).then_some(Storage::External);
    if rng.percent(30) {
        kind.value = ColumnValue::Default(Expr::new(rng.word(&["'a'", "'b'"])));
    }
    let mut objects: Vec<Object> = vec![id.into(), column("measure", "at", "date", 1).into(), kind.into()];
    if rng.percent(50) {
        objects.push(
            Index::new(named("measure"), Ident::of("measure_kind"), vec![IndexElement::column(Ident::of("kind"))])
                .into(),
        );
    }
    if rng.percent(50) {
        objects.push(check("measure", "measure_given", "kind IS NOT NULL"));
    }
    if rng.percent(60) {
        objects.extend(referenced(rng));
    }
    objects.extend(key.into_iter().flat_map(|key| partitions(rng, key)));
    objects.push(table.into());
    (key, objects)
}

/// A key that holds every column that rows may be split by, and perhaps a table that references it.
fn referenced(rng: &mut Rng) -> Vec<Object> {
    let columns: Vec<Ident> = ["id", "at", "kind"].map(Ident::of).to_vec();
    let key = PrimaryKey {
        table: named("measure"),
        name: Ident::of("measure_pkey"),
        columns: columns.clone(),
        without_overlaps: false,
        include: Vec::new(),
        deferrable: false,
        initially_deferred: false,
        comment: None,
        index: KeyIndex::default(),
    };
    let mut objects: Vec<Object> = vec![key.into()];
    if rng.percent(60) {
        objects.push(Table::new(named("measured")).into());
        let own = [("id", "bigint"), ("at", "date"), ("kind", "text")];
        objects.extend(own.iter().zip(0..).map(|((name, of), at)| column("measured", name, of, at).into()));
        objects.push(
            ForeignKey {
                table: named("measured"),
                name: Ident::of("measured_fkey"),
                columns: columns.clone(),
                references: named("measure"),
                referenced: columns,
                period: false,
                on_delete: ForeignKeyAction::Cascade,
                on_update: ForeignKeyAction::NoAction,
                match_type: ForeignKeyMatch::Simple,
                deferrable: false,
                initially_deferred: false,
                not_valid: false,
                not_enforced: false,
                comment: None,
            }
            .into(),
        );
    }
    objects
}

fn check(table: &str, name: &str, expr: &str) -> Object {
    Check::new(named(table), Ident::of(name), Expr::new(expr)).into()
}

fn partitions(rng: &mut Rng, key: &str) -> Vec<Object> {
    let mut bounds: Vec<(&str, String)> = match key {
        "hash (id)" => {
            (0..2).map(|at| (["measure_h0", "measure_h1"][at], format!("with (modulus 2, remainder {at})"))).collect()
        }
        "list (kind)" => vec![("measure_a", rng.word(&["in ('a')", "in ('b', 'c')"]).to_owned())],
        _ => {
            let middle = rng.word(&["2020-01-01", "2022-06-01"]).to_owned();
            vec![
                ("measure_a", format!("from ('2019-01-01') to ('{middle}')")),
                ("measure_b", format!("from ('{middle}') to ('2023-01-01')")),
            ]
        }
    };
    if key != "hash (id)" {
        bounds.retain(|_| rng.percent(70));
        bounds.push(("measure_rest", "default".to_owned()));
    }
    let mut objects = Vec::new();
    for (name, values) in bounds {
        let partition_of = Some(PartitionOf { parent: named("measure"), values: PartitionBound::from(values) });
        objects.push(Table { partition_of, unlogged: false, ..Table::new(named(name)) }.into());
        if rng.percent(25) {
            objects.push(check(name, &format!("{name}_own"), "id IS NOT NULL"));
        }
        if rng.percent(40) {
            objects.extend(own(rng, name, "kind", &["'a'", "'c'", "NULL"]));
        }
        if rng.percent(25) {
            let key = vec![IndexElement::column(Ident::of("at"))];
            objects.push(Index::new(named(name), Ident::of(&format!("{name}_only")), key).into());
        }
    }
    objects
}

/// What an heir has of its own in a column, when it is more than nothing.
fn own(rng: &mut Rng, table: &str, name: &str, defaults: &[&'static str]) -> Option<Object> {
    let mut own = InheritedColumn::new(named(table), Ident::of(name));
    own.default = rng.percent(60).then(|| Expr::new(rng.word(defaults)));
    own.comment = rng.percent(30).then(|| "its own".to_owned());
    own.settings.statistics = rng.percent(30).then_some(77);
    (!own.is_empty()).then(|| own.into())
}

/// `depth`, which is nobody's, of `thing` or of `vessel` alone, whether that inherits or not.
fn depth(rng: &mut Rng) -> Option<Column> {
    let table = *rng.pick(&[None, Some("thing"), Some("vessel"), Some("vessel")]);
    let mut depth = column(table?, "depth", rng.word(&["integer", "bigint"]), 2);
    depth.nullable = rng.percent(70);
    if rng.percent(50) {
        depth.value = ColumnValue::Default(Expr::new(rng.word(&["1", "2"])));
    }
    Some(depth)
}

/// `vessel` with columns of its own or from `thing`.
fn inheriting(rng: &mut Rng) -> Vec<Object> {
    let mut weight = column("thing", "weight", rng.word(&["integer", "bigint"]), 0);
    weight.nullable = true;
    let mut objects: Vec<Object> = vec![Table::new(named("thing")).into(), weight.clone().into()];
    if rng.percent(50) {
        objects.push(check("thing", "thing_weight", "weight <> 1000000"));
    }
    let mut vessel = Table::new(named("vessel"));
    let depth = depth(rng);
    let has_depth = depth.as_ref().is_some_and(|depth| depth.table == named("vessel"));
    objects.extend(depth.map(Object::from));
    if rng.percent(50) {
        vessel.inherits.push(named("thing"));
        let mut weight = InheritedColumn::new(named("vessel"), Ident::of("weight"));
        weight.not_null = rng.percent(30);
        weight.default = rng.percent(30).then(|| Expr::new("5"));
        objects.extend((!weight.is_empty()).then(|| weight.into()));
        if objects.iter().any(|object| matches!(object, Object::Column(of) if of.name.as_str() == "depth"))
            && !has_depth
        {
            objects.extend(own(rng, "vessel", "depth", &["1", "3", "NULL"]));
        }
    } else {
        objects.push(Column { table: named("vessel"), ..weight }.into());
    }
    objects.push(Column { nullable: true, ..column("vessel", "sails", "text", 1) }.into());
    if rng.percent(50) {
        objects.push(
            Index::new(named("vessel"), Ident::of("vessel_weight"), vec![IndexElement::column(Ident::of("weight"))])
                .into(),
        );
    }
    objects.push(vessel.into());
    objects
}

/// Whether the pair has no table of these names already.
pub fn fit(schema: &Schema) -> bool {
    ["measure", "measured", "thing", "vessel"].into_iter().all(|name| !schema.contains(&ObjectId::table(&named(name))))
}
