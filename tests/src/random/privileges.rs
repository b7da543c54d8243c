//! Privileges and default privileges, drawn for both sides of a pair over whatever objects each side has.
//!
//! What default privileges give to every object is spelled out here as lowering does it; then some roles get something else on some
//! objects. The names of the roles are of the whole server, so a bench makes them once.

use std::collections::BTreeSet;

use postgres::Client;
use schema_core::{
    Ident, KindName, ObjectId, Schema,
    kinds::{DefaultPrivileges, Grantee, Kind, ObjectClass, Privilege, Privileges, Rights, grantees, implied, targets},
};

use super::{Pair, Rng};

const ROLES: [&str; 3] = ["random_reader", "Random \"Writer\"", "random_maker"];

/// Makes the roles, unless they are there.
pub fn roles(client: &mut Client) {
    for role in ROLES.map(Ident::of) {
        // Another bench may make it at the same time.
        let _ = client.batch_execute(&format!("CREATE ROLE {} NOLOGIN", role.quoted()));
    }
}

/// Takes away what stays when every PostgreSQL schema is dropped.
pub fn forget(client: &mut Client) {
    let roles = ROLES.map(|role| Ident::of(role).quoted()).join(", ");
    let usual = ObjectClass::WITH_DEFAULTS.map(|class| {
        let all = |to: Grantee| match Rights::default_of(class, false, &to).is_empty() {
            true => format!("ALTER DEFAULT PRIVILEGES REVOKE ALL ON {} FROM {to};", class.word()),
            false => format!("ALTER DEFAULT PRIVILEGES GRANT ALL ON {} TO {to};", class.word()),
        };
        [Grantee::Owner, Grantee::Public].map(all).concat()
    });
    let text = format!("DROP OWNED BY {roles}; {}", usual.concat());
    client.batch_execute(&text).expect("privileges are taken away");
}

/// Adds privileges to both sides.
pub fn add(rng: &mut Rng, pair: &mut Pair) {
    let mut before = defaults(rng, &pair.before);
    let mut after: Vec<DefaultPrivileges> = before.iter().filter(|_| rng.percent(70)).cloned().collect();
    after.retain(|of| of.schema.as_ref().is_none_or(|name| is_place(&pair.after, name)));
    after.extend(defaults(rng, &pair.after).into_iter().filter(|_| rng.percent(50)));
    // What an extension brings gets them as well, and is nobody's to declare.
    let extensions = |schema: &Schema| schema.of_kind(KindName::Extension).cloned().collect::<Vec<_>>();
    if extensions(&pair.before) != extensions(&pair.after) {
        let is_of_none = |of: &DefaultPrivileges| !matches!(of.on, ObjectClass::Functions | ObjectClass::Types);
        before.retain(is_of_none);
        after.retain(is_of_none);
    }
    before.into_iter().for_each(|of| drop(pair.before.insert(of.into())));
    after.into_iter().for_each(|of| drop(pair.after.insert(of.into())));
    [&mut pair.before, &mut pair.after].into_iter().for_each(spell_out);
    for _ in 0..rng.between(1, 6) {
        if let Some(of) = privileges(rng, &pair.before) {
            let heir = Some(&of).filter(|_| rng.percent(60)).and_then(|of| followed(pair, of));
            put(&mut pair.before, of);
            heir.into_iter().for_each(|of| put(&mut pair.after, of));
        }
    }
    for _ in 0..rng.below(4) {
        privileges(rng, &pair.after).into_iter().for_each(|of| put(&mut pair.after, of));
    }
}

fn is_place(schema: &Schema, name: &Ident) -> bool {
    name.as_str() == "public" || schema.contains(&ObjectId::global(KindName::Schema, name))
}

fn put(schema: &mut Schema, of: Privileges) {
    if of.is_default() {
        schema.remove(&of.id());
    } else {
        schema.insert(of.into());
    }
}

fn grantee(rng: &mut Rng) -> Grantee {
    match rng.below(8) {
        0 => Grantee::Owner,
        1 | 2 => Grantee::Public,
        3 | 4 => Grantee::Role(Ident::of(ROLES[1])),
        _ => Grantee::Role(Ident::of(ROLES[0])),
    }
}

