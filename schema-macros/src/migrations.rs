//! `migrations!("migrations")`: the revisions of a folder as part of the program.
//!
//! The texts are taken in with `include_str!`, so that the compiler watches them. It cannot watch for a new folder: build.rs does,
//! and the macro refuses to work without it, because a program that silently lacks a migration is the worst outcome.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream, TokenTree};
use schema_core::diagnostic::Code;
use schema_core::history::{Adopted, Adoption, Migration, RecordHead, RevisionId};

use crate::emit::{Output, literal};

/// The folder is not there, cannot be read, or is not watched.
const MIGRATIONS_FOLDER: Code = Code::new("migrations-folder");

pub(crate) fn embed(tokens: TokenStream) -> TokenStream {
    let span = tokens.clone().into_iter().next().map_or_else(Span::call_site, |tree| tree.span());
    let embedded = folder(tokens).and_then(|folder| expression(&folder, &revisions(&folder)?));
    match embedded {
        Ok(expression) => expression,
        Err(message) => {
            let mut output = Output::default();
            output.text_at(&format!("::core::compile_error! {{ {} }}", literal(&with_code(&message))), span);
            // An expression of the right type, so that the message stays the only error.
            let mut outer = Output::default();
            outer.text(&format!("{{ {} ::schema_runtime::Migrations::new(&[]) }}", output.finish()));
            outer.finish()
        }
    }
}

/// The code stands behind the first line, before the help.
fn with_code(message: &str) -> String {
    let (first, help) = message.split_at(message.find('\n').unwrap_or(message.len()));
    format!("{first} [{}]{help}", MIGRATIONS_FOLDER.as_str())
}

/// The folder that build.rs watches, when the argument names it: from the package's folder, or from one above, such as that of
/// the workspace. Without an argument it is meant anyway.
fn folder(tokens: TokenStream) -> Result<PathBuf, String> {
    let path = argument(tokens)?;
    let shown = path.as_deref().unwrap_or_default();
    let watched = PathBuf::from(std::env::var_os("SCHEMA_MIGRATIONS_WATCHED").ok_or_else(|| unwatched(shown))?);
    let package = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("`migrations!` works inside a cargo build only")?;
    let same = |folder: PathBuf| folder == watched || fs::canonicalize(&folder).ok() == fs::canonicalize(&watched).ok();
    let named = path.as_deref().is_none_or(|path| Path::new(&package).ancestors().any(|above| same(above.join(path))));
    match (named, watched.is_dir()) {
        (true, true) => Ok(watched),
        (true, false) => Err(format!("there is no folder `{}`; cargo schema init makes it", watched.display())),
        (false, _) => Err(format!(
            "`migrations!(\"{shown}\")` is another folder than the configured one, which build.rs watches, so a new revision could be \
             missing from the program\nhelp: write `migrations!()` for `{}`\nhelp: or set `migrations = \"{shown}\"` in \
             [package.metadata.schema] of Cargo.toml",
            watched.display(),
        )),
    }
}

/// A string, or nothing.
fn argument(tokens: TokenStream) -> Result<Option<String>, String> {
    let mut trees = tokens.into_iter();
    match (trees.next(), trees.next()) {
        (None, _) => return Ok(None),
        (Some(TokenTree::Literal(literal)), None) => {
            if let Some(path) = schema_syntax::token::string_value(&literal.to_string()) {
                return Ok(Some(path));
            }
        }
        _ => {}
    }
    Err("`migrations!` takes the path of a folder, or nothing for the configured one: `migrations!(\"migrations\")`"
        .to_owned())
}

fn unwatched(path: &str) -> String {
    format!(
        "`migrations!(\"{path}\")` needs a build.rs that watches the folder; without it a new revision would silently be missing from \
         the program\nhelp: write build.rs: fn main() {{ schema_runtime::build::verify(); }}\nhelp: and in Cargo.toml: \
         [build-dependencies] schema-runtime = {{ version = \"{}\", features = [\"build\"] }}",
        env!("CARGO_PKG_VERSION"),
    )
}

struct Revision {
    id: RevisionId,
    head: RecordHead,
    up: PathBuf,
    down: Option<PathBuf>,
}

/// A revision that another tool's files hold, and the files.
struct Foreign {
    migration: Migration,
    files: Vec<PathBuf>,
}

