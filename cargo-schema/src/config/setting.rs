//! The settings by name, with what each may hold, and the findings about names and values that are none of them.
//!
//! Reading a manifest is done in [`super::layer`].

use std::collections::BTreeSet;

use schema_core::diagnostic::{Diagnostic, Place};

use super::layer::{SETTING_UNKNOWN, SETTING_VALUE};

/// Every setting and an example of its value, in the order of the guide.
pub(super) const SETTINGS: [(&str, &str); 12] = [
    ("migrations", "\"migrations\""),
    ("namespace", "\"app\""),
    ("after", "[\"../auth/migrations\"]"),
    ("schemas", "[\"public\"]"),
    ("types", "{ Money = \"numeric(12,2)\" }"),
    ("build", "\"deny\", \"warn\" or \"off\""),
    ("packages", "[\"shop\"]"),
    ("database-url-env", "\"DATABASE_URL\""),
    ("dev-url", "\"postgresql://localhost/postgres\""),
    ("pg-bin", "\"/usr/lib/postgresql/17/bin\""),
    ("lints", "{ column-dropped = \"warn\" }"),
    ("databases", "{ stats = { migrations = \"stats/migrations\" } }"),
];

/// A key that is no setting.
pub(super) fn unknown(key: &str, place: Place) -> Diagnostic {
    let finding = Diagnostic::error(
        SETTING_UNKNOWN,
        format!("`{key}` is no setting of cargo schema, so it would have no effect"),
    )
    .primary(Some(place), "not known");
    match near(key, SETTINGS.iter().map(|(name, _)| *name)) {
        Some(name) => finding.help(format!("did you mean `{name}`?")),
        None => {
            let names: Vec<&str> = SETTINGS.iter().map(|(name, _)| *name).collect();
            finding.help(format!("the settings are: {}", names.join(", ")))
        }
    }
}

/// A value of the wrong kind.
pub(super) fn wrong(key: &str, place: Place, wanted: &str) -> Diagnostic {
    let example = SETTINGS.iter().find(|(name, _)| *name == key).map(|(_, example)| *example);
    let finding =
        Diagnostic::error(SETTING_VALUE, format!("`{key}` must be {wanted}; the setting would have no effect"))
            .primary(Some(place), format!("not {wanted}"));
    example.into_iter().fold(finding, |finding, example| finding.help(format!("for example: {key} = {example}")))
}

/// `--database` with a name that is not in the configuration.
pub(super) fn unknown_database(name: &str, known: &BTreeSet<String>) -> Diagnostic {
    let message = format!("`--database {name}` names no entry of `databases` in the configuration");
    let finding = Diagnostic::error(SETTING_UNKNOWN, message);
    match near(name, known.iter().map(String::as_str)) {
        Some(near) => finding.help(format!("did you mean `--database {near}`?")),
        None => finding.help(format!("add it to Cargo.toml: [workspace.metadata.schema.databases.{name}]")),
    }
}

fn near<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = 1 + text.len() / 4;
    names.map(|name| (edits(text, name), name)).filter(|(edits, _)| *edits <= most).min().map(|(_, name)| name)
}

/// The number of letters to insert, delete or replace.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
