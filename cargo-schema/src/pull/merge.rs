//! Pulling again: only what changed in the database changes in the texts.
//!
//! The structs that exist are written twice by the same writer: as they are declared, and as the database is now. Where both
//! writings differ, the text is edited; every other byte stays, whoever wrote it.

use std::collections::{BTreeMap, BTreeSet};

use schema_core::kinds::Object;
use schema_core::{KindName, ObjectId, Schema};
use schema_syntax::lower::Lowered;
use schema_syntax::scan::SourceFile;
use serde_json::{Map, Value};

use super::edit::Edits;
use super::files::{Layout, module_name, table_file};
use super::kept::Kept;
use super::source::Places;
use super::statements::{StatementFolder, merge_statements};
use super::table::Comments;
use super::text::ItemText;
use super::{Needed, Options, Pieces, Unsaid, settle, with_short_defaults};

/// The structs that exist.
pub struct Existing<'e> {
    /// As they were scanned.
    pub files: &'e [SourceFile],
    /// The texts, by the paths of the files.
    pub texts: &'e BTreeMap<String, String>,
    /// What they declare.
    pub lowered: &'e Lowered,
    /// What PostgreSQL makes of that.
    pub built: &'e Schema,
    /// The folder for new files, in the form of the files' paths.
    pub folder: &'e str,
    /// The folder for new files of SQL statements, in the same form.
    pub statements: &'e str,
}

/// What is to be changed.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// New texts by path; none for a file that goes.
    pub texts: BTreeMap<String, Option<String>>,
    /// The crates that the fields name.
    pub crates: BTreeSet<Needed>,
    /// Objects that no attribute can say, with the reason.
    pub unsaid: Vec<Unsaid>,
    /// Structs and enums that go, by what they are in the database.
    pub removed: Vec<ObjectId>,
}

impl Existing<'_> {
    /// The text of a file.
    pub(super) fn text(&self, file: &SourceFile) -> &str {
        self.texts.get(&file.path).map_or("", String::as_str)
    }

    fn has(&self, path: &str) -> bool {
        self.texts.contains_key(path)
    }
}

/// Brings the texts up to an observed schema.
pub fn merge(existing: &Existing<'_>, observed: &Schema, options: &Options) -> Merged {
    let kept = Kept::of(existing, &options.default_schema);
    let target = target(existing, observed, options);
    let root = format!("{}/mod.rs", existing.folder);
    let layout = if existing.has(&root) { Layout::Folder } else { Layout::SingleFile(main_file(existing)) };
    let options = Options { layout, ..options.clone() };
    let before = settle(&existing.lowered.schema, &options, &kept, &BTreeSet::new());
    let after = settle(&target, &options, &kept, &before.named);
    let (old, new) = (before.pieces, after.pieces);
    let mut work = Merging { existing, kept: &kept, edits: BTreeMap::new(), texts: BTreeMap::new(), root };
    work.items(&old, &new);
    work.statements(&old, &new, &options.layout);
    work.apply();
    work.additions(&old, &new, &options.layout);
    // What is in the database and cannot be written is not gone: whoever declared it by hand keeps it.
    let aside: BTreeSet<&ObjectId> = after.unsaid.iter().map(|of| &of.object).collect();
    let removed = work.removals(&old, &new, &aside);
    let statements = StatementFolder { default_schema: &options.default_schema, folder: existing.statements };
    work.texts.extend(merge_statements(existing, &after.lowered.schema, &aside, &statements));
    let crates = after.crates.difference(&before.crates).copied().collect();
    let differs = |of: &&Unsaid| existing.built.get(&of.object) != observed.get(&of.object);
    let unsaid = after.unsaid.iter().filter(differs).cloned().collect();
    Merged { texts: work.changed(), crates, unsaid, removed }
}

/// The schema to write: what is as it was stays as the user has spelled it.
fn target(existing: &Existing<'_>, observed: &Schema, options: &Options) -> Schema {
    let (declared, short) = (&existing.lowered.schema, with_short_defaults(observed, &options.recorded));
    let spelled = short.iter().zip(observed.iter()).map(|((id, short), (_, object))| {
        let both = declared.get(id).zip(existing.built.get(id));
        let mut kept = both.map_or_else(|| short.clone(), |(declared, built)| spelled(declared, built, object, short));
        // Where a new column belongs is told by the numbers of the database.
        if let (Object::Column(kept), Object::Column(found)) = (&mut kept, object) {
            kept.ordinal = found.ordinal;
        }
        kept
    });
    let target: Schema = spelled.collect();
    target.with_found(observed.all_found().clone())
}

