//! One field of a table: its column, and the constraints that its attribute declares.
//!
//! Whether the columns that the attribute names elsewhere exist is found out when all declarations are known.

use schema_core::kinds::{ColumnSettings, IdentityMode, NotNull, SequenceOptions};
use schema_core::{Expr, Ident, SqlType};

use super::column_settings;
use super::constraint::{check, column_index, column_unique};
use super::foreign_key::column_foreign_key;
use super::item::{Header, header, skip_visibility};
use super::{FieldDecl, NamePath, Reading, Spanned, TableDecl, ValueDecl};
use crate::attr::{Arg, Args, Findings, Value};
use crate::conditions::Truth;
use crate::finding::{ATTRIBUTE_CONFLICT, ATTRIBUTE_VALUE, SQL_TYPE_INVALID, SyntaxFinding};
use crate::rust_type::RustType;
use crate::token::{Cursor, Span};
use crate::types::{How, Inferred, infer, is_option};

const WORDS: &[&str] = &[
    "name",
    "sql",
    "nullable",
    "not_null",
    "primary_key",
    "unique",
    "index",
    "default",
    "identity",
    "serial",
    "generated",
    "generated_virtual",
    "check",
    "references",
    "on_delete",
    "on_update",
    "match",
    "deferrable",
    "initially_deferred",
    "not_valid",
    "not_enforced",
    "constraint",
    "fk_comment",
    "fk_renamed_from",
    "collate",
    "comment",
    "renamed_from",
    "backfill",
    "using",
    "skip",
];

/// Words that say something only beside `references`.
const FOREIGN_KEY_WORDS: &[&str] = &[
    "on_delete",
    "on_update",
    "match",
    "deferrable",
    "initially_deferred",
    "not_valid",
    "not_enforced",
    "constraint",
    "fk_comment",
    "fk_renamed_from",
];

const IDENTITY: &[&str] = &["always", "by_default", "sequence", "start", "increment", "min", "max", "cache", "cycle"];

/// What the fields of one struct share.
pub(super) struct FieldReader<'r> {
    pub reading: &'r Reading<'r>,
    pub doc_comments: bool,
    /// Columns with `primary_key`, and the word.
    pub key: Vec<(Spanned<Ident>, Span)>,
}

