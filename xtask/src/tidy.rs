//! `cargo xtask tidy`: house rules that no compiler knows. Every breach is shown, not the first.

use std::collections::BTreeSet;
use std::fs;

use crate::process::{root, tracked_files};

/// Longer files have more than one reason to change.
const LONGEST_FILE: usize = 450;

/// What each inner crate may depend on, besides what comes with Rust (DESIGN.md, section 3).
const DEPENDENCIES: [(&str, &[&str]); 3] = [
    ("schema-core", &["serde", "sha2", "toml"]),
    ("schema-syntax", &["proc-macro2", "schema-core"]),
    ("schema-macros", &["proc-macro2", "schema-core", "schema-syntax"]),
];

/// The task.
pub(crate) fn run() -> Result<(), String> {
    let files = tracked_files()?;
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(".rs") && !file.starts_with("fixtures/")) {
        let text = fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
        breaches.extend(source_breaches(file, &text));
    }
    breaches.extend(code_breaches(&files)?);
    breaches.extend(DEPENDENCIES.iter().flat_map(|(name, allowed)| dependency_breaches(name, allowed)));
    if breaches.is_empty() {
        return Ok(());
    }
    Err(format!("tidy found {} breaches:\n  {}", breaches.len(), breaches.join("\n  ")))
}

fn source_breaches(file: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    if !text.starts_with("//!") {
        breaches.push(format!("{file}: does not open with a `//!` paragraph"));
    }
    if LONGEST_FILE < text.lines().count() {
        breaches.push(format!("{file}: has {} lines, more than {LONGEST_FILE}", text.lines().count()));
    }
    // Written in two parts, or this file would name itself.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["#[ig", "nore"], ["dbg", "!("], ["todo", "!("], ["unimplemented", "!("]];
    for mark in marks.map(|parts| parts.concat()) {
        if let Some(line) = text.lines().position(|line| line.contains(&mark)) {
            breaches.push(format!("{file}:{}: holds `{mark}`", line + 1));
        }
    }
    breaches
}

/// Every code of a finding has a page, and every page a code.
fn code_breaches(files: &[String]) -> Result<Vec<String>, String> {
    let mut codes = BTreeSet::new();
    for file in files.iter().filter(|file| file.ends_with(".rs") && file.contains("/src/")) {
        let text = fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
        // Codes that a unit test makes up have no page.
        let own = text.lines().take_while(|line| *line != "#[cfg(test)]");
        let declared = own.filter(|line| !line.trim_start().starts_with("//"));
        codes.extend(
            declared
                .flat_map(|line| line.split("Code::new(\"").skip(1))
                .filter_map(|rest| rest.split('"').next().map(str::to_owned)),
        );
    }
    let page = |file: &String| Some(file.strip_prefix("docs/codes/")?.strip_suffix(".md")?.to_owned());
    let pages: BTreeSet<String> = files.iter().filter_map(page).filter(|name| name != "README").collect();
    let without = codes.difference(&pages).map(|code| format!("docs/codes/{code}.md is missing"));
    let stray =
        pages.difference(&codes).map(|page| format!("docs/codes/{page}.md describes a code that nothing raises"));
    Ok(without.chain(stray).collect())
}

/// The dependency law. Development dependencies are free.
fn dependency_breaches(name: &str, allowed: &[&str]) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap_or_default();
    let section =
        manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default().split("\n[").next().unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next()).filter(|name| !name.is_empty());
    let names = names.filter(|name| !name.starts_with('#'));
    names
        .filter(|dependency| !allowed.contains(dependency))
        .map(|dependency| format!("{name}/Cargo.toml: `{dependency}` breaks the dependency law of ARCHITECTURE.md"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_purpose_or_with_marks_is_a_breach() {
        let mark = ["TO", "DO"].concat();
        assert_eq!(source_breaches("a.rs", "//! Purpose.\n").len(), 0);
        assert_eq!(source_breaches("a.rs", &format!("fn a() {{}} // {mark}\n")).len(), 2);
        assert_eq!(source_breaches("a.rs", &format!("//! Purpose.\n{}", "\n".repeat(LONGEST_FILE))).len(), 1);
    }

    #[test]
    fn the_dependency_law_holds() {
        for (name, allowed) in DEPENDENCIES {
            assert_eq!(dependency_breaches(name, allowed), Vec::<String>::new());
            assert!(!dependency_breaches(name, &[]).is_empty(), "{name} has dependencies, so the check reads them");
        }
    }
}
