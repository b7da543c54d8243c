//! A synthetic application of N tables, as Rust source: what the benchmarks run on. Same number, same text.

use std::fmt::Write;

/// How many structs share a file.
const PER_FILE: usize = 20;

/// The source files of an application with `tables` structs: path below `src/`, text.
pub fn sources(tables: usize) -> Vec<(String, String)> {
    let files = tables.div_ceil(PER_FILE);
    let mut sources = vec![("main.rs".to_owned(), main_file(files))];
    for file in 0..files {
        let range = file * PER_FILE..tables.min((file + 1) * PER_FILE);
        let mut text = String::from("//! Tables of the benchmark.\n\nuse schema_runtime::Table;\n\n");
        range.for_each(|number| text.push_str(&structure(number)));
        sources.push((format!("m{file}.rs"), text));
    }
    sources
}

fn main_file(files: usize) -> String {
    let modules: String = (0..files).map(|file| format!("mod m{file};\n")).collect();
    let enums: String = (0..5)
        .map(|number| {
            format!(
                "#[derive(Clone, Debug, schema_runtime::Enum)]\n#[enum_type(name = \"state_{number}\")]\npub enum State{number} {{ New, Open, Done }}\n\n"
            )
        })
        .collect();
    format!("//! A synthetic application.\n#![allow(dead_code)]\n\n{modules}\n{enums}fn main() {{}}\n")
}

/// 8 to 14 columns, an identity key, one to three foreign keys, a unique, a check, two more indexes, some partial or over an
/// expression, an enum in every fourth table.
fn structure(number: usize) -> String {
    let mut text = String::new();
    let partial = if number.is_multiple_of(3) { ", where = \"active\"" } else { "" };
    let key = if number.is_multiple_of(2) { "lower(name)" } else { "name, created_at desc" };
    let _ = writeln!(
        text,
        "#[derive(Table)]\n#[table(name = \"t{number}\", index(columns = \"{key}\"{partial}), index(columns = \"created_at\"), \
         check(expr = \"amount >= 0\", name = \"t{number}_amount_ok\"))]\npub struct T{number} {{"
    );
    text.push_str("    #[column(primary_key, identity)]\n    pub id: i64,\n    pub name: String,\n    #[column(unique)]\n    pub code: String,\n");
    text.push_str("    #[column(default = \"0\")]\n    pub amount: i32,\n    #[column(default = \"true\")]\n    pub active: bool,\n");
    text.push_str("    #[column(default = \"now()\")]\n    pub created_at: std::time::SystemTime,\n    pub note: Option<String>,\n");
    for key in 0..=(number % 3) {
        let target = (number * 7 + key * 13) % (number + 1);
        let _ = writeln!(
            text,
            "    #[column(references = \"t{target}(id)\", on_delete = \"cascade\")]\n    pub parent{key}_id: Option<i64>,"
        );
    }
    if number.is_multiple_of(4) {
        let _ = writeln!(text, "    #[column(default = \"'new'\")]\n    pub state: crate::State{},", number % 5);
    }
    for extra in 0..number % 4 {
        let _ = writeln!(text, "    pub extra{extra}: Option<f64>,");
    }
    text.push_str("}\n\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_there_once() {
        let text: String = sources(45).into_iter().map(|(_, text)| text).collect();
        assert_eq!(text.matches("#[derive(Table)]").count(), 45);
        assert_eq!(sources(45).len(), 1 + 3);
    }
}
