//! Which text goes into which file.
//!
//! Paths are below the folder of the structs; nothing is written here.

use std::collections::BTreeSet;

use super::Pieces;
use super::names::{Names, field, raw};
use super::text::{ItemText, doc_lines};
use schema_syntax::case::snake;

/// One file a table, or one for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// `mod.rs`, `types.rs`, and a file for each table.
    #[default]
    Folder,
    /// One file of this name.
    SingleFile(String),
}

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// Its path below the folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

const TABLES: &str = "\
//! The tables of the database, as `cargo schema pull` has read them.
//!
//! They are yours to edit: pulling again changes only what changed in the database.
";

impl Layout {
    /// What stands before the name of an enum or newtype in a field.
    pub(super) fn type_prefix(&self) -> &'static str {
        match self {
            Layout::Folder => "super::",
            Layout::SingleFile(_) => "",
        }
    }

    /// The files.
    pub(super) fn files(&self, pieces: &Pieces) -> Vec<SourceText> {
        match self {
            Layout::Folder => folder(pieces),
            Layout::SingleFile(name) => {
                let items = pieces.types.iter().chain(&pieces.tables).map(|item| format!("\n{}", item.text()));
                let uses = if pieces.tables.is_empty() { "" } else { USE_TABLE };
                let text = format!("{TABLES}{uses}{}{}", items.collect::<String>(), objects(pieces));
                vec![SourceText { path: name.clone(), text }]
            }
        }
    }
}

const USE_TABLE: &str = "\nuse schema_runtime::Table;\n";

fn folder(pieces: &Pieces) -> Vec<SourceText> {
    let mut names = Names::with(["mod".to_owned(), "types".to_owned()]);
    let mut modules: BTreeSet<String> = BTreeSet::new();
    let (mut files, mut uses) = (Vec::new(), Vec::new());
    for table in &pieces.tables {
        let base = module_name(&table.ident);
        let module = names.take(&[base.clone(), format!("{base}_table")]);
        uses.push((module.clone(), table.ident.clone()));
        files.push(table_file(&module, table));
        modules.insert(module);
    }
    if !pieces.types.is_empty() {
        modules.insert("types".to_owned());
        let items = pieces.types.iter().map(|item| format!("\n{}", item.text())).collect::<String>();
        let text = format!("//! The enums and domains of the database.\n{items}");
        files.push(SourceText { path: "types.rs".to_owned(), text });
        uses.extend(pieces.types.iter().map(|item| ("types".to_owned(), item.ident.clone())));
    }
    files.insert(0, SourceText { path: "mod.rs".to_owned(), text: module_text(&modules, uses, &objects(pieces)) });
    files
}

/// The file of one table.
pub(super) fn table_file(module: &str, table: &ItemText) -> SourceText {
    // A name may hold line breaks, at which the comment would end.
    let name = doc_lines(&Some(table.id.to_string())).join(" ");
    let text = format!("//! Table `{name}`.\n{USE_TABLE}\n{}", table.text());
    SourceText { path: format!("{module}.rs"), text }
}

/// The module of a struct; never a word that Rust reserves.
pub(super) fn module_name(ident: &str) -> String {
    let name = field(&snake(ident));
    if raw(&name) == name { name } else { format!("{name}_") }
}

fn module_text(modules: &BTreeSet<String>, mut uses: Vec<(String, String)>, objects: &str) -> String {
    uses.sort();
    let modules = modules.iter().map(|module| format!("mod {module};\n")).collect::<String>();
    let mut lines: Vec<String> = Vec::new();
    for group in uses.chunk_by(|a, b| a.0 == b.0) {
        let idents: Vec<&str> = group.iter().map(|(_, ident)| ident.as_str()).collect();
        lines.push(use_line(&group[0].0, &idents));
    }
    let uses: String = lines.concat();
    [TABLES, &modules, &uses].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n") + objects
}

/// `pub use types::{A, B};`, filled as rustfmt fills it.
fn use_line(module: &str, idents: &[&str]) -> String {
    if let [ident] = idents {
        return format!("pub use {module}::{ident};\n");
    }
    let flat = format!("pub use {module}::{{{}}};\n", idents.join(", "));
    if flat.len() <= 101 {
        return flat;
    }
    let mut text = format!("pub use {module}::{{\n");
    let mut line = String::from("   ");
    for ident in idents {
        if 100 < line.len() + ident.len() + 2 {
            text.push_str(&line);
            text.push('\n');
            line = String::from("   ");
        }
        line.push_str(&format!(" {ident},"));
    }
    format!("{text}{line}\n}};\n")
}

fn objects(pieces: &Pieces) -> String {
    if pieces.objects.is_empty() {
        return String::new();
    }
    let lines = pieces.objects.iter().map(|(_, line)| format!("    {line}\n")).collect::<String>();
    format!("\nschema_runtime::objects! {{\n{lines}}}\n")
}