/// The observed object in short, with the attributes that are as they were in the user's spelling.
fn spelled(declared: &Object, built: &Object, observed: &Object, short: &Object) -> Object {
    if built == observed {
        return declared.clone();
    }
    let (Some((kind, declared)), Some((_, built)), Some((_, observed)), Some((_, mut short))) =
        (attributes(declared), attributes(built), attributes(observed), attributes(short))
    else {
        unreachable!("an object serialises as a map of its kind")
    };
    for (name, value) in &mut short {
        if let Some(written) = declared.get(name).filter(|_| built.get(name) == observed.get(name)) {
            *value = written.clone();
        }
    }
    let value = Value::Object([(kind, Value::Object(short))].into_iter().collect());
    serde_json::from_value(value).unwrap_or_else(|error| panic!("an object is read as it was written: {error}"))
}

fn attributes(of: &Object) -> Option<(String, Map<String, Value>)> {
    let Ok(Value::Object(outer)) = serde_json::to_value(of) else { return None };
    match outer.into_iter().next()? {
        (kind, Value::Object(attributes)) => Some((kind, attributes)),
        _ => None,
    }
}

/// The file that new items go to when there is no folder for them: the one with the most.
fn main_file(existing: &Existing<'_>) -> String {
    let rust = existing.files.iter().filter(|file| file.path.ends_with(".rs"));
    let most = rust.max_by_key(|file| file.declarations.len());
    most.map(|file| file.path.clone()).unwrap_or_default()
}

struct Merging<'m> {
    existing: &'m Existing<'m>,
    kept: &'m Kept,
    edits: BTreeMap<String, Edits>,
    /// Texts that are new or changed.
    texts: BTreeMap<String, Option<String>>,
    root: String,
}