impl FieldReader<'_> {
    /// Reads the next field and puts what it declares into the table.
    pub fn field(&mut self, fields: &mut Cursor<'_>, table: &mut TableDecl, findings: &mut Findings) -> Option<()> {
        let header = header(fields, self.reading.conditions);
        skip_visibility(fields);
        let (name, span) = fields.take_ident()?;
        fields.take(":").then_some(())?;
        let ty = fields.take_to_comma();
        if header.truth != Truth::No {
            let ident = Spanned { value: name.to_owned(), span };
            let mut args = header.args("column", "#[column(..)]", span, findings);
            let field = self.column(ident, ty, &header, &mut args, table, findings);
            table.fields.push(field);
            args.finish(&[WORDS, column_settings::WORDS].concat(), findings);
        }
        Some(())
    }

    fn column(
        &mut self,
        ident: Spanned<String>,
        ty: Cursor<'_>,
        header: &Header<'_>,
        args: &mut Args<'_>,
        table: &mut TableDecl,
        findings: &mut Findings,
    ) -> FieldDecl {
        let index = table.fields.len();
        if !args.is_empty() && skipped(args, findings) {
            return FieldDecl { skip: true, ..plain(ident, ty, index, findings) };
        }
        let rust_type = RustType::read(ty);
        let mut field = plain(ident, ty, index, findings);
        if args.is_empty() {
            field.inferred = self.inferred(&rust_type, None, None, findings);
        } else {
            self.words(&rust_type, &mut field, args, findings);
            self.constraints(&field, args, table, findings);
        }
        if self.doc_comments {
            field.comment = field.comment.or_else(|| header.doc_line());
        }
        field
    }

    /// The words that belong to the column alone.
    fn words(&self, rust_type: &RustType, field: &mut FieldDecl, args: &mut Args<'_>, findings: &mut Findings) {
        if let Some(name) = args.name("name", findings) {
            field.name = name;
        }
        args.exclude("nullable", "not_null", "a column takes NULL or it does not", findings);
        let not_null = args.one("not_null", findings).and_then(|arg| not_null(&arg, findings));
        field.not_null = not_null.unwrap_or_default();
        let nullable = args.switch("nullable", findings).or(not_null.map(|_| false));
        let sql = sql_type(args, findings);
        field.inferred = match sql {
            Sql::Absent => self.inferred(rust_type, None, nullable, findings),
            Sql::Wrong(span) => Inferred { sql_type: None, nullable: is_option(rust_type), how: How::Unknown, span },
            Sql::Given(sql) => self.inferred(rust_type, Some(sql), nullable, findings),
        };
        field.value = value(args, findings);
        field.collate = NamePath::argument(args, "collate", findings);
        field.settings = column_settings::read(args, findings);
        field.comment = args.text("comment", findings).map(|text| text.value);
        field.renamed_from = args.name("renamed_from", findings);
        field.backfill = expr(args, "backfill", findings);
        field.using = expr(args, "using", findings);
    }

    fn inferred(
        &self,
        rust_type: &RustType,
        sql: Option<Spanned<SqlType>>,
        nullable: Option<bool>,
        findings: &mut Findings,
    ) -> Inferred {
        let inferred = match sql {
            Some(sql) => {
                let nullable = is_option(rust_type);
                Inferred { sql_type: Some(sql.value), nullable, how: How::Sql, span: sql.span }
            }
            None => infer(rust_type, self.reading.types).unwrap_or_else(|finding| {
                findings.push(*finding);
                Inferred { sql_type: None, nullable: is_option(rust_type), how: How::Unknown, span: rust_type.span }
            }),
        };
        Inferred { nullable: nullable.unwrap_or(inferred.nullable), ..inferred }
    }

    /// The words that declare constraints and indexes over the column.
    fn constraints(&mut self, field: &FieldDecl, args: &mut Args<'_>, table: &mut TableDecl, findings: &mut Findings) {
        let column = &field.name;
        let key_span = args.place_of("primary_key");
        if args.flag("primary_key", findings) {
            self.key.push((column.clone(), key_span.unwrap_or(column.span)));
        }
        let uniques = args.all("unique");
        table.uniques.extend(uniques.iter().filter_map(|arg| column_unique(arg, column, findings)));
        let indexes = args.all("index");
        table.indexes.extend(indexes.iter().filter_map(|arg| column_index(arg, column, findings)));
        let checks = args.all("check");
        table.checks.extend(checks.iter().filter_map(|arg| check(arg, findings)));
        if args.has("references") {
            table.foreign_keys.extend(column_foreign_key(args, column, findings));
            return;
        }
        for word in FOREIGN_KEY_WORDS {
            if let Some(arg) = args.one(word, findings) {
                let message = format!("`{word}` belongs to a foreign key, and the column references nothing");
                let help = format!("add `references = \"table(column)\"`, or remove `{word}`");
                findings.push(SyntaxFinding::error(ATTRIBUTE_CONFLICT, arg.name_span, message).help(help));
            }
        }
    }
}

/// A column that follows from the field alone; its type is not looked at.
fn plain(ident: Spanned<String>, ty: Cursor<'_>, index: usize, findings: &mut Findings) -> FieldDecl {
    let name = crate::attr::ident(ident.value.clone(), ident.span, findings);
    let name = name.unwrap_or_else(|| Spanned { value: Ident::of("unnamed"), span: ident.span });
    let ty = ty.rest_span();
    let inferred = Inferred { sql_type: None, nullable: false, how: How::Unknown, span: ty };
    let (value, collate, comment, renamed_from) = (None, None, None, None);
    let (backfill, using, skip) = (None, None, false);
    let (not_null, settings) = (NotNull::default(), ColumnSettings::default());
    FieldDecl {
        ident,
        ty,
        index,
        skip,
        name,
        inferred,
        not_null,
        value,
        collate,
        settings,
        comment,
        renamed_from,
        backfill,
        using,
    }
}

