//! Privileges (`relacl`, `attacl`, `proacl` ...) and default privileges (`pg_default_acl`), as sets by object and role.
//!
//! An owner is never named, and superusers are left out: no privilege binds them. Who granted is not looked at.
//!
//! <https://www.postgresql.org/docs/current/ddl-priv.html>

use std::collections::{BTreeMap, BTreeSet};

use postgres::Row;
use schema_core::kinds::{DefaultPrivileges, Grantee, Kind, ObjectClass, Privilege, Privileges, Rights};
use schema_core::{DEFAULT_SCHEMA, KindName, ObjectId};

use super::{CatalogError, reader::Reader, sql_object::SqlObjects};

/// Every list that is not empty, by what it is on; `sort` is the letter of the kind in its catalog.
const LISTS: &str = "SELECT 1259::oid AS class, c.oid, c.relkind::text AS sort, n.nspname, c.relname AS name, NULL::name AS part, \
            c.relowner AS owner, c.relacl AS acl \
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.oid = ANY($1) AND c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
    UNION ALL SELECT 1259::oid, c.oid, c.relkind::text, n.nspname, c.relname, a.attname, c.relowner, a.attacl \
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.oid = ANY($1) AND a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped \
    UNION ALL SELECT 1255::oid, p.oid, 'routine', n.nspname, p.proname, NULL, p.proowner, p.proacl \
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.oid = ANY($1) AND p.proacl IS NOT NULL \
    UNION ALL SELECT 1247::oid, t.oid, 'type ' || t.typtype::text, n.nspname, t.typname, NULL, t.typowner, t.typacl \
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.oid = ANY($1) AND t.typacl IS NOT NULL \
    UNION ALL SELECT 2615::oid, n.oid, 'schema', n.nspname, n.nspname, NULL, n.nspowner, n.nspacl \
        FROM pg_namespace n WHERE n.oid = ANY($1) AND n.nspacl IS NOT NULL \
    UNION ALL SELECT 2328::oid, f.oid, 'wrapper', '', f.fdwname, NULL, f.fdwowner, f.fdwacl \
        FROM pg_foreign_data_wrapper f WHERE f.fdwacl IS NOT NULL \
    UNION ALL SELECT 1417::oid, s.oid, 'server', '', s.srvname, NULL, s.srvowner, s.srvacl \
        FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL";

/// The role that runs the migrations is that which owns most; in an empty database, whoever looks.
const DEFAULTS: &str = "SELECT d.oid, d.defaclobjtype::text AS sort, n.nspname, d.defaclrole AS owner, d.defaclacl AS acl, r.rolname, \
        d.defaclrole = coalesce( \
            (SELECT o.owner FROM (SELECT c.relowner AS owner FROM pg_class c WHERE c.relnamespace = ANY($1) \
                UNION ALL SELECT p.proowner FROM pg_proc p WHERE p.pronamespace = ANY($1)) AS o \
                GROUP BY o.owner ORDER BY count(*) DESC, o.owner LIMIT 1), \
            (SELECT u.oid FROM pg_roles u WHERE u.rolname = current_user)) AS own \
    FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace \
    WHERE d.defaclnamespace = 0 OR d.defaclnamespace = ANY($1)";

pub(super) fn read(reader: &mut Reader<'_>, statements: &SqlObjects) -> Result<(), CatalogError> {
    let mut found: BTreeMap<ObjectId, Privileges> = BTreeMap::new();
    for row in reader
        .managed_rows("privileges", &exploded("l.class, l.oid, l.sort, l.nspname, l.name, l.part, l.owner", LISTS))?
    {
        if reader.is_member(row.get("class"), row.get("oid")) {
            continue;
        }
        let Some(target) = target(reader, statements, &row)? else { continue };
        let column = row.get::<_, Option<String>>("part").map(|_| reader.ident(&row, "part")).transpose()?;
        let is_whole = column.is_none();
        if is_whole {
            for to in [Grantee::Owner, Grantee::Public] {
                listed(&mut found, &target, to);
            }
        }
        let Some((to, privilege, option)) = entry(reader, &row)? else { continue };
        let Some(privileges) = listed(&mut found, &target, to.clone()) else { continue };
        match column {
            None => privileges.rights.give(&[privilege].into(), option),
            Some(_) if to == Grantee::Owner => {}
            Some(name) => privileges.columns.entry(name).or_default().give(&[privilege].into(), option),
        }
    }
    for mut of in found.into_values() {
        of.rights = normalized(&of.rights, of.class(), reader.version);
        // An owner who may do most things on a version without MAINTAIN has lost the others: that is said by a REVOKE.
        let is_most = ObjectClass::Tables.all().len() < 2 * of.rights.may.len();
        if of.to == Grantee::Owner && of.class() == ObjectClass::Tables && reader.version < 170_000 && is_most {
            of.rights.may.insert(Privilege::Maintain);
        }
        if of.home(reader.schema()).is_some() && !is_initial(&of, reader.version) {
            reader.insert(of);
        }
    }
    read_defaults(reader)
}

/// What a list says of a role; what it does not name, nobody has.
fn listed<'f>(
    found: &'f mut BTreeMap<ObjectId, Privileges>,
    target: &ObjectId,
    to: Grantee,
) -> Option<&'f mut Privileges> {
    let none = Privileges { rights: Rights::default(), ..Privileges::by_default(target, to)? };
    Some(found.entry(none.id()).or_insert(none))
}

