//! Objects that SQL statements define, drawn for both sides of a pair: views, routines, triggers, rules, policies, types and the like, over
//! whatever tables each side has.
//!
//! Each is drawn as a bundle with all that it needs, so that the bundles come, go and change on their own. The same draw over
//! other tables gives other text, as when a user follows a change of a table by hand.

use schema_core::{
    Expr, Ident, KindName, QualifiedName, Schema, SqlType,
    kinds::{Check, Column, ColumnValue, Index, IndexElement, Object, SqlObject, Table},
    sql::{Definition, definition},
};

use super::pools::{Class, knowledge};
use super::{Pair, Rng, types};

/// Adds statements to both sides.
pub fn add(rng: &mut Rng, pair: &mut Pair) {
    for bundle in BUNDLES {
        if rng.percent(70) {
            continue;
        }
        let before = rng.fork();
        let after = if rng.percent(60) { before.clone() } else { rng.fork() };
        let (there, stays) = (rng.percent(75), rng.percent(75));
        for (mut rng, schema, is_there) in [(before, &mut pair.before, there), (after, &mut pair.after, stays)] {
            if is_there {
                let drawn = Bundle::of(schema, &mut rng, *bundle);
                drawn.into_iter().for_each(|object| drop(schema.insert(object)));
            }
        }
    }
}

type Draw = fn(&mut Bundle<'_>) -> Option<()>;

const BUNDLES: &[Draw] = &[
    views,
    materialized,
    checked,
    triggered,
    rule,
    policy,
    types::composite,
    types::range,
    types::aggregate,
    types::operator,
    statistics,
    types::collation,
    types::class,
    foreign,
    publication,
    rows,
    atomic,
    defaulted,
    procedure,
    search,
    parsed,
    event,
    conversion,
    types::cast,
    types::held,
];

/// What is drawn for one side.
pub(super) struct Bundle<'s> {
    schema: &'s Schema,
    pub(super) rng: &'s mut Rng,
    pub(super) objects: Vec<Object>,
}

impl Bundle<'_> {
    /// The objects of a bundle; none when the schema has nothing to draw it over.
    fn of(schema: &Schema, rng: &mut Rng, draw: Draw) -> Vec<Object> {
        let mut bundle = Bundle { schema, rng, objects: Vec::new() };
        draw(&mut bundle).map(|()| bundle.objects).unwrap_or_default()
    }

    /// A statement, sometimes with a comment.
    pub(super) fn sql(&mut self, text: impl Into<String>) {
        self.completed(text, []);
    }

    /// A statement, and some of those that may follow it.
    fn completed<const COUNT: usize>(&mut self, text: impl Into<String>, then: [String; COUNT]) {
        let text = text.into();
        let Some(Definition::Creates(named)) = definition(&text) else { panic!("a statement names an object: {text}") };
        let comment = self.comment();
        let then = then.into_iter().filter(|_| self.rng.percent(50)).collect();
        let object =
            SqlObject { signature: named.signature, comment, then, ..SqlObject::new(named.kind, named.path, text) };
        self.objects.push(object.into());
    }

    /// Says something of the columns of the last object.
    pub(super) fn columns_said(&mut self, columns: &[&str]) {
        let comments: Vec<(Ident, String)> =
            columns.iter().filter_map(|name| Some((Ident::of(name), self.comment()?))).collect();
        if let Some(Object::Sql(object)) = self.objects.last_mut() {
            object.column_comments.extend(comments);
        }
    }

    fn comment(&mut self) -> Option<String> {
        self.rng.percent(20).then(|| self.rng.word(&["one", "it's two"]).to_owned())
    }

    /// A table that has columns.
    fn table(&mut self, fits: impl Fn(&Table) -> bool) -> Option<(QualifiedName, Vec<Column>)> {
        let tables = self.schema.of_kind(KindName::Table).filter_map(|object| match object {
            Object::Table(table) if fits(table) => Some(&table.name),
            _ => None,
        });
        let columns = |name: &QualifiedName| self.schema.all_columns(name).into_iter().cloned().collect::<Vec<_>>();
        let all: Vec<_> = tables.map(|name| (name.clone(), columns(name))).filter(|(_, own)| !own.is_empty()).collect();
        self.rng.choose(&all)
    }

    fn column(&mut self, columns: &[Column]) -> String {
        self.rng.pick(columns).name.quoted()
    }

    /// A table of its own.
    pub(super) fn with_columns(&mut self, name: &str, columns: &[(&str, &str)]) -> Option<QualifiedName> {
        let table = QualifiedName::public(Ident::of(name));
        self.objects.push(Table::new(table.clone()).into());
        for (column, of) in columns {
            let (nullable, of) = (self.rng.percent(70), SqlType::parse(of).ok()?);
            self.objects.push(Column { nullable, ..Column::new(table.clone(), Ident::of(column), of) }.into());
        }
        Some(table)
    }

    pub(super) fn integer(&mut self) -> &'static str {
        self.rng.word(&["integer", "bigint", "integer", "smallint"])
    }
}