/// `skip` goes with no other word.
fn skipped(args: &mut Args<'_>, findings: &mut Findings) -> bool {
    let skip = args.flag("skip", findings);
    let words = WORDS.iter().chain(column_settings::WORDS);
    for word in words.filter(|word| skip && **word != "skip") {
        for arg in args.all(word) {
            let message = format!("`skip` leaves the field out of the table, so `{word}` would be ignored");
            let help = format!("remove `skip` or `{word}`");
            findings.push(SyntaxFinding::error(ATTRIBUTE_CONFLICT, arg.name_span, message).help(help));
        }
    }
    skip
}

pub(super) enum Sql {
    Absent,
    Wrong(Span),
    Given(Spanned<SqlType>),
}

/// `sql = ".."`.
pub(super) fn sql_type(args: &mut Args<'_>, findings: &mut Findings) -> Sql {
    let Some(arg) = args.one("sql", findings) else { return Sql::Absent };
    let Some(text) = arg.text(findings) else { return Sql::Wrong(arg.span) };
    let words = text.value.trim().to_ascii_lowercase();
    if matches!(words.as_str(), "serial" | "bigserial" | "smallserial" | "serial4" | "serial8" | "serial2") {
        let message = format!("`{words}` is no type: PostgreSQL reads it as an integer with a sequence");
        let help = "write `serial` beside an integer field instead: `#[column(serial)]`";
        findings.push(SyntaxFinding::error(SQL_TYPE_INVALID, text.span, message).help(help));
        return Sql::Wrong(text.span);
    }
    match SqlType::parse(&text.value) {
        Ok(value) => Sql::Given(Spanned { value, span: text.span }),
        Err(problem) => {
            let message = format!("`{}` is no SQL type: {problem}", text.value);
            let help =
                "write the type as CREATE TABLE does, without NOT NULL or DEFAULT, which have words of their own";
            findings.push(SyntaxFinding::error(SQL_TYPE_INVALID, text.span, message).help(help));
            Sql::Wrong(text.span)
        }
    }
}

/// `not_null(no_inherit, not_valid)`.
fn not_null(arg: &Arg<'_>, findings: &mut Findings) -> Option<NotNull> {
    match arg.value {
        Value::Flag | Value::Bool(true) => return Some(NotNull::default()),
        Value::Bool(false) => return None,
        _ => {}
    }
    let mut args = arg.list("not_null(not_valid)", findings)?;
    let not_null =
        NotNull { no_inherit: args.flag("no_inherit", findings), not_valid: args.flag("not_valid", findings) };
    args.finish(&["no_inherit", "not_valid"], findings);
    Some(not_null)
}

fn expr(args: &mut Args<'_>, word: &str, findings: &mut Findings) -> Option<Spanned<Expr>> {
    args.sql(word, findings).map(|text| Spanned { value: Expr::new(&text.value), span: text.span })
}

/// At most one of `default`, `identity`, `serial`, `generated` and `generated_virtual`.
fn value(args: &mut Args<'_>, findings: &mut Findings) -> Option<Spanned<ValueDecl>> {
    let why = "a column has one source of values";
    let sources = ["generated", "generated_virtual", "identity", "serial", "default"];
    let present: Vec<&str> = sources.into_iter().filter(|word| args.has(word)).collect();
    for word in present.iter().skip(1) {
        args.exclude(present[0], word, why, findings);
    }
    for word in ["generated", "generated_virtual"] {
        args.exclude(word, "backfill", "PostgreSQL computes the value of every row", findings);
    }
    let mut found = [
        expr(args, "generated", findings)
            .map(|expr| Spanned { value: ValueDecl::Generated(expr.value), span: expr.span }),
        expr(args, "generated_virtual", findings)
            .map(|expr| Spanned { value: ValueDecl::Virtual(expr.value), span: expr.span }),
        args.one("identity", findings).and_then(|arg| identity(&arg, findings)),
        args.one("serial", findings).and_then(|arg| serial(&arg, findings)),
        expr(args, "default", findings).map(|expr| Spanned { value: ValueDecl::Default(expr.value), span: expr.span }),
    ];
    found.iter_mut().find_map(Option::take)
}

