//! The texts that places point into, read when a finding needs them.
//!
//! A file that cannot be read has no excerpt; the finding is shown all the same.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

/// Texts by the path that places name.
#[derive(Debug, Default)]
pub struct Texts {
    current: PathBuf,
    read: RefCell<BTreeMap<String, Option<Rc<str>>>>,
}

impl Texts {
    /// Paths count from `current`.
    pub fn new(current: PathBuf) -> Texts {
        Texts { current, read: RefCell::default() }
    }

    /// Gives the text of a file that is not on disk.
    pub fn insert(&self, file: &str, text: &str) {
        self.read.borrow_mut().insert(file.to_owned(), Some(text.into()));
    }

    /// The text of a file.
    pub fn get(&self, file: &str) -> Option<Rc<str>> {
        let mut read = self.read.borrow_mut();
        let path = || self.current.join(file);
        read.entry(file.to_owned()).or_insert_with(|| std::fs::read_to_string(path()).ok().map(Into::into)).clone()
    }
}