fn views(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, columns) = bundle.table(|_| true)?;
    let one = bundle.column(&columns);
    let some: Vec<Column> = bundle.rng.sample(&columns, 2);
    let list = some.iter().map(|column| column.name.quoted()).collect::<Vec<_>>().join(", ");
    let from = table.quoted();
    let text = match bundle.rng.below(4) {
        0 => format!("CREATE VIEW v_one AS SELECT * FROM {from}"),
        1 => format!("CREATE VIEW v_one AS SELECT {list} FROM {from} WHERE {one} IS NOT NULL"),
        2 => format!("CREATE VIEW v_one WITH (security_barrier=true) AS SELECT {list}, 1 AS more FROM {from}"),
        _ => format!("CREATE VIEW v_one AS SELECT count({one}) AS n FROM {from}"),
    };
    bundle.sql(text);
    if bundle.rng.percent(50) {
        bundle.sql("CREATE VIEW v_two AS SELECT v_one.*, 'two'::text AS last FROM v_one");
    }
    if bundle.rng.percent(50) {
        bundle.sql("CREATE OR REPLACE VIEW v_three AS SELECT count(*) FROM v_one");
    }
    Some(())
}

fn materialized(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, columns) = bundle.table(|_| true)?;
    let one = bundle.column(&columns);
    bundle.sql(format!("CREATE MATERIALIZED VIEW m_one AS SELECT {one}, 1 AS n FROM {}", table.quoted()));
    bundle.columns_said(&["n"]);
    if bundle.rng.percent(60) {
        bundle.completed(
            "CREATE INDEX m_one_n ON m_one (n)",
            ["ALTER MATERIALIZED VIEW m_one CLUSTER ON m_one_n".to_owned()],
        );
    }
    if bundle.rng.percent(40) {
        bundle.sql("CREATE VIEW over_m AS SELECT sum(n) AS all_of_them FROM m_one");
    }
    Some(())
}

/// A function in a constraint and in an index.
fn checked(bundle: &mut Bundle<'_>) -> Option<()> {
    let (of, body) = (bundle.integer(), bundle.rng.word(&["$1 > -100", "$1 IS NOT NULL"]));
    bundle.sql(format!("CREATE FUNCTION f_good({of}) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT {body} $$"));
    let (table, _) = bundle.table(|table| table.partition_of.is_none())?;
    if bundle.rng.percent(60) {
        let expr = Expr::new(format!("f_good(1::{of})"));
        bundle.objects.push(Check::new(table.clone(), Ident::of("good"), expr).into());
    }
    if bundle.rng.percent(60) {
        let key = IndexElement::parse(&format!("f_good(2::{of})")).ok()?;
        bundle.objects.push(Index::new(table, Ident::of("indexed_by_f_good"), vec![key]).into());
    }
    Some(())
}

fn triggered(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, columns) = bundle.table(|table| table.partition_of.is_none())?;
    let (one, other) = (bundle.column(&columns), bundle.rng.pick(&columns).clone());
    let body = bundle.rng.word(&["RETURN NEW;", "NULL; RETURN NEW;"]);
    bundle.sql(format!("CREATE FUNCTION f_touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"));
    let when = match bundle.rng.below(3) {
        0 => format!("BEFORE UPDATE OF {one}"),
        1 => "AFTER INSERT OR UPDATE".to_owned(),
        _ => "BEFORE INSERT".to_owned(),
    };
    // What is generated is not known yet before the row is there.
    let known = when.starts_with("AFTER") || !other.value.is_generated();
    let only = match bundle.rng.percent(50) && known {
        true => format!(" WHEN (NEW.{} IS NOT NULL)", other.name.quoted()),
        false => String::new(),
    };
    let table = table.quoted();
    bundle.completed(
        format!("CREATE TRIGGER tr_one {when} ON {table} FOR EACH ROW{only} EXECUTE FUNCTION f_touch()"),
        [format!("ALTER TABLE {table} DISABLE TRIGGER tr_one")],
    );
    Some(())
}

