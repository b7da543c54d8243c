//! What a statement of a `schema/*.sql` file is about: the object it makes, completes or comments on.
//!
//! The first words are read, token by token. Whether the statement is valid, and what the object depends on, is for PostgreSQL to
//! say.

use super::grant::{Grant, grant};
use super::lexer::{Token, TokenKind};
use super::literal::string_value;
use super::reader::Reader;
use super::routine::{aggregate_signature, signature, type_text};
use crate::{DEFAULT_SCHEMA, Ident, KindName, ObjectId, QualifiedName, SqlType};

/// What names an object that a statement makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The kind.
    pub kind: KindName,
    /// The names that lead to it, outermost first.
    pub path: Vec<Ident>,
    /// What tells namesakes apart; see [`KindName::has_signature`].
    pub signature: Option<String>,
}

impl Named {
    fn top(kind: KindName, name: QualifiedName) -> Named {
        Named { kind, path: vec![name.schema, name.name], signature: None }
    }

    fn signed(kind: KindName, name: QualifiedName, signature: String) -> Named {
        Named { signature: Some(signature), ..Named::top(kind, name) }
    }

    fn inner(kind: KindName, outer: QualifiedName, name: Ident) -> Named {
        Named { kind, path: vec![outer.schema, outer.name, name], signature: None }
    }

    fn global(kind: KindName, name: Ident) -> Named {
        Named { kind, path: vec![name], signature: None }
    }

    /// The object.
    pub fn id(&self) -> ObjectId {
        let signature = self.signature.as_deref().map(Ident::signature);
        ObjectId { kind: self.kind, path: self.path.iter().cloned().chain(signature).collect() }
    }
}

/// What a statement does to the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// It makes the object.
    Creates(Named),
    /// It adds to an object that another statement makes, as the mappings of a text search configuration are.
    Completes(Named),
    /// `COMMENT ON`.
    Comments {
        /// The object, or what the column is in.
        on: Named,
        /// The column, when the comment is on one.
        column: Option<Ident>,
        /// The text; none for `IS NULL`.
        text: Option<String>,
    },
    /// GRANT, REVOKE or ALTER DEFAULT PRIVILEGES.
    Grants(Grant),
}

/// What the statement does; none when it is none of these.
///
/// ```
/// use schema_core::sql::{Definition, definition};
/// let Some(Definition::Creates(named)) = definition("CREATE OR REPLACE FUNCTION app.f(a int, b text = '') RETURNS int ...") else { panic!() };
/// assert_eq!(named.id().to_string(), "app.f(integer, text)");
/// assert!(definition("UPDATE users SET name = ''").is_none());
/// ```
pub fn definition(statement: &str) -> Option<Definition> {
    let mut reader = Reader::new(statement);
    if reader.word("create") {
        return create(&mut reader).map(Definition::Creates);
    }
    if reader.words(&["comment", "on"]) {
        return comment(&mut reader);
    }
    if reader.is_text("grant") || reader.is_text("revoke") {
        return grant(&mut reader).map(Definition::Grants);
    }
    if reader.words(&["alter", "default", "privileges"]) {
        reader.at = 0;
        return grant(&mut reader).map(Definition::Grants);
    }
    if reader.word("alter") {
        return completion(&mut reader).map(Definition::Completes);
    }
    None
}

/// Kinds that are named alone, with the words before the name.
const PLAIN: &[(&[&str], KindName)] = &[
    (&["materialized", "view"], KindName::MaterializedView),
    (&["view"], KindName::View),
    (&["foreign", "table"], KindName::ForeignTable),
    (&["collation"], KindName::Collation),
    (&["conversion"], KindName::Conversion),
    (&["statistics"], KindName::Statistics),
    (&["text", "search", "parser"], KindName::TextSearchParser),
    (&["text", "search", "template"], KindName::TextSearchTemplate),
    (&["text", "search", "dictionary"], KindName::TextSearchDictionary),
    (&["text", "search", "configuration"], KindName::TextSearchConfiguration),
];

