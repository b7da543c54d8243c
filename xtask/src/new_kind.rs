//! `cargo xtask new-kind NAME`: the files that a new kind of database object needs, ready to be filled in.

use std::fs;
use std::path::Path;

use crate::process::root;

/// The task. `name` is in snake case, such as `event_trigger`.
pub(crate) fn run(name: &str) -> Result<(), String> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        return Err(format!("`{name}` is no kind: use snake case, such as event_trigger"));
    }
    let title: String = name.split('_').map(capitalised).collect();
    for (folder, text) in
        [("schema-core/src/kinds", CORE), ("schema-syntax/src/decl", SYNTAX), ("cargo-schema/src/catalog", CATALOG)]
    {
        let path = root().join(folder).join(format!("{name}.rs"));
        write_new(&path, &text.replace("TITLE", &title).replace("NAME", name))?;
    }
    let case = root().join("fixtures/kinds").join(name).join("create.case");
    write_new(&case, "-- before.rs --\n-- after.rs --\n-- up.sql --\n-- down.sql --\n")?;
    println!(
        "now: add `{title}` to KindName (schema-core/src/object.rs) and to the registry (schema-core/src/kinds/mod.rs)"
    );
    println!(
        "     write fixtures/kinds/{name}/create.case first; UPDATE_CASES=1 cargo xtask test cases accepts what it gives"
    );
    Ok(())
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// Nothing is overwritten.
fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).open(path);
    let mut file = file.map_err(|error| format!("{}: {error}", path.display()))?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote {}", path.strip_prefix(root()).unwrap_or(path).display());
    Ok(())
}

const CORE: &str = r#"//! NAME (catalog, manual page): what it is, and what this file does not do.

use serde::{Deserialize, Serialize};

use super::{Alteration, Kind, NameClaim, namespace_of};
use crate::{Diff, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename};

/// One TITLE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TITLE {
    /// Its name.
    pub name: QualifiedName,
}

impl Kind for TITLE {
    fn id(&self) -> ObjectId {
        ObjectId::top(KindName::TITLE, &self.name)
    }

    fn requires(&self, _schema: &Schema) -> Vec<ObjectId> {
        vec![namespace_of(&self.name)]
    }

    fn create(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("CREATE TITLE {}", self.name.quoted()))]
    }

    fn drop(&self, _context: &Context) -> Vec<Statement> {
        vec![Statement::sql(format!("DROP TITLE {}", self.name.quoted()))]
    }

    fn alter(_diff: &Diff<&Self>, _context: &Context) -> Alteration {
        Alteration::Recreate
    }

    fn claims(&self) -> Vec<NameClaim> {
        Vec::new()
    }

    fn follow(&mut self, rename: &Rename) {
        rename.follow_name(KindName::TITLE, &mut self.name);
    }

    fn with_name(&self, name: &Ident) -> Self {
        TITLE { name: self.name.sibling(name.clone()) }
    }
}
"#;

const SYNTAX: &str =
    "//! Declarations of kind NAME: which words they take and what is wrong with them. No SQL is written here.\n";

const CATALOG: &str = "//! Objects of kind NAME in the catalogs: one bulk query, and the model value of each row.\n";
