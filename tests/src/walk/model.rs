//! A small schema as a program changes it, with the Rust source of its structs and rows that fit it.
//!
//! Every table has an `id` that is given and not counted, so that rows can be known over all branches. Nothing here touches a database.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::random::Rng;

/// The tables and enums of one branch.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// By name.
    pub tables: BTreeMap<String, Vec<Column>>,
    /// Labels by name.
    pub enums: BTreeMap<String, Vec<String>>,
}

/// A column besides `id`.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub of: Type,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `integer`
    Int,
    /// `bigint`
    Big,
    /// `varchar(3)`
    Short,
    /// `text`
    Text,
    /// `boolean`
    Bool,
    /// An enum of the model.
    Enum(String),
    /// The id of a row of a table.
    Reference(String),
}

/// What a change is, for `generate`.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// For `--rename`.
    pub renames: Vec<String>,
}

impl Model {
    /// Two tables and an enum.
    pub fn first() -> Model {
        let mut model = Model::default();
        model.enums.insert("mood0".to_owned(), vec!["a".to_owned(), "b".to_owned()]);
        for table in ["base0", "base1"] {
            let types = [Type::Int, Type::Text, Type::Short, Type::Enum("mood0".to_owned())];
            let column = |(at, of): (usize, Type)| Column { name: format!("c{at}"), of };
            model.tables.insert(table.to_owned(), types.into_iter().enumerate().map(column).collect());
        }
        model
    }

    /// Changes something; `mark` makes new names differ from those of other branches.
    pub fn change(&mut self, rng: &mut Rng, mark: &str) -> Told {
        let mut told = Told::default();
        for _ in 0..rng.between(1, 3) {
            self.change_once(rng, mark, &mut told);
        }
        told
    }

    /// What a main branch does while others work on theirs: a table or a column more, which commutes with everything but that table's end.
    pub fn grow(&mut self, rng: &mut Rng, mark: &str) {
        if rng.percent(50) {
            let columns = vec![Column { name: "c0".to_owned(), of: Type::Text }];
            self.tables.insert(format!("t_{mark}"), columns);
        } else {
            let names: Vec<String> = self.tables.keys().cloned().collect();
            let table = rng.pick(&names).clone();
            self.add_column(&table, format!("c_{mark}"));
        }
    }

    /// A column of text more.
    pub fn add_column(&mut self, table: &str, name: String) {
        self.tables.get_mut(table).expect("it is there").push(Column { name, of: Type::Text });
    }

    /// Takes over by what `now` has grown since `before`. A table that is gone here stays so.
    pub fn merge(&mut self, before: &Model, now: &Model) {
        for (name, columns) in &now.tables {
            let (known, here) = (before.tables.get(name), self.tables.get_mut(name));
            let is_new = |column: &&Column| known.is_none_or(|known| known.iter().all(|old| old.name != column.name));
            let new = columns.iter().filter(is_new).cloned();
            match (known, here) {
                (_, Some(here)) => here.extend(new),
                (None, None) => {
                    self.tables.insert(name.clone(), columns.clone());
                }
                (Some(_), None) => {}
            }
        }
    }

