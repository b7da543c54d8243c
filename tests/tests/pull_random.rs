//! Random pairs of schemas: the structs of the first are brought to the second by edits, and say it then; what stands beside a
//! field stays beside it. No server is asked: what PostgreSQL makes of structs is shown by the other tests.
//!
//! `SCHEMA_RANDOM_PAIRS` is how many (150), `SCHEMA_RANDOM_SEED` the first seed.

use std::collections::{BTreeMap, BTreeSet};

use cargo_schema::catalog::compare;
use cargo_schema::pull::{Existing, Layout, Merged, Options, merge, with_short_defaults, write};
use schema_core::kinds::Object;
use schema_core::{Ident, KindName, QualifiedName, Schema};
use schema_syntax::TypeContext;
use schema_syntax::conditions::Conditions;
use schema_syntax::decl::Reading;
use schema_syntax::lower::{LowerOptions, Lowered, lower};
use schema_syntax::scan::{Role, SourceFile, parse_source, parse_sql};
use schema_tests::cases::{Order, Planned, all};
use schema_tests::random::{Pair, pair};

type Texts = BTreeMap<String, String>;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn structs_follow_random_changes() {
    let (count, first) = (setting("SCHEMA_RANDOM_PAIRS", 150), setting("SCHEMA_RANDOM_SEED", 1));
    let mut failures = Vec::new();
    let mut changed = 0;
    for seed in first..first + count {
        match follow(seed) {
            Ok(files) => changed += files,
            Err(problem) => failures.push(format!("==== SCHEMA_RANDOM_SEED={seed} SCHEMA_RANDOM_PAIRS=1: {problem}")),
        }
    }
    failures.truncate(5);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!("{count} pairs: {changed} files changed");
    assert!(0 < changed);
}

/// The structs of every case, written anew.
#[test]
fn structs_say_what_cases_say() {
    let cases = all();
    assert!(!cases.is_empty());
    for case in cases {
        let Planned { before, after, .. } = case.planned(Order::Written);
        for schema in [&before.schema, &after.schema].map(short) {
            let written = write(&schema, &Options::default());
            let structs = written.files.iter().map(|file| (format!("src/schema/{}", file.path), file.text.clone()));
            let statements = written.statements.iter().map(|file| (format!("schema/{}", file.path), file.text.clone()));
            let texts: Texts = structs.chain(statements).collect();
            let read = same("written", &schema, &scan(&texts).1, &texts);
            read.unwrap_or_else(|problem| panic!("{}, {problem}", case.path.display()));
        }
    }
}

/// As a database without a history is pulled.
fn short(schema: &Schema) -> Schema {
    with_short_defaults(schema, &Schema::default())
}

/// How many files change, or what is wrong.
fn follow(seed: u64) -> Result<usize, String> {
    let pair = pair(seed);
    let pair = Pair { before: short(&pair.before), after: short(&pair.after), ..pair };
    let layout = if seed.is_multiple_of(3) { Layout::SingleFile("all.rs".to_owned()) } else { Layout::Folder };
    let options = Options { layout, ..Options::default() };
    let written = write(&pair.before, &options);
    let structs = written.files.iter().map(|file| (format!("src/schema/{}", file.path), by_hand(&file.text)));
    let statements = written.statements.iter().map(|file| (format!("schema/{}", file.path), file.text.clone()));
    let texts: Texts = structs.chain(statements).collect();
    let (files, lowered) = scan(&texts);
    same("written", &pair.before, &lowered, &texts)?;

    let merged = merged(&files, &texts, &lowered, &pair.after, &options);
    let after = applied(&texts, &merged);
    let (files, lowered) = scan(&after);
    same("followed", &pair.after, &lowered, &after)
        .map_err(|problem| format!("{problem}\n-- before:\n{}", shown(&texts)))?;
    let stayed = fields(&pair.after).intersection(&fields(&pair.before)).count();
    let beside = after.values().map(|text| text.matches("// hand").count()).sum::<usize>();
    if stayed != beside {
        return Err(format!("{stayed} fields stayed, and what stands beside {beside}:\n{}", shown(&after)));
    }
    if let Some(of) = written.unsaid.iter().chain(&merged.unsaid).next() {
        return Err(format!("{of:?}"));
    }
    let again = self::merged(&files, &after, &lowered, &pair.after, &options);
    if !again.texts.is_empty() {
        return Err(format!("a second time changes {:?}", again.texts));
    }
    Ok(merged.texts.len())
}

/// The fields of all structs: those of columns that a table takes over too. A partition has no struct.
fn fields(schema: &Schema) -> BTreeSet<(QualifiedName, Ident)> {
    let tables = schema.of_kind(KindName::Table).filter_map(|object| match object {
        Object::Table(table) if table.partition_of.is_none() => Some(&table.name),
        _ => None,
    });
    let columns = tables.flat_map(|name| schema.all_columns(name).into_iter().map(move |column| (name, column)));
    columns.map(|(table, column)| (table.clone(), column.name.clone())).collect()
}

/// A comment behind each field.
fn by_hand(text: &str) -> String {
    let line = |line: &str| match line.starts_with("    pub ") && line.ends_with(',') {
        true => format!("{line} // hand\n"),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn scan(texts: &Texts) -> (Vec<SourceFile>, Lowered) {
    let (conditions, types) = (Conditions::default(), TypeContext::default());
    let reading = Reading { conditions: &conditions, types: &types };
    let file = |(path, text): (&String, &String)| match path.ends_with(".sql") {
        true => parse_sql(path, text),
        false => parse_source(path, text, Role::Folder, &reading),
    };
    let files: Vec<SourceFile> = texts.iter().map(file).collect();
    let lowered = lower(&files, &LowerOptions::default());
    (files, lowered)
}

fn merged(files: &[SourceFile], texts: &Texts, lowered: &Lowered, observed: &Schema, options: &Options) -> Merged {
    let built = &lowered.schema;
    merge(&Existing { files, texts, lowered, built, folder: "src/schema", statements: "schema" }, observed, options)
}

fn applied(texts: &Texts, merged: &Merged) -> Texts {
    let mut texts = texts.clone();
    for (path, text) in &merged.texts {
        match text {
            Some(text) => drop(texts.insert(path.clone(), text.clone())),
            None => drop(texts.remove(path)),
        }
    }
    texts
}

fn same(what: &str, wanted: &Schema, lowered: &Lowered, texts: &Texts) -> Result<(), String> {
    let differences: Vec<String> = compare(wanted, &lowered.schema).iter().map(ToString::to_string).collect();
    match differences.as_slice() {
        [] => Ok(()),
        _ => {
            let found: Vec<&str> = lowered.findings.iter().map(|found| found.message.as_str()).collect();
            Err(format!("{what}:\n{}\n{}\n{}", differences.join("\n"), found.join("\n"), shown(texts)))
        }
    }
}

fn shown(texts: &Texts) -> String {
    texts.iter().map(|(path, text)| format!("---- {path}\n{text}")).collect()
}