fn identity(arg: &Arg<'_>, findings: &mut Findings) -> Option<Spanned<ValueDecl>> {
    let (mut mode, mut sequence, mut options) = (IdentityMode::ByDefault, None, SequenceOptions::default());
    match &arg.value {
        Value::Flag | Value::Bool(true) => {}
        Value::Bool(false) => return None,
        Value::Text(text) if text == "always" => mode = IdentityMode::Always,
        Value::Text(text) if text == "by_default" => {}
        Value::List(_) => {
            let mut args = arg.list("identity(..)", findings)?;
            args.exclude("always", "by_default", "an identity column is one of both", findings);
            mode = if args.flag("always", findings) { IdentityMode::Always } else { mode };
            args.flag("by_default", findings);
            sequence = args.name("sequence", findings).map(|name| name.value);
            options = sequence_options(&mut args, findings);
            args.finish(IDENTITY, findings);
        }
        _ => {
            let expected = "nothing, `\"always\"`, `\"by_default\"` or a list, as in `identity(always, start = 100)`";
            let message = format!("`identity` takes {expected}");
            findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, arg.span, message));
            return None;
        }
    }
    Some(Spanned { value: ValueDecl::Identity { mode, sequence, options }, span: arg.name_span })
}

fn serial(arg: &Arg<'_>, findings: &mut Findings) -> Option<Spanned<ValueDecl>> {
    let sequence = match &arg.value {
        Value::Flag | Value::Bool(true) => None,
        Value::Bool(false) => return None,
        _ => {
            let mut args = arg.list("serial(..)", findings)?;
            let sequence = args.name("sequence", findings);
            args.finish(&["sequence"], findings);
            sequence
        }
    };
    let sequence = sequence.map(|name| name.value);
    Some(Spanned { value: ValueDecl::Serial { sequence }, span: arg.name_span })
}

/// What sequences and identity columns share.
pub(super) fn sequence_options(args: &mut Args<'_>, findings: &mut Findings) -> SequenceOptions {
    let options = SequenceOptions {
        start: args.number("start", findings),
        increment: args.number("increment", findings),
        min: args.number("min", findings),
        max: args.number("max", findings),
        cache: args.number("cache", findings),
        cycle: args.flag("cycle", findings),
    };
    let wrong = if options.increment == Some(0) {
        Some(("increment", "a sequence with `increment = 0` would never move".to_owned()))
    } else if options.cache.is_some_and(|cache| cache < 1) {
        Some(("cache", "`cache` is the number of values kept ready, so at least 1".to_owned()))
    } else {
        bounds(&options)
    };
    if let Some((word, message)) = wrong {
        let span = args.place_of(word).unwrap_or(args.span);
        findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, span, message));
    }
    options
}

fn bounds(options: &SequenceOptions) -> Option<(&'static str, String)> {
    let (min, max, start) = (options.min, options.max, options.start);
    if min.zip(max).is_some_and(|(min, max)| max <= min) {
        return Some(("max", "`max` must be above `min`, or the sequence would hold no values".to_owned()));
    }
    let outside = start.is_some_and(|start| min.is_some_and(|min| start < min) || max.is_some_and(|max| max < start));
    outside.then(|| ("start", "`start` lies outside `min` and `max`".to_owned()))
}
