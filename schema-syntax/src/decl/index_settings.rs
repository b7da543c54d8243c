//! What is said of how an index is stored and measured, and of the index behind a constraint.

use schema_core::kinds::{IndexKey, KeyIndex};

use super::KeyPart;
use super::column_settings::MOST_STATISTICS;
use super::constraint::with;
use crate::attr::{Args, Findings};
use crate::finding::{ATTRIBUTE_VALUE, SyntaxFinding};

/// What is said of the index behind a constraint.
pub(super) fn key_index(args: &mut Args<'_>, findings: &mut Findings) -> KeyIndex {
    let comment = args.text("index_comment", findings).map(|text| text.value).filter(|text| !text.is_empty());
    KeyIndex { with: with(args, findings), comment }
}

/// `statistics = "1: 500, 3: 100"`: targets of the keys at these places, which are expressions.
pub(super) fn statistics(args: &mut Args<'_>, keys: &[KeyPart], findings: &mut Findings) -> Vec<(u16, u16)> {
    let Some(text) = args.text("statistics", findings) else { return Vec::new() };
    let mut found: Vec<(u16, u16)> = Vec::new();
    for part in text.value.split(',') {
        let pair = part
            .split_once(':')
            .and_then(|(place, target)| Some((place.trim().parse::<u16>().ok()?, target.trim().parse::<u16>().ok()?)));
        let key = |place: u16| keys.get(usize::from(place).checked_sub(1)?).map(|key| &key.element.key);
        let problem = match pair {
            None => format!("`{}` is no place of a key with its target", part.trim()),
            Some((_, target)) if MOST_STATISTICS < target => format!("a target is from 0 to {MOST_STATISTICS}"),
            Some((place, _)) if found.iter().any(|(other, _)| *other == place) => {
                format!("key {place} has two targets")
            }
            Some((place, _)) => match key(place) {
                None => format!("the index has no key {place}"),
                Some(IndexKey::Column(name)) => {
                    format!("key {place} is column `{name}`, whose statistics are said on its field")
                }
                Some(IndexKey::Expression(_)) => String::new(),
            },
        };
        if problem.is_empty() {
            found.extend(pair);
        } else {
            let help = "write the places of expressions, from 1: `statistics = \"1: 500\"`";
            findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, problem).help(help));
        }
    }
    found.sort_unstable();
    found
}