/// The lists with a row for each entry, or one for a list without any.
fn exploded(columns: &str, lists: &str) -> String {
    format!(
        "SELECT {columns}, x.grantee, g.rolname AS grantee_name, coalesce(g.rolsuper, false) AS super, x.privilege_type, x.is_grantable \
         FROM ({lists}) AS l LEFT JOIN LATERAL aclexplode(l.acl) AS x ON true LEFT JOIN pg_roles g ON g.oid = x.grantee"
    )
}

/// Whose, what, and whether it may be given on; none where nobody gets anything.
fn entry(reader: &Reader<'_>, row: &Row) -> Result<Option<(Grantee, Privilege, bool)>, CatalogError> {
    let Some(grantee) = row.get::<_, Option<u32>>("grantee") else { return Ok(None) };
    let to = match row.get::<_, Option<String>>("grantee_name") {
        _ if grantee == row.get::<_, u32>("owner") => Grantee::Owner,
        _ if grantee == 0 => Grantee::Public,
        Some(_) if !row.get::<_, bool>("super") => Grantee::Role(reader.ident(row, "grantee_name")?),
        _ => return Ok(None),
    };
    let Some(privilege) = Privilege::of_word(row.get("privilege_type")) else { return Ok(None) };
    // An owner can always give on.
    let option = row.get::<_, bool>("is_grantable") && to != Grantee::Owner;
    Ok(Some((to, privilege, option)))
}

fn target(reader: &Reader<'_>, statements: &SqlObjects, row: &Row) -> Result<Option<ObjectId>, CatalogError> {
    let (of, oid): (u32, u32) = (row.get("class"), row.get("oid"));
    let kind = match row.get::<_, &str>("sort") {
        "r" | "p" => KindName::Table,
        "v" => KindName::View,
        "m" => KindName::MaterializedView,
        "f" => KindName::ForeignTable,
        "S" => KindName::Sequence,
        "type e" => KindName::Enum,
        "type d" => KindName::Domain,
        "type c" => KindName::CompositeType,
        "type r" => KindName::RangeType,
        "schema" => return Ok(Some(ObjectId::global(KindName::Schema, &reader.ident(row, "name")?))),
        "wrapper" => return Ok(Some(ObjectId::global(KindName::ForeignDataWrapper, &reader.ident(row, "name")?))),
        "server" => return Ok(Some(ObjectId::global(KindName::ForeignServer, &reader.ident(row, "name")?))),
        "routine" => return Ok(statements.get(of, oid).cloned()),
        _ => return Ok(None),
    };
    let (schema, name) = (reader.ident(row, "nspname")?, reader.ident(row, "name")?);
    Ok(Some(ObjectId { kind, path: vec![schema, name] }))
}

/// All that the version knows is ALL, as in every other version.
fn normalized(rights: &Rights, class: ObjectClass, version: u32) -> Rights {
    let all = class.all();
    let known: BTreeSet<Privilege> =
        all.iter().copied().filter(|of| *of != Privilege::Maintain || 170_000 <= version).collect();
    let whole = |set: &BTreeSet<Privilege>| if *set == known { all.clone() } else { set.clone() };
    Rights { may: whole(&rights.may), may_grant: whole(&rights.may_grant) }
}

/// Whether it is what a new database has.
fn is_initial(of: &Privileges, version: u32) -> bool {
    let is_public = of.on == KindName::Schema && of.path[0].as_str() == DEFAULT_SCHEMA && of.to == Grantee::Public;
    match is_public {
        true if version < 150_000 => of.rights.may == ObjectClass::Schemas.all(),
        true => of.rights.may == [Privilege::Usage].into(),
        false => of.is_default(),
    }
}

fn read_defaults(reader: &mut Reader<'_>) -> Result<(), CatalogError> {
    let mut found: BTreeMap<ObjectId, DefaultPrivileges> = BTreeMap::new();
    for row in reader
        .managed_rows("default privileges", &exploded("l.sort, l.nspname, l.rolname, l.own, l.owner", DEFAULTS))?
    {
        let on = match row.get::<_, &str>("sort") {
            "r" => ObjectClass::Tables,
            "S" => ObjectClass::Sequences,
            "f" => ObjectClass::Functions,
            "T" => ObjectClass::Types,
            "n" => ObjectClass::Schemas,
            _ => {
                reader.unmanaged("default privileges on large objects", row.get::<_, String>("rolname"));
                continue;
            }
        };
        let role = match row.get("own") {
            true => Grantee::Owner,
            false => Grantee::Role(reader.ident(&row, "rolname")?),
        };
        let schema = row.get::<_, Option<String>>("nspname").map(|_| reader.ident(&row, "nspname")).transpose()?;
        let listed = entry(reader, &row)?;
        let usual = if schema.is_none() { vec![Grantee::Owner, Grantee::Public] } else { Vec::new() };
        for to in usual.into_iter().chain(listed.as_ref().map(|(to, ..)| to.clone())) {
            let (role, schema, rights) = (role.clone(), schema.clone(), Rights::default());
            let none = DefaultPrivileges { role, schema, on, to: to.clone(), rights };
            let of = found.entry(none.id()).or_insert(none);
            if let Some((_, privilege, option)) = listed.as_ref().filter(|(whose, ..)| *whose == to) {
                of.rights.give(&[*privilege].into(), *option);
            }
        }
    }
    for mut of in found.into_values() {
        of.rights = normalized(&of.rights, of.on, reader.version);
        if !of.is_default() {
            reader.insert(of);
        }
    }
    Ok(())
}
