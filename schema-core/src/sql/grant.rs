//! GRANT, REVOKE and ALTER DEFAULT PRIVILEGES as they are declared: the words, what they are on, and whose they become.
//!
//! Which of the named objects there are is for the caller to look up. Memberships of roles and what is on the database or the server
//! itself are not read.
//!
//! <https://www.postgresql.org/docs/current/sql-grant.html>

use super::lexer::Token;
use super::reader::Reader;
use super::routine::signature;
use crate::kinds::{Grantee, ObjectClass, Privilege};
use crate::{Ident, KindName, ObjectId};

/// A statement about privileges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whether it gives; else it takes.
    pub gives: bool,
    /// WITH GRANT OPTION, or GRANT OPTION FOR.
    pub option: bool,
    /// The privileges, none for ALL, each with its columns, none for the object itself.
    pub words: Vec<(Option<Privilege>, Vec<Ident>)>,
    /// What they are on.
    pub on: GrantedOn,
    /// Whose they are.
    pub to: Vec<Grantee>,
}

/// What privileges are given on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantedOn {
    /// Objects by name.
    Objects(Vec<GrantTarget>),
    /// All objects of some kinds in PostgreSQL schemas.
    AllIn(&'static [KindName], Vec<Ident>),
    /// The objects that these roles make, in these PostgreSQL schemas or everywhere.
    Future {
        /// Who makes them; none for the role that runs the migrations.
        roles: Vec<Grantee>,
        /// Where.
        schemas: Vec<Ident>,
        /// Which.
        class: ObjectClass,
    },
}

/// An object as GRANT names it: the statement does not always say what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantTarget {
    /// What it can be.
    pub kinds: &'static [KindName],
    /// Its names.
    pub path: Vec<Ident>,
    /// The arguments of a routine, when they are given.
    pub signature: Option<String>,
}

impl GrantTarget {
    /// Whether the object is what is named.
    pub fn is(&self, id: &ObjectId) -> bool {
        let names = if id.kind.has_signature() { &id.path[..id.path.len() - 1] } else { &id.path[..] };
        let signature = || id.path.last().map(|of| plain_signature(of.as_str()));
        self.kinds.contains(&id.kind)
            && names == self.path
            && self.signature.as_ref().is_none_or(|wanted| signature().as_ref() == Some(wanted))
    }
}

/// The types of an aggregate's arguments as GRANT takes them: like those of a function.
pub(crate) fn plain_signature(signature: &str) -> String {
    // Arguments that are direct and sorted ones at once are there once.
    let once = signature.split_once(" ORDER BY ").filter(|(direct, _)| direct.contains("VARIADIC "));
    let plain = signature.replace("(*)", "()").replace("(ORDER BY ", "(").replace(" ORDER BY ", ", ");
    once.map_or(plain, |(direct, _)| format!("{direct})")).replace("VARIADIC ", "")
}

const RELATIONS: &[KindName] =
    &[KindName::Table, KindName::View, KindName::MaterializedView, KindName::ForeignTable, KindName::Sequence];
const TABLES: &[KindName] = &[KindName::Table, KindName::View, KindName::MaterializedView, KindName::ForeignTable];
const SEQUENCES: &[KindName] = &[KindName::Sequence];
const FUNCTIONS: &[KindName] = &[KindName::Function, KindName::Aggregate];
const PROCEDURES: &[KindName] = &[KindName::Procedure];
const ROUTINES: &[KindName] = &[KindName::Function, KindName::Aggregate, KindName::Procedure];
const TYPES: &[KindName] = &[KindName::Enum, KindName::Domain, KindName::CompositeType, KindName::RangeType];

/// Reads a statement that starts with GRANT, REVOKE or ALTER DEFAULT PRIVILEGES.
pub(super) fn grant(reader: &mut Reader<'_>) -> Option<Grant> {
    let future = match reader.words(&["alter", "default", "privileges"]) {
        true => Some(makers(reader)?),
        false => None,
    };
    let gives = reader.word("grant");
    if !gives && !reader.word("revoke") {
        return None;
    }
    let option = !gives && reader.words(&["grant", "option", "for"]);
    let words = words(reader)?;
    reader.word("on").then_some(())?;
    let on = match future {
        Some((roles, schemas)) => GrantedOn::Future { roles, schemas, class: class(reader)? },
        None => target(reader)?,
    };
    reader.word(if gives { "to" } else { "from" }).then_some(())?;
    let to = list(reader, role)?;
    let option = option || (gives && reader.words(&["with", "grant", "option"]));
    if reader.words(&["granted", "by"]) {
        role(reader)?;
    }
    let _ = reader.word("cascade") || reader.word("restrict");
    reader.punct(";");
    reader.peek().is_none().then_some(Grant { gives, option, words, on, to })
}