fn rule(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, columns) = bundle.table(|table| table.partition_of.is_none() && table.partition_by.is_none())?;
    let one = bundle.column(&columns);
    let only = if bundle.rng.percent(50) { format!(" WHERE OLD.{one} IS NULL") } else { String::new() };
    let does = bundle.rng.word(&["NOTHING", "ALSO SELECT 1"]);
    let table = table.quoted();
    bundle.completed(
        format!("CREATE RULE r_one AS ON DELETE TO {table}{only} DO {does}"),
        [format!("ALTER TABLE {table} DISABLE RULE r_one")],
    );
    Some(())
}

fn policy(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, columns) = bundle.table(|_| true)?;
    let one = bundle.column(&columns);
    let (table, of) = (table.quoted(), bundle.rng.word(&["SELECT", "DELETE", "ALL"]));
    let kind = bundle.rng.word(&["", " AS RESTRICTIVE"]);
    bundle.sql(format!("CREATE POLICY p_one ON {table}{kind} FOR {of} TO PUBLIC USING ({one} IS NOT NULL)"));
    Some(())
}

fn statistics(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, columns) = bundle.table(|_| true)?;
    let plain = |column: &Column| knowledge(bundle.schema, &column.sql_type).class == Class::Number;
    let plain: Vec<Column> = columns.into_iter().filter(plain).collect();
    let two = bundle.rng.sample(&plain, 2);
    let [one, other] = two.as_slice() else { return None };
    let kinds = bundle.rng.word(&["", " (ndistinct)", " (dependencies, mcv)"]);
    let (one, other) = (one.name.quoted(), other.name.quoted());
    bundle.sql(format!("CREATE STATISTICS s_one{kinds} ON {one}, {other} FROM {}", table.quoted()));
    Some(())
}

fn foreign(bundle: &mut Bundle<'_>) -> Option<()> {
    let of = bundle.integer();
    let options = bundle.rng.word(&["", " OPTIONS (host 'here')", " OPTIONS (host 'it''s there', port '5432')"]);
    bundle.sql(format!("CREATE FOREIGN DATA WRAPPER w_one{options}"));
    let version = bundle.rng.word(&["", " TYPE 'a' VERSION '1'"]);
    bundle.sql(format!("CREATE SERVER there{version} FOREIGN DATA WRAPPER w_one{options}"));
    bundle.completed(
        format!("CREATE FOREIGN TABLE ft_one (id {of} NOT NULL, name text) SERVER there{options}"),
        ["ALTER FOREIGN TABLE ft_one ADD CONSTRAINT ft_good CHECK (id > 0)".to_owned()],
    );
    bundle.columns_said(&["id", "name"]);
    if bundle.rng.percent(50) {
        bundle.sql("CREATE VIEW v_far AS SELECT id FROM ft_one");
    }
    Some(())
}

fn publication(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, _) = bundle.table(|table| !table.unlogged && table.partition_of.is_none())?;
    let of = match bundle.rng.below(3) {
        0 => " FOR ALL TABLES".to_owned(),
        1 => format!(" FOR TABLE {}", table.quoted()),
        _ => String::new(),
    };
    bundle.sql(format!("CREATE PUBLICATION pub_one{of} WITH (publish = 'insert')"));
    Some(())
}

/// A function over the rows of a table.
fn rows(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, _) = bundle.table(|_| true)?;
    let from = table.quoted();
    bundle.sql(format!("CREATE FUNCTION f_rows() RETURNS SETOF {from} LANGUAGE sql AS $$ SELECT * FROM {from} $$"));
    Some(())
}

/// A function whose body PostgreSQL has parsed: it stands on the column.
fn atomic(bundle: &mut Bundle<'_>) -> Option<()> {
    let (table, columns) = bundle.table(|_| true)?;
    let one = bundle.column(&columns);
    bundle.sql(format!(
        "CREATE FUNCTION f_atomic() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count({one}) FROM {}; END",
        table.quoted()
    ));
    Some(())
}