impl Merging<'_> {
    /// Items that are in both writings.
    fn items(&mut self, old: &Pieces, new: &Pieces) {
        for after in new.tables.iter().chain(&new.types) {
            let Some(before) = find(old, &after.id).filter(|before| *before != after) else { continue };
            let Some((file, ident)) = self.kept.items.get(&after.id) else { continue };
            let file = &self.existing.files[*file];
            let text = self.existing.text(file);
            let places = Places::of(text);
            let Some(place) = places.item(*ident) else { continue };
            let docs = after.id.outer().is_some_and(|name| self.kept.comments.get(&name) == Some(&Comments::Docs));
            self.edits.entry(file.path.clone()).or_default().item(text, place, before, after, docs);
        }
    }

    /// The lines of `objects!`.
    fn statements(&mut self, old: &Pieces, new: &Pieces, layout: &Layout) {
        for (id, line) in &old.objects {
            let after = new.objects.iter().find(|(other, _)| other == id).map(|(_, line)| line);
            if after == Some(line) {
                continue;
            }
            let Some(span) = self.existing.lowered.spans.get(id) else { continue };
            let Some(text) = self.existing.texts.get(&span.file) else { continue };
            let statements = Places::of(text).statements;
            let Some(place) = statements.into_iter().find(|range| range.contains(&span.start)) else { continue };
            let edits = self.edits.entry(span.file.clone()).or_default();
            match after {
                Some(line) => edits.replace(place, line),
                None => edits.remove(text, place),
            }
        }
        let fresh = new.objects.iter().filter(|(id, _)| !old.objects.iter().any(|(other, _)| other == id));
        let lines: String = fresh.map(|(_, line)| format!("    {line}\n")).collect();
        if lines.is_empty() {
            return;
        }
        let places = self.existing.texts.iter().map(|(path, text)| (path, text, Places::of(text).statements));
        let there = places.filter_map(|(path, text, ranges)| Some((path, text, ranges.last()?.end))).next();
        match there {
            Some((path, text, end)) => {
                let semicolon = if text[..end].ends_with(';') { "" } else { ";" };
                let text = format!("{semicolon}\n{}", lines.trim_end());
                self.edits.entry(path.clone()).or_default().insert(end, text);
            }
            None => {
                let path = self.home(layout);
                let end = self.existing.texts.get(&path).map_or(0, String::len);
                let text = format!("\nschema_runtime::objects! {{\n{lines}}}\n");
                self.edits.entry(path).or_default().insert(end, text);
            }
        }
    }

    /// The file for what has no file of its own.
    fn home(&self, layout: &Layout) -> String {
        match layout {
            Layout::Folder => self.root.clone(),
            Layout::SingleFile(path) => path.clone(),
        }
    }

    fn apply(&mut self) {
        for (path, edits) in std::mem::take(&mut self.edits) {
            let text = edits.apply(self.existing.texts.get(&path).map_or("", String::as_str));
            self.texts.insert(path, Some(text));
        }
    }

    /// The text as it is by now.
    fn current(&self, path: &str) -> String {
        let changed = self.texts.get(path).cloned().flatten();
        changed.or_else(|| self.existing.texts.get(path).cloned()).unwrap_or_default()
    }

    /// Items that are new.
    fn additions(&mut self, old: &Pieces, new: &Pieces, layout: &Layout) {
        for item in new.types.iter().chain(&new.tables).filter(|item| find(old, &item.id).is_none()) {
            match layout {
                Layout::SingleFile(path) => self.append(path, item),
                Layout::Folder if item.id.kind == KindName::Table => self.table_file(item),
                Layout::Folder => {
                    let path = format!("{}/types.rs", self.existing.folder);
                    self.append(&path, item);
                    self.module("types", &item.ident);
                }
            }
        }
    }

    fn append(&mut self, path: &str, item: &ItemText) {
        let text = self.current(path);
        let text = if text.is_empty() { "//! The enums and domains of the database.\n".to_owned() } else { text };
        self.texts.insert(path.to_owned(), Some(format!("{}\n\n{}", text.trim_end(), item.text())));
    }

    fn table_file(&mut self, item: &ItemText) {
        let path = |module: &str| format!("{}/{module}.rs", self.existing.folder);
        let base = module_name(&item.ident);
        let taken = |module: &str| self.existing.has(&path(module)) || self.texts.contains_key(&path(module));
        let module = if taken(&base) || base == "types" { format!("{base}_table") } else { base };
        let file = table_file(&module, item);
        self.texts.insert(format!("{}/{}", self.existing.folder, file.path), Some(file.text));
        self.module(&module, &item.ident);
    }

    /// `mod` and `pub use` in the folder's root, each in its order.
    fn module(&mut self, module: &str, ident: &str) {
        let (root, text) = (self.root.clone(), self.current(&self.root));
        let text = with_line(&text, &format!("mod {module};"), "mod ");
        let text = with_line(&text, &format!("pub use {module}::{ident};"), "pub use ");
        self.texts.insert(root, Some(text));
    }

    /// Items that are gone, with their file when nothing else is in it.
    fn removals(&mut self, old: &Pieces, new: &Pieces, aside: &BTreeSet<&ObjectId>) -> Vec<ObjectId> {
        let gone = old.tables.iter().chain(&old.types).filter(|item| find(new, &item.id).is_none());
        let gone: Vec<&ItemText> = gone.filter(|item| !aside.contains(&item.id)).collect();
        for item in &gone {
            let Some((file, _)) = self.kept.items.get(&item.id) else { continue };
            let path = self.existing.files[*file].path.clone();
            let text = self.current(&path);
            let places = Places::of(&text);
            let Some(place) = places.items.iter().find(|place| text[place.ident.clone()] == item.ident) else {
                continue;
            };
            let module =
                path.strip_prefix(&format!("{}/", self.existing.folder)).and_then(|name| name.strip_suffix(".rs"));
            let mut edits = Edits::default();
            edits.remove(&text, place.head.whole.clone());
            let left = edits.apply(&text);
            let alone = module.is_some_and(|module| module != "mod") && is_empty(&left);
            if let Some(module) = module {
                self.forget(module, &item.ident, alone);
            }
            self.texts.insert(path, (!alone).then(|| left.replace("\n\n\n", "\n\n")));
        }
        gone.into_iter().map(|item| item.id.clone()).collect()
    }

    /// Takes the lines of an item out of the folder's root.
    fn forget(&mut self, module: &str, ident: &str, file: bool) {
        let text = self.current(&self.root);
        let (uses, modules) =
            (format!("pub use {module}::{ident};"), [format!("mod {module};"), format!("pub mod {module};")]);
        let keep = |line: &&str| line.trim() != uses && !(file && modules.iter().any(|of| line.trim() == of));
        let text: String = text.split_inclusive('\n').filter(|line| keep(&line.trim_end_matches('\n'))).collect();
        self.texts.insert(self.root.clone(), Some(text));
    }

    /// What differs from what is there.
    fn changed(self) -> BTreeMap<String, Option<String>> {
        let existing = &self.existing.texts;
        self.texts.into_iter().filter(|(path, text)| existing.get(path) != text.as_ref()).collect()
    }
}

fn find<'p>(pieces: &'p Pieces, id: &ObjectId) -> Option<&'p ItemText> {
    pieces.tables.iter().chain(&pieces.types).find(|item| item.id == *id)
}

/// Whether a file has nothing but `use` items.
fn is_empty(text: &str) -> bool {
    syn::parse_file(text).is_ok_and(|file| file.items.iter().all(|item| matches!(item, syn::Item::Use(_))))
}

/// The text with one more line among those of its kind, in their order.
fn with_line(text: &str, line: &str, kind: &str) -> String {
    if text.lines().any(|other| other == line || other == format!("pub {line}")) {
        return text.to_owned();
    }
    let starts = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let same: Vec<(usize, &str)> =
        starts.filter(|(_, other)| other.starts_with(kind) && other.trim_end().ends_with(';')).collect();
    let after = same.iter().find(|(_, other)| line < other.trim_end()).map(|(start, _)| *start);
    let behind = same.last().map(|(start, other)| start + other.len());
    let Some(at) = after.or(behind) else { return format!("{}\n{line}\n", text) };
    format!("{}{line}\n{}", &text[..at], &text[at..])
}