fn list<'a, T>(reader: &mut Reader<'a>, mut one: impl FnMut(&mut Reader<'a>) -> Option<T>) -> Option<Vec<T>> {
    let mut found = vec![one(reader)?];
    while reader.punct(",") {
        found.push(one(reader)?);
    }
    Some(found)
}

fn makers(reader: &mut Reader<'_>) -> Option<(Vec<Grantee>, Vec<Ident>)> {
    let mut roles = Vec::new();
    if reader.words(&["for", "role"]) || reader.words(&["for", "user"]) {
        roles = list(reader, role)?;
    }
    let schemas = match reader.words(&["in", "schema"]) {
        true => list(reader, Reader::ident)?,
        false => Vec::new(),
    };
    Some((roles, schemas))
}

fn role(reader: &mut Reader<'_>) -> Option<Grantee> {
    reader.word("group");
    if ["current_user", "current_role", "session_user"].iter().any(|word| reader.word(word)) {
        return Some(Grantee::Owner);
    }
    if reader.word("public") {
        return Some(Grantee::Public);
    }
    reader.ident().map(Grantee::Role)
}

fn words(reader: &mut Reader<'_>) -> Option<Vec<(Option<Privilege>, Vec<Ident>)>> {
    list(reader, |reader| {
        let word = reader.take()?;
        let privilege = if word.is_word("all") {
            reader.word("privileges");
            None
        } else {
            Some(Privilege::of_word(word.text)?)
        };
        let mut columns = Vec::new();
        if reader.punct("(") {
            columns = list(reader, Reader::ident)?;
            reader.punct(")").then_some(())?;
        }
        Some((privilege, columns))
    })
}

fn class(reader: &mut Reader<'_>) -> Option<ObjectClass> {
    let word = reader.take()?;
    let found = ObjectClass::WITH_DEFAULTS.into_iter().find(|class| word.is_word(&class.word().to_lowercase()));
    found.or_else(|| word.is_word("routines").then_some(ObjectClass::Functions))
}