/// A function in a column's default.
fn defaulted(bundle: &mut Bundle<'_>) -> Option<()> {
    let (value, of) = (bundle.rng.word(&["'a'", "'b'"]), bundle.integer());
    bundle.sql(format!("CREATE FUNCTION f_value({of}) RETURNS text LANGUAGE sql AS $$ SELECT {value} $$"));
    let table = QualifiedName::public(Ident::of("with_value"));
    let text = SqlType::parse("text").ok()?;
    let value = ColumnValue::Default(Expr::new(format!("f_value(1::{of})")));
    bundle.objects.push(Table::new(table.clone()).into());
    bundle.objects.push(Column { value, ..Column::new(table, Ident::of("value"), text) }.into());
    if bundle.rng.percent(50) {
        bundle.sql(format!("CREATE VIEW v_value AS SELECT value, f_value(2::{of}) FROM with_value"));
    }
    Some(())
}

fn procedure(bundle: &mut Bundle<'_>) -> Option<()> {
    let (of, body) = (bundle.integer(), bundle.rng.word(&["NULL;", "RAISE NOTICE 'x';"]));
    bundle.sql(format!("CREATE PROCEDURE pr_one(x {of}) LANGUAGE plpgsql AS $$ BEGIN {body} END $$"));
    Some(())
}

fn search(bundle: &mut Bundle<'_>) -> Option<()> {
    let words = bundle.rng.word(&["", ", STOPWORDS = english"]);
    bundle.sql(format!("CREATE TEXT SEARCH DICTIONARY d_one (TEMPLATE = pg_catalog.simple{words})"));
    bundle.completed(
        "CREATE TEXT SEARCH CONFIGURATION tc_one (PARSER = pg_catalog.\"default\")",
        ["word WITH d_one", "email WITH pg_catalog.simple, d_one"]
            .map(|mapping| format!("ALTER TEXT SEARCH CONFIGURATION tc_one ADD MAPPING FOR {mapping}")),
    );
    Some(())
}

/// A parser and a template over PostgreSQL's own functions, and what is made of them.
fn parsed(bundle: &mut Bundle<'_>) -> Option<()> {
    let headline = bundle.rng.word(&["", ", HEADLINE = prsd_headline"]);
    bundle.sql(format!(
        "CREATE TEXT SEARCH PARSER tp_one (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype{headline})"
    ));
    let init = bundle.rng.word(&["", "INIT = dsimple_init, "]);
    bundle.sql(format!("CREATE TEXT SEARCH TEMPLATE tt_one ({init}LEXIZE = dsimple_lexize)"));
    if bundle.rng.percent(60) {
        bundle.sql("CREATE TEXT SEARCH CONFIGURATION tc_parsed (PARSER = tp_one)");
    }
    if bundle.rng.percent(60) {
        bundle.sql("CREATE TEXT SEARCH DICTIONARY d_two (TEMPLATE = tt_one)");
    }
    Some(())
}

/// It fires while all the rest is made and dropped.
fn event(bundle: &mut Bundle<'_>) -> Option<()> {
    let body = bundle.rng.word(&["NULL;", "PERFORM 1;"]);
    bundle.sql(format!("CREATE FUNCTION f_event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"));
    let on = bundle.rng.word(&["ddl_command_start", "ddl_command_end", "sql_drop", "table_rewrite"]);
    let only = bundle.rng.word(&["", " WHEN TAG IN ('ALTER TABLE')"]);
    let states = bundle.rng.word(&["DISABLE", "ENABLE ALWAYS"]);
    bundle.completed(
        format!("CREATE EVENT TRIGGER e_one ON {on}{only} EXECUTE FUNCTION f_event()"),
        [format!("ALTER EVENT TRIGGER e_one {states}")],
    );
    Some(())
}

fn conversion(bundle: &mut Bundle<'_>) -> Option<()> {
    let default = bundle.rng.word(&["", "DEFAULT "]);
    let (to, with) = *bundle.rng.pick(&[("LATIN1", "utf8_to_iso8859_1"), ("EUC_JP", "utf8_to_euc_jp")]);
    bundle.sql(format!("CREATE {default}CONVERSION cv_one FOR 'UTF8' TO '{to}' FROM {with}"));
    Some(())
}