/// The revisions, by id. Folders without an `up.sql` and a `revision.toml` are not ours.
fn revisions(folder: &Path) -> Result<Vec<Revision>, String> {
    let failed = |path: &Path, error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        let (up, down, record) = (path.join("up.sql"), path.join("down.sql"), path.join("revision.toml"));
        if !record.is_file() {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let id = RevisionId::new(name).map_err(|problem| format!("`{}`: {problem}", path.display()))?;
        let text = fs::read_to_string(&record).map_err(|error| failed(&record, error))?;
        let head = RecordHead::parse(&text).map_err(|problem| format!("`{}`: {problem}", record.display()))?;
        if !up.is_file() {
            return Err(format!("`{}` has no up.sql, so the revision does nothing; restore the file", path.display()));
        }
        found.push(Revision { id, head, up, down: down.is_file().then_some(down) });
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// The migrations that an adoption lists, as they are run.
fn foreign(folder: &Path, adoption: &Adoption) -> Result<Vec<Foreign>, String> {
    if !adoption.is_readable() {
        return Ok(Vec::new());
    }
    let base = folder.join(&adoption.folder);
    let read = |file: &Path| fs::read_to_string(file).map_err(|error| format!("`{}`: {error}", file.display()));
    let one = |(at, listed): (usize, &schema_core::history::AdoptedFile)| {
        let up = base.join(listed.up.as_deref().unwrap_or_default());
        let down = listed.down.as_ref().map(|down| base.join(down));
        let text = read(&up)?;
        let back = down.as_deref().map(read).transpose()?;
        if let Some(edit) = listed.edit(&up.display().to_string(), &text, back.as_deref()) {
            return Err(format!("{}\nhelp: {}", edit.message, edit.help.join("\nhelp: ")));
        }
        let migration = adoption.migration(at, &text, back.as_deref());
        Ok(Foreign { migration, files: std::iter::once(up).chain(down).collect() })
    };
    adoption.migrations.iter().enumerate().map(one).collect()
}

fn expression(folder: &Path, revisions: &[Revision]) -> Result<TokenStream, String> {
    let mut list = String::new();
    // Texts that are embedded in another form are watched by constants that the program does not keep.
    let mut watched = String::new();
    for revision in revisions {
        let adoption = revision.head.adopted.as_ref();
        for foreign in adoption.map(|adoption| foreign(folder, adoption)).transpose()?.unwrap_or_default() {
            list.push_str(&adopted_revision(&foreign.migration));
            foreign.files.iter().for_each(|file| watched.push_str(&format!("const _: &str = {};", include(file))));
        }
        list.push_str(&own_revision(revision));
    }
    let mut output = Output::default();
    output.text(&format!(
        "{{ use ::schema_runtime::__private as __s; {watched} const __REVISIONS: &[__s::Embedded] = &[{list}]; \
         ::schema_runtime::Migrations::new(__REVISIONS) }}"
    ));
    Ok(output.finish())
}

fn include(path: &Path) -> String {
    format!("::core::include_str!({})", literal(&path.to_string_lossy()))
}

fn optional(text: Option<String>) -> String {
    text.map_or("__s::None".to_owned(), |text| format!("__s::Some({text})"))
}

fn list_of(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    texts.into_iter().map(|text| literal(text.as_ref())).collect::<Vec<_>>().join(", ")
}

fn own_revision(revision: &Revision) -> String {
    let adoption = revision.head.adopted.as_ref();
    let after = adoption.and_then(Adoption::last);
    format!(
        "__s::Embedded {{ id: {}, parents: &[{}], replaces: &[{}], message: {}, up: {}, down: {}, record: {}, adopted: {} }},",
        literal(revision.id.as_str()),
        list_of(revision.head.parents.iter().chain(after)),
        list_of(&revision.head.replaces),
        literal(&revision.head.message),
        include(&revision.up),
        optional(revision.down.as_deref().map(include)),
        include(&revision.up.with_file_name("revision.toml")),
        adopted(adoption.and_then(Adoption::as_one).as_ref()),
    )
}

fn adopted_revision(migration: &Migration) -> String {
    format!(
        "__s::Embedded {{ id: {}, parents: &[{}], replaces: &[], message: {}, up: {}, down: {}, record: \"\", adopted: {} }},",
        literal(migration.id.as_str()),
        list_of(&migration.parents),
        literal(&migration.message),
        literal(&migration.up),
        optional(migration.down.as_deref().map(literal)),
        adopted(migration.adopted.as_ref()),
    )
}

fn adopted(adopted: Option<&Adopted>) -> String {
    optional(adopted.map(|adopted| {
        let sum = optional(adopted.sum.as_deref().map(literal));
        let (tool, keys) = (literal(adopted.tool.name()), list_of(&adopted.keys));
        format!("__s::EmbeddedAdoption {{ tool: {tool}, keys: &[{keys}], sum: {sum} }}")
    }))
}
