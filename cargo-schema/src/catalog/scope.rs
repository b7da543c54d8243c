//! Which PostgreSQL schemas are looked at.

use std::collections::BTreeSet;

/// The PostgreSQL schemas that are managed. By default all but PostgreSQL's own and those of this tool.
///
/// ```
/// use cargo_schema::catalog::Scope;
/// assert!(Scope::default().manages("public") && !Scope::default().manages("pg_catalog"));
/// assert!(!Scope::only(["app"]).manages("public"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    only: Option<BTreeSet<String>>,
}

/// The ledger, and what was moved aside with its rows.
const OWN: [&str; 2] = ["cargo_schema", "cargo_schema_stash"];

impl Scope {
    /// These PostgreSQL schemas and no others.
    pub fn only<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Scope {
        Scope { only: Some(names.into_iter().map(Into::into).collect()) }
    }

    /// These, or all when the list is empty: what the setting `schemas` means.
    pub fn of(names: &[String]) -> Scope {
        if names.is_empty() { Scope::default() } else { Scope::only(names) }
    }

    /// Whether the PostgreSQL schema is looked at. Names that start with `pg_` are reserved by PostgreSQL.
    pub fn manages(&self, name: &str) -> bool {
        let system = name.starts_with("pg_") || name == "information_schema" || OWN.contains(&name);
        !system && self.only.as_ref().is_none_or(|only| only.contains(name))
    }
}
