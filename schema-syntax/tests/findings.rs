//! Case files of findings: a source, and everything that is said about it.
//!
//! `UPDATE_EXPECT=1 cargo test -p schema-syntax --test findings` accepts what is found as the new expectation.

#![allow(clippy::disallowed_methods, reason = "the cases are files, and the crate itself reads none")]

mod support;

use std::path::Path;

use support::{lowered, shown};

#[test]
fn every_case_is_told_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut wrong = Vec::new();
    let mut cases: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    for path in cases {
        let text = std::fs::read_to_string(&path).unwrap();
        let (source, expect) = text.split_once("\n-- findings --\n").unwrap_or((&text, ""));
        let source = source.trim_start_matches("-- source --\n");
        let found = shown(source, &lowered(source).findings);
        if found == expect {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, format!("-- source --\n{}\n-- findings --\n{found}", source.trim_end())).unwrap();
        } else {
            wrong.push(format!("{}\nexpected:\n{expect}found:\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