fn target(reader: &mut Reader<'_>) -> Option<GrantedOn> {
    if is_name(reader) {
        return list(reader, |reader| named(reader, RELATIONS)).map(GrantedOn::Objects);
    }
    if reader.word("all") {
        let all = [
            ("tables", TABLES),
            ("sequences", SEQUENCES),
            ("functions", FUNCTIONS),
            ("procedures", PROCEDURES),
            ("routines", ROUTINES),
        ];
        let (_, kinds) = all.into_iter().find(|(word, _)| reader.word(word))?;
        reader.words(&["in", "schema"]).then_some(())?;
        return Some(GrantedOn::AllIn(kinds, list(reader, Reader::ident)?));
    }
    let routines = [("function", FUNCTIONS), ("procedure", PROCEDURES), ("routine", ROUTINES)];
    if let Some((_, kinds)) = routines.into_iter().find(|(word, _)| reader.word(word)) {
        return list(reader, |reader| routine(reader, kinds)).map(GrantedOn::Objects);
    }
    let globals: [(&[&str], &'static [KindName]); 3] = [
        (&["schema"], &[KindName::Schema]),
        (&["foreign", "data", "wrapper"], &[KindName::ForeignDataWrapper]),
        (&["foreign", "server"], &[KindName::ForeignServer]),
    ];
    if let Some((_, kinds)) = globals.into_iter().find(|(words, _)| reader.words(words)) {
        let named = |name| GrantTarget { kinds, path: vec![name], signature: None };
        return list(reader, |reader| reader.ident().map(named)).map(GrantedOn::Objects);
    }
    let outside: [&[&str]; 5] = [&["database"], &["tablespace"], &["language"], &["large", "object"], &["parameter"]];
    if outside.iter().any(|words| reader.words(words)) {
        return None;
    }
    let in_schemas = [("table", RELATIONS), ("sequence", SEQUENCES), ("type", TYPES), ("domain", TYPES)];
    let kinds = in_schemas.into_iter().find(|(word, _)| reader.word(word)).map_or(RELATIONS, |(_, kinds)| kinds);
    list(reader, |reader| named(reader, kinds)).map(GrantedOn::Objects)
}

/// Whether a name comes next, though it may look like the word for a kind: most of those words are names too.
fn is_name(reader: &Reader<'_>) -> bool {
    let behind =
        |token: &Token<'_>| token.is_punct(".") || token.is_punct(",") || token.is_word("to") || token.is_word("from");
    reader.tokens.get(reader.at + 1).is_some_and(behind)
}

fn named(reader: &mut Reader<'_>, kinds: &'static [KindName]) -> Option<GrantTarget> {
    let name = reader.name()?;
    Some(GrantTarget { kinds, path: vec![name.schema, name.name], signature: None })
}

fn routine(reader: &mut Reader<'_>, kinds: &'static [KindName]) -> Option<GrantTarget> {
    let name = reader.name()?;
    let signature = match reader.peek().is_some_and(|token| token.is_punct("(")) {
        true => Some(signature(reader)?),
        false => None,
    };
    Some(GrantTarget { kinds, path: vec![name.schema, name.name], signature })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Option<Grant> {
        grant(&mut Reader::new(sql))
    }

    #[test]
    fn words_columns_targets_and_roles() {
        let of = read("grant SELECT (a, \"B\"), update on table app.users, logs to reader, PUBLIC with grant option")
            .unwrap();
        assert!(of.gives && of.option);
        assert_eq!(of.words[0], (Some(Privilege::Select), vec![Ident::of("a"), Ident::of("B")]));
        assert_eq!(of.to, [Grantee::Role(Ident::of("reader")), Grantee::Public]);
        let GrantedOn::Objects(on) = of.on else { panic!() };
        assert_eq!(on[1].path, [Ident::of("public"), Ident::of("logs")]);
        let of = read("REVOKE GRANT OPTION FOR ALL PRIVILEGES ON FUNCTION f(a int, text) FROM CURRENT_USER CASCADE")
            .unwrap();
        assert!(!of.gives && of.option);
        assert_eq!(of.to, [Grantee::Owner]);
        let GrantedOn::Objects(on) = of.on else { panic!() };
        assert_eq!(on[0].signature.as_deref(), Some("(integer, text)"));
    }

    #[test]
    fn a_relation_may_be_called_like_a_kind() {
        for (sql, path) in [
            ("GRANT SELECT (price) ON type TO r", ["public", "type"]),
            ("REVOKE ALL ON function, t FROM r", ["public", "function"]),
            ("GRANT SELECT ON schema.type TO r", ["schema", "type"]),
            ("GRANT SELECT ON TABLE sequence TO r", ["public", "sequence"]),
        ] {
            let GrantedOn::Objects(on) = read(sql).unwrap().on else { panic!() };
            assert_eq!(
                (on[0].path.as_slice(), on[0].kinds),
                ([Ident::of(path[0]), Ident::of(path[1])].as_slice(), RELATIONS)
            );
        }
        let GrantedOn::Objects(on) = read("GRANT USAGE ON TYPE type TO r").unwrap().on else { panic!() };
        assert_eq!(on[0].kinds, TYPES);
    }

    #[test]
    fn default_privileges() {
        let sql = "ALTER DEFAULT PRIVILEGES FOR ROLE a, b IN SCHEMA s REVOKE EXECUTE ON ROUTINES FROM PUBLIC";
        let GrantedOn::Future { roles, schemas, class } = read(sql).unwrap().on else { panic!() };
        assert_eq!((roles.len(), schemas.len(), class), (2, 1, ObjectClass::Functions));
    }

    #[test]
    fn what_is_outside_is_not_read() {
        assert_eq!(read("GRANT admin TO bob"), None);
        assert_eq!(read("GRANT CONNECT ON DATABASE shop TO bob"), None);
        assert_eq!(read("GRANT USAGE ON LANGUAGE plpgsql TO bob"), None);
        assert_eq!(read("GRANT SELECT ON users TO bob WITH ADMIN"), None);
    }
}