/// Kinds of the database itself.
const GLOBAL: &[(&[&str], KindName)] = &[
    (&["event", "trigger"], KindName::EventTrigger),
    (&["publication"], KindName::Publication),
    (&["foreign", "data", "wrapper"], KindName::ForeignDataWrapper),
    (&["server"], KindName::ForeignServer),
    (&["language"], KindName::Language),
];

/// Kinds that are named together with their table: `name ON table`.
const IN_TABLE: &[(&str, KindName)] =
    &[("trigger", KindName::Trigger), ("policy", KindName::Policy), ("rule", KindName::Rule)];

fn create(reader: &mut Reader<'_>) -> Option<Named> {
    reader.words(&["or", "replace"]);
    for word in ["recursive", "constraint", "trusted", "default"] {
        reader.word(word);
    }
    reader.word("procedural");
    if reader.word("unique") || reader.is_text("index") {
        return index(reader);
    }
    if reader.word("type") {
        return type_of(reader);
    }
    if let Some((_, kind)) = IN_TABLE.iter().find(|(word, _)| reader.word(word)) {
        let name = reader.ident()?;
        let before_table = if *kind == KindName::Rule { "to" } else { "on" };
        while !reader.word(before_table) {
            reader.take()?;
        }
        return Some(Named::inner(*kind, reader.name()?, name));
    }
    named(reader, true)
}

/// An object as CREATE and COMMENT ON name it alike.
fn named(reader: &mut Reader<'_>, creates: bool) -> Option<Named> {
    if let Some((_, kind)) = GLOBAL.iter().find(|(words, _)| reader.words(words)) {
        if_not_exists(reader);
        return reader.ident().map(|name| Named::global(*kind, name));
    }
    if let Some((_, kind)) = PLAIN.iter().find(|(words, _)| reader.words(words)) {
        if_not_exists(reader);
        return reader.name().map(|name| Named::top(*kind, name));
    }
    for (word, kind) in [("function", KindName::Function), ("procedure", KindName::Procedure)] {
        if reader.word(word) {
            let name = reader.name()?;
            return Some(Named::signed(kind, name, signature(reader)?));
        }
    }
    if reader.word("aggregate") {
        let name = reader.name()?;
        return Some(Named::signed(KindName::Aggregate, name, aggregate_signature(reader)?));
    }
    if reader.word("cast") {
        let group = reader.group()?;
        let at = group.iter().position(|token| token.is_word("as"))?;
        let (from, to) = (type_of_tokens(&group[..at])?, type_of_tokens(&group[at + 1..])?);
        let signature = Some(format!("({from} AS {to})"));
        return Some(Named { kind: KindName::Cast, path: Vec::new(), signature });
    }
    operator(reader, creates)
}

fn if_not_exists(reader: &mut Reader<'_>) {
    reader.words(&["if", "not", "exists"]);
}

fn index(reader: &mut Reader<'_>) -> Option<Named> {
    if !reader.word("index") {
        return None;
    }
    reader.word("concurrently");
    if_not_exists(reader);
    let name = reader.ident()?;
    if !reader.word("on") {
        return None;
    }
    reader.word("only");
    Some(Named::inner(KindName::Index, reader.name()?, name))
}

fn type_of(reader: &mut Reader<'_>) -> Option<Named> {
    let name = reader.name()?;
    if !reader.word("as") {
        return None;
    }
    let kind = match reader.peek()? {
        token if token.is_word("enum") => KindName::Enum,
        token if token.is_word("range") => KindName::RangeType,
        token if token.is_punct("(") => KindName::CompositeType,
        _ => return None,
    };
    Some(Named::top(kind, name))
}

/// `OPERATOR name (..)`, `OPERATOR CLASS name .. USING method`, `OPERATOR FAMILY name USING method`.
fn operator(reader: &mut Reader<'_>, creates: bool) -> Option<Named> {
    if !reader.word("operator") {
        return None;
    }
    for (word, kind) in [("class", KindName::OperatorClass), ("family", KindName::OperatorFamily)] {
        if reader.word(word) {
            let name = reader.name()?;
            while !reader.word("using") {
                reader.take()?;
            }
            return Some(Named::signed(kind, name, format!(" USING {}", reader.ident()?.quoted())));
        }
    }
    let schema = match reader.peek()?.kind {
        TokenKind::Word | TokenKind::QuotedIdent => Some(reader.ident()?).filter(|_| reader.punct(".")),
        _ => Some(Ident::of(DEFAULT_SCHEMA)),
    }?;
    let name = Ident::new(reader.take()?.text).ok()?;
    let group = reader.group()?;
    let signature = if creates { operator_options(&group)? } else { operator_operands(&group)? };
    Some(Named { kind: KindName::Operator, path: vec![schema, name], signature: Some(signature) })
}