/// Some of the privileges of a class. Those of an owner are never given on: they always can be.
fn rights(rng: &mut Rng, all: BTreeSet<Privilege>, to: &Grantee) -> Rights {
    // MAINTAIN came with 17, and ALL means it there: it is drawn with all others or not at all.
    let plain: Vec<Privilege> = all.iter().copied().filter(|of| *of != Privilege::Maintain).collect();
    let may = match rng.below(4) {
        0 => all,
        1 if *to == Grantee::Owner => all.into_iter().filter(|of| *of != plain[0]).collect(),
        _ if *to == Grantee::Owner => BTreeSet::new(),
        _ => {
            let count = rng.below(plain.len().min(3) + 1);
            rng.sample(&plain, count).into_iter().collect()
        }
    };
    let gives_on = matches!(to, Grantee::Role(_)) && rng.percent(25);
    Rights { may_grant: if gives_on { may.clone() } else { BTreeSet::new() }, may }
}

fn defaults(rng: &mut Rng, schema: &Schema) -> Vec<DefaultPrivileges> {
    let count = rng.below(5).saturating_sub(1);
    let draw = |_| {
        let role = if rng.percent(85) { Grantee::Owner } else { Grantee::Role(Ident::of(ROLES[2])) };
        let on = *rng.pick(&ObjectClass::WITH_DEFAULTS);
        let place = super::parts::place(rng, schema);
        let schema = Some(place).filter(|_| on != ObjectClass::Schemas && rng.percent(50));
        // What the maker gives itself would be said of the owner.
        let to = if schema.is_some() { Grantee::Role(Ident::of(ROLES[0])) } else { grantee(rng) };
        let rights = rights(rng, on.all(), &to);
        DefaultPrivileges { role, schema, on, to, rights }
    };
    (0..count).map(draw).filter(|of| !of.is_default()).collect()
}

/// What default privileges give to every object.
fn spell_out(schema: &mut Schema) {
    for target in targets(schema) {
        for to in grantees(schema) {
            let given = implied(schema, &target, &to).zip(Privileges::by_default(&target, to));
            given.into_iter().for_each(|(rights, none)| put(schema, Privileges { rights, ..none }));
        }
    }
}

/// What somebody may do with one of the objects.
fn privileges(rng: &mut Rng, schema: &Schema) -> Option<Privileges> {
    let target = rng.choose(&targets(schema))?;
    let none = Privileges::by_default(&target, grantee(rng))?;
    let mut of = Privileges { rights: rights(rng, none.class().all(), &none.to), ..none };
    if target.kind == KindName::Table && of.to != Grantee::Owner && rng.percent(50) {
        let columns: Vec<Ident> = schema.all_columns(&target.outer()?).into_iter().map(|of| of.name.clone()).collect();
        let count = rng.between(1, 3);
        for name in rng.sample(&columns, count) {
            let rights = rights(rng, ObjectClass::of_columns(), &of.to);
            of.columns.extend((!rights.is_empty()).then_some((name, rights)));
        }
    }
    Some(of)
}

/// The same on the object as it is called after, when it is still there.
fn followed(pair: &Pair, of: &Privileges) -> Option<Privileges> {
    let now = |then: &ObjectId| {
        let kept = pair.kept.iter().find(|(_, other)| other == then).map(|(now, _)| now.clone());
        kept.or_else(|| Some(then.clone()).filter(|id| targets(&pair.after).contains(id)))
    };
    let target = of.target();
    let outer = target.outer().filter(|_| target.kind == KindName::Table);
    let columns = of.columns.iter().filter_map(|(name, rights)| {
        let id = now(&ObjectId::column(outer.as_ref()?, name))?;
        Some((id.name().clone(), rights.clone()))
    });
    let (columns, rights) = (columns.collect(), of.rights.clone());
    let none = Privileges::by_default(&now(&target)?, of.to.clone())?;
    let of = Privileges { rights, columns, ..none };
    pair.after.contains(&of.target()).then_some(of)
}
