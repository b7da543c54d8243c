//! Where the file of a module is looked for.
//!
//! The rules are those of the compiler (<https://doc.rust-lang.org/reference/items/modules.html>). Paths have `/` and nothing is
//! looked up.

use crate::token::Span;

/// What a file is to its crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `lib.rs`, `main.rs`, `mod.rs`, or named by `#[path]`: its modules are beside it.
    Folder,
    /// `name.rs`: its modules are in the folder `name`.
    Leaf,
}

/// A module whose text is in another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFile {
    /// Its name.
    pub name: String,
    /// Where its file may be; the first that exists counts.
    pub candidates: Vec<Candidate>,
    /// Where it is declared.
    pub span: Span,
}

/// A place for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The path, relative to what the path of the declaring file is relative to.
    pub path: String,
    /// What the file is then.
    pub role: Role,
}

/// Where we are in a file: inside which inline modules.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    /// The folder of the file.
    pub folder: &'a str,
    /// The folder in which modules are looked for.
    pub modules: String,
    /// Whether this is inside an inline module.
    pub inline: bool,
}

impl<'a> Place<'a> {
    /// The top of a file.
    pub fn top(path: &'a str, role: Role) -> Place<'a> {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = file.strip_suffix(".rs").unwrap_or(file);
        let modules = match role {
            Role::Folder => folder.to_owned(),
            Role::Leaf => join(folder, stem),
        };
        Place { folder, modules, inline: false }
    }

    /// Inside `mod name { .. }`, perhaps with `#[path]`.
    pub fn inside(&self, name: &str, path: Option<&str>) -> Place<'a> {
        let from = if path.is_some() && !self.inline { self.folder } else { &self.modules };
        Place { folder: self.folder, modules: join(from, path.unwrap_or(name)), inline: true }
    }

    /// The file of `mod name;`, perhaps with `#[path]`.
    pub fn file(&self, name: &str, path: Option<&str>, span: Span) -> ModuleFile {
        let at = |path: String, role: Role| Candidate { path, role };
        let candidates = match path {
            Some(path) => {
                let from = if self.inline { &self.modules } else { self.folder };
                vec![at(join(from, path), Role::Folder)]
            }
            None => vec![
                at(join(&self.modules, &format!("{name}.rs")), Role::Leaf),
                at(join(&self.modules, &format!("{name}/mod.rs")), Role::Folder),
            ],
        };
        ModuleFile { name: name.to_owned(), candidates, span }
    }
}

/// Joins paths and takes `.` and `..` out.
fn join(folder: &str, path: &str) -> String {
    let path = path.replace('\\', "/");
    if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
        return path;
    }
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "..")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.first() == Some(&"") && !folder.starts_with('/') {
        parts.remove(0);
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(place: &Place<'_>, path: Option<&str>, expect: &[&str]) {
        let file = place.file("x", path, Span::default());
        assert_eq!(file.candidates.iter().map(|of| of.path.as_str()).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn the_compilers_rules() {
        let root = Place::top("app/src/lib.rs", Role::Folder);
        let leaf = Place::top("app/src/a.rs", Role::Leaf);
        check(&root, None, &["app/src/x.rs", "app/src/x/mod.rs"]);
        check(&leaf, None, &["app/src/a/x.rs", "app/src/a/x/mod.rs"]);
        check(&root, Some("p.rs"), &["app/src/p.rs"]);
        check(&leaf, Some("../p.rs"), &["app/p.rs"]);
        check(&root.inside("m", None), None, &["app/src/m/x.rs", "app/src/m/x/mod.rs"]);
        check(&leaf.inside("m", None), Some("p.rs"), &["app/src/a/m/p.rs"]);
        check(&root.inside("m", None), Some("p.rs"), &["app/src/m/p.rs"]);
        check(&root.inside("m", Some("files")), None, &["app/src/files/x.rs", "app/src/files/x/mod.rs"]);
        check(&Place::top("main.rs", Role::Folder), None, &["x.rs", "x/mod.rs"]);
        check(&Place::top("/w/main.rs", Role::Folder), Some("../x.rs"), &["/x.rs"]);
    }
}