fn operator_options(group: &[Token<'_>]) -> Option<String> {
    let operand = |word: &str| {
        let option =
            group.split(|token| token.is_punct(",")).find(|option| option.first().is_some_and(|t| t.is_word(word)));
        option.map_or(Some("NONE".to_owned()), |option| type_of_tokens(option.get(2..)?))
    };
    Some(format!("({}, {})", operand("leftarg")?, operand("rightarg")?))
}

fn operator_operands(group: &[Token<'_>]) -> Option<String> {
    let operand = |tokens: &[Token<'_>]| match tokens {
        [none] if none.is_word("none") => Some("NONE".to_owned()),
        tokens => type_of_tokens(tokens),
    };
    let operands: Option<Vec<String>> = group.split(|token| token.is_punct(",")).map(operand).collect();
    Some(format!("({})", operands?.join(", ")))
}

fn type_of_tokens(tokens: &[Token<'_>]) -> Option<String> {
    let spelled: Vec<&str> = tokens.iter().map(|token| token.text).collect();
    let spelled = spelled.join(" ").replace(" . ", ".").replace(" [ ]", "[]");
    SqlType::parse(&spelled).ok().map(|of| type_text(&of))
}

fn comment(reader: &mut Reader<'_>) -> Option<Definition> {
    let mut column = None;
    let on = if reader.word("column") {
        let mut parts = vec![reader.ident()?];
        while reader.punct(".") {
            parts.push(reader.ident()?);
        }
        column = Some(parts.pop()?);
        let name = parts.pop()?;
        let schema = parts.pop().unwrap_or_else(|| Ident::of(DEFAULT_SCHEMA));
        // Which kind of relation it is, the statement does not say.
        Named::top(KindName::View, QualifiedName { schema, name })
    } else if reader.word("type") {
        Named::top(KindName::CompositeType, reader.name()?)
    } else if reader.word("index") {
        Named::top(KindName::Index, reader.name()?)
    } else if let Some((_, kind)) = IN_TABLE.iter().find(|(word, _)| reader.word(word)) {
        let name = reader.ident()?;
        reader.word("on").then_some(())?;
        Named::inner(*kind, reader.name()?, name)
    } else {
        reader.word("procedural");
        named(reader, false)?
    };
    reader.word("is").then_some(())?;
    let token = reader.take()?;
    let text = if token.is_word("null") { None } else { Some(string_value(&token)?) };
    Some(Definition::Comments { on, column, text })
}

/// `ALTER` of kinds that one statement cannot define.
fn completion(reader: &mut Reader<'_>) -> Option<Named> {
    if reader.words(&["operator", "family"]) {
        reader.at -= 2;
        return named(reader, false);
    }
    if reader.word("table") {
        return fires(reader);
    }
    let (_, kind) = PLAIN.iter().chain(GLOBAL).find(|(words, _)| reader.words(words))?;
    if *kind == KindName::MaterializedView {
        let view = reader.name()?;
        // The mark is that of the index.
        return match reader.words(&["cluster", "on"]) {
            true => Some(Named::inner(KindName::Index, view, reader.ident()?)),
            false => Some(Named::top(*kind, view)),
        };
    }
    match GLOBAL.iter().any(|(_, global)| global == kind) {
        true => reader.ident().map(|name| Named::global(*kind, name)),
        false => reader.name().map(|name| Named::top(*kind, name)),
    }
}

/// When a trigger or rule fires: `ALTER TABLE t DISABLE TRIGGER name`.
fn fires(reader: &mut Reader<'_>) -> Option<Named> {
    reader.word("only");
    let table = reader.name()?;
    let enables = reader.word("enable");
    if enables && !reader.word("replica") {
        reader.word("always");
    }
    if !enables && !reader.word("disable") {
        return None;
    }
    let (_, kind) = IN_TABLE.iter().filter(|(word, _)| *word != "policy").find(|(word, _)| reader.word(word))?;
    Some(Named::inner(*kind, table, reader.ident()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn creates(statement: &str, expect: &str) {
        let Some(Definition::Creates(named)) = definition(statement) else { panic!("{statement}") };
        assert_eq!(format!("{} {}", named.kind.words(), named.id()), expect);
    }

    #[test]
    fn what_a_statement_makes() {
        creates("create or replace recursive view app.v (n) as select 1", "view app.v");
        creates("CREATE MATERIALIZED VIEW IF NOT EXISTS \"M v\" AS SELECT 1", "materialized view M v");
        creates("CREATE PROCEDURE p(IN a int, OUT b int) LANGUAGE sql AS ''", "procedure p(integer)");
        creates("CREATE AGGREGATE a(text) (SFUNC = f, STYPE = text)", "aggregate a(text)");
        creates(
            "CREATE CONSTRAINT TRIGGER t AFTER UPDATE OF a, b ON app.users FOR EACH ROW EXECUTE FUNCTION f()",
            "trigger app.users.t",
        );
        creates("CREATE POLICY p ON t USING (true)", "policy t.p");
        creates("CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", "rule t.r");
        creates("CREATE TYPE point3 AS (x int)", "composite type point3");
        creates("CREATE TYPE r AS RANGE (subtype = uuid)", "range type r");
        creates(
            "CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = text[], FUNCTION = f)",
            "operator app.===(integer, text[])",
        );
        creates("CREATE OPERATOR !! (rightarg = int, function = f)", "operator !!(NONE, integer)");
        creates(
            "CREATE OPERATOR CLASS c DEFAULT FOR TYPE int USING btree AS STORAGE int",
            "operator class c USING btree",
        );
        creates("CREATE CAST (app.a AS character varying) WITHOUT FUNCTION", "cast (app.a AS varchar)");
        creates("CREATE UNIQUE INDEX i ON app.v (a)", "index app.v.i");
        creates("CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()", "event trigger e");
        creates("CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)", "text search configuration c");
        assert!(definition("CREATE TYPE t (INPUT = f, OUTPUT = g)").is_none());
    }

    #[test]
    fn what_completes_a_trigger_or_an_index_is_named_by_it() {
        let completes = |statement: &str| match definition(statement) {
            Some(Definition::Completes(named)) => Some(format!("{} {}", named.kind.words(), named.id())),
            _ => None,
        };
        let found = completes("ALTER TABLE ONLY app.users ENABLE ALWAYS TRIGGER touched");
        assert_eq!(found.as_deref(), Some("trigger app.users.touched"));
        assert_eq!(completes("ALTER TABLE users DISABLE RULE r").as_deref(), Some("rule users.r"));
        assert_eq!(completes("ALTER MATERIALIZED VIEW ages CLUSTER ON i").as_deref(), Some("index ages.i"));
        assert_eq!(completes("ALTER TABLE users ADD COLUMN age integer"), None);
        assert_eq!(completes("ALTER TABLE users ENABLE ROW LEVEL SECURITY"), None);
    }

    #[test]
    fn comments_and_completions() {
        let Some(Definition::Comments { on, column, text }) = definition("COMMENT ON FUNCTION f(int) IS 'it''s'")
        else {
            panic!()
        };
        assert_eq!((on.id().to_string().as_str(), column, text.as_deref()), ("f(integer)", None, Some("it's")));
        let Some(Definition::Comments { on, column, .. }) = definition("COMMENT ON COLUMN v.a IS NULL") else {
            panic!()
        };
        assert_eq!((on.id().to_string(), column), ("v".to_owned(), Some(Ident::of("a"))));
        let Some(Definition::Comments { on, .. }) = definition("COMMENT ON OPERATOR === (int, text) IS 'x'") else {
            panic!()
        };
        assert_eq!(on.id().to_string(), "===(integer, text)");
        let statement = "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple";
        let Some(Definition::Completes(named)) = definition(statement) else { panic!() };
        assert_eq!(named.kind, KindName::TextSearchConfiguration);
    }
}