    fn change_once(&mut self, rng: &mut Rng, mark: &str, told: &mut Told) {
        let names: Vec<String> = self.tables.keys().cloned().collect();
        let table = rng.pick(&names).clone();
        let fresh = |taken: usize, prefix: &str| format!("{prefix}_{mark}_{taken}");
        match rng.below(10) {
            0 | 1 => {
                let types = self.types(rng);
                let name = fresh(self.tables.len(), "t");
                let column = |(at, of): (usize, Type)| Column { name: format!("c{at}"), of };
                self.tables.entry(name).or_insert_with(|| types.into_iter().enumerate().map(column).collect());
            }
            2 => {
                let of_it = Type::Reference(table.clone());
                let referenced = self.tables.values().flatten().any(|column| column.of == of_it);
                if !referenced && 2 < self.tables.len() {
                    self.tables.remove(&table);
                }
            }
            3..=5 => {
                let types = self.types(rng);
                let of = rng.choose(&types).unwrap_or(Type::Text);
                let columns = self.tables.get_mut(&table).expect("it was picked");
                let name = fresh(columns.len(), "c");
                if columns.iter().all(|column| column.name != name) {
                    columns.push(Column { name, of });
                }
            }
            6 => {
                let columns = self.tables.get_mut(&table).expect("it was picked");
                if 1 < columns.len() {
                    columns.remove(rng.below(columns.len()));
                }
            }
            7 => {
                let columns = self.tables.get_mut(&table).expect("it was picked");
                if let Some(at) = (!columns.is_empty()).then(|| rng.below(columns.len())) {
                    let name = fresh(columns.len(), "r");
                    let is_new = told.renames.iter().all(|rename| !rename.starts_with(&format!("{table}.")));
                    if is_new && columns.iter().all(|column| column.name != name) && !columns[at].name.contains(mark) {
                        told.renames.push(format!("{table}.{}={table}.{name}", columns[at].name));
                        columns[at].name = name;
                    }
                }
            }
            8 => {
                for column in self.tables.get_mut(&table).expect("it was picked") {
                    column.of = match &column.of {
                        Type::Int => Type::Big,
                        Type::Short => Type::Text,
                        other => other.clone(),
                    };
                }
            }
            _ => {
                let names: Vec<String> = self.enums.keys().cloned().collect();
                let labels = self.enums.get_mut(rng.pick(&names)).expect("it was picked");
                let label = format!("{mark}{}", labels.len());
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
        }
    }

    fn types(&self, rng: &mut Rng) -> Vec<Type> {
        let enums: Vec<String> = self.enums.keys().cloned().collect();
        let tables: Vec<String> = self.tables.keys().cloned().collect();
        let mut types = vec![Type::Int, Type::Big, Type::Short, Type::Text, Type::Bool];
        types.push(Type::Enum(rng.pick(&enums).clone()));
        types.push(Type::Reference(rng.pick(&tables).clone()));
        let count = rng.between(1, 4);
        rng.sample(&types, count)
    }

    /// The source of `src/lib.rs`.
    pub fn source(&self) -> String {
        let mut text = "use schema_runtime::{Enum, Table};\n".to_owned();
        for (name, labels) in &self.enums {
            let variants: Vec<String> = labels
                .iter()
                .map(|label| format!("    #[variant(name = \"{label}\")]\n    {},\n", camel(label)))
                .collect();
            let _ = write!(
                text,
                "\n#[derive(Enum)]\n#[enum_type(name = \"{name}\")]\npub enum {} {{\n{}}}\n",
                camel(name),
                variants.concat()
            );
        }
        for (name, columns) in &self.tables {
            let _ = write!(
                text,
                "\n#[derive(Table)]\n#[table(name = \"{name}\")]\npub struct {} {{\n    #[column(primary_key)]\n    pub id: i64,\n",
                camel(name)
            );
            for column in columns {
                let (attribute, of) = match &column.of {
                    Type::Int => (String::new(), "i32".to_owned()),
                    Type::Big => (String::new(), "i64".to_owned()),
                    Type::Short => ("    #[column(sql = \"varchar(3)\")]\n".to_owned(), "String".to_owned()),
                    Type::Text => (String::new(), "String".to_owned()),
                    Type::Bool => (String::new(), "bool".to_owned()),
                    Type::Enum(name) => (String::new(), camel(name)),
                    Type::Reference(table) => {
                        (format!("    #[column(references = \"{table}(id)\")]\n"), "i64".to_owned())
                    }
                };
                let _ = writeln!(text, "{attribute}    pub {}: Option<{of}>,", column.name);
            }
            text.push_str("}\n");
        }
        text
    }

    /// A value of a type in SQL; `own` are rows of the same branch, by table.
    pub fn value(&self, rng: &mut Rng, of: &Type, own: &BTreeMap<String, Vec<u64>>) -> String {
        if rng.percent(15) {
            return "NULL".to_owned();
        }
        match of {
            Type::Int => rng.below(1_000_000).to_string(),
            Type::Big => (rng.below(1_000_000) * if rng.percent(30) { 1_000_000 } else { 1 }).to_string(),
            Type::Short => format!("'{}'", &["", "x", "yz", "'''"][rng.below(4)].replace('\'', "''")),
            Type::Text => format!("'{}'", ["", "x", "a longer text", "\"quoted\" {and} (odd), \\"][rng.below(4)]),
            Type::Bool => rng.percent(50).to_string(),
            Type::Enum(name) => format!("'{}'", rng.pick(&self.enums[name])),
            Type::Reference(table) => match own.get(table).and_then(|ids| rng.choose(ids)) {
                Some(id) => id.to_string(),
                None => "NULL".to_owned(),
            },
        }
    }
}

fn camel(name: &str) -> String {
    name.split('_').map(|part| part[..1].to_ascii_uppercase() + &part[1..]).collect()
}
